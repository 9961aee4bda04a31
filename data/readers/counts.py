"""Reads any table of households per area, with a column mapping."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from data.readers.columns import as_codes, missing_columns, refuse_duplicates
from data.readers.dates import date_in_name
from data.readers.mapping import ColumnMapping, MappingError
from data.readers.numbers import as_counts
from data.readers.tables import read_table
from data.tables import COUNT_COLUMNS, Country, Kind, SourceFacts


@dataclass(frozen=True)
class CountsRead:
    """A table of counts, as read."""

    counts: pd.DataFrame
    """With the columns of `data.tables.COUNT_COLUMNS`."""
    kind: Kind
    facts: SourceFacts


def read_counts(path: Path, mapping: ColumnMapping, *, country: Country, kind: Kind) -> CountsRead:
    """Read a table of households, of inhabitants, or of both.

    Parameters
    ----------
    path
        Text with commas, semicolons, tabs or pipes, xlsx or Parquet; zipped or not, or `.gz`.
    mapping
        Targets are `area_code`, `households` and `population`, as columns: the first must be given, and one of the
        two others.
    country
        In the Netherlands CBS's marks of an unknown figure (-99997, `.`) are understood; elsewhere they are errors.
    kind
        Counts of sectors, or of municipalities.

    Returns
    -------
    CountsRead
        Empty cells are <NA>: unknown, not zero.

    Raises
    ------
    SourceError
        The file cannot be used.
    MappingError
        A target means nothing, or is a constant.
    """
    mapping.check_targets(COUNT_COLUMNS)
    if mapping.constants:
        raise MappingError(f"{next(iter(mapping.constants))!r} must be a column here: write it with =, not :=")
    table = read_table(path)
    wanted = {target: (column,) for target, column in mapping.columns.items() if column not in table.columns}
    if "area_code" not in mapping.columns:
        wanted["area_code"] = ("give --column area_code=COLUMN",)
    if not {"households", "population"} & set(mapping.columns):
        wanted["households"] = ("give --column households=COLUMN, or population=COLUMN",)
    if wanted:
        raise missing_columns(wanted, table.columns, path.name)
    counts = counts_table(table, mapping.columns, file=path.name, cbs_marks=country == "NL")
    refuse_duplicates(counts.area_code, what="area", file=path.name)
    return CountsRead(counts, kind, SourceFacts(country, None, date_in_name(path)))


def counts_table(table: pd.DataFrame, found: Mapping[str, str], *, file: str, cbs_marks: bool) -> pd.DataFrame:
    """Return a counts table from the columns found for its targets; a count without a column is unknown.

    Raises
    ------
    SourceError
        `missing-code` or `not-a-count`.
    """
    counts = pd.DataFrame({"area_code": as_codes(table[found["area_code"]], what="area code", file=file)})
    for target in COUNT_COLUMNS[1:]:
        counts[target] = (
            as_counts(table[found[target]], what=target, file=file, cbs_marks=cbs_marks)
            if target in found
            else pd.Series(pd.NA, index=counts.index, dtype="Int64")
        )
    return counts
