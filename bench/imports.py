"""Imports measured: how long a national register of addresses and a layer of sectors take, and in how much memory.

    python bench/imports.py [--quick]

The demo region is written at the size of Belgium (581 municipalities, 20,000 sectors, 6.5 million addresses; --quick:
300,000 addresses, with the time scaled per row), and goes through the same import as an official file, into an SQLite
store and a data directory that are new. Each import is a process of its own: the time is from its start to its end,
Python's own start within it; the memory is the most that was ever resident of it, pages of mapped files included.
The rows in the finished release are counted, and must be those that were written. Nothing is left but
`bench/results/imports.json`.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bars import Bar, report

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "imports.json"
NATIONAL_ROWS = 6_500_000
QUICK_ROWS = 300_000
IMPORT_S = 300
SECTORS_S = 60
MEMORY_MB = 3_000

# This process stays small and leaves the work to children: a child's highest memory counts from what its parent holds.


def write(folder: Path, *, quick: bool) -> dict[str, Any]:
    """Write the demo region; tell where its files are and how many rows they have."""
    from data.demo import BELGIUM, DemoSize, write_demo  # noqa: PLC0415

    size = DemoSize(30, QUICK_ROWS // 325, QUICK_ROWS) if quick else BELGIUM
    files = write_demo(folder, size)
    return {
        "best": str(files.addresses),
        "statbel-sectors": str(files.sectors),
        "statbel-households": str(files.sector_households),
        "addresses": size.addresses,
        "sectors": size.sectors,
        "municipalities": size.municipalities,
    }


def import_one(source: str, file: Path, root: Path) -> dict[str, Any]:
    """Import a file as the command line does; tell the time of each stage, of the processors, and the memory in MB."""
    from data.directory import DataDirectory  # noqa: PLC0415
    from data.importing import ImportRequest, import_file  # noqa: PLC0415
    from data.store import open_store  # noqa: PLC0415

    stages: dict[str, float] = {}
    last = ["start", time.perf_counter()]

    def progress(stage: str, _done: int, _total: int) -> None:
        now = time.perf_counter()
        stages[str(last[0])] = stages.get(str(last[0]), 0.0) + now - float(last[1])
        last[:] = [stage, now]

    store = open_store(f"sqlite:///{root / 'store.sqlite'}")
    try:
        import_file(
            store,
            DataDirectory(root),
            ImportRequest(source, file),
            clock=lambda: datetime.now(UTC),
            progress=progress,
        )
    finally:
        store.close()
    progress("end", 0, 0)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "stages_s": {name: round(seconds, 2) for name, seconds in stages.items()},
        "cpu_s": round(used.ru_utime + used.ru_stime, 2),
        "peak_mb": round(used.ru_maxrss * 1024 / 1e6),
    }


def count(root: Path) -> dict[str, int]:
    """Count what the active releases hold: in the register's own file, in the index, and in the store."""
    import pyarrow.parquet as pq  # noqa: PLC0415
    from sqlalchemy import func, select  # noqa: PLC0415

    from data.directory import DataDirectory  # noqa: PLC0415
    from data.importing.addresses import ADDRESSES_FILE, INDEX_FOLDER  # noqa: PLC0415
    from data.releases import active_releases  # noqa: PLC0415
    from data.store import open_store  # noqa: PLC0415
    from data.store.models import Sector  # noqa: PLC0415
    from data.tables import Kind  # noqa: PLC0415
    from geo.addresses import AddressIndex  # noqa: PLC0415

    store = open_store(f"sqlite:///{root / 'store.sqlite'}")
    with store.reading() as session:
        releases = {release.kind: release for release in active_releases(session)}
        sectors = session.scalar(select(func.count()).select_from(Sector))
    store.close()
    folder = DataDirectory(root).release_folder(releases[Kind.ADDRESSES].name)
    return {
        "addresses registered": releases[Kind.ADDRESSES].rows,
        "addresses in the file": pq.ParquetFile(folder / ADDRESSES_FILE).metadata.num_rows,
        "addresses in the index": len(AddressIndex.open(folder / INDEX_FOLDER)),
        "sectors registered": releases[Kind.SECTORS].rows,
        "sectors in the store": int(sectors or 0),
    }


def in_a_process(step: str, *arguments: str | Path) -> tuple[Any, float]:
    """Run a step of this file in a process of its own; give what it tells, and its seconds from start to end."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, HERE, "--step", step, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(HERE.parent.parent)},
    )
    return json.loads(done.stdout.splitlines()[-1]), time.perf_counter() - start


def measure(folder: Path, *, quick: bool) -> tuple[list[Bar], dict[str, Any]]:
    """Write the files, import them one after the other, and count."""
    load = os.getloadavg()[0]
    files, seconds = in_a_process("write", folder / "demo", "quick" if quick else "full")
    print(f"{files['addresses']:,} addresses and {files['sectors']:,} sectors written in {seconds:.0f} s", flush=True)
    root = folder / "var"
    root.mkdir()
    imports: dict[str, Any] = {}
    for source in ("statbel-sectors", "statbel-households", "best"):
        told, seconds = in_a_process("import", source, files[source], root)
        imports[source] = told | {"seconds": round(seconds, 2)}
        stages = ", ".join(f"{name} {taken:.1f}" for name, taken in told["stages_s"].items() if taken >= 0.05)
        used = f"{seconds:.1f} s, of processors {told['cpu_s']:.1f} s, at most {told['peak_mb']:,} MB"
        print(f"{source}: {used} ({stages})", flush=True)
    counted, _seconds = in_a_process("count", root)
    astray = sum(
        abs(rows - files["addresses" if what.startswith("addresses") else "sectors"]) for what, rows in counted.items()
    )
    goal = round(IMPORT_S * files["addresses"] / NATIONAL_ROWS, 1)
    best, sectors = imports["best"], imports["statbel-sectors"]
    bars = [
        Bar(f"BeST import of {files['addresses']:,} addresses, s", best["seconds"], goal, at_least=False),
        Bar("BeST import, highest memory in MB", best["peak_mb"], MEMORY_MB, at_least=False),
        Bar(f"import of {files['sectors']:,} sectors, s", sectors["seconds"], SECTORS_S, at_least=False),
        Bar("import of sectors, highest memory in MB", sectors["peak_mb"], MEMORY_MB, at_least=False),
        Bar("rows lost or made up on the way", astray, 0, at_least=False),
    ]
    return bars, {"files": files, "imports": imports, "counted": counted, "load_before": load}


def main() -> int:
    """Measure, print, keep the figures, and fail where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="300,000 addresses instead of 6.5 million")
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        step, *arguments = options.step
        if step == "write":
            told: Any = write(Path(arguments[0]), quick=arguments[1] == "quick")
        elif step == "import":
            told = import_one(arguments[0], Path(arguments[1]), Path(arguments[2]))
        else:
            told = count(Path(arguments[0]))
        print(json.dumps(told))
        return 0
    with tempfile.TemporaryDirectory(prefix="buurtwijzer-bench-") as folder:
        bars, figures = measure(Path(folder), quick=options.quick)
    status = report(bars)
    figures |= {
        "quick": options.quick,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "bars": [{"name": b.name, "figure": b.figure, "goal": b.goal, "holds": b.holds} for b in bars],
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
