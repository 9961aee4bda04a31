"""Two editors begin from one plan, one publishes first: the other's draft is put on that plan, nothing unseen."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ServerSettings, StoreSettings

CODE = "99001"
FIRST = f"{CODE}-01"


@pytest.fixture
def api(
    store_settings: StoreSettings, admin: dict[str, str], take_back_plans: Callable[[str], None]
) -> Iterator[TestClient]:
    with TestClient(create_app(store_settings, ServerSettings()), headers=admin) as client:
        yield client
    take_back_plans(CODE)


class Editor:
    """Somebody with a draft."""

    def __init__(self, api: TestClient) -> None:
        self.api = api
        made = api.post(f"/v1/municipalities/{CODE}/plans", json={})
        assert made.status_code == 201, made.text
        self.url = f"/v1/plans/{made.json()['id']}"
        self.revision = 1

    def ask(self, verb: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"If-Match": f'"{self.revision}"'}
        answer = self.api.post(f"{self.url}{verb}", json=body, headers=headers)
        if answer.status_code == 200:
            self.revision = int(answer.headers["etag"].strip('"'))
        return answer

    def do(self, op: str, **fields: Any) -> Any:
        if op in ("create_buurt", "assign_blocks"):
            fields["allow_parts"] = True
        answer = self.ask("/operations", {"operation": {"op": op, **fields}})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rebase(self, *, skip: bool = False, lang: str = "en") -> Any:
        return self.ask(f":rebase?lang={lang}", {"skip_conflicts": skip})

    def publish(self) -> Any:
        return self.ask(":publish", {"valid_from": str(datetime.now(UTC).date()), "reason": "drawn anew"})

    def plan(self) -> Any:
        return self.api.get(self.url).json()


def slug(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def test_both_editors_buurten_stand_after_a_rebase(api: TestClient) -> None:
    one, other = Editor(api), Editor(api)
    west, east = sorted(one.plan()["blocks"])[0], sorted(one.plan()["blocks"])[-1]
    one.do("create_buurt", names={"nl": "West"}, blocks=[west])
    other.do("create_buurt", names={"nl": "Oost"}, blocks=[east])
    other.do("set_colour", buurt=f"{CODE}-02", colour="#aa0000")
    assert one.publish().status_code == 200
    assert slug(other.publish()) == (409, "outdated-draft")
    rebased = other.rebase()
    assert rebased.status_code == 200, rebased.text
    said = rebased.json()
    assert (said["replayed"], said["left_out"], said["overridden"]) == (2, [], [])
    # Both had taken the next number; the buurt that is published keeps it.
    taken = said["codes"][f"{CODE}-02"]
    plan = other.plan()
    assert plan["blocks"][west] == f"{CODE}-02"
    assert plan["blocks"][east] == taken
    named = {buurt["code"]: (buurt["names"]["nl"], buurt["colour"]) for buurt in plan["buurten"]}
    assert named[f"{CODE}-02"] == ("West", None)
    assert named[taken] == ("Oost", "#aa0000")
    assert slug(other.rebase()) == (409, "nothing-to-rebase")
    published = other.publish()
    assert published.status_code == 200, published.text
    assert published.json()["version"] == said["onto"]["version"] + 1


def test_all_that_was_replayed_can_be_undone_down_to_the_newer_plan(api: TestClient) -> None:
    one, other = Editor(api), Editor(api)
    blocks = sorted(one.plan()["blocks"])
    one.do("create_buurt", names={"nl": "West"}, blocks=blocks[:2])
    published = one.publish().json()["id"]
    other.do("create_buurt", names={"nl": "Oost"}, blocks=blocks[-2:])
    other.do("rename_buurt", buurt=FIRST, names={"nl": "Midden"})
    other.do("assign_blocks", blocks=blocks[5:6], buurt=f"{CODE}-02")
    other.ask(":undo")
    assert other.rebase().json()["replayed"] == 2
    assert [entry["number"] for entry in api.get(f"{other.url}/log").json()["entries"]] == [1, 2]
    assert slug(other.ask(":redo")) == (409, "nothing-to-undo")
    for _ in range(2):
        assert other.ask(":undo").status_code == 200
    newest, undone = api.get(f"/v1/plans/{published}").json(), other.plan()
    assert undone["blocks"] == newest["blocks"]
    assert undone["buurten"] == newest["buurten"]
    assert other.ask(":redo").status_code == 200


def test_what_does_not_apply_is_told_and_left_out_only_if_that_is_said(api: TestClient) -> None:
    first = Editor(api)
    blocks = sorted(first.plan()["blocks"])
    first.do("create_buurt", names={"nl": "West"}, blocks=blocks[:2])
    assert first.publish().status_code == 200
    one, other = Editor(api), Editor(api)
    one.do("merge_buurten", into=FIRST, others=[f"{CODE}-02"])
    one.do("rename_buurt", buurt=FIRST, names={"nl": "Alles"})
    assert one.publish().status_code == 200
    other.do("rename_buurt", buurt=f"{CODE}-02", names={"nl": "Verdwenen"})
    other.do("rename_buurt", buurt=FIRST, names={"nl": "Alles"})
    other.do("set_live", buurt=FIRST, live=False)
    before = other.plan()
    refused = other.rebase()
    assert slug(refused) == (409, "rebase-conflict")
    [error] = refused.json()["errors"]
    assert error["field"] == "/log/1"
    assert error["detail"] == f"this draft has no buurt '{CODE}-02'"
    for language, text in (("nl", "Dat heeft dit plan niet"), ("fr", "Ce plan ne l'a pas")):
        [error] = other.rebase(lang=language).json()["errors"]
        assert error == {"field": "/log/1", "detail": f"{text} ({CODE}-02)"}
    assert other.plan() == before
    said = other.rebase(skip=True, lang="fr").json()
    assert said["replayed"] == 1
    assert [(left["number"], left["already_so"]) for left in said["left_out"]] == [(1, False), (2, True)]
    assert [left["reason"] for left in said["left_out"]] == [
        f"Ce plan ne l'a pas ({CODE}-02)",
        f"Le plan est déjà ainsi ({FIRST})",
    ]
    [buurt] = other.plan()["buurten"]
    assert (buurt["names"]["nl"], buurt["live"]) == ("Alles", False)


def test_blocks_that_both_have_moved_are_listed(api: TestClient) -> None:
    one, other = Editor(api), Editor(api)
    blocks = sorted(one.plan()["blocks"])
    one.do("create_buurt", names={"nl": "West"}, blocks=blocks[:3])
    assert one.publish().status_code == 200
    other.do("create_buurt", names={"nl": "Anders"}, blocks=blocks[2:5])
    said = other.rebase().json()
    assert said["overridden"] == [{"number": 1, "op": "create_buurt", "blocks": [blocks[2]], "buurten": []}]
    assert other.plan()["blocks"][blocks[2]] == said["codes"][f"{CODE}-02"]


def test_a_part_that_is_other_ground_now_is_no_longer_moved(api: TestClient) -> None:
    one, other = Editor(api), Editor(api)
    features = api.get(f"{one.url}/blocks").json()["features"]
    sector = max(features, key=lambda each: shapely.geometry.shape(each["geometry"]).area)
    west, south, east, north = shapely.geometry.shape(sector["geometry"]).bounds
    for editor, share in ((one, 0.4), (other, 0.6)):
        at = south + share * (north - south)
        line = [[west - 0.001, at], [east + 0.001, at]]
        editor.do("cut_blocks", blocks=[sector["id"]], line=line)
    part = f"{sector['id']}/1"
    one.do("create_buurt", names={"nl": "Deel"}, blocks=[part])
    other.do("create_buurt", names={"nl": "Ander deel"}, blocks=[part])
    assert one.publish().status_code == 200
    refused = other.rebase()
    assert slug(refused) == (409, "rebase-conflict")
    assert {error["field"] for error in refused.json()["errors"]} == {"/log/1", "/log/2"}
    said = other.rebase(skip=True).json()
    assert (said["replayed"], len(said["left_out"])) == (0, 2)


def test_a_rebase_needs_the_revision_and_a_newer_plan(api: TestClient) -> None:
    one = Editor(api)
    assert slug(one.rebase()) == (409, "nothing-to-rebase")
    one.do("rename_buurt", buurt=FIRST, names={"nl": "Anders"})
    one.revision = 1
    assert slug(one.ask(":rebase", {})) in ((412, "draft-changed"), (409, "nothing-to-rebase"))
    assert slug(api.post(f"{one.url}:rebase", json={})) == (428, "if-match-missing")
