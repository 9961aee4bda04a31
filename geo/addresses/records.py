"""What the index has of some addresses: a dozen arrays, each far from the others in memory, read in one pass."""

from typing import Any, Final

import numpy.typing as npt
from numba import types

from geo.addresses.distances import BYTES, READ_WIDE
from geo.compiled import FLOATS_2D, INTS, compiled

__all__ = ["read_records"]

Array = npt.NDArray[Any]

_READ: Final = types.Array(types.int32, 1, "C", readonly=True)
_SHORTS: Final = types.Array(types.uint16, 1, "C", readonly=True)
_FLOATS: Final = types.Array(types.float64, 1, "C", readonly=True)


@compiled(
    types.void(
        INTS, _READ,  # what is asked for
        _READ, _READ, BYTES, _SHORTS, _SHORTS, READ_WIDE, _FLOATS, _FLOATS, _FLOATS, _FLOATS,
        types.int64[:, ::1], FLOATS_2D,
    ),
    allocates=False,
)  # fmt: skip
def read_records(
    addresses: Array, row_first: Array,
    number: Array, box: Array, status: Array, purpose: Array, prefix: Array, figures: Array,
    x: Array, y: Array, lon: Array, lat: Array,
    codes: Array, positions: Array,
) -> None:  # fmt: skip
    """Read what the index has of addresses.

    Parameters
    ----------
    addresses
        Numbers of addresses.
    row_first
        First address of each street row, and behind them how many there are.
    number, box, status, purpose, prefix, figures, x, y, lon, lat
        Addresses of the index; `prefix` and `figures` are empty where identifiers are no figures.
    codes
        Receives, shape (n, 7): street row, `number`, `box`, `status`, `purpose`, `prefix`, `figures`.
    positions
        Receives, shape (n, 4): `x`, `y`, `lon`, `lat`.
    """
    for i in range(len(addresses)):
        address = addresses[i]
        row, left = 0, len(row_first)
        while left > 0:
            half = (left + 1) >> 1
            row += half * (row_first[row + half - 1] <= address)
            left -= half
        codes[i, 0] = row - 1
        codes[i, 1] = number[address]
        codes[i, 2] = box[address]
        codes[i, 3] = status[address]
        codes[i, 4] = purpose[address]
        codes[i, 5] = prefix[address] if len(prefix) else 0
        codes[i, 6] = figures[address] if len(figures) else 0
        positions[i, 0] = x[address]
        positions[i, 1] = y[address]
        positions[i, 2] = lon[address]
        positions[i, 3] = lat[address]
