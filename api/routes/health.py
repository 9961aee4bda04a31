"""`GET /healthz`: whether this worker answers, and from what."""

from fastapi import APIRouter

from api.keeper import AtlasKeeper
from api.models import Health


def health_router(keeper: AtlasKeeper) -> APIRouter:
    """Build the route."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    async def health() -> Health:
        """Say whether this worker answers, and which releases it answers from."""
        return Health.of(keeper.current, store_reachable=keeper.store_reachable)

    return router
