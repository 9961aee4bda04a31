"""`POST /v1/municipalities/{code}/plans:import-areas`: polygons from elsewhere become a draft."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from api.access import OpsCaller
from api.atlas import Atlas
from api.drafting import DraftDesk
from api.plan_models import PlanSummary
from api.plan_problems import described_plans
from api.routes.plans import ETAG
from api.routes.rules import MunicipalityCode, require_municipality
from boundaries.cutting_areas import CUT_SNAP_M
from data.plans.drafts import new_draft_id
from data.plans.drawing_areas import AreaWish, begin_from_areas
from data.readers.mapping import ColumnMapping
from data.store import Store

IMPORT_AREAS_ENDING = "/plans:import-areas"


class AreaFormat(StrEnum):
    """A format of layers, by the ending of its files."""

    GEOJSON = "geojson"
    GPKG = "gpkg"
    PARQUET = "parquet"
    FLATGEOBUF = "fgb"
    ZIP = "zip"
    """A shapefile with its companions, or any one other layer."""


@dataclass(frozen=True, slots=True)
class _Query:
    form: Annotated[AreaFormat, Query(alias="f", description="The file's format.")]
    name: Annotated[str, Query(min_length=1, max_length=200, description="The column with the areas' names.")]
    overlap: Annotated[float, Query(gt=0, le=1, description="Least share of a sector that must lie in an area.")] = 0.5
    cut: Annotated[bool, Query(description="Cut sectors along the areas' borders.")] = False
    snap_m: Annotated[float, Query(gt=0, le=50, description="Borders nearer than this are one.")] = CUT_SNAP_M
    grow: Annotated[bool, Query(description="Grow the areas over the gaps to the municipality's border.")] = False
    crs: Annotated[str | None, Query(pattern="^EPSG:[0-9]{4,6}$", description="Where the file does not say it.")] = None
    repair: Annotated[bool, Query(description="Read invalid areas as GEOS repairs them.")] = False
    title: Annotated[str, Query(min_length=1, max_length=200)] = "From areas"


class AreasAnswer(BaseModel):
    """The draft, and what differs from the areas."""

    draft: PlanSummary
    report: dict[str, Any] = Field(
        description="`areas` with what each gained and lost in m²; `sectors` that lie in several; `unassigned` blocks; "
        "areas `without_blocks`; `findings` of the file."
    )


def area_files_router(
    atlas: Callable[[], Atlas], store: Store, desk: DraftDesk, clock: Callable[[], datetime]
) -> APIRouter:
    """Build the route."""
    router = APIRouter(prefix="/v1", tags=["plans"])
    binary = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}

    @router.post(
        "/municipalities/{code}/plans:import-areas",
        status_code=201,
        responses=described_plans(404, 413, 422) | {201: ETAG},
        openapi_extra={"requestBody": {"required": True, "content": binary}},
    )
    async def import_areas(
        code: MunicipalityCode,
        query: Annotated[_Query, Depends()],
        request: Request,
        caller: OpsCaller,
        response: Response,
    ) -> AreasAnswer:
        """Begin a draft whose buurten are areas drawn elsewhere, by whole sectors or by cutting them.

        Areas of the same name are one. An area that is called as a buurt of today's plan is that buurt.
        """
        require_municipality(atlas(), code)
        content = await request.body()
        answer = await asyncio.to_thread(begin, code, query, content, caller.key_id)
        response.headers["ETag"] = f'"{answer.draft.revision}"'
        response.headers["Location"] = f"/v1/plans/{answer.draft.id}"
        return answer

    def begin(code: str, query: _Query, content: bytes, by: str) -> AreasAnswer:
        mapping = ColumnMapping(columns={"name": query.name})
        wish = AreaWish(mapping, query.overlap, query.cut, query.snap_m, query.grow, crs=query.crs, repair=query.repair)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"areas.{query.form}"
            file.write_bytes(content)
            with store.writing() as session:
                row, found = begin_from_areas(
                    session,
                    code,
                    file,
                    wish,
                    desk.counter(code),
                    title=query.title,
                    by=by,
                    now=clock(),
                    make_token=new_draft_id,
                )
        return AreasAnswer(draft=PlanSummary.of_draft(row), report=found.as_json())

    return router
