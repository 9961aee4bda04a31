"""What a process that serves has besides its routes: it follows the store, counts, traces, and says how it is."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from api.answer_headers import AnswerHeaders
from api.keeper import AtlasKeeper
from api.operation.logs import log_requests
from api.operation.metrics import SHARED, Metrics
from api.operation.observing import Observed
from api.operation.rate_limits import RateLimiter
from api.operation.readiness import Readiness
from api.operation.tracing import Traced, tracing_of
from api.settings import TracingSettings
from data.store import Store


class Process:
    """The parts of a process that live as long as it serves."""

    def __init__(self, store: Store, keeper: AtlasKeeper) -> None:
        self.store = store
        self.keeper = keeper
        self.limiter = RateLimiter(store)
        self.readiness = Readiness(lambda: keeper.current)
        self._metrics = Metrics() if SHARED in os.environ else None
        self._tracing = tracing_of(TracingSettings())
        if self._tracing is not None:
            for engine in store.engines:
                self._tracing.follow_store(engine)

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Follow the store while the application serves; afterwards, end what runs beside it."""
        stop = asyncio.Event()
        watching = asyncio.create_task(self.keeper.watch(stop))
        measuring = None if self._metrics is None else asyncio.create_task(self._metrics.follow(self.keeper))
        try:
            yield
        finally:
            stop.set()
            if measuring is not None:
                measuring.cancel()
            await watching
            self.limiter.close()
            self.store.close()
            if self._tracing is not None:
                await asyncio.to_thread(self._tracing.close)

    def observe(self, app: ASGIApp) -> ASGIApp:
        """Put around an application what every answer passes through, that of a failure included."""
        app = AnswerHeaders(app, closing=lambda: self.readiness.stopping)
        if self._tracing is not None:
            app = Traced(app, self._tracing)
        return Observed(app, [log_requests] if self._metrics is None else [log_requests, self._metrics.observe])
