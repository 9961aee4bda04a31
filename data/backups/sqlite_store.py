"""The embedded store in a backup: a copy by SQLite's online backup, which writers do not wait for."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, PoolProxiedConnection, create_engine

from data.backups.facts import StoreFacts, holds_anything
from data.backups.manifest import BackupError, Manifest
from data.importing.staged import Progress
from data.store import Store, open_store

PAGES_AT_A_TIME = 1_024


def copy_sqlite(connection: Connection, file: Path, progress: Progress) -> None:
    """Copy the state that a connection's transaction sees.

    The copy runs on that connection: its open transaction holds one state of the write-ahead log, so that a commit
    meanwhile neither enters the copy nor makes it begin anew (https://www.sqlite.org/backup.html).

    Raises
    ------
    BackupError
        The store is damaged.
    """
    with closing(sqlite3.connect(file)) as copy:
        _driver(connection.connection).backup(copy, pages=PAGES_AT_A_TIME, progress=_told(progress, "copy the store"))
        # One file that needs no log beside it.
        copy.execute("PRAGMA journal_mode = DELETE")
        _require_sound(copy)


@contextmanager
def restoring_sqlite(
    store: Store, file: Path, manifest: Manifest, progress: Progress, *, replace: bool
) -> Iterator[tuple[Connection, Callable[[], None]]]:
    """Prepare a copy beside the store; give a connection to it, and what puts it in the store's place at once.

    Readers go on with what they see, and find the restored state when they begin anew: to them it is one commit.

    Raises
    ------
    BackupError
        The copy is damaged or not what the manifest says, or the store holds something that may not be replaced.
    """
    with closing(sqlite3.connect(file)) as copy:
        _require_sound(copy)
    # Opened without migrating it: the manifest tells of the schema that it has.
    url = URL.create("sqlite", database=str(file))
    engine = create_engine(url)
    with engine.connect() as connection:
        StoreFacts.read(connection, manifest.store.rows).require_those_of(manifest)
    engine.dispose()
    staged = open_store(url.render_as_string())

    def swap() -> None:
        connection.commit()
        with store.engine.connect() as live:
            if not replace and holds_anything(live):
                raise BackupError("the store has been filled meanwhile; nothing was changed")
            live.rollback()
            _driver(connection.connection).backup(
                _driver(live.connection), pages=-1, progress=_told(progress, "restore the store")
            )

    try:
        with staged.engine.connect() as connection:
            connection.begin()
            yield connection, swap
    finally:
        staged.close()


def _require_sound(copy: sqlite3.Connection) -> None:
    if (found := copy.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
        raise BackupError(f"the store is damaged ({found}): put it back from an earlier backup")


def _driver(connection: PoolProxiedConnection) -> sqlite3.Connection:
    driver = connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 -- a connection that was just taken from the pool
    return driver


def _told(progress: Progress, stage: str) -> Callable[[int, int, int], None]:
    return lambda _status, remaining, total: progress(stage, total - remaining, total)
