"""What GDAL does not tell of a shapefile: whether it is whole, and whether it holds UTF-8 without saying so."""

import struct
from pathlib import Path

from data.tables import SourceError

HEADER_BYTES = 100
TABLE_HEADER_BYTES = 32


def check_shapefile(file: Path) -> None:
    """Check that a shapefile has its table beside it and is as long as its header says.

    GDAL reads the rows of a cut shapefile as rows without geometry. The length is in the main file's header, in
    16-bit words (ESRI Shapefile Technical Description, 1998, table 1).

    Raises
    ------
    SourceError
        `unreadable-layer`.
    """
    header = _head(file)
    if len(header) < HEADER_BYTES or struct.unpack(">i", header[24:28])[0] * 2 > file.stat().st_size:
        raise _broken(file, "it is shorter than its header says")
    if _beside(file, ".dbf") is None:
        raise _broken(file, "there is no .dbf beside it")


def stated_or_utf8(file: Path) -> str | None:
    """Return `UTF-8` for a shapefile that holds UTF-8 and does not say so; None leaves the encoding to GDAL.

    Without a `.cpg`, GDAL takes the language driver in the `.dbf`, which many programs leave at Latin 1 whatever they
    write. Texts with characters beyond ASCII that decode as UTF-8 are UTF-8: Latin 1 hardly ever does by chance.
    """
    if file.suffix.lower() != ".shp" or _beside(file, ".cpg") is not None:
        return None
    table = _beside(file, ".dbf")
    if table is None:
        return None
    content = table.read_bytes()
    if len(content) < TABLE_HEADER_BYTES:
        return None
    # The header's own length is at byte 8; the header may hold any byte.
    records = content[struct.unpack("<H", content[8:10])[0] :]
    try:
        return "UTF-8" if not records.isascii() and records.decode("utf-8") else None
    except UnicodeDecodeError:
        return None


def _head(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(HEADER_BYTES)


def _beside(file: Path, ending: str) -> Path | None:
    """Return the file of the same name with another ending, in whatever case."""
    return next((o for o in file.parent.iterdir() if o.stem == file.stem and o.suffix.lower() == ending), None)


def _broken(file: Path, reason: str) -> SourceError:
    return SourceError(
        "unreadable-layer",
        f"the shapefile cannot be read ({reason}).",
        file=file.name,
        remedy="Take all its files (.shp, .shx, .dbf, .prj, .cpg), or download it again.",
    )
