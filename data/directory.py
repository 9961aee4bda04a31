"""The data directory: where releases lie on disk, and how one appears there whole or not at all."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

CHUNK_BYTES = 1 << 20


class ImportRunningError(RuntimeError):
    """Another import holds the data directory."""


class DamagedReleaseError(RuntimeError):
    """Files of a release on disk are not those that were imported."""


class DataDirectory:
    """Releases by name under `releases/`, and imports under way under `incoming/`.

    A release's files are written in `incoming/`, flushed to disk, made read-only and then moved in one rename.
    A process that is killed leaves at most a folder that no release of the store names: `sweep` removes it.

    Parameters
    ----------
    root
        The directory; made when missing.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._releases = root / "releases"
        self._incoming = root / "incoming"
        for folder in (self._releases, self._incoming):
            folder.mkdir(parents=True, exist_ok=True)

    def release_folder(self, name: str) -> Path:
        """Return where a release's files lie."""
        return self._releases / name

    def require_intact(self, name: str, files: Mapping[str, str]) -> None:
        """Refuse a release whose files are not what was imported; every byte is read.

        Parameters
        ----------
        name
            The release.
        files
            SHA-256 of its files by their relative names, as the store has them.

        Raises
        ------
        DamagedReleaseError
            A file is gone, too many, or other than it was.
        """
        found = checksums(self.release_folder(name))
        wrong = sorted(file for file in found.keys() | files.keys() if found.get(file) != files.get(file))
        if wrong:
            raise DamagedReleaseError(
                f"release {name} is damaged on disk, in {', '.join(wrong)}: put {self.release_folder(name)} back from "
                "a backup; answers stay as they are"
            )

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """Hold the directory for one import; the lock goes with the process, however it ends.

        Raises
        ------
        ImportRunningError
            Another process holds it.
        """
        with (self.root / "import.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ImportRunningError(
                    f"another import is running on {self.root}; wait until it has ended and try again"
                ) from error
            yield

    def sweep(self, known: Iterable[str]) -> None:
        """Remove what killed imports left behind: call it while holding the directory.

        Parameters
        ----------
        known
            Names of the releases in the store; every other folder belongs to an import that never ended.
        """
        keep = set(known)
        for folder in self._incoming.iterdir():
            _remove(folder)
        for folder in self._releases.iterdir():
            if folder.name not in keep:
                _remove(folder)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Give an empty folder for an import under way; it is gone afterwards, whatever happens."""
        folder = Path(tempfile.mkdtemp(dir=self._incoming))
        try:
            yield folder
        finally:
            _remove(folder)

    @contextmanager
    def placing(self, staged: dict[str, Path]) -> Iterator[None]:
        """Move staged folders to their release names; take them away again when the block fails.

        Parameters
        ----------
        staged
            Folder under `staging`, by the name of its release.
        """
        placed: list[Path] = []
        try:
            for name, folder in staged.items():
                make_durable(folder)
                folder.rename(self.release_folder(name))
                placed.append(self.release_folder(name))
            flush_folder(self._releases)
            yield
        except BaseException:
            for folder in placed:
                _remove(folder)
            raise

    @contextmanager
    def setting_aside(self, names: Iterable[str]) -> Iterator[None]:
        """Take releases' folders out of the way, for others to come in their place; put them back when the block fails.

        Who has files of them open keeps them.
        """
        with self.staging() as aside:
            taken: list[str] = []
            try:
                for name in names:
                    with suppress(FileNotFoundError):
                        self.release_folder(name).rename(aside / name)
                        taken.append(name)
                yield
            except BaseException:
                for name in taken:
                    (aside / name).rename(self.release_folder(name))
                raise


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and bytes of all files of a folder, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        if not file.is_file():
            continue
        if file is not path:
            digest.update(str(file.relative_to(path)).encode())
        with file.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                digest.update(chunk)
    return digest.hexdigest()


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, by its relative name."""
    return {file.relative_to(folder).as_posix(): checksum(file) for file in sorted(folder.rglob("*")) if file.is_file()}


def make_durable(folder: Path) -> None:
    """Flush every file below a folder to disk and make it read-only: a release never changes."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            flush_folder(path)
            continue
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
        path.chmod(0o444)
    # mkdtemp makes a folder for its owner alone; workers may run as another user.
    folder.chmod(0o755)
    flush_folder(folder)


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    with suppress(FileNotFoundError):
        if folder.is_dir():
            shutil.rmtree(folder)
        else:
            folder.unlink()
