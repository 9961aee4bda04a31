"""`POST /v1/verifications:batch`: many addresses in one request, each answered as if it were asked alone."""

from collections import Counter
from collections.abc import Callable, Sequence

from fastapi import APIRouter, Request, Response

from api.access import needs
from api.address_models import MOST_QUESTIONS, VerificationBatchAnswer, VerificationBatchRequest
from api.atlas import Atlas
from api.models import VerificationAnswer, VerificationRequest
from api.problems import described
from api.reason_texts import AddressLanguage
from api.verifying import Verification, verify_many
from data.api_keys import Scope

BATCH_PATH = "/v1/verifications:batch"


def verification_batches_router(atlas: Callable[[], Atlas]) -> APIRouter:
    """Build the route."""
    router = APIRouter(tags=["verifications"], dependencies=[needs(Scope.SIGNUP)])

    # Not a coroutine: it runs in the thread pool, and so does writing the answer.
    @router.post(
        BATCH_PATH,
        response_model=VerificationBatchAnswer,
        responses=described(404, 413, 422),
        description=f"""\
Find up to {MOST_QUESTIONS:,} addresses, and say in which sector and buurt they lie. The answers come in the order of
the questions; each is what `POST /v1/verifications` says of the same question. All or none are answered: a question
that would be refused alone refuses the batch.""",
    )
    def verify_addresses(request: VerificationBatchRequest, http: Request) -> Response:
        verifications = _verify(atlas(), request.data)
        http.state.verdicts = Counter(verification.match.verdict.value for verification in verifications)
        answers = [
            VerificationAnswer.of(verification, question.language).model_dump_json()
            for question, verification in zip(request.data, verifications, strict=True)
        ]
        return Response(f'{{"data":[{",".join(answers)}]}}', media_type="application/json")

    return router


def _verify(atlas: Atlas, questions: Sequence[VerificationRequest]) -> list[Verification]:
    """Answer questions, those that want the same of their answers together."""
    alike: dict[tuple[AddressLanguage, bool], list[int]] = {}
    for place, question in enumerate(questions):
        alike.setdefault((question.address_language, question.require_box), []).append(place)
    found: dict[int, Verification] = {}
    for (lang, require_box), places in alike.items():
        queries = [questions[place].query() for place in places]
        found.update(zip(places, verify_many(atlas, queries, lang=lang, require_box=require_box), strict=True))
    return [found[place] for place in range(len(questions))]
