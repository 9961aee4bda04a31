"""Reads BeST, the register of Belgian addresses, from the regional CSV files that BOSA publishes.

`openaddress-bevlg`, `-bewal` and `-bebru`, as CSV or zipped, alone or together in a folder. Names of columns are
understood in any case (`EPSG:4326_lat`); x and y are in Lambert 72 or, as announced for October 2026, in Lambert 2008.
A box has a row and an identifier of its own. The municipality is the register's `municipality_id`: several postcodes
lie in more than one. The identifier is unique within a region, and so within one CSV.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pyarrow as pa

from data.readers.address_rows import AddressColumns, AddressesRead, AddressFile, statuses, texts
from data.readers.archives import open_zip, unpacked, unpacked_bytes
from data.readers.columns import find_columns
from data.readers.dates import date_in_name
from data.readers.text_streams import read_heading, stream_text
from data.tables import LANGUAGES, AddressStatus, SourceError

COLUMNS: dict[str, tuple[str, ...]] = {
    "address_id": (r"address_id",),
    "street_id": (r"street_id",),
    **{f"street_{language}": (rf"street_?name_{language}",) for language in LANGUAGES},
    "house_number": (r"house_number",),
    "box": (r"box_number",),
    "postcode": (r"postcode",),
    **{f"locality_{language}": (rf"post_?name_{language}",) for language in LANGUAGES},
    "municipality_code": (r"municipality_id",),
    **{f"municipality_{language}": (rf"municipality_name_{language}",) for language in LANGUAGES},
    "status": (r"status",),
    "x": (r"epsg:31370_x", r"epsg:3812_x"),
    "y": (r"epsg:31370_y", r"epsg:3812_y"),
    "lon": (r"epsg:4326_lon",),
    "lat": (r"epsg:4326_lat",),
}
REQUIRED = ("address_id", "house_number", "postcode", "municipality_code", "status", "x", "y")
STATUSES = {
    "current": AddressStatus.CURRENT,
    "proposed": AddressStatus.PROPOSED,
    "reserved": AddressStatus.PROPOSED,
    "retired": AddressStatus.RETIRED,
}
ENDINGS = (".csv", ".zip")


def read_best(path: Path) -> AddressesRead:
    """Read one regional file, zipped or not, or all those of a folder.

    Parameters
    ----------
    path
        A CSV, a zip with CSV files, or a folder of either.

    Raises
    ------
    SourceError
        There is no such file in it, or an archive is damaged; the files' own faults come while they are read.
    """
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in ENDINGS) if path.is_dir() else [path]
    if not files:
        raise SourceError(
            "empty-file", "the folder has no CSV or zip.", file=path.name, remedy="Put openaddress-be….zip in it."
        )
    parts = [(file, member) for file in files for member in _members(file)]
    total = sum(unpacked_bytes(file, member) for file, member in parts)
    return AddressesRead("BE", [_address_file(file, member) for file, member in parts], total, _day(path, files))


def _members(path: Path) -> list[str | None]:
    """Return the CSV files of a zip; None stands for a file that is not packed."""
    if path.suffix.lower() != ".zip":
        return [None]
    with open_zip(path) as archive:
        members: list[str | None] = [
            name
            for name in sorted(archive.namelist())
            if name.lower().endswith(".csv") and not name.rpartition("/")[2].startswith("._")
        ]
    if not members:
        raise SourceError("empty-file", "the archive has no CSV.", file=path.name, remedy="Check the download.")
    return members


def _address_file(path: Path, member: str | None) -> AddressFile:
    shown = path if member is None else Path(member)

    def open_batches(stack: ExitStack, count_bytes: Callable[[int], None]) -> Iterator[pa.RecordBatch]:
        place = stack.enter_context(unpacked(path, member))
        file = place if member is None else place / member
        names, _delimiter = read_heading(file)
        find_columns(names, COLUMNS, required=REQUIRED, file=shown.name)
        yield from stream_text(file, count_bytes)

    return AddressFile(shown, open_batches, _columns)


def _columns(batch: pa.RecordBatch, first_row: int, file: str) -> AddressColumns:
    found = find_columns(batch.schema.names, COLUMNS, required=REQUIRED, file=file)
    columns = {target: texts(batch.column(name)) for target, name in found.items()}
    columns["status"] = statuses(columns["status"], STATUSES, first_row, file)
    return AddressColumns(columns, "EPSG:3812" if found["x"].lower().startswith("epsg:3812") else None)


def _day(path: Path, files: list[Path]) -> date | None:
    return date_in_name(path) or next(filter(None, map(date_in_name, files)), None)
