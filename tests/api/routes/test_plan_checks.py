"""Plans are checked and compared over HTTP: every problem is told in sentences, with the operation that solves it."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import HouseholdSettings, ServerSettings, StoreSettings
from data.store import open_store
from data.store.models import DraftRow

CODE = "99001"


@pytest.fixture
def api(store_settings: StoreSettings, admin: dict[str, str]) -> Iterator[TestClient]:
    application = create_app(store_settings, ServerSettings(), HouseholdSettings(smallest_shown=10))
    with TestClient(application, headers=admin) as client:
        yield client
    store = open_store(store_settings.store_url)
    with store.writing() as session:
        for row in session.query(DraftRow).all():
            session.delete(row)
    store.close()


@pytest.fixture
def url(api: TestClient) -> str:
    """A draft of which one block is taken out of its buurt."""
    made = api.post(f"/v1/municipalities/{CODE}/plans", json={})
    draft: str = made.headers["location"]
    block = sorted(api.get(draft).json()["blocks"])[0]
    operation = {"op": "assign_blocks", "blocks": [block], "buurt": None, "allow_parts": True}
    send(api, draft, operation)
    return draft


def send(api: TestClient, url: str, operation: dict[str, Any]) -> None:
    etag = api.get(url).headers["etag"]
    done = api.post(f"{url}/operations", json={"operation": operation}, headers={"If-Match": etag})
    assert done.status_code == 200, done.text


def test_a_problem_is_told_in_sentences_and_its_operation_solves_it(api: TestClient, url: str) -> None:
    [problem] = [p for p in api.get(f"{url}/problems").json()["problems"] if p["code"] == "unassigned"]
    [block] = problem["blocks"]
    assert problem["texts"]["nl"] == f"Blok {block} hoort bij geen buurt."
    assert set(problem["texts"]) == set(problem["remedy"]["texts"]) == {"nl", "fr", "en"}
    send(api, url, problem["remedy"]["operation"])
    assert "unassigned" not in {p["code"] for p in api.get(f"{url}/problems").json()["problems"]}
    assert api.get(f"{url}/diff").json()["moves"] == []


def test_barriers_and_streets_are_looked_for_when_asked(api: TestClient, url: str) -> None:
    features = api.get(f"{url}/blocks").json()["features"]
    points = [point for feature in features for point in _points(feature["geometry"]["coordinates"])]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    middle = sum(y for _, y in points) / len(points)
    line = {"type": "LineString", "coordinates": [[west, middle], [east, middle]]}
    found = api.post(f"{url}/problems", json={"barriers": line, "streets": True})
    assert found.status_code == 200, found.text
    assert "barrier-crossed" in {problem["code"] for problem in found.json()["problems"]}
    refused = api.post(f"{url}/problems", json={"barriers": {"type": "Point", "coordinates": [4, 50]}})
    assert refused.status_code == 422


def test_members_that_move_are_withheld_where_they_are_few(api: TestClient, url: str) -> None:
    [move] = api.get(f"{url}/diff").json()["moves"]
    assert (move["from"], move["to"], move["pieces"]) == (f"{CODE}-01", None, 1)
    assert move["members"] is None or move["members"] == 0 or move["members"] >= 10
    assert (move["letters"] is None) == (move["members"] is None)
    [feature] = api.get(f"{url}/diff", params={"f": "geojson"}).json()["features"]
    assert "members" not in feature["properties"]
    table = api.get(f"{url}/diff", headers={"Accept": "text/csv"})
    assert (table.headers["content-type"], table.headers["vary"].split(", ")[0]) == (
        "text/csv; charset=utf-8",
        "Accept",
    )
    [row] = csv.DictReader(io.StringIO(table.text))
    assert row == {name: "" if value is None else str(value) for name, value in move.items() if name in row}
    assert {"from", "to", "households", "members", "letters", "area_m2"} <= row.keys()
    assert api.get(f"{url}/diff", params={"f": "csv"}).content == table.content
    assert api.get(f"{url}/diff", headers={"Accept": "image/png"}).status_code == 406


def _points(coordinates: list[Any]) -> list[tuple[float, float]]:
    if isinstance(coordinates[0], float | int):
        return [(coordinates[0], coordinates[1])]
    return [point for part in coordinates for point in _points(part)]
