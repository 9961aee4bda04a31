"""Many questions at once: their texts become numbers, each different text once, and one pass finds the exact ones."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from typing_extensions import override

from geo.addresses.costs import score_of
from geo.addresses.designators import box_form, read_designation
from geo.addresses.distances import LONGEST
from geo.addresses.exact import ABSENT, NOWHERE, UNCLEAR, find_exact
from geo.addresses.likenesses import accepted_keys, searched_towns
from geo.addresses.matching import match_query
from geo.addresses.names import LOOSER, WORDY, read_names
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
from geo.addresses.similar import SHORTEST, find_similar
from geo.addresses.spelling import street_forms, street_keys, street_type_number

__all__ = ["Matches", "match_queries", "match_table"]

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
CORRECTED: Final = "street-corrected"
BY_PART: Final = Reason("municipality-from-locality", "municipality")


class _Texts(ABC):
    """A column of questions: its different texts, and which of them each question has."""

    codes: Ints | None = None
    """For each question the place of its text; None where no question has one."""
    _absent: list[int] | npt.NDArray[np.int64]
    """The places that stand for no text."""

    @property
    @abstractmethod
    def texts(self) -> list[str]:
        """The different texts."""

    @abstractmethod
    def text(self, place: int) -> str:
        """Give one of them."""

    @abstractmethod
    def utf8(self) -> tuple[npt.NDArray[np.int64], Bytes]:
        """Give their bytes, and where each begins."""

    def numbered(self, number: Callable[[list[str]], Sequence[int] | Ints], absent: int, questions: int) -> Ints:
        """Give each question the number of its text, and `absent` to those without one."""
        if self.codes is None:
            return np.full(questions, absent, np.int32)
        return self.spread(number(self.texts), absent, questions)

    def spread(self, numbers: Sequence[int] | Ints, absent: int, questions: int) -> Ints:
        """Give each question the number of its text, where these are known."""
        if self.codes is None:
            return np.full(questions, absent, np.int32)
        known = np.array(numbers, np.int32)
        known[self._absent] = absent
        return known.take(self.codes)


class _TableTexts(_Texts):
    """A column of a table: text, or a dictionary of it."""

    def __init__(self, table: pa.Table, name: str) -> None:
        self._different = pa.array([], pa.string())
        if name not in table.schema.names or table[name].null_count == len(table):
            return
        column = table[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        encoded = column.cast(pa.string()).combine_chunks().dictionary_encode(null_encoding="encode")
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        self._absent = np.flatnonzero(encoded.dictionary.is_null().to_numpy(zero_copy_only=False))
        self._different, self.codes = encoded.dictionary.fill_null(""), encoded.indices.to_numpy()

    @cached_property
    @override
    def texts(self) -> list[str]:
        """The different texts."""
        texts: list[str] = self._different.to_pylist()
        return texts

    @override
    def text(self, place: int) -> str:
        """Give one of them."""
        text: str = self._different[place].as_py()
        return text

    @override
    def utf8(self) -> tuple[npt.NDArray[np.int64], Bytes]:
        """Give their bytes, and where each begins."""
        texts = self._different
        _, offsets, content = texts.buffers()
        begin = (
            np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
            if len(texts)
            else np.zeros(1)
        )
        return begin.astype(np.int64), np.frombuffer(content or b" ", np.uint8)


class _ListTexts(_Texts):
    """A field of a list of questions: a few of them are numbered in less time than a table of them is made."""

    def __init__(self, values: Sequence[str | None]) -> None:
        places: dict[str | None, int] = {}
        codes = [places.setdefault(value, len(places)) for value in values]
        # Half of a surrogate pair is no text: a space, as where one question is answered.
        self._texts = [_SURROGATE.sub(" ", text) if text else "" for text in places]
        self._absent = [places[None]] if None in places else []
        if places.keys() - {None}:
            self.codes = np.array(codes, np.int32)
        else:
            self._texts = []

    @property
    @override
    def texts(self) -> list[str]:
        """The different texts."""
        return self._texts

    @override
    def text(self, place: int) -> str:
        """Give one of them."""
        return self._texts[place]

    @override
    def utf8(self) -> tuple[npt.NDArray[np.int64], Bytes]:
        """Give their bytes, and where each begins."""
        encoded = [text.encode() for text in self._texts]
        begin = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(text) for text in encoded], out=begin[1:])
        return begin, np.frombuffer(b"".join(encoded) or b" ", np.uint8)


class _Streets:
    """The different street names of a batch: numbers of those that exist, and keys to compare of those that do not."""

    def __init__(self, register: Register, names: _Texts) -> None:
        self._register, self._names = register, names
        self.read = read_names(*names.utf8(), register.street_slots, register.street_texts, register.first_names)
        self.numbers = self.read.numbers
        self.wordy = np.flatnonzero(self.numbers == WORDY)
        for place, readings in zip(self.wordy.tolist(), map(self._readings, self.wordy.tolist()), strict=True):
            numbers = [n for n in map(register.find_street, readings) if n >= 0]
            self.numbers[place] = numbers[0] if len(numbers) == 1 else UNCLEAR if numbers else ABSENT

    def _readings(self, place: int) -> tuple[str, ...]:
        """Give the keys of a name whose abbreviations may have several readings."""
        text = self._names.text(place)
        return street_keys(text) if len(text) <= MAX_TEXT else ("",)

    def compared(self, wanted: Flags) -> tuple[Ints, Ints, npt.NDArray[np.int64], Bytes, Bytes, Ints]:
        """Give the keys of the wanted names as `geo.addresses.similar.find_similar` takes them."""
        read, register = self.read, self._register
        length = np.diff(read.offsets)
        first = np.arange(len(length), dtype=np.int32)
        last = first + ((length > SHORTEST) & (length <= LONGEST)).astype(np.int32)
        keys: list[str] = []
        for place in self.wordy[wanted[self.wordy]].tolist():
            text = self._names.text(place)
            variants, looser = street_forms(text)
            numbers = [register.find_street(key) if key else -1 for key in looser]
            accepted = accepted_keys(register, text, numbers)
            read.looser[LOOSER * place : LOOSER * (place + 1)] = [n if n in accepted else -1 for n in numbers]
            first[place] = len(length) + len(keys)
            keys += [key for key in variants if SHORTEST < len(key) <= LONGEST]
            last[place] = len(length) + len(keys)
        end = int(read.offsets[-1])
        offsets = np.append(read.offsets, end + np.cumsum([len(key) for key in keys], dtype=np.int64))
        letters = np.append(read.text[:end], np.frombuffer("".join(keys).encode(), np.uint8))
        kinds = np.append(read.kinds, np.array([street_type_number(key) for key in keys], np.uint8))
        return first, last, offsets, letters, kinds, read.looser


def _house_number(register: Register, text: str) -> tuple[int, int, int, int]:
    """Give the number of a house number, then of a house number and a box, that a text may be; and if it may be cut.

    A text such as `5-7` is read as a range, and as house 5, box 7. Readings that cut a number apart (`5A` as house 5,
    box A) cost something, and so cannot compete with one that costs nothing.
    """
    readings = read_designation(clean(text)) if len(text) <= MAX_TEXT else ()
    direct = [reading for reading in readings if reading.direct]
    plain = [reading for reading in direct if not reading.box]
    boxed = [reading for reading in direct if reading.box]
    if not direct or len(plain) > 1 or len(boxed) > 1 or any(reading.extra for reading in direct):
        return UNCLEAR, UNCLEAR, UNCLEAR, 0
    return (
        register.find_number(plain[0].number) if plain else ABSENT,
        register.find_number(boxed[0].number) if boxed else ABSENT,
        register.find_box(boxed[0].box) if boxed else ABSENT,
        int(len(direct) < len(readings)),
    )


def _parts(read: list[tuple[int, int, int, int]]) -> list[Callable[[list[str]], list[int]]]:
    return [lambda _, part=part: [reading[part] for reading in read] for part in range(4)]  # type: ignore[misc]


def _boxes(register: Register, texts: list[str]) -> list[int]:
    """Give the numbers of boxes: 0 for what is none (`/`), `ABSENT` for a form that no address has."""
    forms = [box_form(clean(text)) if len(text) <= MAX_TEXT else None for text in texts]
    return [UNCLEAR if form is None else register.find_box(form) if form else 0 for form in forms]


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
        self.searched: list[int] = []
        self.rows: list[tuple[int, int]] = []
        self.town_start, self.part_start, self.search_start = [0], [0], [0]

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
                self.searched += searched_towns(register, place)
                self.search_start.append(len(self.searched))
                self.rows.append(register.row_span(place))
            return numbers

        self.numbers = texts.numbered(number, ABSENT, questions)

    def arrays(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Give the municipalities and localities of each place, as starts and members."""
        town_start, towns, part_start, parts = (
            np.array(values, np.int32) for values in (self.town_start, self.towns, self.part_start, self.parts)
        )
        return town_start, towns, part_start, parts

    def spans(self) -> tuple[Ints, Ints]:
        """Give the first and the last street row of each place."""
        spans = np.array(self.rows, np.int32).reshape(-1, 2)
        return np.ascontiguousarray(spans[:, 0]), np.ascontiguousarray(spans[:, 1])

    def searched_arrays(self) -> tuple[Ints, Ints]:
        """Give the municipalities in which similar streets are looked for, as starts and members."""
        return np.array(self.search_start, np.int32), np.array(self.searched, np.int32)


class _Questions:
    """Questions as numbers of the index.

    Parameters
    ----------
    columns
        One for each of `QUERY_FIELDS`.
    count
        How many questions.
    """

    def __init__(self, register: Register, columns: Mapping[str, _Texts], count: int) -> None:
        self.register = register
        self.count = count
        self.street_texts = columns["street"]
        self.names = _Streets(register, self.street_texts)
        self.streets = self.street_texts.spread(self.names.numbers, UNCLEAR, self.count)
        read = [_house_number(register, text) for text in columns["house_number"].texts]
        numbers = [columns["house_number"].numbered(part, UNCLEAR, self.count) for part in _parts(read)]
        self.plain, self.boxed, self.own_box, cut = numbers
        self.cut = cut == 1
        self.box = columns["box"].numbered(lambda texts: _boxes(register, texts), 0, self.count)
        self.postcodes = columns["postcode"].numbered(lambda texts: _postcodes(register, texts), ABSENT, self.count)
        self.places = _Places(register, columns["municipality"], self.count)
        here = columns["country"].numbered(lambda texts: _countries(register, texts), 1, self.count)
        lined = columns["line"].numbered(lambda texts: [int(bool(clean(t))) for t in texts], 0, self.count)
        self.streets[(here != 1) | (lined != 0)] = UNCLEAR

    def exact(self, numbers: Ints, boxes: Ints) -> tuple[Ints, Flags]:
        """Find the addresses of one way to read house number and box."""
        register = self.register
        found, by_part = np.empty(self.count, np.int32), np.empty(self.count, bool)
        find_exact(
            self.streets, numbers, boxes, self.postcodes, self.places.numbers,
            *self.places.arrays(), *self.places.spans(),
            register.street_rows.start, register.street_rows.member,
            register.postcode_rows.start, register.postcode_rows.member,
            register.row_postcode, register.row_municipality, register.row_locality, register.row_street,
            register.first, register.number, register.number_first, register.box, register.box_first,
            register.status, found, by_part,
        )  # fmt: skip
        return found, by_part

    def find_exact(self) -> tuple[Ints, Flags]:
        """Find what is answered word for word: in one way to read it, and in no other."""
        found, by_part = self.exact(self.plain, self.box)
        # A box in a field of its own leaves a range a range.
        boxed = np.where(self.box == 0, self.boxed, ABSENT).astype(np.int32)
        if (boxed != ABSENT).any():
            other, other_by_part = self.exact(boxed, self.own_box)
            none = (other == NOWHERE) | (boxed == ABSENT)
            only_other = (other >= 0) & ((found == NOWHERE) | (self.plain == ABSENT))
            by_part = np.where(only_other, other_by_part, by_part)
            found = np.where(only_other, other, np.where(none, found, ABSENT)).astype(np.int32)
        return np.maximum(found, ABSENT), by_part

    def find_similar(self, exact: Ints) -> tuple[Ints, Ints, Flags]:
        """Find what differs by typing errors in the street from one address of its place, and their costs."""
        register = self.register
        codes, places, postcodes = self.street_texts.codes, self.places.numbers, self.postcodes
        eligible = (exact < 0) & (self.streets == ABSENT) & (self.plain >= 0) & (self.box >= 0)
        eligible &= (places != UNCLEAR) & (postcodes != UNCLEAR) & ((places >= 0) | (postcodes >= 0))
        if codes is None or not eligible.any():
            return np.full(self.count, -1, np.int32), np.zeros(self.count, np.int32), np.zeros(self.count, bool)
        texts = np.where(eligible, codes, -1).astype(np.int32)
        wanted = np.zeros(len(self.names.numbers), bool)
        wanted[texts[eligible]] = True
        found, found_costs = np.empty(self.count, np.int32), np.zeros(self.count, np.int32)
        by_part = np.empty(self.count, bool)
        arrays = register.arrays
        find_similar(
            texts, *self.names.compared(wanted),
            self.plain, self.box, np.where(self.box == 0, self.boxed, ABSENT).astype(np.int32), self.own_box,
            postcodes, places, self.cut, *self.places.arrays(), *self.places.searched_arrays(),
            register.municipality_streets.start, register.municipality_streets.member, register.municipality_letters,
            register.postcode_streets.start, register.postcode_streets.member, register.postcode_letters,
            register.postcode_town,
            register.municipality_rows.start, register.municipality_rows.member,
            register.postcode_rows.start, register.postcode_rows.member,
            register.street_texts.offsets, register.street_texts.text,
            arrays["street.kind"], register.street_rows.start, register.street_rows.member,
            register.row_postcode, register.row_municipality, register.row_locality, register.row_street,
            register.first, register.number, register.number_first, register.box, register.box_first,
            register.status, found, found_costs, by_part,
        )  # fmt: skip
        return found, found_costs, by_part


def _countries(register: Register, texts: list[str]) -> list[int]:
    return [int(not t.strip() or read_country(t) == register.country) if len(t) <= MAX_TEXT else 0 for t in texts]


class Matches(Sequence[AddressMatch]):
    """The answers to a batch: arrays for the plain ones, made into objects when asked for.

    Parameters
    ----------
    ask
        Gives the questions of some places, which are answered one by one.

    Attributes
    ----------
    exact
        Number of the address in the index for each question that was accepted word for word, else -1.
    similar
        The same for those that are confirmed with a corrected street.
    """

    def __init__(
        self,
        register: Register,
        questions: _Questions,
        ask: Callable[[npt.NDArray[np.int64]], Iterable[AddressQuery]],
        *,
        lang: str,
        require_box: bool,
    ) -> None:
        self._register = register
        self._lang = lang
        self.exact, by_part = questions.find_exact()
        self.similar, self._costs, similar_by_part = questions.find_similar(self.exact)
        self._by_part = np.where(self.similar >= 0, similar_by_part, by_part)
        self._postcoded, self._placed = questions.postcodes >= 0, questions.places.numbers >= 0
        rest = np.flatnonzero((self.exact < 0) & (self.similar < 0))
        self._others = {
            place: match_query(register, query, lang=lang, require_box=require_box)
            for place, query in zip(rest.tolist(), ask(rest), strict=True)
        }

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
        return self._others.get(place) or self._plain(place)

    def __iter__(self) -> Iterator[AddressMatch]:
        return (self[i] for i in range(len(self)))

    def _plain(self, place: int) -> AddressMatch:
        register = self._register
        exact = self.exact[place] >= 0
        address, cost = int(self.exact[place] if exact else self.similar[place]), int(self._costs[place])
        states = {"house_number": Component.CONFIRMED}
        states["street"] = Component.CONFIRMED if exact else Component.CORRECTED
        states["postcode"] = Component.CONFIRMED if self._postcoded[place] else Component.INFERRED
        named = self._placed[place] and not self._by_part[place]
        states["municipality"] = Component.CONFIRMED if named else Component.INFERRED
        reasons: tuple[Reason, ...] = () if exact else (Reason(CORRECTED, "street", cost),)
        reasons += (BY_PART,) if self._by_part[place] else ()
        if register.box_form[register.box[address]]:
            states["box"] = Component.CONFIRMED
        verdict = Verdict.ACCEPT if exact else Verdict.CONFIRM
        official = register.official(address)
        return AddressMatch(verdict, Level.DWELLING, states, official, (), reasons, score_of(cost), self._lang)

    def to_table(self) -> pa.Table:
        """Give the answers as a table: verdict, level, score, address_id, reasons (codes, one space between)."""
        others = np.fromiter(self._others, np.int64, len(self._others))
        matches = list(self._others.values())
        similar = self.similar >= 0
        plain = np.array([Verdict.ACCEPT.value, Verdict.CONFIRM.value])
        codes = np.array(["", BY_PART.code, CORRECTED, f"{CORRECTED} {BY_PART.code}"])
        scores = np.array([score_of(cost) for cost in range(self._costs.max(initial=0) + 1)])[self._costs]
        scores[others] = [match.score for match in matches]
        identifiers = self._register.identifiers(np.maximum(self.exact, self.similar))
        mask = np.zeros(len(self), bool)
        mask[others] = True
        own = pa.array([match.address.address_id if match.address else None for match in matches], pa.string())
        return pa.table(
            {
                "verdict": _coded(plain, similar.astype(np.int32), others, [m.verdict.value for m in matches]),
                "level": _coded(
                    np.array([Level.DWELLING.value]), 0 * similar, others, [m.level.value for m in matches]
                ),
                "score": scores,
                "address_id": pc.replace_with_mask(identifiers, pa.array(mask), own),
                "reasons": _coded(
                    codes, 2 * similar + self._by_part, others, [" ".join(r.code for r in m.reasons) for m in matches]
                ),
            }
        )


def _coded(
    plain: npt.NDArray[np.str_], codes: npt.NDArray[Any], others: npt.NDArray[np.int64], own: list[str]
) -> pa.Array:
    """Give texts by number, but `own` ones in the places `others`."""
    texts = {text: number for number, text in enumerate(plain.tolist())}
    numbers = codes.astype(np.int32)
    numbers[others] = [texts.setdefault(text, len(texts)) for text in own]
    return pa.array(list(texts), pa.string()).take(pa.array(numbers))


def match_table(register: Register, table: pa.Table, *, lang: str, require_box: bool) -> Matches:
    """Answer a table of questions, whose columns are the fields of `AddressQuery` that it has."""
    names = [name for name in QUERY_FIELDS if name in table.schema.names]

    def ask(places: npt.NDArray[np.int64]) -> Iterator[AddressQuery]:
        if not names:
            return (AddressQuery() for _ in places)
        asked = table.select(names).take(pa.array(places)).to_pydict()
        return (AddressQuery(**dict(zip(names, values, strict=True))) for values in zip(*asked.values(), strict=True))

    questions = _Questions(register, {name: _TableTexts(table, name) for name in QUERY_FIELDS}, len(table))
    return Matches(register, questions, ask, lang=lang, require_box=require_box)


def match_queries(register: Register, queries: Sequence[AddressQuery], *, lang: str, require_box: bool) -> Matches:
    """Answer a list of questions."""
    columns = {name: _ListTexts([getattr(query, name) for query in queries]) for name in QUERY_FIELDS}
    return Matches(
        register,
        _Questions(register, columns, len(queries)),
        lambda places: [queries[place] for place in places.tolist()],
        lang=lang,
        require_box=require_box,
    )
