"""How many typing errors lie between a key and each of many others: bit-parallel, over a pool of bytes.

The distance is the restricted Damerau-Levenshtein one (optimal string alignment): an insertion, a deletion, a
substitution or a swap of neighbours counts one. Method: H. Hyyrö, "A bit-vector algorithm for computing Levenshtein
and Damerau edit distances", Nordic Journal of Computing 10 (2003). Keys that cannot be near enough are passed over by
their length and by their letters, each counted up to two: an edit adds at most one and takes at most one away.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import types

from geo.compiled import INTS, WIDE_INTS, compiled, inlined

__all__ = [
    "BYTES",
    "FAR",
    "LONGEST",
    "READ_LETTERS",
    "READ_WIDE",
    "SECOND",
    "distance",
    "distances",
    "letters_between",
    "letters_of",
    "letters_of_pool",
    "mark_letters",
    "pass_over",
]

Array = npt.NDArray[Any]

LONGEST: Final = 64
"""Length of the longest key that can be compared; one word of the machine."""
ALPHABET: Final = 26
SECOND: Final = 37
"""Letters, digits and the rest are so many bits; the second of a letter is a bit above them, and 64 are full."""
FAR: Final = 127
"""Distance of what is farther than was asked."""

BYTES: Final = types.Array(types.uint8, 1, "C", readonly=True)
READ_WIDE: Final = types.Array(WIDE_INTS.dtype, 1, "C", readonly=True)
READ_LETTERS: Final = types.Array(types.uint64, 1, "C", readonly=True)


def letters_of(key: bytes) -> int:
    """Give the set of a key's letters and digits as bits, and above it the set of the letters that it has twice.

    Examples
    --------
    >>> letters_of(b"ab"), letters_of(b"0"), letters_of(b"bob") >> SECOND
    (3, 67108864, 2)
    """
    letters = 0
    for code in key:
        number = letter(code)
        again = letters >> number & 1 and number < ALPHABET
        letters |= 1 << (number + SECOND if again else number)
    return letters


def letter(code: int) -> int:
    """Give a letter its number from 0, a digit one from 26, and anything else 36."""
    if 97 <= code <= 122:
        return code - 97
    if 48 <= code <= 57:
        return code - 22
    return 36


@inlined
def _letter(code: Any) -> Any:
    if 97 <= code <= 122:
        return code - 97
    if 48 <= code <= 57:
        return code - 22
    return 36


@inlined
def _bits(word: Any) -> Any:
    """Count the bits of a word, without a branch, so that a loop of it becomes vector instructions."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@inlined
def pass_over(letters: Any, most: Any, others: Any, low: Any, high: Any, near: Any) -> Any:
    """Write the places of a range whose letters do not tell that they are too far; give their number."""
    count = 0
    for place in range(low, high):
        near[count] = place
        far = (_bits(letters & ~others[place]) > most) | (_bits(others[place] & ~letters) > most)
        count += not far
    return count


@inlined
def mark_letters(text: Any, start: Any, end: Any, masks: Any) -> None:
    """Note for each letter at which places of a key it stands."""
    masks[:] = 0
    for place in range(start, end):
        masks[_letter(text[place])] |= np.uint64(1) << np.uint64(place - start)


@inlined
def distance(masks: Any, length: Any, most: Any, text: Any, start: Any, end: Any) -> Any:
    """Compare a marked key of a length with another; 127 where it is farther than `most`."""
    if abs((end - start) - length) > most:
        return 127
    one = np.uint64(1)
    last = one << np.uint64(length - 1)
    vp, vn, d0, before = ~np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0)
    edits = length
    for place in range(start, end):
        pm = masks[_letter(text[place])]
        swap = (((~d0) & pm) << one) & before
        d0 = (((pm & vp) + vp) ^ vp) | pm | vn | swap
        hp = vn | ~(d0 | vp)
        hn = d0 & vp
        if hp & last:
            edits += 1
        elif hn & last:
            edits -= 1
        hp = (hp << one) | one
        hn = hn << one
        vp = hn | ~(d0 | hp)
        vn = hp & d0
        before = pm
        if edits - (end - place - 1) > most:
            return 127
    return edits if edits <= most else 127


@inlined
def letters_between(text: Any, start: Any, end: Any) -> Any:
    """Give `letters_of` a key in a pool."""
    letters = np.uint64(0)
    for place in range(start, end):
        number = _letter(text[place])
        bit = np.uint64(1) << np.uint64(number)
        if letters & bit and number < ALPHABET:
            bit = np.uint64(1) << np.uint64(number + SECOND)
        letters |= bit
    return letters


@compiled(types.void(READ_WIDE, BYTES, types.Array(types.uint64, 1, "C")))
def letters_of_pool(offsets: Array, text: Array, result: Array) -> None:
    """Write `letters_of` each key of a pool.

    Parameters
    ----------
    offsets, text
        The pool.
    result
        Receives the letters, one for each key.
    """
    for key in range(len(result)):
        result[key] = letters_between(text, offsets[key], offsets[key + 1])


@compiled(
    types.void(BYTES, types.uint64, types.int64, INTS, READ_WIDE, BYTES, READ_LETTERS, types.Array(types.uint8, 1, "C"))
)
def distances(
    key: Array, letters: int, most: int, candidates: Array, offsets: Array, text: Array, sets: Array, result: Array
) -> None:
    """Compare a key with candidates of a pool.

    Parameters
    ----------
    key
        Bytes of the key, from 1 to `LONGEST`.
    letters
        `letters_of` the key.
    most
        Greatest distance of interest.
    candidates
        Numbers in the pool.
    offsets, text, sets
        The pool, and the letters of each of its keys.
    result
        Receives the distance to each candidate, `FAR` where it is more than `most`.
    """
    masks = np.empty(37, np.uint64)
    length = len(key)
    mark_letters(key, 0, length, masks)
    for i in range(len(candidates)):
        candidate = candidates[i]
        result[i] = 127
        if _bits(letters & ~sets[candidate]) <= most and _bits(sets[candidate] & ~letters) <= most:
            result[i] = distance(masks, length, most, text, offsets[candidate], offsets[candidate + 1])
