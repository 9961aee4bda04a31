"""Households of a municipality, of a buurt and in a drawn area on a day, in the form that the caller accepts."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import needs
from api.atlas import Atlas
from api.counting import HouseholdCounts
from api.geojson_input import GeoJsonArea, read_area, read_area_text
from api.household_forms import FORMS, respond
from api.household_models import MunicipalityHouseholds, OneBuurtHouseholds, WithinHouseholds
from api.household_problems import described_counts
from api.models import Day
from api.negotiation import Form, described_forms, negotiate
from api.routes.rules import MunicipalityCode, require_municipality
from data.api_keys import Scope

WITHIN_PATH = "/v1/households"

AsOf = Annotated[Day | None, Query(description="The day whose plan and members count; by default today (UTC).")]
BuurtId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,32}$", description="The buurt's code.", examples=["25110-01"])]
HouseholdsForm = Annotated[Form, Depends(negotiate(*FORMS))]
_TABLE = described_forms(
    *FORMS,
    description="JSON; or a row or feature per buurt, and the sum last: CSV, GeoJSON or GeoParquet (EPSG:4326).",
)
_EXAMPLE = '{"type":"Polygon","coordinates":[[[4.38,50.70],[4.42,50.70],[4.42,50.73],[4.38,50.73],[4.38,50.70]]]}'


class WithinBody(BaseModel):
    """An area that somebody has drawn."""

    model_config = ConfigDict(extra="forbid")

    within: GeoJsonArea
    on: Day | None = Field(None, description="The day whose plans and members count; by default today (UTC).")


def households_router(atlas: Callable[[], Atlas], counts: HouseholdCounts) -> APIRouter:
    """Build the routes."""
    router = APIRouter(tags=["households"], dependencies=[needs(Scope.VIEWER)])

    def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
        return described_counts(*statuses) | _TABLE

    @router.get(
        "/v1/municipalities/{code}/households",
        response_model=MunicipalityHouseholds,
        responses=described(404, 406, 422),
    )
    def show_municipality_households(code: MunicipalityCode, form: HouseholdsForm, on: AsOf = None) -> Response:
        """Count the households, dwellings and member households of a municipality, per buurt and in all."""
        require_municipality(atlas(), code)
        return respond(*counts.municipality(code, on), form)

    @router.get(
        "/v1/buurten/{buurt_id}/households",
        response_model=OneBuurtHouseholds,
        responses=described(404, 406, 410, 422),
    )
    def show_buurt_households(buurt_id: BuurtId, form: HouseholdsForm, on: AsOf = None) -> Response:
        """Count the households, dwellings and member households of a buurt of the plan that holds on a day."""
        return respond(*counts.buurt(buurt_id, on), form)

    @router.get(WITHIN_PATH, response_model=WithinHouseholds, responses=described(404, 406, 422))
    def show_households_within(
        form: HouseholdsForm,
        within: Annotated[str, Query(description="GeoJSON Polygon or MultiPolygon (RFC 7946).", examples=[_EXAMPLE])],
        on: AsOf = None,
    ) -> Response:
        """Count what lies in a drawn area, per buurt that it touches and in all; a long area goes by POST.

        A sector that the area cuts shares out its households by its dwellings inside and outside, by ground where it
        has none. Members are told from one table of buurten and parts of sectors, so that no two areas, however alike,
        tell of a single home.
        """
        return respond(*counts.within(read_area_text(within, "within"), on), form)

    @router.post(WITHIN_PATH, response_model=WithinHouseholds, responses=described(404, 406, 413, 422))
    def count_households_within(form: HouseholdsForm, request: WithinBody) -> Response:
        """Count what lies in a drawn area that is too long for a URL, as the GET does."""
        return respond(*counts.within(read_area(request.within, "/within"), request.on), form)

    return router
