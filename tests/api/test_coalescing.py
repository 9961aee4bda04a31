"""Questions of the same moment are answered together, each as if it were asked alone; refusals are as everywhere."""

import asyncio
import base64
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.atlas import NothingActiveError
from api.coalescing import VerificationDesk, verify_questions
from api.models import VerificationRequest

QUESTIONS: list[dict[str, Any]] = [
    {"street": "Kerkstraat", "house_number": "6", "postcode": "9993"},
    {"line": "Kerkstrat 6, 9993 Demodorp"},
    {"line": "Kerkstraat 6, 9993 Demodorp", "language": "fr", "require_box": False},
    {"street": "Nowhere", "house_number": "1"},
]


def test_questions_at_once_are_answered_as_alone_and_one_that_fails_fails_alone(client: TestClient) -> None:
    atlas = client.app.state.process.keeper.current  # type: ignore[attr-defined]
    questions = [VerificationRequest(**question) for question in QUESTIONS]
    alone = [verify_questions(atlas, [question])[0] for question in questions]
    batches: list[int] = []

    class Counted(VerificationDesk):
        def _answer(self) -> None:
            batches.append(len(self._waiting))
            super()._answer()

    nowhere = type(atlas)(atlas.version, atlas.day, {"BE": atlas.countries["BE"]})
    dutch = VerificationRequest(street="Kerkstraat", house_number="6", country="NL")

    async def ask(desk: VerificationDesk, asked: list[VerificationRequest]) -> list[Any]:
        return await asyncio.gather(*(desk.verify(each) for each in asked), return_exceptions=True)

    assert asyncio.run(ask(Counted(lambda: atlas), questions)) == alone
    assert batches == [len(questions)]
    *answered, failed = asyncio.run(ask(Counted(lambda: nowhere), [questions[0], dutch]))
    assert [each.match for each in answered] == [alone[0].match]
    assert isinstance(failed, NothingActiveError)


@pytest.mark.parametrize(
    "media_type", ["application/json", "Application/JSON; charset=utf-8", "application/vnd.a+json"]
)
def test_the_lean_way_and_the_usual_one_give_the_same(client: TestClient, media_type: str) -> None:
    body = b'{"street": "Kerkstraat", "house_number": "6", "postcode": "9993"}'
    answer = client.post("/v1/verifications", content=body, headers={"Content-Type": media_type})
    batch = client.post("/v1/verifications:batch", json={"data": [json.loads(body)]})
    assert answer.status_code == batch.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == batch.json()["data"][0] | {"eligibility": None}


def test_what_is_not_plain_is_refused_as_everywhere(client: TestClient, admin: dict[str, str]) -> None:
    key = admin["Authorization"].removeprefix("Bearer ")
    basic = base64.b64encode(f"gis:{key}".encode()).decode()
    body = {"street": "Kerkstraat", "house_number": "6"}
    for header in (f"Basic {basic}", "Bearer nobody", ""):
        refused = client.post("/v1/verifications", json=body, headers={"Authorization": header})
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    wrong = client.post("/v1/verifications", json=body | {"houseNumber": "6", "require_box": "perhaps"})
    assert wrong.status_code == 422
    assert {error["field"] for error in wrong.json()["errors"]} == {"/houseNumber", "/require_box"}
    assert (
        client.post("/v1/verifications", content=b"{", headers={"Content-Type": "application/json"}).status_code == 422
    )
