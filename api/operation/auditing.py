"""Whose act a request is, for the audit trail: what it changes is recorded with it, and so is its refusal."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access import Caller
from api.operation.observing import OTHER, SeenStatus, current_request_id, route_of
from data.members.audit import Act, acting, record
from data.store import Store

READING: Final = frozenset(("GET", "HEAD", "OPTIONS"))
ASKING: Final = frozenset(
    (
        "/v1/verifications",
        "/v1/verifications:batch",
        "/v1/households",
        "/v1/reach",
        "/v1/plans/{plan_id}/problems",
        "/v1/municipalities/{code}/plans:propose",
        "/v1/quotes:preview",
        "/v1/quotes:bulk",
    )
)
"""Routes whose POST asks and changes nothing: it is no act, and of what they refuse there is no line."""
TOLD: Final = frozenset(("code", "plan_id", "quote_id"))
"""Parameters of paths that the trail may tell: of municipalities, plans and quotes."""
UNTOLD: Final = frozenset(("sign_up_id", "account_id", "staff_id"))
"""Those that open what is somebody's."""

logger = logging.getLogger(__name__)


class Audited:
    """ASGI middleware that makes a request that may change something the act of its caller.

    What is refused leaves a line afterwards, but for 429: guesses may not hold up anybody's writes.
    """

    def __init__(self, app: ASGIApp, store: Store, clock: Callable[[], datetime]) -> None:
        self.app = app
        self.store = store
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as an act."""
        caller: Caller | None = scope.get("state", {}).get("caller")
        if scope["type"] != "http" or scope["method"] in READING or scope["path"] in ASKING or caller is None:
            await self.app(scope, receive, send)
            return
        seen = SeenStatus(send)
        with acting(Act(caller.key_id, lambda: place_of(scope), current_request_id())):
            try:
                await self.app(scope, receive, seen)
            finally:
                if seen.status >= 400 and seen.status != 429 and route_of(scope) not in (OTHER, *ASKING):
                    await run_in_threadpool(self._record_refusal, seen.status)

    def _record_refusal(self, status: int) -> None:
        try:
            with self.store.writing() as session:
                record(session, "refused", self.clock(), outcome=str(status))
        except (SQLAlchemyError, OSError):
            logger.warning("a refusal could not be recorded in the audit trail: the store is out of reach")


def place_of(scope: Scope) -> tuple[str, str | None]:
    """Return a request's route, and what its path names as far as the trail may tell it."""
    named = [str(value) for name, value in scope.get("path_params", {}).items() if name in TOLD]
    return f"{scope['method']} {route_of(scope)}", "/".join(named)[:80] or None
