"""Plans as files over HTTP: exported, imported as a draft that is the same plan, refused with a reason."""

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

CODE = "99001"


@pytest.fixture
def api(store_settings: StoreSettings, admin: dict[str, str]) -> Iterator[TestClient]:
    with TestClient(create_app(store_settings, ServerSettings(max_plan_bytes=3_000_000)), headers=admin) as client:
        yield client
    store = open_store(store_settings.store_url)
    with store.writing() as session:
        for row in session.query(DraftRow).all():
            session.delete(row)
    store.close()


def cut_draft(api: TestClient) -> dict[str, Any]:
    """A draft with two buurten, one of which holds a part of a sector."""
    made = api.post(f"/v1/municipalities/{CODE}/plans", json={"title": "Cut"})
    url = made.headers["location"]
    largest = max(api.get(f"{url}/blocks").json()["features"], key=lambda feature: feature["properties"]["dwellings"])
    west, south, east, north = shapely.from_geojson(json.dumps(largest["geometry"])).bounds
    middle = (west + east) / 2
    cut = {"op": "cut_blocks", "blocks": [largest["id"]], "line": [[middle, south - 0.01], [middle, north + 0.01]]}
    operations = [
        cut,
        {"op": "create_buurt", "names": {"nl": "Half"}, "blocks": [f"{largest['id']}/1"], "allow_parts": True},
    ]
    for revision, operation in enumerate(operations, start=1):
        done = api.post(f"{url}/operations", json={"operation": operation}, headers={"If-Match": f'"{revision}"'})
        assert done.status_code == 200, done.text
    plan: dict[str, Any] = api.get(url).json()
    return plan


@pytest.mark.parametrize("form", ["csv", "geojson", "gpkg"])
def test_a_file_becomes_a_draft_that_is_the_same_plan(api: TestClient, form: str) -> None:
    plan = cut_draft(api)
    exported = api.get(f"/v1/plans/{plan['plan']['id']}/export", params={"f": form})
    assert exported.status_code == 200
    assert f'.{form}"' in exported.headers["content-disposition"]
    made = api.post(
        f"/v1/municipalities/{CODE}/plans:import",
        params={"f": form, "title": "Again"},
        content=exported.content,
        headers={"Content-Type": exported.headers["content-type"]},
    )
    assert made.status_code == 201, made.text
    again = api.get(made.headers["location"]).json()
    assert made.headers["etag"] == '"2"'
    for part in ("buurten", "blocks", "unassigned"):
        assert again[part] == plan[part]
    assert (
        api.get(f"{made.headers['location']}/blocks").json() == api.get(f"/v1/plans/{plan['plan']['id']}/blocks").json()
    )
    unsaid = api.post(made.request.url, content=exported.content)
    assert unsaid.status_code == 201, unsaid.text
    [entry] = api.get(f"{made.headers['location']}/log").json()["entries"]
    assert (entry["operation"]["op"], entry["operation"]["source"]) == ("adopt_plan", "Again")


def test_a_bad_file_is_refused_and_leaves_no_draft(api: TestClient) -> None:
    def post(content: bytes, form: str, code: str = CODE) -> Any:
        return api.post(f"/v1/municipalities/{code}/plans:import", params={"f": form}, content=content)

    before = api.get(f"/v1/municipalities/{CODE}/plans").json()
    refused = post(b"{}", "geojson")
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (422, "plan-file")
    assert post(b"x", "gpkg").status_code == 422
    assert post(b"x", "dxf").status_code == 422
    assert post(b"x", "csv", "99999").status_code == 404
    assert post(bytes(3_000_001), "gpkg").status_code == 413
    plan = cut_draft(api)
    content = api.get(f"/v1/plans/{plan['plan']['id']}/export", params={"f": "csv"}).content
    assert post(content, "csv", "99002").status_code == 422
    after = api.get(f"/v1/municipalities/{CODE}/plans").json()
    assert len(after["drafts"]) == len(before["drafts"]) + 1


@pytest.mark.parametrize(
    ("ending", "form"), [("plans:import", {"f": "geojson"}), ("plans:import-areas", {"f": "geojson", "name": "name"})]
)
@pytest.mark.parametrize(
    ("content", "status", "slug"),
    [
        ([b"{\0}"], 400, "json-not-utf-8"),
        ([b"[" * 60_000], 400, "json-too-deep"),
        ([bytes(2_000_000)] * 2, 413, "body-too-large"),
    ],
    ids=["not-utf-8", "deep", "large-and-unannounced"],
)
def test_a_file_that_is_refused_while_it_comes_in_says_why(
    api: TestClient, ending: str, form: dict[str, str], content: list[bytes], status: int, slug: str
) -> None:
    refused = api.post(
        f"/v1/municipalities/{CODE}/{ending}",
        params=form,
        content=iter(content),
        headers={"Content-Type": "application/geo+json"},
    )
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (status, slug)
