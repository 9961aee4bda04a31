"""`/v1/municipalities/{code}/adoption`: which share of the households are members, and how many took part."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import StringConstraints

from api.access import needs
from api.adoption_reports import chart_adoption, report_adoption, tabulate_adoption
from api.atlas import Atlas
from api.counting import HouseholdCounts
from api.household_forms import FORMS, write_rows
from api.household_models import MunicipalityAdoption
from api.household_problems import described_counts
from api.negotiation import JSON, SVG, Form, answer, described_forms, negotiate
from api.reason_texts import Language
from api.routes.households import AsOf
from api.routes.rules import MunicipalityCode, require_municipality
from data.api_keys import Scope

_FORMS = (*FORMS, SVG)
_TABLE = described_forms(
    *_FORMS,
    description="JSON; or a row or feature per buurt, the municipality last: CSV, GeoJSON or GeoParquet; or a chart.",
)
TookPart = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9-]{1,32}:)?[0-9]{1,9}$")]


def adoption_router(atlas: Callable[[], Atlas], counts: HouseholdCounts) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["households"], dependencies=[needs(Scope.VIEWER)])

    @router.get(
        "/municipalities/{code}/adoption",
        response_model=MunicipalityAdoption,
        responses=described_counts(404, 406, 422) | _TABLE,
    )
    def show_adoption(
        code: MunicipalityCode,
        form: Annotated[Form, Depends(negotiate(*_FORMS))],
        on: AsOf = None,
        participants: Annotated[
            list[TookPart],
            Query(
                max_length=1_000,
                description="Those who took part: a NUMBER for the municipality, BUURT:NUMBER for a buurt.",
            ),
        ] = [],  # noqa: B006 -- FastAPI copies it
        lang: Annotated[Language, Query(description="Language of the names and of the chart.")] = "nl",
    ) -> Response:
        """Return members over households per buurt and in all; small numbers of members are withheld."""
        require_municipality(atlas(), code)
        counted, shapes = counts.municipality(code, on)
        [names] = (
            country.municipalities[code].names
            for country in atlas().countries.values()
            if code in country.municipalities
        )
        report = report_adoption(counted, names, lang, took_part(participants, code))
        if form is JSON:
            return answer(form, report)
        if form is SVG:
            return answer(form, chart_adoption(report, lang, counts.smallest_shown), "adoption")
        return answer(form, write_rows(tabulate_adoption(report), shapes, form), "adoption")

    return router


def took_part(texts: list[str], municipality_code: str) -> dict[str, int]:
    """Return participants by the code of their area, from `NUMBER` and `BUURT:NUMBER`; of one area the last counts.

    Examples
    --------
    >>> took_part(["588", "25110-01:40"], "25110")
    {'25110': 588, '25110-01': 40}
    """
    pairs = (text.rpartition(":") for text in texts)
    return {code or municipality_code: int(number) for code, _, number in pairs}
