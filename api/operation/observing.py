"""Every request under one identifier, and what it came to, told to whoever keeps a log or counts."""

import asyncio
import os
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import Caller
from api.head_fields import field_of

REQUEST_ID: Final = re.compile(r"[0-9A-Za-z-]{8,64}", re.ASCII)
"""UUID, ULID, trace identifiers; neither an e-mail address nor a key has this form."""
METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
OTHER: Final = "other"
"""Stands for what a client has made up: a method, or a path that is no route's. It is not repeated."""
BROKEN_OFF: Final = 499
"""Status of a request that nobody waited for any more; a common one in logs, and never sent."""

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_NO_VERDICTS: Final[Mapping[str, int]] = MappingProxyType({})


class Observation(NamedTuple):
    """What a request came to."""

    request_id: str
    method: str
    route: str
    """Template of the route, such as `/v1/plans/{plan_id}`: what stands for a parameter is in no log."""
    status: int
    seconds: float
    key_id: str | None
    rate_limited: bool = False
    verdicts: Mapping[str, int] = _NO_VERDICTS
    """How many addresses were judged how."""


def current_request_id() -> str | None:
    """Return the identifier of the request that is being answered."""
    return _request_id.get()


def method_of(scope: Scope) -> str:
    """Return the method of a request, where it is one."""
    return scope["method"] if scope["method"] in METHODS else OTHER


def _identifier_of(scope: Scope) -> str:
    given = field_of(scope, b"x-request-id")
    return given if given is not None and REQUEST_ID.fullmatch(given) else os.urandom(16).hex()


def route_of(scope: Scope) -> str:
    """Return the template of the route that a request was given to."""
    return getattr(scope.get("route"), "path_format", OTHER)


class SeenStatus:
    """Sends what an application answers, and keeps the status of it; 0 as long as there is none."""

    def __init__(self, send: Send) -> None:
        self.status = 0
        self._send = send

    async def __call__(self, message: Message) -> None:
        """Send a message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


class Observed:
    """ASGI middleware, the outermost: gives a request its identifier, and tells what it came to.

    A well-formed X-Request-ID of the client is kept, so that one identifier goes through all its systems.

    Parameters
    ----------
    observers
        Called with the requests that were answered in one turn of the event loop, at its end: what all of them need
        is done once.
    """

    def __init__(self, app: ASGIApp, observers: Collection[Callable[[Sequence[Observation]], None]]) -> None:
        self.app = app
        self.observers = observers
        self._untold: list[Observation] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and tell of it when it is answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _identifier_of(scope)
        _request_id.set(request_id)
        marked = (b"x-request-id", request_id.encode())
        status = BROKEN_OFF
        began = time.perf_counter()

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), marked]
            await send(message)

        try:
            await self.app(scope, receive, send_marked)
        finally:
            state = scope.get("state", {})
            caller: Caller | None = state.get("caller")
            if not self._untold:
                asyncio.get_running_loop().call_soon(self._tell)
            self._untold.append(
                Observation(
                    request_id,
                    method_of(scope),
                    route_of(scope),
                    status,
                    time.perf_counter() - began,
                    None if caller is None else caller.key_id,
                    state.get("rate_limited", False),
                    state.get("verdicts", _NO_VERDICTS),
                )
            )

    def _tell(self) -> None:
        told, self._untold = self._untold, []
        for observe in self.observers:
            observe(told)
