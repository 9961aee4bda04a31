"""Plain verifications and the route of verifications answer, refuse and count the same."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.routes import verifications

PLAIN, USUAL = "application/json", "application/json; charset=utf-8"
PATH = "/v1/verifications"
KERKSTRAAT = {"street": "Kerkstraat", "house_number": "6", "postcode": "9993"}
EACH_TIME = frozenset(("x-request-id", "ratelimit", "date"))
TEXTS = st.sampled_from(
    ("Kerkstraat", "Kerkstrat", "rue de l'Église", "6", "6A", "9993", "Demodorp", "", "\u00e9\ud83d\ude00")
)
VALUES = (
    TEXTS | st.none() | st.integers(-5, 10_000) | st.booleans() | st.lists(TEXTS, max_size=2) | st.text(max_size=300)
)
FIELDS = ("street", "house_number", "box", "postcode", "municipality", "line", "country", "houseNumber")
QUESTIONS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5) | st.fixed_dictionaries(
    {"line": TEXTS},
    optional={
        "language": st.sampled_from(("nl", "fr", "en", "de", 1)),
        "require_box": st.sampled_from((True, False, "yes", 1)),
        "eligibility": st.sampled_from((True, False, None)),
        "country": st.sampled_from(("BE", "NL", "LU")),
    },
)
BODIES = st.builds(json.dumps, QUESTIONS).map(str.encode) | st.binary(max_size=40) | st.just(b"[" * 40)


def told(answer: httpx2.Response) -> tuple[int, dict[str, str], Any]:
    """Return what an answer says, but for what is another each time."""
    body = answer.json()
    if not answer.is_success:
        body.pop("request_id", None)
    return answer.status_code, {name: each for name, each in answer.headers.items() if name not in EACH_TIME}, body


def ask(client: TestClient, body: bytes, media_type: str) -> httpx2.Response:
    """Ask with a body that is said to be of a media type."""
    return client.post(PATH, content=body, headers={"Content-Type": media_type})


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(BODIES)
def test_every_body_is_answered_as_by_the_route(client: TestClient, body: bytes) -> None:
    assert told(ask(client, body, PLAIN)) == told(ask(client, body, USUAL))


def test_plain_questions_do_not_reach_the_route(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = told(ask(client, json.dumps(KERKSTRAAT).encode(), USUAL))
    reached: list[object] = []
    answered_by_route = verifications.verify_questions

    def verify(*asked: Any) -> Any:
        reached.append(asked)
        return answered_by_route(*asked)

    monkeypatch.setattr(verifications, "verify_questions", verify)
    assert told(client.post(PATH, json=KERKSTRAAT)) == expected
    assert not reached
    ask(client, json.dumps(KERKSTRAAT).encode(), USUAL)
    assert reached


def test_a_body_in_pieces_is_answered(client: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        body = json.dumps(KERKSTRAAT).encode()
        yield body[:10]
        yield body[10:]

    answer = client.post(PATH, content=pieces(), headers={"Content-Type": PLAIN})
    assert told(answer) == told(client.post(PATH, json=KERKSTRAAT))


def test_batches_give_the_same(client: TestClient) -> None:
    answer = client.post(PATH, json=KERKSTRAAT)
    batch = client.post("/v1/verifications:batch", json={"data": [KERKSTRAAT]})
    assert answer.status_code == batch.status_code == 200
    assert answer.json() == batch.json()["data"][0] | {"eligibility": None}


def test_what_is_not_plain_is_refused_as_everywhere(client: TestClient, admin: dict[str, str]) -> None:
    key = admin["Authorization"].removeprefix("Bearer ")
    basic = base64.b64encode(f"gis:{key}".encode()).decode()
    for header in (f"Basic {basic}", "Bearer nobody", ""):
        refused = client.post(PATH, json=KERKSTRAAT, headers={"Authorization": header})
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert client.post(f"{PATH}?lang=nl", json=KERKSTRAAT).status_code == 422
    assert ask(client, b"<a/>", "text/xml").status_code == 422
    wrong = client.post(PATH, json=KERKSTRAAT | {"houseNumber": "6", "require_box": "perhaps"})
    assert wrong.status_code == 422
    assert {error["field"] for error in wrong.json()["errors"]} == {"/houseNumber", "/require_box"}
