"""Opens what publishers pack, within bounds: no path leaves the folder, and no archive fills the disk."""

import codecs
import errno
import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from data.tables import SourceError

UNPACKED_MAX_BYTES = 20 * 1024**3
"""The largest official file (BeST's Flemish CSV) unpacks to under 1 GB; national extracts to several."""
RATIO_MAX = 1_000
"""Text with long runs compresses about 20 times, DEFLATE's limit is 1,032: more is no honest table."""
TEXT_ENDINGS = (".csv", ".txt", ".tsv", ".geojson", ".json")
CHUNK_BYTES = 1 << 20


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the folder with a zip's files, the one file of a `.gz`, or the path itself where nothing is packed.

    Raises
    ------
    SourceError
        `truncated-archive`, `unsafe-archive` or `unreadable-archive`.
    """
    ending = path.suffix.lower()
    if ending not in (".zip", ".gz"):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="buurtwijzer-") as folder:
        if ending == ".gz":
            yield _gunzip(path, Path(folder) / path.stem)
        else:
            _unzip(path, folder)
            yield Path(folder)


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip, having looked at what it says of its members.

    Raises
    ------
    SourceError
        `truncated-archive`: it has no complete directory. `unsafe-archive`: a member's name leads outside, or the
        archive unpacks to more than it may.
    """
    with telling_damage(path):
        archive = zipfile.ZipFile(path)
    with archive:
        members = archive.infolist()
        size = sum(member.file_size for member in members)
        packed = sum(member.compress_size for member in members)
        outside = [m.filename for m in members if Path(m.filename).is_absolute() or ".." in Path(m.filename).parts]
        if outside or size > UNPACKED_MAX_BYTES or size > RATIO_MAX * max(packed, 1):
            what = f"its member {outside[0]!r} leads outside" if outside else f"it unpacks to {size:,} bytes"
            raise unsafe_archive(path, what)
        yield archive


def check_zip(path: Path) -> None:
    """Check that every member of a zip, or of a format that is one, can be read and has its checksum.

    Raises
    ------
    SourceError
        As `open_zip`.
    """
    with open_zip(path) as archive, telling_damage(path):
        if archive.testzip() is not None:
            raise truncated(path)


def truncated(path: Path) -> SourceError:
    """Return the error for an archive that ends too early."""
    return SourceError(
        "truncated-archive",
        "the archive is incomplete or damaged.",
        file=path.name,
        remedy="Download it again and compare its size with the publisher's.",
    )


def check_utf8(path: Path) -> None:
    """Check that a text file is UTF-8.

    Raises
    ------
    SourceError
        `not-utf-8`, with the line.
    """
    with path.open("rb") as stream:
        check_utf8_stream(stream, path.name)


def check_utf8_stream(stream: IO[bytes], file: str) -> None:
    """Check that a stream of text is UTF-8, from where it stands to its end.

    Raises
    ------
    SourceError
        `not-utf-8`, with the line.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    encoding = "WINDOWS-1252"
    while True:
        chunk = stream.read(CHUNK_BYTES)
        if lines == 1 and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            encoding = "UTF-16"
        try:
            # The last, empty chunk tells the decoder that a character begun is never finished.
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise not_utf8(file, lines + error.object[: error.start].count(b"\n"), encoding) from error
        if not chunk:
            return
        lines += chunk.count(b"\n")


def not_utf8(file: str, line: int | None, encoding: str = "WINDOWS-1252") -> SourceError:
    """Return the error for a text file in another encoding; a line counts the heading too."""
    where = f" (line {line})" if line is not None else ""
    return SourceError(
        "not-utf-8",
        f"the file is not UTF-8{where}.",
        file=file,
        remedy=f"If it is {encoding}: iconv -f {encoding} -t UTF-8 {file!r} > utf-8{Path(file).suffix or '.txt'}",
    )


def _unzip(path: Path, folder: str) -> None:
    with open_zip(path) as archive, telling_damage(path):
        archive.extractall(folder)


@contextmanager
def telling_damage(path: Path) -> Iterator[None]:
    """Tell what zipfile and gzip raise on a damaged archive as an error of the file.

    Raises
    ------
    SourceError
        `truncated-archive` or `unreadable-archive`.
    """
    try:
        yield
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, UnicodeDecodeError) as error:
        raise truncated(path) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place before the file's beginning; anything else is the disk's
            raise
        raise truncated(path) from error
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed in a way that Python cannot read
        raise SourceError(
            "unreadable-archive",
            f"the archive cannot be unpacked ({error}).",
            file=path.name,
            remedy="Unpack it with another program and import what it holds.",
        ) from error


def _gunzip(path: Path, target: Path) -> Path:
    size = 0
    try:
        with gzip.open(path) as source, target.open("wb") as unpacked_file:
            while chunk := source.read(CHUNK_BYTES):
                size += len(chunk)
                if size > UNPACKED_MAX_BYTES:
                    raise unsafe_archive(path, f"it unpacks to more than {UNPACKED_MAX_BYTES:,} bytes")
                unpacked_file.write(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise truncated(path) from error
    return target


def unsafe_archive(path: Path, what: str) -> SourceError:
    """Return the error for an archive that goes out of bounds."""
    return SourceError(
        "unsafe-archive", f"the archive is not opened: {what}.", file=path.name, remedy="Download it again."
    )
