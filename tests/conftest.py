"""Fixtures that every room's tests share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the official files; skips the test where they are absent."""
    folder = Path(os.environ.get("BUURTWIJZER_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "SOURCES.md").is_file():
        pytest.skip(f"no official files in {folder}: set BUURTWIJZER_REAL_DATA to run this test")
    return folder
