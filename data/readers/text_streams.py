"""Streams a large delimited text file as Arrow batches of text, and tells what is wrong with it by its row."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
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
        `not-utf-8`, `empty-file` or `duplicate-column`.
    """
    with path.open("rb") as stream:
        line = stream.readline(1 << 20)
    try:
        heading = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        check_utf8(path)
        raise
    if not heading.strip():
        raise SourceError("empty-file", "the file has no heading.", file=path.name, remedy="Check the download.")
    delimiter = sniff_delimiter(heading)
    names = [name.strip() for name in next(csv.reader([heading], delimiter=delimiter))]
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise SourceError(
            "duplicate-column",
            f"two columns are called {repeated[0]!r}.",
            file=path.name,
            remedy="Give each column a name of its own.",
        )
    return names, delimiter


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
        `not-utf-8`, `ragged-row`, `line-break` or `unreadable-table`.
    """
    names, delimiter = read_heading(path)
    total = path.stat().st_size
    told = 0
    first_row = 1
    try:
        with path.open("rb") as stream:
            reader = pcsv.open_csv(
                stream,
                # One thread: then Arrow's errors name the row, and rows come in their order.
                read_options=pcsv.ReadOptions(
                    use_threads=False, block_size=BLOCK_BYTES, column_names=names, skip_rows=1
                ),
                parse_options=pcsv.ParseOptions(delimiter=delimiter),
                convert_options=pcsv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
            for batch in reader:
                now = min(stream.tell(), total)
                count_bytes(now - told)
                told = now
                _refuse_line_breaks(batch, first_row, path)
                first_row += batch.num_rows
                yield batch
    except pa.ArrowInvalid as error:
        check_utf8(path)
        raise _unreadable(path, str(error)) from error
    count_bytes(total - told)


def _refuse_line_breaks(batch: pa.RecordBatch, first_row: int, path: Path) -> None:
    """Refuse a field that holds a line break: it is a quotation mark that never ends, and swallows whole rows."""
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if column.buffers()[2] is not None and b"\n" in column.buffers()[2].to_pybytes():
            row = first_row + pc.index(pc.match_substring(column, "\n"), True).as_py()
            raise SourceError(
                "line-break",
                f"the field {name!r} holds a line break: perhaps a quotation mark begins there and does not end.",
                file=path.name,
                row=row,
                remedy="Write one address on one line, and a quotation mark within quotation marks twice.",
            )


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
