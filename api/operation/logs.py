"""Structured logs on standard error: one JSON object a line, or text for people at a terminal.

Every logger of the program is written in the same way. A line of a request carries its identifier; no line carries an
address, an e-mail address, a code, a query or a body, so an exception is told by its class and where it was raised, and
its message, which may repeat what somebody entered, is left out.
"""

import json
import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from typing import Final, TextIO

import structlog
from structlog.types import EventDict, ExcInfo, Processor, WrappedLogger

from api.settings import LogSettings

ROOMS: Final = ("api", "boundaries", "data", "geo", "households", "licensing", "uvicorn")
"""Loggers that follow the setting; others speak up from a warning on, since they may log whatever they handle."""
REQUESTS: Final = "api.operation.observing"
"""The logger of the lines of requests."""
REQUEST_FIELDS: Final = ("method", "route", "status", "duration_ms", "key")


def configure_logs(settings: LogSettings, stream: TextIO = sys.stderr) -> None:
    """Write all logs of this process to a stream, in the form and from the level on that the settings say."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _add_process,
        _tell_exception,
    ]
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if settings.format == "text":
        renderer = structlog.dev.ConsoleRenderer(colors=stream.isatty(), timestamp_key="time")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    requests = logging.getLogger(REQUESTS)
    requests.handlers[:] = []
    requests.propagate = settings.format == "text"
    if not requests.propagate:
        plain = logging.StreamHandler(stream)
        plain.setFormatter(_RequestLine())
        requests.addHandler(plain)
    for room in ROOMS:
        logging.getLogger(room).setLevel(settings.level.upper())


class _RequestLine(logging.Formatter):
    """Writes the line of a request as the processors would, at a third of what they cost: there are thousands."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = {name: getattr(record, name) for name in REQUEST_FIELDS}
        told = {"event": record.getMessage(), "level": record.levelname.lower(), "logger": record.name}
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        return json.dumps({"request_id": request_id, **told, **fields, "time": at, "process": record.process})


def _add_process(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    event["process"] = os.getpid()
    event.pop("color_message", None)  # uvicorn's own, the same once more
    return event


def _tell_exception(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Put the class of an exception, of what caused it, and where each was raised, in the place of its traceback."""
    raised: ExcInfo | BaseException | bool | None = event.pop("exc_info", None)
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        event["exception"] = []
        while error is not None:
            frames = traceback.extract_tb(error.__traceback__)
            event["exception"].append(
                {
                    "class": f"{type(error).__module__}.{type(error).__qualname__}",
                    "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
                }
            )
            error = error.__cause__ or error.__context__
    return event
