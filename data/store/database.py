"""Opens the store, brings its schema up to date, and gives out units of work."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from time import monotonic
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select, update
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from data.store.functions import add_functions
from data.store.grants import grant
from data.store.models import StoreState

SQLITE_BUSY_TIMEOUT_MS = 30_000
"""How long a writer waits for those before it: a disk that is slow to flush makes a queue of hundreds long."""
POSTGRES_CONNECT_TIMEOUT_S = 5
"""How long a machine that does not answer is waited for; a URL that says otherwise is right."""
REPLICA_REST_S = 5.0
"""How long a replica that did not answer is not asked again."""
MIGRATION_LOCK = 0x62757572
"""Held by who migrates (an advisory lock of PostgreSQL, of one database): workers start at once."""
CHANGES = "buurtwijzer_changes"
"""Channel on which PostgreSQL tells that answers have to change; a channel belongs to one database."""


logger = logging.getLogger(__name__)


class StoreError(RuntimeError):
    """The store cannot be opened or reached; the message says which one and what to do, without its password."""


class UnstorableValueError(ValueError):
    """The database takes a value of a statement for none of its column; the message does not repeat it."""


class Store:
    """An open store. Sessions are opened at the edge (a request, a command), one transaction each.

    Attributes
    ----------
    followed
        The version that this process's answers follow: a replica that has less is passed over.
    """

    def __init__(self, engine: Engine, replica: Engine | None = None) -> None:
        self.engine = engine
        self._replica = replica
        self._replica_rests_until = 0.0
        self.followed = 0
        self._readers = _readers(engine)
        self._replica_readers = None if replica is None else _readers(replica)
        self._writers = sessionmaker(engine.execution_options(sqlite_begin="IMMEDIATE"), expire_on_commit=False)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session on one consistent state of the store.

        Raises
        ------
        UnstorableValueError
            A value of a statement is out of the range or the characters of its type, or too long for it.
        """
        with _storable_values(), self._readers.begin() as session:
            yield session

    @contextmanager
    def reading_lately(self) -> Iterator[Session]:
        """Give a session on one consistent state that may be a moment old: the replica's, where there is one.

        The replica is passed over where it lacks what this process follows already, or does not answer: what was
        published is never missing, and only what raises no version, such as members, may come late.
        """
        session = self._replica_session()
        if session is None:
            with self.reading() as session:
                yield session
        else:
            with session:
                yield session

    def _replica_session(self) -> Session | None:
        """Return a session on the replica; None where there is none that answers and has kept up."""
        if self._replica_readers is None or monotonic() < self._replica_rests_until:
            return None
        session = self._replica_readers()
        try:
            kept_up = session.execute(select(StoreState.version)).scalar_one() >= self.followed
        except DBAPIError as error:
            logger.warning("the replica does not answer, so reports are read from the store itself: %s", error.orig)
            self._replica_rests_until = monotonic() + REPLICA_REST_S
            kept_up = False
        if not kept_up:
            session.close()
            return None
        return session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session whose transaction is committed at the end, and rolled back on an exception.

        Raises
        ------
        UnstorableValueError
            A value of a statement is out of the range or the characters of its type, or too long for it.
        """
        with _storable_values(), self._writers.begin() as session:
            yield session

    def version(self) -> int:
        """Return the number that goes up whenever answers have to change."""
        with self.engine.connect() as connection:
            return connection.execute(select(StoreState.version)).scalar_one()

    @property
    def engines(self) -> tuple[Engine, ...]:
        """The store's own engine, and the replica's where there is one."""
        return (self.engine,) if self._replica is None else (self.engine, self._replica)

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()
        if self._replica is not None:
            self._replica.dispose()


def _readers(engine: Engine) -> sessionmaker[Session]:
    # PostgreSQL's default would give every statement its own snapshot: a publish could come between two of them.
    snapshot = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    return sessionmaker(engine.execution_options(**snapshot), expire_on_commit=False)


def announce_change(session: Session) -> None:
    """Raise the store's version in the session's transaction, so that running workers reload.

    PostgreSQL tells those that listen when the transaction is committed; on SQLite they look at the version.
    """
    session.execute(update(StoreState).values(version=StoreState.version + 1))
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_notify(CHANGES, "")))


def open_store(url: str, *, migrating: bool = True, replica_url: str | None = None) -> Store:
    """Open the store at an SQLAlchemy URL, with the current schema.

    Parameters
    ----------
    url
        `sqlite:///path/to/file.sqlite` or `postgresql+psycopg://…`.
    migrating
        Whether an older schema is migrated, or refused: a role with few rights may not migrate.
    replica_url
        A streaming replica of a PostgreSQL store, which need not be there at the start.

    Raises
    ------
    StoreError
        The URL is of neither kind, the database cannot be reached, or its schema is not this program's.
    """
    engine = _engine(url)
    replica = None if replica_url is None else _engine(replica_url)
    if replica is not None and {engine.dialect.name, replica.dialect.name} != {"postgresql"}:
        raise StoreError("a replica is PostgreSQL's, of a store on PostgreSQL; unset BUURTWIJZER_REPLICA_URL")
    try:
        if not _has_current_schema(engine, migrating=migrating):
            migrate(engine)
    except DBAPIError as error:
        engine.dispose()
        raise StoreError(f"the store at {engine.url.render_as_string()} cannot be opened: {error.orig}") from error
    except StoreError:
        engine.dispose()
        raise
    return Store(engine, replica)


def parse_url(url: str) -> URL:
    """Return the URL of a store, its password where passwords are: from its query every message would repeat it.

    Raises
    ------
    StoreError
        It cannot be read.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The error's own words hold the URL.
        raise StoreError("the store's URL cannot be read; use sqlite:///FILE or postgresql+psycopg://…") from None
    password = parsed.query.get("password")
    if password is None:
        return parsed
    # The last of several is the one that libpq takes, and the query goes before the login.
    return parsed.difference_update_query(["password"]).set(
        password=password if isinstance(password, str) else password[-1]
    )


def _engine(url: str) -> Engine:
    parsed = parse_url(url)
    dialect = parsed.get_backend_name()
    if dialect not in ("sqlite", "postgresql"):
        raise StoreError(f"a store on {dialect!r} is not supported; use sqlite:///FILE or postgresql+psycopg://…")
    if dialect == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    if dialect == "postgresql" and "connect_timeout" not in parsed.query:
        parsed = parsed.update_query_dict({"connect_timeout": str(POSTGRES_CONNECT_TIMEOUT_S)})
    # The values of statements are in no message: they may be somebody's.
    try:
        engine = create_engine(parsed, pool_pre_ping=dialect == "postgresql", hide_parameters=True)
    except (ArgumentError, ImportError):
        raise StoreError(f"{parsed.drivername} is not supported here; use postgresql+psycopg://…") from None
    if dialect == "sqlite":
        _configure_sqlite(engine)
    return engine


def _has_current_schema(engine: Engine, *, migrating: bool) -> bool:
    """Whether a store needs no migration; refuse one that this program cannot or may not migrate."""
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    current, *older = known_revisions()
    if revision is not None and revision != current and revision not in older:
        raise StoreError(
            f"the store's schema has revision {revision}, which this program does not know (its own is {current}): "
            "run the version that migrated it, or a later one"
        )
    if revision != current and not migrating:
        raise StoreError(
            f"the store's schema has {f'revision {revision}' if revision else 'no revision'}, and this program needs "
            f"{current}: run `buurtwijzer migrate` as the role that owns the tables"
        )
    return revision == current


def migrate(engine: Engine, revision: str = "head", *, down: bool = False) -> None:
    """Bring the schema up to a revision, or down to one, in one transaction."""
    # SQLite's writers follow one another from the beginning: two that start at once must not both make the tables.
    immediate = engine.execution_options(sqlite_begin="IMMEDIATE")
    with immediate.connect() as connection, _without_cascades(connection), connection.begin():
        change_schema(connection, revision, down=down)


def change_schema(connection: Connection, revision: str = "head", *, down: bool = False) -> None:
    """Bring the schema up to a revision, or down to one, in a transaction that goes on."""
    config = _alembic()
    config.attributes["connection"] = connection
    postgresql = connection.dialect.name == "postgresql"
    if postgresql:
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
    if down:
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
        if postgresql and revision in ("head", known_revisions()[0]):
            grant(connection)


def known_revisions() -> tuple[str, ...]:
    """Return the schema's revisions that this program knows, the current one first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions())


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("data.store") / "migrations"))
    return config


@contextmanager
def _storable_values() -> Iterator[None]:
    """Say what the database does not take without repeating it: the driver's own message may hold it."""
    try:
        yield
    except DataError as error:
        reason = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error.orig).__name__).lower()
        raise UnstorableValueError(f"the store does not take a value of the request ({reason})") from error


@contextmanager
def _without_cascades(connection: Connection) -> Iterator[None]:
    """Let SQLite alter tables by making them anew, without deleting what refers to their rows.

    The pragma does nothing within a transaction, so it goes to the driver before one begins; what refers to nothing
    afterwards is an error.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.dbapi_connection
    assert driver is not None  # noqa: S101 -- a connection that was just taken from the pool
    driver.cursor().execute("PRAGMA foreign_keys = OFF")
    try:
        yield
        broken = driver.cursor().execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise StoreError(f"a migration has left rows that refer to nothing, in {broken[0][0]}")
    finally:
        driver.cursor().execute("PRAGMA foreign_keys = ON")


def _configure_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        # SQLAlchemy, not the driver, opens transactions, so that schema changes are transactional too.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_TIMEOUT_MS}")
        cursor.close()
        add_functions(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the lock at once and waits for it: upgrading a read lock later would fail instead.
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'DEFERRED')}")
