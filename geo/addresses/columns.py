"""The register's columns that an index is built from, read batch by batch into compact arrays.

Strings become numbers at once, so that a national register passes through as a few arrays and not as objects.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from geo.addresses.questions import AddressIndexError

__all__ = ["ROW_COLUMNS", "STATUSES", "AddressColumns", "read_columns"]

Array = npt.NDArray[Any]
Progress = Callable[[int, int], None]

ROW_COLUMNS: Final = (
    "street_id", "street_nl", "street_fr", "street_de", "postcode", "locality_nl", "locality_fr", "locality_de",
    "municipality_code", "municipality_nl", "municipality_fr", "municipality_de",
)  # fmt: skip
"""What makes a street row: the same values here, the same row."""

COLUMNS: Final = ("address_id", *ROW_COLUMNS, "house_number", "box", "status", "purpose", "x", "y", "lon", "lat")
STATUSES: Final = ("current", "proposed", "retired")
BATCH: Final = 1 << 17
MAX_PREFIXES: Final = 4096
# The shortest beginning after which the rest is a whole number that prints as it stands.
_SPLIT: Final = r"^(?P<prefix>.*?)(?P<number>[1-9][0-9]{0,17}|0)$"


@dataclass(slots=True)
class AddressColumns:
    """A register as arrays, one value per address, and the strings that they count.

    Attributes
    ----------
    rows
        Values of `ROW_COLUMNS` by number of the street row.
    row, number, box, status, purpose
        Numbers into `rows`, `numbers`, `boxes`, `STATUSES`, `purposes`; box and purpose are 0 for none.
    x, y, lon, lat
        Positions, NaN for none.
    id_prefix, id_number
        Identifiers cut in two; or `ids`, where that does not save anything.
    """

    rows: list[tuple[str | None, ...]]
    row: Array
    numbers: list[str]
    number: Array
    boxes: list[str]
    box: Array
    status: Array
    purposes: list[str]
    purpose: Array
    positions: dict[str, Array]
    prefixes: list[str]
    id_prefix: Array
    id_number: Array
    ids: pa.ChunkedArray | None


class _Counter:
    """Gives each string a number, in the order of appearance."""

    def __init__(self, *reserved: str) -> None:
        self.numbers: dict[str, int] = {text: number for number, text in enumerate(reserved)}

    def count(self, column: pa.Array, null: int = 0) -> npt.NDArray[np.int32]:
        """Give the number of each value; `null` for a null."""
        encoded = column.dictionary_encode()
        numbers = self.numbers
        known = np.array([numbers.setdefault(text, len(numbers)) for text in encoded.dictionary.to_pylist()], np.int32)
        codes = encoded.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
        numbered: npt.NDArray[np.int32] = np.append(known, np.int32(null))[codes]
        return numbered

    def __len__(self) -> int:
        return len(self.numbers)


class _Rows:
    """Gives each combination of the row columns a number."""

    def __init__(self) -> None:
        self._columns = [_Counter() for _ in ROW_COLUMNS]
        self._rows: dict[tuple[int, ...], int] = {}

    def count(self, batch: pa.RecordBatch) -> npt.NDArray[np.int32]:
        """Give the number of each address's street row."""
        codes = np.stack(
            [counter.count(batch[name], null=-1) for counter, name in zip(self._columns, ROW_COLUMNS, strict=True)],
            axis=1,
        )
        # Runs first: a register is mostly in the order of its streets.
        starts = np.flatnonzero(np.append(True, (codes[1:] != codes[:-1]).any(axis=1)))
        rows = self._rows
        known = np.array([rows.setdefault(tuple(code), len(rows)) for code in codes[starts].tolist()], np.int32)
        return np.repeat(known, np.diff(np.append(starts, len(codes))))

    def values(self) -> list[tuple[str | None, ...]]:
        """Give the strings of each row."""
        texts: list[list[str | None]] = [[*counter.numbers, None] for counter in self._columns]
        return [tuple(text[code] for text, code in zip(texts, row, strict=True)) for row in self._rows]


def _batches(addresses: pq.ParquetFile | pa.Table) -> tuple[int, Iterator[pa.RecordBatch]]:
    names = addresses.schema.names if isinstance(addresses, pa.Table) else addresses.schema_arrow.names
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise AddressIndexError(f"the addresses lack the columns {', '.join(missing)}")
    if isinstance(addresses, pa.Table):
        return addresses.num_rows, iter(addresses.select(COLUMNS).to_batches(max_chunksize=BATCH))
    return addresses.metadata.num_rows, addresses.iter_batches(batch_size=BATCH, columns=list(COLUMNS))


def read_columns(addresses: pq.ParquetFile | pa.Table, progress: Progress | None) -> AddressColumns:
    """Read a register of addresses.

    Parameters
    ----------
    addresses
        Rows with the columns `COLUMNS`: strings, and float64 positions. `address_id`, `house_number`,
        `municipality_code` and `status` are never null; a status is one of `STATUSES`.
    progress
        Called with the rows read and the rows in all.

    Returns
    -------
    AddressColumns
        The register in the order of the file.

    Raises
    ------
    AddressIndexError
        A column is missing, a value is null that may not be, or a status is none of the register's.
    """
    total, batches = _batches(addresses)
    rows, numbers, boxes, purposes, prefixes = _Rows(), _Counter(), _Counter(""), _Counter(""), _Counter()
    statuses = _Counter(*STATUSES)
    parts: dict[str, list[Array]] = {}
    ids: list[pa.Array] | None = None
    done = 0
    for batch in batches:
        for name in ("address_id", "house_number", "municipality_code", "status"):
            if batch[name].null_count:
                raise AddressIndexError(
                    f"the column {name} has empty values between rows {done} and {done + len(batch)}"
                )
        part: dict[str, Array] = {
            "row": rows.count(batch),
            "number": numbers.count(batch["house_number"]),
            "box": boxes.count(batch["box"]),
            "status": statuses.count(batch["status"]).astype(np.uint8),
            "purpose": purposes.count(batch["purpose"]).astype(np.uint16),
        }
        for name in ("x", "y", "lon", "lat"):
            part[name] = pc.fill_null(batch[name], np.nan).to_numpy(zero_copy_only=False)
        cut = pc.extract_regex(batch["address_id"], _SPLIT)
        if ids is None and not cut.null_count and len(prefixes) <= MAX_PREFIXES:
            part["id_prefix"] = prefixes.count(cut.field("prefix")).astype(np.uint16)
            part["id_number"] = cut.field("number").cast(pa.int64()).to_numpy(zero_copy_only=False)
        elif ids is None:  # these identifiers do not repeat their beginnings: keep them whole, and those before
            ids = [_join_ids(prefixes, parts.pop("id_prefix", []), parts.pop("id_number", []))]
        if ids is not None:
            ids.append(batch["address_id"])
        for name, values in part.items():
            parts.setdefault(name, []).append(values)
        done += len(batch)
        if progress:
            progress(done, total)
    if len(statuses) > len(STATUSES):
        raise AddressIndexError(f"unknown status {list(statuses.numbers)[len(STATUSES)]!r}: one of {STATUSES} is meant")
    if not done:
        raise AddressIndexError("there is no address to index")
    whole = {name: np.concatenate(parts.pop(name)) for name in list(parts)}
    return AddressColumns(
        rows=rows.values(),
        row=whole["row"],
        numbers=list(numbers.numbers),
        number=whole["number"],
        boxes=list(boxes.numbers),
        box=whole["box"],
        status=whole["status"],
        purposes=list(purposes.numbers),
        purpose=whole["purpose"],
        positions={name: whole[name] for name in ("x", "y", "lon", "lat")},
        prefixes=list(prefixes.numbers) if ids is None else [],
        id_prefix=whole.get("id_prefix", np.empty(0, np.uint16)),
        id_number=whole.get("id_number", np.empty(0, np.int64)),
        ids=None if ids is None else pa.chunked_array(ids, pa.string()),
    )


def _join_ids(prefixes: _Counter, prefix: list[Array], number: list[Array]) -> pa.Array:
    if not prefix:
        return pa.array([], pa.string())
    begin = pa.array(list(prefixes.numbers)).take(pa.array(np.concatenate(prefix)))
    return pc.binary_join_element_wise(begin, pa.array(np.concatenate(number)).cast(pa.string()), "")
