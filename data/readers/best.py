"""Reads BeST, the register of Belgian addresses, from the regional CSV files that FPS BOSA publishes.

`openaddress-bebru`, `-bevlg` and `-bewal`, each as CSV or zipped, alone or together in a folder or an archive. A box
has a row and an identifier of its own. The municipality is the register's `municipality_id`, because several postcodes
lie in more than one. Each region numbers its addresses from a register of its own, so that the identifier here is the
region's code and the file's number: `BE-BRU/615867` (a number that comes with its namespace stays as it is).

Until October 2026 the files had Lambert 72, since then they have Lambert 2008; both are read, and kept.
"""

import re
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from data.readers.address_places import Columns, Place
from data.readers.address_rows import AddressesRead, AddressPart, texts
from data.readers.columns import find_columns, missing_columns
from data.readers.dates import date_in_name
from data.readers.text_streams import TextPart, TextStream, is_text_table, text_parts
from data.tables import LANGUAGES, AddressStatus, SourceError
from geo.crs import OFFICIAL_CRS

COLUMNS: dict[str, tuple[str, ...]] = {
    "address_id": ("address_id",),
    "region": ("region_code",),
    "street_id": ("street_id",),
    **{f"street_{language}": (f"streetname_{language}",) for language in LANGUAGES},
    "house_number": ("house_number",),
    "box": ("box_number",),
    "postcode": ("postcode",),
    **{f"locality_{language}": (f"postname_{language}",) for language in LANGUAGES},
    "municipality_code": ("municipality_id",),
    **{f"municipality_{language}": (f"municipality_name_{language}",) for language in LANGUAGES},
    "status": ("status",),
    "lon": ("epsg:4326_lon",),
    "lat": ("epsg:4326_lat",),
}
REQUIRED = ("address_id", "region", "house_number", "postcode", "municipality_code", "status")
LAMBERT = ("EPSG:31370", "EPSG:3812")
"""The first that a file has is its own CRS."""
STATUSES = {
    "current": AddressStatus.CURRENT,
    "proposed": AddressStatus.PROPOSED,
    "reserved": AddressStatus.PROPOSED,
    "retired": AddressStatus.RETIRED,
    "rejected": AddressStatus.RETIRED,
}
"""A rejected address was proposed and never came to be: like a retired one it is none today."""
NAME = "openaddress"


def read_best(path: Path) -> AddressesRead:
    """Read the addresses of one region or of all three.

    Parameters
    ----------
    path
        CSV, zipped CSV (or `.gz`), a zip with several, or a folder of any of these. Where some have "openaddress" in
        their names, those are read.

    Returns
    -------
    AddressesRead
        x and y in the files' own CRS: EPSG:31370 or, since October 2026, EPSG:3812.

    Raises
    ------
    SourceError
        There is no such file, columns are missing, or files differ in their CRS. Faults of rows come with the batches.
    """
    streams = [TextStream(part) for part in _parts(path)]
    parts: list[AddressPart] = []
    systems: dict[str | None, str] = {}
    for stream in streams:
        found, crs = _find(stream)
        systems.setdefault(crs, stream.part.label)
        read = partial(stream.batches, list(found.values()))
        parts.append(AddressPart(stream.part.label, stream.part.size, read, partial(_columns, found)))
    known = [crs for crs in systems if crs is not None]
    if len(known) > 1:
        raise SourceError(
            "wrong-crs",
            f"it is in {known[1]}, and {systems[known[0]]} in {known[0]}.",
            file=systems[known[1]],
            remedy="Import files of the same day.",
        )
    return AddressesRead("BE", known[0] if known else OFFICIAL_CRS["BE"], parts, STATUSES, date_in_name(path))


def _parts(path: Path) -> list[TextPart]:
    if not path.is_dir():
        return text_parts(path, prefer=NAME)
    files = [file for file in sorted(path.iterdir()) if _is_packed_or_text(file)]
    files = [file for file in files if NAME in file.name.lower()] or files
    if not files:
        raise SourceError(
            "empty-file",
            "the folder has no CSV and no zip.",
            file=path.name,
            remedy="Put openaddress-bebru.zip, -bevlg.zip and -bewal.zip in it.",
        )
    return [part for file in files for part in text_parts(file, prefer=NAME)]


def _is_packed_or_text(file: Path) -> bool:
    return file.is_file() and (file.suffix.lower() in (".zip", ".gz") or is_text_table(file))


def _find(stream: TextStream) -> tuple[dict[str, str], str | None]:
    """Return the file's columns by target, and the CRS of x and y, where it has them."""
    file = stream.part.label
    found = find_columns(stream.names, COLUMNS, required=REQUIRED, file=file)
    for crs in LAMBERT:
        pair = find_columns(
            stream.names, {"x": (re.escape(f"{crs}_x"),), "y": (re.escape(f"{crs}_y"),)}, required=(), file=file
        )
        if len(pair) == 2:
            return found | pair, crs
    if not {"lon", "lat"} <= found.keys():
        names = tuple(f"{crs}_x and _y" for crs in (*LAMBERT, "EPSG:4326"))
        raise missing_columns({"position": names}, stream.names, file)
    return found, None


def _columns(found: dict[str, str], batch: pa.RecordBatch, place: Place) -> Columns:
    columns = {target: texts(batch.column(name)) for target, name in found.items()}
    region = columns.pop("region")
    if region.null_count:
        first = region.is_null().index(True).as_py()
        remedy = "Fill it in: numbers of addresses are unique in a region only."
        raise place.error("missing-value", "there is no region.", first, remedy=remedy)
    number = columns["address_id"]
    columns["address_id"] = pc.if_else(
        pc.match_substring(number, "/"), number, pc.binary_join_element_wise(region, number, "/")
    )
    return columns
