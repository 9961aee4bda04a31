"""Reads counts from what publishers write: whole numbers, empty or marked as unknown."""

from typing import Any

import numpy as np
import pandas as pd

from data.tables import SourceError

WHOLE = r"\d{1,10}(?:\.0)?"
"""A whole number; `.0` is how a table writes one whose column also has empty cells. More zeros are refused: in
Belgium and the Netherlands `12.000` is twelve thousand."""
CBS_UNKNOWN = r"-9999\d(?:\.0)?|-9999999\d(?:\.0)?|[.xX]"
"""CBS's marks of a figure that is suppressed, absent or meaningless: -99997, -99995, -99999999 and their like in
maps; a point or an x in tables."""


def as_counts(
    values: "pd.Series[Any]",
    *,
    what: str,
    file: str,
    cbs_marks: bool = False,
) -> "pd.Series[int]":
    """Return whole numbers, <NA> where the figure is unknown.

    Parameters
    ----------
    values
        Texts or numbers; empty is unknown.
    what
        Name of the column, for messages.
    file
        Name of the file, for messages.
    cbs_marks
        Whether CBS's marks of an unknown figure are understood.

    Returns
    -------
    Series
        Nullable Int64, never negative.

    Raises
    ------
    SourceError
        `not-a-count`: a text, a fraction or a negative number, with its row.

    Examples
    --------
    >>> as_counts(pd.Series(["650", "", "-99997"]), what="households", file="f.csv", cbs_marks=True).tolist()
    [650, <NA>, <NA>]
    """
    missing = values.isna()
    texts = pd.Series(
        ["" if absent else str(value).strip() for value, absent in zip(values, missing, strict=True)],
        index=values.index,
        dtype=object,
    )
    unknown = (texts == "").to_numpy()
    if cbs_marks:
        unknown = unknown | texts.str.fullmatch(CBS_UNKNOWN).to_numpy(dtype=bool)
    whole = texts.str.fullmatch(WHOLE).to_numpy(dtype=bool)
    wrong = ~unknown & ~whole
    if wrong.any():
        row = int(texts.index[wrong][0])
        raise SourceError(
            "not-a-count",
            f"{what} {texts[row]!r} is no whole number from 0 ({int(wrong.sum())} such rows).",
            file=file,
            row=row + 1,
            remedy="Leave the field empty where the figure is unknown, and write thousands without a mark.",
        )
    counts = pd.Series(pd.NA, index=values.index, dtype="Int64")
    counts[whole] = texts[whole].str.removesuffix(".0").astype(np.int64)
    return counts
