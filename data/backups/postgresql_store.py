"""The PostgreSQL store in a backup: pg_dump's archive of one snapshot, put back in one transaction."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from data.backups.facts import StoreFacts, holds_anything
from data.backups.manifest import BackupError, Manifest
from data.backups.postgresql_tools import connection_environment, find_program, output_of
from data.directory import CHUNK_BYTES
from data.importing.staged import Progress
from data.store import Store
from data.store.database import change_schema
from data.store.schema import METADATA

LOCK_TIMEOUT_S = 10
COPY = b"COPY "
FROM_STDIN = b" FROM stdin;\n"
END_OF_ROWS = b"\\.\n"
PSQL_ONLY = (b"\\restrict ", b"\\unrestrict ")
"""Lines that are for psql alone (https://www.postgresql.org/docs/release/17.6/)."""


_TRIGGER_FUNCTIONS = text(
    "SELECT DISTINCT tgfoid::regprocedure::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
    " WHERE relnamespace = current_schema()::regnamespace AND relname = ANY(:tables) AND NOT tgisinternal"
)
"""Those of the store's own tables."""


def dump_postgresql(connection: Connection, file: Path, progress: Progress) -> str:
    """Dump the state that a connection's transaction sees, which may not end meanwhile.

    pg_dump takes over the transaction's snapshot
    (https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION).

    Returns
    -------
    str
        The schema that the store's tables are in.

    Raises
    ------
    BackupError
        There is no pg_dump for this server, or it failed.
    """
    schema, version, size = connection.execute(
        text(
            "SELECT current_schema(), current_setting('server_version_num')::int / 10000,"
            " pg_database_size(current_database())"
        )
    ).one()
    snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
    command: list[str | Path] = [
        find_program("pg_dump", version),
        "--format=custom",
        f"--snapshot={snapshot}",
        f"--schema={schema}",
        "--extension=postgis",
        # PostGIS fills its own table; a role that may not read or write it can still dump and restore the rest.
        "--exclude-table=*.spatial_ref_sys",
        "--no-owner",
        "--no-privileges",
    ]
    done = 0
    with output_of(command, connection_environment(connection.engine)) as dumped, file.open("xb") as target:
        while piece := dumped.read(CHUNK_BYTES):
            target.write(piece)
            done += len(piece)
            progress("dump the store", min(done, size), size)
    progress("dump the store", size, size)
    return str(schema)


@contextmanager
def restoring_postgresql(
    store: Store, file: Path, manifest: Manifest, progress: Progress, *, replace: bool
) -> Iterator[tuple[Connection, Callable[[], None]]]:
    """Put a dump in the place of what is there, in one transaction; give its connection, and what commits it.

    Until then everybody sees what was there before; who asks for it waits.

    Raises
    ------
    BackupError
        The dump is not what the manifest says, there is no pg_restore, or the store holds something that may not be
        replaced or is in use.
    """
    with store.engine.connect() as connection:
        version = connection.execute(text("SELECT current_setting('server_version_num')::int / 10000")).scalar_one()
        program = find_program("pg_restore", version)
        _clear(connection, replace=replace)
        command: list[str | Path] = [program, "--file=-", f"--schema={manifest.store.database_schema}", file]
        with output_of([*command, "--no-owner", "--no-privileges"]) as script:
            try:
                _run(connection, script, sum(manifest.store.rows.values()), progress)
            except psycopg.Error as error:
                raise BackupError(f"PostgreSQL does not take the dump ({error}); nothing was changed") from error
        StoreFacts.read(connection, manifest.store.rows).require_those_of(manifest)
        change_schema(connection)
        yield connection, connection.commit
    # The script has set what belongs to its own session.
    store.engine.dispose()


def _clear(connection: Connection, *, replace: bool) -> None:
    """Take the store away, in the transaction of what comes in its place."""
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'"))
    try:
        connection.execute(text("LOCK TABLE store_state IN ACCESS EXCLUSIVE MODE"))
        if not replace and holds_anything(connection):
            raise BackupError("the store has been filled meanwhile; nothing was changed")
        functions = connection.execute(_TRIGGER_FUNCTIONS, {"tables": list(METADATA.tables)}).scalars().all()
        METADATA.drop_all(connection)
        for statement in ("TABLE alembic_version", *(f"FUNCTION {function}" for function in functions)):
            connection.execute(text(f"DROP {statement}"))
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise BackupError("the store is in use; stop what works on it and try again") from error
        raise


def _run(connection: Connection, script: Iterable[bytes], rows: int, progress: Progress) -> None:
    """Run pg_restore's script: statements, and rows of tables between them.

    It runs here and not in psql, so that the same transaction migrates what is old and checks what has come.
    """
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 -- a connection that was just taken from the pool
    (search_path,) = driver.execute("SHOW search_path").fetchone() or ("",)
    lines = iter(script)
    statements: list[bytes] = []
    done = 0
    for line in lines:
        if line.startswith(COPY) and line.endswith(FROM_STDIN):
            driver.execute(b"".join(statements))
            statements.clear()
            with driver.cursor() as cursor, cursor.copy(line) as copy:
                for row in lines:
                    if row == END_OF_ROWS:
                        break
                    copy.write(row)
                    done += 1
                    if done % 1_000 == 0:
                        progress("restore the store", min(done, rows), rows)
        elif not line.startswith(PSQL_ONLY):
            statements.append(line)
    driver.execute(b"".join(statements))
    # The script works without a search path; migrations need the one that was there.
    driver.execute("SELECT set_config('search_path', %s, false)", (search_path,))
    progress("restore the store", rows, rows)
