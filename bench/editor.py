"""The map editor measured in Debian's Chromium: first view, paint to number, and long tasks.

    python bench/editor.py [--quick]

A synthetic country of 20,000 sectors (`--quick`: 2,000) whose largest municipality has 720, as many as the
Brussels-Capital Region; a real server and a real browser on the same machine, which draws without a graphics card.
Times are the browser's own (performance API): the first view from the navigation, in a context without a cache; a paint
from the release of a real mouse button to the changed number in the panel. Paints come one after another, each when the
map is at rest. The peer is what a plain client would do: send the paint, then read the plan's numbers. What the machine
itself takes is measured in the same run: a page with MapLibre and an empty map. Needs `make web` and
`scripts/chromium install`.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median, quantiles
from threading import Thread
from typing import Any

import httpx2
import numpy as np
import shapely
from bars import Bar, report
from playwright.sync_api import Browser, FloatRect, Page, ViewportSize, sync_playwright
from sector_layer import make_sectors

from api.settings import StoreSettings
from data.api_keys import HIGHEST_RATE, Scope, create_key
from data.directory import DataDirectory
from data.importing import ImportRequest, import_file
from data.readers.mapping import ColumnMapping
from data.store import open_store
from data.tables import Kind

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 720
FIRST_VIEW_MS = 2_000
PAINT_MS = 100
TASK_MS = 200
VIEWS = 5
"""How often the first view is measured, each in a context of its own; the median counts."""
REST_MS = 300
"""How long nothing happens between two paints."""
VIEWPORT: ViewportSize = {"width": 1440, "height": 900}
MAPLIBRE = ROOT / "web" / "node_modules" / "maplibre-gl" / "dist"
WATCH = """
    globalThis.longTasks = [];
    globalThis.released = 0;
    globalThis.onScreen = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) globalThis.longTasks.push(entry.duration);
    }).observe({ type: "longtask", buffered: true });
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (entry.name === "mouseup") globalThis.onScreen = entry.duration;
    }).observe({ type: "event", durationThreshold: 16 });
    addEventListener("mouseup", (event) => { globalThis.released = event.timeStamp; }, true);
    const seen = new MutationObserver(() => {
        if (!document.querySelector(".totals[data-households]")) return;
        seen.disconnect();
        performance.mark("numbers");
    });
    addEventListener("DOMContentLoaded", () => seen.observe(document.body, { childList: true, subtree: true }));
"""
"""Long tasks, the last release of the mouse with the time until its effect was on the screen (Event Timing, whole
frames), and when the panel first had numbers."""
AWAIT_NUMBER = """
    () => {
        const panel = document.querySelector(".big");
        globalThis.number = new Promise((done) => {
            const observer = new MutationObserver(() => {
                observer.disconnect();
                done(performance.now() - globalThis.released);
            });
            observer.observe(panel, { attributes: true, attributeFilter: ["data-households"] });
            setTimeout(() => done(null), 3000);
        });
    }
"""
EMPTY_MAP = """<!doctype html>
<link rel="stylesheet" href="maplibre-gl.css">
<style>#map { position: absolute; inset: 51px 0 0 384px; }</style>
<div id="map"></div>
<script type="module">
import { Map, setWorkerUrl } from "./maplibre-gl.mjs";
setWorkerUrl("./maplibre-gl-worker.mjs");
const layers = [{ id: "land", type: "background", paint: { "background-color": "#f3f1ec" } }];
const map = new Map({ container: "map", style: { version: 8, sources: {}, layers }, fadeDuration: 0 });
map.once("idle", () => performance.mark("map drawn"));
globalThis.frame = () => new Promise((done) => {
    const started = performance.now();
    map.once("render", () => { done(started); });
    map.triggerRepaint();
});
</script>
"""
"""A map as large as the editor's, of one background; `frame` draws it anew."""
CATCH_UP = """
    () => {
        const gl = document.querySelector("canvas").getContext("webgl2");
        gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
        return performance.now();
    }
"""
"""Reading a pixel back waits until everything that was handed to the graphics process is drawn."""


def write_country(folder: Path, sectors_wanted: int) -> None:
    """Write a country of sectors as a GeoPackage, and their households as CSV."""
    sectors = make_sectors(sectors_wanted)
    centre = sectors.geometry.array[int(np.argmin(sectors.area))].centroid
    order = np.argsort(shapely.distance(sectors.geometry.array, centre))
    municipality = np.empty(len(sectors), dtype=object)
    municipality[order[:LARGEST]] = "90001"
    # The others hang together, as municipalities do: sectors in the order of a Hilbert curve, forty by forty.
    along = sectors.geometry.iloc[order[LARGEST:]].hilbert_distance().to_numpy().argsort()
    for place, code in enumerate(order[LARGEST:][along]):
        municipality[code] = f"9{1000 + place // 40:04d}"
    sectors["municipality"] = municipality
    sectors["name"] = sectors["sector_code"]
    sectors[["sector_code", "name", "municipality", "geometry"]].to_file(folder / "sectors.gpkg")
    households = np.random.default_rng(5).integers(100, 900, len(sectors))
    rows = [f"{code},{count}" for code, count in zip(sectors["sector_code"], households, strict=True)]
    (folder / "counts.csv").write_text("\n".join(["sector_code,households", *rows]) + "\n")


def bring_in(folder: Path, data_dir: Path) -> str:
    """Import the country that was written to a folder; return a key for its plans."""
    day = date(2026, 1, 1)
    names = (
        "sector_code=sector_code",
        "name_nl=name",
        "municipality_code=municipality",
        "municipality_nl=municipality",
    )
    areas = ColumnMapping.read(names, None)
    counts = ColumnMapping.read(("area_code=sector_code", "households=households"), None)
    store = open_store(StoreSettings(data_dir=data_dir, database_url=None).store_url)
    for request in (
        ImportRequest("areas", folder / "sectors.gpkg", reference_date=day, country="BE", mapping=areas),
        ImportRequest(
            "counts",
            folder / "counts.csv",
            reference_date=day,
            country="BE",
            kind=Kind.SECTOR_COUNTS,
            mapping=counts,
        ),
    ):
        import_file(
            store,
            DataDirectory(data_dir),
            request,
            clock=lambda: datetime.now(UTC),
            progress=lambda _stage, _done, _total: None,
        )
    with store.writing() as session:
        _, key = create_key(session, "bench", [Scope.OPS], datetime.now(UTC), rate_per_minute=HIGHEST_RATE)
    store.close()
    return key


def ask(url: str, key: str, method: str, path: str, **options: Any) -> Any:
    """Ask the API."""
    headers = {"Authorization": f"Bearer {key}", **options.pop("headers", {})}
    answer = httpx2.request(method, url + path, headers=headers, timeout=60, **options)
    answer.raise_for_status()
    return answer.json()


def begin(url: str, key: str) -> tuple[str, str, dict[str, shapely.Geometry], list[str]]:
    """Begin a draft in two halves; returns its identifier, the western buurt, all shapes and the eastern blocks."""
    plan = ask(url, key, "POST", "/v1/municipalities/90001/plans", json={"title": "Benchmark"})
    features = ask(url, key, "GET", f"/v1/plans/{plan['id']}/blocks")["features"]
    shapes = {feature["id"]: shapely.from_geojson(json.dumps(feature["geometry"])) for feature in features}
    codes = sorted(shapes, key=lambda code: shapes[code].centroid.x)
    half = len(codes) // 2
    change = {"op": "create_buurt", "names": {"nl": "West"}, "blocks": codes[:half], "allow_parts": True}
    made = operate(url, key, plan["id"], plan["revision"], change)
    return plan["id"], next(iter(set(made["assignments"].values()))), shapes, codes[half:]


def operate(url: str, key: str, plan: str, revision: int, operation: dict[str, Any]) -> Any:
    """Carry out one operation."""
    headers = {"If-Match": f'"{revision}"'}
    return ask(url, key, "POST", f"/v1/plans/{plan}/operations", json={"operation": operation}, headers=headers)


def measure_peer(url: str, key: str, paints: int) -> list[float]:
    """Return what paints take, in ms, where the number is read from the plan after the server has taken the paint."""
    plan, west, _, east = begin(url, key)
    took = []
    for code in east[:paints]:
        revision = ask(url, key, "GET", f"/v1/plans/{plan}")["plan"]["revision"]
        change = {"op": "assign_blocks", "blocks": [code], "buurt": west, "allow_parts": True}
        started = time.perf_counter()
        operate(url, key, plan, revision, change)
        ask(url, key, "GET", f"/v1/plans/{plan}")
        took.append((time.perf_counter() - started) * 1000)
    return took


@dataclass
class Measured:
    """What the page took, in ms."""

    numbers: float
    drawn: float
    paints: list[float]
    on_screen: list[float]
    tasks: list[float]


def mark(page: Page, name: str) -> float:
    """Return when the page set a mark, from the navigation."""
    page.wait_for_function("(name) => performance.getEntriesByName(name).length > 0", arg=name)
    return float(page.evaluate("(name) => performance.getEntriesByName(name)[0].startTime", name))


def rest(page: Page) -> None:
    """Wait until everything is saved and drawn, and the graphics process has caught up."""
    page.wait_for_function("() => globalThis.buurtwijzer.unsaved() === 0")
    page.evaluate("() => globalThis.buurtwijzer.rest()")
    page.wait_for_timeout(REST_MS)


def view(page: Page, url: str, key: str, plan: str) -> tuple[float, float]:
    """Open a draft; return when the panel had numbers and when the map was drawn, in ms from the navigation."""
    page.add_init_script(WATCH)
    page.goto(f"{url}/?lang=en&plan={plan}#key={key}")
    mark(page, "map drawn")
    drawn = float(page.evaluate(CATCH_UP))
    return mark(page, "numbers"), drawn


def measure(browser: Browser, url: str, key: str, paints: int) -> Measured:
    """Open a draft again and again, paint and pan."""
    plan, west, shapes, east = begin(url, key)
    views = []
    for _ in range(VIEWS):
        page = browser.new_page(viewport=VIEWPORT)
        page.set_default_timeout(60_000)
        views.append(view(page, url, key, plan))
        if len(views) < VIEWS:
            page.close()
    numbers, drawn = (median(each) for each in zip(*views, strict=True))
    page.locator(f'[data-buurt="{west}"]').click()
    page.wait_for_selector(".big")
    page.locator('input[name=tool][value="paint"]').check(force=True)
    rest(page)
    page.evaluate("() => { globalThis.longTasks = []; }")
    box = page.locator("#map").bounding_box()
    if box is None:
        raise SystemExit("the map is not on the page")
    took: list[float] = []
    on_screen: list[float] = []
    for code in east:
        if len(took) == paints:
            break
        place = shapes[code].representative_point()
        point = page.evaluate(
            "(place) => { const { x, y } = globalThis.buurtwijzer.map.project(place); return [x, y]; }",
            [place.x, place.y],
        )
        page.mouse.move(box["x"] + point[0], box["y"] + point[1])
        page.evaluate(AWAIT_NUMBER)
        page.mouse.down()
        page.mouse.up()
        paint = page.evaluate("() => globalThis.number")
        rest(page)
        if paint is not None and page.locator("[data-refusal]").count() == 0:
            took.append(float(paint))
            on_screen.append(float(page.evaluate("() => globalThis.onScreen")))
    pan(page, box)
    tasks = page.evaluate("() => globalThis.longTasks")
    shown = page.locator(".big").get_attribute("data-households")
    buurten = ask(url, key, "GET", f"/v1/plans/{plan}")["buurten"]
    counted = next(one["counts"]["households"] for one in buurten if one["code"] == west)
    if shown != str(counted):
        raise SystemExit(f"the page shows {shown} households, the server counts {counted}")
    return Measured(numbers, drawn, took, on_screen, tasks)


def pan(page: Page, box: FloatRect) -> None:
    """Drag the map about and zoom in and out."""
    page.locator('input[name=tool][value="look"]').check(force=True)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(30):
        page.mouse.move(x + 6 * step, y + 3 * step)
    page.mouse.up()
    for delta in (-300, -300, 300, 300):
        page.mouse.wheel(0, delta)
        page.wait_for_timeout(REST_MS)
    rest(page)


class EmptyMap(SimpleHTTPRequestHandler):
    """Serves a page with an empty map, and MapLibre as the editor has it."""

    def do_GET(self) -> None:
        """Answer with the page, or with a file of MapLibre."""
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(EMPTY_MAP.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def measure_empty(browser: Browser) -> tuple[float, float]:
    """Return the first view of an empty map and the median of its frames, in ms."""
    serve = partial(EmptyMap, directory=str(MAPLIBRE))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page(viewport=VIEWPORT)
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        mark(page, "map drawn")
        drawn = float(page.evaluate(CATCH_UP))
        frames = []
        for _ in range(15):
            started = page.evaluate("() => globalThis.frame()")
            frames.append(float(page.evaluate(CATCH_UP)) - started)
        page.close()
        server.shutdown()
    return drawn, median(frames)


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return quantiles(values, n=20)[-1]


def main() -> int:
    """Measure, and hold the figures to their bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2,000 sectors and fewer paints, the same bars")
    quick = parser.parse_args().quick
    chromium = shutil.which("chromium")
    if chromium is None or not (ROOT / "web" / "dist" / "index.html").is_file():
        raise SystemExit("Chromium or the built editor is missing: scripts/chromium install; make web")
    paints = 15 if quick else 60
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        environment = os.environ | {"BUURTWIJZER_DATA_DIR": str(folder / "var")}
        environment.pop("BUURTWIJZER_DATABASE_URL", None)
        print("making and importing the country …", flush=True)
        write_country(folder, 2_000 if quick else 20_000)
        key = bring_in(folder, folder / "var")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "uvicorn", "--factory", "api.app:create_app", "--port", str(port)]
        with subprocess.Popen([*command, "--log-level", "error"], cwd=ROOT, env=environment) as server:
            try:
                url = f"http://127.0.0.1:{port}"
                wait_for(url)
                peer = measure_peer(url, key, paints)
                options = subprocess.run(
                    [ROOT / "scripts" / "chromium", "options"], capture_output=True, text=True, check=True
                ).stdout.split()
                browser = playwright.chromium.launch(executable_path=chromium, args=options)
                empty, frame = measure_empty(browser)
                found = measure(browser, url, key, paints)
                browser.close()
            finally:
                server.terminate()
    print(f"an empty map: drawn after {empty:.0f} ms, a frame {frame:.0f} ms")
    print(
        f"{len(found.paints)} paints: number in the panel, median {median(found.paints):.1f} ms; "
        f"on the screen, median {median(found.on_screen):.0f} ms, p95 {p95(found.on_screen):.0f} ms; "
        f"peer, median {median(peer):.0f} ms"
    )
    return report(
        [
            Bar("first view: numbers in the panel, ms", found.numbers, FIRST_VIEW_MS, at_least=False),
            Bar("first view: map drawn, ms", found.drawn, FIRST_VIEW_MS, at_least=False),
            Bar("paint to number, p95, ms", p95(found.paints), PAINT_MS, at_least=False),
            Bar("paint to number, p95, times faster than asking the server", p95(peer) / p95(found.paints), 1.5),
            Bar("longest task while painting and panning, ms", max(found.tasks, default=0.0), TASK_MS, at_least=False),
        ]
    )


def wait_for(url: str) -> None:
    """Wait until the server answers."""
    for _ in range(600):
        try:
            httpx2.get(f"{url}/healthz").raise_for_status()
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    sys.exit(main())
