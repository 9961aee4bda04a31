"""`/v1/municipalities/{code}/adoption`: which share of the households are members, as JSON, CSV or a chart."""

import csv
import io
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from api.access import needs
from api.atlas import Atlas
from api.household_models import AdoptionRow, MunicipalityAdoption, MunicipalityHouseholds
from api.plan_problems import described_plans
from api.routes.households import AsOf, count_municipality
from api.routes.rules import MunicipalityCode, require_municipality
from data.api_keys import Scope
from data.directory import DataDirectory
from data.store import Store
from households.adoption import Adoption
from households.adoption_chart import AdoptionBar, draw_adoption
from households.dwelling_keys import HouseholdKeys

_FORMS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/csv": {"schema": {"type": "string"}}, "image/svg+xml": {"schema": {"type": "string"}}},
        "description": "JSON, CSV or a chart, as `f` says.",
    }
}


def adoption_router(
    atlas: Callable[[], Atlas],
    store: Store,
    directory: DataDirectory,
    keys: HouseholdKeys | None,
    clock: Callable[[], datetime],
) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["households"], dependencies=[needs(Scope.VIEWER)])

    @router.get(
        "/municipalities/{code}/adoption",
        response_model=MunicipalityAdoption,
        responses={**described_plans(404, 422), **_FORMS},
    )
    def show_adoption(
        code: MunicipalityCode,
        as_of: AsOf = None,
        participants: Annotated[int | None, Query(ge=0, le=10**9, description="Those who took part.")] = None,
        f: Annotated[Literal["json", "csv", "svg"], Query(description="Form of the answer.")] = "json",
    ) -> MunicipalityAdoption | Response:
        """Return members over households per buurt and in all; small numbers of members are withheld."""
        require_municipality(atlas(), code)
        counted = count_municipality(store, directory, keys, clock(), code, as_of)
        adoption = MunicipalityAdoption.of(counted, participants)
        if f == "csv":
            return Response(write_adoption(adoption), media_type="text/csv")
        if f == "svg":
            return Response(chart(counted), media_type="image/svg+xml")
        return adoption

    return router


def write_adoption(adoption: MunicipalityAdoption) -> str:
    """Return the rows as CSV, the municipality last; what is unknown or withheld is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(AdoptionRow.model_fields), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(row.model_dump() for row in (*adoption.buurten, adoption.total))
    return text.getvalue()


def chart(counted: MunicipalityHouseholds) -> str:
    """Draw the buurten whose members may be shown, the municipality last."""
    bars = [
        AdoptionBar(name, Adoption(area.members, area.households))
        for name, area in (*((buurt.code, buurt) for buurt in counted.buurten), (counted.code, counted.total))
        if area.members is not None
    ]
    source = f"{', '.join(counted.releases)}; {counted.as_of}"
    return draw_adoption(f"Adoption in {counted.code}", source, bars)
