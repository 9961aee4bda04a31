"""Shares of households are whole, add up exactly, stay within one of their quota and depend on no order."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from households.apportionment import NothingToShareByError, SectorPart, apportion, occupancy_margin, split_households
from households.counts import Method, official_count

WEIGHTS = st.dictionaries(
    st.text("ABCD", min_size=1, max_size=4), st.integers(0, 10_000) | st.floats(0, 1e12), min_size=1, max_size=30
)


@given(st.integers(0, 100_000), WEIGHTS.filter(lambda weights: any(weights.values())))
def test_shares_add_up_and_stay_within_one_of_their_quota(total: int, weights: dict[str, float]) -> None:
    shares = apportion(total, weights)
    assert sum(shares.values()) == total
    whole = sum(map(Fraction, weights.values()))
    for code, share in shares.items():
        assert abs(share - total * Fraction(weights[code]) / whole) < 1


@given(st.integers(0, 1_000), WEIGHTS.filter(lambda weights: any(weights.values())), st.randoms())
def test_shares_do_not_depend_on_the_order_of_the_parts(total: int, weights: dict[str, float], random: object) -> None:
    shuffled = list(weights.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert apportion(total, dict(shuffled)) == apportion(total, weights)


@given(st.integers(0, 1_000), WEIGHTS.filter(lambda weights: any(weights.values())))
def test_an_empty_part_gets_nothing(total: int, weights: dict[str, float]) -> None:
    assert all(share == 0 for code, share in apportion(total, weights).items() if weights[code] == 0)


def test_an_equal_remainder_goes_to_the_lowest_code() -> None:
    assert apportion(1, {"b": 1, "a": 1}) == {"b": 0, "a": 1}


def test_nothing_can_be_shared_out_by_nothing() -> None:
    assert apportion(0, {"a": 0, "b": 0}) == {"a": 0, "b": 0}
    with pytest.raises(NothingToShareByError, match="2 empty parts"):
        apportion(3, {"a": 0, "b": 0.0})


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf")])
def test_a_weight_that_is_none_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="finite and not negative"):
        apportion(3, {"a": weight, "b": 1})


PARTS = st.lists(st.tuples(st.none() | st.integers(0, 2_000), st.floats(0.1, 1e7)), min_size=1, max_size=8).map(
    lambda rows: [SectorPart(f"part-{k}", *row) for k, row in enumerate(rows)]
)


@given(st.integers(0, 4_000), PARTS, st.sampled_from([1, 5]))
def test_a_split_conserves_the_official_count(households: int, parts: list[SectorPart], rounding: int) -> None:
    split = split_households(official_count(households, rounding), parts)
    assert set(split) == {part.code for part in parts}
    assert sum(part.households for part in split.values()) == households
    assert all(part.low <= part.households <= part.high for part in split.values())


def test_a_split_goes_by_area_where_the_register_has_no_dwelling() -> None:
    parts = [SectorPart("a", 0, 30.0), SectorPart("b", 0, 10.0)]
    split = split_households(official_count(8), parts)
    assert [(part.households, part.method, part.low, part.high) for part in split.values()] == [
        (6, Method.SPLIT_BY_AREA, 0, 8),
        (2, Method.SPLIT_BY_AREA, 0, 8),
    ]


def test_a_sector_in_one_part_keeps_its_official_count() -> None:
    assert split_households(official_count(8), [SectorPart("a", 3, 1.0)]) == {"a": official_count(8)}


def test_the_margin_holds_what_random_empty_homes_leave() -> None:
    """Simulated: 390 households in 400 dwellings, of which the first 100 lie inside."""
    from random import Random

    random = Random(7)
    expected = 390 * 100 / 400
    margin = occupancy_margin(390, 100, 400)
    inside = [sum(home < 100 for home in random.sample(range(400), 390)) for _ in range(2_000)]
    within = sum(abs(count - expected) <= margin for count in inside) / len(inside)
    assert 0.90 < within < 0.99
