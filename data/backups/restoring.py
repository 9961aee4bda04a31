"""Puts a backup back: whole and verified, or nothing changes."""

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy import update
from sqlalchemy.orm import Session

from data.backups.containers import Backup, opened_backup
from data.backups.facts import holds_anything
from data.backups.manifest import BackupError, Manifest, release_path
from data.backups.postgresql_store import restoring_postgresql
from data.backups.sqlite_store import restoring_sqlite
from data.backups.writing import Hashing
from data.directory import CHUNK_BYTES, DataDirectory, checksums
from data.importing.staged import Progress
from data.members.audit import record
from data.releases import list_releases
from data.store import Store
from data.store.database import announce_change, known_revisions
from data.store.models import StoreState

RESTORING = {"sqlite": restoring_sqlite, "postgresql": restoring_postgresql}


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    manifest: Manifest
    migrated_to: str | None
    """The schema's revision now, where the backup had an older one."""
    version: int
    """Of the store, above those of the backup and of what was there, so that running workers follow."""


def verify_backup(path: Path, *, progress: Progress) -> Manifest:
    """Read every byte of a backup.

    Raises
    ------
    BackupError
        It is no backup, is damaged, or is of a program that is newer than this one.
    """
    with opened_backup(path) as backup:
        _require_known(backup.manifest)
        _take_out(backup, None, backup.manifest.files, progress)
        return backup.manifest


def restore_backup(
    store: Store, directory: DataDirectory, path: Path, *, replace: bool, now: datetime, progress: Progress
) -> Restored:
    """Put the store and its releases back as they were.

    Everything is taken out and verified beside what is there, and takes its place in one transaction. An older schema
    is migrated.

    Parameters
    ----------
    store, directory
        What to restore; of the kind that was backed up.
    path
        The backup.
    replace
        Whether a store that holds something may be replaced.
    now
        The present instant, in UTC, for the audit trail.
    progress
        Told how far the work is.

    Raises
    ------
    BackupError
        The backup is damaged, of another kind of store or of a newer program, or the store holds something.
    ImportRunningError
        An import is under way on the data directory.
    """
    with directory.exclusively(), opened_backup(path) as backup, directory.staging() as staging:
        manifest = backup.manifest
        _require_fitting(store, manifest, replace=replace)
        _take_out(backup, staging, manifest.files, progress)
        restoring = RESTORING[manifest.store.kind](
            store, staging / manifest.store.file, manifest, progress, replace=replace
        )
        before = store.version()
        with restoring as (connection, commit):
            version = max(before, manifest.store.version)
            with Session(connection) as session:
                session.execute(update(StoreState).values(version=version))
                announce_change(session)
                record(session, "store-restored", now, made_at=manifest.made_at.isoformat(timespec="seconds"))
                session.flush()
            folders = _folders(staging, [release.name for release in manifest.releases])
            with directory.setting_aside(folders), directory.placing(folders):
                commit()
    current = known_revisions()[0]
    return Restored(manifest, None if current == manifest.store.revision else current, version + 1)


def restore_releases(store: Store, directory: DataDirectory, path: Path, *, progress: Progress) -> list[str]:
    """Put back the folders of releases that the store names and that are missing or damaged on disk.

    Returns
    -------
    list of str
        The releases that were put back.

    Raises
    ------
    BackupError
        The backup is damaged, or lacks a release that would be needed.
    """
    with directory.exclusively(), opened_backup(path) as backup, directory.staging() as staging:
        with store.reading() as session:
            named = {release.name: release.files for release in list_releases(session)}
        wrong = {name for name, files in named.items() if checksums(directory.release_folder(name)) != files}
        there = {release.name for release in backup.manifest.releases if named.get(release.name) == release.files}
        if wrong - there:
            raise BackupError(f"the backup has no such release as {', '.join(sorted(wrong - there))}; nothing changed")
        wanted = {release_path(name, file) for name in wrong for file in named[name]}
        _take_out(backup, staging, wanted, progress)
        folders = _folders(staging, sorted(wrong))
        with directory.setting_aside(folders), directory.placing(folders):
            pass
    return sorted(wrong)


def _require_fitting(store: Store, manifest: Manifest, *, replace: bool) -> None:
    kind = store.engine.dialect.name
    if manifest.store.kind != kind:
        raise BackupError(
            f"the backup is of a store on {manifest.store.kind}, and this one is on {kind}: a backup goes back to the "
            "kind of store that it came from"
        )
    _require_known(manifest)
    with store.engine.connect() as connection:
        if not replace and holds_anything(connection):
            raise BackupError("the store holds something already; nothing was changed. --replace puts the backup there")


def _require_known(manifest: Manifest) -> None:
    if manifest.store.revision not in known_revisions():
        raise BackupError(
            f"the backup's schema has revision {manifest.store.revision}, which this program does not know: use the "
            f"version that made it ({manifest.made_by}), or a later one"
        )


def _folders(staging: Path, names: Sequence[str]) -> dict[str, Path]:
    """Return the folders of releases that were taken out, also of those without a file."""
    folders = {name: staging / "releases" / name for name in names}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    return folders


def _take_out(backup: Backup, folder: Path | None, wanted: Collection[str], progress: Progress) -> None:
    """Read every byte of a backup, and write the wanted files to a folder, if one is given."""
    total, done = backup.manifest.size, 0
    progress("verify the backup", done, total)
    for path, stream in backup.streams():
        said = backup.manifest.files[path]
        hashing = Hashing(stream, lambda read, before=done: progress("verify the backup", before + read, total))  # type: ignore[misc]
        with ExitStack() as files:
            target: IO[bytes] | None = None
            if folder is not None and path in wanted:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                target = files.enter_context((folder / path).open("xb"))
            while piece := hashing.read(CHUNK_BYTES):
                if target is not None:
                    target.write(piece)
        if (hashing.bytes, hashing.sha256) != (said.bytes, said.sha256):
            raise BackupError(f"the backup is damaged in {path}; nothing was changed")
        done += said.bytes
