"""Tables of addresses to verify: rows of CSV or Parquet in parts of a fixed size, and the questions in them."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from data.readers.mapping import ColumnMapping, MappingError
from data.readers.text_streams import read_heading
from data.tables import SourceError
from geo.addresses import AddressQuery
from geo.addresses.questions import QUERY_FIELDS
from geo.addresses.readings import read_country

ROWS_PER_PART: Final = 2_000
CSV: Final = ".csv"
PARQUET: Final = ".parquet"
ENDINGS: Final = (CSV, PARQUET)
CUT_OFF: Final = "\ufffd"
"""What stands for bytes that are no UTF-8."""


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive rows of a file, and what is wrong with some of them."""

    rows: pa.Table
    errors: Sequence[str | None]


def check_ending(path: Path) -> str:
    """Return the ending that says what a file is.

    Raises
    ------
    SourceError
        It is neither CSV nor Parquet.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise SourceError(
            "unknown-format",
            f"the ending {path.suffix!r} says neither CSV nor Parquet.",
            file=path.name,
            remedy=f"Give the file a name that ends in {' or '.join(ENDINGS)}.",
        )
    return ending


def read_columns(path: Path) -> list[str]:
    """Return the names of a file's columns.

    Raises
    ------
    SourceError
        The file cannot be read.
    """
    if check_ending(path) == CSV:
        return read_heading(path)[0]
    try:
        return list(pq.read_schema(path).names)
    except pa.ArrowInvalid as error:
        raise SourceError("damaged-file", f"this is no Parquet: {error}.", file=path.name) from error


def read_parts(path: Path, rows_per_part: int) -> Iterator[Part]:
    """Give a file's rows in order; the same file is always cut into the same parts.

    A row of a CSV file that does not fit its heading is kept as far as it does, with its error.

    Raises
    ------
    SourceError
        The file cannot be read.
    """
    if check_ending(path) == CSV:
        yield from _read_csv(path, rows_per_part)
        return
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=rows_per_part):
                yield Part(pa.Table.from_batches([batch]), [None] * len(batch))
    except pa.ArrowInvalid as error:
        raise SourceError("damaged-file", f"the Parquet file is damaged: {error}.", file=path.name) from error


def count_rows(path: Path) -> int:
    """Count the rows of a file."""
    if check_ending(path) == PARQUET:
        with pq.ParquetFile(path) as file:
            return int(file.metadata.num_rows)
    return sum(1 for _ in _csv_rows(path))


def _read_csv(path: Path, rows_per_part: int) -> Iterator[Part]:
    names, _ = read_heading(path)
    rows = _csv_rows(path)
    while part := list(islice(rows, rows_per_part)):
        fitted = [(cells + [""] * (len(names) - len(cells)))[: len(names)] for cells, _ in part]
        columns = zip(*fitted, strict=True)
        yield Part(
            pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)}),
            [error or _misfit(cells, len(names)) for cells, error in part],
        )


def _csv_rows(path: Path) -> Iterator[tuple[list[str], str | None]]:
    """Give the cells of each row that is not empty, and what keeps it from being read."""
    _, delimiter = read_heading(path)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter)
        next(reader)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield [], f"the row cannot be read: {error}"
                continue
            if cells:
                yield cells, None


def _misfit(cells: Sequence[str], expected: int) -> str | None:
    if len(cells) != expected:
        return f"the row has {len(cells)} cells, and the heading {expected}"
    if any(CUT_OFF in cell for cell in cells):
        return "the row holds bytes that are no UTF-8"
    return None


def map_columns(names: Sequence[str], mapping: ColumnMapping, file: str) -> ColumnMapping:
    """Find the columns to ask from: those that a mapping names, and those called as the fields of a question.

    Raises
    ------
    MappingError
        The mapping names a column that is not there, or no column is any part of an address.

    Examples
    --------
    >>> map_columns(["Street", "nr"], ColumnMapping.read(["house_number=nr", "country:=BE"]), "a.csv").columns
    {'house_number': 'nr', 'street': 'Street'}
    """
    mapping.check_targets(QUERY_FIELDS)
    for target, column in mapping.columns.items():
        if column not in names:
            raise MappingError(f"{file} has no column {column!r} for {target}; it has {', '.join(names)}")
    columns = dict(mapping.columns)
    for name in names:
        target = name.strip().lower().replace(" ", "_").replace("-", "_")
        if target in QUERY_FIELDS and target not in columns and target not in mapping.constants:
            columns[target] = name
    if not columns.keys() - {"country"}:
        raise MappingError(
            f"no column of {file} is part of an address; call one {', '.join(QUERY_FIELDS)}, or map it: "
            f"--column street=COLUMN (it has {', '.join(names)})"
        )
    return ColumnMapping(columns, mapping.constants)


def make_questions(part: Part, mapping: ColumnMapping) -> list[AddressQuery | str]:
    """Return the question of each row, or what is wrong with the row."""
    columns = {target: part.rows.column(name).to_pylist() for target, name in mapping.columns.items()}
    return [
        error or _question({target: values[row] for target, values in columns.items()} | dict(mapping.constants))
        for row, error in enumerate(part.errors)
    ]


def _question(cells: Mapping[str, Any]) -> AddressQuery | str:
    texts = {target: _text(value) for target, value in cells.items()}
    written = (texts.pop("country", None) or "").strip()
    country = read_country(written) if written else None
    if country not in (None, "BE", "NL"):
        return f"the country {written[:40]!r} is neither BE nor NL"
    return AddressQuery(**texts, country=country)


def _text(value: object) -> str | None:
    if value is None or value == "" or value != value:  # noqa: PLR0124 -- NaN is no number of a house
        return None
    # A whole number among absent ones is read as a float by many tools that write such files.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
