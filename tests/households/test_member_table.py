"""Drawn areas tell no more of members than one table of safe numbers, and their parts add up."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from households.member_table import MemberPart, MemberTable, PartInside

PARTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 30), st.none() | st.integers(0, 60)), min_size=1, max_size=9
).map(
    lambda rows: [
        MemberPart(f"p{k}", buurt, members, None if any(row[2] is None for row in rows) else dwellings)
        for k, (buurt, members, dwellings) in enumerate(rows)
    ]
)


def whole(part: MemberPart) -> PartInside:
    return PartInside(part.dwellings or 0, Fraction(1))


def test_one_dwelling_more_never_shows_whether_it_is_a_members() -> None:
    """The same areas before and after: who of the part is a member changes nothing."""
    table = MemberTable([MemberPart("p", "a", 50, 400), MemberPart("q", "a", 30, 300)], 10)
    steps = [table.inside({"p": PartInside(k, Fraction(k, 400))})["a"].exact for k in range(1, 401)]
    assert {after - before for before, after in pairwise(steps)} == {Fraction(50, 400)}  # type: ignore[operator]


@given(PARTS, st.integers(1, 12), st.data())
def test_no_small_number_is_shown_of_any_area(parts: list[MemberPart], threshold: int, data: st.DataObject) -> None:
    table = MemberTable(parts, threshold)
    inside = {
        part.key: PartInside(data.draw(st.integers(0, part.dwellings or 0)), Fraction(1, 2))
        for part in data.draw(st.lists(st.sampled_from(parts), unique=True))
    }
    for code, found in table.inside(inside).items():
        if table.buurten.cells[code] is None:
            assert found.shown is None
            assert found.exact is None
        else:
            assert found.shown is None or found.shown == 0 or found.shown >= threshold


@given(PARTS, st.integers(1, 12))
def test_a_buurt_as_a_whole_has_the_number_of_the_table(parts: list[MemberPart], threshold: int) -> None:
    table = MemberTable(parts, threshold)
    for code, shown in table.buurten.cells.items():
        found = table.inside({part.key: whole(part) for part in parts if part.buurt_code == code})[code]
        assert found.shown == shown
        assert not found.estimated


@given(PARTS, st.integers(1, 12), st.data())
def test_the_parts_of_an_area_add_up_to_it(parts: list[MemberPart], threshold: int, data: st.DataObject) -> None:
    table = MemberTable(parts, threshold)
    one, other, both = {}, {}, {}
    for part in parts:
        dwellings = data.draw(st.integers(0, part.dwellings or 0))
        ground = data.draw(st.fractions(0, 1, max_denominator=50))
        one[part.key] = PartInside(dwellings, ground)
        other[part.key] = PartInside((part.dwellings or 0) - dwellings, 1 - ground)
        both[part.key] = whole(part)
    for code, found in table.inside(both).items():
        if found.exact is not None:
            halves = [table.inside(half)[code].exact for half in (one, other)]
            assert sum(half for half in halves if half is not None) == found.exact


@pytest.mark.parametrize(
    ("parts", "withheld"),
    [
        ([MemberPart("p", "a", 3, 100), MemberPart("q", "b", 40, 100)], {"a", "b"}),
        ([MemberPart("p", "a", 98, 100), MemberPart("q", "b", 40, 100)], {"a", "b"}),
        ([MemberPart("p", "a", 20, None), MemberPart("q", "b", 40, 100)], set()),
    ],
)
def test_a_buurt_that_is_withheld_in_the_table_is_withheld_in_every_area(
    parts: list[MemberPart], withheld: set[str]
) -> None:
    found = MemberTable(parts, 10).inside({part.key: whole(part) for part in parts})
    assert {code for code, members in found.items() if members.shown is None} == withheld


def test_a_part_that_its_buurt_would_give_away_is_pooled_with_empty_ones() -> None:
    """All of a's members are in p, nearly all of whose dwellings are members': q has half of the number, not nobody."""
    parts = [MemberPart("p", "a", 98, 100), MemberPart("q", "a", 0, 100), MemberPart("r", "b", 500, 1_000)]
    found = MemberTable(parts, 10).inside({"q": whole(parts[1])})["a"]
    assert (found.exact, found.estimated, found.shown) == (Fraction(49), True, 49)


def test_a_small_estimate_is_withheld_and_nobody_is_shown() -> None:
    table = MemberTable([MemberPart("p", "a", 50, 400), MemberPart("q", "a", 0, 400)], 10)
    few = table.inside({"p": PartInside(8, Fraction(1, 50))})["a"]
    assert (few.exact, few.shown) == (Fraction(1), None)
    assert table.inside({"q": PartInside(400, Fraction(1))})["a"].shown == 0
