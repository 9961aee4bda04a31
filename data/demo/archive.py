"""Zip archives that are the same bytes whenever they are written."""

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_LARGE: Final = 1 << 30


@contextmanager
def member(archive: zipfile.ZipFile, name: str, expected_bytes: int) -> Iterator[IO[bytes]]:
    """Open a member for writing, deflated, with a fixed time and fixed permissions.

    Parameters
    ----------
    archive
        An archive open for writing.
    name
        Path within the archive.
    expected_bytes
        Rough size; from a gibibyte on the member gets ZIP64 headers, which it must have past four.
    """
    info = zipfile.ZipInfo(name, date_time=_EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # Unix, on every platform
    info.external_attr = 0o644 << 16
    with archive.open(info, "w", force_zip64=expected_bytes > _LARGE) as stream:
        yield stream


def add_file(archive: zipfile.ZipFile, name: str, source: Path) -> None:
    """Copy a file into an archive."""
    with source.open("rb") as reader, member(archive, name, source.stat().st_size) as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)
