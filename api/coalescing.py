"""Questions that come in at the same time, answered together: a batch costs little more than one of its questions."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import orjson

from api.answers import describe_verification
from api.atlas import Atlas
from api.member_models import VerificationWithEligibility
from api.models import VerificationRequest
from api.reason_texts import AddressLanguage
from api.verifying import Verification, verify_many

MOST_TURNS: Final = 4
"""How many more turns of the loop a batch that grows is held for: each costs some ten microseconds."""


class EncodedAnswer(NamedTuple):
    """An answer as it is sent."""

    body: bytes
    """JSON of a `VerificationWithEligibility` that was not asked for the latter."""
    verdict: str


def verify_questions(atlas: Atlas, questions: Sequence[VerificationRequest]) -> list[Verification]:
    """Answer questions, those that want the same of their answers together.

    Raises
    ------
    NothingActiveError
        No addresses are active (in a question's country, where it names one).
    """
    alike: dict[tuple[AddressLanguage, bool], list[int]] = {}
    for place, question in enumerate(questions):
        alike.setdefault((question.address_language, question.require_box), []).append(place)
    found: dict[int, Verification] = {}
    for (lang, require_box), places in alike.items():
        queries = [questions[place].query() for place in places]
        found.update(zip(places, verify_many(atlas, queries, lang=lang, require_box=require_box), strict=True))
    return [found[place] for place in range(len(questions))]


def encode_answers(atlas: Atlas, questions: Sequence[VerificationRequest]) -> list[EncodedAnswer]:
    """Answer questions as they are sent.

    Raises
    ------
    NothingActiveError
        As `verify_questions`.
    """
    answers: list[EncodedAnswer] = []
    for question, verification in zip(questions, verify_questions(atlas, questions), strict=True):
        described = describe_verification(verification, question.language)
        answer: VerificationWithEligibility = {**described, "eligibility": None}
        answers.append(EncodedAnswer(orjson.dumps(answer), described["verdict"].value))
    return answers


class VerificationDesk:
    """Answers the questions of one event loop: those of one turn of the loop as a batch, at its end.

    While every turn brings more, a batch waits for `MOST_TURNS` of them. A question that is alone waits for nobody, and
    each is answered as if it were asked alone.
    """

    def __init__(self, atlas: Callable[[], Atlas]) -> None:
        self._atlas = atlas
        self._waiting: list[tuple[VerificationRequest, asyncio.Future[EncodedAnswer]]] = []
        self._seen = 0
        """How many of them waited a turn before."""
        self._turns = 0

    async def answer(self, question: VerificationRequest) -> EncodedAnswer:
        """Answer a question.

        Raises
        ------
        NothingActiveError
            No addresses are active (in the question's country, where it names one).
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[EncodedAnswer] = loop.create_future()
        self._waiting.append((question, answer))
        if len(self._waiting) == 1:
            # Comes behind every request that is ready to go on in this turn.
            self._seen, self._turns = 1, 0
            loop.call_soon(self._answer_or_wait)
        return await answer

    def _answer_or_wait(self) -> None:
        if len(self._waiting) > self._seen and self._turns < MOST_TURNS:
            self._seen, self._turns = len(self._waiting), self._turns + 1
            asyncio.get_running_loop().call_soon(self._answer_or_wait)
        else:
            self._answer()

    def _answer(self) -> None:
        asked, self._waiting = self._waiting, []
        atlas = self._atlas()
        answers: list[EncodedAnswer] | None
        try:
            answers = encode_answers(atlas, [question for question, _ in asked])
        except Exception:  # noqa: BLE001 -- one of them fails the batch: below each fails, or not, by itself
            answers = None
        for place, (question, answer) in enumerate(asked):
            if answer.done():  # nobody waits for it any more
                continue
            try:
                answer.set_result(answers[place] if answers else encode_answers(atlas, [question])[0])
            except Exception as error:  # noqa: BLE001 -- whoever asked is told
                answer.set_exception(error)
