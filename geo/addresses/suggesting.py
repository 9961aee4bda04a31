"""Complete what somebody is typing: streets first, then house numbers, then boxes.

A street is found by the beginning of any of its words, in any of its languages, and with one typing error where
nothing begins so. Behind it may stand a place or a postcode, or the beginning of one; where there is a figure, the
house numbers of the streets found are listed, and the boxes of a house number that is complete.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geo.addresses.designators import box_form, number_form, read_designation, with_box
from geo.addresses.distances import LONGEST
from geo.addresses.lexicon import Lists, Pool, lists_of, pool_of
from geo.addresses.prefixes import MOST_RANGES, find_prefix, find_prefixes_near
from geo.addresses.questions import MAX_TEXT, Suggestion, in_language
from geo.addresses.readings import clean
from geo.addresses.register import CURRENT, Register
from geo.addresses.spelling import fold, place_keys, street_keys, typed_words

__all__ = ["Suggester", "write_prefixes"]

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]

MOST_NAMES: Final = 120
"""So many street names, those with the most addresses, are looked at for one prefix."""
MOST_NAMES_IN_PLACE: Final = 4000
"""The same where a place leaves few of their rows."""
MOST_ROWS: Final = 60
"""So many street rows are searched for a house number."""
SHORTEST_WITH_ERROR: Final = 4
MOST_PLACE_WORDS: Final = 4
MOST_FIGURES: Final = 3
"""So many figures of a line, the last ones, may be the house number."""


def write_prefixes(names: list[str], table: Array, sizes: Array, add: Callable[[str, Array], None]) -> None:
    """Write what the beginnings of words are looked up in: each name from each of its words on, in order.

    Parameters
    ----------
    names
        Street names; the first is empty.
    table
        Street rows: the first three columns are numbers of names.
    sizes
        Number of addresses of each street row.
    add
        Takes the arrays.
    """
    tails: list[tuple[str, int, int]] = []
    for number, name in enumerate(names):
        words = typed_words(name) if name else []
        tails += [("".join(words[word:]), number, word) for word in range(len(words))]
    tails.sort()
    pool_of([tail for tail, _, _ in tails], "tail", add)
    add("tail.name", np.array([number for _, number, _ in tails], np.int32))
    add("tail.word", np.array([min(word, 255) for _, _, word in tails], np.uint8))
    named = [table[:, column] != 0 for column in range(3)]
    of_row = np.concatenate([table[mask, column] for column, mask in enumerate(named)])
    row = np.concatenate([np.flatnonzero(mask) for mask in named])
    lists_of(of_row, row, len(names), "name.row", add)
    add("row.size", sizes.astype(np.int32))
    add("name.size", np.bincount(of_row, sizes[row], minlength=len(names)).astype(np.int32))


@dataclass(frozen=True, slots=True)
class _Typed:
    """One way to cut what was typed: the beginning of a street, what may be a number, what may be a place."""

    street: str
    tail: str
    place: str


class Suggester:
    """Completes addresses of a register.

    Parameters
    ----------
    register
        The index.
    """

    def __init__(self, register: Register) -> None:
        arrays = register.arrays
        self._register = register
        self._tails = Pool(arrays, "tail")
        self._tail_name: npt.NDArray[np.int32] = arrays["tail.name"]
        self._tail_word: npt.NDArray[np.uint8] = arrays["tail.word"]
        self._rows_of_name = Lists(arrays, "name.row")
        self._name_size: npt.NDArray[np.int32] = arrays["name.size"]
        self._row_size: npt.NDArray[np.int32] = arrays["row.size"]
        self._figure: npt.NDArray[np.int32] = arrays["number.figure"]
        self._postcode_figure: npt.NDArray[np.int32] = arrays["postcode.figure"]
        self._place_keys = {
            what: [
                [fold(name).replace(" ", "") for name in register.place_names(what, number).values()]
                for number in range(register.count_places(what))
            ]
            for what in ("municipality", "locality")
        }
        self._beginning = lru_cache(maxsize=1024)(self._places_beginning)

    def suggest(self, text: str, *, lang: str, limit: int) -> list[Suggestion]:
        """Complete a text.

        Parameters
        ----------
        text
            What was typed so far.
        lang
            Language of the suggestions.
        limit
            Most suggestions.

        Returns
        -------
        list of Suggestion
            The likeliest first.
        """
        if len(text) > MAX_TEXT:
            return []
        cleaned = clean(text)
        found: dict[str, Suggestion] = {}
        for with_error in (False, True):
            # A figure may belong to the street's name, but with an error added it is rather a house number.
            cuts = list(_cuts(cleaned))
            for typed in cuts if with_error else sorted(cuts, key=lambda cut: bool(cut.tail or cut.place)):
                rows = self._streets(typed, with_error=with_error)
                if not len(rows):
                    continue
                lines = self._numbers(rows, typed.tail, lang) if typed.tail else self._lines(rows, lang)
                for line in lines:
                    found.setdefault(line.text, line)
                    if len(found) >= limit:
                        return list(found.values())
            if found:
                break
        return list(found.values())

    # Streets ----------------------------------------------------------------------------------------------------

    def _streets(self, typed: _Typed, *, with_error: bool) -> Ints:
        """Give the rows of the streets that begin so, the likeliest first."""
        ranges: list[tuple[int, int]] = []
        for key in _prefix_keys(typed.street, complete=bool(typed.tail or typed.place)):
            raw = np.frombuffer(key.encode(), np.uint8)
            if not 0 < len(raw) <= LONGEST:
                continue
            if not with_error:
                ranges.append(find_prefix(raw, self._tails.offsets, self._tails.text))
            elif len(raw) >= SHORTEST_WITH_ERROR:
                near = np.empty(2 * MOST_RANGES, np.int32)
                count = find_prefixes_near(raw, self._tails.offsets, self._tails.text, near)
                ranges += [(int(near[2 * i]), int(near[2 * i + 1])) for i in range(count)]
        ranges = [(low, high) for low, high in ranges if low < high]
        if not ranges:
            return np.empty(0, np.int64)
        tails = np.concatenate([np.arange(low, high) for low, high in ranges])
        names = self._tail_name[tails]
        begins = self._tail_word[tails] == 0
        lengths = self._tails.offsets[tails + 1] - self._tails.offsets[tails]
        whole = begins & (lengths <= min(len(k) for k in _prefix_keys(typed.street, complete=True)))
        weight = self._name_size[names] + (begins * np.int64(1 << 24)) + (whole * np.int64(1 << 25))
        most = MOST_NAMES_IN_PLACE if typed.place else MOST_NAMES
        if len(names) > most:
            keep = np.argpartition(-weight, most)[:most]
            names, weight = names[keep], weight[keep]
        row, which = self._rows_of_name.members(names)
        rank = self._row_size[row] + (weight[which] >> 24 << 24)
        if typed.place:
            inside = self._in_place(row, typed.place)
            row, rank = row[inside], rank[inside]
        order = np.argsort(-rank, kind="stable")
        row = row[order]
        _, first = np.unique(row, return_index=True)
        return row[np.sort(first)]

    def _in_place(self, rows: Ints, place: str) -> npt.NDArray[np.bool_]:
        """Tell which rows lie in a place that begins so, or under a postcode that begins so."""
        register = self._register
        words = fold(place)
        pattern = r"(\d{1,4})(?: ?([a-z]{1,2}))?\b" if register.country == "NL" else r"(\d{1,4})()\b"
        code = re.match(pattern, words)
        inside = np.ones(len(rows), bool)
        if code:
            postcodes = register.row_postcode[rows]
            inside = self._postcode_figure[postcodes] // 10 ** (4 - len(code[1])) == int(code[1])
            if code[2]:
                begin = (code[1] + code[2]).upper()
                inside[inside] = [register.postcodes[p].startswith(begin) for p in postcodes[inside].tolist()]
            words = words[code.end() :].strip()
        if words:
            towns, parts = self._beginning(words)
            inside &= towns[register.row_municipality[rows]] | parts[register.row_locality[rows]]
        return inside

    def _places_beginning(self, words: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Tell which municipalities and which localities have a name that begins so."""
        keys = tuple(key for key in place_keys(words) if key)
        towns, parts = (
            np.array([any(name.startswith(keys) for name in names) for names in self._place_keys[what]], bool)
            for what in ("municipality", "locality")
        )
        return towns, parts

    def _lines(self, rows: Ints, lang: str) -> Iterator[Suggestion]:
        for row in rows.tolist():
            yield self._suggestion("street", row, lang)

    def _suggestion(
        self, kind: str, row: int, lang: str, number: str | None = None, box: str | None = None, address: int = -1
    ) -> Suggestion:
        register = self._register
        street = in_language(register.names_of(row), lang)
        town = int(register.row_municipality[row])
        municipality = in_language(register.place_names("municipality", town), lang)
        postcode = register.postcodes[int(register.row_postcode[row])] or None
        place = municipality
        if register.country == "NL":
            place = in_language(register.place_names("locality", int(register.row_locality[row])), lang) or place
            if kind == "street":
                postcode = None  # a street has many
        head = street
        if number:
            head = f"{street} {with_box(number, box, lang, register.country)}"
        return Suggestion(
            kind=kind,
            text=f"{head}, {' '.join(part for part in (postcode, place) if part)}",
            street=street,
            house_number=number,
            box=box,
            postcode=postcode,
            municipality=municipality,
            municipality_code=register.municipality_code(town),
            address_id=register.identifier(address) if address >= 0 else None,
        )

    # House numbers and boxes ------------------------------------------------------------------------------------

    def _numbers(self, rows: Ints, tail: str, lang: str) -> Iterator[Suggestion]:
        """Give the house numbers that begin so: the complete one with its boxes first, then longer ones."""
        read = read_designation(tail)
        digits = re.match(r"\d{1,5}", tail)
        if digits is None:
            return
        figure = int(digits[0])
        typed = number_form(tail) if not read or read[0].box else read[0].number
        longer: list[Suggestion] = []
        for row in rows[:MOST_ROWS].tolist():
            for code, low, high in self._houses(row, figure):
                number = self._register.numbers[code]
                form = number_form(number)
                exact = form == typed or any(form == reading.number for reading in read)
                if exact:
                    yield from self._house(row, number, low, high, read[0].box if read else "", lang)
                elif form.startswith(typed):
                    longer.append(self._house_line(row, number, low, high, lang))
        longer.sort(key=lambda line: len(line.house_number or ""))
        yield from longer

    def _houses(self, row: int, figure: int) -> Iterator[tuple[int, int, int]]:
        """Give the house numbers of a row whose figure begins with the digits of another."""
        register = self._register
        start, end = int(register.first[row]), int(register.first[row + 1])
        codes = register.number[start:end]
        cuts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
        figures = self._figure[codes[cuts]]
        fits = figures == figure
        for _ in range(3):
            figures = figures // 10
            fits |= (figures == figure) & (figure > 0)
        ends = np.append(cuts[1:], end - start)
        for place in np.flatnonzero(fits).tolist():
            yield int(codes[cuts[place]]), start + int(cuts[place]), start + int(ends[place])

    def _house_line(self, row: int, number: str, low: int, high: int, lang: str) -> Suggestion:
        alone = high - low == 1
        box = self._register.boxes[int(self._register.box[low])] or None if alone else None
        return self._suggestion("house-number", row, lang, number, box, low if alone else -1)

    def _house(self, row: int, number: str, low: int, high: int, box: str, lang: str) -> Iterator[Suggestion]:
        register = self._register
        current = [a for a in range(low, high) if register.status[a] == CURRENT]
        if not current:
            return
        if not box:
            yield self._suggestion("house-number", row, lang, number, None, current[0] if len(current) == 1 else -1)
        for address in current:
            text = register.boxes[int(register.box[address])]
            if text and box_form(text).startswith(box):
                yield self._suggestion("box", row, lang, number, text, address)


def _prefix_keys(street: str, *, complete: bool) -> tuple[str, ...]:
    """Give the keys that the beginning of a street's name may be; its last word may be unfinished."""
    keys = street_keys(street)
    if complete:
        return keys
    head, _, last = fold(street).rpartition(" ")
    heads = street_keys(head) if head else ("",)
    return tuple(dict.fromkeys([*(first + last for first in heads), *keys]))


def _cuts(text: str) -> Iterator[_Typed]:
    """Give the ways to cut what was typed, the likeliest first."""
    head, comma, behind = text.partition(",")
    behind = behind.strip()
    for found in reversed(list(re.finditer(r"(?<=\s)\d", head))[-MOST_FIGURES:]):
        street, tail = head[: found.start()].strip(), head[found.start() :].strip()
        if not any(c.isalpha() for c in street):
            continue
        words = tail.split(" ")
        yield _Typed(street, tail, behind)
        # Words behind the number may be a place: `kerkstraat 5 9000 ge`.
        for cut in range(1, min(len(words), MOST_PLACE_WORDS + 1)):
            yield _Typed(street, " ".join(words[:cut]), " ".join(words[cut:]))
    if comma and behind[:1].isdigit() and not re.match(r"\d{4}", behind):
        yield _Typed(head.strip(), behind, "")
    if not any(c.isalnum() for c in head):
        return
    yield _Typed(head.strip(), "", behind)
    words = head.split()
    for cut in range(len(words) - 1, max(0, len(words) - 1 - MOST_PLACE_WORDS), -1):
        yield _Typed(" ".join(words[:cut]), "", " ".join(words[cut:]))
