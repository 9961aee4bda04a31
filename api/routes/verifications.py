"""`POST /v1/verifications`: does this address exist, in which buurt is it, and may somebody there join."""

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool

from api.access import needs
from api.answers import describe_verification
from api.atlas import Atlas
from api.coalescing import verify_questions
from api.eligibility import judge_address
from api.member_models import EligibilityAnswer, VerificationQuestion, VerificationWithEligibility
from api.member_problems import NoMembersError, described_refusals
from api.plain_verifications import VERIFICATIONS_PATH
from api.verifying import Verification
from data.api_keys import Scope
from data.store import Store
from households.dwelling_keys import HouseholdKeys
from households.eligibility import Eligibility


def verifications_router(
    atlas: Callable[[], Atlas],
    store: Store,
    keys: HouseholdKeys | None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> APIRouter:
    """Build the route.

    Parameters
    ----------
    keys
        Keys of households; without them nobody's eligibility can be judged.
    """
    router = APIRouter(tags=["verifications"], dependencies=[needs(Scope.LOOKUP)])

    @router.post(VERIFICATIONS_PATH, responses=described_refusals(404, 409, 413, 422, 503))
    async def verify_address(request: VerificationQuestion, http: Request) -> VerificationWithEligibility:
        """Find an address in the official register, and say in which sector and buurt it lies.

        `accept`: it is that address. `confirm`: something was corrected, so ask the person. `fix`: something is
        missing or does not exist; `reasons` and `components` say what, `alternatives` what may be meant.

        With `eligibility` the municipality's rules are applied too, for the corrected address where one was corrected.
        A key with the scope `lookup` alone, which a page shows to everybody, is not told of the dwelling's members.
        """
        if request.eligibility and keys is None:
            raise NoMembersError("this server has no keys of households, so it cannot say who may join")
        verification = verify_questions(atlas(), [request])[0]
        http.state.verdicts = {verification.match.verdict.value: 1}
        answer: VerificationWithEligibility = {
            **describe_verification(verification, request.language),
            "eligibility": None,
        }
        if request.eligibility and keys is not None:
            # The store is asked, so not on the loop that answers lookups.
            of_members = Scope.SIGNUP in http.state.caller.scopes
            eligibility = await run_in_threadpool(_judge, keys if of_members else None, verification)
            answer["eligibility"] = EligibilityAnswer.of(eligibility, request.language)
        return answer

    def _judge(keys: HouseholdKeys | None, verification: Verification) -> Eligibility:
        with store.reading() as session:
            return judge_address(session, keys, verification, clock().date())

    return router
