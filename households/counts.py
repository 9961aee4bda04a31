"""Household counts as values: an official count, an estimate with its method and margin, and sums of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

NORMAL_95 = 1.959964
"""Standard deviations on each side of a normal mean that hold 95 % of it: every margin here is a 95 % margin."""


class Method(StrEnum):
    """How a count of households came to be. Every method but `official` is an estimate."""

    OFFICIAL = "official"
    SPLIT_BY_DWELLINGS = "split-by-dwellings"
    """The official count of a divided sector, shared out by the dwellings on each side."""
    SPLIT_BY_AREA = "split-by-area"
    """The same by area, where the register has no dwelling in the sector."""
    RESIDUAL_BY_DWELLINGS = "residual-by-dwellings"
    """What the municipality's own count leaves for its uncounted sectors, shared out by their dwellings."""
    RESIDUAL_BY_POPULATION = "residual-by-population"
    RESIDUAL_BY_AREA = "residual-by-area"
    OCCUPANCY = "occupancy"
    """Dwellings of the sector times the households per dwelling of the municipality's counted sectors."""


@dataclass(frozen=True, slots=True)
class HouseholdCount:
    """The households of one area: a whole number, how it was found, and the range that it may lie in."""

    households: int
    method: Method
    low: int
    high: int

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.households <= self.high:
            raise ValueError(f"a count lies in its own margin, from 0 on: {self.low}, {self.households}, {self.high}")

    @property
    def estimated(self) -> bool:
        """Whether this is anything else than a published count."""
        return self.method != Method.OFFICIAL


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


def official_count(households: int, rounding: int = 1) -> HouseholdCount:
    """Return a published count; its margin is what the publisher's rounding hides.

    Parameters
    ----------
    households
        The published figure.
    rounding
        The multiple that the publisher rounds to: 1 for exact counts, 5 for CBS's *buurten*.

    Examples
    --------
    >>> official_count(1_205, rounding=5)
    HouseholdCount(households=1205, method=<Method.OFFICIAL: 'official'>, low=1203, high=1207)
    """
    hidden = rounding // 2
    return HouseholdCount(households, Method.OFFICIAL, max(0, households - hidden), households + hidden)


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
