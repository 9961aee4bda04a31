"""`/v1/municipalities/{code}/households`: the households of a municipality and its buurten on a day."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import needs
from api.atlas import Atlas
from api.household_models import MunicipalityHouseholds
from api.plan_problems import described_plans
from api.routes.rules import MunicipalityCode, require_municipality
from data.api_keys import Scope
from data.buurt_counts import count_buurten
from data.directory import DataDirectory
from data.household_counts import read_basis
from data.store import Store
from data.tables import country_of
from households.dwelling_keys import HouseholdKeys

AsOf = Annotated[date | None, Query(description="The day whose plan and members count; by default today (UTC).")]


def households_router(
    atlas: Callable[[], Atlas],
    store: Store,
    directory: DataDirectory,
    keys: HouseholdKeys | None,
    clock: Callable[[], datetime],
) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["households"], dependencies=[needs(Scope.VIEWER)])

    @router.get("/municipalities/{code}/households", responses=described_plans(404, 422))
    def show_households(code: MunicipalityCode, as_of: AsOf = None) -> MunicipalityHouseholds:
        """Count the households, dwellings and member households of a municipality, per buurt and in all."""
        require_municipality(atlas(), code)
        return count_municipality(store, directory, keys, clock(), code, as_of)

    return router


def count_municipality(
    store: Store, directory: DataDirectory, keys: HouseholdKeys | None, now: datetime, code: str, as_of: date | None
) -> MunicipalityHouseholds:
    """Count a municipality by the plan of a day and the members at its end, or at present if it is not over."""
    day = as_of or now.date()
    at = now if day >= now.date() else datetime.combine(day + timedelta(days=1), time(), UTC)
    with store.reading() as session:
        basis = read_basis(session, directory, country_of(code))
        counted = count_buurten(session, basis, code, day, at, keys)
    return MunicipalityHouseholds.of(counted, basis.releases.names, day)
