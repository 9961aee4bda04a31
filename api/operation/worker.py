"""One worker process: serves the application on a socket, and stops without cutting off what it is answering.

`buurtwijzer serve` calls `serve_on` itself where one is enough; else the supervisor forks workers that call `work`.
"""

import gc
import logging
import resource
import socket
import sys
import time
from collections.abc import Sequence
from contextvars import Context
from typing import Final

import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from api.app import create_app
from api.operation.heads import head_limited
from api.operation.listening import ACCEPTED_AT_ONCE
from api.operation.metrics import MetricsDoor
from api.operation.production import DefaultSecretError
from api.operation.readiness import Readiness
from api.operation.supervisor import Heartbeat
from api.operation.tracing import TracingError
from api.settings import ServerSettings
from data.store import StoreError
from geo.addresses import AddressIndexError
from geo.sector_errors import IndexFileError
from households.dwelling_keys import HouseholdKeyError

CANNOT_START: Final = 3
"""Exit status of a worker that says itself why it cannot serve."""

START_ERRORS: Final = (
    TracingError,
    StoreError,
    DefaultSecretError,
    IndexFileError,
    AddressIndexError,
    HouseholdKeyError,
)
"""What can keep a worker from serving, and says itself what to do."""

logger = logging.getLogger(__name__)


class WorkerServer(uvicorn.Server):
    """Uvicorn's server, which says that it is going to stop before it does.

    Parameters
    ----------
    readiness
        Told when the process is asked to stop.
    notice_seconds
        How long it goes on accepting after that, so that whatever spreads the requests can see it.
    heartbeat
        What a supervisor follows; when it is gone, the worker stops too.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        readiness: Readiness,
        notice_seconds: float = 0.0,
        heartbeat: Heartbeat | None = None,
    ) -> None:
        super().__init__(config)
        self._readiness = readiness
        self._notice_seconds = notice_seconds
        self._heartbeat = heartbeat
        self._stops_at: float | None = None

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        await super().startup(sockets)
        logger.info("the worker serves")

    @override
    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop accepting; called ten times a second, as long as the event loop is not blocked."""
        if self._heartbeat is not None and not self._heartbeat.beat():
            self.should_exit = True
        if not await super().on_tick(counter):
            return False
        self._readiness.stopping = True
        now = time.monotonic()
        if self._stops_at is None:
            self._stops_at = now + self._notice_seconds
        return self.force_exit or now >= self._stops_at


def serve_on(
    listening: Sequence[socket.socket], settings: ServerSettings, app: FastAPI, heartbeat: Heartbeat | None = None
) -> None:
    """Serve an application on a bound socket until SIGTERM or SIGINT; on the second of two, its metrics.

    Connections beyond the settings' number are answered with 503; running requests have the settings' time to finish.
    """
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    config = uvicorn.Config(
        app if len(listening) == 1 else MetricsDoor(app, listening[1].getsockname()[1]),
        log_config=None,
        # The access log would hold the query string of every request, with places in it.
        access_log=False,
        ws="none",
        server_header=False,
        http=head_limited(settings.max_head_seconds),
        limit_concurrency=settings.max_connections,
        backlog=ACCEPTED_AT_ONCE,
        timeout_graceful_shutdown=settings.stop_seconds,
    )
    server = WorkerServer(config, app.state.process.readiness, settings.stop_notice_seconds, heartbeat)
    # What is there now stays: the collector need not look through the atlas every time that requests leave cycles.
    gc.collect()
    gc.freeze()
    # Nothing that is so for the command is so for the requests: they are not its acts.
    Context().run(server.run, sockets=list(listening))


def work(listening: Sequence[socket.socket], heartbeat: Heartbeat) -> None:
    """Serve as the environment says, in a forked process."""
    settings = ServerSettings()
    try:
        app = create_app(server_settings=settings)
    except START_ERRORS as error:
        logger.error("the worker cannot serve: %s", error)  # noqa: TRY400 -- the message says it all
        sys.exit(CANNOT_START)
    serve_on(listening, settings, app, heartbeat)
