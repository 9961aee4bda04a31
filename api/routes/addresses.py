"""`/v1/addresses`: the official addresses that somebody is typing, and the one nearest to a point."""

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.access import needs
from api.address_models import NearestAnswer, SuggestionAnswer, SuggestionList
from api.atlas import Atlas
from api.finding import find_nearest_address, registers, suggest_addresses
from api.models import Latitude, Longitude
from api.problems import described
from api.reason_texts import Language, address_language
from data.api_keys import Scope
from data.tables import Kind

LONGEST_TEXT = 200
FURTHEST_M = 5_000

LanguageQuery = Annotated[Language, Query(description="Language of the answer; with `en` addresses are in Dutch.")]


def addresses_router(atlas: Callable[[], Atlas]) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1/addresses", tags=["addresses"], dependencies=[needs(Scope.LOOKUP)])

    @router.get("/suggest", responses=described(404, 422))
    async def complete_address(
        q: Annotated[
            str, Query(min_length=1, max_length=LONGEST_TEXT, description="What was typed so far.", examples=["kerk"])
        ],
        lang: LanguageQuery = "nl",
        limit: Annotated[int, Query(ge=1, le=10)] = 10,
        country: Annotated[Literal["BE", "NL"] | None, Query(description="Unset, all registers are asked.")] = None,
    ) -> SuggestionList:
        """Complete what somebody is typing into a form: streets first, then house numbers, then boxes.

        Any word of a street's name may be begun, in any language of the register; a place or a postcode may follow.
        """
        current = atlas()
        found = suggest_addresses(current, q, lang=address_language(lang), limit=limit, country=country)
        return SuggestionList(
            data=[SuggestionAnswer.of(place, suggestion) for place, suggestion in found],
            releases=[facts.releases[Kind.ADDRESSES].name for facts, _ in registers(current, country)],
        )

    @router.get("/nearest", responses=described(404, 422))
    async def find_address_near(
        lon: Annotated[Longitude, Query()],
        lat: Annotated[Latitude, Query()],
        max_distance_m: Annotated[
            float, Query(ge=0, le=FURTHEST_M, allow_inf_nan=False, description="Greatest distance of an answer.")
        ] = 250,
        lang: LanguageQuery = "nl",
    ) -> NearestAnswer:
        """Find the official address nearest to a point in EPSG:4326, and the sector and buurt of that address."""
        nearby = find_nearest_address(atlas(), lon, lat, max_distance_m=max_distance_m)
        return NearestAnswer.of(nearby, lang)

    return router
