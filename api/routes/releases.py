"""`GET /v1/releases`: every import of an official file, and which ones answers use."""

from fastapi import APIRouter

from api.access import needs
from api.models import ReleaseAnswer, ReleaseList
from api.problems import described
from data.api_keys import Scope
from data.releases import active_releases, list_releases
from data.store import Store


def releases_router(store: Store) -> APIRouter:
    """Build the route."""
    router = APIRouter(prefix="/v1", tags=["releases"], dependencies=[needs(Scope.VIEWER)])

    @router.get("/releases", responses=described(503))
    def show_releases() -> ReleaseList:
        """List all releases, newest first within a kind, with what was found in their files."""
        with store.reading() as session:
            active = {release.id for release in active_releases(session)}
            return ReleaseList(
                data=[ReleaseAnswer.of(release, active=release.id in active) for release in list_releases(session)]
            )

    return router
