"""Logs: one object a line, a request's identifier everywhere, and nothing of what somebody entered."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.operation.logs import ROOMS, configure_logs, log_requests
from api.operation.observing import Observation
from api.settings import LogSettings, ServerSettings, StoreSettings

PERSONAL = "Kerkstraat 6, somebody@example.org"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    loggers = [logging.getLogger(name) for name in ("", *ROOMS)]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    configure_logs(LogSettings(format="json", level="info"), stream)
    yield stream
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.fixture
def failing(store_settings: StoreSettings) -> Iterator[TestClient]:
    application = create_app(store_settings, ServerSettings())

    @application.get("/failing/{what}", include_in_schema=False)
    async def fail(what: str) -> None:
        raise ValueError(f"cannot read {what}")

    with TestClient(application, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("store_settings", ["sqlite"], indirect=True)
def test_a_failure_is_found_by_its_request_and_its_message_is_not_logged(
    failing: TestClient, logged: io.StringIO
) -> None:
    answer = failing.get(f"/failing/{PERSONAL}?q={PERSONAL}", headers={"X-Request-ID": "0195-from-the-proxy"})
    logging.getLogger("api").exception("failed", exc_info=ValueError(PERSONAL))
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    [request] = [line for line in lines if line["event"] == "request"]
    assert (request["route"], request["status"], request["method"]) == ("/failing/{what}", 500, "GET")
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == request["request_id"]
    assert request["request_id"] == "0195-from-the-proxy"
    [told] = [line["exception"] for line in lines if "exception" in line]
    assert [each["class"] for each in told] == ["builtins.ValueError"]
    assert "Kerkstraat" not in logged.getvalue()
    assert "somebody" not in logged.getvalue()


@pytest.mark.parametrize(
    "given", ["", "short", "somebody@example.org", "bw_0123abcd_" + "0" * 48, "a" * 65, "a b c d e f"]
)
def test_an_identifier_that_is_not_well_formed_is_replaced(client: TestClient, given: str) -> None:
    answers = [client.get("/v1/nothing", headers={"X-Request-ID": given}) for _ in range(2)]
    first, second = (answer.headers["x-request-id"] for answer in answers)
    assert given not in (first, second)
    assert first != second
    assert answers[0].json()["request_id"] == first


def test_text_is_for_people(logged: io.StringIO) -> None:
    configure_logs(LogSettings(format="text"), logged)
    logging.getLogger("api").warning("the store is away")
    assert logged.getvalue().startswith("20")
    assert "the store is away" in logged.getvalue()


@pytest.mark.parametrize("form", ["json", "text"])
def test_every_request_of_a_turn_has_a_line_with_its_own_identifier(
    logged: io.StringIO, form: Literal["json", "text"]
) -> None:
    configure_logs(LogSettings(format=form), logged)
    seen = [Observation(f"request-{number:03}", "GET", "/healthz", 200, 0.001, None) for number in range(20)]
    log_requests(seen)
    lines = logged.getvalue().splitlines()
    assert len(lines) == len(seen)
    assert all(each.request_id in line for each, line in zip(seen, lines, strict=True))
    if form == "json":
        assert [json.loads(line)["request_id"] for line in lines] == [each.request_id for each in seen]
