"""Writes a backup: one state of the store, and the files of exactly the releases that it names."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import IO, cast

from data.backups.containers import Container, working_folder, writing
from data.backups.facts import StoreFacts, household_keys
from data.backups.manifest import (
    MANIFEST_FILE,
    BackedUpFile,
    BackedUpStore,
    BackupError,
    Manifest,
    StoreKind,
    release_path,
)
from data.backups.postgresql_store import dump_postgresql
from data.backups.sqlite_store import copy_sqlite
from data.directory import DamagedReleaseError, DataDirectory, checksum
from data.importing.staged import Progress
from data.store import Store

STORE_FILES: dict[StoreKind, str] = {"sqlite": "store.sqlite", "postgresql": "store.dump"}


def write_backup(
    store: Store, directory: DataDirectory, target: Path, *, clock: Callable[[], datetime], progress: Progress
) -> Manifest:
    """Write the store and its releases as they are at one moment; nobody has to stop for it.

    Releases never change and none is ever removed while the store names it, so that the files of those that the store's
    state names can be copied after it.

    Parameters
    ----------
    store, directory
        What to back up.
    target
        A folder to make, or a tar file if it ends so.
    clock
        Gives the present instant, in UTC.
    progress
        Told how far the work is.

    Returns
    -------
    Manifest
        What the backup holds.

    Raises
    ------
    BackupError
        There is something at the target already, or the store cannot be dumped.
    DamagedReleaseError
        A release on disk is not what was imported.
    """
    if target.exists():
        raise BackupError(f"{target} exists already; choose another name, a backup never overwrites anything")
    with working_folder(target) as work:
        kind: StoreKind = "sqlite" if store.engine.dialect.name == "sqlite" else "postgresql"
        file = work / STORE_FILES[kind]
        now = clock()
        with store.reading() as session:
            connection = session.connection()
            # The first question fixes the state that everything after it sees.
            facts = StoreFacts.read(connection)
            keys = household_keys(connection)
            schema = (copy_sqlite if kind == "sqlite" else dump_postgresql)(connection, file, progress)
        stored = BackedUpStore(
            kind=kind,
            file=file.name,
            revision=facts.revision,
            version=facts.version,
            rows=facts.rows,
            household_keys=keys,
            database_schema=schema,
        )
        files = {file.name: BackedUpFile(bytes=file.stat().st_size, sha256=checksum(file))}
        sources = {file.name: file}
        for release in facts.releases:
            for name, sha256 in release.files.items():
                source = directory.release_folder(release.name) / name
                if not source.is_file():
                    raise DamagedReleaseError(f"release {release.name} is damaged on disk: {source} is missing")
                files[release_path(release.name, name)] = BackedUpFile(bytes=source.stat().st_size, sha256=sha256)
                sources[release_path(release.name, name)] = source
        manifest = Manifest(
            made_at=now,
            made_by=f"buurtwijzer {version('buurtwijzer')}",
            store=stored,
            releases=facts.releases,
            files=files,
        )
        with writing(target, work) as container:
            _fill(container, manifest, sources, progress)
    return manifest


def _fill(container: Container, manifest: Manifest, sources: dict[str, Path], progress: Progress) -> None:
    encoded = manifest.encode()
    container.add(MANIFEST_FILE, len(encoded), BytesIO(encoded))
    done = 0
    progress("copy files", done, manifest.size)
    for path, source in sources.items():
        with source.open("rb") as stream:
            hashing = Hashing(stream, lambda read, before=done: progress("copy files", before + read, manifest.size))  # type: ignore[misc]
            container.add(path, manifest.files[path].bytes, cast("IO[bytes]", hashing))
        if hashing.sha256 != manifest.files[path].sha256:
            raise DamagedReleaseError(f"{source} is not what was imported; put it back from an earlier backup")
        done += manifest.files[path].bytes


class Hashing:
    """A stream that knows the SHA-256 of what was read from it."""

    def __init__(self, stream: IO[bytes], told: Callable[[int], None]) -> None:
        self._stream = stream
        self._told = told
        self._digest = hashlib.sha256()
        self.bytes = 0

    def read(self, size: int = -1) -> bytes:
        """Read, as a file does."""
        piece = self._stream.read(size)
        self._digest.update(piece)
        self.bytes += len(piece)
        self._told(self.bytes)
        return piece

    @property
    def sha256(self) -> str:
        """Of what was read."""
        return self._digest.hexdigest()
