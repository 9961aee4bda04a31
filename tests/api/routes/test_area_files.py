"""Areas and carried plans over HTTP: a draft with what differs, or a refusal that says why."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ServerSettings, StoreSettings
from data.store import open_store
from data.store.models import DraftRow

CODE = "99003"


@pytest.fixture
def api(store_settings: StoreSettings, admin: dict[str, str]) -> Iterator[TestClient]:
    with TestClient(create_app(store_settings, ServerSettings()), headers=admin) as client:
        yield client
    store = open_store(store_settings.store_url)
    with store.writing() as session:
        for row in session.query(DraftRow).all():
            session.delete(row)
    store.close()


def halves(api: TestClient) -> bytes:
    """The municipality's west and east, as a layer of somebody else's."""
    [plan] = [each["id"] for each in api.get(f"/v1/municipalities/{CODE}/plans").json()["plans"]]
    blocks = api.get(f"/v1/plans/{plan}/blocks").json()["features"]
    shapes = [shapely.from_geojson(json.dumps(each["geometry"])) for each in blocks]
    west, south, east, north = shapely.total_bounds(shapes)
    middle = (west + east) / 2
    areas = {"West": shapely.box(west, south, middle, north), "Oost": shapely.box(middle, south, east, north)}
    features = [
        {"type": "Feature", "properties": {"naam": name}, "geometry": json.loads(shapely.to_geojson(area))}
        for name, area in areas.items()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def post(api: TestClient, content: bytes, **query: Any) -> Any:
    path = f"/v1/municipalities/{CODE}/plans:import-areas"
    return api.post(path, params={"f": "geojson", "name": "naam"} | query, content=content)


@pytest.mark.parametrize("cut", [False, True])
def test_areas_become_a_draft_with_what_differs(api: TestClient, cut: bool) -> None:
    made = post(api, halves(api), cut=cut)
    assert made.status_code == 201, made.text
    draft = api.get(made.headers["location"]).json()
    names = {name for buurt in draft["buurten"] for name in buurt["names"].values() if name}
    assert names == {"West", "Oost"}
    assert any("/" in block for block in draft["blocks"]) == cut
    report = made.json()["report"]
    assert {each["area"] for each in report["areas"]} == names
    assert report["unassigned"] == []
    refused = api.post(f"{made.headers['location']}:undo", headers={"If-Match": made.headers["etag"]})
    assert refused.status_code == 200


@pytest.mark.parametrize(
    ("content", "query", "slug"),
    [
        (b"{}", {}, "layer-refused"),
        (b"", {}, "layer-refused"),
        (None, {"name": "wijk"}, "layer-refused"),
        (None, {"crs": "EPSG:31370"}, "layer-refused"),
        (None, {"crs": "lambert"}, "invalid-request"),
        (None, {"f": "dxf"}, "invalid-request"),
        (None, {"overlap": 0}, "invalid-request"),
    ],
)
def test_a_bad_layer_leaves_no_draft(api: TestClient, content: bytes | None, query: dict[str, Any], slug: str) -> None:
    refused = post(api, halves(api) if content is None else content, **query)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (422, slug), refused.text
    assert api.get(f"/v1/municipalities/{CODE}/plans").json()["drafts"] == []


def test_nothing_is_carried_over_where_nothing_is_drawn(api: TestClient) -> None:
    path = f"/v1/municipalities/{CODE}/plans:carry-over"
    assert api.post(path, json={"to": "demo-sectors"}).json() == {"data": []}
    unknown = api.post(path, json={"to": "demo-sectors-1999"})
    assert (unknown.status_code, unknown.json()["type"].rpartition("/")[2]) == (404, "unknown-release")
    assert api.post(path, json={"to": "demo-sectors", "from": "x"}).status_code == 422
    addresses = api.post(path, json={"to": "demo-addresses"})
    assert (addresses.status_code, "release of addresses" in addresses.json()["detail"]) == (422, True)
