"""Finds the columns of a table under the names that a source has given them over the years, and reads codes and names.

Messages name rows by the index, which counts a file's rows from 0 however many of them are left out on the way.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pandas as pd

from data.tables import SourceError


def find_columns(
    present: Iterable[str], wanted: Mapping[str, tuple[str, ...]], *, required: Collection[str], file: str
) -> dict[str, str]:
    """Return the column for every target that the table has.

    Parameters
    ----------
    present
        The table's columns.
    wanted
        Regular expressions by target, matched against whole names without regard to case; the first that
        matches wins.
    required
        Targets that must be there.
    file
        Name of the file, for messages.

    Raises
    ------
    SourceError
        `missing-column`: says which, under which names, and what the file has instead.
    """
    columns = list(present)
    found: dict[str, str] = {}
    for target, patterns in wanted.items():
        matches = (c for pattern in patterns for c in columns if re.fullmatch(pattern, c, re.IGNORECASE))
        if (column := next(matches, None)) is not None:
            found[target] = column
    missing = [target for target in required if target not in found]
    if missing:
        raise missing_columns({target: wanted[target] for target in missing}, columns, file)
    return found


def missing_columns(missing: Mapping[str, tuple[str, ...]], present: Iterable[str], file: str) -> SourceError:
    """Return the error for columns that a file does not have."""
    described = "; ".join(f"{target} ({' or '.join(names)})" for target, names in missing.items())
    return SourceError(
        "missing-column",
        f"no column for {described}; the file has {', '.join(map(str, present))}.",
        file=file,
        remedy="Check that this is the file that the source names, or give its columns with a generic source.",
    )


def as_codes(values: "pd.Series[Any]", *, what: str, file: str) -> "pd.Series[str]":
    """Return codes as text: numbers lose their decimals, texts their outer spaces.

    Raises
    ------
    SourceError
        `missing-code`: a row has none.
    """
    codes = as_names(values)
    empty = codes.isna().to_numpy()
    if empty.any():
        row = int(codes.index[empty][0])
        raise SourceError("missing-code", f"there is no {what}.", file=file, row=row + 1, remedy="Fill it in.")
    return codes.astype(str)


def as_names(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return names as text without outer spaces, and None for those that are empty."""
    names = [None if missing else _text(value) or None for value, missing in zip(values, values.isna(), strict=True)]
    return pd.Series(names, index=values.index, dtype=object)


def _text(value: object) -> str:
    """Write a value as text; a whole number has no decimals, though its column may have turned it into a float."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def refuse_duplicates(codes: "pd.Series[str]", *, what: str, file: str) -> None:
    """Refuse a table that has a code twice.

    Raises
    ------
    SourceError
        `duplicate-code`, with both rows.
    """
    repeated = codes.duplicated().to_numpy()
    if not repeated.any():
        return
    second = int(codes.index[repeated][0])
    first = int(codes.index[(codes == codes[second]).to_numpy()][0])
    raise SourceError(
        "duplicate-code",
        f"{what} {codes[second]!r} stands here and in row {first + 1} ({int(repeated.sum())} rows repeat a code).",
        file=file,
        row=second + 1,
        remedy="Keep one row per code; parts of one area belong in one multipolygon.",
    )
