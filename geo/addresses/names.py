"""The street names of a batch as keys: folded, joined and looked up by one pass of compiled code.

It does what `geo.addresses.spelling` does to a name without abbreviations; a name that may have one, or a letter beyond
Latin, is marked and left to those functions. A test compares the two on names and on anything.
"""
# ruff: noqa: PLR0912, PLR0915 - loops that stay in registers

from collections.abc import Iterable
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import types

from geo.addresses.abbreviations import ARTICLES, GLUED_ENDINGS, STREET_TYPES, TYPE_BEGINNINGS, TYPE_ENDINGS, WORDS
from geo.addresses.distances import BYTES, READ_WIDE
from geo.addresses.lexicon import Pool, pool_of
from geo.addresses.spelling import fold_character
from geo.compiled import INTS, WIDE_INTS, compiled, inlined

__all__ = ["LOOSER", "WORDY", "Keys", "key_slots", "read_names"]

Array = npt.NDArray[Any]

LOOSER: Final = 3
"""Keys besides the full one: loose, short and core, in this order."""
WORDY: Final = -2
"""Instead of a number: the name may be shortened, and the functions of `spelling` must read it."""
_LATIN: Final = 0x250
_PUNCTUATION: Final = 0x2000
_FOLDED: Final = 0x70
_MOST_BYTES: Final = 160
_MOST_WORDS: Final = 24
_SHORTENED, _ARTICLE, _STREET_TYPE = 1, 2, 4
_READ: Final = types.Array(types.int32, 1, "C", readonly=True)
_WRITE_BYTES: Final = types.Array(types.uint8, 1, "C")


class Keys(NamedTuple):
    """Names read: the keys of each text, one behind the other, and their numbers.

    Attributes
    ----------
    numbers
        Number of the full key of each text in the index, -1 where it is not there, `WORDY` where nothing was read.
    offsets, text
        The full keys.
    kinds
        Kind of street of each key, as `geo.addresses.spelling.street_type_number` gives it.
    looser
        `LOOSER` numbers for each text whose full key is not there, -1 for none.
    """

    numbers: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    text: npt.NDArray[np.uint8]
    kinds: npt.NDArray[np.uint8]
    looser: npt.NDArray[np.int32]


@inlined
def _hash(text: Any, start: Any, end: Any) -> Any:
    """Hash bytes (FNV-1a, its halves folded together): where to begin to look."""
    value = np.uint64(14695981039346656037)
    for place in range(start, end):
        value = (value ^ np.uint64(text[place])) * np.uint64(1099511628211)
    return value ^ (value >> np.uint64(29))


@inlined
def _equal(text: Any, start: Any, length: Any, other: Any, begin: Any) -> Any:
    for place in range(length):  # noqa: SIM110 - compiled
        if text[start + place] != other[begin + place]:
            return False
    return True


@inlined
def _find(text: Any, start: Any, end: Any, slots: Any, offsets: Any, pool: Any) -> Any:
    """Give the number of a key in a pool, or -1; the bytes decide."""
    mask = np.int64(len(slots) - 1)
    slot = np.int64(_hash(text, start, end) & np.uint64(mask))
    while slots[slot] >= 0:
        number = slots[slot]
        if offsets[number + 1] - offsets[number] == end - start and _equal(text, start, end - start, pool,
                                                                          offsets[number]):  # fmt: skip
            return number
        slot = (slot + 1) & mask
    return np.int32(-1)


@compiled(types.void(READ_WIDE, BYTES, INTS))
def _fill(offsets: Array, pool: Array, slots: Array) -> None:
    mask = len(slots) - 1
    for number in range(len(offsets) - 1):
        slot = np.int64(_hash(pool, offsets[number], offsets[number + 1]) & np.uint64(mask))
        while slots[slot] >= 0:
            slot = (slot + 1) & mask
        slots[slot] = number


def key_slots(offsets: Array, pool: Array) -> npt.NDArray[np.int32]:
    """Hash the keys of a pool: numbers in open addressing, at most half of the slots taken, -1 for a free one."""
    slots = np.full(1 << (2 * len(offsets)).bit_length(), -1, np.int32)
    _fill(offsets, pool, slots)
    return slots


def _pooled(texts: Iterable[str]) -> tuple[Array, Array]:
    arrays: dict[str, Array] = {}
    pool_of(list(texts), "pool", arrays.__setitem__)
    return arrays["pool.offset"], arrays["pool.text"]


@cache
def _vocabulary() -> tuple[Array, Array, Array, Array, Array, Array, Array, Array, Array]:
    """Give the folding of letters, the words that matter with their classes, shortened endings, kinds of street."""
    folded = [fold_character(chr(code)) for code in (*range(_LATIN), *range(_PUNCTUATION, _PUNCTUATION + _FOLDED))]
    words = sorted({*WORDS, *ARTICLES, *STREET_TYPES})
    classes = [
        _SHORTENED * (word in WORDS) + _ARTICLE * (word in ARTICLES) + _STREET_TYPE * (word in STREET_TYPES)
        for word in words
    ]
    offsets, text = _pooled(words)
    tails = np.zeros(1 << 16, np.uint8)
    for ending, _ in GLUED_ENDINGS:
        tails[(ord(ending[-2]) << 8) | ord(ending[-1])] = 1
    return (
        *_pooled(folded), offsets, text, key_slots(offsets, text), np.array(classes, np.uint8), tails,
        *_pooled((*TYPE_ENDINGS, *TYPE_BEGINNINGS)),
    )  # fmt: skip


@inlined
def _kind(key: Any, start: Any, end: Any, offsets: Any, text: Any, endings: Any) -> Any:
    """Tell the kind of street of a key, as a number from 1; 0 for none."""
    for kind in range(len(offsets) - 1):
        length = offsets[kind + 1] - offsets[kind]
        if length <= end - start:
            begin = end - length if kind < endings else start
            if key[begin] == text[offsets[kind]] and _equal(key, begin, length, text, offsets[kind]):
                return kind + 1
    return 0


@inlined
def _before(text: Any, start: Any, end: Any, begin: Any, stop: Any) -> Any:
    """Tell whether one word of a text comes before another."""
    for place in range(min(end - start, stop - begin)):
        if text[start + place] != text[begin + place]:
            return text[start + place] < text[begin + place]
    return end - start < stop - begin


@inlined
def _append(out: Any, end: Any, text: Any, start: Any, stop: Any) -> Any:
    for place in range(start, stop):
        out[end] = text[place]
        end += 1
    return end


@inlined
def _agree(words: Any, starts: Any, ends: Any, given: Any, official: Any, low: Any, high: Any) -> Any:
    """Tell whether each word given begins some word of one official line, or the other way round."""
    line = low
    while line <= high:
        stop = line
        while stop < high and official[stop] != 10:
            stop += 1
        every = True
        for word in range(given):
            some = False
            begin = line
            while begin < stop and not some:
                end = begin
                while end < stop and official[end] != 32:
                    end += 1
                some = _equal(words, starts[word], min(ends[word] - starts[word], end - begin), official, begin)
                begin = end + 1
            every = every and some
        if every:
            return True
        line = stop + 1
    return False


@compiled(
    types.void(
        READ_WIDE, BYTES,  # texts
        READ_WIDE, BYTES, READ_WIDE, BYTES, _READ, BYTES, BYTES, READ_WIDE, BYTES, types.int64,  # vocabulary
        _READ, READ_WIDE, BYTES, READ_WIDE, BYTES,  # keys of the index, first names
        INTS, WIDE_INTS, _WRITE_BYTES, _WRITE_BYTES, INTS,
    )
)  # fmt: skip
def _read(
    offsets: Array, text: Array,
    fold_offsets: Array, fold_text: Array, word_offsets: Array, word_text: Array, word_slots: Array, classes: Array,
    tails: Array, kind_offsets: Array, kind_text: Array, endings: int,
    slots: Array, key_offsets: Array, key_text: Array, first_offsets: Array, first_text: Array,
    numbers: Array, own_offsets: Array, own_text: Array, kinds: Array, looser: Array,
) -> None:  # fmt: skip
    buffer = np.empty(2 * _MOST_BYTES + 8, np.uint8)
    other = np.empty(2 * _MOST_BYTES + 8, np.uint8)
    starts, ends = np.empty(_MOST_WORDS, np.int64), np.empty(_MOST_WORDS, np.int64)
    kept = np.empty(_MOST_WORDS, np.int64)
    kept_class = np.empty(_MOST_WORDS, np.uint8)
    end_of_keys = np.int64(0)
    own_offsets[0] = 0
    for i in range(len(numbers)):
        own_offsets[i + 1] = end_of_keys
        kinds[i] = 0
        for k in range(3):
            looser[3 * i + k] = -1
        place, stop = offsets[i], offsets[i + 1]
        numbers[i] = -2
        clear = stop - place <= _MOST_BYTES
        count, size, in_word = 0, 0, False
        while clear and place < stop:
            code: Any = np.int64(text[place])
            place += 1
            if 97 <= code <= 122:
                folded: Any = -1
            elif code < 128:
                folded = code
            elif 0xC2 <= code < 0xE0:
                code = ((code & 31) << 6) | (np.int64(text[place]) & 63)
                place += 1
                folded = code
            elif code == 0xE2 and text[place] < 0x82:
                folded = ((np.int64(text[place]) & 63) << 6) | (np.int64(text[place + 1]) & 63)
                place += 2
                folded += _LATIN
            else:
                clear = False
                break
            if (folded >= _LATIN and code != 0xE2) or folded >= _LATIN + _FOLDED:
                clear = False
                break
            low, high = (0, 1) if folded < 0 else (fold_offsets[folded], fold_offsets[folded + 1])
            for k in range(low, high):
                letter = np.uint8(code) if folded < 0 else fold_text[k]
                if letter == 32:
                    if in_word:
                        ends[count - 1] = size
                    in_word = False
                    continue
                if not in_word:
                    if count == _MOST_WORDS:
                        clear = False
                        break
                    starts[count] = size
                    count += 1
                    in_word = True
                buffer[size] = letter
                size += 1
        if not clear:
            continue
        if in_word:
            ends[count - 1] = size
        found = 0
        for word in range(count):
            start, end = starts[word], ends[word]
            length = end - start
            if length >= 2 and tails[(np.int64(buffer[end - 2]) << 8) | np.int64(buffer[end - 1])]:
                clear = False
                break
            which = _find(buffer, start, end, word_slots, word_offsets, word_text) if length < 12 else np.int32(-1)
            kind = classes[which] if which >= 0 else np.uint8(0)
            if kind & 1 or (length == 1 and count > 1 and ((word == 0 and buffer[start] == 114)
                            or (word > 0 and buffer[start] == 108 and ends[word - 1] - starts[word - 1] == 1
                                and buffer[starts[word - 1]] == 111))):  # fmt: skip
                clear = False  # an abbreviation, a lonely r in front, or o l (v)
                break
            if not kind & 2:
                kept[found] = word
                kept_class[found] = kind
                found += 1
        if not clear:
            continue
        end_of_keys = _append(own_text, end_of_keys, buffer, 0, size)
        own_offsets[i + 1] = end_of_keys
        kinds[i] = _kind(buffer, 0, size, kind_offsets, kind_text, endings)
        numbers[i] = _find(buffer, 0, size, slots, key_offsets, key_text)
        if numbers[i] >= 0 or not found:
            continue
        first, last = kept[0], kept[found - 1]
        # core: without the kind of street
        other[0] = 61
        end = 1
        if found > 1 and kept_class[0] & 4:
            for k in range(1, found):
                end = _append(other, end, buffer, starts[kept[k]], ends[kept[k]])
            looser[3 * i + 2] = _find(other, 0, end, slots, key_offsets, key_text)
        else:
            for k in range(found):
                end = _append(other, end, buffer, starts[kept[k]], ends[kept[k]])
            kind_of_key = _kind(other, 1, end, kind_offsets, kind_text, endings)
            if kind_of_key:
                length = kind_offsets[kind_of_key] - kind_offsets[kind_of_key - 1]
                if _equal(other, end - length, length, kind_text, kind_offsets[kind_of_key - 1]):
                    end -= length
            if end - 1 >= 3:
                looser[3 * i + 2] = _find(other, 0, end, slots, key_offsets, key_text)
        # short: without first names
        other[0] = 94
        end = 1
        if found > 1 and kept_class[0] & 4:
            end = _append(other, end, buffer, starts[first], ends[first])
        elif found > 1 and kept_class[found - 1] & 4:
            end = _append(other, end, buffer, starts[kept[found - 2]], ends[kept[found - 2]])
        end = _append(other, end, buffer, starts[last], ends[last])
        short = _find(other, 0, end, slots, key_offsets, key_text)
        if short >= 0 and _agree(
            buffer, starts, ends, count - 1, first_text, first_offsets[short], first_offsets[short + 1]
        ):
            looser[3 * i + 1] = short
        # loose: words in the order of the alphabet
        for k in range(1, found):
            word, at = kept[k], k
            while at > 0 and _before(buffer, starts[word], ends[word], starts[kept[at - 1]], ends[kept[at - 1]]):
                kept[at] = kept[at - 1]
                at -= 1
            kept[at] = word
        other[0] = 126
        end = 1
        for k in range(found):
            end = _append(other, end, buffer, starts[kept[k]], ends[kept[k]])
        looser[3 * i] = _find(other, 0, end, slots, key_offsets, key_text)


def read_names(offsets: Array, text: Array, slots: Array, keys: Pool, first_names: Pool) -> Keys:
    """Read street names and look their keys up.

    Parameters
    ----------
    offsets, text
        The names in UTF-8, one behind the other: int64 offsets, one more than names.
    slots, keys
        The keys of the index, hashed by `key_slots`.
    first_names
        For each key the lines of first words that its names have, parted by line feeds; used with short keys.

    Returns
    -------
    Keys
        What was read.
    """
    count = len(offsets) - 1
    result = Keys(
        np.empty(count, np.int32), np.empty(count + 1, np.int64),
        np.empty(2 * int(offsets[-1] - offsets[0]) + 8, np.uint8), np.empty(count, np.uint8),
        np.empty(LOOSER * count, np.int32),
    )  # fmt: skip
    _read(
        offsets, text, *_vocabulary(), len(TYPE_ENDINGS), slots, keys.offsets, keys.text, first_names.offsets,
        first_names.text, *result,
    )  # fmt: skip
    return result
