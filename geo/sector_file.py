"""Keep a sector index in one file: versioned, checksummed, memory-mapped. The format: docs/index-format.md."""

import json
import math
import mmap
import os
import struct
import sys
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.sector_errors import IndexFileError

__all__ = ["VERSION", "read_arrays", "write_arrays"]

MAGIC = b"BWSECTOR"
VERSION = 1
ALIGNMENT = 4096  # arrays begin on a page
PREFIX = struct.Struct("<8sIIQ")  # magic, version, length of the JSON header, length of the file
CHECKSUM = struct.Struct("<Q")  # CRC-32 of the prefix and of all that follows this number
HEADER_AT = PREFIX.size + CHECKSUM.size

TYPES: dict[str, np.dtype[Any]] = {"int32": np.dtype("<i4"), "float64": np.dtype("<f8")}


def write_arrays(path: Path, about: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write a file that is complete or absent: beside its place first, forced to the disk, then renamed.

    Parameters
    ----------
    path
        Where the file will stand; one that stands there is replaced, and who has it open keeps the old one.
    about
        What JSON can hold.
    arrays
        Contiguous arrays of int32 or float64.
    """
    places: dict[str, Any] = {}
    header = b""
    end = 0
    while True:  # the header holds offsets that depend on its own length
        start = -(-(HEADER_AT + len(header)) // ALIGNMENT) * ALIGNMENT
        for name, array in arrays.items():
            places[name] = {"type": array.dtype.name, "shape": list(array.shape), "offset": start}
            end = start + array.nbytes
            start = -(-end // ALIGNMENT) * ALIGNMENT
        length = len(header)
        header = json.dumps({**about, "arrays": places}, ensure_ascii=False, separators=(",", ":")).encode()
        if len(header) == length:
            break

    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            checksum = _write(file, PREFIX.pack(MAGIC, VERSION, len(header), end), 0)
            file.write(bytes(CHECKSUM.size))
            checksum = _write(file, header, checksum)
            for name, array in arrays.items():
                checksum = _write(file, bytes(places[name]["offset"] - file.tell()), checksum)
                checksum = _write(file, np.ascontiguousarray(array).data.cast("B"), checksum)
            file.seek(PREFIX.size)
            file.write(CHECKSUM.pack(checksum))
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(file: Any, content: bytes | memoryview, checksum: int) -> int:
    file.write(content)
    return zlib.crc32(content, checksum)


def read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Map a file into memory, read-only, after a check of every byte.

    Processes that open the same file share its pages. The checksum finds damage; it is no signature, and a file
    from a stranger must not be opened.

    Parameters
    ----------
    path
        A file that `write_arrays` made.

    Returns
    -------
    about, arrays
        What was given to `write_arrays`; the arrays lie in the map and cannot be written.

    Raises
    ------
    IndexFileError
        The file is something else, of another version, cut short or damaged.
    OSError
        The file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        prefix = file.read(HEADER_AT)
        if len(prefix) < HEADER_AT or not prefix.startswith(MAGIC):
            raise IndexFileError(f"{path} is not a sector index")
        _, version, header_length, length = PREFIX.unpack_from(prefix)
        if version != VERSION:
            raise IndexFileError(
                f"{path} is a sector index of version {version}, not of {VERSION}, which this program reads: "
                "build it anew"
            )
        if size != length:
            raise IndexFileError(f"{path} is damaged: it has {size} bytes where {length} were written")
        if sys.byteorder != "little":
            raise IndexFileError("a sector index is read on little-endian machines only")
        memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    (checksum,) = CHECKSUM.unpack_from(prefix, PREFIX.size)
    if zlib.crc32(memoryview(memory)[HEADER_AT:], zlib.crc32(prefix[: PREFIX.size])) != checksum:
        raise IndexFileError(f"{path} is damaged: its checksum does not hold; build it anew")
    about: dict[str, Any] = json.loads(memory[HEADER_AT : HEADER_AT + header_length])
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, place in about.pop("arrays").items():
        flat = np.frombuffer(memory, TYPES[place["type"]], math.prod(place["shape"]), place["offset"])
        arrays[name] = flat.reshape(place["shape"])
    return about, arrays
