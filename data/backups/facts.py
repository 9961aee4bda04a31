"""What a store says of itself: compared when a backup is put back."""

from collections.abc import Iterable
from dataclasses import dataclass

from alembic.migration import MigrationContext
from sqlalchemy import Connection, column, func, inspect, select, table

from data.backups.manifest import BackedUpRelease, BackupError, Manifest
from data.store.household_models import Account, CodeBatchRow, Household, SignUp, StaffAccount
from data.store.schema import METADATA

_VERSIONS = table("store_state", column("version"))
_RELEASES = table("release", column("name"), column("files"))


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """One state of a store."""

    revision: str
    version: int
    rows: dict[str, int]
    releases: tuple[BackedUpRelease, ...]

    @classmethod
    def read(cls, connection: Connection, tables: Iterable[str] | None = None) -> "StoreFacts":
        """Read the state that a connection's transaction sees.

        Parameters
        ----------
        tables
            Whose rows to count; by default all that this program knows.
        """
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision is None:
            raise BackupError("the store has no schema")
        release = METADATA.tables["release"]
        releases = connection.execute(select(release.c.name, release.c.files).order_by(release.c.name))
        return cls(
            revision,
            connection.execute(select(_VERSIONS.c.version)).scalar_one(),
            count_rows(connection, _tables(connection) if tables is None else tables),
            tuple(BackedUpRelease(name=name, files=files) for name, files in releases),
        )

    def require_those_of(self, manifest: Manifest) -> None:
        """Refuse a store that is not what a backup's manifest says.

        Raises
        ------
        BackupError
            They differ.
        """
        store = manifest.store
        said = StoreFacts(store.revision, store.version, store.rows, manifest.releases)
        if self != said:
            raise BackupError("the store in the backup is not the one that its manifest tells of; nothing was changed")


def count_rows(connection: Connection, tables: Iterable[str]) -> dict[str, int]:
    """Return the rows of tables by their names."""
    return {
        name: connection.execute(select(func.count()).select_from(table(name))).scalar_one() for name in sorted(tables)
    }


def household_keys(connection: Connection) -> tuple[str, ...]:
    """Return the identifiers of all keys that hashed what is kept of members."""
    found = set[str]()
    for model in (Household, Account, StaffAccount, CodeBatchRow, SignUp):
        found.update(connection.execute(select(model.key_id).distinct()).scalars())
    return tuple(sorted(found))


def holds_anything(connection: Connection) -> bool:
    """Whether anything is in a store besides its schema; one without a schema is empty too."""
    return any(count_rows(connection, _tables(connection) - {"store_state"}).values())


def _tables(connection: Connection) -> set[str]:
    """Return the tables of the store that are there: an older schema lacks some."""
    return set(inspect(connection).get_table_names()) & set(METADATA.tables)
