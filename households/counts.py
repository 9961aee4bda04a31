"""Sums of official household counts in which some areas are unknown: unknown is never zero."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HouseholdSum:
    """The households of several areas, as far as the official source gives them."""

    known: int
    """Households in the areas that have a count."""
    unknown_areas: int
    """Areas whose count is suppressed or absent."""
    areas: int

    @property
    def complete(self) -> bool:
        """Whether every area has a count, so that `known` is the number of households."""
        return self.unknown_areas == 0


def sum_households(counts: Iterable[int | None]) -> HouseholdSum:
    """Add up households per area, counting apart the areas without a count (None).

    Examples
    --------
    >>> sum_households([1_200, None, 0])
    HouseholdSum(known=1200, unknown_areas=1, areas=3)
    """
    values = list(counts)
    known = [value for value in values if value is not None]
    return HouseholdSum(sum(known), len(values) - len(known), len(values))
