"""Keep the arrays of an address index in a folder: versioned, checksummed, memory-mapped, shared by processes.

`arrays.bin` holds the arrays one behind the other, each on a page of its own; `manifest.json` says what they are, and
holds a CRC-32 of each and a digest of itself. A folder is written beside its place and renamed, so that it is whole
or absent.
"""

import hashlib
import json
import mmap
import os
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geo.addresses.questions import AddressIndexError

__all__ = ["FORMAT", "VERSION", "ArrayWriter", "map_arrays", "new_folder"]

FORMAT: Final = "buurtwijzer-address-index"
VERSION: Final = 2
ARRAYS: Final = "arrays.bin"
MANIFEST: Final = "manifest.json"
PAGE: Final = 4096
CHUNK: Final = 1 << 18
"""Bytes read at a time to check an index: what a thread has read stays part of the process's memory."""
TYPES: Final = {
    name: np.dtype(name).newbyteorder("<")
    for name in ("uint8", "uint16", "int32", "uint32", "int64", "uint64", "float64")
}


class ArrayWriter:
    """Writes arrays one by one, so that no two large ones need be in memory at once.

    Parameters
    ----------
    folder
        An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = (folder / ARRAYS).open("wb")
        self._places: dict[str, dict[str, Any]] = {}

    def add(self, name: str, array: npt.NDArray[Any]) -> None:
        """Append a one-dimensional array."""
        start = -(-self._file.tell() // PAGE) * PAGE
        self._file.seek(start)
        content = np.ascontiguousarray(array).view(np.uint8).data
        self._file.write(content)
        self._places[name] = {
            "type": array.dtype.name,
            "length": len(array),
            "offset": start,
            "crc32": zlib.crc32(content),
        }

    def close(self, about: Mapping[str, Any]) -> None:
        """Force the arrays to the disk and write the manifest, which makes the folder an index."""
        size = self._file.tell()
        self._file.truncate(size)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        body = {"format": FORMAT, "version": VERSION, **about, "bytes": size, "arrays": self._places}
        with (self._folder / MANIFEST).open("w", encoding="utf-8") as file:
            json.dump({**body, "digest": _digest(body)}, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())

    def abandon(self) -> None:
        """Close the file of an index that is not finished."""
        self._file.close()


def _digest(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write to that takes the place of `folder` when all went well, and goes when not."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists() and not (folder / MANIFEST).is_file() and any(folder.iterdir()):
        raise AddressIndexError(f"{folder} holds something else than an address index: choose another folder")
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield draft
        draft.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def map_arrays(folder: Path, *, check: bool = True) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Map the arrays of an index into memory, read-only.

    Parameters
    ----------
    folder
        A folder that `ArrayWriter` filled.
    check
        Read every byte and compare the checksums. A worker that opens what another has checked may leave it out.

    Returns
    -------
    about, arrays
        The manifest, and the arrays, which lie in the map and cannot be written.

    Raises
    ------
    AddressIndexError
        The folder holds no index, or one of another version, cut short or damaged.
    """
    about = _read_manifest(folder)
    path = folder / ARRAYS
    if not path.is_file():
        raise AddressIndexError(f"{path} is missing: build the index anew")
    places = about["arrays"]
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size != about["bytes"]:
            raise AddressIndexError(
                f"{path} is damaged: it has {size} bytes where {about['bytes']} were written; build the index anew"
            )
        if check:
            _compare(path, places)
        memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
    arrays = {
        name: np.frombuffer(memory, TYPES[place["type"]], place["length"], place["offset"])
        if place["length"]
        else np.empty(0, TYPES[place["type"]])
        for name, place in places.items()
    }
    return about, arrays


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise AddressIndexError(f"{folder} holds no address index: it has no {MANIFEST}") from None
    except ValueError:
        raise AddressIndexError(f"{folder / MANIFEST} is damaged: build the index anew") from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise AddressIndexError(f"{folder / MANIFEST} does not describe an address index")
    if about.get("version") != VERSION:
        raise AddressIndexError(
            f"{folder} is an address index of version {about.get('version')}, not of {VERSION}, which this program "
            "reads: build it anew"
        )
    if about.pop("digest", None) != _digest(about):
        raise AddressIndexError(f"{folder / MANIFEST} is damaged: its digest does not hold; build the index anew")
    if sys.byteorder != "little":
        raise AddressIndexError("an address index is read on little-endian machines only")
    return about


def _compare(path: Path, places: Mapping[str, Mapping[str, Any]]) -> None:
    """Compare checksums from the file, not the map, so that the pages do not count as this process's memory."""

    def checksum(name: str) -> int:
        place = places[name]
        left = place["length"] * TYPES[place["type"]].itemsize
        crc = 0
        with path.open("rb") as file:
            file.seek(place["offset"])
            while left:
                chunk = file.read(min(CHUNK, left))
                if not chunk:
                    return -1
                crc = zlib.crc32(chunk, crc)
                left -= len(chunk)
        return crc

    with ThreadPoolExecutor(max_workers=2) as pool:  # zlib leaves the interpreter's lock
        for name, crc in zip(places, pool.map(checksum, places), strict=True):
            if crc != places[name]["crc32"]:
                raise AddressIndexError(
                    f"{path} is damaged: the checksum of '{name}' does not hold; build the index anew"
                )
