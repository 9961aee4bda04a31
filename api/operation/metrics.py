"""Prometheus metrics of all workers of a machine, behind a port of their own.

Every worker counts in files that it shares with the others (the client library's multiprocess mode), so that whichever
worker is asked answers for all. The library chooses that mode when it is imported: `prepare` comes before.
"""

import asyncio
import os
import tempfile
import time
from collections import Counter as Counts
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.keeper import AtlasKeeper
from api.operation.observing import Observation

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
FOLLOW_S: Final = 1.0
"""How often a worker writes down how it is."""
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds; a lookup takes about one thousandth, a PDF of letters several."""


MOST_ROUTES: Final = 1_024
"""Methods, routes and statuses together whose counters are kept at hand."""


@contextmanager
def prepare() -> Iterator[None]:
    """Give the workers that are started within a folder to count in."""
    with tempfile.TemporaryDirectory(prefix="buurtwijzer-metrics-") as folder:
        os.environ[SHARED] = folder
        try:
            yield
        finally:
            del os.environ[SHARED]


def forget(pid: int) -> None:
    """Drop what a worker that has ended said of how it was; what it counted stays."""
    for left in Path(os.environ[SHARED]).glob(f"gauge_live*_{pid}.db"):
        left.unlink(missing_ok=True)


class Metrics:
    """What a worker counts and measures."""

    def __init__(self) -> None:
        # Imported late: the library looks for the folder once, when it is imported.
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram  # noqa: PLC0415

        registry = CollectorRegistry()
        requests = Counter(
            "buurtwijzer_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        seconds = Histogram(
            "buurtwijzer_request_duration_seconds",
            "From a request's head to the end of its answer.",
            ("route",),
            buckets=BUCKETS,
            registry=registry,
        )
        verdicts = Counter("buurtwijzer_verifications", "Addresses judged.", ("verdict",), registry=registry)
        # Each by its labels: the library reads and checks them anew every time.
        self._request_counter = lru_cache(MOST_ROUTES)(requests.labels)
        self._route_seconds = lru_cache(MOST_ROUTES)(seconds.labels)
        self._verdict_counter = lru_cache(MOST_ROUTES)(verdicts.labels)
        self._limited = Counter(
            "buurtwijzer_rate_limited", "Requests refused because a key's rate was used up.", registry=registry
        )

        def gauge(name: str, meaning: str, mode: str, labels: tuple[str, ...] = ()) -> Gauge:
            return Gauge(f"buurtwijzer_{name}", meaning, labels, registry=registry, multiprocess_mode=mode)  # type: ignore[arg-type]

        self._workers = gauge("workers", "Workers that serve.", "livesum")
        self._memory = gauge(
            "resident_memory_bytes", "Resident memory of the workers, shared pages included.", "livesum"
        )
        self._reachable = gauge("store_reachable", "1 where every worker reaches the store.", "livemin")
        self._store_version = gauge("store_version", "Version that the most backward worker answers from.", "livemin")
        self._atlas = gauge("atlas_timestamp_seconds", "When the oldest atlas was taken in.", "livemin")
        self._released = gauge(
            "release_timestamp_seconds", "Reference date of the active release.", "livemax", ("country", "kind")
        )

    def observe(self, observations: Sequence[Observation]) -> None:
        """Count requests."""
        requests = Counts((each.method, each.route, each.status) for each in observations)
        for labels, number in requests.items():
            self._request_counter(*labels).inc(number)
        verdicts = Counts[str]()
        for each in observations:
            self._route_seconds(each.route).observe(each.seconds)
            if each.rate_limited:
                self._limited.inc()
            for verdict, number in each.verdicts.items():
                verdicts[verdict] += number
        for verdict, number in verdicts.items():
            self._verdict_counter(verdict).inc(number)

    async def follow(self, keeper: AtlasKeeper) -> None:
        """Write down how the worker is, until cancelled."""
        page = os.sysconf("SC_PAGE_SIZE")
        while True:
            self._workers.set(1)
            self._memory.set(int(Path("/proc/self/statm").read_text().split()[1]) * page)
            self._reachable.set(keeper.store_reachable)
            self._store_version.set(keeper.current.version)
            self._atlas.set(keeper.taken_in_at)
            for country, atlas in keeper.current.countries.items():
                for kind, release in atlas.releases.items():
                    day = time.mktime(release.reference_date.timetuple())
                    self._released.labels(country, kind.value).set(day)
            await asyncio.sleep(FOLLOW_S)


class MetricsDoor:
    """ASGI middleware that answers what comes in by the port of the metrics, and lets nothing else in there.

    Parameters
    ----------
    port
        That port; requests on any other go to the application, where there are no metrics.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app = app
        self.port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer `/metrics` on its own port, and pass on what came in elsewhere."""
        if scope["type"] != "http" or (scope.get("server") or (None, None))[1] != self.port:
            await self.app(scope, receive, send)
            return
        if scope["path"] != "/metrics":
            await PlainTextResponse("GET /metrics", 404)(scope, receive, send)
            return
        content, headers = await run_in_threadpool(_expose, Headers(scope=scope))
        await Response(content, headers=headers)(scope, receive, send)


def _expose(asked: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 -- as above
    from prometheus_client.exposition import choose_encoder  # noqa: PLC0415
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    encode, content_type = choose_encoder(asked.get("accept", ""))
    return encode(registry), {"Content-Type": content_type}
