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
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, TextIO

import structlog
from structlog.types import EventDict, ExcInfo, Processor, WrappedLogger

from api.operation.observing import Observation, current_request_id
from api.settings import LogSettings

ROOMS: Final = ("api", "boundaries", "data", "geo", "households", "licensing", "uvicorn")
"""Loggers that follow the setting; others speak up from a warning on, since they may log whatever they handle."""
LINES_AT_ONCE: Final = 8
"""As many as a pipe takes in one piece (POSIX: 4,096 bytes here), so that lines of several workers do not mix."""
_requests = logging.getLogger(__name__)
_request_lines: TextIO | None = None
"""Where the lines of requests go; None while they are records like any other."""


def configure_logs(settings: LogSettings, stream: TextIO = sys.stderr) -> None:
    """Write all logs of this process to a stream, in the form and from the level on that the settings say."""
    global _request_lines  # noqa: PLW0603 -- as what logging itself keeps, it is the process's
    shared: list[Processor] = [
        _add_request_id,
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
    _request_lines = None if settings.format == "text" else stream
    for room in ROOMS:
        logging.getLogger(room).setLevel(settings.level.upper())


def log_requests(observations: Sequence[Observation]) -> None:
    """Write the lines of requests.

    There are thousands of them a second: they are written as the processors would, without the records and chains of
    processors that cost ten times as much.
    """
    if not _requests.isEnabledFor(logging.INFO):
        return
    if _request_lines is None:
        for each in observations:
            fields = {"method": each.method, "route": each.route, "status": each.status, "key": each.key_id}
            fields |= {"duration_ms": round(each.seconds * 1_000, 2), "request_id": each.request_id}
            _requests.info("request", extra=fields)
        return
    at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    end = f'"time": "{at}", "process": {os.getpid()}}}\n'
    lines = [
        f'{{"request_id": "{each.request_id}", "event": "request", "level": "info", "logger": "{__name__}", '
        f'"method": "{each.method}", "route": {_as_json(each.route)}, "status": {each.status}, '
        f'"duration_ms": {round(each.seconds * 1_000, 2)}, "key": {_as_json(each.key_id)}, {end}'
        for each in observations
    ]
    for first in range(0, len(lines), LINES_AT_ONCE):
        _request_lines.write("".join(lines[first : first + LINES_AT_ONCE]))
        _request_lines.flush()


@lru_cache(1_024)
def _as_json(text: str | None) -> str:
    return json.dumps(text)


def _add_request_id(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    if (request_id := current_request_id()) is not None:
        event["request_id"] = request_id
    return event


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
