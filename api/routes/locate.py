"""`GET /v1/locate`: in which sector and buurt a point lies."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import needs
from api.atlas import Atlas
from api.models import Latitude, LocateAnswer, Longitude
from api.problems import described
from data.api_keys import Scope


def locate_router(atlas: Callable[[], Atlas]) -> APIRouter:
    """Build the route."""
    router = APIRouter(prefix="/v1", tags=["locate"], dependencies=[needs(Scope.SIGNUP)])

    @router.get("/locate", responses=described(404, 422))
    async def locate_point(lon: Annotated[Longitude, Query()], lat: Annotated[Latitude, Query()]) -> LocateAnswer:
        """Say in which sector, municipality and buurt a point in EPSG:4326 lies.

        The point is converted to the sector layer's own CRS; on a shared border the sector with the lowest code
        owns it.
        """
        current = atlas()
        place = current.locate(lon, lat)
        return LocateAnswer.of(place, current.countries[place.country])

    return router
