"""`POST /v1/verifications:batch`: many addresses in one request, each answered as if it were asked alone."""

from collections import Counter
from collections.abc import Callable

import orjson
from fastapi import APIRouter, Request, Response

from api.access import needs
from api.address_models import MOST_QUESTIONS, VerificationBatchAnswer, VerificationBatchRequest
from api.answers import describe_verification
from api.atlas import Atlas
from api.coalescing import verify_questions
from api.problems import described
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
        verifications = verify_questions(atlas(), request.data)
        http.state.verdicts = Counter(verification.match.verdict.value for verification in verifications)
        answers = [
            describe_verification(verification, question.language)
            for question, verification in zip(request.data, verifications, strict=True)
        ]
        answer: VerificationBatchAnswer = {"data": answers}
        return Response(orjson.dumps(answer), media_type="application/json")

    return router
