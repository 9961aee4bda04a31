"""Reads BAG, the register of Dutch addresses, from an extract as CSV or GeoPackage.

The letter stays with the house number (`5A`); the addition is the box. The identifier is that of the nummeraanduiding.
The municipality is never taken from its first digits: they name the one that issued it, which a merger may have ended.
Extracts have a row for each building that a dwelling stands in: rows that repeat an address are dropped, and counted.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from data.readers.address_layers import AddressLayer, address_layers
from data.readers.address_places import Columns, Place
from data.readers.address_rows import AddressesRead, AddressPart, texts
from data.readers.columns import find_columns, missing_columns
from data.readers.dates import date_in_name
from data.readers.text_streams import CountBytes, TextStream, text_parts
from data.tables import AddressStatus, SourceError
from geo.crs import LONLAT, OFFICIAL_CRS

CRS = OFFICIAL_CRS["NL"]

COLUMNS: dict[str, tuple[str, ...]] = {
    "address_id": (
        r"nummeraanduiding(_?id(entificatie)?)?",
        r"(nummeraanduiding_)?hoofdadres_identificatie",
        r"identificatie_?nummeraanduiding",
        r"num_id",
    ),
    "street_id": (r"openbare_?ruimte_?id(entificatie)?",),
    "street_nl": (r"openbare_?ruimte(_?naam)?", r"straat(naam)?"),
    "number": (r"huisnummer",),
    "letter": (r"huisletter",),
    "box": (r"(huisnummer_?)?toevoeging",),
    "postcode": (r"postcode",),
    "locality_nl": (r"woonplaats(_?naam)?",),
    "municipality_code": (r"gemeente_?(code|id|identificatie)", r"gm_?code", r"bronhouder_identificatie"),
    "municipality_nl": (r"gemeente(_?naam)?", r"bronhouder_naam"),
    "status": (r"(nummeraanduiding|hoofdadres)_?status",),
    "object_status": (r"(verblijfsobject|adresseerbaar_?object)_?status", r"status"),
    "purpose": (r"(verblijfsobject_?)?gebruiksdoel(en)?(_?verblijfsobject)?",),
    "x": (r"(rd_?)?x(_?coordinaat)?",),
    "y": (r"(rd_?)?y(_?coordinaat)?",),
    "lon": (r"lon(gitude)?",),
    "lat": (r"lat(itude)?",),
}
OF_ADDRESSES = "adresseerbaar_object_identificatie"
"""A table with this column is one of addresses, so that its `identificatie` is that of the nummeraanduiding."""
REQUIRED = ("address_id", "street_nl", "number")
STATUSES = {
    "naamgeving uitgegeven": AddressStatus.CURRENT,
    "naamgeving ingetrokken": AddressStatus.RETIRED,
    "verblijfsobject gevormd": AddressStatus.PROPOSED,
    "verblijfsobject in gebruik (niet ingemeten)": AddressStatus.CURRENT,
    "verblijfsobject in gebruik": AddressStatus.CURRENT,
    "verbouwing verblijfsobject": AddressStatus.CURRENT,
    "verblijfsobject buiten gebruik": AddressStatus.CURRENT,
    "verblijfsobject ingetrokken": AddressStatus.RETIRED,
    "niet gerealiseerd verblijfsobject": AddressStatus.RETIRED,
    "verblijfsobject ten onrechte opgevoerd": AddressStatus.RETIRED,
    "plaats aangewezen": AddressStatus.CURRENT,
    "plaats ingetrokken": AddressStatus.RETIRED,
}
"""The domain values of the BAG catalogue. A dwelling that is formed is permitted and not built yet; one that
is rebuilt or out of use keeps its address."""
LAYERS = ("verblijfsobject", "ligplaats", "standplaats")
"""Layers of PDOK's GeoPackage with addresses: dwellings and other premises, berths, and pitches of caravans."""


def read_bag(path: Path, *, municipality_codes: Mapping[str, str] | None = None) -> AddressesRead:
    """Read an extract.

    Parameters
    ----------
    path
        CSV with any delimiter, or a GeoPackage with points or areas in EPSG:28992 or 4326; zipped or not, or `.gz`.
        Of PDOK's GeoPackage the layers `verblijfsobject`, `ligplaats` and `standplaats` are read.
    municipality_codes
        Codes by name of the municipality, for extracts that have the name alone.

    Returns
    -------
    AddressesRead
        x and y in EPSG:28992.

    Raises
    ------
    SourceError
        There is no extract in it, or columns are missing. Faults of rows come with the batches.
    """
    codes = {name.casefold(): code for name, code in (municipality_codes or {}).items()}
    if layers := address_layers(path, prefer=LAYERS):
        parts = [_layer_part(layer, codes) for layer in layers]
    else:
        parts = [_text_part(TextStream(part), codes) for part in text_parts(path)]
    return AddressesRead("NL", CRS, parts, STATUSES, date_in_name(path), drops_repeats=True)


def _text_part(stream: TextStream, codes: Mapping[str, str]) -> AddressPart:
    found = _find(stream.names, codes, stream.part.label)
    batches = partial(stream.batches, list(found.values()))
    return AddressPart(stream.part.label, stream.part.size, batches, partial(_columns, found, codes))


def _layer_part(layer: AddressLayer, codes: Mapping[str, str]) -> AddressPart:
    found = _find(layer.names, codes, layer.label)
    for pair in (("x", "y"), ("lon", "lat")):  # the layer's shapes are its positions
        for target in pair:
            found.pop(target, None)
    crs = layer.crs((CRS, LONLAT))
    shape = ("x", "y") if crs == CRS else ("lon", "lat")

    def batches(count_bytes: CountBytes) -> Iterator[pa.RecordBatch]:
        return layer.batches(list(found.values()), shape, count_bytes)

    return AddressPart(
        layer.label, layer.size, batches, partial(_columns, found | {name: name for name in shape}, codes)
    )


def _find(names: tuple[str, ...], codes: Mapping[str, str], file: str) -> dict[str, str]:
    """Return the file's columns by target."""
    wanted = COLUMNS
    if OF_ADDRESSES in {name.lower() for name in names}:
        wanted = COLUMNS | {"address_id": (*COLUMNS["address_id"], "identificatie")}
    found = find_columns(names, wanted, required=REQUIRED, file=file)
    if "municipality_code" not in found and not (codes and "municipality_nl" in found):
        error = missing_columns({"municipality_code": COLUMNS["municipality_code"]}, names, file)
        error.remedy = (
            "Add the code of the municipality (GM0363) to every row: its name or a BAG identifier is no code."
        )
        raise SourceError(error.code, error.message, file=file, remedy=error.remedy)
    return found


def _columns(found: Mapping[str, str], codes: Mapping[str, str], batch: pa.RecordBatch, _place: Place) -> Columns:
    columns = {
        target: values if pa.types.is_floating(values.type) and target in ("x", "y", "lon", "lat") else texts(values)
        for target, values in ((target, batch.column(name)) for target, name in found.items())
    }
    number = columns.pop("number")
    letter = columns.pop("letter", None)
    columns["house_number"] = (
        number if letter is None else pc.binary_join_element_wise(number, pc.fill_null(letter, ""), "")
    )
    if "postcode" in columns:
        columns["postcode"] = pc.utf8_upper(pc.replace_substring(columns["postcode"], " ", ""))
    if "municipality_code" in columns:
        columns["municipality_code"] = _gm_codes(columns["municipality_code"])
    else:
        columns["municipality_code"] = _codes_of(columns["municipality_nl"], codes)
    return columns


def _gm_codes(codes: pa.Array) -> pa.Array:
    """Return `GM0363` for `GM0363`, `0363` and `363`."""
    digits = pc.replace_substring_regex(codes, "^(GM|gm)?0*", "")
    return pc.binary_join_element_wise("GM", pc.utf8_lpad(digits, 4, "0"), "")


def _codes_of(names: pa.Array, codes: Mapping[str, str]) -> pa.Array:
    coded = names.dictionary_encode()
    values = [codes.get(name.casefold()) for name in coded.dictionary.to_pylist()]
    return pa.array(values, pa.string()).take(coded.indices)
