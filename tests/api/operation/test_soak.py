"""Load on real workers for as long as BUURTWIJZER_SOAK says (`make soak`: ten minutes), and a clock that jumps."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import httpx2
import pytest

from api.settings import StoreSettings
from data.api_keys import Scope, create_key
from data.store import open_store
from data.store.database import announce_change
from tests.waiting import wait_until

ONCE = pytest.mark.parametrize("store_settings", ["sqlite"], indirect=True)
SOAK = "BUURTWIJZER_SOAK" in os.environ
SECONDS = float(os.environ.get("BUURTWIJZER_SOAK", "1"))
SHORT_ONCE = pytest.mark.parametrize("store_settings", ["sqlite", "postgis"] if SOAK else ["sqlite"], indirect=True)
CLIENTS = 4
MOST_GROWTH = 1.1
"""Of the memory of all workers, from warm to the end."""
ADDRESS = {"street": "Kerkstraat", "house_number": "6", "postcode": "9993", "municipality": "Demodorp"}
FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


def resident_bytes(pids: list[int]) -> int:
    """Return the memory that is the processes' own: mapped files and shared pages do not grow with requests."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Private_Dirty:", "Private_Clean:")):
                total += int(line.split()[1]) * 1024
    return total


@SHORT_ONCE
@pytest.mark.slow
def test_under_load_there_is_no_error_and_memory_stays(
    store_settings: StoreSettings, serve: Any, admin: dict[str, str]
) -> None:
    over = Event()
    store = open_store(store_settings.store_url)

    def ask(url: str) -> int:
        asked = 0
        with httpx2.Client(base_url=url, headers=admin, timeout=60) as client:
            while not over.is_set():
                answer = client.post("/v1/verifications", json=ADDRESS)
                assert (answer.status_code, answer.json()["verdict"]) == (200, "accept"), answer.text
                for path in ("/v1/addresses/suggest?q=kerkstr", "/v1/municipalities/99001/households", "/readyz"):
                    answer = client.get(path)
                    assert answer.status_code == 200, answer.text
                asked += 4
        return asked

    with serve(2) as server, ThreadPoolExecutor(CLIENTS) as people:
        asking = [people.submit(ask, server.url) for _ in range(CLIENTS)]
        try:
            time.sleep(min(SECONDS / 3, 60))
            warm = resident_bytes(server.workers())
            ends = time.monotonic() + SECONDS
            while time.monotonic() < ends and not any(each.done() for each in asking):
                # Answers are renewed meanwhile: what went before has to go.
                with store.writing() as session:
                    announce_change(session)
                time.sleep(1)
            grown = resident_bytes(server.workers()) / warm
        finally:
            over.set()
        assert all(each.result() > 0 for each in asking)
    store.close()
    assert grown <= MOST_GROWTH or not SOAK, f"{grown:.2f} of the memory after {SECONDS:g} s"


@ONCE
@pytest.mark.slow
@pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not installed: no clock that jumps is tested")
def test_a_clock_that_jumps_expires_keys_and_stops_nothing(
    store_settings: StoreSettings, serve: Any, admin: dict[str, str], tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    store = open_store(store_settings.store_url)
    with store.writing() as session:
        _, plain = create_key(session, "short", [Scope.SIGNUP], now, now + timedelta(days=1))
    store.close()
    offset = tmp_path / "offset"
    offset.write_text("+0")
    clock = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with serve(1, **clock) as server, httpx2.Client(base_url=server.url, headers=admin, timeout=60) as client:
        short = {"Authorization": f"Bearer {plain}"}
        for jump, expected in (("+400d", 401), ("-3d", 200)):
            offset.write_text(jump)
            wait_until(
                lambda expected=expected: (  # type: ignore[misc]
                    client.post("/v1/verifications", json=ADDRESS, headers=short).status_code == expected
                ),
                60,
            )
            found = client.post("/v1/verifications", json=ADDRESS)
            assert (found.status_code, found.json()["verdict"]) == (200, "accept"), found.text
            assert client.get("/readyz").status_code == 200
            assert client.get("/v1/municipalities/99001/households").status_code == 200
