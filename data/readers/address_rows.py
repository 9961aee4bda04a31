"""What the readers of addresses share: columns of text become rows of `ADDRESS_SCHEMA`, a batch at a time.

Everything is done on whole Arrow columns, so that a national register passes in seconds and in bounded memory.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.readers.address_identifiers import Identifiers, Repeats
from data.readers.address_places import Columns, Place
from data.readers.address_positions import Positions
from data.readers.text_streams import CountBytes
from data.tables import ADDRESS_SCHEMA, LANGUAGES, AddressStatus, Country, Finding, SourceFacts

ROWS_PER_BATCH = 131_072
POSITION = ("x", "y", "lon", "lat")
REQUIRED = {"address_id": "identifier", "house_number": "house number", "municipality_code": "code of the municipality"}
STREETS = tuple(f"street_{language}" for language in LANGUAGES)
STATUSES = ("status", "object_status")
"""Columns that say whether an address is current: its own, and that of the object which it is the address of."""
WORST_FIRST = (AddressStatus.RETIRED, AddressStatus.PROPOSED, AddressStatus.CURRENT)


@dataclass(frozen=True, slots=True)
class AddressPart:
    """One file of a register."""

    label: str
    """Name for messages."""
    size: int
    """How many bytes `batches` tells of."""
    batches: Callable[[CountBytes], Iterator[pa.RecordBatch]]
    """Gives the file's rows as it has them; may be called again."""
    columns: Callable[[pa.RecordBatch, Place], Columns]
    """Gives a batch's columns under our names, as text; those of the position may be numbers."""


@dataclass
class AddressesRead:
    """A register that is being read: `batches` to its end, then `facts`."""

    country: Country
    crs: str
    """CRS of x and y."""
    parts: Sequence[AddressPart]
    statuses: Mapping[str, AddressStatus]
    """Ours by the register's, in lower case."""
    reference_date: date | None = None
    drops_repeats: bool = False
    """Whether a row that repeats another is dropped, as in registers with a row for each building of an address; else
    an identifier that stands twice is an error. The register is then read twice."""
    bytes_read: int = field(default=0, init=False)
    _rows: int = field(default=0, init=False)
    _findings: tuple[Finding, ...] | None = field(default=None, init=False)
    _without_street: "_Lacking" = field(init=False)
    _without_status: bool = field(default=False, init=False)

    @property
    def bytes_total(self) -> int:
        """How many bytes `bytes_read` will come to, about."""
        return sum(part.size for part in self.parts) * (2 if self.drops_repeats else 1)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give the rows, as record batches of `ADDRESS_SCHEMA`.

        Raises
        ------
        SourceError
            The register cannot be used; nothing that was given before counts then.
        """
        self.bytes_read, self._findings, self._without_street = 0, None, _Lacking()
        positions = Positions(self.country, self.crs)
        repeats = Repeats(self._repeated_identifiers(self._count_bytes)) if self.drops_repeats else None
        identifiers = Identifiers()
        yield from _in_larger_batches(self._settled(positions, identifiers, repeats))
        if repeats is None and len(suspects := identifiers.repeated()):
            self._refuse_repeats(suspects)
        found = [*positions.findings(), *(repeats.findings() if repeats else ()), *self._without_street.findings()]
        if self._without_status:
            found.append(
                Finding("no-status", "the file does not say which addresses are current: all are.", severity="info")
            )
        self._findings = tuple(found)

    def facts(self) -> SourceFacts:
        """Return what was learned of the register.

        Raises
        ------
        RuntimeError
            It has not been read to its end.
        """
        if self._findings is None:
            raise RuntimeError("the register has not been read to its end")
        return SourceFacts(self.country, self.crs, self.reference_date, self._findings)

    def _count_bytes(self, count: int) -> None:
        self.bytes_read += count

    def _placed(self, count_bytes: CountBytes) -> Iterator[tuple[Columns, Place]]:
        """Give the columns of every batch, and where it stands."""
        for part in self.parts:
            first_row = 1
            for batch in part.batches(count_bytes):
                place = Place(part.label, first_row)
                first_row += batch.num_rows
                yield part.columns(batch, place), place

    def _settled(
        self, positions: Positions, identifiers: Identifiers, repeats: Repeats | None
    ) -> Iterator[pa.RecordBatch]:
        for given, place in self._placed(self._count_bytes):
            rows = len(given["house_number"])
            for name, what in REQUIRED.items():
                _refuse_missing(given[name], what, place)
            columns = {name: given.get(name, pa.nulls(rows, pa.string())) for name in ADDRESS_SCHEMA.names}
            columns["status"] = self._status(given, rows, place)
            self._without_street.add([given[name] for name in STREETS if name in given], place)
            columns |= positions.settle(given, rows, place)
            batch = pa.RecordBatch.from_arrays(list(columns.values()), schema=ADDRESS_SCHEMA)
            if repeats is None:
                identifiers.add(given["address_id"])
            else:
                kept = repeats.keep_first(given, columns["status"], place)
                batch = batch if kept.all() else batch.filter(pa.array(kept))
            yield batch

    def _status(self, given: Columns, rows: int, place: Place) -> pa.Array:
        present = [given[name] for name in STATUSES if name in given]
        if not present:
            self._without_status = True
            return pa.repeat(pa.scalar(AddressStatus.CURRENT.value), rows)
        ranks = [self._ranks(values, place) for values in present]
        worst = pc.min_element_wise(*ranks)
        return pa.array([status.value for status in WORST_FIRST]).take(worst)

    def _ranks(self, values: pa.Array, place: Place) -> pa.Array:
        """Return the number in `WORST_FIRST` of every status."""
        coded = pc.fill_null(values, "").dictionary_encode()
        ranks = []
        for code, text in enumerate(coded.dictionary.to_pylist()):
            status = self.statuses.get(text.lower())
            if status is None:
                first = int(np.flatnonzero(coded.indices.to_numpy(zero_copy_only=False) == code)[0])
                raise place.error(
                    "unknown-status",
                    f"the status {text!r} is none of {', '.join(self.statuses)}."
                    if text
                    else "there is no status, so that it is not known whether the address is current.",
                    first,
                    remedy="Ask the publisher what it means; until it is understood no address is taken for current.",
                )
            ranks.append(WORST_FIRST.index(status))
        return pa.array(ranks, pa.int8()).take(coded.indices)

    def _repeated_identifiers(self, count_bytes: CountBytes) -> "np.typing.NDArray[np.uint64]":
        identifiers = Identifiers()
        for columns, _place in self._placed(count_bytes):
            identifiers.add(columns["address_id"])
        return identifiers.repeated()

    def _refuse_repeats(self, suspects: "np.typing.NDArray[np.uint64]") -> None:
        """Read once more, to name the rows that share an identifier; none may, if only their fingerprints are equal."""
        repeats = Repeats(suspects)
        for columns, place in self._placed(lambda _count: None):
            repeats.refuse(columns, place)


@dataclass
class _Lacking:
    """Counts the addresses without a street in any language."""

    count: int = 0
    row: int | None = None

    def add(self, streets: Sequence[pa.Array], place: Place) -> None:
        lacking = np.logical_and.reduce([street.is_null().to_numpy(zero_copy_only=False) for street in streets])
        if lacking.any():
            self.row = place.row(int(np.flatnonzero(lacking)[0])) if self.row is None else self.row
            self.count += int(lacking.sum())

    def findings(self) -> Iterator[Finding]:
        if self.count:
            message = f"{self.count:,} addresses have no street in any language: nobody will find them."
            yield Finding("no-street", message, row=self.row, count=self.count)


def texts(values: pa.Array) -> pa.Array:
    """Return a column as text without outer spaces, null where nothing is left.

    Whole numbers of a table of numbers are written without decimals, as a text file would have them.
    """
    if pa.types.is_floating(values.type):
        try:
            values = values.cast(pa.int64())
        except pa.ArrowInvalid:
            values = pc.if_else(pc.is_nan(values), None, values)
    if values.type != pa.string():
        values = values.cast(pa.string())
    trimmed = pc.utf8_trim_whitespace(values)
    emptied = pc.equal(trimmed, "")
    return pc.if_else(emptied, None, trimmed) if pc.any(emptied).as_py() else trimmed


def _refuse_missing(values: pa.Array, what: str, place: Place) -> None:
    if values.null_count:
        first = int(np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))[0])
        raise place.error("missing-value", f"there is no {what}.", first, remedy="Fill it in, or leave the row out.")


def _in_larger_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Join small batches: one of Parquet's row groups comes of each."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(part.num_rows for part in held) >= ROWS_PER_BATCH:
            yield pa.concat_batches(held)
            held = []
    if held:
        yield pa.concat_batches(held)
