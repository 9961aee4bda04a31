"""What fails while real workers serve: the database, the disk, a file of a release, clients that send without end."""

import os
import select
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select as select_rows

from api.cli.importing import demo_requests
from api.settings import StoreSettings
from data.api_keys import HIGHEST_RATE, Scope, create_key
from data.demo import DemoFiles, DemoSize, write_demo
from data.directory import DataDirectory
from data.importing import ImportRequest, import_file
from data.members.rules import set_rules
from data.releases import activate, find_release
from data.store import open_store
from data.store.household_models import Account
from households.eligibility import RuleSet
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
POSTGIS = ROOT / "scripts" / "postgis"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
ADDRESS = {"street": "Kerkstraat", "house_number": "6", "postcode": "9993", "municipality": "Demodorp"}


def import_demo(settings: StoreSettings, demo: DemoFiles) -> dict[str, str]:
    """Import the demo region where anybody may join; return the header of a key for everything."""
    store = open_store(settings.store_url)
    for item in demo_requests(demo):
        import_file(
            store,
            DataDirectory(settings.data_dir),
            item,
            clock=lambda: NOW,
            progress=lambda _stage, _done, _total: None,
        )
    with store.writing() as session:
        rules = RuleSet(proof_required=False, licence_required=False, accounts_per_household=500)
        set_rules(session, "99001", rules, NOW, expected_version=0)
        _, plain = create_key(session, "faults", [Scope.ADMIN], datetime.now(UTC), rate_per_minute=HIGHEST_RATE)
    store.close()
    return {"Authorization": f"Bearer {plain}"}


@pytest.mark.postgis
@pytest.mark.slow
def test_while_the_database_is_stopped_lookups_go_on_and_writes_are_told_to_come_back(
    cluster: tuple[Path, str], serve_on: Any, demo: DemoFiles, tmp_path: Path
) -> None:
    folder, url = cluster
    settings = StoreSettings(data_dir=tmp_path, database_url=url)
    headers = import_demo(settings, demo)
    over = threading.Event()
    answered: list[tuple[float, int, str | None]] = []

    def look_up(client: httpx2.Client) -> int:
        asked = 0
        while not over.is_set():
            answer = client.post("/v1/verifications", json=ADDRESS)
            assert (answer.status_code, answer.json()["verdict"]) == (200, "accept"), answer.text
            asked += 1
        return asked

    def sign_up(client: httpx2.Client, person: int) -> list[str]:
        joined = []
        while not over.is_set():
            email = f"person-{person}-{len(answered)}@example.org"
            answer = client.post("/v1/sign-ups", json=ADDRESS | {"email": email})
            answered.append((time.monotonic(), answer.status_code, answer.headers.get("retry-after")))
            if answer.status_code == 200:
                joined.append(answer.json()["sign_up"]["account"])
            else:
                assert answer.json()["type"].endswith("/store-unreachable"), answer.text
                assert "INSERT" not in answer.text
        return joined

    with (
        serve_on(settings, 2) as server,
        httpx2.Client(base_url=server.url, headers=headers, timeout=60) as client,
        ThreadPoolExecutor(4) as people,
    ):
        lookups = [people.submit(look_up, client) for _ in range(2)]
        joins = [people.submit(sign_up, client, person) for person in range(2)]
        try:
            time.sleep(1)
            subprocess.run([POSTGIS, "stop", folder], check=True, capture_output=True)
            stopped = time.monotonic()
            time.sleep(2)
            subprocess.run([POSTGIS, "start", folder], check=True, capture_output=True)
            started = time.monotonic()
            time.sleep(5)
        finally:
            over.set()
        assert all(lookup.result() > 0 for lookup in lookups)
        accounts = {account for join in joins for account in join.result()}
    assert {status for _, status, _ in answered} == {200, 503}
    assert {retry for _, status, retry in answered if status == 503} == {"1"}
    assert min(at for at, status, _ in answered if status == 503) < stopped + 2
    assert min(at for at, status, _ in answered if status == 200 and at > stopped + 1) < started + 5
    store = open_store(url)
    with store.reading() as session:
        # Every account that was answered is there; of a 503 after the commit there may be one more.
        assert accounts <= set(session.scalars(select_rows(Account.id)))
    store.close()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own that is soon full."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here: a full disk is not tested")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path, leave: int) -> Path:
    """Take all room of a file system but for some bytes."""
    filler = folder / "filler"
    free = shutil.disk_usage(folder).free - leave
    with filler.open("wb") as stream:
        stream.write(b"\0" * max(free, 0))
    return filler


def run_command(settings: StoreSettings, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"BUURTWIJZER_DATA_DIR": str(settings.data_dir), "COLUMNS": "200"}
    command = [sys.executable, "-c", "from api.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    """Another demo region, of fewer sectors."""
    return write_demo(tmp_path_factory.mktemp("others"), DemoSize(sectors=30, addresses=1_500))


@pytest.mark.slow
def test_an_import_and_a_publish_on_a_full_disk_leave_nothing_half_and_go_well_once_there_is_room(
    serve_on: Any, demo: DemoFiles, others: DemoFiles, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 96) as disk:
        settings = StoreSettings(data_dir=disk / "var")
        headers = import_demo(settings, demo)
        again = ["import", "statbel-sectors", str(others.sectors), "--name", "again"]
        filler = fill(disk, leave=400_000)
        full = run_command(settings, *again)
        assert (full.returncode, "Traceback" in full.stderr) == (1, False), full.stderr
        assert "No space left" in full.stderr or "is full" in full.stderr, full.stderr
        assert not (disk / "var" / "releases" / "again").exists()
        filler.unlink()
        with (
            serve_on(settings, 1) as server,
            httpx2.Client(base_url=server.url, headers=headers, timeout=60) as client,
        ):
            draft = client.post("/v1/municipalities/99001/plans", json={"title": "Full"}).json()["id"]
            sector = next(iter(client.get(f"/v1/plans/{draft}").json()["blocks"]))
            operation = {"op": "create_buurt", "names": {"nl": "Hoek"}, "blocks": [sector], "allow_parts": True}
            answer = client.post(
                f"/v1/plans/{draft}/operations", json={"operation": operation}, headers={"If-Match": '"1"'}
            )
            assert answer.status_code == 200, answer.text
            published = {"valid_from": str(datetime.now(UTC).date()), "reason": "a full disk"}
            publish = {"url": f"/v1/plans/{draft}:publish", "json": published, "headers": {"If-Match": '"2"'}}
            filler = fill(disk, leave=0)
            refused = client.post(**publish)
            assert (refused.status_code, refused.headers.get("retry-after")) == (503, "1"), refused.text
            # What is there is read as before, and nothing of the plan is.
            assert client.post("/v1/verifications", json=ADDRESS).json()["place"]["buurt"]["plan_version"] == 1
            filler.unlink()
            taken = client.post(**publish)
            assert taken.status_code == 200, taken.text
        repeated = run_command(settings, *again)
        assert repeated.returncode == 0, repeated.stderr
        assert (disk / "var" / "releases" / "again").is_dir()


def test_a_release_that_is_damaged_on_disk_is_told_and_the_one_before_goes_on(
    serve_on: Any, demo: DemoFiles, others: DemoFiles, tmp_path: Path
) -> None:
    settings = StoreSettings(data_dir=tmp_path)
    headers = import_demo(settings, demo)
    store = open_store(settings.store_url)
    request = ImportRequest("statbel-sectors", others.sectors, name="damaged")
    import_file(store, DataDirectory(tmp_path), request, clock=lambda: NOW, progress=lambda *_: None)
    index = tmp_path / "releases" / "damaged" / "sectors.index"
    index.chmod(0o644)
    with index.open("r+b") as stream:
        stream.seek(index.stat().st_size // 2)
        byte = stream.read(1)
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte[0] ^ 1]))
    refused = run_command(settings, "activate", "damaged")
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert "damaged on disk, in sectors.index" in refused.stderr
    with (
        serve_on(settings, 1) as server,
        httpx2.Client(base_url=server.url, headers=headers, timeout=60) as client,
    ):
        # As if it had been damaged after it was looked at.
        with store.writing() as session:
            activate(session, find_release(session, "damaged"), NOW)
        wait_until(lambda: client.get("/healthz").json()["status"] == "degraded")
        found = client.post("/v1/verifications", json=ADDRESS).json()
        assert (found["verdict"], "demo-sectors" in found["releases"]) == ("accept", True)
    store.close()


def test_a_body_of_a_gigabyte_is_refused_before_it_is_read(serve_on: Any, tmp_path: Path) -> None:
    settings = StoreSettings(data_dir=tmp_path)
    piece = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    head = "POST /v1/verifications HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with serve_on(settings, 1) as server:
        port = int(server.url.rpartition(":")[2])
        for announced in ("Content-Length: 1073741824\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"):
            sent = 0
            with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
                client.sendall((head + announced).encode())
                with suppress(ConnectionError):
                    while sent < 1 << 30:
                        client.sendall(piece)
                        sent += len(piece)
                        if select_readable(client):
                            break
                answer = client.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 413 "), answer[:100]
            assert sent < 1 << 26
        # Nor does the server keep it; a single worker is its own supervisor.
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        assert int(status.partition("VmRSS:")[2].split()[0]) < 1_000_000


def select_readable(client: socket.socket) -> bool:
    return bool(select.select([client], [], [], 0)[0])
