"""Households of a municipality, of a buurt and in a drawn area over HTTP, with members, on both stores."""

import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient
from shapely.geometry.base import BaseGeometry
from sqlalchemy import delete, select

from api.atlas import Atlas
from api.geojson_input import MOST_VERTICES
from api.settings import StoreSettings
from data.directory import DataDirectory
from data.dwellings import Dwellings
from data.releases import active_releases
from data.store import Store, open_store
from data.store.household_models import Household
from data.store.models import Sector
from data.tables import Kind
from geo.crs import LONLAT, transform_shapes
from households.dwelling_keys import dwelling_key, read_keys

CODE = "99001"
MUNICIPALITY = f"/v1/municipalities/{CODE}/households"
KEYS = "2026a:" + bytes(pow(3, n, 257) % 256 for n in range(32)).hex()


@dataclass(frozen=True)
class Place:
    """The municipality as the tests know it."""

    sectors: dict[str, BaseGeometry]
    """In EPSG:4326."""
    dwellings: gpd.GeoDataFrame
    """Its homes, with the sector of each."""

    def drawn(self, shape: shapely.Geometry) -> dict[str, Any]:
        area: dict[str, Any] = json.loads(shapely.to_geojson(shape))
        return area


def a_household(sector_code: str, address_id: str) -> Household:
    return Household(
        dwelling_key=dwelling_key(read_keys(KEYS).current, "BE", address_id),
        key_id="2026a",
        place=1,
        country="BE",
        municipality_code=CODE,
        sector_code=sector_code,
        buurt_code=f"{CODE}-01",
        joined_at=datetime(2025, 6, 1, tzinfo=UTC),
    )


@pytest.fixture(scope="module")
def store(store_settings: StoreSettings) -> Iterator[Store]:
    store = open_store(store_settings.store_url)
    yield store
    store.close()


@pytest.fixture(scope="module")
def place(store: Store, store_settings: StoreSettings) -> Place:
    with store.reading() as session:
        releases = {release.table: release for release in active_releases(session)}
        sectors = releases[Kind.SECTORS]
        rows = session.execute(
            select(Sector.code, Sector.geometry)
            .where(Sector.release_id == sectors.id, Sector.municipality_code == CODE)
            .order_by(Sector.code)
        ).all()
        homes = Dwellings.open(DataDirectory(store_settings.data_dir), sectors, releases[Kind.ADDRESSES])
    shapes = {code: transform_shapes(shapely.set_srid(shape, 0), str(sectors.crs), LONLAT) for code, shape in rows}
    table = homes.in_sectors(shapes, ["address_id", "sector_code", "x", "y"]).to_pandas()
    points = gpd.GeoSeries(gpd.points_from_xy(table.x, table.y), crs=sectors.crs).to_crs(LONLAT)
    return Place(shapes, gpd.GeoDataFrame(table, geometry=points))


@pytest.fixture(scope="module", autouse=True)
def members(store: Store, place: Place) -> Iterator[None]:
    """A third of the homes are members, and none of the first sector but three."""
    first = next(iter(place.sectors))
    own = place.dwellings[place.dwellings.sector_code == first].head(3)
    others = place.dwellings[place.dwellings.sector_code != first].iloc[::3]
    with store.writing() as session:
        session.add_all(a_household(row.sector_code, row.address_id) for row in pd.concat([own, others]).itertuples())
    yield
    with store.writing() as session:
        session.execute(delete(Household).where(Household.municipality_code == CODE))


def count(client: TestClient, area: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/households", json={"within": area} | more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_buurten_add_up_to_the_municipality(client: TestClient) -> None:
    answer = client.get(MUNICIPALITY)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["as_of"] in {str(datetime.now(UTC).date())}
    assert found["releases"]
    total = found["total"]
    assert total["households"] > 0
    assert total["low"] <= total["households"] <= total["high"]
    for column in ("households", "dwellings"):
        assert sum(buurt[column] for buurt in found["buurten"]) == total[column]
    assert sum(total["by_method"].values()) == total["households"]
    if found["official"] is not None:
        assert found["difference"] == found["official"] - total["households"]


def test_an_unknown_municipality_is_a_problem(client: TestClient) -> None:
    answer = client.get("/v1/municipalities/12345/households")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", [MUNICIPALITY, "/v1/buurten/99001-01/households", "/v1/households?within={}"])
def test_it_takes_a_key(client: TestClient, path: str) -> None:
    assert client.get(path, headers={"Authorization": ""}).status_code == 401


@pytest.mark.usefixtures("halved")
def test_a_buurt_is_counted_by_the_plan_of_the_day(client: TestClient) -> None:
    before, after = ({"on": "2025-07-01"}, {"on": "2026-07-01"})
    first = client.get("/v1/buurten/99001-51/households", params=before).json()
    second = client.get("/v1/buurten/99001-52/households", params=before).json()
    total = client.get(MUNICIPALITY, params=before).json()["total"]
    assert (first["code"], first["plan_version"], first["valid_from"]) == ("99001-51", 2, "2025-01-01")
    assert first["names"]["nl"] == "Wijk 99001-51"
    for column in ("households", "dwellings", "members"):
        assert first[column] + second[column] == total[column]
    assert float(first["adoption"]) == pytest.approx(first["members"] / first["households"])
    assert set(first["by_method"]) > {"split-by-dwellings"}
    assert client.get("/v1/buurten/99001-53/households", params=after).status_code == 200
    gone = client.get("/v1/buurten/99001-52/households", params=after)
    assert (gone.status_code, gone.json()["type"].rpartition("/")[2]) == (410, "buurt-no-longer")
    assert "version 3" in gone.json()["detail"]
    early = client.get("/v1/buurten/99001-53/households", params=before)
    assert (early.status_code, early.json()["type"].rpartition("/")[2]) == (404, "buurt-not-yet")
    assert "2026-06-01" in early.json()["detail"]
    none = client.get("/v1/buurten/99001-99/households")
    assert (none.status_code, none.json()["type"].rpartition("/")[2]) == (404, "unknown-buurt")


@pytest.mark.usefixtures("halved")
def test_a_member_has_the_buurt_of_today_where_the_sector_tells(
    store: Store, store_settings: StoreSettings, place: Place
) -> None:
    atlas = Atlas.read(store, DataDirectory(store_settings.data_dir), date(2026, 7, 1))
    codes = sorted(place.sectors)
    middle = len(codes) // 2
    for code in codes[:middle]:
        assert atlas.buurt_today("BE", code, "99001-01") == "99001-51"
    for code in codes[middle + 1 :]:
        assert atlas.buurt_today("BE", code, "99001-51") == "99001-53"
    assert [atlas.buurt_today("BE", codes[middle], then) for then in ("99001-51", "99001-53")] == [
        "99001-51",
        "99001-53",
    ]
    assert atlas.buurt_today("BE", codes[middle], "99001-01") is None
    assert atlas.buurt_today("BE", "99001Z99-", "99001-01") is None
    assert atlas.buurt_today("NL", codes[0], "99001-51") is None


@pytest.mark.usefixtures("halved")
def test_an_area_around_a_municipality_has_its_counts(client: TestClient, place: Place) -> None:
    municipality = client.get(MUNICIPALITY).json()
    around = shapely.union_all(list(place.sectors.values())).buffer(0.0001)
    found = count(client, place.drawn(around))
    own = [buurt for buurt in found["buurten"] if buurt["municipality"] == CODE]
    assert [buurt["code"] for buurt in own] == [buurt["code"] for buurt in municipality["buurten"]]
    for inside, whole in zip(own, municipality["buurten"], strict=True):
        for column in ("households", "by_method", "low", "high", "dwellings", "members", "adoption"):
            assert inside[column] == whole[column], column
        assert not inside["members_estimated"]


@pytest.mark.usefixtures("halved")
@pytest.mark.parametrize("share", [0.21, 0.37, 0.5, 0.83])
def test_the_halves_of_an_area_add_up_to_it(client: TestClient, place: Place, share: float) -> None:
    west, south, east, north = shapely.union_all(list(place.sectors.values())).bounds
    cut = west + share * (east - west)
    whole = count(client, place.drawn(shapely.box(west, south, east, north)))
    halves = [
        count(client, place.drawn(shapely.box(*bounds)))
        for bounds in ((west, south, cut, north), (cut, south, east, north))
    ]
    for column in ("households", "dwellings"):
        assert sum(half["total"][column] for half in halves) == whole["total"][column], column
    codes = {code for found in halves for code in (buurt["code"] for buurt in found["buurten"])}
    assert codes == {buurt["code"] for buurt in whole["buurten"]}
    own = [half["total"]["members"] for half in halves]
    if None not in own:
        # Each half is rounded by itself, per buurt.
        assert abs(sum(own) - whole["total"]["members"]) <= len(whole["buurten"])


def test_a_cut_sector_is_shared_out_by_its_dwellings_with_a_margin(client: TestClient, place: Place) -> None:
    code, shape = list(place.sectors.items())[3]
    west, south, east, north = shape.bounds
    part = shapely.intersection(shape, shapely.box(west, south, (west + east) / 2, north))
    total = count(client, place.drawn(part))["total"]
    homes = place.dwellings[place.dwellings.sector_code == code]
    assert total["dwellings"] == homes.intersects(part).sum()
    assert total["by_method"].keys() <= {"split-by-dwellings"}
    assert total["low"] <= total["households"] <= total["high"]


def test_nobody_is_told_by_one_dwelling_more(client: TestClient, store: Store, place: Place) -> None:
    """A household moves to another home of its sector: no area's answer changes, however small it is."""
    code = list(place.sectors)[2]
    homes = place.dwellings[place.dwellings.sector_code == code]
    keys = {row.address_id: a_household(code, row.address_id).dwelling_key for row in homes.itertuples()}
    with store.reading() as session:
        there = set(session.scalars(select(Household.dwelling_key).where(Household.sector_code == code)))
    leaving = next(address for address, key in keys.items() if key in there)
    coming = next(address for address, key in keys.items() if key not in there)
    spots = homes.set_index("address_id").geometry[[leaving, coming]]
    areas = [place.drawn(spot.buffer(radius)) for spot in spots for radius in (0.00005, 0.0005, 0.005)]
    before = [count(client, area) for area in areas]
    with store.writing() as session:
        row = session.scalars(select(Household).where(Household.dwelling_key == keys[leaving])).one()
        row.dwelling_key = keys[coming]
    assert [count(client, area) for area in areas] == before
    with store.writing() as session:
        session.scalars(select(Household).where(Household.dwelling_key == keys[coming])).one().dwelling_key = keys[
            leaving
        ]


def test_a_few_members_are_withheld(client: TestClient, place: Place) -> None:
    code, shape = next(iter(place.sectors.items()))
    found = count(client, place.drawn(shape.buffer(-0.0001)))["total"]
    assert (found["members"], found["adoption"]) == (None, None)
    assert found["dwellings"] > 10
    assert code


def test_a_url_and_a_body_give_the_same(client: TestClient, place: Place) -> None:
    area = place.drawn(shapely.box(*next(iter(place.sectors.values())).bounds))
    got = client.get("/v1/households", params={"within": json.dumps(area), "on": "2026-07-01"})
    assert got.status_code == 200, got.text
    assert got.json() == count(client, area, on="2026-07-01")
    assert got.json()["as_of"] == "2026-07-01"


@pytest.mark.usefixtures("halved")
@pytest.mark.parametrize("path", ["municipality", "buurt", "within"])
def test_every_form_has_the_same_numbers(client: TestClient, place: Place, path: str) -> None:
    area = json.dumps(place.drawn(shapely.box(*list(place.sectors.values())[7].bounds)))
    url = {
        "municipality": MUNICIPALITY,
        "buurt": "/v1/buurten/99001-53/households",
        "within": f"/v1/households?within={area}",
    }[path]

    def ask(accept: str) -> Any:
        answer = client.get(url, headers={"Accept": accept})
        assert answer.status_code == 200, answer.text
        assert answer.headers["vary"] == "Accept"
        assert answer.headers["content-type"].partition(";")[0] == accept
        return answer

    plain = ask("application/json").json()
    buurten = [plain] if path == "buurt" else plain["buurten"]
    text = ask("text/csv").content
    by_csv = pd.read_csv(io.BytesIO(text), dtype={"code": str, "municipality": str})
    by_parquet = gpd.read_parquet(io.BytesIO(ask("application/vnd.apache.parquet").content))
    collection = ask("application/geo+json").json()
    assert collection["type"] == "FeatureCollection"
    by_geojson = pd.DataFrame([feature["properties"] for feature in collection["features"]])
    for table in (by_csv, by_parquet, by_geojson):
        rows = table[table.level == "buurt"]
        assert list(rows.code) == [buurt["code"] for buurt in buurten]
        assert list(rows.households) == [buurt["households"] for buurt in buurten]
        assert [None if pd.isna(number) else number for number in rows.members] == [
            buurt["members"] for buurt in buurten
        ]
        assert len(table) == len(buurten) + (path != "buurt")
    assert by_parquet.crs == LONLAT
    ground = by_parquet.geometry[by_parquet.level == "buurt"]
    assert ground.is_valid.all()
    drawn = gpd.GeoSeries(
        [shapely.from_geojson(json.dumps(f["geometry"])) for f in collection["features"] if f["geometry"]]
    )
    assert drawn.geom_equals_exact(ground.reset_index(drop=True).set_crs(None, allow_override=True), 1e-9).all()
    assert client.get(url + ("&" if "?" in url else "?") + "f=csv").content == text


def test_another_form_is_refused_with_the_list(client: TestClient) -> None:
    answer = client.get(MUNICIPALITY, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["vary"]) == (406, "Accept")
    body = answer.json()
    assert body["type"].endswith("/not-acceptable")
    assert [error["detail"] for error in body["errors"]] == [
        "application/json",
        "text/csv",
        "application/geo+json",
        "application/vnd.apache.parquet",
    ]
    assert client.get(MUNICIPALITY, params={"f": "pdf"}).status_code == 422


SQUARE = [[4.0, 50.0], [4.01, 50.0], [4.01, 50.01], [4.0, 50.01], [4.0, 50.0]]


@pytest.mark.parametrize(
    ("within", "where"),
    [
        ({"type": "Polygon", "coordinates": [SQUARE[:4]]}, "/coordinates/0"),
        ({"type": "Polygon", "coordinates": [[[4, 50], [4.1, 50.1], [4.1, 50], [4, 50.1], [4, 50]]]}, "/coordinates"),
        ({"type": "Polygon", "coordinates": [SQUARE], "crs": {}}, "/crs"),
        ({"type": "Point", "coordinates": [4, 50]}, "/type"),
    ],
)
def test_a_bad_area_is_refused_with_its_place(client: TestClient, within: dict[str, Any], where: str) -> None:
    posted = client.post("/v1/households", json={"within": within})
    got = client.get("/v1/households", params={"within": json.dumps(within)})
    assert (posted.status_code, got.status_code) == (422, 422)
    assert posted.json()["type"].endswith("/unusable-area")
    assert posted.json()["errors"][0]["field"] == f"/within{where}"
    assert got.json()["errors"][0]["field"] == f"within{where}"


def test_an_area_of_as_many_vertices_as_are_allowed_is_taken(client: TestClient, place: Place) -> None:
    center = shapely.union_all(list(place.sectors.values())).centroid
    ring = [
        [center.x + 0.01 * math.cos(turn), center.y + 0.01 * math.sin(turn), 12.345678901234567]
        for turn in (2 * math.pi * number / (MOST_VERTICES - 1) for number in range(MOST_VERTICES - 1))
    ]
    area = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    assert len(json.dumps(area)) > 65_536
    assert count(client, area)["total"]["households"] > 0


def test_an_area_of_nowhere_and_a_body_that_is_too_deep_are_refused(client: TestClient) -> None:
    nowhere = client.post("/v1/households", json={"within": {"type": "Polygon", "coordinates": [SQUARE]}})
    assert nowhere.status_code == 404, nowhere.text
    deep = b'{"within": {"type": "Polygon", "coordinates": ' + b"[" * 20_000
    answer = client.post("/v1/households", content=deep, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
