"""The two forms of a backup, a folder or one tar file: written under another name, read file by file."""

import fcntl
import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Protocol

from data.backups.manifest import MANIFEST_FILE, BackupError, Manifest
from data.directory import CHUNK_BYTES, flush_folder

TAR_ENDING = ".tar"


class Container(Protocol):
    """Takes the files of a backup, the manifest first."""

    def add(self, path: str, size: int, stream: IO[bytes]) -> None:
        """Write one file, read from a stream to its end."""


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, path: str, size: int, stream: IO[bytes]) -> None:
        file = self._root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as target:
            os.fchmod(target.fileno(), 0o600)
            shutil.copyfileobj(stream, target, CHUNK_BYTES)
            target.flush()
            os.fsync(target.fileno())
        if file.stat().st_size != size:
            raise BackupError(f"{path} changed while it was copied; try again")


class _Tar:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def add(self, path: str, size: int, stream: IO[bytes]) -> None:
        member = tarfile.TarInfo(path)
        member.size, member.mode = size, 0o600
        self._archive.addfile(member, stream)


@contextmanager
def working_folder(target: Path) -> Iterator[Path]:
    """Give a folder beside a backup to be, hidden and for its owner alone; it is gone afterwards.

    What a killed run has left there goes first; the lock of the folder tells it from a run that goes on.

    Raises
    ------
    BackupError
        Another process is writing the same backup.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = target.with_name(f".{target.name}.partial")
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(f"another process is writing {target}; wait until it has ended") from error
        try:
            for left in folder.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            yield folder
        finally:
            shutil.rmtree(folder)
    finally:
        os.close(descriptor)


@contextmanager
def writing(target: Path, work: Path) -> Iterator[Container]:
    """Give a container in a working folder, which gets its name when the block ends well."""
    whole = work / "backup"
    if target.suffix == TAR_ENDING:
        with whole.open("xb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                yield _Tar(archive)
            file.flush()
            os.fsync(file.fileno())
        whole.chmod(0o600)
    else:
        whole.mkdir(mode=0o700)
        yield _Folder(whole)
        for folder in (*(path for path in whole.rglob("*") if path.is_dir()), whole):
            flush_folder(folder)
    # A folder takes no other's name but an empty one's, and the caller has looked that there is nothing.
    whole.rename(target)
    flush_folder(target.parent)


class Backup:
    """A backup that is open for reading; its manifest has been believed, its other files have not."""

    def __init__(self, path: Path, archive: tarfile.TarFile | None) -> None:
        self.path = path
        self._archive = archive
        self.manifest = Manifest.decode(self._read_manifest())

    def _read_manifest(self) -> bytes:
        if self._archive is None:
            return (self.path / MANIFEST_FILE).read_bytes()
        first = self._archive.next()
        stream = None if first is None or first.name != MANIFEST_FILE else self._archive.extractfile(first)
        if stream is None:
            raise BackupError(f"{self.path} is no backup: it does not begin with {MANIFEST_FILE}")
        return stream.read()

    def streams(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Give the files that the manifest names, with their paths, in the order of the container.

        Raises
        ------
        BackupError
            One of them is missing.
        """
        missing = set(self.manifest.files)
        if self._archive is None:
            for path in self.manifest.files:
                if (self.path / path).is_file():
                    missing.remove(path)
                    with (self.path / path).open("rb") as stream:
                        yield path, stream
        else:
            while (member := self._archive.next()) is not None:
                if member.name in missing and member.isfile():
                    missing.remove(member.name)
                    yield member.name, self._archive.extractfile(member) or io.BytesIO()
        if missing:
            raise BackupError(f"the backup is damaged: {', '.join(sorted(missing))} is missing; nothing was changed")


@contextmanager
def opened_backup(path: Path) -> Iterator[Backup]:
    """Open a folder or a tar file.

    Raises
    ------
    BackupError
        It is no backup, or is damaged.
    """
    with ExitStack() as open_files:
        if path.is_dir():
            if not (path / MANIFEST_FILE).is_file():
                raise BackupError(f"{path} is no backup: it has no {MANIFEST_FILE}")
            yield Backup(path, None)
            return
        if not path.exists():
            raise BackupError(f"there is no backup at {path}")
        try:
            archive = open_files.enter_context(tarfile.open(path, "r:"))
            yield Backup(path, archive)
        except tarfile.TarError as error:
            raise BackupError(f"{path} is no backup, or is damaged; nothing was changed") from error
