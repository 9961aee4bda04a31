"""`GET /v1/plans/{id}/export` and `POST /v1/municipalities/{code}/plans:import`: plans as files."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.access import OpsCaller, needs
from api.atlas import Atlas
from api.drafting import DraftDesk, plan_state
from api.plan_models import PlanSummary
from api.plan_problems import described_plans
from api.routes.plans import ETAG, PlanId
from api.routes.rules import MunicipalityCode, require_municipality
from data.api_keys import Scope
from data.plans.drafts import new_draft_id
from data.plans.plan_files import MEDIA_TYPES, PlanFormat, begin_from_file, write_plan_file
from data.store import Store

IMPORT_ENDING = "/plans:import"
"""Paths that end so take larger bodies than others."""
_SCHEMAS: dict[str, Any] = {
    MEDIA_TYPES[PlanFormat.GEOJSON]: {"schema": {"type": "object"}},
    MEDIA_TYPES[PlanFormat.GPKG]: {"schema": {"type": "string", "format": "binary"}},
    MEDIA_TYPES[PlanFormat.CSV]: {"schema": {"type": "string"}},
}
_FILE: dict[int | str, dict[str, Any]] = {200: {"content": _SCHEMAS, "description": "The plan as a file."}}
FormatQuery = Annotated[PlanFormat, Query(alias="f", description="The file's format.")]


def plan_files_router(
    atlas: Callable[[], Atlas], store: Store, desk: DraftDesk, clock: Callable[[], datetime]
) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["plans"])

    @router.get(
        "/plans/{plan_id}/export",
        dependencies=[needs(Scope.VIEWER)],
        response_class=Response,
        responses=described_plans(404, 422) | _FILE,
    )
    def export_plan(plan_id: PlanId, form: FormatQuery = PlanFormat.CSV) -> Response:
        """Return a plan as a file that `plans:import` reads back exactly, cuts included."""
        with store.reading() as session:
            state, base = plan_state(session, desk, plan_id)
            content = write_plan_file(session, state, base, form)
        name = {"Content-Disposition": f'attachment; filename="plan-{plan_id}.{form}"'}
        return Response(content, media_type=MEDIA_TYPES[form], headers=name)

    @router.post(
        "/municipalities/{code}/plans:import",
        status_code=201,
        responses=described_plans(404, 413, 422) | {201: ETAG},
        openapi_extra={"requestBody": {"required": True, "content": _SCHEMAS}},
    )
    async def import_plan(
        code: MunicipalityCode,
        form: FormatQuery,
        request: Request,
        caller: OpsCaller,
        response: Response,
        title: Annotated[str, Query(min_length=1, max_length=200)] = "From a file",
    ) -> PlanSummary:
        """Begin a draft from a file that `export` wrote, or from a CSV with the columns block (or sector) and buurt.

        The draft begins from the plan that was published last; what the file changes is one step that can be undone.
        """
        require_municipality(atlas(), code)
        content = await request.body()
        summary = await asyncio.to_thread(begin, code, content, form, title, caller.key_id)
        response.headers["ETag"] = f'"{summary.revision}"'
        response.headers["Location"] = f"/v1/plans/{summary.id}"
        return summary

    def begin(code: str, content: bytes, form: PlanFormat, title: str, by: str) -> PlanSummary:
        with store.writing() as session:
            row = begin_from_file(
                session,
                code,
                content,
                form,
                desk.counter(code),
                title=title,
                source=title,
                by=by,
                now=clock(),
                make_token=new_draft_id,
            )
        return PlanSummary.of_draft(row)

    return router
