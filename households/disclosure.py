"""Withholds small numbers of a table so that nobody can be singled out, not even by taking cells from the total.

Primary: a count from 1 to below the threshold is withheld, and so is one that leaves fewer than the threshold of its
whole (99 of 100 households tells of the one). Complementary: what is withheld in a column has to be two cells at least
that add up to the threshold at least, or else the total is withheld too. (Hundepool et al., *Statistical Disclosure
Control*, 2012, ch. 4; the smallest cells are taken, so that least is lost.) Zero is shown: it is nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SafeColumn:
    """A column as it may be shown; None is withheld."""

    cells: Mapping[str, int | None]
    total: int | None


def withhold_small_numbers(
    counts: Mapping[str, int], threshold: int, wholes: Mapping[str, int] | None = None
) -> SafeColumn:
    """Return a column of counts and its total without what would single somebody out.

    Parameters
    ----------
    counts
        Count by row, none negative.
    threshold
        The smallest count that is shown; 1 shows everything.
    wholes
        What each count is a part of, where the part that is left must not be small either.

    Examples
    --------
    >>> withhold_small_numbers({"a": 3, "b": 40, "c": 900}, threshold=10)
    SafeColumn(cells={'a': None, 'b': None, 'c': 900}, total=943)
    """
    if threshold < 1 or any(count < 0 for count in counts.values()):
        raise ValueError("counts are not negative, and a threshold is at least 1")
    withheld = {
        row
        for row, count in counts.items()
        if 0 < count < threshold
        or (wholes is not None and threshold > 1 and count > 0 and wholes[row] - count < threshold)
    }
    total: int | None = sum(counts.values())
    candidates = sorted((count, row) for row, count in counts.items() if count > 0 and row not in withheld)
    while withheld and (len(withheld) < 2 or sum(counts[row] for row in withheld) < threshold):
        if not candidates:
            total = None
            break
        withheld.add(candidates.pop(0)[1])
    return SafeColumn({row: None if row in withheld else count for row, count in counts.items()}, total)
