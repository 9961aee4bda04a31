"""Opens a table: text delimited by comma, semicolon, tab or pipe, a workbook, or Parquet; packed or not."""

import csv
import warnings
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from data.readers.archives import check_utf8, check_zip, unpacked
from data.tables import SourceError

DELIMITERS = "|\t;,"
TABLE_ENDINGS = (".csv", ".txt", ".tsv", ".xlsx", ".parquet")
HEADING_MAX_CHARS = 1_000_000


def read_table(path: Path) -> pd.DataFrame:
    """Read a table with one row of column names; every value is text, and an empty one stays empty text.

    Parameters
    ----------
    path
        UTF-8 text (with or without a byte order mark), the first sheet of an `.xlsx`, or Parquet; `.zip` with one of
        them, or `.gz`.

    Returns
    -------
    DataFrame
        Columns of texts: codes keep their leading zeros.

    Raises
    ------
    SourceError
        `not-utf-8`, `ragged-row`, `duplicate-column`, `unreadable-table`, `ambiguous-table`, `empty-file`, or one of
        `data.readers.archives`.
    """
    with unpacked(path) as place:
        file = _only_table(place, path) if place.is_dir() else place
        if file.suffix.lower() == ".xlsx":
            table = _read_workbook(file)
        elif file.suffix.lower() == ".parquet":
            table = _read_parquet(file)
        else:
            table = _read_delimited(file)
    table.columns = pd.Index([str(column).strip() for column in table.columns])
    repeated = table.columns[table.columns.duplicated()]
    if len(repeated):
        raise SourceError(
            "duplicate-column",
            f"two columns are called {repeated[0]!r}.",
            file=path.name,
            remedy="Give each column a name of its own.",
        )
    if table.empty:
        raise SourceError("empty-file", "the table has no rows.", file=path.name, remedy="Check the download.")
    return table


def sniff_delimiter(heading: str) -> str:
    """Return the delimiter that a heading uses most.

    Examples
    --------
    >>> sniff_delimiter("CD_REFNIS|CD_SECTOR|TOTAL")
    '|'
    """
    return max(DELIMITERS, key=heading.count)


def _only_table(folder: Path, path: Path) -> Path:
    files = [
        file
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in TABLE_ENDINGS and file.is_file() and not file.name.startswith("._")
    ]
    if len(files) == 1:
        return files[0]
    names = ", ".join(file.name for file in files) or "nothing that is one"
    raise SourceError(
        "ambiguous-table",
        f"the archive should hold one table, and holds {names}.",
        file=path.name,
        remedy="Unpack it and import the table's own file.",
    )


def _read_workbook(file: Path) -> pd.DataFrame:
    check_zip(file)  # a workbook is one: whole, and of a size that can be read
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")  # missing styles do not matter
            table = pd.read_excel(file, dtype=object, engine="openpyxl")
    except (KeyError, ValueError) as error:
        raise _unreadable("xlsx workbook", error, file) from error
    return table.map(_cell_text)


def _read_parquet(file: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(file).map(_cell_text)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable("Parquet", error, file) from error


def _unreadable(what: str, error: Exception, file: Path) -> SourceError:
    return SourceError(
        "unreadable-table",
        f"it is no {what} ({str(error).splitlines()[0]}).",
        file=file.name,
        remedy="Check that the download is complete and that its ending tells its format.",
    )


def _cell_text(value: object) -> str:
    """Write a cell as a text file would have it: a whole number has no decimals."""
    if pd.isna(value):  # type: ignore[call-overload]  # a cell is a scalar
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _read_delimited(file: Path) -> pd.DataFrame:
    check_utf8(file)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        heading = stream.readline(HEADING_MAX_CHARS)
    if not heading.strip():
        raise SourceError("empty-file", "the table has no heading.", file=file.name, remedy="Check the download.")
    delimiter = sniff_delimiter(heading)
    # Statbel's piped text quotes nothing, so that a stray quotation mark in a name must not swallow the next lines.
    quoted = delimiter != "|" or '"' in heading
    columns = next(csv.reader([heading], delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE))
    ragged: list[pacsv.InvalidRow] = []

    def note(row: pacsv.InvalidRow) -> str:
        ragged.append(row)
        return "error"

    try:
        table = pacsv.read_csv(
            file,
            read_options=pacsv.ReadOptions(use_threads=False),  # rows have numbers in one thread only
            parse_options=pacsv.ParseOptions(
                delimiter=delimiter,
                quote_char='"' if quoted else False,
                newlines_in_values=quoted,
                invalid_row_handler=note,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        if ragged:
            raise SourceError(
                "ragged-row",
                f"the row has {ragged[0].actual_columns} fields, and the heading {ragged[0].expected_columns}.",
                file=file.name,
                row=ragged[0].number - 1,
                remedy="Put a field that holds the delimiter in quotation marks.",
            ) from error
        raise _unreadable("table of text", error, file) from error
    frame: pd.DataFrame = table.to_pandas()
    return frame
