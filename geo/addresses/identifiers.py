"""The identifiers of many addresses as one column: prefix and figures, written by compiled code."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import types

from geo.addresses.distances import BYTES, READ_WIDE
from geo.addresses.lexicon import Pool
from geo.addresses.prefetching import prefetch
from geo.compiled import INTS, WIDE_INTS, compiled

__all__ = ["identifier_column"]

Array = npt.NDArray[Any]

_MOST_FIGURES: Final = 20
_AHEAD: Final = 16


@compiled(
    types.void(
        INTS, types.Array(types.uint16, 1, "C", readonly=True), READ_WIDE, READ_WIDE, BYTES,
        WIDE_INTS, types.Array(types.uint8, 1, "C"), types.Array(types.boolean, 1, "C"),
    )
)  # fmt: skip
def _write(
    addresses: Array, prefix_of: Array, number_of: Array, prefix_start: Array, prefix_text: Array,
    offsets: Array, text: Array, known: Array,
) -> None:  # fmt: skip
    end = np.int64(0)
    offsets[0] = 0
    figures = np.empty(_MOST_FIGURES, np.uint8)
    for i in range(len(addresses)):
        if i + _AHEAD < len(addresses) and addresses[i + _AHEAD] >= 0:
            prefetch(prefix_of, addresses[i + _AHEAD])
            prefetch(number_of, addresses[i + _AHEAD])
        address = addresses[i]
        known[i] = address >= 0
        if address >= 0:
            prefix = prefix_of[address]
            for place in range(prefix_start[prefix], prefix_start[prefix + 1]):
                text[end] = prefix_text[place]
                end += 1
            left, count = np.uint64(number_of[address]), 0
            while left > 0 or count == 0:
                figures[count] = np.uint8(48) + np.uint8(left % np.uint64(10))
                left //= np.uint64(10)
                count += 1
            while count > 0:
                count -= 1
                text[end] = figures[count]
                end += 1
        offsets[i + 1] = end


def identifier_column(addresses: Array, prefix_of: Array, number_of: Array, prefixes: Pool) -> pa.Array:
    """Give the identifiers of addresses.

    Parameters
    ----------
    addresses
        Numbers of addresses; a negative one has no identifier.
    prefix_of, number_of
        Prefix and figures of each address of the index.
    prefixes
        The prefixes.

    Returns
    -------
    pyarrow.Array
        Strings, null for none.

    Raises
    ------
    pyarrow.ArrowInvalid
        They are more than 2 GiB together: ask for fewer at once.
    """
    longest = int(np.diff(prefixes.offsets).max(initial=0)) + _MOST_FIGURES
    offsets, known = np.empty(len(addresses) + 1, np.int64), np.empty(len(addresses), bool)
    text = np.empty(len(addresses) * longest, np.uint8)
    _write(addresses, prefix_of, number_of, prefixes.offsets, prefixes.text, offsets, text, known)
    buffers = [pa.py_buffer(np.packbits(known, bitorder="little")), pa.py_buffer(offsets), pa.py_buffer(text)]
    return pa.Array.from_buffers(pa.large_string(), len(addresses), buffers).cast(pa.string())
