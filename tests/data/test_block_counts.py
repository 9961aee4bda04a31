"""The counts of the parts of a sector: conserved, by dwellings, each member household where its dwelling is."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.ops import split

from boundaries.blocks import BlockCounter, BlockCounts
from data.block_counts import SectorNotCountedError, StoredCounter, owning_parts
from data.dwellings import Dwellings
from households.counts import HouseholdCount, Method, official_count
from households.dwelling_keys import HouseholdKey, HouseholdKeys, dwelling_key
from households.estimates import MunicipalityCount

CRS = "EPSG:31370"
CODE = "25110A00-"
SQUARE = shapely.box(150_000, 160_000, 151_000, 161_000)
WEST, EAST = shapely.box(150_000, 160_000, 150_500, 161_000), shapely.box(150_500, 160_000, 151_000, 161_000)
KEYS = HouseholdKeys(HouseholdKey("new", bytes(range(32))), (HouseholdKey("old", bytes(range(32, 64))),))


@pytest.fixture(scope="module")
def grid(make_dwellings: Callable[..., Dwellings]) -> Dwellings:
    """A dwelling every 50 m of the first sector, 441 of them, 21 on the line through its middle; none elsewhere."""
    return make_dwellings([{"x": 150_000.0 + 50 * (k % 21), "y": 160_000.0 + 50 * (k // 21)} for k in range(441)])


def members_in_halves(counter: StoredCounter) -> list[int]:
    return [part.members for part in counter.split(CODE, [WEST, EAST])]


def a_counter(
    dwellings: Dwellings | None,
    households: HouseholdCount | None,
    members: Counter[tuple[str, str]] | None = None,
    keys: HouseholdKeys | None = None,
) -> StoredCounter:
    municipality = MunicipalityCount({CODE: households}, None, 1)
    return StoredCounter("BE", CRS, municipality, {CODE: members} if members else {}, dwellings, keys)


def member(address_id: int, key: HouseholdKey = KEYS.current) -> tuple[str, str]:
    return key.id, dwelling_key(key, "BE", str(address_id))


def test_a_whole_sector_has_its_own_counts(grid: Dwellings) -> None:
    counter: BlockCounter = a_counter(grid, official_count(400), Counter([member(0), ("gone", "0" * 64)]))
    assert counter.count(CODE, [SQUARE]) == [BlockCounts(400, 441)]
    assert counter.whole(CODE).members == 2


def test_a_dwelling_on_the_cut_is_in_the_first_part(grid: Dwellings) -> None:
    counter = a_counter(grid, official_count(441))
    assert [part.dwellings for part in counter.count(CODE, [WEST, EAST])] == [231, 210]
    assert [part.dwellings for part in counter.count(CODE, [EAST, WEST])] == [231, 210]
    assert [part.households for part in counter.count(CODE, [WEST, EAST])] == [231, 210]


def test_members_are_where_their_dwelling_is_under_any_key(grid: Dwellings) -> None:
    members = Counter([member(0), member(1, KEYS.older[0]), member(20), member(20)])
    assert members_in_halves(a_counter(grid, None, members, KEYS)) == [2, 2]


def test_members_that_cannot_be_placed_go_by_dwellings(grid: Dwellings) -> None:
    members = Counter([member(20), member(19), *(("gone", str(k)) for k in range(21))])
    assert members_in_halves(a_counter(grid, None, members, KEYS)) == [11, 12]
    assert members_in_halves(a_counter(grid, None, members)) == [12, 11]


def test_without_a_register_area_shares_out_and_nothing_is_invented() -> None:
    counter = a_counter(None, official_count(100), Counter([member(0)]), KEYS)
    assert counter.count(CODE, [WEST, EAST]) == [BlockCounts(50, 0), BlockCounts(50, 0)]
    assert members_in_halves(counter) == [1, 0]
    assert [part.dwellings for part in counter.split(CODE, [WEST, EAST])] == [None, None]


def test_an_unknown_sector_stays_unknown_and_an_estimate_is_flagged(grid: Dwellings) -> None:
    assert [part.households for part in a_counter(grid, None).count(CODE, [WEST, EAST])] == [None, None]
    estimate = HouseholdCount(100, Method.RESIDUAL_BY_DWELLINGS, 90, 110)
    assert [part.estimated for part in a_counter(grid, estimate).count(CODE, [WEST, EAST])] == [True, True]
    assert [part.estimated for part in a_counter(grid, official_count(9)).count(CODE, [WEST, EAST])] == [False, False]


def test_a_sector_of_elsewhere_is_refused(grid: Dwellings) -> None:
    with pytest.raises(SectorNotCountedError, match="21004A00-"):
        a_counter(grid, official_count(1)).count("21004A00-", [SQUARE])


def test_a_point_between_parts_belongs_to_the_nearer() -> None:
    gap = [shapely.box(0, 0, 1, 1), shapely.box(1.5, 0, 2, 1)]
    assert owning_parts(np.array([1.1, 1.4]), np.array([0.5, 0.5]), gap).tolist() == [0, 1]


@given(
    cuts=st.lists(st.tuples(st.integers(1, 999), st.integers(1, 999)), max_size=4),
    households=st.integers(0, 2_000),
    known=st.lists(st.integers(0, 500), max_size=30),
    lost=st.integers(0, 5),
    with_keys=st.booleans(),
    with_register=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_any_cuts_conserve_everything(
    grid: Dwellings,
    cuts: list[tuple[int, int]],
    households: int,
    known: list[int],
    lost: int,
    *,
    with_keys: bool,
    with_register: bool,
) -> None:
    parts: list[shapely.Polygon] = [SQUARE]
    for west, east in cuts:
        line = shapely.LineString([(149_999, 160_000 + west), (151_001, 160_000 + east)])
        parts = [piece for part in parts for piece in split(part, line).geoms]
    members = Counter([*(member(k) for k in known), *(("gone", str(k)) for k in range(lost))])
    counter = a_counter(
        grid if with_register else None, official_count(households), members, KEYS if with_keys else None
    )
    counts = counter.count(CODE, parts)
    assert len(counts) == len(parts)
    assert sum(part.households or 0 for part in counts) == households
    assert sum(part.members for part in counter.split(CODE, parts)) == len(known) + lost
    assert sum(part.dwellings for part in counts) == (441 if with_register else 0)
    for part in counter.split(CODE, parts):
        assert part.households is not None
        assert part.households.low <= part.households.households <= part.households.high
