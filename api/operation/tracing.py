"""Traces by a switch: a span for every request and for every statement of the store, sent by OTLP over HTTP.

The spans are made here and not by a ready-made instrumentation: those write down URLs, queries and clients. A span has
the route's template and the text of a statement, whose values are bound and stay out of it; exceptions are told by
their class.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Engine, event
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.operation.observing import SeenStatus, current_request_id, method_of, route_of
from api.settings import TracingSettings

PARENT: Final = ("traceparent", "tracestate")
"""Headers of W3C Trace Context; whose request it is part of, and nothing else that a client sends along."""
INSTALL: Final = "traces need the extra `tracing`: pip install 'buurtwijzer[tracing]'"


class TracingError(RuntimeError):
    """Traces were asked for, and what sends them is not installed."""


class Tracing:
    """Makes the spans of a process and sends them.

    Raises
    ------
    TracingError
        The extra is not installed.
    """

    def __init__(self, settings: TracingSettings, endpoint: str) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
            from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio  # noqa: PLC0415
        except ImportError as error:
            raise TracingError(INSTALL) from error
        self._provider = TracerProvider(
            sampler=ParentBasedTraceIdRatio(settings.share),
            resource=Resource.create({"service.name": "buurtwijzer"}),
            # Else the library ends the process's spans from a handler of its own, when nobody answers any more.
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
        self.tracer = self._provider.get_tracer("buurtwijzer")

    def follow_store(self, engine: Engine) -> None:
        """Make a span of every statement that is part of a request."""
        from opentelemetry import trace  # noqa: PLC0415 -- the extra

        system = engine.dialect.name

        @event.listens_for(engine, "before_cursor_execute")
        def begin(_connection: Any, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
            if context is not None:
                context.began_ns = time.time_ns()

        @event.listens_for(engine, "after_cursor_execute")
        def end(_connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:
            began_ns = getattr(context, "began_ns", None)
            if began_ns is None or not trace.get_current_span().is_recording():
                return
            span = self.tracer.start_span(
                statement.split(maxsplit=1)[0], start_time=began_ns, kind=trace.SpanKind.CLIENT
            )
            span.set_attributes({"db.system.name": system, "db.query.text": statement})
            span.end()

    def close(self) -> None:
        """Send what is left, and end."""
        self._provider.shutdown()


class Traced:
    """ASGI middleware that makes a span of every request."""

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        from opentelemetry import trace  # noqa: PLC0415 -- the extra
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        self.app = app
        self._tracer = tracing.tracer
        self._trace = trace
        self._extract: Callable[[Mapping[str, str]], Any] = TraceContextTextMapPropagator().extract

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within its span."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        parent = self._extract({name: headers[name] for name in PARENT if name in headers})
        seen = SeenStatus(send)
        with self._tracer.start_as_current_span(
            "request", parent, self._trace.SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                await self.app(scope, receive, seen)
            finally:
                span.update_name(f"{method_of(scope)} {route_of(scope)}")
                span.set_attributes(
                    {
                        "http.request.method": method_of(scope),
                        "http.route": route_of(scope),
                        "http.response.status_code": seen.status,
                        "buurtwijzer.request_id": current_request_id() or "",
                    }
                )
                if seen.status >= 500:
                    span.set_status(self._trace.StatusCode.ERROR)


def tracing_of(settings: TracingSettings) -> Tracing | None:
    """Return what traces, None where the switch is off."""
    return None if settings.endpoint is None else Tracing(settings, settings.endpoint)
