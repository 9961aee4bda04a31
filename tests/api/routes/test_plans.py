"""Plans over HTTP on the demo region: a draft is drawn, undone, contested, published, and answers follow."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ServerSettings, StoreSettings
from data.api_keys import Scope
from data.store import open_store
from data.store.models import DraftRow, Plan
from tests.api.conftest import make_headers
from tests.waiting import wait_until

TODAY = datetime.now(UTC).date()


@pytest.fixture
def code(store_settings: StoreSettings) -> Iterator[str]:
    """A municipality of the demo, left without drawn plans afterwards."""
    store = open_store(store_settings.store_url)
    yield "99001"
    with store.writing() as session:
        for row in session.query(DraftRow).all():
            session.delete(row)
        session.flush()
        for plan in session.query(Plan).filter(Plan.drawn).order_by(Plan.id.desc()).all():
            session.delete(plan)
            session.flush()
    store.close()


@pytest.fixture
def api(store_settings: StoreSettings, admin: dict[str, str]) -> Iterator[TestClient]:
    application = create_app(store_settings, ServerSettings(reload_seconds=0.05))
    with TestClient(application, headers=admin) as client:
        yield client


def begin(api: TestClient, code: str) -> dict[str, Any]:
    made = api.post(f"/v1/municipalities/{code}/plans", json={"title": "Spring"})
    assert made.status_code == 201, made.text
    draft: dict[str, Any] = api.get(made.headers["location"]).json()
    return draft


def operate(api: TestClient, draft: dict[str, Any], revision: int, **operation: Any) -> Any:
    return api.post(
        f"/v1/plans/{draft['plan']['id']}/operations",
        json={"operation": operation},
        headers={"If-Match": f'"{revision}"'},
    )


def neighbouring(draft: dict[str, Any]) -> list[str]:
    return sorted(draft["blocks"])[:1]


def test_a_draft_begins_as_the_plan_that_holds_and_counts_it(api: TestClient, code: str) -> None:
    draft = begin(api, code)
    assert draft["plan"]["state"] == "draft"
    [buurt] = draft["buurten"]
    assert buurt["code"] == f"{code}-01"
    assert buurt["counts"]["blocks"] == len(draft["blocks"])
    assert buurt["counts"]["households"] > 0
    assert buurt["counts"]["dwellings"] > 0


def test_operations_recount_and_undo(api: TestClient, code: str) -> None:
    draft = begin(api, code)
    total = draft["buurten"][0]["counts"]["households"]
    made = operate(api, draft, 1, op="create_buurt", names={"nl": "Noord"}, blocks=neighbouring(draft)).json()
    assert made["revision"] == 2
    counts = {buurt["code"]: buurt["counts"]["households"] for buurt in made["buurten"]}
    assert set(counts) == {f"{code}-01", f"{code}-02"}
    assert sum(counts.values()) == total
    url = f"/v1/plans/{draft['plan']['id']}"
    undone = api.post(f"{url}:undo", headers={"If-Match": '"2"'}).json()
    assert (undone["revision"], undone["removed_buurten"]) == (3, [f"{code}-02"])
    now = api.get(url).json()
    assert (now["can_undo"], now["can_redo"], now["blocks"]) == (False, True, draft["blocks"])
    redone = api.post(f"{url}:redo", headers={"If-Match": '"3"'}).json()
    assert redone["assignments"] == made["assignments"]
    assert [entry["operation"]["op"] for entry in api.get(f"{url}/log").json()["entries"]] == ["create_buurt"]


def test_a_second_editor_is_told_what_the_first_did(api: TestClient, code: str) -> None:
    draft = begin(api, code)
    assert operate(api, draft, 1, op="create_buurt", names={"nl": "Noord"}).status_code == 200
    late = operate(api, draft, 1, op="rename_buurt", buurt=f"{code}-01", names={"nl": "Zuid"})
    assert (late.status_code, late.headers["etag"]) == (412, '"2"')
    assert "create_buurt" in late.json()["errors"][0]["detail"]
    missing = api.post(f"/v1/plans/{draft['plan']['id']}:undo")
    assert (missing.status_code, missing.json()["type"].rpartition("/")[2]) == (428, "if-match-missing")


def test_a_second_editor_is_told_what_was_undone_redone_and_handed_in(api: TestClient, code: str) -> None:
    draft = begin(api, code)
    url = f"/v1/plans/{draft['plan']['id']}"

    def late(known: int) -> str:
        refused = operate(api, draft, known, op="rename_buurt", buurt=f"{code}-01", names={"nl": "Zuid"})
        assert refused.status_code == 412
        return str(refused.json()["detail"]).rpartition("meanwhile: ")[2]

    operate(api, draft, 1, op="create_buurt", names={"nl": "Noord"})
    api.post(f"{url}:undo", headers={"If-Match": '"2"'})
    assert late(2) == "undo of create_buurt"
    api.post(f"{url}:redo", headers={"If-Match": '"3"'})
    assert late(3) == "create_buurt"
    api.post(f"{url}:review", headers={"If-Match": '"4"'})
    assert late(4) == "it is in review now"
    assert late(1) == "create_buurt, it is in review now"
    api.post(f"{url}:return", headers={"If-Match": '"5"'})
    assert late(4) == "nothing that is still so"
    api.post(f"{url}:undo", headers={"If-Match": '"6"'})


def test_a_second_editor_is_told_who_undid_and_when(api: TestClient, code: str, store_settings: StoreSettings) -> None:
    draft = begin(api, code)
    url = f"/v1/plans/{draft['plan']['id']}"
    operate(api, draft, 1, op="create_buurt", names={"nl": "Noord"})
    other = make_headers(store_settings.store_url, Scope.OPS)
    wait_until(lambda: api.get(url, headers=other).status_code == 200)
    mine = api.get(f"{url}/log").json()["entries"][0]["by"]
    theirs = other["Authorization"].split("_")[1]
    for verb, known, told in (("undo", 2, "undo of create_buurt"), ("redo", 3, "create_buurt")):
        assert api.post(f"{url}:{verb}", headers=other | {"If-Match": f'"{known}"'}).status_code == 200
        [since] = operate(api, draft, known, op="dissolve_buurt", buurt=f"{code}-01").json()["errors"]
        assert since["detail"].startswith(f"{told}, of {theirs} at ")
    # Who carried it out stays in the log.
    assert mine != theirs
    assert api.get(f"{url}/log").json()["entries"][0]["by"] == mine


def test_a_published_plan_is_no_draft(api: TestClient, code: str) -> None:
    number = api.get(f"/v1/municipalities/{code}/plans").json()["plans"][0]["id"]
    refused = api.post(f"/v1/plans/{number}:undo", headers={"If-Match": '"1"'})
    assert (refused.status_code, "never changes" in refused.json()["detail"]) == (404, True)


def test_a_plan_of_elsewhere_is_no_plan_to_begin_from(api: TestClient, code: str) -> None:
    other = next(each["code"] for each in api.get("/v1/municipalities").json()["data"] if each["code"] != code)
    number = int(api.get(f"/v1/municipalities/{other}/plans").json()["plans"][0]["id"])
    refused = api.post(f"/v1/municipalities/{code}/plans", json={"plan": number})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (404, "no-plan")


@pytest.mark.parametrize("day", ["2027", "20270101", "1798761600", "2027-01-01T00:00:00", "2027-02-30"])
def test_what_is_no_day_is_not_taken_for_seconds(api: TestClient, code: str, day: str) -> None:
    refused = api.get(f"/v1/municipalities/{code}/plans:on", params={"day": day})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "day")


def test_a_reason_and_a_title_of_blanks_say_nothing(api: TestClient, code: str) -> None:
    draft = begin(api, code)
    body = {"valid_from": "2099-01-01", "reason": "    "}
    refused = api.post(f"/v1/plans/{draft['plan']['id']}:publish", json=body, headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "/reason")
    assert api.post(f"/v1/municipalities/{code}/plans", json={"title": "  "}).status_code == 422


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        ({"op": "create_buurt", "names": {"en": "x"}}, "/operation/names/en"),
        ({"op": "cut_blocks", "line": [[181, 0], [0, 0]]}, "/operation/line/0/0"),
        ({"op": "split_buurt", "buurt": "99001-01", "polygon": [[0, 0], [1, 1], [1, 0]]}, "/operation/polygon"),
        ({"op": "assign_blocks", "blocks": ["NOWHERE"], "buurt": None}, "/operation/blocks"),
        ({"op": "merge_buurten", "into": "99001-01", "others": ["99001-09"]}, "/operation/others"),
        ({"op": "paint"}, "/operation"),
        ({"op": "rename_buurt", "buurt": "99001-01", "names": {"nl": "a\u0007b"}}, "/operation/names/nl"),
    ],
)
def test_a_refusal_names_the_field_and_changes_nothing(
    api: TestClient, code: str, operation: dict[str, Any], field: str
) -> None:
    draft = begin(api, code)
    refused = operate(api, draft, 1, **operation)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["field"].startswith(field), refused.text
    assert api.get(f"/v1/plans/{draft['plan']['id']}").json()["blocks"] == draft["blocks"]


def test_publishing_reaches_answers_and_history_keeps_the_past(api: TestClient, code: str) -> None:
    draft = begin(api, code)
    operate(api, draft, 1, op="create_buurt", names={"nl": "Noord"}, blocks=neighbouring(draft))
    url = f"/v1/plans/{draft['plan']['id']}"
    [moved] = neighbouring(draft)
    point = shapely.from_geojson(json.dumps(block_of(api, url, moved)["geometry"])).representative_point()
    where = {"lon": point.x, "lat": point.y}
    assert api.get("/v1/locate", params=where).json()["place"]["buurt"]["code"] == f"{code}-01"
    diff = api.get(f"{url}/diff").json()
    assert [(row["from"], row["to"]) for row in diff["moves"]] == [(f"{code}-01", f"{code}-02")]
    body = {"valid_from": TODAY.isoformat(), "reason": "The council asked for it."}
    for day, told in (("2020-01-01", "is past"), (str(TODAY.replace(year=TODAY.year + 10, day=1)), "look at the year")):
        wrong = api.post(f"{url}:publish", json=body | {"valid_from": day}, headers={"If-Match": '"2"'})
        assert (wrong.status_code, told in wrong.json()["detail"]) == (422, True), wrong.text
    published = api.post(f"{url}:publish", json=body, headers={"If-Match": '"2"'})
    assert published.status_code == 200, published.text
    deadline = time.monotonic() + 5
    while api.get("/v1/locate", params=where).json()["place"]["buurt"]["code"] != f"{code}-02":
        assert time.monotonic() < deadline, "the worker did not follow"
        time.sleep(0.02)
    on = f"/v1/municipalities/{code}/plans:on"
    assert api.get(on, params={"day": TODAY.isoformat()}).json()["id"] == published.json()["id"]
    assert not api.get(on, params={"day": str(TODAY - timedelta(days=1))}).json()["drawn"]
    for day, buurt in ((TODAY, f"{code}-02"), (TODAY - timedelta(days=1), f"{code}-01")):
        then = api.get("/v1/locate:on", params=where | {"day": str(day)}).json()
        assert (then["buurt_code"], then["sector_code"]) == (buurt, moved)
    assert api.post(f"{url}:publish", json=body, headers={"If-Match": '"3"'}).status_code == 409
    again = begin(api, code)
    assert len(again["buurten"]) == 2
    plans = api.get(f"/v1/municipalities/{code}/plans").json()
    assert [plan["drawn"] for plan in plans["plans"]] == [True, False]


def test_what_is_not_assigned_keeps_a_draft_from_being_published(api: TestClient, code: str) -> None:
    draft = begin(api, code)
    operate(api, draft, 1, op="assign_blocks", blocks=neighbouring(draft), buurt=None)
    url = f"/v1/plans/{draft['plan']['id']}"
    refused = api.post(
        f"{url}:publish",
        json={"valid_from": TODAY.isoformat(), "reason": "too early"},
        headers={"If-Match": '"2"'},
    )
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (422, "not-publishable")
    found = [problem["code"] for problem in api.get(f"{url}/problems").json()["problems"]]
    assert found[0] == "unassigned"
    assert api.get(url).json()["plan"]["state"] == "draft"


def test_two_drafts_cannot_be_published_over_each_other(api: TestClient, code: str) -> None:
    first, second = begin(api, code), begin(api, code)
    body = {"valid_from": TODAY.isoformat(), "reason": "one of two"}
    for draft, status in ((first, 200), (second, 409)):
        answer = api.post(f"/v1/plans/{draft['plan']['id']}:publish", json=body, headers={"If-Match": '"1"'})
        assert answer.status_code == status, answer.text


def test_a_draft_in_review_is_not_edited(api: TestClient, code: str) -> None:
    draft = begin(api, code)
    url = f"/v1/plans/{draft['plan']['id']}"
    assert api.post(f"{url}:review", headers={"If-Match": '"1"'}).json()["state"] == "in_review"
    assert operate(api, draft, 2, op="create_buurt").status_code == 409
    assert api.post(f"{url}:return", headers={"If-Match": '"2"'}).json()["state"] == "draft"
    assert operate(api, draft, 3, op="create_buurt").status_code == 200
    assert api.post(f"{url}:discard", headers={"If-Match": '"4"'}).json()["state"] == "discarded"


def test_a_restart_loses_nothing_of_a_draft(
    api: TestClient, code: str, store_settings: StoreSettings, admin: dict[str, str]
) -> None:
    draft = begin(api, code)
    operate(api, draft, 1, op="create_buurt", names={"nl": "Noord"}, blocks=neighbouring(draft))
    url = f"/v1/plans/{draft['plan']['id']}"
    before = api.get(url).json()
    with TestClient(create_app(store_settings, ServerSettings()), headers=admin) as other:
        assert other.get(url).json() == before
        assert other.post(f"{url}:undo", headers={"If-Match": '"2"'}).status_code == 200
    # The first worker holds the draft at an older revision, and must see the other's change.
    assert api.get(url).json()["blocks"] == draft["blocks"]


def test_the_assignment_is_exported(api: TestClient, code: str) -> None:
    draft = begin(api, code)
    exported = api.get(f"/v1/plans/{draft['plan']['id']}/export").text.splitlines()
    assert exported[0].startswith("block,sector,share,buurt,")
    assert len(exported) == len(draft["blocks"]) + 1
    assert f",1.0,{code}-01," in exported[1]


def test_a_plan_of_tomorrow_does_not_hold_today(api: TestClient, code: str) -> None:
    draft = begin(api, code)
    operate(api, draft, 1, op="create_buurt", names={"nl": "Noord"}, blocks=neighbouring(draft))
    tomorrow = str(TODAY + timedelta(days=1))
    body = {"valid_from": tomorrow, "reason": "from tomorrow on"}
    published = api.post(f"/v1/plans/{draft['plan']['id']}:publish", json=body, headers={"If-Match": '"2"'})
    assert published.status_code == 200, published.text
    time.sleep(0.5)  # long enough for a worker to take it in
    on = f"/v1/municipalities/{code}/plans:on"
    assert api.get(on, params={"day": tomorrow}).json()["drawn"]
    assert not api.get(on, params={"day": str(TODAY)}).json()["drawn"]
    shown = next(place for place in api.get("/v1/municipalities").json()["data"] if place["code"] == code)
    assert shown["buurten"] == 1


def test_a_buurt_that_is_not_live_says_so(api: TestClient, code: str) -> None:
    draft = begin(api, code)
    operate(api, draft, 1, op="set_live", buurt=f"{code}-01", live=False)
    body = {"valid_from": str(TODAY), "reason": "closed for now"}
    published = api.post(f"/v1/plans/{draft['plan']['id']}:publish", json=body, headers={"If-Match": '"2"'})
    again = api.get(f"/v1/plans/{published.json()['id']}").json()
    assert [buurt["live"] for buurt in again["buurten"]] == [False]


def test_a_proposal_becomes_the_draft_in_one_step(api: TestClient, code: str) -> None:
    asked = {"alternatives": 2, "seed": 7, "least": 200, "target": 400, "most": 900}
    proposed = api.post(f"/v1/municipalities/{code}/plans:propose", json=asked)
    assert proposed.status_code == 200, proposed.text
    assert proposed.json() == api.post(f"/v1/municipalities/{code}/plans:propose", json=asked).json()
    first = proposed.json()["alternatives"][0]
    draft = begin(api, code)
    taken = operate(api, draft, 1, **first["operation"])
    assert taken.status_code == 200, taken.text
    now = api.get(f"/v1/plans/{draft['plan']['id']}").json()
    assert [buurt["counts"]["households"] for buurt in now["buurten"]] == [
        buurt["households"] for buurt in first["buurten"]
    ]
    assert now["unassigned"]["blocks"] == 0


def test_a_cut_sector_answers_and_is_counted_by_its_parts(api: TestClient, code: str) -> None:
    draft = begin(api, code)
    url = f"/v1/plans/{draft['plan']['id']}"
    [sector] = neighbouring(draft)
    shape = shapely.from_geojson(json.dumps(block_of(api, url, sector)["geometry"]))
    west, _, east, _ = shape.bounds
    middle = shape.representative_point().y
    line = [[west - 0.001, middle], [east + 0.001, middle]]
    cut = operate(api, draft, 1, op="cut_blocks", blocks=[sector], line=line)
    assert cut.status_code == 200, cut.text
    parts = sorted(cut.json()["assignments"])
    assert len(parts) >= 2
    made = operate(api, draft, 2, op="create_buurt", names={"nl": "Noord"}, blocks=parts[:1])
    assert made.status_code == 200, made.text
    counts = {buurt["code"]: buurt["counts"]["households"] for buurt in made.json()["buurten"]}
    assert sum(counts.values()) == draft["buurten"][0]["counts"]["households"]
    places = {}
    for part in parts:
        inside = shapely.from_geojson(json.dumps(block_of(api, url, part)["geometry"])).representative_point()
        places[part] = {"lon": inside.x, "lat": inside.y}
    body = {"valid_from": str(TODAY), "reason": "through the park"}
    assert api.post(f"{url}:publish", json=body, headers={"If-Match": '"3"'}).status_code == 200

    def buurt_at(part: str) -> str:
        found: str = api.get("/v1/locate", params=places[part]).json()["place"]["buurt"]["code"]
        return found

    deadline = time.monotonic() + 5
    while buurt_at(parts[0]) != f"{code}-02":
        assert time.monotonic() < deadline, "the worker did not follow"
        time.sleep(0.02)
    assert {buurt_at(part) for part in parts[1:]} == {f"{code}-01"}
    counted = api.get(f"/v1/municipalities/{code}/households").json()
    found = {buurt["code"]: buurt["households"] for buurt in counted["buurten"]}
    assert {each: total["households"] if isinstance(total, dict) else total for each, total in found.items()} == counts


def block_of(api: TestClient, url: str, block: str) -> dict[str, Any]:
    features = api.get(f"{url}/blocks").json()["features"]
    found: dict[str, Any] = next(feature for feature in features if feature["properties"]["block"] == block)
    return found
