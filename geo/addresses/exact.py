"""The exact matches of a whole batch: questions as numbers, answered by one pass of compiled code.

Only what the rules of `geo.addresses.matching` accept without any correction is answered here; every other question
is left to them. So this is a short cut and never a second opinion, which a test holds over the whole evaluation set.
"""
# ruff: noqa: PLR0912 - one loop that stays in registers

from typing import Any, Final

import numpy.typing as npt
from numba import types

from geo.addresses.prefetching import prefetch
from geo.compiled import INTS, compiled, inlined

__all__ = [
    "ABSENT", "FIRST_ROW", "LAST_ROW", "MEMBERS_END", "PARTS", "SEARCHED", "TOWNS", "UNCLEAR", "find_exact",
]  # fmt: skip

Array = npt.NDArray[Any]

ABSENT: Final = -1
"""The question has no such part; or, for a house number or a box, the register has none of this form."""
UNCLEAR: Final = -2
"""The part needs the rules."""
_UNSURE, _NOWHERE = -1, -3
"""Instead of an address: the rules must decide; no registered address is what the question says, word for word."""

TOWNS, PARTS, SEARCHED, MEMBERS_END, FIRST_ROW, LAST_ROW = range(6)
"""Columns of the table of places: where its municipalities, its localities and the municipalities whose streets are
searched begin among the members, each ending where the next begins; its first and its last street row."""

_AHEAD: Final = 8
"""How many questions later the addresses asked for are looked at."""
_PREFETCHED, _LINE = 128, 16
"""How many addresses of a street row are asked for at most, and how many of their numbers a cache line holds."""
_READ: Final = types.Array(types.int32, 1, "C", readonly=True)
_READ_BYTES: Final = types.Array(types.uint8, 1, "C", readonly=True)


@inlined
def _first_not_below(values: Any, start: Any, end: Any, bound: Any) -> Any:
    """Give the first place of a sorted range whose value is not below a bound."""
    left = end - start
    while left > 0:  # without a branch that depends on the values: none could be foretold
        half = (left + 1) >> 1
        start += half * (values[start + half - 1] < bound)
        left -= half
    return start


@inlined
def _one_address(
    begin: Any, most: Any, stop: Any, number: Any, box: Any, postcode: Any, place: Any,
    spans: Any, members: Any, key_rows: Any,
    row_postcode: Any, row_town: Any, row_part: Any, row_street: Any,
    row_first: Any, address_number: Any, number_first: Any, address_box: Any, box_first: Any, status: Any,
) -> Any:  # fmt: skip
    """Find the address of one way to read a house number and a box, and whether the place is a part of its town."""
    only_street = -1
    low, high = 0, 0
    in_town, part = True, False
    for k in range(begin, stop):
        row = key_rows[k]
        if row > most:
            break
        if postcode >= 0 and row_postcode[row] != postcode:
            continue
        if place >= 0:
            agrees = False
            for j in range(spans[place, TOWNS], spans[place, PARTS]):
                agrees = agrees or members[j] == row_town[row]
            in_town = agrees
            for j in range(spans[place, PARTS], spans[place, SEARCHED]):
                agrees = agrees or members[j] == row_part[row]
            if not agrees:
                continue
        if only_street >= 0 and row_street[row] != only_street:
            return _UNSURE, False
        only_street = row_street[row]
        end = row_first[row + 1]
        start = _first_not_below(address_number, row_first[row], end, number_first[number])
        end = _first_not_below(address_number, start, end, number_first[number + 1])
        if start < end:
            if high > low:
                return _UNSURE, False
            low, high, part = start, end, not in_town
    if high <= low:
        return _NOWHERE, False
    if box > 0:
        start = _first_not_below(address_box, low, high, box_first[box])
        high = _first_not_below(address_box, start, high, box_first[box + 1])
        low = start
        if low == high:
            return _NOWHERE, False
    elif address_box[high - 1] >= box_first[1]:
        return _UNSURE, False  # a building with boxes, and none was given
    current = -1
    for address in range(low, high):
        if status[address] == 0:
            if current >= 0:
                return _UNSURE, False
            current = address
    return current, part and current >= 0


@compiled(
    types.int64(
        INTS, INTS, INTS, INTS, INTS, INTS, INTS, INTS,  # what each question says
        types.int32[:, ::1], INTS,  # the table of places, and their members
        _READ, _READ, _READ, _READ,  # rows of each street key and postcode
        _READ, _READ, _READ, _READ,  # postcode, municipality, locality, street of each row
        _READ, _READ, _READ, _READ, _READ, _READ_BYTES,  # addresses
        INTS, INTS, INTS, types.Array(types.boolean, 1, "C"),
    ),
    allocates=False,
)  # fmt: skip
def find_exact(
    streets: Array, texts: Array, numbers: Array, boxes: Array, other_numbers: Array, other_boxes: Array,
    postcodes: Array, places: Array,
    spans: Array, members: Array,
    key_start: Array, key_rows: Array, postcode_start: Array, postcode_rows: Array,
    row_postcode: Array, row_town: Array, row_part: Array, row_street: Array,
    row_first: Array, address_number: Array, number_first: Array, address_box: Array, box_first: Array, status: Array,
    begins: Array, mosts: Array, found: Array, by_part: Array,
) -> int:  # fmt: skip
    """Find the one current address that each question names word for word: in one way to read it, and in no other.

    Parameters
    ----------
    streets, numbers, boxes, postcodes, places
        Parts of each question: numbers of a street's key, of the normal forms of the house number and the box (0 for
        no box), of the postcode and of the place; `ABSENT`, or `UNCLEAR`.
    texts
        Number of the street's text of each question. Where the street can only be one with a similar name, and all
        else is clear, it stays; elsewhere it is made -1.
    other_numbers, other_boxes
        Another way to read the house number, with a box in it; `ABSENT` where there is none. A question with a box of
        its own has no other way, and the number is made `ABSENT`: that box leaves a range a range.
    spans, members
        The table of places, with columns from `TOWNS` to `LAST_ROW`, and the municipalities and localities that it
        speaks of.
    key_start, key_rows, postcode_start, postcode_rows
        Street rows of each key and of each postcode, in ascending order. Rows stand in the order of their places, so
        that those of a place are near each other, and a street name that hundreds of towns have is not gone through.
    row_postcode, row_town, row_part, row_street
        Street rows of the index.
    row_first, address_number, number_first, address_box, box_first, status
        Addresses of the index.
    begins, mosts
        Room for the first and the last row to look at of each question.
    found
        Receives the address of each question, -1 where there is none or the rules must decide.
    by_part
        Receives whether the place named is a part of the municipality.

    Returns
    -------
    int
        How many of `texts` stayed.
    """
    similar = 0
    for i in range(len(streets)):
        street, postcode, place = streets[i], postcodes[i], places[i]
        if boxes[i] != 0:
            other_numbers[i] = -1
        begins[i], mosts[i] = 0, -1
        placed = postcode >= -1 and place >= -1 and (postcode >= 0 or place >= 0)
        if placed and street == -1 and numbers[i] >= 0 and boxes[i] >= 0:
            similar += 1
        else:
            texts[i] = -1
        if street < 0 or not placed or (numbers[i] < 0 and other_numbers[i] < 0):
            continue
        least, most = 0, len(row_postcode) - 1
        if place >= 0:
            least, most = spans[place, FIRST_ROW], spans[place, LAST_ROW]
        if postcode >= 0:
            begin, stop = postcode_start[postcode], postcode_start[postcode + 1]
            if begin < stop:
                least, most = max(least, postcode_rows[begin]), min(most, postcode_rows[stop - 1])
        begins[i] = _first_not_below(key_rows, key_start[street], key_start[street + 1], least)
        mosts[i] = most
    for i in range(len(streets)):
        ahead = i + _AHEAD
        if ahead < len(streets) and mosts[ahead] >= 0 and begins[ahead] < key_start[streets[ahead] + 1]:
            row = key_rows[begins[ahead]]
            for address in range(row_first[row], min(row_first[row + 1], row_first[row] + _PREFETCHED), _LINE):
                prefetch(address_number, address)
                prefetch(address_box, address)
            prefetch(status, row_first[row])
        found[i] = -1
        by_part[i] = False
        if mosts[i] < 0 or numbers[i] == UNCLEAR or boxes[i] == UNCLEAR:
            continue
        address, part = _NOWHERE, False
        for other in range(2):
            number, box = (other_numbers[i], other_boxes[i]) if other else (numbers[i], boxes[i])
            if number < 0 or box < 0:
                continue
            one, in_part = _one_address(
                begins[i], mosts[i], key_start[streets[i] + 1], number, box, postcodes[i], places[i],
                spans, members, key_rows, row_postcode, row_town, row_part, row_street,
                row_first, address_number, number_first, address_box, box_first, status,
            )  # fmt: skip
            if address == _NOWHERE:
                address, part = one, in_part
            elif one != _NOWHERE:
                address = _UNSURE
        if address >= 0:
            found[i], by_part[i] = address, part
    return similar
