"""A municipality's households from the store, with its buurten, dwellings and members, on both databases."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import shapely
from sqlalchemy import event

from data.buurt_counts import count_buurten
from data.dwellings import Dwellings
from data.household_counts import CountBasis, CountReleases, member_households, read_municipality_count
from data.plans.published import NoPlanError
from data.store import Store, open_store
from data.store.household_models import Household
from data.store.models import AreaCount, Block, Buurt, Municipality, Plan, Release, Sector
from data.tables import Kind
from households.counts import Method

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CODES = ("25110A00-", "25110A01-", "25110A02-")
SQUARES = [shapely.box(150_000 + 1_000 * k, 160_000, 151_000 + 1_000 * k, 161_000) for k in range(3)]


def a_release(kind: Kind) -> Release:
    return Release(
        name=f"test-{kind}",
        kind=kind,
        country="BE",
        source="areas",
        reference_date=date(2024, 1, 1),
        imported_at=NOW,
        source_file="file",
        source_sha256="0" * 64,
        fingerprint=kind.ljust(64, "0"),
        rows=1,
        crs="EPSG:31370",
        findings=[],
        files={},
    )


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url)
    yield store
    store.close()


@pytest.fixture
def releases(store: Store) -> CountReleases:
    """Three sectors, the last without a count, of a municipality with 1,000 households."""
    made = {kind: a_release(kind) for kind in Kind}
    with store.writing() as session:
        session.add_all(made.values())
        session.flush()
        sectors = made[Kind.SECTORS].id
        session.add(Municipality(release_id=sectors, code="25110", name_fr="Waterloo"))
        session.flush()
        for code, square in zip(CODES, SQUARES, strict=True):
            session.add(
                Sector(
                    release_id=sectors,
                    code=code,
                    municipality_code="25110",
                    geometry=shapely.set_srid(square, 31370),
                )
            )
        counts = made[Kind.SECTOR_COUNTS].id
        for code, households in zip(CODES, (600, 300, None), strict=True):
            session.add(AreaCount(release_id=counts, area_code=code, households=households))
        session.add(AreaCount(release_id=made[Kind.MUNICIPALITY_COUNTS].id, area_code="25110", households=1_000))
    return CountReleases(
        made[Kind.SECTORS], made[Kind.SECTOR_COUNTS], made[Kind.MUNICIPALITY_COUNTS], made[Kind.ADDRESSES]
    )


def test_a_sector_without_a_count_gets_what_the_municipality_leaves(store: Store, releases: CountReleases) -> None:
    with store.reading() as session:
        count = read_municipality_count(session, CountBasis(releases), "25110")
    found = count.sectors["25110A02-"]
    assert found is not None
    assert (found.households, found.method) == (100, Method.RESIDUAL_BY_AREA)
    assert (count.official, count.counted, count.estimated, count.difference) == (1_000, 900, 100, 0)


def test_dwellings_narrow_the_estimate(
    store: Store, releases: CountReleases, make_dwellings: Callable[..., Dwellings]
) -> None:
    rows = [{"x": 150_500.0 + 1_000 * k} for k, homes in enumerate((620, 310, 100)) for _ in range(homes)]
    basis = CountBasis(releases, make_dwellings(rows))
    with store.reading() as session:
        found = read_municipality_count(session, basis, "25110").sectors["25110A02-"]
    assert found is not None
    assert (found.households, found.method, found.low, found.high) == (100, Method.RESIDUAL_BY_DWELLINGS, 100, 100)


def test_a_municipality_without_sectors_has_none(store: Store, releases: CountReleases) -> None:
    with store.reading() as session:
        count = read_municipality_count(session, CountBasis(releases), "99999")
    assert (dict(count.sectors), count.official) == ({}, None)


def test_members_are_counted_as_of_an_instant(store: Store) -> None:
    days = [(-10, None), (-10, -5), (-3, None), (1, None)]
    with store.writing() as session:
        for k, (joined, left) in enumerate(days):
            session.add(
                Household(
                    dwelling_key=f"{k:064}",
                    key_id="k",
                    place=1,
                    country="BE",
                    municipality_code="25110",
                    sector_code=CODES[k % 2],
                    buurt_code="25110-01",
                    joined_at=NOW + timedelta(days=joined),
                    left_at=None if left is None else NOW + timedelta(days=left),
                )
            )
    with store.reading() as session:
        assert {code: found.total() for code, found in member_households(session, "25110", NOW).items()} == {
            CODES[0]: 2
        }
        before = member_households(session, "25110", NOW - timedelta(days=6))
        assert before == {CODES[k]: {("k", f"{k:064}"): 1} for k in (0, 1)}
        assert member_households(session, "21004", NOW) == {}


def test_the_buurten_of_the_day_add_up_to_the_municipality(store: Store, releases: CountReleases) -> None:
    sectors = releases.sectors.id
    assignments = (
        dict.fromkeys(CODES, "25110-01"),
        dict(zip(CODES, ("25110-01", "25110-02", "25110-02"), strict=True)),
    )
    with store.writing() as session:
        for version, assignment in enumerate(assignments, start=1):
            plan = Plan(
                release_id=sectors,
                municipality_code="25110",
                version=version,
                published_at=NOW,
                valid_from=date(2024 + version, 1, 1),
                drawn=True,
            )
            session.add(plan)
            session.flush()
            for code in sorted(set(assignment.values())):
                session.add(Buurt(plan_id=plan.id, code=code, name_fr=f"Quartier {code}"))
            session.flush()
            for sector_code, buurt_code in assignment.items():
                session.add(Block(plan_id=plan.id, code=sector_code, sector_code=sector_code, buurt_code=buurt_code))
        for k, sector_code in enumerate((CODES[0], CODES[1], CODES[1], "25110Z99-")):
            session.add(
                Household(
                    dwelling_key=f"{k:064}",
                    key_id="k",
                    place=1,
                    country="BE",
                    municipality_code="25110",
                    sector_code=sector_code,
                    buurt_code="25110-01",
                    joined_at=NOW,
                )
            )
    with store.reading() as session:
        first = count_buurten(session, CountBasis(releases), "25110", date(2025, 6, 1), NOW)
        second = count_buurten(session, CountBasis(releases), "25110", date(2026, 6, 1), NOW)
        with pytest.raises(NoPlanError, match="2024-06-01"):
            count_buurten(session, CountBasis(releases), "25110", date(2024, 6, 1), NOW)
    assert [buurt.total for buurt in first.buurten] == [first.total]
    assert (second.plan_version, second.valid_from) == (2, date(2026, 1, 1))
    found = {buurt.code: buurt.total for buurt in second.buurten}
    assert {code: (total.households.households, total.members) for code, total in found.items()} == {
        "25110-01": (600, 1),
        "25110-02": (400, 2),
    }
    assert found["25110-02"].households.by_method == {Method.OFFICIAL: 300, Method.RESIDUAL_BY_AREA: 100}
    assert found["25110-02"].estimated_sectors == ("25110A02-",)
    assert (second.total.households.households, second.official, second.difference) == (1_000, 1_000, 0)
    assert (second.total.members, second.members_elsewhere, second.total.dwellings) == (3, 1, None)


@pytest.mark.parametrize("counted", [True, False])
def test_a_municipality_is_counted_without_a_walk_through_the_country(
    store: Store, releases: CountReleases, counted: bool
) -> None:
    if store.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL chooses by its statistics of the rows")
    asked: list[tuple[str, Any]] = []
    basis = CountBasis(releases if counted else replace(releases, sector_counts=None), None)
    with store.reading() as session:
        event.listen(store.engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        read_municipality_count(session, basis, "25110")
        of_sectors = [(text, values) for text, values in asked if "FROM sector" in text]
        assert len(of_sectors) == 2
        connection = session.connection().connection.driver_connection
        assert connection is not None
        for text, values in of_sectors:
            told = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values))
            assert "ix_sector_release_id_municipality_code" in told
            assert "SCAN" not in told
            assert "release_id=? AND area_code=?" in told
