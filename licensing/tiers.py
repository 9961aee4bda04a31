"""Tiers on households: graduated or volume, their price, its parts, and where a larger count is cheaper.

The words and the bounds are those of Stripe's documentation of tiered pricing (``billing_scheme: tiered``): ``up_to``
is inclusive, the lower bound is the previous tier's upper bound plus one, the last tier is open; *graduated* prices
each household in its own tier and adds the flat amount of every tier that is reached, *volume* prices all households
in the tier that the total falls in. Our own rule: without any household the first tier's flat amount is still charged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from licensing.money import ARITHMETIC, ZERO


class TierMode(StrEnum):
    """How a table of tiers is read."""

    GRADUATED = "graduated"
    VOLUME = "volume"


@dataclass(frozen=True, slots=True)
class Tier:
    """The households up to a bound (included; None is open), and what they cost a year."""

    up_to: int | None
    per_household: Decimal
    flat: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class TierPart:
    """What one tier adds to a price: `households` of them, from `first` on."""

    first: int
    up_to: int | None
    households: int
    per_household: Decimal
    flat: Decimal

    @property
    def amount(self) -> Decimal:
        """Price of this part, unrounded."""
        return self.households * self.per_household + self.flat


@dataclass(frozen=True, slots=True)
class PriceDrop:
    """A range of households that costs less than a smaller municipality pays."""

    first: int
    last: int | None
    """The last count that is cheaper, included; None where it is so without end."""
    than_households: int
    """The smaller municipality."""
    than_price: Decimal
    lowest_price: Decimal
    """The price at `first`."""


@dataclass(frozen=True, slots=True)
class TierTable:
    """Tiers in ascending order, the last one open, with a minimum and a maximum for the whole."""

    mode: TierMode
    tiers: tuple[Tier, ...]
    minimum: Decimal | None = None
    maximum: Decimal | None = None

    def __post_init__(self) -> None:
        bounds = [tier.up_to for tier in self.tiers]
        if not bounds or bounds[-1] is not None or None in bounds[:-1]:
            raise ValueError("the last tier is open, and no other")
        closed = [bound for bound in bounds if bound is not None]
        if any(after <= before for before, after in zip([0, *closed], closed, strict=False)):
            raise ValueError(f"tier bounds ascend from above 0: {closed}")
        if any(tier.per_household < 0 or tier.flat < 0 for tier in self.tiers):
            raise ValueError("a price is not negative")
        if self.minimum is not None and self.minimum < 0:
            raise ValueError("a minimum is not negative")
        if self.maximum is not None and self.maximum < (self.minimum or ZERO):
            raise ValueError("a maximum is not below the minimum")

    def ranges(self) -> Iterator[tuple[int, Tier]]:
        """Yield each tier with its first household."""
        first = 1
        for tier in self.tiers:
            yield first, tier
            if tier.up_to is not None:
                first = tier.up_to + 1

    def parts(self, households: int) -> tuple[TierPart, ...]:
        """Return what each tier that is reached adds to the price, before minimum and maximum.

        Examples
        --------
        >>> tiers = (Tier(1000, Decimal("0.30")), Tier(None, Decimal("0.20")))
        >>> [part.amount for part in TierTable(TierMode.GRADUATED, tiers).parts(1500)]
        [Decimal('300.00'), Decimal('100.00')]
        >>> [part.amount for part in TierTable(TierMode.VOLUME, tiers).parts(1500)]
        [Decimal('300.00')]
        """
        if households < 0:
            raise ValueError(f"a count of households is not negative: {households}")
        parts = []
        for first, tier in self.ranges():
            if tier.up_to is None or households <= tier.up_to:
                inside = households if self.mode == TierMode.VOLUME else households - first + 1
                parts.append(TierPart(first, tier.up_to, max(inside, 0), tier.per_household, tier.flat))
                break
            if self.mode == TierMode.GRADUATED:
                inside = tier.up_to - first + 1
                parts.append(TierPart(first, tier.up_to, inside, tier.per_household, tier.flat))
        return tuple(parts)

    def within_bounds(self, price: Decimal) -> Decimal:
        """Raise a price to the minimum, or lower it to the maximum."""
        if self.minimum is not None and price < self.minimum:
            return self.minimum
        if self.maximum is not None and price > self.maximum:
            return self.maximum
        return price

    def price(self, households: int) -> Decimal:
        """Return the unrounded price a year of a count of households."""
        return self.within_bounds(sum((part.amount for part in self.parts(households)), ZERO))

    def tier_of(self, households: int) -> int:
        """Return the number, from 1, of the tier that a count falls in."""
        reached = (number for number, (first, _) in enumerate(self.ranges(), start=1) if first <= max(households, 1))
        return max(reached)

    def households_to_next_tier(self, households: int) -> int | None:
        """Return how many more households reach the next tier; None in the open one.

        Examples
        --------
        >>> tiers = (Tier(1000, Decimal("0.30")), Tier(None, Decimal("0.20")))
        >>> TierTable(TierMode.GRADUATED, tiers).households_to_next_tier(881)
        120
        """
        for tier in self.tiers:
            if tier.up_to is not None and households <= tier.up_to:
                return tier.up_to + 1 - households
        return None

    def households_to_tier_below(self, households: int) -> int | None:
        """Return how many fewer households reach the tier below; None in the first one.

        Examples
        --------
        >>> tiers = (Tier(1000, Decimal("0.30")), Tier(None, Decimal("0.20")))
        >>> TierTable(TierMode.GRADUATED, tiers).households_to_tier_below(1001)
        1
        """
        bounds = [tier.up_to for tier in self.tiers if tier.up_to is not None and tier.up_to < households]
        return households - max(bounds) if bounds else None

    def price_drops(self) -> tuple[PriceDrop, ...]:
        """Return every range of households that costs less than a smaller count does.

        Only a volume table can have one. Inside a tier the price never falls, so it is enough to hold each tier
        against the dearest end of a tier before it.

        Examples
        --------
        >>> table = TierTable(TierMode.VOLUME, (Tier(1000, Decimal("0.30")), Tier(None, Decimal("0.20"))))
        >>> [(drop.first, drop.last, drop.than_households) for drop in table.price_drops()]
        [(1001, 1499, 1000)]
        """
        if self.mode == TierMode.GRADUATED:
            return ()
        drops = []
        dearest, dearest_at = ZERO, 0
        for first, tier in self.ranges():
            # Below or at the minimum every count costs the same; above it the bound does not change what is less.
            if dearest > (self.minimum or ZERO) and self.price(first) < dearest:
                last = _last_below(tier, dearest)
                drops.append(PriceDrop(first, last, dearest_at, dearest, self.price(first)))
            if tier.up_to is not None and self.price(tier.up_to) > dearest:
                dearest, dearest_at = self.price(tier.up_to), tier.up_to
        return tuple(drops)


def _last_below(tier: Tier, price: Decimal) -> int | None:
    """Return the last count of a tier whose volume price is below a price; None for no end."""
    if not tier.per_household:
        return tier.up_to
    enough = ((price - tier.flat) / tier.per_household).to_integral_value(ROUND_CEILING, context=ARITHMETIC)
    return int(enough) - 1 if tier.up_to is None else min(int(enough) - 1, tier.up_to)
