"""The client for callers against a real server: sign-ups, quotes, plans, refusals, pages and patience."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from api.settings import StoreSettings
from buurtwijzer_client import AsyncClient, Client, Problem, Retries
from data.api_keys import Scope
from data.quotes.price_books import list_books, publish_book
from data.store import open_store
from licensing.price_book_reader import example_source
from tests.api.conftest import RealServer, make_headers, served

WISH = {"scopes": [{"municipality": "99001"}], "years": 1, "start": "2027-01-01"}


@pytest.fixture(scope="module")
def key(store_settings: StoreSettings) -> str:
    store = open_store(store_settings.store_url)
    with store.writing() as session:
        if not list_books(session):
            publish_book(session, example_source(), datetime(2026, 1, 1, tzinfo=UTC), by="test", in_past=True)
    store.close()
    return make_headers(store_settings.store_url, Scope.ADMIN)["Authorization"].removeprefix("Bearer ")


@pytest.fixture(scope="module")
def server(store_settings: StoreSettings, key: str) -> Iterator[RealServer]:
    with served(store_settings, 1) as server:
        yield server


def test_a_form_completes_verifies_and_signs_up(server: RealServer, key: str) -> None:
    with Client(server.url, key) as buurtwijzer:
        address = {"street": "Kerkstraat", "house_number": "6", "postcode": "9993", "municipality": "Demodorp"}
        assert buurtwijzer.suggest("kerkstr", limit=3)
        found = buurtwijzer.verify(address, eligibility=True)
        assert found.verdict == "accept"
        assert found.place is not None
        assert found.eligibility is not None
        asked = buurtwijzer.sign_up(address, email="client@example.org")
        if asked.sign_up is not None:
            assert buurtwijzer.show_sign_up(asked.sign_up.id).id == asked.sign_up.id
        with pytest.raises(Problem) as refused:
            buurtwijzer.sign_up(address, email="nobody")
        assert (refused.value.status, refused.value.slug) == (422, "invalid-request")
        assert refused.value.errors[0].field == "/email"


def test_quotes_are_made_once_and_listed_to_the_end(server: RealServer, key: str) -> None:
    with Client(server.url, key) as buurtwijzer:
        first = buurtwijzer.make_quote(WISH, idempotency_key="client-test-1")
        assert buurtwijzer.make_quote(WISH, idempotency_key="client-test-1").id == first.id
        issued = buurtwijzer.issue_quote(buurtwijzer.make_quote(WISH))
        assert (issued.state, issued.number is not None) == ("issued", True)
        with pytest.raises(Problem) as changed:
            buurtwijzer.issue_quote(first.model_copy(update={"version": 99}))
        assert changed.value.status == 412
        listed = [quote.id for quote in buurtwijzer.quotes(limit=1)]
        assert len(set(listed)) == len(listed)
        assert {first.id, issued.id} <= set(listed)


def test_asyncio_asks_the_same(server: RealServer, key: str) -> None:
    async def ask() -> tuple[Any, ...]:
        async with AsyncClient(server.url, key) as buurtwijzer:
            plans, today, quotes = await asyncio.gather(
                buurtwijzer.plans("99001"),
                buurtwijzer.plan_on("99001", date(2026, 11, 24)),
                buurtwijzer.suggest("kerk"),
            )
            content = await buurtwijzer.read_plan(today.id)
            listed = [quote.id async for quote in buurtwijzer.quotes(limit=1)]
            return plans, today, quotes, content, listed

    plans, today, suggestions, content, listed = asyncio.run(ask())
    with Client(server.url, key) as buurtwijzer:
        assert buurtwijzer.plans("99001") == plans
        assert buurtwijzer.plan_on("99001", date(2026, 11, 24)) == today
        assert buurtwijzer.suggest("kerk") == suggestions
        assert buurtwijzer.read_plan(today.id) == content
        assert [quote.id for quote in buurtwijzer.quotes()] == listed


@contextmanager
def stubborn(*answers: tuple[int, dict[str, str], Any]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A server that gives these answers in turn, and keeps the headers of the requests."""
    left, seen = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(dict(self.headers))
            self.rfile.read(int(self.headers.get("content-length", 0)))
            status, headers, body = left.pop(0)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()


BUSY = (503, {"Retry-After": "0"}, {})
QUOTE = {
    "id": "q",
    "number": None,
    "state": "draft",
    "version": 1,
    "valid_until": None,
    "price_book": "b",
    "start": "2027-01-01",
    "years": 1,
    "households": 5,
    "net": "1.00",
    "gross": "1.21",
}


def test_it_waits_and_asks_again_only_where_nothing_can_happen_twice() -> None:
    with stubborn(BUSY, BUSY, (201, {}, QUOTE)) as (url, seen), Client(url, "bw_x") as buurtwijzer:
        assert buurtwijzer.make_quote(WISH).id == "q"
        assert len({headers["Idempotency-Key"] for headers in seen}) == 1
        assert {headers["Authorization"] for headers in seen} == {"Bearer bw_x"}
    with stubborn(BUSY) as (url, seen), Client(url, "bw_x") as buurtwijzer, pytest.raises(Problem) as refused:
        buurtwijzer.sign_up({"line": "x"}, email="a@b")
    assert (refused.value.status, refused.value.slug, len(seen)) == (503, "", 1)
    busy = (429, {"Retry-After": "3600"}, {})
    with stubborn(busy) as (url, seen), Client(url, "bw_x", retries=Retries(longest_s=1)) as buurtwijzer:
        with pytest.raises(Problem, match="429"):
            buurtwijzer.make_quote(WISH)
        assert len(seen) == 1
