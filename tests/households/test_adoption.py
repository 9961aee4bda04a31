"""Shares are rounded as they are published, and never invented."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from households.adoption import Adoption, Participation, households_behind, whole_percent


def test_an_unknown_or_empty_area_has_no_share() -> None:
    assert Adoption(3, None).percent is None
    assert Adoption(0, 0).share is None
    assert Participation(1, 0, None).of_members is None


def test_half_a_percent_goes_up() -> None:
    assert [whole_percent(Decimal(text)) for text in ("0.005", "0.00499", "0.255", "1.004")] == [1, 0, 26, 100]


@pytest.mark.parametrize(
    ("members", "percent", "fewest", "most"),
    [(2_875, 26, 10_850, 11_274), (1_452, 12, 11_617, 12_626), (308, 19, 1_580, 1_664), (2_352, 7, 31_361, 36_184)],
)
def test_the_published_table_holds_for_these_counts_of_households(
    members: int, percent: int, fewest: int, most: int
) -> None:
    assert households_behind(members, percent) == (fewest, most)


@given(st.integers(1, 50_000), st.integers(1, 100))
def test_the_range_behind_a_percentage_is_exact(members: int, percent: int) -> None:
    fewest, most = households_behind(members, percent)
    for households, inside in ((fewest - 1, False), (fewest, True), (most, True), (most + 1, False)):
        if households > 0 and fewest <= most:
            assert (Adoption(members, households).percent == percent) is inside


def test_participation_is_over_members_or_all_households() -> None:
    took_part = Participation(588, 2_875, 11_146)
    assert took_part.of_members is not None
    assert took_part.of_households is not None
    assert (whole_percent(took_part.of_members), whole_percent(took_part.of_households)) == (20, 5)
