"""Beginnings of words in a sorted pool of keys, also with one typing error in them.

A prefix is a range of the pool, found by halving. With an error it is one of a thousand prefixes, since an error is an
insertion, a deletion, a substitution or a swap at some place: each is looked up, which is still well under a
millisecond and, other than a list of likely errors, complete.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import types

from geo.addresses.distances import BYTES, READ_WIDE
from geo.compiled import INTS, compiled, inlined, tuple_of

__all__ = ["MOST_RANGES", "find_prefix", "find_prefixes_near"]

Array = npt.NDArray[Any]

MOST_RANGES: Final = 256
_WRITABLE: Final = types.Array(types.uint8, 1, "C")


@inlined
def _first_from(key: Any, length: Any, after: Any, offsets: Any, text: Any) -> Any:
    """Give the first key of the pool that is not before a prefix; `after` gives the first behind all that have it."""
    low, high = np.int64(0), np.int64(len(offsets) - 1)
    while low < high:
        middle = (low + high) >> 1
        start, end = offsets[middle], offsets[middle + 1]
        before = False
        place = 0
        while place < length:
            if start + place >= end:
                before = True
                break
            if text[start + place] != key[place]:
                before = text[start + place] < key[place]
                break
            place += 1
        if place == length:
            before = after
        if before:
            low = middle + 1
        else:
            high = middle
    return low


@compiled(tuple_of(types.int64, types.int64)(BYTES, READ_WIDE, BYTES))
def find_prefix(key: Array, offsets: Array, text: Array) -> tuple[int, int]:
    """Find the range of a sorted pool whose keys begin with `key`."""
    low = _first_from(key, len(key), False, offsets, text)
    high = _first_from(key, len(key), True, offsets, text)
    return low, high


@inlined
def _add(key: Any, length: Any, offsets: Any, text: Any, ranges: Any, count: Any) -> Any:
    low = _first_from(key, length, False, offsets, text)
    if low < len(offsets) - 1 and offsets[low + 1] - offsets[low] >= length and count < 256:
        for place in range(length):
            if text[offsets[low] + place] != key[place]:
                return count
        ranges[2 * count] = low
        ranges[2 * count + 1] = _first_from(key, length, True, offsets, text)
        return count + 1
    return count


@compiled(types.int64(BYTES, READ_WIDE, BYTES, INTS))
def find_prefixes_near(key: Array, offsets: Array, text: Array, ranges: Array) -> int:
    """Find the ranges whose keys begin with something one typing error away from `key`.

    Parameters
    ----------
    key
        The prefix; its errors are looked for from its first letter on.
    offsets, text
        The pool, sorted.
    ranges
        Receives the beginnings and ends of the ranges, which may overlap; room for `MOST_RANGES` of them.

    Returns
    -------
    int
        Number of ranges.
    """
    length = len(key)
    other = np.empty(length + 1, np.uint8)
    count = 0
    for place in range(length):
        for i in range(length - 1):  # a letter too many
            other[i] = key[i] if i < place else key[i + 1]
        if length > 1 and (place == 0 or key[place] != key[place - 1]):
            count = _add(other, length - 1, offsets, text, ranges, count)
        if place + 1 < length and key[place] != key[place + 1]:  # two letters swapped
            other[:length] = key
            other[place], other[place + 1] = key[place + 1], key[place]
            count = _add(other, length, offsets, text, ranges, count)
        for letter in range(36):
            code = np.uint8(97 + letter) if letter < 26 else np.uint8(22 + letter)
            if code == key[place]:
                continue
            other[:length] = key
            other[place] = code  # a wrong letter
            count = _add(other, length, offsets, text, ranges, count)
            for i in range(length):  # a letter forgotten
                other[i + 1 if i >= place else i] = key[i]
            other[place] = code
            count = _add(other, length + 1, offsets, text, ranges, count)
    return count
