"""What the readers of addresses share: text columns become rows of `ADDRESS_SCHEMA`, checked a batch at a time.

Everything is done on whole Arrow arrays, so that a national register passes in bounded memory.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data.readers.layer_checks import COUNTRY_BOUNDS, COUNTRY_NAMES
from data.tables import ADDRESS_SCHEMA, Country, Finding, SourceError, SourceFacts
from geo.crs import LONLAT, OFFICIAL_CRS, transform_points

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

POSITIONS_AGREE_M = 10.0
"""Two positions of one address within this are one: lon/lat are published to 5 decimals, about 1 m."""


@dataclass(frozen=True, slots=True)
class AddressColumns:
    """A batch of a file, under our names."""

    texts: Mapping[str, pa.Array]
    """Text by target; a target that the file does not have is absent."""
    position_crs: str | None = None
    """CRS of x and y; None is the country's official one."""


@dataclass(frozen=True, slots=True)
class AddressFile:
    """One file of a register: how to open it, and what its columns mean."""

    path: Path
    """As the operator named it, for messages."""
    open_batches: Callable[[ExitStack, Callable[[int], None]], Iterator[pa.RecordBatch]]
    """Gives batches of text columns; what it opens is closed by the stack, bytes read are told to the listener."""
    columns_of: Callable[[pa.RecordBatch, int, str], AddressColumns]
    """Gives the text by target of a batch, from the number of its first row and the file's name."""


@dataclass
class AddressesRead:
    """A register that is being read: first `batches` to the end, then `facts`."""

    country: Country
    files: Sequence[AddressFile]
    bytes_total: int
    reference_date: date | None = None
    merges_repeats: bool = False
    """Whether a row that repeats an identifier is left out and counted, where identifiers are made from the address
    itself; in a register that gives them it is an error."""
    bytes_read: int = field(default=0, init=False)
    _tally: "_Tally" = field(init=False)
    _done: bool = field(default=False, init=False)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give the rows, as record batches of `ADDRESS_SCHEMA`.

        Raises
        ------
        SourceError
            The file cannot be used; nothing that was given before counts then.
        """
        self._tally = _Tally()
        self._done = False
        self.bytes_read = 0
        for file in self.files:
            name = file.path.name
            first_row = 1
            hashes: list[npt.NDArray[np.uint64]] = []
            with ExitStack() as stack:
                for raw in file.open_batches(stack, self._count_bytes):
                    columns = file.columns_of(raw, first_row, name)
                    batch = self._rows(columns, first_row, name)
                    if self.merges_repeats:
                        batch = self._tally.without_repeats(batch, hashes, first_row, name)
                    first_row += raw.num_rows
                    hashes.append(_hashes(batch.column("address_id")))
                    yield batch
            self._tally.end_file(np.concatenate(hashes) if hashes else np.zeros(0, np.uint64))
            if self._tally.repeats_in_last_file():
                self._refuse_duplicates(file)
        self._done = True

    def facts(self) -> SourceFacts:
        """Return what was learned of the register; complete only when every batch has been taken."""
        if not self._done:
            raise RuntimeError("the register has not been read to its end")
        crs = OFFICIAL_CRS[self.country]
        return SourceFacts(self.country, crs, self.reference_date, self._tally.findings())

    def _count_bytes(self, count: int) -> None:
        self.bytes_read += count

    def _rows(self, given: AddressColumns, first_row: int, file: str) -> pa.RecordBatch:
        columns = given.texts
        rows = len(columns["house_number"])
        arrays: dict[str, pa.Array] = {
            name: columns[name] if name in columns else pa.nulls(rows, pa.string())
            for name in ADDRESS_SCHEMA.names[:-4]
        }
        for name, what in (
            ("address_id", "address identifier"),
            ("house_number", "house number"),
            ("municipality_code", "municipality code"),
        ):
            if arrays[name].null_count:
                row = first_row + int(np.flatnonzero(arrays[name].is_null().to_numpy(zero_copy_only=False))[0])
                raise SourceError(
                    "missing-value", f"there is no {what}.", file=file, row=row, remedy="Fill it in, or remove the row."
                )
        positions = self._positions(given, rows, first_row, file)
        arrays |= dict(zip(("x", "y", "lon", "lat"), positions, strict=True))
        return pa.RecordBatch.from_arrays([arrays[name] for name in ADDRESS_SCHEMA.names], schema=ADDRESS_SCHEMA)

    def _positions(self, given: AddressColumns, rows: int, first_row: int, file: str) -> list[pa.Array]:
        """Return x, y, lon and lat: what the register gives, and what is converted where it gives one pair alone."""
        crs = OFFICIAL_CRS[self.country]
        x, y, lon, lat = (
            _numbers(given.texts[name], name, first_row, file) if name in given.texts else np.full(rows, np.nan)
            for name in ("x", "y", "lon", "lat")
        )
        # Some registers write an unknown position as (0, 0), in one pair or in both.
        zero = ((x == 0) & (y == 0)) | ((lon == 0) & (lat == 0))
        self._tally.note_zero(zero, first_row, file)
        for values in (x, y, lon, lat):
            values[zero] = np.nan
        # What a conversion makes of a point far outside its CRS is infinite, and compares as outside below.
        projected, geographic = np.isfinite(x) & np.isfinite(y), np.isfinite(lon) & np.isfinite(lat)
        if given.position_crs is not None:
            x, y = transform_points(x, y, given.position_crs, crs)
        apart = self._tally.note_disagreement(x, y, lon, lat, crs, projected & geographic, first_row, file)
        missing = geographic & ~projected
        x[missing], y[missing] = transform_points(lon[missing], lat[missing], LONLAT, crs)
        missing = projected & ~geographic
        lon[missing], lat[missing] = transform_points(x[missing], y[missing], crs, LONLAT)
        known = projected | geographic
        located = np.flatnonzero(known)
        self._refuse_outside(lon[located], lat[located], located, first_row, file)
        # Of two positions that are not one, x and y must be in the country too.
        self._refuse_outside(*transform_points(x[apart], y[apart], crs, LONLAT), apart, first_row, file)
        self._tally.unlocated += int((~known & ~zero).sum())
        return [pa.array(np.where(known, values, np.nan), from_pandas=True) for values in (x, y, lon, lat)]

    def _refuse_outside(self, lon: Floats, lat: Floats, rows: Ints, first_row: int, file: str) -> None:
        """Refuse a position outside the country; `rows` says where in the batch each stands."""
        west, south, east, north = COUNTRY_BOUNDS[self.country]
        outside = np.flatnonzero(~((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)))
        if not len(outside):
            return
        k = int(outside[0])
        where = f"longitude {lon[k]:.6g}, latitude {lat[k]:.6g}" if np.isfinite(lon[k]) else "the position"
        more = f" ({len(outside) - 1:,} more such rows nearby)" if len(outside) > 1 else ""
        raise SourceError(
            "out-of-country",
            f"{where} lies outside {COUNTRY_NAMES[self.country]}{more}.",
            file=file,
            row=first_row + int(rows[k]),
            remedy="Check the coordinates' order and CRS; an unknown position is left empty or (0, 0).",
        )

    def _refuse_duplicates(self, file: AddressFile) -> None:
        """Read the file's identifiers once more, to name the rows that share one.

        Two identifiers may share a hash without being equal: then nothing is refused.
        """
        shared = self._tally.shared_in_last_file()
        seen: dict[str, int] = {}
        first_row = 1
        with ExitStack() as stack:
            for raw in file.open_batches(stack, lambda _count: None):
                ids = file.columns_of(raw, first_row, file.path.name).texts["address_id"]
                for k in np.flatnonzero(np.isin(_hashes(ids), shared)):
                    identifier = ids[int(k)].as_py()
                    row = first_row + int(k)
                    if identifier in seen:
                        raise SourceError(
                            "duplicate-code",
                            f"address {identifier!r} stands here and in row {seen[identifier]}.",
                            file=file.path.name,
                            row=row,
                            remedy="Keep one row per address.",
                        )
                    seen[identifier] = row
                first_row += raw.num_rows


def texts(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column as text without outer spaces, null where nothing is left."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if not pa.types.is_string(array.type):
        array = array.cast(pa.string())
    trimmed = pc.utf8_trim_whitespace(array)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def statuses(array: pa.Array, meanings: Mapping[str, str], first_row: int, file: str) -> pa.Array:
    """Return a register's statuses in our words, `AddressStatus`.

    Parameters
    ----------
    array
        As the register writes them; null is current.
    meanings
        Ours by the register's, in lower case.
    first_row, file
        Where the array comes from, for messages.

    Raises
    ------
    SourceError
        `unknown-status`: an address is never taken for current because its status was not understood.
    """
    encoded = pc.fill_null(pc.utf8_lower(array), "").dictionary_encode()
    ours = []
    for status in encoded.dictionary.to_pylist():
        if status and status not in meanings:
            row = first_row + int(
                np.flatnonzero(pc.equal(pc.utf8_lower(array), status).to_numpy(zero_copy_only=False))[0]
            )
            raise SourceError(
                "unknown-status",
                f"the status {status!r} is none of {', '.join(meanings)}.",
                file=file,
                row=row,
                remedy="Correct it, or leave it empty for a current address.",
            )
        ours.append(meanings.get(status, "current"))
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(ours, pa.string())).cast(pa.string())


def _numbers(array: pa.Array, what: str, first_row: int, file: str) -> Floats:
    """Return text as doubles, the nearest to each decimal; NaN where there is none or the text says so."""
    try:
        numbers = np.array(pc.fill_null(pc.cast(array, pa.float64()), np.nan), dtype=np.float64)
        wrong = np.flatnonzero(np.isinf(numbers))
    except pa.ArrowInvalid:
        wrong = np.array([next(k for k in range(len(array)) if not _is_number(array.slice(k, 1)))])
    if len(wrong):
        k = int(wrong[0])
        raise SourceError(
            "not-a-number",
            f"{what} {array[k].as_py()!r} is no number.",
            file=file,
            row=first_row + k,
            remedy="Write coordinates with a decimal point; leave an unknown one empty.",
        )
    return numbers


def _is_number(array: pa.Array) -> bool:
    try:
        pc.cast(array, pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def _hashes(ids: pa.Array) -> npt.NDArray[np.uint64]:
    values: Any = ids.to_numpy(zero_copy_only=False)
    return np.asarray(pd.util.hash_array(values, categorize=False), dtype=np.uint64)


class _Tally:
    """Counts what the operator should know, over all batches."""

    def __init__(self) -> None:
        self.unlocated = 0
        self._zeros = 0
        self._first_zero: tuple[int, str] | None = None
        self._disagreements = 0
        self._disagreement: tuple[int, str, float] | None = None
        self._repeats = 0
        self._not_current: list[npt.NDArray[np.uint64]] = []
        self._files: list[npt.NDArray[np.uint64]] = []

    def without_repeats(
        self, batch: pa.RecordBatch, before: Sequence[npt.NDArray[np.uint64]], first_row: int, file: str
    ) -> pa.RecordBatch:
        """Leave out, and count, the rows whose identifier stands earlier in the batch or in those before it.

        A current address is never left out for one that was retired or is only proposed: that is an error.
        """
        hashes = _hashes(batch.column("address_id"))
        repeats = pd.Series(hashes).duplicated().to_numpy() | np.isin(hashes, np.concatenate([hashes[:0], *before]))
        current = pc.equal(batch.column("status"), "current").to_numpy(zero_copy_only=False)
        self._not_current.append(hashes[~repeats & ~current])
        hidden = np.flatnonzero(repeats & current & np.isin(hashes, np.concatenate(self._not_current)))
        if len(hidden):
            raise SourceError(
                "status-conflict",
                "the address is current here, and stands before with another status.",
                file=file,
                row=first_row + int(hidden[0]),
                remedy="Remove the rows that are not current, or map address_id to a column.",
            )
        self._repeats += int(repeats.sum())
        return batch.filter(pa.array(~repeats)) if repeats.any() else batch

    def note_zero(self, zero: npt.NDArray[np.bool_], first_row: int, file: str) -> None:
        """Count the addresses at (0, 0)."""
        self._zeros += int(zero.sum())
        if zero.any() and self._first_zero is None:
            self._first_zero = first_row + int(np.flatnonzero(zero)[0]), file

    def note_disagreement(
        self,
        x: Floats,
        y: Floats,
        lon: Floats,
        lat: Floats,
        crs: str,
        both: npt.NDArray[np.bool_],
        first_row: int,
        file: str,
    ) -> Ints:
        """Count the addresses whose two positions are not one, and return which of the batch they are."""
        if not both.any():
            return np.zeros(0, np.intp)
        x2, y2 = transform_points(lon[both], lat[both], LONLAT, crs)
        apart = np.hypot(x2 - x[both], y2 - y[both])
        wrong = np.flatnonzero(~(apart <= POSITIONS_AGREE_M))
        rows: Ints = np.flatnonzero(both)[wrong]
        self._disagreements += len(rows)
        if len(rows) and self._disagreement is None:
            self._disagreement = first_row + int(rows[0]), file, float(apart[wrong[0]])
        return rows

    def end_file(self, hashes: npt.NDArray[np.uint64]) -> None:
        """Take note of a file's identifiers."""
        self._files.append(np.sort(hashes))

    def repeats_in_last_file(self) -> bool:
        """Whether two identifiers of the file just read share a hash."""
        return self.shared_in_last_file().size > 0

    def shared_in_last_file(self) -> npt.NDArray[np.uint64]:
        """Return the hashes that stand twice in the file just read."""
        last = self._files[-1]
        return np.unique(last[1:][last[1:] == last[:-1]])

    def findings(self) -> tuple[Finding, ...]:
        """Return one finding per sort."""
        found = []
        if self._first_zero is not None:
            row, file = self._first_zero
            found.append(
                Finding(
                    "zero-position",
                    f"{self._zeros:,} addresses are at (0, 0), the first in {file}: kept, without a position.",
                    row=row,
                    count=self._zeros,
                    remedy="Their buurt is unknown until the register gives their position.",
                )
            )
        if self.unlocated:
            found.append(
                Finding(
                    "no-position",
                    f"{self.unlocated:,} addresses have no position.",
                    severity="info",
                    count=self.unlocated,
                    remedy="Their buurt is unknown until the register gives their position.",
                )
            )
        if self._disagreement is not None:
            row, file, apart_m = self._disagreement
            found.append(
                Finding(
                    "positions-disagree",
                    f"{self._disagreements:,} addresses have two positions more than {POSITIONS_AGREE_M:.0f} m apart "
                    f"(the first, in {file}, by {apart_m:,.0f} m); the official CRS holds.",
                    row=row,
                    count=self._disagreements,
                )
            )
        if self._repeats:
            found.append(
                Finding(
                    "repeated-address",
                    f"{self._repeats:,} rows repeat an address that stands before them: left out.",
                    count=self._repeats,
                )
            )
        everywhere = np.sort(np.concatenate([np.unique(file) for file in self._files])) if self._files else np.zeros(0)
        shared = int((everywhere[1:] == everywhere[:-1]).sum())
        if shared:
            found.append(
                Finding(
                    "identifier-in-two-files",
                    f"{shared:,} identifiers stand in two of the files: each region numbers its own addresses.",
                    severity="info",
                    count=shared,
                )
            )
        return tuple(found)
