"""`GET /v1/session`: what the caller's key is called and what it may do, so that a page shows only what will work."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.access import LookupCaller
from api.base_map import BaseMap
from api.problems import described
from data.api_keys import Scope


class SessionAnswer(BaseModel):
    """Who is calling."""

    key: str = Field(description="The key's identifier: what logs and other editors show; no secret.")
    name: str
    scopes: list[Scope] = Field(description="Everything that the key may do, what its scopes imply included.")
    base_map: BaseMap | None = Field(description="What the editor lays under its own map; null is nothing.")


def session_router(base_map: BaseMap | None = None) -> APIRouter:
    """Build the route."""
    router = APIRouter(prefix="/v1", tags=["session"])

    @router.get("/session", responses=described(422))
    async def show_session(caller: LookupCaller) -> SessionAnswer:
        """Say what the caller's key is called and what it may do."""
        scopes = sorted(caller.scopes)
        return SessionAnswer(key=caller.key_id, name=caller.name, scopes=scopes, base_map=base_map)

    return router
