"""The plain corrections of a batch: one street of the place has a name like the one given, and the house is there.

As with the exact matches, only what the rules of `geo.addresses.matching` confirm without any other candidate is
answered here, at the cost that they would give it; wherever a second street could be meant, a box is in doubt or the
place does not agree, the question is left to them.
"""
# ruff: noqa: PLR0912, PLR0915 - one loop that stays in registers

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import types

from geo.addresses.costs import ALSO_SHOWN, COST, TYPING_ERROR, TYPING_ERROR_SHORT, UNSOLVED
from geo.addresses.distances import BYTES, READ_LETTERS, READ_WIDE, distance, letters_between, mark_letters, pass_over
from geo.addresses.exact import MEMBERS_END, PARTS, SEARCHED, TOWNS
from geo.addresses.names import LOOSER
from geo.compiled import INTS, compiled, inlined

__all__ = ["MOST_CANDIDATES", "SHORTEST", "find_similar", "most_edits"]

Array = npt.NDArray[Any]

MOST_CANDIDATES: Final = 12
"""So many similar streets are looked at; where there are more, the nearest of them."""
SHORTEST: Final = 2
"""Keys up to this length are not compared."""
MOST_COST: Final = 28
"""Up to this cost nothing that was not found can come before what was."""
_TYPING_ERROR: Final = TYPING_ERROR
_TYPING_ERROR_SHORT: Final = TYPING_ERROR_SHORT
_OTHER_KIND: Final = COST["street-kind"]
# A place that was misspelt is never looked at here.
_LEAST_OF_PLACE: Final = min(
    COST[name] for name in ("municipality-part", "municipality-elsewhere", "postcode-near", "postcode-neighbour",
                            "postcode-elsewhere")
)  # fmt: skip
_NONE: Final = 10_000
_ROOM: Final = MOST_CANDIDATES + LOOSER
_LOOSE: Final = COST["street-loose"]
_SHORT: Final = COST["street-short"]
_CORE: Final = COST["street-core"]
_REREAD: Final = COST["house-number-reread"]
_BOX_REREAD: Final = min(COST["box-reread"], COST["box-unexpected"])
_BOX_MISSING: Final = UNSOLVED["box-missing"]
_BOX_NOT_FOUND: Final = UNSOLVED["box-not-found"]
_MOST_RANGES: Final = 32
"""So many ranges of rows that a place may lie in are told apart; where there are more, all rows are looked at."""

_READ: Final = types.Array(types.int32, 1, "C", readonly=True)


def most_edits(length: int) -> int:
    """Give the typing errors that a name of a length may have."""
    return 1 if length < 5 else 2 if length < 10 else 3


@inlined
def _add(keys: Any, costs: Any, count: Any, key: Any, cost: Any) -> Any:
    """Keep a candidate at its lowest cost; give the new count."""
    for i in range(count):
        if keys[i] == key:
            costs[i] = min(costs[i], cost)
            return count
    if count < len(keys):
        keys[count] = key
        costs[count] = cost
    return count + 1


@inlined
def _first_not_below(values: Any, start: Any, end: Any, bound: Any) -> Any:
    while start < end:
        middle = (start + end) >> 1
        if values[middle] < bound:
            start = middle + 1
        else:
            end = middle
    return start


@inlined
def _add_range(lows: Any, highs: Any, count: Any, low: Any, high: Any) -> Any:
    """Add a range to sorted ranges that do not touch; give the new count, `_MOST_RANGES` + 1 where there is no room."""
    if low >= high or count > _MOST_RANGES:
        return count
    first = 0
    while first < count and highs[first] < low:
        first += 1
    last = first
    while last < count and lows[last] <= high:
        low, high = min(low, lows[last]), max(high, highs[last])
        last += 1
    if last == first:  # a new one between two others
        if count == _MOST_RANGES:
            return count + 1
        for k in range(count, first, -1):
            lows[k], highs[k] = lows[k - 1], highs[k - 1]
        count += 1
    else:
        for k in range(last, count):
            lows[k - last + first + 1], highs[k - last + first + 1] = lows[k], highs[k]
        count -= last - first - 1
    lows[first], highs[first] = low, high
    return count


@compiled(
    types.void(
        INTS, INTS, INTS,  # the different texts, one for each question; their keys
        READ_WIDE, BYTES, BYTES,  # these keys
        INTS,  # looser keys of each text
        INTS, INTS, INTS, INTS, INTS, INTS,  # number, box, another reading of both, postcode, place of each question
        types.Array(types.boolean, 1, "C"),  # whether the number may be cut apart
        types.int32[:, ::1], INTS,  # the table of places, and their members
        _READ, _READ, READ_LETTERS,  # keys of municipalities
        _READ, _READ, READ_LETTERS, _READ,  # keys of postcodes, whose town if there is one
        _READ, _READ, _READ, _READ,  # rows of municipalities and of postcodes
        READ_WIDE, BYTES, BYTES, _READ, _READ,  # all keys and their rows
        _READ, _READ, _READ, _READ,  # postcode, municipality, locality, street of each row
        _READ, _READ, _READ, _READ, _READ, BYTES,  # addresses
        INTS, INTS, types.Array(types.boolean, 1, "C"),
    )
)  # fmt: skip
def find_similar(
    texts: Array, first_keys: Array, last_keys: Array,
    offsets: Array, letters_text: Array, kinds: Array,
    looser: Array,
    numbers: Array, boxes: Array, other_numbers: Array, other_boxes: Array, postcodes: Array, places: Array,
    cut: Array,
    spans: Array, members: Array,
    town_key_start: Array, town_keys: Array, town_letters: Array,
    postcode_key_start: Array, postcode_keys: Array, postcode_letters: Array, postcode_town: Array,
    town_row_start: Array, town_rows: Array, postcode_row_start: Array, postcode_rows: Array,
    key_offsets: Array, key_text: Array, key_kinds: Array, key_start: Array, key_rows: Array,
    row_postcode: Array, row_town: Array, row_part: Array, row_street: Array,
    row_first: Array, address_number: Array, number_first: Array, address_box: Array, box_first: Array, status: Array,
    found: Array, costs_found: Array, by_part: Array,
) -> None:  # fmt: skip
    """Find the one current address that each question names but for typing errors in its street.

    Parameters
    ----------
    texts
        Number of each question's street among the different ones, -1 for a question that is not to be looked at.
    first_keys, last_keys
        The range of each different street's keys.
    offsets, letters_text, kinds
        These keys, and their kinds of street.
    looser
        `LOOSER` other keys for each different street, -1 for none.
    numbers, boxes, postcodes, places
        As for `geo.addresses.exact.find_exact`; at least one of the last two is given, and none is unclear.
    other_numbers, other_boxes
        A second way to read house number and box, negative for none: an address of that kind leaves it to the rules.
    cut
        Whether a house number may also be read as another with a box, at a cost (`5A`).
    spans, members
        As for `geo.addresses.exact.find_exact`.
    town_key_start, town_keys, town_letters, postcode_key_start, postcode_keys, postcode_letters
        Streets of municipalities and postcodes, and the letters of each.
    postcode_town
        The municipality that a postcode lies in, -1 where it lies in several.
    town_row_start, town_rows, postcode_row_start, postcode_rows
        Rows of municipalities and postcodes.
    key_offsets, key_text, key_kinds, key_start, key_rows
        All streets, and their rows.
    row_postcode, row_town, row_part, row_street
        Rows.
    row_first, address_number, number_first, address_box, box_first, status
        Addresses.
    found, costs_found, by_part
        Receive, where it is found, the address; its cost; and whether the place named is a part of the municipality.
    """
    masks = np.empty(37, np.uint64)
    keys = np.empty(_ROOM, np.int32)
    costs = np.empty(_ROOM, np.int32)
    lows, highs = np.empty(_MOST_RANGES, np.int32), np.empty(_MOST_RANGES, np.int32)
    near = np.empty(max(len(town_keys), len(postcode_keys)), np.int32)
    for i in range(len(texts)):
        text = texts[i]
        if text < 0:
            continue
        number, box, postcode, place = numbers[i], boxes[i], postcodes[i], places[i]
        count = 0
        for k in range(LOOSER):
            if looser[LOOSER * text + k] >= 0:
                cost = _LOOSE if k == 0 else _SHORT if k == 1 else _CORE
                count = _add(keys, costs, count, looser[LOOSER * text + k], cost)
        given = count
        pools = spans[place, MEMBERS_END] - spans[place, SEARCHED] if place >= 0 else 0
        for own in range(first_keys[text], last_keys[text]):
            begin, length = offsets[own], offsets[own + 1] - offsets[own]
            mark_letters(letters_text, begin, begin + length, masks)
            letters = letters_between(letters_text, begin, begin + length)
            most = 1 if length < 5 else 2 if length < 10 else 3
            second = _TYPING_ERROR_SHORT if length <= 6 else _TYPING_ERROR
            for pool in range(pools + 1):
                if pool < pools:
                    town = members[spans[place, SEARCHED] + pool]
                    low, high = town_key_start[town], town_key_start[town + 1]
                    left = pass_over(letters, most, town_letters, low, high, near)
                elif postcode >= 0:
                    inside = False
                    for k in range(pools):
                        inside = inside or members[spans[place, SEARCHED] + k] == postcode_town[postcode]
                    if inside:  # its streets were all compared
                        break
                    low, high = postcode_key_start[postcode], postcode_key_start[postcode + 1]
                    left = pass_over(letters, most, postcode_letters, low, high, near)
                else:
                    break
                for k in range(left):
                    key = town_keys[near[k]] if pool < pools else postcode_keys[near[k]]
                    edits = distance(masks, length, most, key_text, key_offsets[key], key_offsets[key + 1])
                    if edits <= most:
                        cost = _TYPING_ERROR + max(edits - 1, 0) * second
                        if kinds[own] and key_kinds[key] and kinds[own] != key_kinds[key]:
                            cost += _OTHER_KIND
                        count = _add(keys, costs, count, key, cost)
        if count - given > MOST_CANDIDATES:
            continue
        ranges = 0
        for pool in range(pools):
            town = members[spans[place, SEARCHED] + pool]
            low, high = town_row_start[town], town_row_start[town + 1]
            if low < high:
                ranges = _add_range(lows, highs, ranges, town_rows[low], town_rows[high - 1] + 1)
        if postcode >= 0:
            low, high = postcode_row_start[postcode], postcode_row_start[postcode + 1]
            if low < high:
                ranges = _add_range(lows, highs, ranges, postcode_rows[low], postcode_rows[high - 1] + 1)
        if ranges > _MOST_RANGES:
            ranges, lows[0], highs[0] = 1, 0, len(row_town)
        winner, winner_cost, next_cost, low, high = -1, 0, _NONE, 0, 0
        unsolved, unnumbered = _NONE, _NONE
        clear = True
        part = False
        for c in range(count):  # the cheapest street with the address, and what the next one costs at least
            only_street, several, here, agreed = -1, False, False, False
            place_in_rows, end_of_rows = key_start[keys[c]], key_start[keys[c] + 1]
            for ranged in range(ranges):
                place_in_rows = _first_not_below(key_rows, place_in_rows, end_of_rows, lows[ranged])
                while clear and place_in_rows < end_of_rows and key_rows[place_in_rows] < highs[ranged]:
                    row = key_rows[place_in_rows]
                    place_in_rows += 1
                    in_town, in_part = False, False
                    if place >= 0:
                        for j in range(spans[place, TOWNS], spans[place, PARTS]):
                            in_town = in_town or members[j] == row_town[row]
                        for j in range(spans[place, PARTS], spans[place, SEARCHED]):
                            in_part = in_part or members[j] == row_part[row]
                    in_postcode = postcode >= 0 and row_postcode[row] == postcode
                    if not (in_town or in_part or in_postcode):
                        continue
                    agreed = True
                    whole = (place < 0 or in_town or in_part) and (postcode < 0 or in_postcode)
                    if whole:
                        several = several or (only_street >= 0 and row_street[row] != only_street)
                        only_street = row_street[row]
                    end = row_first[row + 1]
                    if other_numbers[i] >= 0 and other_boxes[i] > 0:
                        start = _first_not_below(address_number, row_first[row], end, number_first[other_numbers[i]])
                        stop = _first_not_below(address_number, start, end, number_first[other_numbers[i] + 1])
                        start = _first_not_below(address_box, start, stop, box_first[other_boxes[i]])
                        if start < stop and address_box[start] < box_first[other_boxes[i] + 1]:
                            clear = False
                    start = _first_not_below(address_number, row_first[row], end, number_first[number])
                    end = _first_not_below(address_number, start, end, number_first[number + 1])
                    if start == end:
                        unnumbered = min(unnumbered, costs[c])
                        continue
                    here = True
                    cost = costs[c] if whole else costs[c] + _LEAST_OF_PLACE
                    if box > 0:
                        first = _first_not_below(address_box, start, end, box_first[box])
                        last = _first_not_below(address_box, first, end, box_first[box + 1])
                        if first == last:  # another box may be meant, or none
                            unsolved = min(unsolved, cost + _BOX_NOT_FOUND)
                            next_cost = min(next_cost, cost + _BOX_REREAD)
                            continue
                        start, end = first, last
                    elif address_box[end - 1] >= box_first[1]:
                        unsolved = min(unsolved, cost + _BOX_MISSING)
                        next_cost = min(next_cost, cost)
                        continue
                    if not whole:
                        next_cost = min(next_cost, cost)
                    elif row == winner:
                        winner_cost = min(winner_cost, cost)
                    elif winner >= 0 and cost >= winner_cost:
                        next_cost = min(next_cost, cost)
                    else:
                        if winner >= 0:
                            next_cost = min(next_cost, winner_cost)
                        winner, winner_cost, low, high = row, cost, start, end
                        part = place >= 0 and not in_town
            # Without a row that agrees the rules go on to look elsewhere, unless both parts of the place were given.
            if (here and several) or (not agreed and (place < 0 or postcode < 0)):
                clear = False
            if not clear:
                break
        if cut[i]:
            next_cost = min(next_cost, unnumbered + _REREAD)
        if not clear or winner < 0 or winner_cost > MOST_COST or next_cost - winner_cost < ALSO_SHOWN:
            continue
        if unsolved <= winner_cost:
            continue
        current = -1
        for address in range(low, high):
            if status[address] == 0:
                if current >= 0:
                    current = -2
                    break
                current = address
        if current >= 0:
            found[i] = current
            costs_found[i] = winner_cost
            by_part[i] = part
