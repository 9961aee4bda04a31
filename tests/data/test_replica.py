"""A real streaming replica: reports are read from it unless it lacks what answers follow, or does not answer."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, make_url, select, text

from data.members.audit import record
from data.store import Store, StoreError, open_store
from data.store.database import announce_change
from data.store.household_models import AuditEntry

POSTGIS = Path(__file__).resolve().parents[2] / "scripts" / "postgis"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def replica(fresh_postgis_url: str) -> Iterator[tuple[Path, str]]:
    """Folder and URL of a replica of the cluster that the empty database is in."""
    folder = Path(tempfile.mkdtemp(prefix="buurtwijzer-replica-"))
    folder.chmod(0o755)
    primary = make_url(fresh_postgis_url)
    command = [POSTGIS, "follow", folder / "pg", str(primary.query["host"])]
    made = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    try:
        url = make_url(made.stdout.strip()).set(database=primary.database)
        yield folder / "pg", url.render_as_string(hide_password=False)
    finally:
        subprocess.run([POSTGIS, "remove", folder / "pg"], check=True)
        folder.rmdir()


def lines_lately(store: Store) -> int:
    with store.reading_lately() as session:
        return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def write_line(store: Store, *, announced: bool = False) -> None:
    with store.writing() as session:
        record(session, "tested", NOW)
        if announced:
            announce_change(session)


@pytest.mark.postgis
@pytest.mark.slow
def test_a_replica_is_read_while_it_has_what_answers_follow(fresh_postgis_url: str, replica: tuple[Path, str]) -> None:
    folder, replica_url = replica
    store = open_store(fresh_postgis_url, replica_url=replica_url)
    following = create_engine(replica_url, isolation_level="AUTOCOMMIT")

    def replay(what: str) -> None:
        with following.connect() as connection:
            connection.execute(text(f"SELECT pg_wal_replay_{what}()"))

    def has_line() -> bool:
        with following.connect() as connection:
            there = connection.execute(text("SELECT to_regclass('audit_entry') IS NOT NULL")).scalar_one()
            return bool(there and connection.execute(text("SELECT count(*) FROM audit_entry")).scalar_one())

    write_line(store)
    ends = time.monotonic() + 30
    while not has_line():
        assert time.monotonic() < ends
        time.sleep(0.05)
    replay("pause")
    write_line(store)
    # Members and the like may come late: it is the replica that was asked.
    assert lines_lately(store) == 1
    write_line(store, announced=True)
    assert lines_lately(store) == 1
    store.followed = store.version()
    assert lines_lately(store) == 3
    write_line(store)
    assert lines_lately(store) == 4
    replay("resume")
    following.dispose()
    subprocess.run([POSTGIS, "stop", folder], check=True)
    assert lines_lately(store) == 4
    store.close()


def test_only_postgresql_has_a_replica(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="a replica is PostgreSQL's"):
        open_store(f"sqlite:///{tmp_path / 'a.sqlite'}", replica_url=f"sqlite:///{tmp_path / 'b.sqlite'}")
