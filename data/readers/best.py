"""Reads BeST, the register of Belgian addresses, from the regional CSV files that BOSA publishes.

`openaddress-bevlg`, `-bewal` and `-bebru`, as CSV or zipped, alone or together in a folder. Names of columns are
understood in any case (`EPSG:4326_lat`); x and y are in Lambert 72 or, as announced for October 2026, in Lambert 2008.
A box has a row and an identifier of its own. The municipality is the
register's `municipality_id`: several postcodes lie in more than one. The identifier is unique within a region.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pyarrow as pa

from data.readers.address_rows import AddressColumns, AddressesRead, AddressFile, statuses, texts
from data.readers.archives import open_zip, unpacked
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
    total = sum(_unpacked_bytes(file) for file in files)
    return AddressesRead("BE", [_address_file(file) for file in files], total, _day(path, files))


def _address_file(path: Path) -> AddressFile:
    def open_batches(stack: ExitStack, count_bytes: Callable[[int], None]) -> Iterator[pa.RecordBatch]:
        place = stack.enter_context(unpacked(path))
        members = sorted(place.rglob("*.csv")) if place.is_dir() else [place]
        if not members:
            raise SourceError("empty-file", "the archive has no CSV.", file=path.name, remedy="Check the download.")
        for member in members:
            names, _delimiter = read_heading(member)
            find_columns(names, COLUMNS, required=REQUIRED, file=path.name)
            yield from stream_text(member, count_bytes)

    return AddressFile(path, open_batches, _columns)


def _columns(batch: pa.RecordBatch, first_row: int, file: str) -> AddressColumns:
    found = find_columns(batch.schema.names, COLUMNS, required=REQUIRED, file=file)
    columns = {target: texts(batch.column(name)) for target, name in found.items()}
    columns["status"] = statuses(columns["status"], STATUSES, first_row, file)
    return AddressColumns(columns, "EPSG:3812" if found["x"].lower().startswith("epsg:3812") else None)


def _unpacked_bytes(path: Path) -> int:
    if path.suffix.lower() != ".zip":
        return path.stat().st_size
    with open_zip(path) as archive:
        return sum(member.file_size for member in archive.infolist())


def _day(path: Path, files: list[Path]) -> date | None:
    return date_in_name(path) or next(filter(None, map(date_in_name, files)), None)
