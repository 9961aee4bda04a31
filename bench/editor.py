"""The map editor measured in Debian's Chromium: first view, paint to number, and long tasks of the page's own code.

    python bench/editor.py [--quick]

A synthetic country of 20,000 sectors (`--quick`: 4,000) whose largest municipality has 720, as many as the
Brussels-Capital Region; a real server and a real browser on the same machine, which draws without a graphics card.
Times are the browser's own clock: a paint is measured from the press of the button to the next frame after the number
in the panel has changed. The peer is what a plain client would do: send the paint, then read the plan's
numbers. Needs `make web` and `scripts/chromium install`.
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
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx2
import numpy as np
import shapely
from bars import Bar, report
from playwright.sync_api import Page, sync_playwright
from sector_layer import make_sectors

from api.settings import StoreSettings
from data.api_keys import Scope, create_key
from data.store import open_store

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 720
FIRST_VIEW_MS = 2_000
PAINT_MS = 100
LONG_TASK_MS = 200
OPTIONS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
WATCH = """
    globalThis.longTasks = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) globalThis.longTasks.push([entry.startTime, entry.duration]);
    }).observe({ type: "longtask", buffered: true });
"""
PAINT = """
    (point) => new Promise((done) => {
        const panel = document.querySelector(".big");
        const before = panel.dataset.households;
        const canvas = globalThis.buurtwijzer.map.getCanvas();
        const send = (type) => canvas.dispatchEvent(new MouseEvent(type, {
            clientX: point[0], clientY: point[1], button: 0, bubbles: true, cancelable: true, view: window,
        }));
        const started = performance.now();
        const changed = () => {
            if (panel.dataset.households === before) return;
            observer.disconnect();
            requestAnimationFrame(() => done(performance.now() - started));
        };
        const observer = new MutationObserver(changed);
        observer.observe(panel, { attributes: true });
        send("mousemove");
        send("mousedown");
        send("mouseup");
        setTimeout(() => { observer.disconnect(); done(null); }, 5000);
    })
"""


def write_country(folder: Path, sectors_wanted: int) -> None:
    """Write a country of sectors as a GeoPackage, and their households as CSV."""
    sectors = make_sectors(sectors_wanted)
    centre = sectors.geometry.array[int(np.argmin(sectors.area))].centroid
    order = np.argsort(shapely.distance(sectors.geometry.array, centre))
    municipality = np.empty(len(sectors), dtype=object)
    municipality[order[:LARGEST]] = "90001"
    for place, code in enumerate(order[LARGEST:]):
        municipality[code] = f"9{1000 + place // 40:04d}"
    sectors["municipality"] = municipality
    sectors["name"] = sectors["sector_code"]
    sectors[["sector_code", "name", "municipality", "geometry"]].to_file(folder / "sectors.gpkg")
    households = np.random.default_rng(5).integers(100, 900, len(sectors))
    rows = [f"{code},{count}" for code, count in zip(sectors["sector_code"], households, strict=True)]
    (folder / "counts.csv").write_text("\n".join(["sector_code,households", *rows]) + "\n")


def run(environment: dict[str, str], command: str, *more: Path) -> None:
    """Run a command of ours."""
    arguments = [sys.executable, "-c", "from api.cli import main; main()", *command.split(), *map(str, more)]
    subprocess.run(arguments, env=environment, cwd=ROOT, check=True, capture_output=True)


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


def measure(page: Page, url: str, key: str, paints: int) -> tuple[float, list[float], list[float]]:
    """Return the first view in ms, every paint in ms, and the long tasks while painting in ms."""
    plan, west, shapes, east = begin(url, key)
    page.add_init_script(WATCH)
    page.goto(f"{url}/?lang=en&plan={plan}#key={key}")
    page.wait_for_selector(".tool")
    page.evaluate(
        """() => new Promise((done) => {
            const { map } = globalThis.buurtwijzer;
            map.once("idle", () => done());
            map.triggerRepaint();
        })"""
    )
    first = float(page.evaluate("() => performance.now()"))
    page.locator(f'[data-buurt="{west}"]').click()
    page.wait_for_selector(".big")
    page.locator('input[name=tool][value="paint"]').check(force=True)
    page.evaluate("() => { globalThis.longTasks = []; }")
    box = page.locator("#map").bounding_box()
    if box is None:
        raise SystemExit("the map is not on the page")
    took: list[float] = []
    for code in east:
        if len(took) == paints:
            break
        place = shapes[code].representative_point()
        point = page.evaluate("(place) => globalThis.buurtwijzer.map.project(place)", [place.x, place.y])
        x, y = box["x"] + point["x"], box["y"] + point["y"]
        paint = page.evaluate(PAINT, [x, y])
        page.wait_for_function("() => globalThis.buurtwijzer.unsaved() === 0")
        if paint is not None and page.locator("[data-refusal]").count() == 0:
            took.append(float(paint))
    tasks = page.evaluate("() => globalThis.longTasks.map(([, duration]) => duration)")
    shown = page.locator(".big").get_attribute("data-households")
    buurten = ask(url, key, "GET", f"/v1/plans/{plan}")["buurten"]
    counted = next(one["counts"]["households"] for one in buurten if one["code"] == west)
    if shown != str(counted):
        raise SystemExit(f"the page shows {shown} households, the server counts {counted}")
    return first, took, tasks


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return quantiles(values, n=20)[-1]


def main() -> int:
    """Measure, and hold the figures to their bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="4,000 sectors and fewer paints, the same bars")
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
        write_country(folder, 4_000 if quick else 20_000)
        areas = "import areas --country BE --date 2026 -c sector_code=sector_code -c name_nl=name"
        columns = "-c municipality_code=municipality -c municipality_nl=municipality"
        run(environment, f"{areas} {columns}", folder / "sectors.gpkg")
        counts = (
            "import counts --country BE --level sector --date 2026 -c area_code=sector_code -c households=households"
        )
        run(environment, counts, folder / "counts.csv")
        store = open_store(StoreSettings(data_dir=folder / "var", database_url=None).store_url)
        with store.writing() as session:
            _, key = create_key(session, "bench", [Scope.OPS], datetime.now(UTC))
        store.close()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "uvicorn", "--factory", "api.app:create_app", "--port", str(port)]
        with subprocess.Popen([*command, "--log-level", "error"], cwd=ROOT, env=environment) as server:
            try:
                url = f"http://127.0.0.1:{port}"
                wait_for(url)
                peer = measure_peer(url, key, paints)
                browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.set_default_timeout(60_000)
                measure(browser.new_page(), url, key, 1)  # once, so that tiles and code are warm on the server
                first, took, tasks = measure(page, url, key, paints)
                browser.close()
            finally:
                server.terminate()
    print(
        f"{len(took)} paints; median {sorted(took)[len(took) // 2]:.0f} ms, peer {sorted(peer)[len(peer) // 2]:.0f} ms"
    )
    return report(
        [
            Bar("first view, ms", first, FIRST_VIEW_MS, at_least=False),
            Bar("paint to number, p95, ms", p95(took), PAINT_MS, at_least=False),
            Bar("paint to number, p95, times faster than asking the server", p95(peer) / p95(took), 1.5),
            Bar("longest task while painting, ms", max(tasks, default=0.0), LONG_TASK_MS, at_least=False),
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
