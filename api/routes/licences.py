"""`/v1/licences`: what accepted quotes license, and which licences end soon."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import needs
from api.models import Day
from api.quote_models import LicenceAnswer, LicenceList
from api.quote_problems import described_quotes
from data.api_keys import Scope
from data.quotes.licences import list_licences, list_renewals
from data.store import Store


def licences_router(store: Store, clock: Callable[[], datetime]) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1/licences", tags=["licences"], dependencies=[needs(Scope.SALES)])

    @router.get("", responses=described_quotes(422))
    def show_licences(
        municipality: Annotated[str | None, Query(max_length=40, description="Only of this municipality.")] = None,
        on: Annotated[Day | None, Query(description="Only those in force on this day.")] = None,
    ) -> LicenceList:
        """List licences by their first day."""
        with store.reading() as session:
            return LicenceList(data=[LicenceAnswer.of(found) for found in list_licences(session, municipality, on=on)])

    @router.get("/renewals", responses=described_quotes(422))
    def show_renewals(
        within_days: Annotated[int, Query(ge=0, le=1_000, description="How far ahead.")] = 120,
    ) -> LicenceList:
        """List the licences that end soon and have no successor, the earliest first."""
        with store.reading() as session:
            due = list_renewals(session, clock().date(), within_days=within_days)
            return LicenceList(data=[LicenceAnswer.of(found) for found in due])

    return router
