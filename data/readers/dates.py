"""Tells which day a file describes: by a column's text, or by the file's name."""

import re
from datetime import date
from pathlib import Path


def date_of(text: str | None) -> date | None:
    """Return the day of `2024`, `20240101`, `2024-01-01`, `01/01/2024` or a longer text that begins so, else None.

    Examples
    --------
    >>> date_of("2024"), date_of("2026-11-01 00:00:00")
    (datetime.date(2024, 1, 1), datetime.date(2026, 11, 1))
    """
    if match := re.match(r"(\d{2})/(\d{2})/((?:19|20)\d{2})(?!\d)", text or ""):
        parts: tuple[str | None, ...] = match.groups()[::-1]
    elif match := re.match(r"((?:19|20)\d{2})(?:-?(\d{2}))?(?:-?(\d{2}))?(?!\d)", text or ""):
        parts = match.groups()
    else:
        return None
    try:
        return date(*(int(part) if part else 1 for part in parts))
    except ValueError:
        return None


def date_in_name(path: Path) -> date | None:
    """Return the day in a file's name, or 1 January of the year in it.

    Examples
    --------
    >>> date_in_name(Path("sh_statbel_statistical_sectors_31370_20240701.gpkg.zip"))
    datetime.date(2024, 7, 1)
    >>> date_in_name(Path("households-2021.csv"))
    datetime.date(2021, 1, 1)
    """
    day = re.search(r"(?<!\d)(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)", path.name)
    match = day or re.search(r"(?<!\d)(?:19|20)\d{2}(?!\d)", path.name)
    return date_of(match[0]) if match else None
