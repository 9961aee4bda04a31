"""Whom a message reaches, over HTTP on the demo region with members in it, on both stores."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient
from sqlalchemy import delete

from api.settings import StoreSettings
from data.directory import DataDirectory
from data.household_counts import read_basis
from data.plans.published import plan_on
from data.selection import SELECTED_SCHEMA, assign_buurten
from data.store import Store, open_store
from data.store.household_models import Household
from geo.crs import LONLAT, transform_shapes
from households.dwelling_keys import dwelling_key, read_keys

NOW = datetime(2026, 11, 24, tzinfo=UTC)
KEYS = read_keys("2026a:" + bytes(pow(3, n, 257) % 256 for n in range(32)).hex())
TOWNS = ("99001", "99002", "99003")


@pytest.fixture(scope="module")
def store(store_settings: StoreSettings) -> Iterator[Store]:
    store = open_store(store_settings.store_url)
    yield store
    store.close()


@pytest.fixture(scope="module")
def homes(store: Store, store_settings: StoreSettings) -> list[dict[str, Any]]:
    """Every dwelling of the demo with its buurt, as the register and the plans have them."""
    found: list[dict[str, Any]] = []
    with store.reading() as session:
        basis = read_basis(session, DataDirectory(store_settings.data_dir), "BE")
        assert basis.dwellings is not None
        for town in TOWNS:
            plan = plan_on(session, town, NOW.date(), basis.releases.sectors)
            table = assign_buurten(basis.dwellings.in_sectors(plan.by_sector()), plan.by_sector())
            assert table.schema == SELECTED_SCHEMA
            found += table.to_pylist()
    return found


@pytest.fixture(scope="module", autouse=True)
def members(store: Store, homes: list[dict[str, Any]]) -> Iterator[Counter[str]]:
    """Every third home of 99001 and 99002 is a member's, and three homes of 99003; by buurt."""
    joined = [home for home in homes if home["municipality_code"] != "99003"][::3]
    joined += [home for home in homes if home["municipality_code"] == "99003"][:3]
    with store.writing() as session:
        session.execute(delete(Household))
        session.add_all(
            Household(
                dwelling_key=dwelling_key(KEYS.current, "BE", home["address_id"]),
                key_id=KEYS.current.id,
                place=1,
                country="BE",
                municipality_code=home["municipality_code"],
                sector_code=home["sector_code"],
                buurt_code=home["buurt_code"],
                joined_at=datetime(2026, 1, 1, 12, tzinfo=UTC),
            )
            for home in joined
        )
    yield Counter(home["buurt_code"] for home in joined)
    with store.writing() as session:
        session.execute(delete(Household))


@pytest.fixture(scope="module")
def box(homes: list[dict[str, Any]]) -> tuple[float, float, float, float]:
    """The middle half of a town: west, south, east, north in degrees."""
    own = [home for home in homes if home["municipality_code"] == "99001"]
    lon, lat = (sorted(home[name] for home in own) for name in ("lon", "lat"))
    quarter = len(own) // 4
    # The register rounds degrees to five decimals: a border halfway between two of them cuts the same homes in metres.
    west, south, east, north = (
        places[k] + 5e-6 for places, k in ((lon, quarter), (lat, quarter), (lon, -quarter), (lat, -quarter))
    )
    return west, south, east, north


def rectangle(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def reached(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/reach", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_area_reaches_the_dwellings_inside_by_buurt(
    client: TestClient, box: tuple[float, float, float, float], homes: list[dict[str, Any]]
) -> None:
    west, south, east, north = box
    found = reached(client, area=rectangle(*box))
    inside = Counter(h["buurt_code"] for h in homes if west <= h["lon"] <= east and south <= h["lat"] <= north)
    for buurt in found["buurten"]:
        if buurt["dwellings"] is not None:
            assert buurt["dwellings"] == inside[buurt["code"]]
    assert found["total"]["dwellings"] == inside.total()
    assert 0 < found["total"]["members"] < found["total"]["dwellings"]
    assert found["total"]["low"] <= found["total"]["households"] <= found["total"]["high"]


def test_clipped_is_never_more_than_whole_and_the_whole_is_what_the_buurten_have(
    client: TestClient, box: tuple[float, float, float, float]
) -> None:
    clipped = reached(client, area=rectangle(*box))
    whole = reached(client, area=rectangle(*box), extent="whole")
    assert [b["code"] for b in clipped["buurten"]] == [b["code"] for b in whole["buurten"]]
    counted = client.get("/v1/municipalities/99001/households").json()
    own = {buurt["code"]: buurt for buurt in counted["buurten"]}
    for part, all_of_it in zip(clipped["buurten"], whole["buurten"], strict=True):
        for name in ("households", "dwellings", "members"):
            assert part[name] is None or part[name] <= all_of_it[name]
        if all_of_it["code"] in own:
            for name in ("households", "dwellings", "members"):
                assert all_of_it[name] == own[all_of_it["code"]][name]


def test_the_parts_of_an_area_add_up_to_it(client: TestClient, box: tuple[float, float, float, float]) -> None:
    west, south, east, north = box
    whole = reached(client, area=rectangle(*box))["total"]
    cuts = [west + (east - west) * share for share in (0, 0.3, 0.71, 1)]
    parts = [reached(client, area=rectangle(a, south, b, north))["total"] for a, b in pairwise(cuts)]
    # No home of the demo lies on the cuts.
    assert sum(part["dwellings"] for part in parts) == whole["dwellings"]
    # Whole numbers of shares: each part of each buurt is rounded by itself.
    assert sum(part["members"] for part in parts) == pytest.approx(whole["members"], abs=10)
    assert sum(part["households"] for part in parts) == pytest.approx(whole["households"], abs=20)


def test_two_areas_that_differ_by_one_home_do_not_tell_whether_it_is_a_members(
    client: TestClient, homes: list[dict[str, Any]]
) -> None:
    town = [home for home in homes if home["municipality_code"] == "99001"]
    buurt = [home for home in town if home["sector_code"] == town[0]["sector_code"]]
    some, rest = [home["address_id"] for home in buurt[:60]], buurt[60:80]
    answers = {
        home["address_id"]: reached(client, addresses=[*some, home["address_id"]])["total"]["members"] for home in rest
    }
    # Seven or so of the twenty are members'; whichever is added, the answer is the same.
    assert len(set(answers.values())) == 1


def test_a_street_reaches_its_dwellings_of_the_register(client: TestClient, homes: list[dict[str, Any]]) -> None:
    street = Counter(home["street_id"] for home in homes if home["municipality_code"] == "99001").most_common(1)[0]
    found = reached(client, street={"municipality": "99001", "street_id": street[0]})
    assert found["total"]["dwellings"] == sum(home["street_id"] == street[0] for home in homes)
    home = next(home for home in homes if home["street_id"] == street[0])
    name = (home["street_nl"] or home["street_fr"]).upper()
    assert reached(client, street={"municipality": "99001", "name": name})["total"] == found["total"]


def test_a_line_reaches_the_dwellings_within_its_distance(client: TestClient, homes: list[dict[str, Any]]) -> None:
    street = Counter(home["street_id"] for home in homes if home["municipality_code"] == "99001").most_common(1)[0][0]
    ends = sorted((home["lon"], home["lat"]) for home in homes if home["street_id"] == street)
    line = {"type": "LineString", "coordinates": [ends[0], ends[-1]]}
    near = shapely.LineString([ends[0], ends[-1]])
    metric = transform_shapes(near, LONLAT, "EPSG:31370")
    for metres in (25.0, 140.0):
        found = reached(client, line=line, distance_m=metres)["total"]["dwellings"]
        points = shapely.points([home["x"] for home in homes], [home["y"] for home in homes])
        assert found == pytest.approx(int((shapely.distance(points, metric) <= metres).sum()), abs=2)


def test_small_numbers_are_withheld_and_cannot_be_taken_from_the_total(
    client: TestClient, homes: list[dict[str, Any]], members: Counter[str]
) -> None:
    few = [home for home in homes if home["municipality_code"] == "99003"]
    many = [home for home in homes if home["municipality_code"] == "99001"]
    found = reached(client, addresses=[home["address_id"] for home in few[:3] + many[:200]])
    alone = next(buurt for buurt in found["buurten"] if buurt["municipality"] == "99003")
    assert (alone["households"], alone["dwellings"], alone["members"]) == (None, None, None)
    assert alone["withheld"] == ["households", "dwellings", "members"]
    shown = [buurt["dwellings"] for buurt in found["buurten"] if buurt["dwellings"] is not None]
    assert found["total"]["dwellings"] is None or found["total"]["dwellings"] - sum(shown) >= 10
    # Three members of a whole municipality are told to nobody, however the question is put.
    assert members[few[0]["buurt_code"]] == 3
    whole = reached(client, addresses=[few[0]["address_id"]], extent="whole")
    assert whole["total"]["members"] is None
    assert whole["total"]["dwellings"] == sum(home["buurt_code"] == few[0]["buurt_code"] for home in homes)


def test_addresses_that_are_no_dwelling_are_named(client: TestClient, homes: list[dict[str, Any]]) -> None:
    known = [home["address_id"] for home in homes[:20]]
    found = reached(client, addresses=["https://nowhere.example/1", *known, known[0]])
    assert found["unknown_addresses"] == ["https://nowhere.example/1"]
    assert found["total"]["dwellings"] == 20


def test_a_past_day_has_its_own_members(client: TestClient, homes: list[dict[str, Any]]) -> None:
    ids = [home["address_id"] for home in homes[:300]]
    found = reached(client, addresses=ids, as_of=date(2025, 12, 31).isoformat())
    assert (found["as_of"], found["total"]["members"]) == ("2025-12-31", 0)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "/"),
        ({"addresses": []}, 422, "/addresses"),
        ({"addresses": ["a"] * 10_001}, 422, "/addresses"),
        ({"addresses": ["a"], "street": {"municipality": "99001", "name": "x"}}, 422, "/"),
        ({"street": {"municipality": "99001"}}, 422, "/street"),
        ({"line": {"type": "LineString", "coordinates": [[4, 50], [4, 50.1]]}}, 422, "/distance_m"),
        ({"addresses": ["a"], "distance_m": 5}, 422, "/distance_m"),
        (
            {"line": {"type": "LineString", "coordinates": [[4, 50], [4, 50.1]]}, "distance_m": 5_001},
            422,
            "/distance_m",
        ),
        ({"line": {"type": "LineString", "coordinates": [[4, 50]]}, "distance_m": 5}, 422, "/line/coordinates"),
        ({"area": {"type": "Point", "coordinates": [4, 50]}}, 422, "/area/type"),
        ({"area": rectangle(0, 0, 0.1, 0.1)}, 404, None),
        ({"street": {"municipality": "99001", "name": "no such street"}}, 404, None),
        ({"street": {"municipality": "1", "name": "x"}}, 404, None),
    ],
)
def test_what_cannot_be_answered_is_refused_at_its_place(
    client: TestClient, body: dict[str, Any], status: int, field: str | None
) -> None:
    answer = client.post("/v1/reach", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert [each["field"] for each in answer.json().get("errors", [])] == ([field] if field else [])
