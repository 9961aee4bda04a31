"""A message reaches what lies inside its area, or the whole of every buurt that the area touches."""

from households.counts import official_count
from households.reach import BuurtInReach, SectorInReach, reach, withhold

HALF = SectorInReach(
    "A00-", "B1", official_count(390), 400, 100, members=80, members_inside=20, area_m2=1e6, area_inside_m2=5e5
)
OUTSIDE = SectorInReach(
    "A01-", "B1", official_count(500), 520, 0, members=50, members_inside=0, area_m2=1e6, area_inside_m2=0.0
)
WHOLE = SectorInReach(
    "A02-", "B2", official_count(300), 310, 310, members=60, members_inside=60, area_m2=1e6, area_inside_m2=1e6
)
ELSEWHERE = SectorInReach(
    "A03-", "B3", official_count(700), 710, 0, members=10, members_inside=0, area_m2=1e6, area_inside_m2=0.0
)
SECTORS = [HALF, OUTSIDE, WHOLE, ELSEWHERE]


def test_a_clipped_reach_shares_out_households_by_the_dwellings_inside() -> None:
    assert reach(SECTORS, whole_buurten=False) == [
        BuurtInReach("B1", households=98, households_unknown_sectors=0, dwellings=100, members=20),
        BuurtInReach("B2", households=300, households_unknown_sectors=0, dwellings=310, members=60),
    ]


def test_a_reach_of_whole_buurten_takes_all_of_those_touched() -> None:
    assert reach(SECTORS, whole_buurten=True) == [
        BuurtInReach("B1", households=890, households_unknown_sectors=0, dwellings=920, members=130),
        BuurtInReach("B2", households=300, households_unknown_sectors=0, dwellings=310, members=60),
    ]


def test_without_a_register_households_are_shared_out_by_area() -> None:
    sector = SectorInReach("A00-", "B1", official_count(400), None, 0, 0, 0, area_m2=1e6, area_inside_m2=2.5e5)
    assert reach([sector], whole_buurten=False)[0].households == 100


def test_a_sector_without_a_count_is_told_and_not_taken_for_zero() -> None:
    sector = SectorInReach("A00-", "B1", None, 40, 10, 5, 1, area_m2=1e6, area_inside_m2=1e5)
    [found] = reach([sector], whole_buurten=False)
    assert (found.households, found.households_unknown_sectors) == (0, 1)


def test_small_numbers_are_withheld_from_a_reach() -> None:
    safe = withhold(
        [BuurtInReach("B1", 40, 0, 45, 3), BuurtInReach("B2", 300, 0, 310, 60), BuurtInReach("B3", 90, 0, 95, 20)], 5
    )
    assert safe.households.total == 430
    assert safe.members.cells == {"B1": None, "B2": 60, "B3": None}
    assert safe.members.total == 83
