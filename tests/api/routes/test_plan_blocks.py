"""Blocks of a plan for the map: sent once, by gzip, and again only when the plan has changed."""

import json
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient

CODE = "99003"


@pytest.fixture
def draft(client: TestClient) -> str:
    made = client.post(f"/v1/municipalities/{CODE}/plans", json={"title": "Blocks"}).json()
    identifier: str = made["id"]
    return identifier


def test_blocks_of_a_draft_come_again_only_after_an_edit(client: TestClient, draft: str) -> None:
    url = f"/v1/plans/{draft}"
    first = client.get(f"{url}/blocks")
    assert (first.headers["etag"], first.headers["content-encoding"]) == ('W/"1"', "gzip")
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get(f"{url}/blocks", headers={"If-None-Match": 'W/"1"'})
    assert (again.status_code, again.content) == (304, b"")
    operation: dict[str, Any] = {"op": "rename_buurt", "buurt": f"{CODE}-01", "names": {"nl": "<img onerror>"}}
    # The ETag of what is shown is the one that an edit names.
    edited = client.post(f"{url}/operations", json={"operation": operation}, headers={"If-Match": 'W/"1"'})
    assert edited.status_code == 200
    changed = client.get(f"{url}/blocks", headers={"If-None-Match": 'W/"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, 'W/"2"')
    assert {each["properties"]["name_nl"] for each in changed.json()["features"]} == {"<img onerror>"}


def test_blocks_of_a_published_plan_keep_their_etag(client: TestClient) -> None:
    plan = client.get(f"/v1/municipalities/{CODE}/plans").json()["plans"][-1]["id"]
    first = client.get(f"/v1/plans/{plan}/blocks")
    assert client.get(f"/v1/plans/{plan}/blocks", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


def test_rounded_blocks_still_tile(client: TestClient, draft: str) -> None:
    features = json.loads(client.get(f"/v1/plans/{draft}/blocks").content)["features"]
    plan = client.get(f"/v1/plans/{draft}").json()
    assert {each["id"]: each["properties"]["buurt"] for each in features} == plan["blocks"]
    shapes = [shapely.geometry.shape(each["geometry"]) for each in features]
    assert shapely.coverage_is_valid(shapes)
    assert sum(each["properties"]["dwellings"] for each in features) == plan["buurten"][0]["counts"]["dwellings"]
    positions = shapely.get_coordinates(shapes)
    assert (positions.round(7) == positions).all()


def test_blocks_that_an_edit_makes_meet_those_that_the_map_has(client: TestClient, draft: str) -> None:
    url = f"/v1/plans/{draft}"
    [first, *_] = client.get(f"{url}/blocks").json()["features"]
    shape = shapely.geometry.shape(first["geometry"])
    west, middle, east = shape.bounds[0], shape.representative_point().y, shape.bounds[2]
    line = [[west - 0.001, middle], [east + 0.001, middle]]
    operation = {"op": "cut_blocks", "blocks": [first["id"]], "line": line}
    cut = client.post(f"{url}/operations", json={"operation": operation}, headers={"If-Match": '"1"'}).json()
    shown = {each["id"]: each for each in client.get(f"{url}/blocks").json()["features"]}
    assert len(cut["new_blocks"]) > 1
    assert cut["new_blocks"] == [shown[each["id"]] for each in cut["new_blocks"]]
