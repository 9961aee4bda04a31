"""Finds identifiers that stand twice in a register, in eight bytes for each, and tells their rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from data.readers.address_places import Columns, Place
from data.tables import AddressStatus, Finding, SourceError

Fingerprints = npt.NDArray[np.uint64]

IDENTITY = ("street_nl", "street_fr", "street_de", "house_number", "box", "postcode", "municipality_code")
"""Two rows that agree in these are one address."""


@dataclass
class Identifiers:
    """The fingerprints of a register's identifiers: 52 MB for 6.5 million.

    Different identifiers may have one fingerprint (for ten million, once in some hundred thousand registers), so that
    a repeated one is a suspicion, which the identifiers themselves must confirm.
    """

    _parts: list[Fingerprints] = field(default_factory=list)

    def add(self, identifiers: pa.Array) -> None:
        """Take note of a batch's identifiers."""
        self._parts.append(fingerprints(identifiers))

    def repeated(self) -> Fingerprints:
        """Return the fingerprints that stand more than once, sorted."""
        if not self._parts:
            return np.empty(0, np.uint64)
        everything = np.concatenate(self._parts)
        everything.sort()
        return np.unique(everything[1:][everything[1:] == everything[:-1]])


@dataclass(frozen=True, slots=True)
class _Seen:
    """The first row of an identifier."""

    identity: tuple[str | None, ...]
    status: str | None
    file: str
    row: int


@dataclass
class Repeats:
    """Looks through the rows whose fingerprint repeats, batch by batch and in order."""

    suspects: Fingerprints
    dropped: int = 0
    _first_dropped: tuple[int, int] | None = None
    _seen: dict[str, _Seen] = field(default_factory=dict)

    def refuse(self, columns: Columns, place: Place) -> None:
        """Refuse a row whose identifier an earlier one has.

        Raises
        ------
        SourceError
            `duplicate-code`, with both rows.
        """
        for index, identifier, identity in self._rows(columns):
            if identifier in self._seen:
                raise self._error(index, identifier, place)
            self._seen[identifier] = _Seen(identity, None, place.file, place.row(index))

    def keep_first(self, columns: Columns, statuses: pa.Array, place: Place) -> npt.NDArray[np.bool_]:
        """Return a mask of the rows that do not repeat an earlier one; the others are counted.

        Parameters
        ----------
        columns
            The batch.
        statuses
            Its statuses, as `AddressStatus` has them.
        place
            Where it stands.

        Raises
        ------
        SourceError
            `duplicate-code`: a row has the identifier of an earlier one, and another address. `status-conflict`: it is
            current and the earlier one is not, so that a current address would be left out.
        """
        kept = np.ones(len(columns["address_id"]), dtype=bool)
        for index, identifier, identity in self._rows(columns):
            status = statuses[index].as_py()
            first = self._seen.setdefault(identifier, _Seen(identity, status, place.file, place.row(index)))
            if (first.file, first.row) == (place.file, place.row(index)):
                continue
            if first.identity != identity:
                raise self._error(index, identifier, place)
            if status == AddressStatus.CURRENT != first.status:
                raise place.error(
                    "status-conflict",
                    f"address {identifier!r} is current here, and {first.status} in row {first.row}.",
                    index,
                    remedy="Remove the rows that are not current.",
                )
            kept[index] = False
            self.dropped += 1
            if self._first_dropped is None:
                self._first_dropped = place.row(index), first.row
        return kept

    def findings(self) -> Iterator[Finding]:
        """Give what was counted."""
        if self._first_dropped is not None:
            row, first = self._first_dropped
            yield Finding(
                "repeated-address",
                f"{self.dropped:,} rows repeat the address of another (row {row} that of row {first}): the first "
                "of each is kept.",
                severity="info",
                row=row,
                count=self.dropped,
            )

    def _rows(self, columns: Columns) -> Iterable[tuple[int, str, tuple[str | None, ...]]]:
        identifiers = columns["address_id"]
        indices = np.flatnonzero(np.isin(fingerprints(identifiers), self.suspects))
        chosen = pa.array(indices)
        identity = [columns[name].take(chosen).to_pylist() for name in IDENTITY if name in columns]
        yield from zip(indices.tolist(), identifiers.take(chosen).to_pylist(), zip(*identity, strict=True), strict=True)

    def _error(self, index: int, identifier: str, place: Place) -> SourceError:
        first = self._seen[identifier]
        where = f"in row {first.row}" if first.file == place.file else f"in {first.file}, row {first.row}"
        return place.error(
            "duplicate-code",
            f"address {identifier!r} stands here and {where}.",
            index,
            remedy="Keep one row per address.",
        )


def fingerprints(identifiers: pa.Array) -> Fingerprints:
    """Return 64 bits for each identifier; the null of a missing one has bits too."""
    texts = identifiers.to_numpy(zero_copy_only=False)
    return np.asarray(pd.util.hash_array(texts, categorize=False), dtype=np.uint64)
