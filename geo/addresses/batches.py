"""Many questions at once: their texts become numbers, each different text once, and one pass finds the exact ones."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, chain
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from typing_extensions import override

from geo.addresses.costs import score_of
from geo.addresses.distances import LONGEST
from geo.addresses.exact import ABSENT, LAST_ROW, UNCLEAR, find_exact
from geo.addresses.fields import Fields, KnownPlace
from geo.addresses.likenesses import accepted_keys
from geo.addresses.matching import match_query
from geo.addresses.names import LOOSER, WORDY, read_names
from geo.addresses.questions import (
    MAX_TEXT,
    QUERY_FIELDS,
    AddressMatch,
    AddressQuery,
    Component,
    Level,
    OfficialAddress,
    Reason,
    Verdict,
    query_values,
)
from geo.addresses.readings import clean
from geo.addresses.register import Register
from geo.addresses.similar import SHORTEST, find_similar
from geo.addresses.spelling import street_forms, street_keys, street_type_number

__all__ = ["Matches", "match_queries", "match_table"]

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
_NO_SPANS: Final = np.empty((0, LAST_ROW + 1), np.int32)
_AT_ONCE: Final = 1024
"""So many answers are made at once where a batch is gone through."""
CORRECTED: Final = "street-corrected"
BY_PART: Final = Reason("municipality-from-locality", "municipality")


class _Texts(ABC):
    """A column of questions: its different texts, and which of them each question has."""

    @property
    @abstractmethod
    def texts(self) -> list[str]:
        """The different texts; empty where no question has one."""

    @abstractmethod
    def text(self, place: int) -> str:
        """Give one of them."""

    @abstractmethod
    def utf8(self) -> tuple[npt.NDArray[np.int64], Bytes]:
        """Give their bytes, and where each begins."""

    @abstractmethod
    def spread(self, numbers: Sequence[int] | Ints, absent: int) -> Any:
        """Give each question the number of its text, and `absent` to those without one; `arrays` says as what."""

    @staticmethod
    @abstractmethod
    def arrays(rows: Sequence[Any]) -> Iterable[Ints]:
        """Give what the columns of a batch were spread to, each as an array."""


class _TableTexts(_Texts):
    """A column of a table: text, or a dictionary of it."""

    def __init__(self, table: pa.Table, name: str) -> None:
        self._questions = len(table)
        self._codes: Ints | None = None
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
        self._different, self._codes = encoded.dictionary.fill_null(""), encoded.indices.to_numpy()

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

    @override
    def spread(self, numbers: Sequence[int] | Ints, absent: int) -> Ints:
        """Give each question the number of its text, and `absent` to those without one."""
        if self._codes is None:
            return np.full(self._questions, absent, np.int32)
        known = np.array(numbers, np.int32)
        known[self._absent] = absent
        return known.take(self._codes)

    @staticmethod
    @override
    def arrays(rows: Sequence[Ints]) -> Iterable[Ints]:
        """Give what the columns of a batch were spread to, each as an array."""
        return rows


class _ListTexts(_Texts):
    """A field of a list of questions: a few of them are numbered in less time than a table of them is made."""

    def __init__(self, values: Sequence[str | None]) -> None:
        self._questions = len(values)
        self._texts: list[str] = []
        if values.count(None) == len(values):
            return
        places: dict[str | None, int] = {}
        self._codes = [places.setdefault(value, len(places)) for value in values]
        self._absent = places.get(None)
        # Half of a surrogate pair is no text: a space, as where one question is answered.
        self._texts = [_SURROGATE.sub(" ", text) if text and not text.isascii() else text or "" for text in places]

    @property
    @override
    def texts(self) -> list[str]:
        """The different texts; empty where no question has one."""
        return self._texts

    @override
    def text(self, place: int) -> str:
        """Give one of them."""
        return self._texts[place]

    @override
    def utf8(self) -> tuple[npt.NDArray[np.int64], Bytes]:
        """Give their bytes, and where each begins."""
        encoded = [text.encode() for text in self._texts]
        begin = np.array([0, *accumulate(map(len, encoded))], np.int64)
        return begin, np.frombuffer(b"".join(encoded) or b" ", np.uint8)

    @override
    def spread(self, numbers: Sequence[int] | Ints, absent: int) -> list[int]:
        """Give each question the number of its text, and `absent` to those without one."""
        if not self._texts:
            return [absent] * self._questions
        known = numbers.tolist() if isinstance(numbers, np.ndarray) else list(numbers)
        if self._absent is not None:
            known[self._absent] = absent
        return [known[code] for code in self._codes]

    @staticmethod
    @override
    def arrays(rows: Sequence[list[int]]) -> Iterable[Ints]:
        """Give what the columns of a batch were spread to, each as an array.

        They are made all at once: of a few questions, to make each its own array takes as long as to read them.
        """
        return np.array(rows, np.int32)


class _Streets:
    """The different street names of a batch: numbers of those that exist, and keys to compare of those that do not."""

    def __init__(self, register: Register, names: _Texts) -> None:
        self._register, self._names = register, names
        self.read = read_names(*names.utf8(), register.street_slots, register.street_texts, register.first_names)
        self.numbers = self.read.numbers
        self.wordy = (self.numbers == WORDY).nonzero()[0]
        for place in self.wordy.tolist():
            numbers = [n for n in map(register.find_street, self._readings(place)) if n >= 0]
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


class _Places:
    """The places of a batch, and what each may mean.

    Attributes
    ----------
    numbers
        For each name the number of what it means, `ABSENT` or `UNCLEAR`.
    spans, members
        What these numbers mean, as `geo.addresses.exact.find_exact` takes it.
    """

    def __init__(self, fields: Fields, names: Sequence[str]) -> None:
        self.numbers: list[int] = []
        members: list[int] = []
        spans: list[tuple[int, ...]] = []
        for place in map(fields.place, names):
            if not isinstance(place, KnownPlace):
                self.numbers.append(place)
                continue
            self.numbers.append(len(spans))
            parts = len(members) + len(place.towns)
            searched = parts + len(place.parts)
            spans.append((len(members), parts, searched, searched + len(place.searched), *place.rows))
            members += place.towns + place.parts + place.searched
        self.members = np.array(members, np.int32)
        self.spans = np.array(spans, np.int32) if spans else _NO_SPANS


class _Questions:
    """Questions as numbers of the index.

    Parameters
    ----------
    columns
        One for each of `QUERY_FIELDS`.
    count
        How many questions.
    """

    def __init__(self, fields: Fields, columns: Mapping[str, _Texts], count: int) -> None:
        self.register = fields.register
        self.count = count
        street, house, box, postcode, town = (
            columns[name] for name in ("street", "house_number", "box", "postcode", "municipality")
        )
        self.names = _Streets(self.register, street)
        self._town = _Places(fields, town.texts)
        numbers = self.names.numbers
        read = [fields.house_number(text) for text in house.texts]
        houses = (house.spread(part, UNCLEAR) for part in (zip(*read, strict=True) if read else ((),) * 4))
        rows = [
            street.spread(numbers, UNCLEAR), street.spread(np.arange(len(numbers), dtype=np.int32), ABSENT), *houses,
            box.spread([fields.box(text) for text in box.texts], 0),
            postcode.spread([fields.postcode(text) for text in postcode.texts], ABSENT),
            town.spread(self._town.numbers, ABSENT),
        ]  # fmt: skip
        (
            self.streets, self.texts, self.plain, self.boxed, self.own_box, self.cut, self.box, self.postcodes,
            self.places,
        ) = street.arrays(rows)  # fmt: skip
        country, line = columns["country"], columns["line"]
        if country.texts:
            here = country.spread([fields.is_here(text) for text in country.texts], 1)
            self.streets[np.array(here) == 0] = UNCLEAR
        if line.texts:
            lined = line.spread([bool(clean(text)) for text in line.texts], 0)
            self.streets[np.array(lined) == 1] = UNCLEAR
        self._similar = 0

    def find_exact(self) -> tuple[Ints, Flags]:
        """Find what is answered word for word: in one way to read it, and in no other."""
        register = self.register
        (begins, mosts), found = np.empty((2, self.count), np.int32), np.empty(self.count, np.int32)
        by_part = np.empty(self.count, bool)
        self._similar = find_exact(
            self.streets, self.texts, self.plain, self.box, self.boxed, self.own_box, self.postcodes, self.places,
            self._town.spans, self._town.members,
            register.street_rows.start, register.street_rows.member,
            register.postcode_rows.start, register.postcode_rows.member,
            register.row_postcode, register.row_municipality, register.row_locality, register.row_street,
            register.first, register.number, register.number_first, register.box, register.box_first,
            register.status, begins, mosts, found, by_part,
        )  # fmt: skip
        return found, by_part

    def find_similar(self, by_part: Flags) -> tuple[Ints, Ints]:
        """Find what differs by typing errors in the street from one address of its place, and their costs.

        After `find_exact`, which tells of which questions that may be; to its `by_part` what is found is added.
        """
        register = self.register
        found, costs = np.full(self.count, -1, np.int32), np.zeros(self.count, np.int32)
        if not self._similar:
            return found, costs
        wanted = np.zeros(len(self.names.numbers), bool)
        wanted[self.texts[self.texts >= 0]] = True
        find_similar(
            self.texts, *self.names.compared(wanted),
            self.plain, self.box, self.boxed, self.own_box, self.postcodes, self.places, self.cut == 1,
            self._town.spans, self._town.members,
            register.municipality_streets.start, register.municipality_streets.member, register.municipality_letters,
            register.postcode_streets.start, register.postcode_streets.member, register.postcode_letters,
            register.postcode_town,
            register.municipality_rows.start, register.municipality_rows.member,
            register.postcode_rows.start, register.postcode_rows.member,
            register.street_texts.offsets, register.street_texts.text,
            register.arrays["street.kind"], register.street_rows.start, register.street_rows.member,
            register.row_postcode, register.row_municipality, register.row_locality, register.row_street,
            register.first, register.number, register.number_first, register.box, register.box_first,
            register.status, found, costs, by_part,
        )  # fmt: skip
        return found, costs


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
        self.exact, self._by_part = questions.find_exact()
        self.similar, self._costs = questions.find_similar(self._by_part)
        self._addresses = np.maximum(self.exact, self.similar)
        self._postcodes, self._places = questions.postcodes, questions.places
        rest = (self._addresses < 0).nonzero()[0]
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
            return self._answers(place)
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        place %= len(self)
        return self._answers(slice(place, place + 1))[0]

    def __iter__(self) -> Iterator[AddressMatch]:
        parts = (slice(start, start + _AT_ONCE) for start in range(0, len(self), _AT_ONCE))
        return chain.from_iterable(map(self._answers, parts))

    def _answers(self, places: slice) -> list[AddressMatch]:
        """Make the answers of some places: numbers leave an array in less time all at once than one by one."""
        addresses = self._addresses[places]
        # A slice with a step leaves gaps between the numbers, which compiled code does not take.
        made = iter(self._register.officials(addresses[addresses >= 0] if self._others else addresses.copy()))
        columns = (self._costs, self._by_part, self._postcodes, self._places)
        return [
            self._others.get(place) or self._plain(address, next(made), cost, postcode >= 0, town >= 0, by_part=by_part)
            for place, address, cost, by_part, postcode, town in zip(
                range(len(self))[places],
                addresses.tolist(),
                *(column[places].tolist() for column in columns),
                strict=True,
            )
        ]

    def _plain(
        self, address: int, official: OfficialAddress, cost: int, postcoded: bool, placed: bool, *, by_part: bool
    ) -> AddressMatch:
        # What differs in the street costs something, and nothing else that is answered here does.
        states = {
            "house_number": Component.CONFIRMED,
            "street": Component.CORRECTED if cost else Component.CONFIRMED,
            "postcode": Component.CONFIRMED if postcoded else Component.INFERRED,
            "municipality": Component.CONFIRMED if placed and not by_part else Component.INFERRED,
        }
        if self._register.has_box(address):
            states["box"] = Component.CONFIRMED
        reasons: tuple[Reason, ...] = (Reason(CORRECTED, "street", cost),) if cost else ()
        if by_part:
            reasons += (BY_PART,)
        verdict = Verdict.CONFIRM if cost else Verdict.ACCEPT
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
        identifiers = self._register.identifiers(self._addresses)
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


def match_table(fields: Fields, table: pa.Table, *, lang: str, require_box: bool) -> Matches:
    """Answer a table of questions, whose columns are the fields of `AddressQuery` that it has."""
    names = [name for name in QUERY_FIELDS if name in table.schema.names]

    def ask(places: npt.NDArray[np.int64]) -> Iterator[AddressQuery]:
        if not names:
            return (AddressQuery() for _ in places)
        asked = table.select(names).take(pa.array(places)).to_pydict()
        return (AddressQuery(**dict(zip(names, values, strict=True))) for values in zip(*asked.values(), strict=True))

    questions = _Questions(fields, {name: _TableTexts(table, name) for name in QUERY_FIELDS}, len(table))
    return Matches(fields.register, questions, ask, lang=lang, require_box=require_box)


def match_queries(fields: Fields, queries: Sequence[AddressQuery], *, lang: str, require_box: bool) -> Matches:
    """Answer a list of questions."""
    values = zip(*map(query_values, queries), strict=True) if queries else ((),) * len(QUERY_FIELDS)
    columns = dict(zip(QUERY_FIELDS, map(_ListTexts, values), strict=True))
    return Matches(
        fields.register,
        _Questions(fields, columns, len(queries)),
        lambda places: [queries[place] for place in places.tolist()],
        lang=lang,
        require_box=require_box,
    )
