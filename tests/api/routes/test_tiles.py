"""Tiles over HTTP: what is in them, what a browser may keep, what is refused, and that plans show from their day on."""

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import mapbox_vector_tile
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api.app import create_app
from api.settings import ServerSettings, StoreSettings
from data.api_keys import Scope, create_key
from data.store import open_store
from data.store.tile_models import TileShape
from data.tiles.grid import HALF_WORLD, Tile
from geo.crs import LONLAT, transform_point

CODE = "99002"
LAYERS = ("sectors", "municipalities", "buurten", "streets", "addresses")


def columns_of(client: TestClient, z: int, code: str = CODE) -> list[tuple[int, int]]:
    """Return column and row of the tiles of a zoom that a municipality's box meets."""
    found = client.get("/v1/municipalities", params={"q": code}).json()["data"]
    west, south, east, north = found[0]["bbox"]
    size = Tile(z, 0, 0).size
    left, top = transform_point(west, north, LONLAT, "EPSG:3857")
    right, bottom = transform_point(east, south, LONLAT, "EPSG:3857")
    xs = range(int((left + HALF_WORLD) // size), int((right + HALF_WORLD) // size) + 1)
    ys = range(int((HALF_WORLD - top) // size), int((HALF_WORLD - bottom) // size) + 1)
    return [(x, y) for x in xs for y in ys]


def features(content: bytes, layer: str) -> list[dict[str, Any]]:
    if not content:
        return []
    decoded: dict[str, Any] = mapbox_vector_tile.decode(content)
    assert list(decoded) == [layer]
    found: list[dict[str, Any]] = decoded[layer]["features"]
    return found


def all_features(client: TestClient, layer: str, z: int, **params: Any) -> list[dict[str, Any]]:
    tiles = [client.get(f"/tiles/{layer}/{z}/{x}/{y}.mvt", params=params) for x, y in columns_of(client, z)]
    assert {tile.status_code for tile in tiles} <= {200, 204}
    return [each for tile in tiles for each in features(tile.content, layer)]


def test_areas_carry_code_names_and_municipality(client: TestClient) -> None:
    sectors = {each["properties"]["code"]: each["properties"] for each in all_features(client, "sectors", 12)}
    of_town = [said for said in sectors.values() if said["municipality"] == CODE]
    listed = client.get("/v1/municipalities", params={"q": CODE}).json()["data"][0]
    assert len(of_town) == listed["sectors"]
    assert all(said.keys() & {"name_nl", "name_fr", "name_de"} for said in of_town)
    towns = [each["properties"] for each in all_features(client, "municipalities", 8)]
    assert listed["names"]["nl"] in {said.get("name_nl") for said in towns if said["code"] == CODE}
    buurten = [each["properties"] for each in all_features(client, "buurten", 12)]
    assert {(said["code"], said["municipality"], said["live"]) for said in buurten} >= {(f"{CODE}-01", CODE, True)}


def test_every_house_number_and_street_is_in_one_tile_of_a_zoom(client: TestClient) -> None:
    houses = [each["properties"] for each in all_features(client, "addresses", 16)]
    assert len({said["id"] for said in houses}) == len(houses) > 100
    assert all(set(said) == {"id", "number"} for said in houses)
    assert {said["id"] for said in all_properties(client, "addresses", 17)} >= {said["id"] for said in houses[:10]}
    streets = all_properties(client, "streets", 16)
    names = [(said.get("name_nl") or said.get("name_fr") or said.get("name_de")) for said in streets]
    assert all(names)
    assert all(-90 <= said["angle"] <= 90 and said["addresses"] >= 1 for said in streets)
    few = [said for said in all_properties(client, "streets", 14) if said["municipality"] == CODE]
    assert 0 < len(few) <= len([said for said in streets if said["municipality"] == CODE])


def all_properties(client: TestClient, layer: str, z: int) -> list[dict[str, Any]]:
    return [each["properties"] for each in all_features(client, layer, z)]


@pytest.mark.parametrize("layer", LAYERS)
def test_tilejson_leads_to_tiles_that_may_be_kept(client: TestClient, layer: str) -> None:
    about = client.get(f"/tiles/{layer}.json").json()
    assert about["tilejson"] == "3.0.0"
    assert about["bounds"][0] < about["bounds"][2]
    assert about["bounds"][1] < about["bounds"][3]
    [said] = about["vector_layers"]
    assert (said["id"], said["minzoom"], said["maxzoom"]) == (layer, about["minzoom"], about["maxzoom"])
    z = about["maxzoom"]
    kept = 0
    for x, y in columns_of(client, z)[:40]:
        url = about["tiles"][0].format(z=z, x=x, y=y)
        first = client.get(url)
        assert first.headers["cache-control"] == "private, max-age=31536000, immutable"
        for each in features(first.content, layer):
            assert each["properties"].keys() <= said["fields"].keys()
            kept += 1
        again = client.get(url, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        plain = client.get(url.partition("?")[0])
        assert (plain.headers["cache-control"], plain.headers["etag"]) == ("private, no-cache", first.headers["etag"])
    assert kept > 0


def test_gzip_is_sent_where_it_is_taken(client: TestClient) -> None:
    x, y = columns_of(client, 9)[0]
    url = f"/tiles/sectors/9/{x}/{y}.mvt"
    plain = client.get(url, headers={"Accept-Encoding": "identity"})
    with client.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        packed = b"".join(answer.iter_raw())
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(packed) == plain.content
    assert len(packed) < len(plain.content)


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        ("sectors/2/0/0.mvt", 404, "no-such-tile"),
        ("sectors/15/0/0.mvt", 404, "no-such-tile"),
        ("sectors/10/1024/0.mvt", 404, "no-such-tile"),
        ("sectors/10/-1/0.mvt", 422, "invalid-request"),
        ("sectors/10/0/99999999999.mvt", 422, "invalid-request"),
        ("members/10/0/0.mvt", 422, "invalid-request"),
        ("sectors/10/0/0.png", 404, "no-such-resource"),
        ("buurten/10/0/0.mvt?on=yesterday", 422, "invalid-request"),
    ],
)
def test_a_tile_that_is_not_there_is_refused(client: TestClient, path: str, status: int, slug: str) -> None:
    answer = client.get(f"/tiles/{path}")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, slug)


def test_a_tile_far_from_everything_has_no_content(client: TestClient) -> None:
    for layer, z in (("sectors", 10), ("addresses", 16), ("streets", 14)):
        assert client.get(f"/tiles/{layer}/{z}/0/0.mvt").status_code == 204


def test_tiles_need_a_key_that_may_look(store_settings: StoreSettings) -> None:
    keys = {scope: make_key(store_settings, scope) for scope in (Scope.SIGNUP, Scope.VIEWER)}
    with TestClient(create_app(store_settings, ServerSettings())) as anybody:
        assert anybody.get("/tiles/sectors/10/0/0.mvt").status_code == 401
        for scope, status in ((Scope.SIGNUP, 403), (Scope.VIEWER, 204)):
            assert anybody.get("/tiles/sectors/10/0/0.mvt", headers=keys[scope]).status_code == status


def make_key(settings: StoreSettings, scope: Scope) -> dict[str, str]:
    store = open_store(settings.store_url)
    with store.writing() as session:
        _, plain = create_key(session, "tiles", [scope], datetime.now(UTC))
    store.close()
    return {"Authorization": f"Bearer {plain}"}


@pytest.fixture
def undrawn(take_back_plans: Callable[[str], None]) -> Iterator[None]:
    """Leave the municipality without drawn plans afterwards."""
    yield
    take_back_plans(CODE)


@pytest.mark.usefixtures("undrawn")
def test_buurten_show_the_plan_of_the_day(client: TestClient, store_settings: StoreSettings) -> None:
    today = datetime.now(UTC).date()
    before = {said["code"] for said in all_properties(client, "buurten", 12)}
    made = client.post(f"/v1/municipalities/{CODE}/plans", json={"title": "Tiles"}).json()
    url = f"/v1/plans/{made['id']}"
    blocks = sorted(client.get(url).json()["blocks"])
    corner = {"op": "create_buurt", "names": {"nl": "Hoek"}, "blocks": blocks[:1], "allow_parts": True}
    edited = client.post(f"{url}/operations", json={"operation": corner}, headers={"If-Match": '"1"'})
    assert edited.status_code == 200, edited.text
    tomorrow = today + timedelta(days=1)
    body = {"valid_from": str(tomorrow), "reason": "shown from tomorrow"}
    published = client.post(f"{url}:publish", json=body, headers={"If-Match": '"2"'})
    assert published.status_code == 200, published.text
    # The publish has drawn them already: no tile waits for it.
    store = open_store(store_settings.store_url)
    with store.reading() as session:
        of_plan = TileShape.plan_id == int(published.json()["id"])
        assert session.scalar(select(func.count(TileShape.code.distinct())).where(of_plan)) == 2
    store.close()
    named = {
        said["code"]: said.get("name_nl")
        for said in (f["properties"] for f in all_features(client, "buurten", 12, on=str(tomorrow)))
    }
    assert named.keys() - before == {f"{CODE}-02"}
    assert named[f"{CODE}-02"] == "Hoek"
    assert {f["properties"]["code"] for f in all_features(client, "buurten", 12, on=str(today))} == before


def test_municipalities_are_found_by_name_in_any_language(client: TestClient) -> None:
    everything = client.get("/v1/municipalities").json()["data"]
    for town in everything:
        west, south, east, north = town["bbox"]
        assert -180 <= west < east <= 180
        assert -90 <= south < north <= 90
        for name in filter(None, town["names"].values()):
            found = client.get("/v1/municipalities", params={"q": name.upper()[:6]}).json()["data"]
            assert town in found
    assert client.get("/v1/municipalities", params={"q": "?"}).json()["data"] == []
