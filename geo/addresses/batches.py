"""Many questions at once: their texts become numbers, each different text once, and one pass finds the exact ones."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from geo.addresses.costs import score_of
from geo.addresses.designators import box_form, read_designation
from geo.addresses.exact import ABSENT, UNCLEAR, find_exact
from geo.addresses.matching import match_query
from geo.addresses.questions import (
    MAX_TEXT,
    QUERY_FIELDS,
    AddressMatch,
    AddressQuery,
    Component,
    Level,
    Reason,
    Verdict,
)
from geo.addresses.readings import clean, has_leading_postcode, read_country, read_postcode
from geo.addresses.register import Register
from geo.addresses.spelling import street_keys

__all__ = ["Matches", "match_table", "table_of_queries"]

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
BY_PART: Final = Reason("municipality-from-locality", "municipality")


class _Texts:
    """A column of questions: its different texts, and which of them each question has."""

    def __init__(self, table: pa.Table, name: str) -> None:
        self.texts: list[str] = []
        self.codes: npt.NDArray[np.int64] | None = None
        if name not in table.schema.names or table[name].null_count == len(table):
            return
        column = table[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        self.texts = encoded.dictionary.to_pylist()
        self.codes = pc.fill_null(encoded.indices, len(self.texts)).to_numpy(zero_copy_only=False).astype(np.int64)

    def numbered(self, number: Callable[[list[str]], Sequence[int] | Ints], absent: int, questions: int) -> Ints:
        """Give each question the number of its text, and `absent` to those without one."""
        if self.codes is None:
            return np.full(questions, absent, np.int32)
        known = np.empty(len(self.texts) + 1, np.int32)
        known[:-1] = number(self.texts)
        known[-1] = absent
        return known[self.codes]


def _streets(register: Register, texts: list[str]) -> Ints:
    """Give a number to the street names whose abbreviations have one reading that exists."""
    readings = [street_keys(text) if len(text) <= MAX_TEXT else ("",) for text in texts]
    found = register.street_keys.find_many([reading[0] for reading in readings])
    for place, reading in enumerate(readings):
        if len(reading) > 1:
            numbers = [n for n in map(register.street_keys.find, reading) if n >= 0]
            found[place] = numbers[0] if len(numbers) == 1 else UNCLEAR
    return found


def _house_numbers(register: Register, texts: list[str]) -> tuple[list[int], list[int]]:
    """Give a number to what can be read in one way: the house number, and the box that it brings along."""
    numbers, boxes = [], []
    for text in texts:
        readings = read_designation(clean(text)) if len(text) <= MAX_TEXT else ()
        first = readings[0] if readings else None
        # Readings that cut a number apart cost something, and so cannot compete with one that costs nothing.
        if first is None or first.extra or any(other.direct for other in readings[1:]):
            numbers.append(UNCLEAR)
            boxes.append(UNCLEAR)
            continue
        number = register.number_keys.find(first.number)
        box = register.box_keys.find(first.box) if first.box else 0
        numbers.append(number if number >= 0 else UNCLEAR)
        boxes.append(box if box >= 0 else UNCLEAR)
    return numbers, boxes


def _boxes(register: Register, texts: list[str]) -> list[int]:
    numbers = []
    for text in texts:
        form = box_form(clean(text)) if len(text) <= MAX_TEXT else None
        number = 0 if form == "" else register.box_keys.find(form) if form else UNCLEAR
        numbers.append(number if number >= 0 else UNCLEAR)
    return numbers


def _postcodes(register: Register, texts: list[str]) -> list[int]:
    numbers = []
    for text in texts:
        cleaned = clean(text) if len(text) <= MAX_TEXT else None
        number = ABSENT if cleaned == "" else UNCLEAR
        if cleaned:
            number = register.postcode(read_postcode(cleaned, register.country))
        numbers.append(number if number >= 0 or cleaned == "" else UNCLEAR)
    return numbers


class _Places:
    """The places of a batch, and what each may mean."""

    def __init__(self, register: Register, texts: _Texts, questions: int) -> None:
        self.towns: list[int] = []
        self.parts: list[int] = []
        self.town_start, self.part_start = [0], [0]

        def number(names: list[str]) -> list[int]:
            numbers = []
            for name in names:
                cleaned = clean(name) if len(name) <= MAX_TEXT else None
                if cleaned == "":
                    numbers.append(ABSENT)
                    continue
                clear = cleaned is not None and not has_leading_postcode(cleaned, register.country)
                place = register.place(cleaned) if cleaned is not None and clear else None
                if place is None or not place.known or place.edits:
                    numbers.append(UNCLEAR)
                    continue
                numbers.append(len(self.town_start) - 1)
                self.towns += place.municipalities
                self.parts += place.localities
                self.town_start.append(len(self.towns))
                self.part_start.append(len(self.parts))
            return numbers

        self.numbers = texts.numbered(number, ABSENT, questions)

    def arrays(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Give the lists of municipalities and localities as arrays."""
        town_start, towns, part_start, parts = (
            np.array(values, np.int32) for values in (self.town_start, self.towns, self.part_start, self.parts)
        )
        return town_start, towns, part_start, parts


def _find(register: Register, table: pa.Table) -> tuple[Ints, Flags, Flags, Flags]:
    """Answer what can be answered word for word.

    Returns the address of each question, else -1; whether the place is a part of a municipality; and whether a
    postcode and a place were given.
    """
    questions = len(table)
    columns = {name: _Texts(table, name) for name in QUERY_FIELDS}
    streets = columns["street"].numbered(lambda texts: _streets(register, texts), UNCLEAR, questions)
    own_boxes: list[int] = []

    def house_numbers(texts: list[str]) -> list[int]:
        numbers, boxes = _house_numbers(register, texts)
        own_boxes.extend(boxes)
        return numbers

    numbers = columns["house_number"].numbered(house_numbers, UNCLEAR, questions)
    own = columns["house_number"].numbered(lambda _: own_boxes, UNCLEAR, questions)
    boxes = columns["box"].numbered(lambda texts: _boxes(register, texts), 0, questions)
    both = np.where((own != 0) & (boxes != 0), UNCLEAR, own + boxes).astype(np.int32)
    postcodes = columns["postcode"].numbered(lambda texts: _postcodes(register, texts), ABSENT, questions)
    places = _Places(register, columns["municipality"], questions)
    here = columns["country"].numbered(lambda texts: _countries(register, texts), 1, questions)
    lined = columns["line"].numbered(lambda texts: [int(bool(clean(t))) for t in texts], 0, questions)
    streets[(here != 1) | (lined != 0)] = UNCLEAR
    found, by_part = np.empty(questions, np.int32), np.empty(questions, bool)
    arrays = register.arrays
    find_exact(
        streets, numbers, both, postcodes, places.numbers, *places.arrays(),
        register.street_rows.start, register.street_rows.member,
        register.row_postcode, register.row_municipality, register.row_locality, register.row_street,
        register.first, register.number, register.number_first, register.box, register.box_first,
        arrays["address.status"], found, by_part,
    )  # fmt: skip
    return found, by_part, postcodes >= 0, places.numbers >= 0


def _countries(register: Register, texts: list[str]) -> list[int]:
    return [int(not t.strip() or read_country(t) == register.country) if len(t) <= MAX_TEXT else 0 for t in texts]


class Matches(Sequence[AddressMatch]):
    """The answers to a batch: arrays for those that were found word for word, made into objects when asked for.

    Attributes
    ----------
    exact
        Number of the address in the index for each question that was accepted word for word, else -1.
    """

    def __init__(self, register: Register, table: pa.Table, *, lang: str, require_box: bool) -> None:
        self._register = register
        self._lang = lang
        self.exact, self._by_part, self._postcoded, self._placed = _find(register, table)
        rest = np.flatnonzero(self.exact < 0)
        names = [name for name in QUERY_FIELDS if name in table.schema.names]
        asked = table.take(pa.array(rest)).select(names).to_pydict() if len(rest) else {}
        self._others: dict[int, AddressMatch] = {}
        for place, values in zip(rest.tolist(), zip(*asked.values(), strict=True), strict=False):
            query = AddressQuery(**dict(zip(names, values, strict=True)))
            self._others[place] = match_query(register, query, lang=lang, require_box=require_box)
        if len(rest) and not names:
            empty = match_query(register, AddressQuery(), lang=lang, require_box=require_box)
            self._others = dict.fromkeys(rest.tolist(), empty)

    def __len__(self) -> int:
        return len(self.exact)

    @overload
    def __getitem__(self, place: int) -> AddressMatch: ...

    @overload
    def __getitem__(self, place: slice) -> list[AddressMatch]: ...

    def __getitem__(self, place: int | slice) -> AddressMatch | list[AddressMatch]:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        place %= len(self)
        return self._others.get(place) or self._accepted(place)

    def __iter__(self) -> Iterator[AddressMatch]:
        return (self[i] for i in range(len(self)))

    def _accepted(self, place: int) -> AddressMatch:
        register = self._register
        address = int(self.exact[place])
        states = {"street": Component.CONFIRMED, "house_number": Component.CONFIRMED}
        states["postcode"] = Component.CONFIRMED if self._postcoded[place] else Component.INFERRED
        named = self._placed[place] and not self._by_part[place]
        states["municipality"] = Component.CONFIRMED if named else Component.INFERRED
        reasons = (BY_PART,) if self._by_part[place] else ()
        if register.box_form[register.box[address]]:
            states["box"] = Component.CONFIRMED
        return AddressMatch(
            Verdict.ACCEPT, Level.DWELLING, states, register.official(address), (), reasons, score_of(0), self._lang
        )

    def to_table(self) -> pa.Table:
        """Give the answers as a table: verdict, level, score, address_id, reasons (codes, one space between)."""
        verdicts = np.full(len(self), Verdict.ACCEPT.value, object)
        levels = np.full(len(self), Level.DWELLING.value, object)
        scores = np.full(len(self), score_of(0))
        reasons = np.where(self._by_part, BY_PART.code, "").astype(object)
        identifiers = self._register.identifiers(self.exact)
        others = np.fromiter(self._others, np.int64, len(self._others))
        matches = list(self._others.values())
        verdicts[others] = [match.verdict.value for match in matches]
        levels[others] = [match.level.value for match in matches]
        scores[others] = [match.score for match in matches]
        reasons[others] = [" ".join(reason.code for reason in match.reasons) for match in matches]
        identifiers[others] = [match.address.address_id if match.address else None for match in matches]
        return pa.table(
            {
                "verdict": pa.array(verdicts, pa.string()),
                "level": pa.array(levels, pa.string()),
                "score": scores,
                "address_id": pa.array(identifiers, pa.string()),
                "reasons": pa.array(reasons, pa.string()),
            }
        )


def match_table(register: Register, table: pa.Table, *, lang: str, require_box: bool) -> Matches:
    """Answer a table of questions, whose columns are the fields of `AddressQuery` that it has."""
    return Matches(register, table, lang=lang, require_box=require_box)


def _strings(texts: list[str | None]) -> pa.Array:
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:  # half of a surrogate pair is no text: a space, as where one question is answered
        return pa.array([_SURROGATE.sub(" ", text) if text else text for text in texts], pa.string())


def table_of_queries(queries: Sequence[AddressQuery]) -> pa.Table:
    """Give questions as a table."""
    columns: dict[str, Any] = {name: _strings([getattr(query, name) for query in queries]) for name in QUERY_FIELDS}
    return pa.table(columns)
