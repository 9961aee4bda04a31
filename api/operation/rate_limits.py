"""How often a caller may ask: a budget of requests a minute, held over all workers and machines.

The worker leases blocks of the budget from the store (`data.rate_budgets`) and answers from them. While the store is
out of reach, a worker lets a tenth of the limit through in each window besides what it has leased: lookups go on then,
and so do the limits, in a coarser way.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from typing import Final, NamedTuple

from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import Caller
from api.head_fields import field_of
from api.identity_tokens import IdentityProviderError
from api.problems import PROVIDER_AWAY, TOO_MANY_REQUESTS, problem_response
from api.settings import RateSettings
from data.rate_budgets import Lease, lease
from data.store import Store

WINDOW_S: Final = 60
PATIENCE_S: Final = 5.0
"""How long a lease is waited for before the store counts as out of reach, and until it is asked again."""
PART_WITHOUT_STORE: Final = 10


@dataclass(slots=True)
class _Budget:
    """What a worker holds of a caller's budget in one window."""

    limit: int
    window: int
    unspent: int = 0
    unleased: int = 0
    used_up: bool = False
    without_store: int = 0
    """Requests that may still be let through without a lease."""
    leasing: asyncio.Lock = field(default_factory=asyncio.Lock)


class Allowance(NamedTuple):
    """What a caller is told: whether this request is within its limit, and what is left until when."""

    granted: bool
    limit: int
    left: int
    resets_s: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the fields of draft-ietf-httpapi-ratelimit-headers; what other workers hold is not counted as left."""
        return [
            (b"ratelimit-policy", b'"minute";q=%d;w=%d' % (self.limit, WINDOW_S)),
            (b"ratelimit", b'"minute";r=%d;t=%d' % (self.left, self.resets_s)),
        ]


class RateLimiter:
    """Counts the requests of every caller in this process against leases of the store.

    Parameters
    ----------
    now
        Seconds since 1970-01-01 in UTC: windows are the same on every machine.
    """

    def __init__(self, store: Store, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now
        self._window = 0
        self._budgets: dict[str, _Budget] = {}
        self._away_until = 0.0
        self._thread: ThreadPoolExecutor | None = None

    async def take(self, subject: str, limit: int) -> Allowance:
        """Count a request of a caller."""
        now = self._now()
        window = int(now // WINDOW_S)
        if window != self._window:
            self._window, self._budgets = window, {}
        budget = self._budgets.get(subject)
        if budget is None or budget.limit != limit:
            budget = _Budget(limit, window, without_store=max(1, limit // PART_WITHOUT_STORE))
            self._budgets[subject] = budget
        granted = budget.unspent > 0 or await self._refill(subject, budget)
        if granted:
            budget.unspent -= 1
        left = 0 if budget.used_up else budget.unspent + budget.unleased
        return Allowance(granted, limit, max(0, left), ceil((window + 1) * WINDOW_S - now))

    async def _refill(self, subject: str, budget: _Budget) -> bool:
        """Lease until there is something to spend; return whether there is."""
        async with budget.leasing:
            if budget.unspent > 0:
                return True
            if budget.used_up:
                return False
            leased = await self._lease(subject, budget)
            if leased is None:
                if not budget.without_store:
                    return False
                budget.without_store -= 1
                leased = Lease(1, 0)
            budget.unspent += leased.granted
            budget.unleased = leased.left
            budget.used_up = not leased.granted
            return not budget.used_up

    async def _lease(self, subject: str, budget: _Budget) -> Lease | None:
        """Take a block from the store; None while it is out of reach."""
        if time.monotonic() < self._away_until:
            return None
        if self._thread is None:
            # One thread: leases are short, and a store that hangs may not take the threads that answer.
            self._thread = ThreadPoolExecutor(1, "leases")
        start = datetime.fromtimestamp(budget.window * WINDOW_S, UTC)
        asked = asyncio.get_running_loop().run_in_executor(self._thread, self._take_block, subject, budget.limit, start)
        try:
            return await asyncio.wait_for(asked, PATIENCE_S)
        except (TimeoutError, SQLAlchemyError, OSError):
            self._away_until = time.monotonic() + PATIENCE_S
            return None

    def _take_block(self, subject: str, limit: int, start: datetime) -> Lease:
        with self._store.writing() as session:
            return lease(session, subject, limit, start)

    def close(self) -> None:
        """End the thread; a lease that is under way is finished."""
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)
            self._thread = None


class CallerLimit:
    """ASGI middleware that finds out who is calling, and refuses what is beyond the caller's limit.

    It stands before the body is read and a route is looked for: every request with a key counts, whatever it asks.

    Parameters
    ----------
    identify
        Gives the caller for an Authorization header, None where there is nobody to be known by it.
    """

    def __init__(
        self,
        app: ASGIApp,
        identify: Callable[[str | None], Awaitable[Caller | None]],
        limiter: RateLimiter,
        settings: RateSettings,
    ) -> None:
        self.app = app
        self.identify = identify
        self.limiter = limiter
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its caller in its state, unless the caller has asked too often."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            caller = await self.identify(field_of(scope, b"authorization"))
        except IdentityProviderError as error:
            await problem_response(PROVIDER_AWAY, str(error), headers={"Retry-After": "10"})(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        if caller is None:
            await self.app(scope, receive, send)
            return
        limit = caller.rate_per_minute or self.settings.of(caller.own_scopes)
        allowance = await self.limiter.take(caller.key_id, limit)

        async def send_told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *allowance.headers()]
            await send(message)

        if allowance.granted:
            await self.app(scope, receive, send_told)
            return
        scope["state"]["rate_limited"] = True
        detail = f"{limit:,} requests a minute are used up; the next minute begins in {allowance.resets_s} s"
        refusal = problem_response(
            TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(allowance.resets_s), "Connection": "close"}
        )
        await refusal(scope, receive, send_told)
