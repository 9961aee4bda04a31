"""Tiers price as Stripe documents them: inclusive bounds, graduated without jumps, volume with its drops told."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.tiers import Tier, TierMode, TierTable

PRICES = st.integers(0, 500).map(lambda cents: Decimal(cents) / 100)


@st.composite
def tables(draw: st.DrawFn, mode: TierMode, *, flat: bool = True, bounded: bool = True) -> TierTable:
    bounds = sorted(draw(st.sets(st.integers(1, 300), max_size=4)))
    flats = PRICES.map(lambda price: price * 100) if flat else st.just(Decimal("0.00"))
    tiers = tuple(Tier(bound, draw(PRICES), draw(flats)) for bound in [*bounds, None])
    minimum = draw(st.none() | PRICES.map(lambda price: price * 50)) if bounded else None
    maximum = draw(st.none() | PRICES.map(lambda price: (minimum or 0) + price * 200)) if bounded else None
    return TierTable(mode, tiers, minimum, maximum)


def test_a_bound_belongs_to_the_tier_that_it_closes() -> None:
    tiers = (Tier(5, Decimal(7)), Tier(10, Decimal("6.50")), Tier(None, Decimal(6)))
    graduated, volume = TierTable(TierMode.GRADUATED, tiers), TierTable(TierMode.VOLUME, tiers)
    # The worked table of Stripe's documentation of tiered pricing.
    assert [graduated.price(count) for count in (1, 5, 6, 20)] == [7, 35, Decimal("41.50"), Decimal("127.50")]
    assert [volume.price(count) for count in (1, 5, 6, 20)] == [7, 35, 39, 120]


@pytest.mark.parametrize("mode", TierMode)
def test_no_households_still_cost_the_first_flat_amount(mode: TierMode) -> None:
    assert TierTable(mode, (Tier(5, Decimal(7), Decimal(100)), Tier(None, Decimal(6)))).price(0) == 100


@given(tables(TierMode.GRADUATED), st.integers(0, 400))
def test_a_graduated_price_never_falls(table: TierTable, households: int) -> None:
    assert table.price(households) <= table.price(households + 1)


@given(tables(TierMode.GRADUATED, flat=False, bounded=False))
def test_a_graduated_price_without_flat_amounts_is_continuous_at_every_border(table: TierTable) -> None:
    for first, tier in table.ranges():
        # One household over the border costs its own tier's price, and nothing of what came before changes.
        assert table.price(first) - table.price(first - 1) == tier.per_household


@given(tables(TierMode.GRADUATED) | tables(TierMode.VOLUME), st.integers(0, 400))
def test_parts_account_for_every_household_and_cent(table: TierTable, households: int) -> None:
    parts = table.parts(households)
    assert sum(part.households for part in parts) == households
    assert table.within_bounds(sum((part.amount for part in parts), Decimal(0))) == table.price(households)


@given(tables(TierMode.VOLUME))
def test_exactly_the_counts_that_are_cheaper_than_a_smaller_one_are_reported(table: TierTable) -> None:
    highest, cheaper = Decimal(-1), set()
    for households in range(1, 900):
        price = table.price(households)
        if price < highest:
            cheaper.add(households)
        highest = max(highest, price)
    told = {
        households for drop in table.price_drops() for households in range(drop.first, min(drop.last or 899, 899) + 1)
    }
    assert told == cheaper


@given(tables(TierMode.GRADUATED), st.integers(0, 400))
def test_the_next_tier_is_reached_by_the_households_that_are_told(table: TierTable, households: int) -> None:
    missing = table.households_to_next_tier(households)
    reached = len(table.parts(households))
    if missing is None:
        assert reached == len(table.tiers)
    else:
        assert len(table.parts(households + missing - 1)) == reached
        assert len(table.parts(households + missing)) == reached + 1


@pytest.mark.parametrize(
    "tiers",
    [
        (),
        (Tier(5, Decimal(1)),),
        (Tier(None, Decimal(1)), Tier(None, Decimal(1))),
        (Tier(5, Decimal(1)), Tier(5, Decimal(1)), Tier(None, Decimal(1))),
        (Tier(0, Decimal(1)), Tier(None, Decimal(1))),
        (Tier(None, Decimal(-1)),),
        (Tier(None, Decimal(1), Decimal(-1)),),
    ],
)
def test_tiers_that_leave_a_doubt_cannot_be_made(tiers: tuple[Tier, ...]) -> None:
    with pytest.raises(ValueError, match=r"tier|price"):
        TierTable(TierMode.GRADUATED, tiers)
