"""Real workers on a real port: 100 quotes issued at once, with two workers killed, have 100 consecutive numbers."""

import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from api.quoting import QuoteSources, QuoteWish, ScopeWish, freeze, make_token
from api.settings import HouseholdSettings, StoreSettings
from data.directory import DataDirectory
from data.quotes.offers import create_quote
from data.quotes.price_books import list_books, publish_book
from data.store import Store, open_store
from data.store.licence_models import StoredQuote
from licensing.offers import parse_number
from licensing.price_book_reader import example_source

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 3
QUOTES = 100


@pytest.fixture
def store(store_settings: StoreSettings) -> Iterator[Store]:
    store = open_store(store_settings.store_url)
    with store.writing() as session:
        if not list_books(session):
            publish_book(session, example_source(), datetime(2026, 1, 1, tzinfo=UTC), by="test", in_past=True)
    yield store
    store.close()


@pytest.fixture
def drafts(store_settings: StoreSettings, store: Store) -> list[str]:
    now = datetime.now(UTC)
    sources = QuoteSources.of(DataDirectory(store_settings.data_dir), HouseholdSettings())
    wish = QuoteWish((ScopeWish("99001"),), (), 1, now.date(), "nl")
    with store.writing() as session:
        frozen = freeze(session, sources, wish, now)
        return [create_quote(session, frozen, now, by="test", make_token=make_token).id for _ in range(QUOTES)]


def issue(client: httpx2.Client, quote_id: str) -> str:
    """Issue a draft as a client does: after a broken connection it asks again, with the same key."""
    headers = {"If-Match": '"1"', "Idempotency-Key": f"issue-{quote_id}"}
    for _ in range(60):
        try:
            answer = client.post(f"/v1/quotes/{quote_id}:issue", headers=headers)
        except httpx2.TransportError:
            time.sleep(0.5)
            continue
        assert answer.status_code == 200, answer.text
        number: str = answer.json()["number"]
        return number
    raise AssertionError(f"{quote_id} was never answered")


@pytest.mark.slow
def test_100_issues_at_once_have_consecutive_numbers_though_workers_are_killed(
    store: Store, drafts: list[str], serve: Any, admin: dict[str, str]
) -> None:
    told: list[str] = []
    with (
        serve(WORKERS) as server,
        httpx2.Client(base_url=server.url, headers=admin, timeout=60) as client,
        ThreadPoolExecutor(12) as pool,
    ):
        waiting = [pool.submit(issue, client, quote_id) for quote_id in drafts]
        for victim in server.workers()[:2]:
            while sum(future.done() for future in waiting) < 5 + len(told):
                time.sleep(0.01)
            os.kill(victim, signal.SIGKILL)
            told.append("killed")
        numbers = [future.result() for future in waiting]
    assert len(told) == 2
    assert len(set(numbers)) == QUOTES
    sequences = sorted(parse_number(number)[1] for number in numbers)
    assert sequences == list(range(sequences[0], sequences[0] + QUOTES))
    with store.reading() as session:
        stored = [number for number in session.scalars(select(StoredQuote.number)) if number]
    assert all(re.fullmatch(r"Q-\d{4}-\d{6}", number) for number in stored)
    assert sorted(parse_number(number)[1] for number in stored) == list(range(1, len(stored) + 1))
