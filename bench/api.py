"""Verification through the real server, with two workers on loopback, beside bare FastAPI endpoints.

    python bench/api.py [--quick]

Both servers run side by side and are loaded in turns: ours with addresses of the demo region and a key, its limits,
logs and metrics on; the peer with the same requests, which it answers with a constant: one of our answers. There are
three ways to write that endpoint, and a bar against each: as FastAPI's "First Steps" do, who leave the encoding to
FastAPI; with the type of the answer declared; and with bytes that were encoded beforehand, past all that FastAPI does
with answers. wrk asks (scripts/wrk install). Method and figures: docs/benchmarks.md.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx2
import pyarrow.parquet as pq
from bars import Bar, report

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
WORKERS = 2
CONNECTIONS = 64
QUESTIONS = 500
OURS = "verification"
PEERS = {
    "/answer": "bare FastAPI endpoint",
    "/declared": "bare, type declared",
    "/encoded": "bare, encoded bytes",
}
SHARE_OF_BARE = 0.6
FIGURES = ("a_second", "p50_ms", "p99_ms")
MEMORY_GROWTH = 1.05
"""Of the resident memory of the workers, from after the first rounds to the end."""


@dataclass(frozen=True)
class Load:
    """What one turn of the load came to."""

    a_second: float
    p50_ms: float
    p99_ms: float
    errors: int


@contextmanager
def process(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server, its output in a file; end it afterwards."""
    with log.open("w") as output:
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield running
    finally:
        # Workers of uvicorn's own do not end with their parent; ours do, and are told twice.
        for pid in (*children_of(running.pid), running.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        running.wait(timeout=60)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def wait_for(url: str) -> None:
    """Wait until a server answers anything."""
    for _ in range(1_200):
        try:
            httpx2.get(url)
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{url} did not start")


def find_url(log: Path) -> str:
    """Return where a server says that it answers."""
    for _ in range(1_200):
        if found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text()):
            return found[0]
        time.sleep(0.1)
    raise SystemExit(log.read_text())


def write_questions(data_dir: Path, file: Path) -> None:
    """Write addresses of the demo region as somebody fills them in, one JSON object a line."""
    table = pq.read_table(next(data_dir.glob("releases/demo-addresses/addresses.parquet")))
    rows = [row for row in table.to_pylist() if row["status"] == "current" and row["x"]]
    step = max(1, len(rows) // QUESTIONS)
    lines = [
        json.dumps(
            {
                "street": row["street_nl"] or row["street_fr"] or row["street_de"],
                "house_number": row["house_number"],
                "box": row["box"],
                "postcode": row["postcode"],
            }
        )
        for row in rows[::step][:QUESTIONS]
    ]
    file.write_text("\n".join(lines) + "\n")


def load(url: str, seconds: int, environment: dict[str, str]) -> Load:
    """Ask for some seconds, as fast as the answers come."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(HERE / "api_load.lua"), url]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    requests, microseconds, p50, p99, errors = map(int, re.findall(r"^figures (.*)$", told.stdout, re.M)[0].split())
    return Load(requests / microseconds * 1e6, p50 / 1e3, p99 / 1e3, errors)


def resident_mb(supervisor: int) -> float:
    """Return the resident memory of the workers of a server, in MB."""
    pages = sum(int(Path(f"/proc/{child}/statm").read_text().split()[1]) for child in children_of(supervisor))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> int:
    """Measure, and hold the figures to their bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few seconds of load, the same bars")
    quick = parser.parse_args().quick
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: scripts/wrk install")
    rounds, seconds, soak = (5, 1, 4) if quick else (7, 10, 600)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "BUURTWIJZER_DATA_DIR": str(folder / "var"),
            "BUURTWIJZER_METRICS_PORT": "0",
            "QUESTIONS": str(folder / "questions"),
        }
        environment.pop("BUURTWIJZER_DATABASE_URL", None)
        command_line = [sys.executable, "-c", "from api.cli import main; main()"]
        subprocess.run([*command_line, "demo", "--import"], cwd=ROOT, env=environment, check=True, capture_output=True)
        write_questions(folder / "var", folder / "questions")
        make_key = [*command_line, "keys", "create", "bench", "--scope", "signup", "--rate", "1000000000"]
        made = subprocess.run(make_key, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
        key = made.stdout.split()[-1]
        environment["AUTHORIZATION"] = f"Bearer {key}"
        serve = [*command_line, "serve", "--port", "0", "--workers", str(WORKERS)]
        with process(serve, environment, folder / "ours.log") as ours:
            url = find_url(folder / "ours.log")
            wait_for(url)
            url += "/v1/verifications"
            questions = (folder / "questions").read_text().splitlines()
            answers = [
                httpx2.post(url, json=json.loads(line), headers={"Authorization": environment["AUTHORIZATION"]}).text
                for line in questions[:51]
            ]
            answer = sorted(answers, key=len)[len(answers) // 2]
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            # -P: the folder of the script has a file with the name of a package.
            bare = [sys.executable, "-P", str(HERE / "api_bare.py"), str(port), str(WORKERS), answer]
            with process(bare, environment, folder / "bare.log"):
                wait_for(f"http://127.0.0.1:{port}")
                urls = {OURS: url} | {name: f"http://127.0.0.1:{port}{path}" for path, name in PEERS.items()}
                for each in urls.values():
                    load(each, 1, environment)
                before = resident_mb(ours.pid)
                turns = [{name: load(each, seconds, environment) for name, each in urls.items()} for _ in range(rounds)]
                soaked = load(url, soak, environment)
                after = resident_mb(ours.pid)
    print(f"answers of {len(answer.encode())} bytes, {CONNECTIONS} connections, {WORKERS} workers, medians\n")
    print(f"{'':26}{'requests/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'ours over it':>14}{'its p50 and p99 over ours':>28}")
    ratios = {name: median(turn[OURS].a_second / turn[name].a_second for turn in turns) for name in urls}
    times: dict[str, tuple[float, ...]] = {}
    for name in urls:
        rate, p50, p99 = (median(getattr(turn[name], field) for turn in turns) for field in FIGURES)
        times[name] = tuple(
            median(getattr(turn[name], field) / getattr(turn[OURS], field) for turn in turns) for field in FIGURES[1:]
        )
        of_p50, of_p99 = times[name]
        print(f"{name:26}{rate:12,.0f}{p50:10.1f}{p99:10.1f}{ratios[name]:14.2f}{of_p50:18.2f}{of_p99:10.2f}")
    print(f"\n{soak} s more: {soaked.a_second:,.0f} requests/s; memory {before:.0f} MB before, {after:.0f} MB after")
    of_first = dict(zip(("p50", "p99"), times[PEERS["/answer"]], strict=True))
    errors = soaked.errors + sum(each.errors for turn in turns for each in turn.values())
    return report(
        [
            *(Bar(f"requests/s over {name}", ratios[name], SHARE_OF_BARE) for name in PEERS.values()),
            *(Bar(f"{name} of a bare endpoint over ours", time, SHARE_OF_BARE) for name, time in of_first.items()),
            Bar("errors", errors, 0, at_least=False),
            Bar(
                "memory of the workers at the end over that at the start", after / before, MEMORY_GROWTH, at_least=False
            ),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
