"""Reads Statbel's households and population per sector or per municipality (open data).

Understood are *Number of cars by statistical sector* (`TF_CAR_HH_SECTOR`), the open file that counts households per
sector; *Number of cars by household type and municipality* (`TF_CAR_HHTYPE_MUNTY`); *Population by statistical sector*
(`OPENDATA_SECTOREN_…`); and *Population by place of residence* (`TF_SOC_POP_STRUCT_…`), whose lines per sex, age and so
on are added up. A household is a private one: lines of collective households are left out of a municipality's sum.

People who cannot be put in a sector have a line of their own (`99001ZZZZ`). It stays: it matches no area, and the
file's total stays what Statbel published.
"""

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.readers.columns import find_columns, refuse_duplicates
from data.readers.counts import CountsRead, counts_table
from data.readers.dates import date_in_name, date_of
from data.readers.tables import read_table
from data.tables import COUNT_COLUMNS, Finding, Kind, SourceFacts

COLUMNS: dict[str, tuple[str, ...]] = {
    "sector": (r"cd_refnis_sector", r"cd_sector", r"cd_stat_sector", r"cs0101\d{4}"),
    "municipality": (r"cd_refnis", r"cd_munty_refnis"),
    "households": (r"ms_tot_hh", r"ms_num_hh", r"total_huish"),
    "population": (r"total", r"population", r"ms_population", r"ms_pop"),
    "year": (r"cd_year",),
}
BREAKDOWN = r"(cd|tx)_(hh_?type|cars_per_hh|sex|natlty|civ_sts|age)\w*|hh_(type|wagens)\w*"
"""Columns that split an area's figure over several lines; only then are lines added up."""
HOUSEHOLD_TYPE = r"(cd_|tx_)?hh_?type\w*"
COLLECTIVE = r"(?i)[ck]olle[ck]ti"
"""*Collectieve huishoudens*, *ménages collectifs*, *kollektive Haushalte*, *collective households*."""
UNLOCATED = r".*(ZZZZ|_UNKNOWN)"


def read_statbel_households(path: Path) -> CountsRead:
    """Read a file of households or population; its columns tell whether it is per sector or per municipality.

    Parameters
    ----------
    path
        Text with pipes, tabs, semicolons or commas, or xlsx; zipped or not.

    Returns
    -------
    CountsRead
        Of the latest year, where the file has several.

    Raises
    ------
    SourceError
        `missing-column`, `duplicate-code`, or another of `data.readers.tables` and `data.readers.numbers`.
    """
    table = read_table(path)
    found = find_columns(table.columns, COLUMNS, required=(), file=path.name)
    level = "sector" if "sector" in found else "municipality"
    counted = {target: found[target] for target in COUNT_COLUMNS[1:] if target in found}
    find_columns(table.columns, COLUMNS, required=(level, *([] if counted else ["households"])), file=path.name)
    _complete_codes(table, found)
    counts = counts_table(table, {"area_code": found[level]} | counted, file=path.name, cbs_marks=False)
    kept, year, findings = _rows_that_count(table, found)
    counts = counts[kept]
    if any(re.fullmatch(BREAKDOWN, column, re.IGNORECASE) for column in table.columns):
        counts = _summed(counts)
    refuse_duplicates(counts.area_code, what=level, file=path.name)
    counts = counts.reset_index(drop=True)
    findings += _unlocated(counts)
    kind = Kind.SECTOR_COUNTS if level == "sector" else Kind.MUNICIPALITY_COUNTS
    day = date_of(year) or date_in_name(path)
    return CountsRead(counts, kind, SourceFacts("BE", None, day, tuple(findings)))


def _complete_codes(table: pd.DataFrame, found: dict[str, str]) -> None:
    """Put the municipality before sector codes of four characters (`A00-`), as some files of before 2019 have them."""
    if {"sector", "municipality"} <= set(found):
        codes = table[found["sector"]]
        table[found["sector"]] = codes.where(codes.str.len() != 4, table[found["municipality"]] + codes)


def _rows_that_count(
    table: pd.DataFrame, found: dict[str, str]
) -> tuple[npt.NDArray[np.bool_], str | None, list[Finding]]:
    """Return which rows are of the latest year and of private households, that year, and what was left out."""
    latest = np.ones(len(table), dtype=bool)
    findings = []
    year = None
    if "year" in found:
        years = table[found["year"]]
        year = str(years.max())
        latest = (years == year).to_numpy(dtype=bool)
        if not latest.all():
            message = f"the file has the years {', '.join(sorted(set(years)))}; that of {year} is read."
            findings.append(Finding("older-years", message, severity="info", count=int((~latest).sum())))
    collective = np.zeros(len(table), dtype=bool)
    for column in table.columns:
        if re.fullmatch(HOUSEHOLD_TYPE, column, re.IGNORECASE):
            collective |= table[column].str.contains(COLLECTIVE).to_numpy(dtype=bool)
    if left_out := int((collective & latest).sum()):
        message = f"{left_out} lines of collective households are left out: a household is a private one."
        findings.append(Finding("collective-households", message, severity="info", count=left_out))
    return latest & ~collective, year, findings


def _summed(counts: pd.DataFrame) -> pd.DataFrame:
    """Add up the lines of each area; a line without a figure makes the sum unknown."""
    lines = counts.groupby("area_code", sort=True)[list(COUNT_COLUMNS[1:])]
    return lines.sum().where(lines.count().eq(lines.size(), axis=0)).reset_index()


def _unlocated(counts: pd.DataFrame) -> list[Finding]:
    lines = counts[counts.area_code.str.fullmatch(UNLOCATED)]
    if lines.empty:
        return []
    units = {"households": "households", "population": "inhabitants"}
    known = [f"{int(lines[target].sum()):,} {unit}" for target, unit in units.items() if lines[target].notna().any()]
    message = f"{len(lines)} lines are of no sector ({' and '.join(known) or 'no figure'}); they stay in the total."
    return [Finding("unlocated", message, severity="info", count=len(lines))]
