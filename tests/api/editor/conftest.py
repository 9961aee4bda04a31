"""The map editor in Debian's Chromium, against a real server on a store of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import shapely.geometry
from playwright.sync_api import Browser, BrowserContext, Page

from api.cli.importing import demo_requests
from api.settings import StoreSettings
from data.api_keys import HIGHEST_RATE, Scope, create_key
from data.demo import DemoFiles
from data.directory import DataDirectory
from data.importing import import_file
from data.store import open_store
from tests.conftest import absent

ROOT = Path(__file__).resolve().parents[3]
DIST = ROOT / "web" / "dist"
SCREENSHOTS = ROOT / "web" / "screenshots"
WAIT_MS = 20_000
"""How long the page may take for one thing on two busy cores; no test measures time."""


@dataclass
class EditorServer:
    """A server that can be stopped and started again on its port."""

    settings: StoreSettings
    port: int
    process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "--factory", "api.app:create_app", "--port", str(self.port)]
        command += ["--log-level", "error", "--no-access-log"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=os.environ | self.environment)
        for _ in range(600):
            try:
                httpx2.get(f"{self.url}/healthz").raise_for_status()
            except httpx2.TransportError:
                time.sleep(0.1)
            else:
                return
        raise TimeoutError("the server did not start")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=30)
            self.process = None

    def key(self, *scopes: Scope) -> str:
        store = open_store(self.settings.store_url)
        with store.writing() as session:
            _, plain = create_key(session, "editor test", scopes, datetime.now(UTC), rate_per_minute=HIGHEST_RATE)
        store.close()
        self.await_key(plain)
        return plain

    def await_key(self, key: str) -> None:
        """Wait until the server knows a key that was made beside it."""
        for _ in range(200):
            if httpx2.get(f"{self.url}/v1/session", headers={"Authorization": f"Bearer {key}"}).status_code == 200:
                return
            time.sleep(0.05)
        raise TimeoutError("the server did not take in the key")

    def ask(self, method: str, path: str, key: str, **options: Any) -> Any:
        """Ask the API as another program would."""
        headers = {"Authorization": f"Bearer {key}", **options.pop("headers", {})}
        answer = httpx2.request(method, self.url + path, headers=headers, timeout=30, **options)
        answer.raise_for_status()
        return answer.json()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def browser(chromium: Browser) -> Browser:
    """The browser, where there is an editor to open in it."""
    if not (DIST / "index.html").is_file():
        absent("the editor is not built (make web)")
    return chromium


MakeServer = Callable[[StoreSettings, dict[str, str]], EditorServer]


@pytest.fixture(scope="session")
def make_server() -> MakeServer:
    return lambda settings, environment: EditorServer(settings, free_port(), environment=environment)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, demo: DemoFiles, browser: Browser, make_server: MakeServer
) -> Iterator[EditorServer]:
    """A server on the demo region; what a module's tests publish is theirs alone."""
    folder = tmp_path_factory.mktemp("editor")
    settings = StoreSettings(data_dir=folder)
    store = open_store(settings.store_url)
    for request in demo_requests(demo):
        import_file(
            store,
            DataDirectory(folder),
            request,
            clock=lambda: datetime.now(UTC),
            progress=lambda _stage, _done, _total: None,
        )
    store.close()
    server = make_server(settings, {"BUURTWIJZER_DATA_DIR": str(folder)})
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def ops(server: EditorServer) -> str:
    return server.key(Scope.OPS)


class Editor:
    """A page of the editor, as somebody at the screen sees it."""

    def __init__(self, page: Page, server: EditorServer, key: str) -> None:
        self.page = page
        self.server = server
        self.key = key
        self.draft = ""
        """The draft that a test opened by its identifier; else the address bar says what is open."""
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text) if "Content Security" in line.text else None)
        page.on("request", lambda request: self.requests.append(request.url))

    def open(self, query: str = "lang=en", *, municipality: str | None = "99001") -> "Editor":
        place = f"&m={municipality}" if municipality else ""
        self.page.goto(f"{self.server.url}/?{query}{place}#key={self.key}")
        self.page.wait_for_selector("[data-ready]")
        if municipality:
            self.page.wait_for_selector(".plan-head h1")
        return self

    def begin(self) -> str:
        """Begin a draft; returns its identifier."""
        self.page.get_by_role("button", name="Begin a draft", exact=True).click()
        self.page.wait_for_selector(".tool")
        self.saved()
        return self.plan_id

    @property
    def plan_id(self) -> str:
        if self.draft:
            return self.draft
        found = re.search(r"[?&]plan=([^&#]+)", self.page.url)
        assert found is not None
        return found[1]

    def saved(self) -> None:
        """Wait until the server has answered everything."""
        self.page.wait_for_function("() => globalThis.buurtwijzer.unsaved() === 0")
        self.page.wait_for_selector("[data-saving=saved]")

    def insist(self) -> None:
        """Where the last paint was refused because a buurt would fall into parts, do it anyway."""
        refused = self.page.locator("[data-refusal=buurt-falls-apart]")
        if refused.count():
            refused.get_by_role("button", name="Do it anyway").press("Enter")
            self.saved()

    def plan(self) -> Any:
        """What the server has of the plan on the screen."""
        return self.server.ask("GET", f"/v1/plans/{self.plan_id}", self.key)

    def households(self, buurt: str) -> int:
        return next(one["counts"]["households"] for one in self.plan()["buurten"] if one["code"] == buurt)

    def buurt_of(self, block: str) -> str | None:
        found: str | None = self.plan()["blocks"][block]
        return found

    def settle(self) -> None:
        """Wait until the map has drawn everything."""
        self.page.evaluate("() => globalThis.buurtwijzer.rest()")

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a place is on the screen."""
        box = self.page.locator("#map").bounding_box()
        to_screen = "(place) => { const { x, y } = globalThis.buurtwijzer.map.project(place); return [x, y]; }"
        x, y = self.page.evaluate(to_screen, [lon, lat])
        assert box is not None
        return box["x"] + x, box["y"] + y

    def tool(self, name: str) -> None:
        self.page.locator(f'input[name=tool][value="{name}"]').check(force=True)

    def select(self, buurt: str) -> None:
        if self.page.get_by_text("Back to all buurten").count():
            self.page.get_by_text("Back to all buurten").click()
        self.page.locator(f'[data-buurt="{buurt}"]').click()
        self.page.wait_for_selector(".big")

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=re.compile(f"^{name}")).click()

    def run(self, operation: dict[str, Any]) -> Any:
        """Change the draft as another editor would, over the API."""
        revision = self.plan()["plan"]["revision"]
        return self.server.ask(
            "POST",
            f"/v1/plans/{self.plan_id}/operations",
            self.key,
            json={"operation": operation},
            headers={"If-Match": f'"{revision}"'},
        )

    def shows_households(self, number: int) -> None:
        self.page.wait_for_selector(f'.big[data-households="{number}"]')

    def screenshot(self, name: str) -> None:
        """Keep a picture, to be looked at."""
        self.settle()
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context
    context.close()


@pytest.fixture
def editor(context: BrowserContext, server: EditorServer, ops: str) -> Iterator[Editor]:
    editor = Editor(context.new_page(), server, ops)
    yield editor
    assert editor.errors == []


def inside(feature: Any) -> tuple[float, float]:
    """Return a place inside a GeoJSON feature."""
    point = shapely.geometry.shape(feature["geometry"]).representative_point()
    return point.x, point.y


Places = Callable[[Editor], dict[str, tuple[float, float]]]


@pytest.fixture
def places() -> Places:
    """A place inside every block of the plan that is open."""

    def ask(editor: Editor) -> dict[str, tuple[float, float]]:
        answer = editor.server.ask("GET", f"/v1/plans/{editor.plan_id}/blocks", editor.key)
        return {feature["id"]: inside(feature) for feature in answer["features"]}

    return ask
