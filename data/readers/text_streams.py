"""Streams a large delimited text, packed or not, as Arrow batches of text, and tells what is wrong with it by row.

Nothing is unpacked to the disk and no more than some blocks of the text are in memory. Arrow parses in one thread,
because only then it knows the number of a row; unpacking runs beside it.
"""

import csv
import gzip
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from typing_extensions import Buffer

from data.readers.archives import (
    UNPACKED_MAX_BYTES,
    check_utf8_stream,
    not_utf8,
    open_zip,
    telling_damage,
    unsafe_archive,
)
from data.readers.tables import HEADING_MAX_CHARS, sniff_delimiter
from data.tables import SourceError

TEXT_TABLE_ENDINGS = (".csv", ".txt", ".tsv")
BLOCK_BYTES = 1 << 22
"""Text that Arrow parses at a time. Four times as much is slower: it no longer fits in a processor's cache."""

CountBytes = Callable[[int], None]
"""Told how many more bytes have been read."""


@dataclass(frozen=True, slots=True)
class TextPart:
    """One delimited text: a file, what a `.gz` holds, or a member of a zip."""

    path: Path
    member: str | None
    label: str
    """Name for messages."""
    size: int
    """How many bytes a reader will be told of: unpacked in a zip, packed in a `.gz`."""

    @contextmanager
    def open(self, count_bytes: CountBytes) -> Iterator[io.BufferedReader]:
        """Open the text, unpacked.

        Raises
        ------
        SourceError
            The archive is damaged, or unpacks to more than it may; also while it is read.
        """
        with ExitStack() as stack:
            stack.enter_context(telling_damage(self.path))
            if self.member is not None:
                archive = stack.enter_context(open_zip(self.path))
                stream: io.RawIOBase = _CountedStream(stack.enter_context(archive.open(self.member)), count_bytes)
            elif self.path.suffix.lower() == ".gz":
                packed = io.BufferedReader(_CountedStream(stack.enter_context(self.path.open("rb")), count_bytes))
                stream = _CountedStream(stack.enter_context(gzip.GzipFile(fileobj=packed)), self._bound())
            else:
                stream = _CountedStream(stack.enter_context(self.path.open("rb")), count_bytes)
            yield stack.enter_context(io.BufferedReader(stream))

    def _bound(self) -> CountBytes:
        unpacked = 0

        def bound(count: int) -> None:
            nonlocal unpacked
            unpacked += count
            if unpacked > UNPACKED_MAX_BYTES:
                raise unsafe_archive(self.path, f"it unpacks to more than {UNPACKED_MAX_BYTES:,} bytes")

        return bound


def text_parts(path: Path, *, prefer: str = "") -> list[TextPart]:
    """Return the delimited texts of a file: itself, or those of a zip.

    Parameters
    ----------
    path
        Text, `.gz` or `.zip`.
    prefer
        Where some members of a zip have this in their names, the others are left out.

    Raises
    ------
    SourceError
        The zip is damaged or out of bounds, or has no such text (`ambiguous-table`).
    """
    if path.suffix.lower() != ".zip":
        return [TextPart(path, None, path.name, path.stat().st_size)]
    with open_zip(path) as archive:
        members = {member.filename: member.file_size for member in archive.infolist() if not member.is_dir()}
    texts = [name for name in members if is_text_table(PurePosixPath(name))]
    # A text beside a CSV is a note on it.
    texts = [name for name in texts if not name.lower().endswith(".txt")] or texts
    texts = [name for name in texts if prefer in PurePosixPath(name).name.lower()] or texts
    if not texts:
        raise SourceError(
            "ambiguous-table",
            f"the archive holds no CSV; it holds {', '.join(sorted(members)) or 'nothing'}.",
            file=path.name,
            remedy="Unpack it and import the table's own file.",
        )
    # The name of the archive is what the operator knows; a member's is needed where there are several.
    return [
        TextPart(path, name, path.name if len(texts) == 1 else f"{path.name}/{name}", members[name])
        for name in sorted(texts)
    ]


def is_text_table(name: PurePath) -> bool:
    """Whether a file's name is that of a delimited text (and not of what macOS puts beside one)."""
    return name.suffix.lower() in TEXT_TABLE_ENDINGS and not name.name.startswith("._")


@dataclass(frozen=True)
class TextStream:
    """A delimited text whose heading has been read."""

    part: TextPart
    names: tuple[str, ...] = field(init=False)
    """Its columns."""
    delimiter: str = field(init=False)
    quoted: bool = field(init=False)

    def __post_init__(self) -> None:
        """Read the heading.

        Raises
        ------
        SourceError
            `not-utf-8`, `empty-file`, `duplicate-column`, or the archive's own.
        """
        file = self.part.label
        with self.part.open(_ignore) as stream:
            line = stream.readline(HEADING_MAX_CHARS)
        try:
            heading = line.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            encoding = "UTF-16" if line.startswith((b"\xff\xfe", b"\xfe\xff")) else "WINDOWS-1252"
            raise not_utf8(file, 1, encoding) from error
        if not heading.strip():
            raise SourceError("empty-file", "the table has no heading.", file=file, remedy="Check the download.")
        delimiter = sniff_delimiter(heading)
        # As everywhere in the readers: piped text without a quotation mark in its heading quotes nothing.
        quoted = delimiter != "|" or '"' in heading
        names = tuple(
            name.strip()
            for name in next(
                csv.reader([heading], delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)
            )
        )
        if repeated := [name for name in names if names.count(name) > 1]:
            raise SourceError(
                "duplicate-column",
                f"two columns are called {repeated[0]!r}.",
                file=file,
                remedy="Give each column a name of its own.",
            )
        for name, value in (("names", names), ("delimiter", delimiter), ("quoted", quoted)):
            object.__setattr__(self, name, value)

    def batches(self, columns: Sequence[str], count_bytes: CountBytes) -> Iterator[pa.RecordBatch]:
        """Give the rows of some columns as text, null where a field is empty.

        Raises
        ------
        SourceError
            `ragged-row`, `line-break`, `not-utf-8`, `unreadable-table`, or the archive's own.
        """
        first_row = 1
        with self.part.open(count_bytes) as stream:
            stream.readline()  # the heading
            if not stream.peek(1):
                return
            try:
                reader = pacsv.open_csv(
                    stream,
                    read_options=pacsv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=self.names),
                    parse_options=pacsv.ParseOptions(
                        delimiter=self.delimiter,
                        quote_char='"' if self.quoted else False,
                        newlines_in_values=self.quoted,
                    ),
                    convert_options=pacsv.ConvertOptions(
                        include_columns=list(columns),
                        column_types=dict.fromkeys(columns, pa.string()),
                        strings_can_be_null=True,
                        null_values=[""],
                    ),
                )
                for batch in reader:
                    self._refuse_line_breaks(batch, first_row)
                    first_row += batch.num_rows
                    yield batch
            except pa.ArrowInvalid as error:
                raise self._explained(str(error), first_row) from error

    def _refuse_line_breaks(self, batch: pa.RecordBatch, first_row: int) -> None:
        """Refuse a field over several lines: a quotation mark that nothing closes has swallowed the next rows."""
        for name, values in zip(batch.schema.names, batch.columns, strict=True):
            found = pc.match_substring(values, "\n")
            if pc.any(found).as_py():
                index = int(np.flatnonzero(pc.fill_null(found, False).to_numpy(zero_copy_only=False))[0])
                raise SourceError(
                    "line-break",
                    f"{name!r} goes on in the next line, as after a quotation mark that nothing closes.",
                    file=self.part.label,
                    row=first_row + index,
                    remedy="Close or remove the quotation mark.",
                )

    def _explained(self, message: str, first_row: int) -> SourceError:
        file = self.part.label
        # Arrow's handler of such rows cannot be used: it must be able to decode them.
        if ragged := re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", message):
            row, expected, found = map(int, ragged.groups())
            return SourceError(
                "ragged-row",
                f"the row has {found} fields, and the heading {expected}.",
                file=file,
                row=row,
                remedy="Put a field that holds the delimiter in quotation marks; if it is the last row, the file is "
                "cut off: download it again.",
            )
        if "invalid UTF8" in message:
            try:
                with self.part.open(_ignore) as stream:
                    check_utf8_stream(stream, file)
            except SourceError as error:
                return error
        return SourceError(
            "unreadable-table",
            f"it is no table of text ({message.splitlines()[0]}).",
            file=file,
            row=first_row,
            remedy="Check that the download is complete and that its ending tells its format.",
        )


def read_heading(path: Path) -> tuple[list[str], str]:
    """Return the column names and the delimiter of a file of text.

    Raises
    ------
    SourceError
        As `TextStream`.
    """
    [part] = text_parts(path)
    stream = TextStream(part)
    return list(stream.names), stream.delimiter


class _CountedStream(io.RawIOBase):
    """A stream that tells how much is read from it."""

    def __init__(self, inner: IO[bytes] | gzip.GzipFile, count_bytes: CountBytes) -> None:
        self._inner = inner
        self._count_bytes = count_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        chunk = self._inner.read(len(view))
        view[: len(chunk)] = chunk
        self._count_bytes(len(chunk))
        return len(chunk)


def _ignore(_count: int) -> None:
    """Take no note of bytes that are read a second time."""
