"""Adds up counts of households, keeping how much of a sum is official, estimated or unknown."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from households.counts import HouseholdCount, Method


@dataclass(frozen=True, slots=True)
class HouseholdTotal:
    """The households of several areas: a sum with its margin, by method, and the areas that it lacks."""

    by_method: Mapping[Method, int] = field(default_factory=dict)
    """Households by how they were counted; a method that found none of them is there too, with 0."""
    low: int = 0
    high: int = 0
    """Sums of the areas' own margins: wider than that of a sum whose errors are independent, and never too narrow."""
    unknown_areas: int = 0
    """Areas that have neither a count nor an estimate: there are that much more households, never zero more."""

    @property
    def households(self) -> int:
        """The sum, as far as it is known."""
        return sum(self.by_method.values())

    @property
    def estimated(self) -> int:
        """The households that are not published counts."""
        return sum(households for method, households in self.by_method.items() if method != Method.OFFICIAL)

    @property
    def complete(self) -> bool:
        """Whether every area has a count or an estimate."""
        return self.unknown_areas == 0


def total_households(counts: Iterable[HouseholdCount | None]) -> HouseholdTotal:
    """Add up counts; None is an area whose count is unknown.

    Examples
    --------
    >>> from households.counts import official_count
    >>> total = total_households([official_count(1_205, rounding=5), official_count(40), None])
    >>> total.households, total.low, total.high, total.unknown_areas
    (1245, 1243, 1247, 1)
    """
    by_method: Counter[Method] = Counter()
    low = high = unknown = 0
    for count in counts:
        if count is None:
            unknown += 1
            continue
        by_method[count.method] += count.households
        low += count.low
        high += count.high
    return HouseholdTotal(dict(sorted(by_method.items())), low, high, unknown)


def add_totals(totals: Iterable[HouseholdTotal]) -> HouseholdTotal:
    """Add up totals of areas that share nothing.

    Examples
    --------
    >>> from households.counts import official_count
    >>> both = add_totals([total_households([official_count(40)]), total_households([official_count(2), None])])
    >>> both.households, both.unknown_areas
    (42, 1)
    """
    known = list(totals)
    by_method: Counter[Method] = Counter()
    for total in known:
        by_method.update(total.by_method)
    return HouseholdTotal(
        dict(sorted(by_method.items())),
        sum(total.low for total in known),
        sum(total.high for total in known),
        sum(total.unknown_areas for total in known),
    )
