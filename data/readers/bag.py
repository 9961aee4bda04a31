"""Reads BAG, the register of Dutch addresses, from an extract as CSV or GeoPackage.

Understood are the column names that extracts commonly use (`nummeraanduiding`, `openbareruimte`, `huisletter`,
`huisnummertoevoeging`, `gebruiksdoel`). The letter stays with the house number; the addition is the box. The code of
the municipality must be a column of its own: the first digits of a BAG identifier name the municipality that issued
it, which mergers may have ended.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
import pyproj
import shapely

from data.readers.address_rows import AddressColumns, AddressesRead, AddressFile, statuses, texts
from data.readers.archives import unpacked, unpacked_bytes
from data.readers.columns import find_columns
from data.readers.dates import date_in_name
from data.readers.layers import gdal_errors
from data.readers.text_streams import read_heading, stream_text
from data.tables import AddressStatus, SourceError
from geo.crs import LONLAT, OFFICIAL_CRS, transform_points

COLUMNS: dict[str, tuple[str, ...]] = {
    "address_id": (r"nummeraanduiding(_?id(entificatie)?)?", r"identificatie_?nummeraanduiding", r"num_id"),
    "street_id": (r"openbare_?ruimte_?id(entificatie)?",),
    "street_nl": (r"openbare_?ruimte(_?naam)?", r"straat(naam)?"),
    "number": (r"huisnummer",),
    "letter": (r"huisletter",),
    "box": (r"huisnummer_?toevoeging", r"toevoeging"),
    "postcode": (r"postcode",),
    "locality_nl": (r"woonplaats(_?naam)?",),
    "municipality_code": (r"gemeente_?code", r"gm_code"),
    "municipality_nl": (r"gemeente(_?naam)?",),
    "status": (r"(nummeraanduiding_?)?status", r"verblijfsobject_?status"),
    "purpose": (r"(verblijfsobject_?)?gebruiksdoel(en)?",),
    "x": (r"x", r"rd_?x", r"x_?coordinaat"),
    "y": (r"y", r"rd_?y", r"y_?coordinaat"),
    "lon": (r"lon", r"longitude"),
    "lat": (r"lat", r"latitude"),
}
REQUIRED = ("address_id", "street_nl", "number", "municipality_code")
STATUSES = {
    "naamgeving uitgegeven": AddressStatus.CURRENT,
    "naamgeving ingetrokken": AddressStatus.RETIRED,
    "verblijfsobject gevormd": AddressStatus.PROPOSED,
    "verblijfsobject in gebruik": AddressStatus.CURRENT,
    "verblijfsobject in gebruik (niet ingemeten)": AddressStatus.CURRENT,
    "verbouwing verblijfsobject": AddressStatus.CURRENT,
    "verblijfsobject buiten gebruik": AddressStatus.CURRENT,
    "verblijfsobject ingetrokken": AddressStatus.RETIRED,
    "niet gerealiseerd verblijfsobject": AddressStatus.RETIRED,
    "verblijfsobject ten onrechte opgevoerd": AddressStatus.RETIRED,
    "plaats aangewezen": AddressStatus.CURRENT,
    "plaats ingetrokken": AddressStatus.RETIRED,
}
"""From the BAG catalogue's statuses of nummeraanduiding, verblijfsobject, standplaats and ligplaats."""
LAYER_ENDINGS = (".gpkg",)
ROWS_PER_BATCH = 65_536


def read_bag(path: Path) -> AddressesRead:
    """Read an extract.

    Parameters
    ----------
    path
        CSV (any delimiter), GeoPackage with one layer of points in EPSG:28992 or 4326, or a zip with one of them.
    """
    file = AddressFile(path, lambda stack, count_bytes: _open(path, stack, count_bytes), _columns)
    return AddressesRead("NL", [file], unpacked_bytes(path), date_in_name(path))


def _open(path: Path, stack: ExitStack, count_bytes: Callable[[int], None]) -> Iterator[pa.RecordBatch]:
    place = stack.enter_context(unpacked(path))
    files = [f for f in place.rglob("*") if f.suffix.lower() in (".csv", *LAYER_ENDINGS)] if place.is_dir() else [place]
    if len(files) != 1:
        names = ", ".join(file.name for file in files) or "nothing that is one"
        raise SourceError(
            "ambiguous-table",
            f"the archive should hold one extract, and holds {names}.",
            file=path.name,
            remedy="Unpack it and import the extract's own file.",
        )
    if files[0].suffix.lower() in LAYER_ENDINGS:
        yield from _stream_points(files[0], stack)
        count_bytes(unpacked_bytes(path))
        return
    names_present, _delimiter = read_heading(files[0])
    find_columns(names_present, COLUMNS, required=REQUIRED, file=path.name)
    yield from stream_text(files[0], count_bytes)


def _stream_points(file: Path, stack: ExitStack) -> Iterator[pa.RecordBatch]:
    """Give a layer's rows, with columns x and y in the official CRS from its points."""
    with gdal_errors(file):
        layers = [str(name) for name, _geometry in pyogrio.list_layers(file)]
        if len(layers) != 1:
            raise SourceError(
                "ambiguous-layer",
                f"the file should have one layer, and has {', '.join(layers) or 'none'}.",
                file=file.name,
                remedy="Write the layer of addresses to a file of its own.",
            )
        meta, reader = stack.enter_context(pyogrio.open_arrow(file, batch_size=ROWS_PER_BATCH, use_pyarrow=True))
    epsg = pyproj.CRS(meta["crs"]).to_epsg(min_confidence=25) if meta["crs"] else None
    crs = f"EPSG:{epsg}"
    if crs not in (OFFICIAL_CRS["NL"], LONLAT):
        raise SourceError(
            "wrong-crs",
            f"the layer is in {meta['crs'] or 'no CRS'}; it should be EPSG:28992 or EPSG:4326.",
            file=file.name,
            remedy=f"Convert it with: ogr2ogr -t_srs EPSG:28992 rd.gpkg {file.name!r}",
        )
    expected = pyogrio.read_info(file)["features"]
    found = 0
    geometry = meta["geometry_name"] or "wkb_geometry"
    for batch in reader:
        if geometry not in batch.schema.names:
            raise SourceError(
                "no-geometry", "the layer has no geometry.", file=file.name, remedy="Import a layer of points, or CSV."
            )
        kept = [name for name in batch.schema.names if name != geometry]
        points = shapely.from_wkb(np.asarray(batch.column(geometry).to_numpy(zero_copy_only=False), dtype=object))
        wrong = ~shapely.is_missing(points) & (shapely.get_type_id(points) != shapely.GeometryType.POINT)
        if wrong.any():
            raise SourceError(
                "not-a-point",
                f"the geometry is a {points[wrong][0].geom_type}, and should be a point.",
                file=file.name,
                row=found + 1 + int(np.flatnonzero(wrong)[0]),
                remedy="Import the layer of addresses, with a point for each.",
            )
        found += batch.num_rows
        points[shapely.is_empty(points)] = None
        x, y = shapely.get_x(points), shapely.get_y(points)
        x, y = transform_points(x, y, crs, OFFICIAL_CRS["NL"])
        yield pa.RecordBatch.from_arrays(
            [*(batch.column(name) for name in kept), pa.array(x, from_pandas=True), pa.array(y, from_pandas=True)],
            names=[*(name if name.lower() not in ("x", "y") else f"attribute_{name}" for name in kept), "x", "y"],
        )
    # A damaged file may end early without any error of GDAL's.
    if expected not in (-1, found):
        raise SourceError(
            "unreadable-layer",
            f"it announces {expected:,} rows and gives {found:,}.",
            file=file.name,
            remedy="Check that the download is complete.",
        )


def _columns(batch: pa.RecordBatch, first_row: int, file: str) -> AddressColumns:
    found = find_columns(batch.schema.names, COLUMNS, required=REQUIRED, file=file)
    columns = {target: texts(batch.column(name)) for target, name in found.items()}
    rows = batch.num_rows
    letter = columns.pop("letter", pa.nulls(rows, pa.string()))
    columns["house_number"] = pc.binary_join_element_wise(columns.pop("number"), pc.fill_null(letter, ""), "")
    status = columns.get("status", pa.nulls(rows, pa.string()))
    columns["status"] = statuses(status, STATUSES, first_row, file)
    columns["municipality_code"] = _gm_codes(columns["municipality_code"])
    return AddressColumns(columns)


def _gm_codes(codes: pa.Array) -> pa.Array:
    """Return `GM0363` for `GM0363`, `0363` and `363`."""
    digits = pc.utf8_lpad(pc.replace_substring_regex(codes, "^(?i:GM)?0*", ""), 4, "0")
    return pc.binary_join_element_wise("GM", digits, "")
