"""`GET /healthz` and `GET /readyz`: whether this worker lives, and whether it should be sent requests."""

from fastapi import APIRouter

from api.keeper import AtlasKeeper
from api.models import Health, Ready
from api.operation.readiness import Readiness
from api.problems import MEDIA_TYPE, Problem


def health_router(keeper: AtlasKeeper, readiness: Readiness) -> APIRouter:
    """Build the routes."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    async def show_health() -> Health:
        """Say whether this worker answers, and which releases it answers from.

        Anything but 200 means that it should be started anew.
        """
        return Health.of(keeper.current, store_reachable=keeper.store_reachable)

    not_ready = {"description": "Not ready", "content": {MEDIA_TYPE: {}}, "model": Problem}

    @router.get("/readyz", responses={503: not_ready})
    async def show_readiness() -> Ready:
        """Say whether requests may come: the index of every active release is open, and the worker is not stopping."""
        readiness.check()
        return Ready(store_version=keeper.current.version)

    return router
