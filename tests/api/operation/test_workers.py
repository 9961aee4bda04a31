"""Real worker processes under load: killed, told to stop, cut off from their supervisor, unable to start."""

import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.cli import app as command_line
from api.cli.serving import EXAMPLE
from api.operation.listening import ListeningError, bound_socket
from api.settings import ServerSettings, StoreSettings
from data.store import StoreError
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
ONCE = pytest.mark.parametrize("store_settings", ["sqlite"], indirect=True)
"""What is about processes does not hang on the store."""
QUESTION = re.search(r"-d '(.*)'", EXAMPLE.format(host="", port="", key=""))[1]  # type: ignore[index]
CLIENTS = 4
NOTICE_S = 1


def ask(client: httpx2.Client) -> dict[str, Any]:
    answer = client.post("/v1/verifications", content=QUESTION, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    place: dict[str, Any] = answer.json()
    return place


def keep_asking(client: httpx2.Client, end: Event) -> tuple[list[dict[str, Any]], list[float]]:
    """Return the answers, and when connections failed, until told to end or refused."""
    answers, failed = [], []
    while not end.is_set():
        try:
            answers.append(ask(client))
        except httpx2.ConnectError:
            break
        except httpx2.TransportError:
            failed.append(time.monotonic())
    return answers, failed


@ONCE
def test_a_killed_worker_costs_a_connection_at_most_and_workers_do_not_outlive_their_supervisor(
    serve: Any, admin: dict[str, str]
) -> None:
    with (
        serve(2) as server,
        httpx2.Client(base_url=server.url, headers=admin, timeout=60) as client,
        ThreadPoolExecutor(CLIENTS) as clients,
    ):
        expected = ask(client)
        wait_until(lambda: server.serving() == 2, 120)
        end = Event()
        asking = [clients.submit(keep_asking, client, end) for _ in range(CLIENTS)]
        try:
            before = server.workers()
            os.kill(before[0], signal.SIGKILL)
            wait_until(lambda: before[0] not in server.workers() and server.serving() == 2, 120)
            # From here on the new one answers alone.
            os.kill(before[1], signal.SIGKILL)
            time.sleep(0.5)
        finally:
            end.set()
        for each in asking:
            answers, failed = each.result()
            assert answers
            assert all(answer == expected for answer in answers)
            assert len(failed) <= 2
        workers = server.workers()
        server.process.kill()
        server.process.wait()
        wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers), 120)


@ONCE
def test_running_requests_finish_and_new_ones_are_told_to_go_elsewhere(serve: Any, admin: dict[str, str]) -> None:
    with (
        serve(2, BUURTWIJZER_SERVER_STOP_NOTICE_SECONDS=str(NOTICE_S)) as server,
        httpx2.Client(base_url=server.url, headers=admin, timeout=60) as client,
        ThreadPoolExecutor(CLIENTS + 1) as clients,
    ):
        expected = ask(client)
        asking = [clients.submit(keep_asking, client, Event()) for _ in range(CLIENTS)]

        def slowly() -> Iterator[bytes]:
            yield QUESTION[:10].encode()
            time.sleep(3)
            yield QUESTION[10:].encode()

        slow = clients.submit(
            client.post, "/v1/verifications", content=slowly(), headers={"Content-Type": "application/json"}
        )
        time.sleep(0.5)
        server.process.terminate()
        told = time.monotonic()
        time.sleep(0.5)
        notice = client.get("/readyz")
        assert (notice.status_code, notice.headers["connection"]) == (503, "close")
        assert "stopping" in notice.json()["detail"]
        assert slow.result().json() == expected
        for each in asking:
            answers, failed = each.result()
            assert all(answer == expected for answer in answers)
            # A connection that comes when nobody accepts any more is reset where another second would have refused it.
            assert len([when for when in failed if when < told + NOTICE_S]) == 0
        assert server.process.wait(timeout=30) == 0


def test_ready_until_nothing_is_active(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/readyz").json()["status"] == "ready"
    with TestClient(create_app(StoreSettings(data_dir=tmp_path), ServerSettings())) as empty:
        answer = empty.get("/readyz")
        assert empty.get("/healthz").status_code == 200
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["type"].endswith("/not-ready")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_that_cannot_start_says_why_before_any_worker_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    (tmp_path / "store.sqlite").write_bytes(b"no database")
    monkeypatch.setenv("BUURTWIJZER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BUURTWIJZER_SERVER_WORKERS", workers)
    monkeypatch.delenv("BUURTWIJZER_DATABASE_URL", raising=False)
    with pytest.raises(StoreError, match="file is not a database"):
        command_line(["serve"], standalone_mode=False)


def test_a_port_that_is_taken_is_said_with_a_remedy() -> None:
    with bound_socket("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(ListeningError, match="--port"):
            bound_socket(*taken.getsockname())
