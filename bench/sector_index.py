"""The sector index measured: beside its peers, beside the memory, and point for point against GEOS.

    python bench/sector_index.py [--quick] [--no-postgis]

20,000 sectors of 98 vertices and 10 million points (--quick: 4,000 and 1 million). Prints a table and the bars,
writes bench/results/sector_index.json and, in full, docs/sector-index.svg. Method: docs/benchmarks.md.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import shapely
from bars import Bar, report
from numba import njit
from sector_layer import make_points, make_sectors
from sector_peers import Batch, bulk_peers, postgis_cluster, scalar_peers, shapely_points_tree

from geo.sector_index import SectorIndex

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 7
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    sectors: int
    points: int
    peer_points: int
    jittered: int
    scalars: int


FULL = Size(20_000, 10_000_000, 2_000_000, 1_000_000, 50_000)
QUICK = Size(4_000, 1_000_000, 200_000, 200_000, 20_000)


@dataclass
class Results:
    """Everything that the run found."""

    machine: str
    size: Size
    build: dict[str, float] = field(default_factory=dict)
    million_points_per_second: dict[str, float] = field(default_factory=dict)
    ratios: dict[str, float] = field(default_factory=dict)
    scalar_ns: dict[str, dict[str, float]] = field(default_factory=dict)
    disagreements: dict[str, int] = field(default_factory=dict)


@njit(nogil=True, error_model="numpy")
def bare_gather(
    x: Floats, y: Floats, x0: float, y0: float, per_x: float, per_y: float, columns: int, table: Any, out: Any
) -> None:
    """Do the least that any index must: number the cell, and load one value from a table by it."""
    cell = np.empty(4096, np.int32)
    for start in range(0, x.size, 4096):
        size = min(4096, x.size - start)
        xs, ys, outs = x[start : start + size], y[start : start + size], out[start : start + size]
        for i in range(size):
            cell[i] = np.int32((ys[i] - y0) * per_y) * columns + np.int32((xs[i] - x0) * per_x)
        for i in range(size):
            outs[i] = table[cell[i]]


def gather_from_table_of(n_bytes: int, index: SectorIndex, x: Floats, y: Floats) -> Callable[[], None]:
    """Make the bare gather from a table of a given size over the index's extent."""
    frame = index._grid.frame
    scale = (n_bytes / 4 / (frame.columns * frame.rows)) ** 0.5
    columns, rows = int(frame.columns * scale) + 1, int(frame.rows * scale) + 1
    table = np.arange(columns * rows, dtype=np.int32)
    out = np.empty(len(x), np.int32)
    per_x, per_y = scale / frame.width, scale / frame.height
    return lambda: bare_gather(x, y, frame.x0, frame.y0, per_x, per_y, columns, table, out)


def seconds_of(action: Callable[[], Any]) -> float:
    """Time one run."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def alternate(actions: dict[str, Callable[[], Any]]) -> dict[str, list[float]]:
    """Time actions in rounds, one after another, so that a disturbance meets them all."""
    for action in actions.values():
        action()
    rounds = [{name: seconds_of(action) for name, action in actions.items()} for _ in range(ROUNDS)]
    return {name: [r[name] for r in rounds] for name in actions}


def median_ratio(over: list[float], under: list[float]) -> float:
    """Give the median of the rounds' own ratios."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def measure_build(n: int, path: Path) -> None:
    """Build and save in this process, alone in it; print the seconds and the peak memory as JSON."""
    sectors = make_sectors(n)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    index = SectorIndex.build(sectors)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    save = seconds_of(lambda: index.save(path))
    found = {"build_s": seconds, "peak_mb": peak / 1024, "before_mb": before / 1024, "save_s": save}
    print(json.dumps(found | {"file_mb": path.stat().st_size / 1e6, "arrays_mb": index.nbytes / 1e6}))


def build_in_a_child(n: int, path: Path) -> dict[str, float]:
    """Run `measure_build` in a process of its own."""
    command = [sys.executable, __file__, "--build", str(n), str(path)]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(child.stdout)
    return found


def measure_bulk(index: SectorIndex, larger: SectorIndex, x: Floats, y: Floats, results: Results) -> None:
    """Time the index against the bare gather, on one thread and two, and with twice the sectors."""
    grid = index._grid
    column = ((x - grid.frame.x0) / grid.frame.width).astype(np.int64)
    row = ((y - grid.frame.y0) / grid.frame.height).astype(np.int64)
    is_border = grid.cells[row * grid.frame.columns + column] < -1
    inner, border = np.flatnonzero(~is_border), np.flatnonzero(is_border)
    x_inner, y_inner, x_border, y_border = x[inner], y[inner], x[border], y[border]
    times = alternate(
        {
            "bare gather, table of the index's size": gather_from_table_of(index.nbytes, index, x, y),
            "bare gather, table of the first level": gather_from_table_of(grid.cells.nbytes, index, x, y),
            "index, 1 thread": lambda: index.locate_many(x, y, threads=1),
            "index, 2 threads": lambda: index.locate_many(x, y, threads=2),
            "index, 1 thread, twice the sectors": lambda: larger.locate_many(x, y, threads=1),
            "index, 1 thread, points in whole cells": lambda: index.locate_many(x_inner, y_inner, threads=1),
            "index, 1 thread, points in border cells": lambda: index.locate_many(x_border, y_border, threads=1),
        }
    )
    counts = {
        "index, 1 thread, points in whole cells": len(inner),
        "index, 1 thread, points in border cells": len(border),
    }
    for name, seconds in times.items():
        rate = counts.get(name, len(x)) / statistics.median(seconds) / 1e6
        results.million_points_per_second[name] = rate
    one = times["index, 1 thread"]
    results.ratios["share of points in border cells"] = len(border) / len(x)
    results.ratios["1 thread over bare gather, index's size"] = median_ratio(
        times["bare gather, table of the index's size"], one
    )
    results.ratios["1 thread over bare gather, first level"] = median_ratio(
        times["bare gather, table of the first level"], one
    )
    results.ratios["time with twice the sectors over time"] = median_ratio(
        times["index, 1 thread, twice the sectors"], one
    )


def percentiles(locate: Callable[[float, float], object], points: list[tuple[float, float]]) -> dict[str, float]:
    """Time single calls, in nanoseconds, with the clock's own 50 or so in each."""
    clock = time.perf_counter_ns
    spent = []
    for x, y in points:
        begin = clock()
        locate(x, y)
        spent.append(clock() - begin)
    p50, p99 = np.percentile(spent, [50, 99]).tolist()
    return {"p50": p50, "p99": p99}


def border_points(sectors: gpd.GeoDataFrame, n: int) -> dict[str, tuple[Floats, Floats]]:
    """Make the points that are hard: every vertex, every middle of an edge, and points a hair beside."""
    rings = [shapely.get_coordinates(r) for r in shapely.get_rings(shapely.get_parts(sectors.geometry.array))]
    starts, ends = np.vstack([r[:-1] for r in rings]), np.vstack([r[1:] for r in rings])
    rng = np.random.default_rng(3)
    edges = rng.integers(0, len(starts), n)
    along = np.where(rng.random(n) < 0.5, 0.0, rng.random(n))[:, None]  # half around vertices, half along edges
    hair = rng.normal(size=(n, 2)) * 10.0 ** rng.uniform(-9.0, 0.0, (n, 1))
    beside = starts[edges] + (ends - starts)[edges] * along + hair
    sets = {"vertices": np.unique(starts, axis=0), "middles of edges": (starts + ends) / 2.0, "jittered": beside}
    return {name: (p[:, 0].copy(), p[:, 1].copy()) for name, p in sets.items()}


def compare_with_geos(
    index: SectorIndex, sectors: gpd.GeoDataFrame, sets: dict[str, tuple[Floats, Floats]], results: Results
) -> None:
    """Count the points of each set for which the index and GEOS differ."""
    for name, (x, y) in sets.items():
        expected = shapely_points_tree(Batch(sectors, x, y)).positions
        found = index.locate_many(x, y)
        results.disagreements[f"GEOS, {len(x):,} {name}"] = int((found != expected).sum())


def measure_peers(
    index: SectorIndex, batch: Batch, points: list[tuple[float, float]], results: Results, *, with_postgis: bool
) -> None:
    """Time the peers on the same points, and compare their answers with the index's."""
    found = index.locate_many(batch.x, batch.y)
    with postgis_cluster() if with_postgis else nullcontext(None) as connection:
        for name, peer in bulk_peers(connection).items():
            timed = peer(batch)
            results.million_points_per_second[name] = len(batch.x) / timed.seconds / 1e6
            results.disagreements[f"{name}, {len(batch.x):,} points"] = int((timed.positions != found).sum())
            print(f"  {name}: {results.million_points_per_second[name]:.3f} million points/s", flush=True)
        peers = scalar_peers(connection, batch.sectors)
        results.scalar_ns = {name: percentiles(call, points) for name, call in {"index": index.locate, **peers}.items()}


def bars_of(results: Results) -> list[Bar]:
    """Hold the results to their goals."""
    rates = results.million_points_per_second
    fastest = max(rate for name, rate in rates.items() if not name.startswith(("index", "bare")))
    ours, tree = results.scalar_ns["index"], results.scalar_ns["shapely STRtree"]
    bare, twice = "1 thread over bare gather, index's size", "time with twice the sectors over time"
    return [
        Bar("2 threads over the fastest peer", rates["index, 2 threads"] / fastest, 50),
        Bar("1 thread over a bare gather, table of the index's size", results.ratios[bare], 0.4),
        Bar("scalar: median of shapely's STRtree over ours", tree["p50"] / ours["p50"], 25),
        Bar("scalar: our p99 over our median", ours["p99"] / ours["p50"], 3, at_least=False),
        Bar(f"file in MB, {results.size.sectors:,} sectors", results.build["file_mb"], 100, at_least=False),
        Bar("build in s", results.build["build_s"], 8, at_least=False),
        Bar("peak memory of the building process in MB", results.build["peak_mb"], 1000, at_least=False),
        Bar("open in ms", results.build["open_ms"], 50, at_least=False),
        Bar(twice, results.ratios[twice], 1.3, at_least=False),
        Bar("points where any peer differs", sum(results.disagreements.values()), 0, at_least=False),
    ]


def print_table(results: Results) -> None:
    """Print what was measured."""
    print(f"\n{results.machine}\n")
    for name, figure in results.build.items():
        print(f"{name:60}{figure:14,.2f}")
    for name, rate in sorted(results.million_points_per_second.items(), key=lambda item: -item[1]):
        print(f"{name:60}{rate:14,.3f} million points/s")
    for name, ratio in results.ratios.items():
        print(f"{name:60}{ratio:14,.3f}")
    for name, nanoseconds in results.scalar_ns.items():
        print(f"one point, {name:49}{nanoseconds['p50']:14,.0f} ns median {nanoseconds['p99']:12,.0f} ns p99")
    for name, count in results.disagreements.items():
        print(f"differs from {name:47}{count:14,d} points")


def plot(results: Results, path: Path) -> None:
    """Draw the rates as bars on a logarithmic axis."""
    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "sector-index"
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the choice of a backend without a screen

    rates = sorted(results.million_points_per_second.items(), key=lambda item: item[1])
    colours = {"index": "#1b6e53", "bare": "#9aa0a6"}
    figure, axes = plt.subplots(figsize=(9, 5))
    axes.barh(
        [name for name, _ in rates],
        [rate for _, rate in rates],
        color=[colours.get(name[:5].rstrip(","), colours.get(name[:4], "#c2673c")) for name, _ in rates],
    )
    for place, (_, rate) in enumerate(rates):
        axes.text(rate * 1.05, place, f"{rate:,.2f}" if rate < 10 else f"{rate:,.0f}", va="center", fontsize=8)
    axes.set_xscale("log")
    axes.set_xlim(left=0.1)
    axes.set_xlabel(f"million points a second, {results.size.sectors:,} sectors (logarithmic)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> int:
    """Run the benchmark; give 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="4,000 sectors and 1 million points")
    parser.add_argument("--no-postgis", action="store_true", help="leave PostGIS out, where it is not installed")
    parser.add_argument("--build", nargs=2, metavar=("N", "FILE"), help="only build N sectors into a file")
    options = parser.parse_args()
    if options.build:
        measure_build(int(options.build[0]), Path(options.build[1]))
        return 0
    size = QUICK if options.quick else FULL
    processors = len(os.sched_getaffinity(0))
    results = Results(f"{platform.processor() or platform.machine()}, {processors} processors", size)
    with tempfile.TemporaryDirectory() as folder:
        path, larger_path = Path(folder) / "sectors.index", Path(folder) / "larger.index"
        results.build = build_in_a_child(size.sectors, path)
        build_in_a_child(2 * size.sectors, larger_path)
        results.build["open_ms"] = 1000 * statistics.median(
            seconds_of(lambda: SectorIndex.open(path)) for _ in range(9)
        )
        index, larger = SectorIndex.open(path), SectorIndex.open(larger_path)
        x, y = make_points(size.points)
        measure_bulk(index, larger, x, y, results)
        sectors = make_sectors(size.sectors).sort_values("sector_code", ignore_index=True)
        some = size.peer_points
        points = list(zip(x[: size.scalars].tolist(), y[: size.scalars].tolist(), strict=True))
        batch = Batch(sectors, x[:some], y[:some])
        measure_peers(index, batch, points, results, with_postgis=not options.no_postgis)
        compare_with_geos(index, sectors, {"random points": (x, y), **border_points(sectors, size.jittered)}, results)
    print_table(results)
    folder_of_results = Path(__file__).resolve().parent / "results"
    folder_of_results.mkdir(exist_ok=True)
    name = "sector_index_quick.json" if options.quick else "sector_index.json"
    (folder_of_results / name).write_text(json.dumps(asdict(results), indent=2) + "\n", encoding="utf-8")
    if not options.quick:
        plot(results, ROOT / "docs" / "sector-index.svg")
    return report(bars_of(results))


if __name__ == "__main__":
    sys.exit(main())
