"""Accounts of staff and associations: granted by the municipality for some buurten, counted, revoked."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import needs
from api.atlas import Atlas
from api.member_models import Token
from api.member_problems import described_refusals
from api.models import Day
from api.problems import described
from api.routes.rules import MunicipalityCode, require_municipality
from api.staff_models import StaffAnswer, StaffArea, StaffCountsAnswer, StaffRequest
from data.api_keys import Scope
from data.members.staff import buurten_on, count_staff, grant, revoke
from data.store import Store
from households.dwelling_keys import HouseholdKeys

OnDay = Annotated[Day | None, Query(description="By default today (UTC).")]


def staff_router(
    atlas: Callable[[], Atlas], store: Store, keys: HouseholdKeys, clock: Callable[[], datetime]
) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["staff"])

    @router.post(
        "/municipalities/{code}/staff",
        status_code=201,
        dependencies=[needs(Scope.OPS)],
        responses=described_refusals(404, 409, 413, 422),
    )
    def grant_staff_account(code: MunicipalityCode, request: StaffRequest) -> StaffAnswer:
        """Give somebody an account for some buurten of a municipality, which has verified the person.

        It is no household of members, and is counted apart.
        """
        require_municipality(atlas(), code)
        with store.writing() as session:
            account = grant(
                session,
                keys,
                request.email,
                request.role,
                code,
                request.work_areas(),
                now=clock(),
                make_token=lambda: secrets.token_urlsafe(18),
            )
            return StaffAnswer(id=account.id)

    @router.get("/municipalities/{code}/staff", dependencies=[needs(Scope.VIEWER)], responses=described(404, 422))
    def count_staff_accounts(code: MunicipalityCode, day: OnDay = None) -> StaffCountsAnswer:
        """Count the accounts that work in a municipality on a day, by role and buurt."""
        require_municipality(atlas(), code)
        on = day or clock().date()
        with store.reading() as session:
            return StaffCountsAnswer.of(code, on, count_staff(session, code, on))

    @router.get("/staff/{staff_id}/buurten", dependencies=[needs(Scope.SIGNUP)], responses=described_refusals(404, 422))
    def show_staff_buurten(staff_id: Token, day: OnDay = None) -> StaffArea:
        """Return the buurten that an account works in on a day: all that it may see."""
        on = day or clock().date()
        with store.reading() as session:
            return StaffArea(day=on, buurten=buurten_on(session, staff_id, on))

    @router.delete(
        "/staff/{staff_id}",
        status_code=204,
        dependencies=[needs(Scope.OPS)],
        responses=described_refusals(404, 422),
    )
    def revoke_staff_account(staff_id: Token) -> Response:
        """End an account at once."""
        with store.writing() as session:
            revoke(session, staff_id, clock())
        return Response(status_code=204)

    return router
