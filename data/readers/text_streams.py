"""Streams a large delimited text file as Arrow batches of text, and tells what is wrong with it by its row."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv

from data.readers.archives import check_utf8
from data.readers.tables import sniff_delimiter
from data.tables import SourceError

BLOCK_BYTES = 1 << 24
"""Text in a batch: about 100,000 addresses, some tens of MB with what is made of them."""


def read_heading(path: Path) -> tuple[list[str], str]:
    """Return a text file's column names and its delimiter.

    Raises
    ------
    SourceError
        `not-utf-8` or `empty-file`.
    """
    with path.open("rb") as stream:
        line = stream.readline(1 << 20)
    try:
        heading = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        check_utf8(path)
        raise
    if not heading:
        raise SourceError("empty-file", "the file is empty.", file=path.name, remedy="Check the download.")
    delimiter = sniff_delimiter(heading)
    return [name.strip().strip('"') for name in heading.split(delimiter)], delimiter


def stream_text(path: Path, count_bytes: Callable[[int], None]) -> Iterator[pa.RecordBatch]:
    """Give a text file's rows, every column as text.

    Parameters
    ----------
    path
        Delimited text with a heading, UTF-8 with or without a byte order mark.
    count_bytes
        Told of the bytes of each batch.

    Raises
    ------
    SourceError
        `not-utf-8`, `ragged-row` or `unreadable-table`.
    """
    names, delimiter = read_heading(path)
    total = path.stat().st_size
    told = 0
    try:
        with path.open("rb") as stream:
            reader = pcsv.open_csv(
                stream,
                # One thread: then Arrow's errors name the row, and rows come in their order.
                read_options=pcsv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
                parse_options=pcsv.ParseOptions(delimiter=delimiter),
                convert_options=pcsv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
            for batch in reader:
                now = min(stream.tell(), total)
                count_bytes(now - told)
                told = now
                yield batch
    except pa.ArrowInvalid as error:
        check_utf8(path)
        raise _unreadable(path, str(error)) from error
    count_bytes(total - told)


def _unreadable(path: Path, message: str) -> SourceError:
    if match := re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", message):
        row, expected, got = (int(part) for part in match.groups())
        return SourceError(
            "ragged-row",
            f"the row has {got} fields, and the heading {expected}.",
            file=path.name,
            row=row - 1,  # Arrow counts the heading too
            remedy="Put a field that holds the delimiter in quotation marks.",
        )
    return SourceError(
        "unreadable-table",
        f"it is no table of text ({message.splitlines()[0]}).",
        file=path.name,
        remedy="Check that the download is complete.",
    )
