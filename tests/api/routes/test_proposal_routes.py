"""Proposals over HTTP: as JSON, as a stream of events from a real server, and ended by a caller that hangs up."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ServerSettings, StoreSettings
from boundaries.proposals import Proposal, ProposalCancelledError, propose, proposing
from tests.waiting import wait_until

PATH = "/v1/municipalities/99001/plans:propose"
ASKED = {"alternatives": 2, "seed": 7, "least": 200, "target": 400, "most": 900}


def test_an_alternative_tells_its_scores_and_what_a_draft_is_sent(client: TestClient) -> None:
    answered = client.post(PATH, json=ASKED)
    assert answered.headers["vary"] == "Accept"
    first, second = answered.json()["alternatives"]
    assert (first["aim"], second["aim"]) == ("balanced", "closest-to-target")
    assert first["scores"]["buurten"] == len(first["buurten"]) == len(first["operation"]["groups"])
    assert [group["blocks"] for group in first["operation"]["groups"]] == [b["sectors"] for b in first["buurten"]]


def test_a_buurt_outside_the_band_says_why_and_whether_that_is_proved(client: TestClient) -> None:
    asked = ASKED | {"least": 900_000, "target": 900_000, "most": 1_000_000}
    [alternative, *_] = client.post(PATH, json=asked).json()["alternatives"]
    [buurt] = alternative["buurten"]
    [exception] = alternative["exceptions"]
    assert exception == {
        "group": 0,
        "kind": "island",
        "proved": True,
        "reason": exception["reason"],
        "codes": buurt["sectors"],
    }
    assert "fewer than 900,000" in exception["reason"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"barriers": {"type": "Point", "coordinates": [4, 51]}}, "/barriers"),
        ({"most": 300}, "/target"),
        ({"diligence": "lazy"}, "/diligence"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_by_its_field(
    client: TestClient, change: dict[str, Any], field: str
) -> None:
    refused = client.post(PATH, json=ASKED | change)
    assert refused.status_code == 422
    assert field in json.dumps(refused.json())


def test_a_form_that_there_is_not_is_refused(client: TestClient) -> None:
    assert client.post(PATH, json=ASKED, headers={"Accept": "text/csv"}).status_code == 406


@pytest.fixture
def server(store_settings: StoreSettings) -> Iterator[str]:
    """A real server in this process, so that a test can see its threads end."""
    config = uvicorn.Config(create_app(store_settings, ServerSettings()), port=0, log_level="error", ws="none")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    wait_until(lambda: running.started)
    port = running.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join(30)


def events_of(text: str) -> list[tuple[str, Any]]:
    parts = [part.split("\n") for part in text.strip().split("\n\n")]
    return [(kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for kind, data in parts]


def test_events_tell_the_progress_and_then_the_same_answer(server: str, admin: dict[str, str]) -> None:
    streamed = httpx2.post(server + PATH, json=ASKED, headers=admin | {"Accept": "text/event-stream"}, timeout=60)
    assert streamed.headers["content-type"].startswith("text/event-stream")
    *progress, (last, found) = events_of(streamed.text)
    assert {kind for kind, _ in progress} == {"progress"}
    assert last == "proposals"
    assert found == httpx2.post(server + PATH, json=ASKED, headers=admin, timeout=60).json()


def read_a_little(url: str, asked: dict[str, Any], headers: dict[str, str]) -> None:
    """Read some lines of an answer, or wait for it a while, and hang up."""
    with httpx2.stream("POST", url, json=asked, headers=headers, timeout=1.5) as answer:
        for number, _ in enumerate(answer.iter_lines()):
            if number > 5:
                raise httpx2.ReadTimeout("seen enough")


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
def test_a_caller_that_hangs_up_ends_the_work(
    server: str, admin: dict[str, str], accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So long a search that only being ended ends it in a test's time.
    monkeypatch.setattr(proposing, "_MOVES", dict.fromkeys(proposing._MOVES, 2_000_000))
    ended: list[bool] = []

    def watched(*given: Any, **options: Any) -> list[Proposal]:
        ended.clear()
        try:
            return propose(*given, **options)
        except ProposalCancelledError:
            ended.append(True)
            raise

    monkeypatch.setattr("api.routes.proposals.propose", watched)
    asked = ASKED | {"alternatives": 4}
    headers = admin | {"Accept": accept}
    with pytest.raises(httpx2.ReadTimeout):
        read_a_little(server + PATH, asked, headers)
    wait_until(lambda: bool(ended))
