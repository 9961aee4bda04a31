"""`/v1/municipalities/{code}/plans` and `/v1/plans/{id}`: look at plans and drafts."""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response

from api.access import needs
from api.atlas import Atlas
from api.drafting import DraftDesk, plan_state
from api.history import buurt_on
from api.models import Day, Latitude, Longitude
from api.plan_models import (
    LogAnswer,
    LogEntry,
    PastPlace,
    PlanAnswer,
    PlanList,
    PlanSummary,
)
from api.plan_problems import described_plans
from api.routes.rules import MunicipalityCode, require_municipality
from api.sending import FAST, NOT_MODIFIED, REVALIDATED, Packed, is_known, unchanged
from boundaries.checks import CheckSettings
from data.api_keys import Scope
from data.directory import DataDirectory
from data.plans.drafts import (
    can_redo,
    entries_of,
    find_draft,
    list_drafts,
)
from data.plans.map_features import write_map_features
from data.plans.published import find_plan, list_plans, plan_on, sector_names
from data.store import Store
from data.store.models import Release

PLAN_ID = r"^([1-9][0-9]{0,8}|d-[A-Za-z0-9_-]{16})$"
PlanId = Annotated[
    str,
    Path(
        pattern=PLAN_ID,
        description="Number of a published plan, or identifier of a draft.",
        examples=["17", "d-4mBkT1mHnV0oTQhX"],
    ),
]
IfMatch = Annotated[str | None, Header(max_length=40, description="The draft's ETag that the editor has seen.")]
ETAG: dict[str, Any] = {"headers": {"ETag": {"description": "The draft's revision.", "schema": {"type": "string"}}}}
_GEOJSON: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/geo+json": {"schema": {"type": "object"}}}, "description": "GeoJSON, EPSG:4326."}
}


def plans_router(
    atlas: Callable[[], Atlas], store: Store, directory: DataDirectory, desk: DraftDesk, settings: CheckSettings
) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["plans"], dependencies=[needs(Scope.VIEWER)])

    @router.get("/municipalities/{code}/plans", responses=described_plans(404, 422))
    def show_plans(code: MunicipalityCode) -> PlanList:
        """List the drafts that are under way and the published plans of a municipality."""
        require_municipality(atlas(), code)
        with store.reading() as session:
            return PlanList(
                drafts=[PlanSummary.of_draft(row) for row in list_drafts(session, code)],
                plans=[PlanSummary.of_plan(plan) for plan in list_plans(session, code)],
            )

    @router.get("/municipalities/{code}/plans:on", responses=described_plans(404, 422))
    def show_plan_on(code: MunicipalityCode, day: Day) -> PlanSummary:
        """Return the plan of a municipality that held, holds or will hold on a day."""
        require_municipality(atlas(), code)
        with store.reading() as session:
            return PlanSummary.of_plan(plan_on(session, code, day).row)

    @router.get("/locate:on", responses=described_plans(404, 422))
    def locate_point_on(day: Day, lon: Annotated[Longitude, Query()], lat: Annotated[Latitude, Query()]) -> PastPlace:
        """Say in which buurt a point in EPSG:4326 was, is or will be on a day, and by which plan.

        The municipality is that of today's sectors; the sector is that of the release that the plan is drawn on.
        """
        current = atlas()
        place = current.locate(lon, lat)
        country, municipality_code = current.countries[place.country], place.municipality.code
        with store.reading() as session:
            plan, sector_code, buurt_code = buurt_on(session, directory, country, municipality_code, lon, lat, day)
        buurt = plan.buurten[buurt_code]
        return PastPlace(
            day=day,
            plan=PlanSummary.of_plan(plan.row),
            sector_code=sector_code,
            buurt_code=buurt_code,
            buurt_names=dict(buurt.names),
            release=plan.release.name,
        )

    @router.get("/plans/{plan_id:identifier}", responses=described_plans(404, 422) | {200: ETAG})
    def show_plan(plan_id: PlanId, response: Response) -> PlanAnswer:
        """Return a plan or a draft: its buurten with their counts, and the buurt of every block."""
        with store.reading() as session:
            state, base = plan_state(session, desk, plan_id)
            plan = find_plan(session, base)
            release = session.get_one(Release, plan.release_id)
            names = sector_names(session, release, {block.sector_code for block in state.blocks.values()})
            summary, undo, redo = PlanSummary.of_plan(plan), False, False
            if plan_id.startswith("d-"):
                row = find_draft(session, plan_id)
                summary, undo, redo = PlanSummary.of_draft(row), row.played > 0, can_redo(session, row)
                response.headers["ETag"] = f'"{row.revision}"'
        rates = desk.member_rates(state.municipality_code)
        return PlanAnswer.of(summary, state, settings, release.name, names, rates, can_undo=undo, can_redo=redo)

    @router.get(
        "/plans/{plan_id}/blocks",
        response_class=Response,
        responses=described_plans(404, 422) | _GEOJSON | NOT_MODIFIED,
    )
    def show_plan_blocks(
        plan_id: PlanId,
        if_none_match: Annotated[str | None, Header(max_length=1_000)] = None,
        accept_encoding: Annotated[str, Header(max_length=1_000)] = "",
    ) -> Response:
        """Return the blocks of a plan with their shapes, buurten and counts, as GeoJSON for the map.

        Positions are rounded to a centimetre; a draft is edited on its exact shapes, and exports have those.
        """
        with store.reading() as session:
            revision = find_draft(session, plan_id).revision if plan_id.startswith("d-") else None
            if revision is not None and is_known(etag := f'W/"{revision}"', if_none_match):
                return unchanged(etag)
            state, _ = plan_state(session, desk, plan_id)
        body = write_map_features(state)
        # A published plan is counted from the releases that are active; a draft keeps the counts that it began with.
        named = hashlib.sha256(body).hexdigest()[:32] if revision is None else revision
        etag = f'W/"{named}"'
        if is_known(etag, if_none_match):
            return unchanged(etag)
        headers = {"ETag": etag, "Cache-Control": REVALIDATED}
        return Packed.of(body, level=FAST).response(accept_encoding, "application/geo+json", headers)

    @router.get("/plans/{plan_id}/log", responses=described_plans(404, 422))
    def show_plan_log(plan_id: PlanId, since: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0) -> LogAnswer:
        """Return the operations of a draft that are in force, those later than a revision."""
        with store.reading() as session:
            return LogAnswer(
                entries=[LogEntry.of(entry) for entry in entries_of(session, find_draft(session, plan_id), since)]
            )

    return router
