"""`POST /v1/verifications`: does this address exist, and in which buurt is it."""

from collections.abc import Callable

from fastapi import APIRouter

from api.access import needs
from api.atlas import Atlas
from api.models import VerificationAnswer, VerificationRequest
from api.problems import described
from api.verifying import verify
from data.api_keys import Scope


def verifications_router(atlas: Callable[[], Atlas]) -> APIRouter:
    """Build the route."""
    router = APIRouter(prefix="/v1", tags=["verifications"], dependencies=[needs(Scope.SIGNUP)])

    @router.post("/verifications", responses=described(404, 413, 422))
    async def verify_address(request: VerificationRequest) -> VerificationAnswer:
        """Find an address in the official register, and say in which sector and buurt it lies.

        `accept`: it is that address. `confirm`: something was corrected, so ask the person. `fix`: something is
        missing or does not exist; `reasons` and `components` say what, `alternatives` what may be meant.
        """
        current = atlas()
        verification = verify(current, request.query(), lang=request.address_language, require_box=request.require_box)
        return VerificationAnswer.of(verification, request.language)

    return router
