"""Benchmarks run as scripts of their own folder, one of which has the name of a package."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_benchmark_finds_the_packages_of_the_project() -> None:
    asked = [sys.executable, ROOT / "bench" / "quotes.py", "--help"]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (told.returncode, "--quick" in told.stdout) == (0, True), told.stderr
