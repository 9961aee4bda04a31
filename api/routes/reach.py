"""`/v1/reach`: whom a message to an area, a street or some addresses reaches."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from fastapi import APIRouter

from api.access import needs
from api.plan_problems import described_plans
from api.reach_models import ReachAnswer, ReachRequest
from data.api_keys import Scope
from data.directory import DataDirectory
from data.plans.published import PublishedPlan
from data.reach_counts import count_reach
from data.selection import select_dwellings
from data.store import Store
from households.dwelling_keys import HouseholdKeys
from households.reach import BuurtInReach, reach

REACH_PATH = "/v1/reach"


def reach_router(
    store: Store,
    directory: DataDirectory,
    keys: HouseholdKeys | None,
    smallest_shown: int,
    clock: Callable[[], datetime],
) -> APIRouter:
    """Build the route."""
    router = APIRouter(tags=["reach"], dependencies=[needs(Scope.VIEWER)])

    @router.post(REACH_PATH, responses=described_plans(404, 413, 422))
    def show_reach(request: ReachRequest) -> ReachAnswer:
        """Count the households, dwellings and member households that a message reaches, per buurt and in all.

        Dwellings are those of the active register. Members are told from one table of buurten and parts of sectors,
        so that no two areas, however alike, tell of a single home; small numbers are withheld.
        """
        wish, now = request.wish(), clock()
        day = request.as_of or now.date()
        # Of a day that is over, its end; else the present.
        at = now if day >= now.date() else datetime.combine(day + timedelta(days=1), time(), UTC)
        reached: list[BuurtInReach] = []
        plans: dict[str, PublishedPlan] = {}
        releases: set[str] = set()
        with store.reading() as session:
            selection = select_dwellings(session, directory, wish, day)
            for selected in selection.municipalities:
                found = count_reach(session, selected, day, at, keys)
                whole = request.extent == "whole"
                reached += reach(found.parts, found.counted.member_table(smallest_shown), whole_buurten=whole)
                plans |= dict.fromkeys(selected.buurt_codes, selected.plan)
                releases |= set(selected.basis.releases.names)
        return ReachAnswer.of(
            reached,
            plans,
            request,
            day,
            releases=sorted(releases),
            threshold=smallest_shown,
            unknown_addresses=selection.unknown_addresses,
        )

    return router
