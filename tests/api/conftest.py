"""The real application on the demo region, on each of the two stores."""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import httpx2
import pytest
import shapely
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, delete, make_url, select, text

from api.app import create_app
from api.cli.importing import demo_requests
from api.settings import HouseholdSettings, ServerSettings, StoreSettings
from data.api_keys import HIGHEST_RATE, Scope, create_key
from data.demo import DemoFiles, DemoSize, write_demo
from data.directory import DataDirectory
from data.importing import import_file
from data.quotes.price_books import list_books, publish_book
from data.releases import active_releases
from data.store import open_store
from data.store.database import announce_change
from data.store.models import Block, Buurt, DraftRow, Plan, Sector
from data.tables import Kind
from licensing.price_book_reader import example_source
from tests.conftest import absent
from tests.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOUSEHOLD_KEYS = "2026a:" + bytes(pow(3, n, 257) % 256 for n in range(32)).hex()
ROOT = Path(__file__).resolve().parents[2]
SERVED = {"PYTHONPATH": str(ROOT), "BUURTWIJZER_HOUSEHOLDS_KEYS": HOUSEHOLD_KEYS}
"""What a server of the tests has in its environment."""


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """Debian's Chromium for a module's tests: while it is open, an event loop runs that other tests would meet."""
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium")
    if executable is None:
        absent("Chromium is not installed (scripts/chromium install)")
    command = [ROOT / "scripts" / "chromium", "options"]
    options = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return write_demo(tmp_path_factory.mktemp("demo"), DemoSize())


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)])
def store_settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, demo: DemoFiles
) -> Iterator[StoreSettings]:
    """Settings of a store with the demo region in it; shared by tests that only ask."""
    folder: Path = tmp_path_factory.mktemp("var")
    settings = StoreSettings(data_dir=folder)
    if request.param == "postgis":
        server = request.getfixturevalue("postgis_url")
        name = f"api_{secrets.token_hex(6)}"
        admin = create_engine(server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
        settings = StoreSettings(data_dir=folder, database_url=url)
    store = open_store(settings.store_url)
    for item in demo_requests(demo):
        import_file(
            store,
            DataDirectory(folder),
            item,
            clock=lambda: datetime(2026, 11, 24, tzinfo=UTC),
            progress=lambda _stage, _done, _total: None,
        )
    store.close()
    yield settings
    if request.param == "postgis":
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def make_headers(url: str, *scopes: Scope) -> dict[str, str]:
    """Return the header of a new key."""
    store = open_store(url)
    with store.writing() as session:
        _, plain = create_key(session, "test", scopes, datetime.now(UTC), rate_per_minute=HIGHEST_RATE)
    store.close()
    return {"Authorization": f"Bearer {plain}"}


@pytest.fixture(scope="session")
def admin(store_settings: StoreSettings) -> dict[str, str]:
    """Header of a key for everything."""
    return make_headers(store_settings.store_url, Scope.ADMIN)


@pytest.fixture
def named_store(store_settings: StoreSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store with the demo region, as the environment names it for commands."""
    monkeypatch.setenv("BUURTWIJZER_DATA_DIR", str(store_settings.data_dir))
    if store_settings.database_url:
        monkeypatch.setenv("BUURTWIJZER_DATABASE_URL", store_settings.database_url)
    else:
        monkeypatch.delenv("BUURTWIJZER_DATABASE_URL", raising=False)


@pytest.fixture(scope="session")
def client(store_settings: StoreSettings, admin: dict[str, str]) -> Iterator[TestClient]:
    with TestClient(
        create_app(store_settings, ServerSettings(), HouseholdSettings(keys=HOUSEHOLD_KEYS)), headers=admin
    ) as client:
        yield client


HALVES = ((date(2025, 1, 1), ("99001-51", "99001-52")), (date(2026, 6, 1), ("99001-51", "99001-53")))
"""Two plans that divide the sectors of a municipality in two, one after the other; the middle sector is cut."""


@pytest.fixture
def halved(store_settings: StoreSettings, take_back_plans: Callable[[str], None]) -> Iterator[None]:
    """The municipality 99001 divided, and divided otherwise later: `HALVES`."""
    store = open_store(store_settings.store_url)
    with store.writing() as session:
        [sectors] = (release for release in active_releases(session) if release.kind == Kind.SECTORS)
        of_municipality = (Sector.release_id == sectors.id, Sector.municipality_code == "99001")
        rows = session.execute(select(Sector.code, Sector.geometry).where(*of_municipality).order_by(Sector.code)).all()
        middle = len(rows) // 2
        for version, (valid_from, buurten) in enumerate(HALVES, start=2):
            plan = Plan(
                release_id=sectors.id,
                municipality_code="99001",
                version=version,
                published_at=datetime(2026, 1, 1, tzinfo=UTC),
                valid_from=valid_from,
                drawn=True,
            )
            session.add(plan)
            session.flush()
            session.add_all(Buurt(plan_id=plan.id, code=code, name_nl=f"Wijk {code}") for code in buurten)
            session.flush()
            for number, (code, shape) in enumerate(rows):
                if number != middle:
                    side = buurten[number > middle]
                    session.add(Block(plan_id=plan.id, code=code, sector_code=code, buurt_code=side))
                    continue
                west, south, east, north = shape.bounds
                half = (west + east) / 2
                boxes = (shapely.box(west, south, half, north), shapely.box(half, south, east, north))
                for place, (box, side) in enumerate(zip(boxes, buurten, strict=True), start=1):
                    part = shapely.set_srid(shape & box, shapely.get_srid(shape))
                    own = f"{code}/{place}"
                    session.add(Block(plan_id=plan.id, code=own, sector_code=code, buurt_code=side, geometry=part))
    store.close()
    yield
    take_back_plans("99001")


@pytest.fixture
def take_back_plans(store_settings: StoreSettings, client: TestClient) -> Callable[[str], None]:
    """Delete a municipality's drawn plans and drafts, and let the worker that other tests share take it in."""

    def take_back(municipality: str) -> None:
        store = open_store(store_settings.store_url)
        with store.writing() as session:
            session.execute(delete(DraftRow).where(DraftRow.municipality_code == municipality))
            session.execute(delete(Plan).where(Plan.municipality_code == municipality, Plan.drawn))
            announce_change(session)
        wait_until(lambda: client.get("/healthz").json()["store_version"] == store.version())
        store.close()

    return take_back


@pytest.fixture
def quote(store_settings: StoreSettings, client: TestClient) -> str:
    """Identifier of a quote for the municipality 99003, priced by the example's book where there is no other."""
    store = open_store(store_settings.store_url)
    with store.writing() as session:
        if not list_books(session):
            publish_book(session, example_source(), datetime(2026, 1, 1, tzinfo=UTC), by="test", in_past=True)
    store.close()
    body = {"scopes": [{"municipality": "99003"}], "start": "2031-01-01"}
    return str(client.post("/v1/quotes", json=body).json()["id"])


@dataclass(frozen=True)
class RealServer:
    """`buurtwijzer serve` on a real port."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def workers(self) -> list[int]:
        """Processes that serve."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return list(map(int, children))

    def serving(self) -> int:
        """How many workers have said that they serve and still live."""
        told = {line["process"] for line in self.lines() if line["event"] == "the worker serves"}
        return len(told & set(self.workers()))

    def lines(self) -> list[dict[str, Any]]:
        """What was logged so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


class Serve(Protocol):
    def __call__(self, workers: int, **environment: str) -> AbstractContextManager[RealServer]: ...


@contextmanager
def served(settings: StoreSettings, workers: int, **environment: str) -> Iterator[RealServer]:
    """Start `buurtwijzer serve` with several workers on a store, with keys of households; ended afterwards."""
    environment = os.environ | SERVED | {"BUURTWIJZER_DATA_DIR": str(settings.data_dir)} | environment
    if settings.database_url:
        environment["BUURTWIJZER_DATABASE_URL"] = settings.database_url
    command = [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", "0"]
    command += ["--workers", str(workers)]
    log = settings.data_dir.with_name(f"served-{secrets.token_hex(6)}.log")
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: "http://" in log.read_text() or process.poll() is not None)
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        assert found is not None, log.read_text()
        server = RealServer(found[0], process, log)
        wait_until(lambda: is_alive(server.url))
        yield server
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture
def serve(store_settings: StoreSettings) -> Serve:
    """Start real workers on the store of the demo region."""
    return partial(served, store_settings)


@pytest.fixture
def serve_on() -> Callable[..., AbstractContextManager[RealServer]]:
    """Start real workers on the settings of a store that the test may harm."""
    return served


def is_alive(url: str) -> bool:
    """Whether a server answers."""
    try:
        return httpx2.get(f"{url}/healthz").is_success
    except httpx2.TransportError:
        return False
