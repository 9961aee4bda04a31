"""Reads any table of addresses, with a column mapping: what a municipality or another register sends of its own."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data.readers.address_identifiers import IDENTITY
from data.readers.address_places import Columns, Place
from data.readers.address_rows import POSITION, STREETS, AddressesRead, AddressPart, texts
from data.readers.archives import open_zip, unpacked
from data.readers.columns import missing_columns
from data.readers.dates import date_in_name
from data.readers.mapping import ColumnMapping, MappingError
from data.readers.text_streams import CountBytes, TextStream, is_text_table, text_parts
from data.tables import ADDRESS_SCHEMA, AddressStatus, Country, SourceError
from geo.crs import LONLAT, OFFICIAL_CRS

TARGETS = tuple(ADDRESS_SCHEMA.names)
NEEDED = ("house_number", "municipality_code")
STATUSES = {status.value: status for status in AddressStatus}
GRIDS: dict[Country, tuple[str, ...]] = {"BE": ("EPSG:31370", "EPSG:3812"), "NL": ("EPSG:28992",)}
"""What x and y may be in, the official one first."""
DEGREES = (LONLAT, "EPSG:4258")
"""The two differ by the drift of the continent since 1989: under a metre."""
PARQUET_ENDINGS = (".parquet", ".geoparquet")
ROWS_PER_READ = 65_536
MADE_ID_BYTES = 12


def read_addresses(path: Path, mapping: ColumnMapping, *, country: Country, crs: str | None = None) -> AddressesRead:
    """Read a table of addresses.

    Parameters
    ----------
    path
        Delimited text (comma, semicolon, tab or pipe; `.gz` too) or Parquet, or a zip with one of them.
    mapping
        Targets are the names of `ADDRESS_SCHEMA`. A street in one language, the house number and the municipality's
        code must be given, each as a column or a constant. Without `address_id` an identifier is made from the
        address itself (a digest of its streets, house number, box, postcode and municipality without regard to case),
        so that an address keeps it from one file to the next; rows that repeat an address are dropped then.
    country
        `BE` or `NL`.
    crs
        CRS of x and y: `EPSG:31370` (by default) or `EPSG:3812` in Belgium, `EPSG:28992` in the Netherlands, and for
        degrees `EPSG:4326` or `EPSG:4258` in both, x being the longitude.

    Raises
    ------
    MappingError
        A target means nothing, one is missing, or the CRS is none of these.
    SourceError
        There is no such table, or columns are missing. Faults of rows come with the batches.
    """
    _check(mapping, country, crs)
    if crs in DEGREES:
        degrees = {"x": "lon", "y": "lat"}
        mapping = replace(mapping, columns={degrees.get(to, to): name for to, name in mapping.columns.items()})
    part = _parquet_part(path, mapping) if _is_parquet(path) else _text_part(path, mapping)
    made = "address_id" not in {*mapping.columns, *mapping.constants}
    grid = OFFICIAL_CRS[country] if crs is None or crs in DEGREES else crs
    return AddressesRead(country, grid, [part], STATUSES, date_in_name(path), drops_repeats=made)


def _check(mapping: ColumnMapping, country: Country, crs: str | None) -> None:
    mapping.check_targets(TARGETS)
    given = {*mapping.columns, *mapping.constants}
    allowed = (*GRIDS[country], *DEGREES)
    if crs is not None and crs not in allowed:
        raise MappingError(f"x and y in {crs!r} are not understood; there are: {', '.join(allowed)}")
    if crs in DEGREES and {"lon", "lat"} & given and {"x", "y"} & given:
        raise MappingError(f"x and y are degrees in {crs}, so that lon and lat are given twice")
    if not given.intersection(STREETS):
        raise MappingError(f"no street is mapped; give one of {', '.join(STREETS)}")
    for target in NEEDED:
        if target not in given:
            raise MappingError(f"{target} is not mapped; give {target}=COLUMN, or {target}:=VALUE for a constant")
    for pair in (("x", "y"), ("lon", "lat")):
        if len(given.intersection(pair)) == 1:
            raise MappingError(f"{' and '.join(pair)} make a position together; one alone is mapped")
    if constants := {"address_id", *POSITION}.intersection(mapping.constants):
        raise MappingError(f"{min(constants)} differs from row to row; it must be a column")


def _text_part(path: Path, mapping: ColumnMapping) -> AddressPart:
    parts = text_parts(path)
    if len(parts) > 1:
        raise SourceError(
            "ambiguous-table",
            f"the archive should hold one table, and holds {', '.join(part.member or '' for part in parts)}.",
            file=path.name,
            remedy="Unpack it and import the table's own file.",
        )
    stream = TextStream(parts[0])
    _check_columns(mapping, stream.names, path.name)
    batches = partial(stream.batches, sorted(set(mapping.columns.values())))
    return AddressPart(path.name, parts[0].size, batches, partial(_columns, mapping))


def _is_parquet(path: Path) -> bool:
    if path.suffix.lower() != ".zip":
        return path.suffix.lower() in PARQUET_ENDINGS
    with open_zip(path) as archive:
        names = [PurePosixPath(name) for name in archive.namelist()]
    return any(name.suffix.lower() in PARQUET_ENDINGS for name in names) and not any(map(is_text_table, names))


def _parquet_part(path: Path, mapping: ColumnMapping) -> AddressPart:
    size = path.stat().st_size
    columns = sorted(set(mapping.columns.values()))

    def batches(count_bytes: CountBytes) -> Iterator[pa.RecordBatch]:
        with _parquet(path) as file:
            for batch in file.iter_batches(ROWS_PER_READ, columns=columns, use_threads=False):
                yield batch
                count_bytes(size * batch.num_rows // max(file.metadata.num_rows, 1))

    with _parquet(path) as file:
        _check_columns(mapping, tuple(file.schema_arrow.names), path.name)
    return AddressPart(path.name, size, batches, partial(_columns, mapping))


@contextmanager
def _parquet(path: Path) -> Iterator[pq.ParquetFile]:
    with ExitStack() as stack:
        place = stack.enter_context(unpacked(path))
        files = (
            [f for f in sorted(place.rglob("*")) if f.suffix.lower() in PARQUET_ENDINGS] if place.is_dir() else [place]
        )
        if len(files) != 1:
            raise SourceError(
                "ambiguous-table",
                f"the archive should hold one table, and holds {', '.join(file.name for file in files)}.",
                file=path.name,
                remedy="Unpack it and import the table's own file.",
            )
        try:
            yield stack.enter_context(pq.ParquetFile(files[0]))
        except (pa.ArrowException, OSError) as error:
            raise SourceError(
                "unreadable-table",
                f"it is no Parquet, or damaged ({str(error).splitlines()[0]}).",
                file=path.name,
                remedy="Check that the download is complete and that its ending tells its format.",
            ) from error


def _check_columns(mapping: ColumnMapping, present: tuple[str, ...], file: str) -> None:
    absent = {target: (column,) for target, column in mapping.columns.items() if column not in present}
    if absent:
        raise missing_columns(absent, present, file)


def _columns(mapping: ColumnMapping, batch: pa.RecordBatch, place: Place) -> Columns:
    rows = batch.num_rows
    columns: dict[str, pa.Array] = {
        target: pa.repeat(pa.scalar(value, pa.string()), rows) for target, value in mapping.constants.items()
    }
    for target, name in mapping.columns.items():
        values = batch.column(name)
        if target in POSITION and pa.types.is_floating(values.type):
            columns[target] = pc.if_else(pc.is_nan(values), None, values)
            continue
        try:
            columns[target] = texts(values)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise place.error(
                "unreadable-table",
                f"column {name!r} holds no text ({values.type}).",
                0,
                remedy="Write it as text, or map another column.",
            ) from error
    columns.setdefault("status", pa.repeat(pa.scalar(AddressStatus.CURRENT.value), rows))
    if "address_id" not in columns:
        columns["address_id"] = _made_identifiers(columns)
    return columns


def _made_identifiers(columns: Columns) -> pa.Array:
    """Return a digest of each address (BLAKE2b, RFC 7693), which is the same wherever the row stands."""
    # A unit separator cannot be part of a name, so that no two addresses are joined into one text.
    parts = [pc.fill_null(pc.utf8_lower(columns[name]), "") if name in columns else "" for name in IDENTITY]
    joined = pc.binary_join_element_wise(*parts, "\x1f")
    made = [hashlib.blake2b(text.encode(), digest_size=MADE_ID_BYTES).hexdigest() for text in joined.to_pylist()]
    return pa.array(made, pa.string())
