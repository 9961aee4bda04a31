"""Reads any table of addresses, with a column mapping: what a municipality or another register sends."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data.readers.address_rows import AddressColumns, AddressesRead, AddressFile, statuses, texts
from data.readers.archives import unpacked, unpacked_bytes
from data.readers.columns import missing_columns
from data.readers.dates import date_in_name
from data.readers.mapping import ColumnMapping, MappingError
from data.readers.text_streams import read_heading, stream_text
from data.tables import ADDRESS_SCHEMA, LANGUAGES, AddressStatus, Country, SourceError

TARGETS = tuple(ADDRESS_SCHEMA.names)
STREETS = tuple(f"street_{language}" for language in LANGUAGES)
IDENTITY = (*STREETS, "house_number", "box", "postcode", "municipality_code")
"""What makes an address itself where the file gives it no identifier."""
STATUSES = {status.value: status.value for status in AddressStatus}
POSITION_CRS: dict[Country, tuple[str, ...]] = {
    "BE": ("EPSG:31370", "EPSG:3812", "EPSG:4326"),
    "NL": ("EPSG:28992", "EPSG:4326"),
}


def read_addresses(path: Path, mapping: ColumnMapping, *, country: Country, crs: str | None = None) -> AddressesRead:
    """Read a table of addresses.

    Parameters
    ----------
    path
        Delimited text (`.gz` or zipped too) or Parquet.
    mapping
        Targets are the names of `ADDRESS_SCHEMA`. A street in one language, the house number and the municipality's
        code must be given, the last as a constant if need be. Without `address_id` an identifier is made from the
        address itself, so that the same address has the same one in the next file.
    country
        `BE` or `NL`.
    crs
        CRS of the columns x and y; by default the country's official one.

    Raises
    ------
    MappingError
        A target means nothing, one is missing, or the CRS is none that is understood.
    """
    mapping.check_targets(TARGETS)
    given = {*mapping.columns, *mapping.constants}
    if crs is not None and crs not in POSITION_CRS[country]:
        raise MappingError(f"x and y in {crs!r} are not understood; use {', '.join(POSITION_CRS[country])}")
    if not given.intersection(STREETS):
        raise MappingError(f"no street is mapped; give {' or '.join(STREETS)}")
    for target in ("house_number", "municipality_code"):
        if target not in given:
            raise MappingError(f"{target} is not mapped; give {target}=COLUMN, or {target}:=VALUE for a constant")
    file = AddressFile(path, partial(_open, path, mapping), partial(_columns, mapping, crs))
    return AddressesRead(
        country, [file], unpacked_bytes(path), date_in_name(path), merges_repeats="address_id" not in given
    )


def _open(
    path: Path, mapping: ColumnMapping, stack: ExitStack, count_bytes: Callable[[int], None]
) -> Iterator[pa.RecordBatch]:
    place = stack.enter_context(unpacked(path))
    files = sorted(file for file in place.rglob("*") if file.is_file()) if place.is_dir() else [place]
    if len(files) != 1:
        names = ", ".join(file.name for file in files) or "nothing"
        raise SourceError(
            "ambiguous-table",
            f"the archive should hold one table, and holds {names}.",
            file=path.name,
            remedy="Unpack it and import the table's own file.",
        )
    if files[0].suffix.lower() != ".parquet":
        _check_columns(mapping, read_heading(files[0])[0], path)
        yield from stream_text(files[0], count_bytes)
        return
    try:
        parquet = stack.enter_context(pq.ParquetFile(files[0]))
        _check_columns(mapping, parquet.schema_arrow.names, path)
        yield from parquet.iter_batches(columns=sorted(set(mapping.columns.values())))
    except (pa.ArrowInvalid, OSError) as error:
        message = f"it is no Parquet ({str(error).splitlines()[0]})."
        raise SourceError("unreadable-table", message, file=path.name, remedy="Check the download.") from error
    count_bytes(unpacked_bytes(path))


def _check_columns(mapping: ColumnMapping, present: list[str], path: Path) -> None:
    absent = {target: (column,) for target, column in mapping.columns.items() if column not in present}
    if absent:
        raise missing_columns(absent, present, path.name)


def _columns(
    mapping: ColumnMapping, crs: str | None, batch: pa.RecordBatch, first_row: int, file: str
) -> AddressColumns:
    rows = batch.num_rows
    columns = {target: _texts(batch, column, file) for target, column in mapping.columns.items()}
    columns |= {target: pa.array([value] * rows, pa.string()) for target, value in mapping.constants.items()}
    status = columns.get("status", pa.nulls(rows, pa.string()))
    columns["status"] = statuses(status, STATUSES, first_row, file)
    if "address_id" not in columns:
        columns["address_id"] = _identifiers(columns, rows)
    return AddressColumns(columns, crs)


def _texts(batch: pa.RecordBatch, column: str, file: str) -> pa.Array:
    try:
        return texts(batch.column(column))
    except pa.ArrowException as error:
        raise SourceError(
            "unreadable-table",
            f"the column {column!r} ({batch.schema.field(column).type}) cannot be read as text.",
            file=file,
            remedy="Write its values as text or numbers.",
        ) from error


def _identifiers(columns: dict[str, pa.Array], rows: int) -> pa.Array:
    parts = [columns[name].to_pylist() if name in columns else [None] * rows for name in IDENTITY]
    joined = ("\x1f".join(part or "" for part in row) for row in zip(*parts, strict=True))
    return pa.array([f"made-{sha256(text.encode()).hexdigest()[:20]}" for text in joined], pa.string())
