"""Fixtures that every room's tests share."""

import os
import secrets
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import create_engine, make_url, text

ROOT = Path(__file__).resolve().parent.parent
POSTGIS = ROOT / "scripts" / "postgis"
POSTGIS_ABSENT = 3


def absent(what: str) -> NoReturn:
    """Skip a test for what is not here; where everything has to be tested, fail it."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"{what} (CI must test it)")
    pytest.skip(what)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the official files; skips the test where they are absent."""
    folder = Path(os.environ.get("BUURTWIJZER_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "SOURCES.md").is_file():
        pytest.skip(f"no official files in {folder}: set BUURTWIJZER_REAL_DATA to run this test")
    return folder


@pytest.fixture(scope="session")
def postgis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real PostGIS: BUURTWIJZER_DATABASE_URL's, or a private cluster that lives as long as the tests."""
    if url := os.environ.get("BUURTWIJZER_DATABASE_URL"):
        yield url
        return
    # Debian's postgres user must reach the cluster, so it does not live under a folder of root's alone.
    folder = Path(tempfile.mkdtemp(prefix="buurtwijzer-postgis-"))
    folder.chmod(0o755)
    started = subprocess.run([POSTGIS, "start", folder / "pg"], capture_output=True, text=True, check=False)
    if started.returncode == POSTGIS_ABSENT:
        message = f"NOT TESTED on PostGIS: {started.stderr.strip()}"
        warnings.warn(pytest.PytestWarning(message), stacklevel=1)
        absent(message)
    started.check_returncode()
    try:
        yield started.stdout.strip()
    finally:
        subprocess.run([POSTGIS, "remove", folder / "pg"], check=True)
        folder.rmdir()


@pytest.fixture
def fresh_postgis_url(postgis_url: str) -> Iterator[str]:
    """URL of an empty database with PostGIS, dropped after the test."""
    name = f"test_{secrets.token_hex(6)}"
    admin = create_engine(postgis_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(postgis_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture
def cluster(postgis_url: str) -> Iterator[tuple[Path, str]]:
    """A PostGIS of the test's own, that it may stop; `postgis_url` says that there can be one."""
    folder = Path(tempfile.mkdtemp(prefix="buurtwijzer-stopped-"))
    folder.chmod(0o755)
    started = subprocess.run([POSTGIS, "start", folder / "pg"], capture_output=True, text=True, check=True)
    try:
        yield folder / "pg", started.stdout.strip()
    finally:
        subprocess.run([POSTGIS, "remove", folder / "pg"], check=True)
        folder.rmdir()


@pytest.fixture(params=["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty store, on each of the two databases in turn."""
    if request.param == "postgis":
        url: str = request.getfixturevalue("fresh_postgis_url")
        return url
    return f"sqlite:///{tmp_path / 'store.sqlite'}"
