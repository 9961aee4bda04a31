"""Rates of keys over real workers: the limit is never exceeded, nearly all of it can be used, and refusals explain."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.operation.rate_limits import WINDOW_S, RateLimiter
from api.settings import ServerSettings, StoreSettings
from data.api_keys import KeyFormError, Scope, create_key, rotate_key
from data.store import Store, open_store

RATE = 200
ASKED = 500


def make_key(settings: StoreSettings, rate: int) -> dict[str, str]:
    store = open_store(settings.store_url)
    with store.writing() as session:
        _, plain = create_key(session, "limited", [Scope.VIEWER], datetime.now(UTC), rate_per_minute=rate)
    store.close()
    return {"Authorization": f"Bearer {plain}"}


@pytest.mark.slow
def test_four_workers_answer_no_more_than_the_rate_and_nearly_all_of_it(
    serve: Any, store_settings: StoreSettings
) -> None:
    key = make_key(store_settings, RATE)
    with serve(4) as server, ThreadPoolExecutor(8) as callers:

        def ask(_: int) -> int:
            # A connection each, so that every worker is asked.
            return httpx2.get(f"{server.url}/v1/session", headers=key, timeout=120).status_code

        began = time.time()
        answers = list(callers.map(ask, range(ASKED)))
        windows = int(time.time() // WINDOW_S) - int(began // WINDOW_S) + 1
    assert set(answers) == {200, 429}
    assert 0.9 * RATE <= answers.count(200) <= RATE * windows


def test_what_is_left_is_told_and_beyond_it_when_to_come_back(store_settings: StoreSettings) -> None:
    key = make_key(store_settings, 3)
    with TestClient(create_app(store_settings, ServerSettings()), headers=key) as client:
        answers = [client.get("/v1/session") for _ in range(8)]
        public = client.get("/healthz", headers={"Authorization": "Bearer nobody"})
    refused = answers[-1]
    assert refused.status_code == 429
    assert refused.json()["type"].endswith("/too-many-requests")
    assert 1 <= int(refused.headers["retry-after"]) <= WINDOW_S
    assert refused.headers["ratelimit"] == f'"minute";r=0;t={refused.headers["retry-after"]}'
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"minute";q=3;w=60'}
    first = [answer.headers["ratelimit"].split(";")[1] for answer in answers if answer.status_code == 200]
    assert first[:3] == ["r=2", "r=1", "r=0"]
    assert "ratelimit" not in public.headers


def test_without_the_store_a_worker_lets_a_tenth_through_in_each_window(store_settings: StoreSettings) -> None:
    class Away(Store):
        def writing(self) -> Any:
            raise OSError

    store = open_store(store_settings.store_url)
    clock = [1_000_000.0]
    limiter = RateLimiter(Away(store.engine), lambda: clock[0])

    async def ask(times: int) -> int:
        return sum([(await limiter.take("away", 100)).granted for _ in range(times)])

    async def two_windows() -> tuple[int, int]:
        first = await ask(50)
        clock[0] += WINDOW_S
        return first, await ask(50)

    assert asyncio.run(two_windows()) == (10, 10)
    limiter.close()
    store.close()


def test_a_rotated_key_keeps_its_rate_and_none_is_made_without_one(store_settings: StoreSettings) -> None:
    store = open_store(store_settings.store_url)
    now = datetime.now(UTC)
    with store.writing() as session:
        key, _ = create_key(session, "form", [Scope.SIGNUP], now, rate_per_minute=7)
        assert rotate_key(session, key.id, now, now - now)[0].rate_per_minute == 7
        with pytest.raises(KeyFormError, match="1 to"):
            create_key(session, "form", [Scope.SIGNUP], now, rate_per_minute=0)
        session.rollback()
    store.close()
