"""Boxes, pages and filters of `/ogc` on the store that the environment names: milliseconds of each, for docs/ogc.md.

    buurtwijzer demo FILES --municipalities 581 --sectors 20000 --addresses 800000
    buurtwijzer import statbel-sectors FILES/synthetic_statbel_statistical_sectors_31370_20260101.gpkg --date 2026-01-01
    buurtwijzer import statbel-households FILES/synthetic_TF_CAR_HH_SECTOR_2026.txt --date 2026-01-01
    python bench/ogc.py [--requests 30]

The application answers in this process, without a network: a request is its query, the conversion and the writing.
"""

import argparse
import random
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bars import Bar, report
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ServerSettings, StoreSettings
from data.api_keys import HIGHEST_RATE, Scope, create_key
from data.store import open_store

ITEMS = "/ogc/collections/{}/items?limit=100"
MOST_MS = 200.0
"""What a page of 100 features should take, as a median."""


def timed(client: TestClient, url: str) -> tuple[float, dict[str, Any]]:
    """Ask, and return the milliseconds and the answer."""
    began = time.perf_counter()
    answer = client.get(url)
    took = (time.perf_counter() - began) * 1e3
    if answer.status_code != 200:
        raise SystemExit(f"{url}: {answer.status_code} {answer.text}")
    return took, answer.json()


def boxes(bounds: list[float], part: float, seed: int) -> Iterator[str]:
    """Yield boxes of a part of the country's width, anywhere in it."""
    west, south, east, north = bounds
    rng = random.Random(seed)  # noqa: S311 -- places, no secrets
    wide, high = (east - west) * part, (north - south) * part
    while True:
        x, y = rng.uniform(west, east - wide), rng.uniform(south, north - high)
        yield f"{x:.5f},{y:.5f},{x + wide:.5f},{y + high:.5f}"


def paged(client: TestClient, collection: str) -> list[float]:
    """Follow the `next` links through all features; return the milliseconds of every page."""
    took, url = [], ITEMS.format(collection)
    while url:
        milliseconds, page = timed(client, url)
        took.append(milliseconds)
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    return took


def main() -> int:
    """Measure, print, and give 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=30, help="of each kind")
    options = parser.parse_args()
    settings = StoreSettings()
    store = open_store(settings.store_url)
    now = datetime.now(UTC)
    with store.writing() as session:
        _, key = create_key(
            session,
            "bench/ogc.py",
            [Scope.VIEWER],
            now,
            expires_at=now + timedelta(hours=1),
            rate_per_minute=HIGHEST_RATE,
        )
    store.close()
    bars = []
    application = create_app(settings, ServerSettings())
    with TestClient(application, headers={"Authorization": f"Bearer {key}"}) as client:
        _, described = timed(client, "/ogc/collections/sectors")
        bounds = described["extent"]["spatial"]["bbox"][0]
        asked = {
            "sectors, box of 1/100 of the width": [ITEMS.format("sectors") + f"&bbox={next(boxes(bounds, 0.01, k))}"
                for k in range(options.requests)],
            "sectors, box of 1/10": [ITEMS.format("sectors") + f"&bbox={next(boxes(bounds, 0.1, k))}"
                for k in range(options.requests)],
            "sectors, box of the country": [ITEMS.format("sectors") + f"&bbox={next(boxes(bounds, 1.0, 0))}"]
                * options.requests,
            "sectors, households > 200": [ITEMS.format("sectors") + "&filter=households%20%3E%20200"]
                * options.requests,
            "sectors, S_INTERSECTS a box of 1/20": [ITEMS.format("sectors")
                + f"&filter=S_INTERSECTS(geometry,BBOX({next(boxes(bounds, 0.05, k))}))"
                for k in range(options.requests)],
        }  # fmt: skip
        print(f"{'':40}{'p50 ms':>9}{'p99 ms':>9}")
        for name, urls in asked.items():
            timed(client, urls[0])
            bars.append(told(name, [timed(client, url)[0] for url in urls]))
        for collection in ("sectors", "municipalities", "buurten", "plans"):
            took = paged(client, collection)
            bars.append(told(f"{collection}, all {len(took)} pages", took))
            if len(took) >= 20:
                grown = statistics.median(took[-10:]) / statistics.median(took[:10])
                print(f"{'  the last ten over the first ten':40}{grown:9.2f}")
    return report(bars)


def told(name: str, took: list[float]) -> Bar:
    """Print the figures of a kind of request, and return its bar."""
    median, late = statistics.median(took), sorted(took)[min(int(len(took) * 0.99), len(took) - 1)]
    print(f"{name:40}{median:9.1f}{late:9.1f}", flush=True)
    return Bar(f"{name}: median, ms", median, MOST_MS, at_least=False)


if __name__ == "__main__":
    raise SystemExit(main())
