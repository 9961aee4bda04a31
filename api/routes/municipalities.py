"""`GET /v1/municipalities`: the municipalities that have sectors, with their household counts."""

from collections.abc import Callable
from itertools import islice
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.access import needs
from api.atlas import Atlas, MunicipalityFacts
from api.models import MunicipalityAnswer, MunicipalityPage
from api.problems import described
from api.tiles import TileDesk
from data.api_keys import Scope
from data.municipalities import plain_name
from data.tables import Kind

PAGE_SIZE_MAX = 1_000


def municipalities_router(atlas: Callable[[], Atlas], tiles: TileDesk) -> APIRouter:
    """Build the route."""
    router = APIRouter(prefix="/v1", tags=["municipalities"], dependencies=[needs(Scope.VIEWER)])

    @router.get("/municipalities", responses=described(422))
    def list_municipalities(
        country: Annotated[Literal["BE", "NL"] | None, Query(description="Only this country.")] = None,
        after: Annotated[
            str | None, Query(max_length=40, description="`next_cursor` of the page before.", examples=["BE:25110"])
        ] = None,
        q: Annotated[
            str | None,
            Query(max_length=100, description="Part of a name in any language, or of a code; case and accents aside."),
        ] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = 100,
    ) -> MunicipalityPage:
        """List the municipalities of the active sectors, by country and code, with what is known of their households.

        A count that the source suppresses is unknown and never taken for zero.
        """
        current = atlas()
        wanted = plain_name(q or "")
        page = list(
            islice(
                (
                    facts
                    for facts in current.municipalities()
                    if country in (None, facts.country)
                    and (after is None or f"{facts.country}:{facts.code}" > after)
                    and (q is None or is_called(facts, wanted))
                ),
                limit + 1,
            )
        )
        shown = page[:limit]
        boxes = {name: tiles.municipality_boxes(current, name) for name in {facts.country for facts in shown}}
        counted = (Kind.SECTORS, Kind.SECTOR_COUNTS, Kind.MUNICIPALITY_COUNTS)
        return MunicipalityPage(
            data=[MunicipalityAnswer.of(facts, boxes[facts.country].get(facts.code)) for facts in shown],
            next_cursor=f"{shown[-1].country}:{shown[-1].code}" if len(page) > limit else None,
            releases=[
                release.name
                for name, facts in current.countries.items()
                if country in (None, name)
                for kind, release in facts.releases.items()
                if kind in counted
            ],
        )

    return router


def is_called(facts: MunicipalityFacts, wanted: str) -> bool:
    """Whether a code or a name of a municipality holds a text, as `plain_name` makes it."""
    return bool(wanted) and any(wanted in plain_name(name) for name in (facts.code, *facts.names.values()) if name)
