"""Budgets of requests: leases never add up to more than the limit, whoever takes them, and leave nothing unusable."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from data.rate_budgets import KEPT, PART_OF_LIMIT, lease
from data.store import Store, open_store
from data.store.access_models import RateBudget

WINDOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url)
    yield store
    store.close()


def take_all(store: Store, subject: str, limit: int) -> list[int]:
    blocks = []
    while True:
        with store.writing() as session:
            block = lease(session, subject, limit, WINDOW)
        if not block.granted:
            return blocks
        blocks.append(block.granted)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 800), number=st.integers(0, 10**9))
def test_a_budget_is_leased_to_its_end_in_shrinking_blocks(store: Store, limit: int, number: int) -> None:
    blocks = take_all(store, str(number), limit)
    with store.writing() as session:
        session.query(RateBudget).delete()
    assert sum(blocks) == limit
    assert blocks == sorted(blocks, reverse=True)
    assert max(blocks) <= max(1, limit // PART_OF_LIMIT)


def test_leases_at_once_never_add_up_to_more_than_the_limit(store: Store) -> None:
    with ThreadPoolExecutor(4) as workers:
        taken = list(workers.map(lambda _: take_all(store, "at-once", 1_000), range(4)))
    assert sum(map(sum, taken)) == 1_000
    assert sum(map(len, taken)) < 100  # of 1,000 requests


def test_every_window_and_key_has_a_budget_of_its_own_and_old_ones_go(store: Store) -> None:
    with store.writing() as session:
        assert lease(session, "one", 1, WINDOW).granted == 1
        assert lease(session, "one", 1, WINDOW).granted == 0
        assert lease(session, "other", 1, WINDOW).granted == 1
        assert lease(session, "one", 1, WINDOW + timedelta(minutes=1)).granted == 1
        assert lease(session, "one", 1, WINDOW + KEPT + timedelta(minutes=1)).granted == 1
        of_one = select(func.count()).select_from(RateBudget).where(RateBudget.subject == "one")
        assert session.scalar(of_one) == 2
