"""Workers follow the store: at once where PostgreSQL tells them, by looking where not, and after a restart of it."""

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

from api.keeper import AtlasKeeper
from api.settings import StoreSettings
from data.directory import DataDirectory
from data.store import Store, open_store
from data.store.database import CHANGES, announce_change
from data.store.models import DraftRow, Plan

CODE = "99001"
POSTGIS = Path(__file__).resolve().parents[2] / "scripts" / "postgis"
PATIENCE_S = 20.0
"""Far less than the minute after which a worker that hears nothing would look."""


def wait_until(holds: Callable[[], bool]) -> bool:
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        if holds():
            return True
        time.sleep(0.02)
    return False


@contextmanager
def watching(keeper: AtlasKeeper) -> Iterator[None]:
    """Let a keeper watch in an event loop of its own."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    def work() -> None:
        loop.run_until_complete(keeper.watch(stop))
        loop.close()

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def change(store: Store) -> int:
    with store.writing() as session:
        announce_change(session)
    return store.version()


def make_keeper(store: Store, folder: Path, reload_seconds: float, today: Callable[[], date] | None = None) -> Any:
    return AtlasKeeper(store, DataDirectory(folder), reload_seconds, today or (lambda: date(2026, 11, 24)))


def test_a_change_is_followed_at_once_or_at_the_next_look(store_url: str, tmp_path: Path) -> None:
    store = open_store(store_url)
    keeper = make_keeper(store, tmp_path, 600.0 if store_url.startswith("postgresql") else 0.05)
    with watching(keeper):
        for _ in range(3):
            version = change(store)
            assert wait_until(lambda version=version: keeper.current.version == version)
    store.close()


def test_a_change_that_is_rolled_back_is_not_told(store_url: str, tmp_path: Path) -> None:
    store = open_store(store_url)
    keeper = make_keeper(store, tmp_path, 0.05)
    with watching(keeper):
        with store.engine.connect() as connection, Session(connection) as session:
            announce_change(session)
            session.rollback()
        before = store.version()
        version = change(store)
        assert wait_until(lambda: keeper.current.version == version == before + 1)
    store.close()


def test_a_new_day_is_followed_although_nothing_is_told(store_url: str, tmp_path: Path) -> None:
    store = open_store(store_url)
    days = [date(2026, 11, 24)]
    keeper = make_keeper(store, tmp_path, 0.05, lambda: days[-1])
    with watching(keeper):
        days.append(date(2026, 11, 25))
        assert wait_until(lambda: keeper.current.day == date(2026, 11, 25))
    store.close()


@pytest.mark.postgis
def test_a_store_that_cannot_be_read_for_a_moment_is_looked_at_again_although_nothing_is_told(
    fresh_postgis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.keeper.LISTENING_LOOK_S", 600.0)
    store = open_store(fresh_postgis_url)
    keeper = make_keeper(store, tmp_path, 0.05)
    with watching(keeper):
        assert wait_until(lambda: listeners(fresh_postgis_url) == 1)
        with store.engine.begin() as connection:
            connection.execute(text("ALTER TABLE store_state RENAME TO away"))
            connection.execute(select(func.pg_notify(CHANGES, "")))
        assert wait_until(lambda: not keeper.store_reachable)
        with store.engine.begin() as connection:
            connection.execute(text("UPDATE away SET version = version + 1"))
            connection.execute(text("ALTER TABLE away RENAME TO store_state"))
        assert wait_until(lambda: keeper.store_reachable and keeper.current.version == store.version())
    store.close()


@pytest.mark.postgis
@pytest.mark.slow
def test_a_store_that_was_restarted_is_followed_again(cluster: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = cluster
    store = open_store(url)
    keeper = make_keeper(store, tmp_path, 0.2)
    with watching(keeper):
        version = change(store)
        assert wait_until(lambda: keeper.current.version == version)
        subprocess.run([POSTGIS, "stop", folder], check=True, capture_output=True)
        assert wait_until(lambda: not keeper.store_reachable)
        assert keeper.current.version == version
        subprocess.run([POSTGIS, "start", folder], check=True, capture_output=True)
        assert wait_until(lambda: keeper.store_reachable)
        assert wait_until(lambda: listeners(url) == 1)
        version = change(store)
        assert wait_until(lambda: keeper.current.version == version)
    store.close()


def listeners(url: str) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        asked = "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        count: int = connection.execute(text(asked)).scalar_one()
    engine.dispose()
    return count


@pytest.mark.slow
def test_a_publish_reaches_every_worker(
    serve: Any, store_settings: StoreSettings, admin: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_looking = store_settings.database_url is None
    monkeypatch.setenv("BUURTWIJZER_SERVER_RELOAD_SECONDS", "0.2" if by_looking else "600")
    store = open_store(store_settings.store_url)
    with serve(1) as one, serve(1) as other, httpx2.Client(headers=admin, timeout=60) as client:
        made = client.post(f"{one.url}/v1/municipalities/{CODE}/plans", json={}).json()
        body = {"valid_from": str(datetime.now(UTC).date()), "reason": "to be followed"}
        url = f"{one.url}/v1/plans/{made['id']}:publish"
        published = client.post(url, json=body, headers={"If-Match": '"1"'})
        assert published.status_code == 200, published.text
        version = store.version()
        for worker in (one, other):
            health = f"{worker.url}/healthz"
            assert wait_until(lambda health=health: client.get(health).json()["store_version"] == version)
    with store.writing() as session:
        session.delete(session.get(DraftRow, made["id"]))
        session.flush()
        session.delete(session.get(Plan, int(published.json()["id"])))
    store.close()
