"""Questions of the same moment are answered together, each as if it were asked alone."""

import asyncio
from typing import Any

import orjson
from fastapi.testclient import TestClient

from api.answers import describe_verification
from api.atlas import NothingActiveError
from api.coalescing import MOST_TURNS, VerificationDesk, verify_questions
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
    alone = [
        orjson.dumps({**describe_verification(verify_questions(atlas, [each])[0], each.language), "eligibility": None})
        for each in questions
    ]
    batches: list[int] = []

    class Counted(VerificationDesk):
        def _answer(self) -> None:
            batches.append(len(self._waiting))
            super()._answer()

    nowhere = type(atlas)(atlas.version, atlas.day, {"BE": atlas.countries["BE"]})
    dutch = VerificationRequest(street="Kerkstraat", house_number="6", country="NL")

    async def ask(desk: VerificationDesk, asked: list[VerificationRequest]) -> list[Any]:
        return await asyncio.gather(*(desk.answer(each) for each in asked), return_exceptions=True)

    answered = asyncio.run(ask(Counted(lambda: atlas), questions))
    assert [each.body for each in answered] == alone
    assert [each.verdict for each in answered] == [orjson.loads(each)["verdict"] for each in alone]
    assert batches == [len(questions)]
    *answered, failed = asyncio.run(ask(Counted(lambda: nowhere), [questions[0], dutch]))
    assert [each.body for each in answered] == alone[:1]
    assert isinstance(failed, NothingActiveError)


def test_a_batch_waits_while_every_turn_brings_more(client: TestClient) -> None:
    atlas = client.app.state.process.keeper.current  # type: ignore[attr-defined]
    question = VerificationRequest(**QUESTIONS[0])
    batches: list[int] = []

    class Counted(VerificationDesk):
        def _answer(self) -> None:
            batches.append(len(self._waiting))
            super()._answer()

    async def ask(each_turn: int, turns: int) -> None:
        desk, asked = Counted(lambda: atlas), []
        for _ in range(turns):
            asked += [asyncio.create_task(desk.answer(question)) for _ in range(each_turn)]
            await asyncio.sleep(0)
        await asyncio.gather(*asked)

    asyncio.run(ask(1, 1))
    assert batches == [1]
    batches.clear()
    asyncio.run(ask(3, 20))
    assert sum(batches) == 60
    assert 3 * MOST_TURNS <= batches[0] <= 3 * (MOST_TURNS + 2)
