"""A message reaches what lies inside its area, or the whole of every buurt that the area touches."""

from hypothesis import given, settings
from hypothesis import strategies as st

from households.counts import HouseholdCount, official_count
from households.member_table import MemberPart, MemberTable
from households.reach import BuurtInReach, PartInReach, reach, withhold
from households.totals import total_households

PARTS = [
    PartInReach("A00-", "B1", official_count(390), 400, 100, area_m2=1e6, area_inside_m2=5e5),
    PartInReach("A01-", "B1", official_count(500), 520, 0, area_m2=1e6, area_inside_m2=0.0),
    PartInReach("A02-", "B2", official_count(300), 310, 310, area_m2=1e6, area_inside_m2=1e6),
    PartInReach("A03-", "B3", official_count(700), 710, 0, area_m2=1e6, area_inside_m2=0.0),
]
MEMBERS = {"A00-": 80, "A01-": 50, "A02-": 60, "A03-": 12}


def table_of(parts: list[PartInReach], members: dict[str, int]) -> MemberTable:
    return MemberTable([MemberPart(p.key, p.buurt_code, members[p.key], p.dwellings) for p in parts], threshold=5)


def numbers(found: BuurtInReach) -> tuple[str, int, int | None, int | None]:
    return found.buurt_code, found.households.households, found.dwellings, found.members


def test_a_clipped_reach_shares_out_households_and_members_by_the_dwellings_inside() -> None:
    first, second = reach(PARTS, table_of(PARTS, MEMBERS), whole_buurten=False)
    assert numbers(first) == ("B1", 98, 100, 20)
    assert first.members_estimated
    assert numbers(second) == ("B2", 300, 310, 60)
    assert not second.members_estimated


def test_a_reach_of_whole_buurten_takes_all_of_those_touched() -> None:
    found = reach(PARTS, table_of(PARTS, MEMBERS), whole_buurten=True)
    assert [numbers(buurt) for buurt in found] == [("B1", 890, 920, 130), ("B2", 300, 310, 60)]


def test_without_a_register_households_and_members_are_shared_out_by_area() -> None:
    part = PartInReach("A00-", "B1", official_count(400), None, 0, area_m2=1e6, area_inside_m2=2.5e5)
    [found] = reach([part], table_of([part], {"A00-": 80}), whole_buurten=False)
    assert numbers(found) == ("B1", 100, None, 20)


def test_a_part_without_a_count_is_told_and_not_taken_for_zero() -> None:
    part = PartInReach("A00-", "B1", None, 40, 10, area_m2=1e6, area_inside_m2=1e5)
    [found] = reach([part], table_of([part], {"A00-": 0}), whole_buurten=False)
    assert (found.households.households, found.households.unknown_areas) == (0, 1)


@given(st.data())
@settings(max_examples=50)
def test_clipped_is_never_more_than_whole(data: st.DataObject) -> None:
    parts = []
    for k in range(data.draw(st.integers(1, 5))):
        dwellings = data.draw(st.integers(0, 300))
        parts.append(
            PartInReach(
                f"A0{k}-",
                data.draw(st.sampled_from(["B1", "B2"])),
                official_count(data.draw(st.integers(0, 300))),
                dwellings,
                data.draw(st.integers(0, dwellings)),
                area_m2=1e6,
                area_inside_m2=data.draw(st.floats(0, 1e6)),
            )
        )
    table = table_of(parts, {part.key: data.draw(st.integers(0, part.dwellings or 0)) for part in parts})
    clipped = {buurt.buurt_code: buurt for buurt in reach(parts, table, whole_buurten=False)}
    whole = {buurt.buurt_code: buurt for buurt in reach(parts, table, whole_buurten=True)}
    assert clipped.keys() == whole.keys() <= {part.buurt_code for part in parts}
    for code, inside in clipped.items():
        assert inside.households.households <= whole[code].households.households
        assert (inside.dwellings or 0) <= (whole[code].dwellings or 0)
        assert inside.members is None or inside.members <= (whole[code].members or 0)


def test_small_numbers_are_withheld_from_a_reach() -> None:
    def found(code: str, households: int, dwellings: int, members: int) -> BuurtInReach:
        count: HouseholdCount = official_count(households)
        return BuurtInReach(code, total_households([count]), dwellings, members, members_estimated=False)

    safe = withhold([found("B1", 40, 45, 3), found("B2", 300, 310, 60), found("B3", 90, 95, 20)], 5)
    assert safe.households.total == 430
    assert safe.members.cells == {"B1": None, "B2": 60, "B3": None}
    assert safe.members.total == 83


def test_members_that_may_not_be_told_take_the_total_with_them() -> None:
    buurt = BuurtInReach("B1", total_households([official_count(40)]), 45, None, members_estimated=False)
    assert withhold([buurt], 5).members.total is None
    assert withhold([buurt], 5).dwellings.cells == {"B1": 45}
