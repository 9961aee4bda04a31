"""Every way to read a question: which words are the street, the number, the box, the postcode and the place.

A line of text does not say where the street ends (`Rue du 11 Novembre 5`, `Plein 1944 12`, `1012 JS Dam 1-2hg`). So
nothing is decided here: all readings that make sense are listed, the likeliest first, and the register decides.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Protocol

from geo.addresses.designators import Designation, box_form, number_form, read_designation
from geo.addresses.questions import AddressQuery
from geo.addresses.spelling import fold

__all__ = [
    "Gazetteer", "Reading", "clean", "country_of_line", "has_leading_postcode", "read_country", "read_postcode",
    "read_query",
]  # fmt: skip

MAX_READINGS: Final = 36

_COUNTRIES: Final = {
    "be": "BE", "bel": "BE", "belgie": "BE", "belgique": "BE", "belgium": "BE", "belgien": "BE", "b": "BE",
    "nl": "NL", "nld": "NL", "nederland": "NL", "netherlands": "NL", "the netherlands": "NL", "pays bas": "NL",
    "holland": "NL", "niederlande": "NL", "france": "FR", "frankrijk": "FR", "frankreich": "FR", "fr": "FR",
    "deutschland": "DE", "duitsland": "DE", "germany": "DE", "allemagne": "DE", "luxembourg": "LU",
    "luxemburg": "LU", "grand duche de luxembourg": "LU", "united kingdom": "GB", "uk": "GB", "lu": "LU", "gb": "GB",
}  # fmt: skip
_AMBIGUOUS_AT_END: Final = frozenset({"b", "be", "bel", "nl", "fr", "lu", "gb", "uk", "nld", "luxembourg", "luxemburg"})


class Gazetteer(Protocol):
    """What reading needs to know of the register."""

    country: str

    def knows_place(self, text: str) -> bool:
        """Tell whether a place has this name."""

    def knows_postcode(self, text: str) -> bool:
        """Tell whether there is such a postcode."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a question.

    Attributes
    ----------
    street
        Words of the street; empty where there is none.
    designations
        Ways to read house number and box; none where there is no number.
    postcode, place
        As normalised, and as written; None where there is none.
    extra
        Words that belong to nothing.
    """

    street: str
    designations: tuple[Designation, ...]
    postcode: str | None = None
    place: str | None = None
    extra: str = ""


def read_country(text: str) -> str:
    """Give the code of a country by its code or name; what is not known stays as it is, in capitals.

    Examples
    --------
    >>> read_country("België"), read_country("the Netherlands"), read_country("xx")
    ('BE', 'NL', 'XX')
    """
    folded = fold(text)
    return _COUNTRIES.get(folded, folded.upper())


_NL_POSTCODE: Final = re.compile(r"(?<![\w])(?:NL\s?-?\s?)?([1-9]\d{3})\s?([A-Z]{2})(?![A-Z0-9])", re.IGNORECASE)
_BE_POSTCODE: Final = re.compile(
    r"(?<![\w/-])(?:BE?\s?-\s?|BE\s|BE?(?=\d{4})|(?:(?<=,\s)|^)B\s)?([1-9]\d{3})(?![\w/])", re.IGNORECASE
)


def read_postcode(text: str, country: str) -> str:
    """Normalise a postcode: `B-9000` to `9000`, `1012 js` to `1012JS`; what is none stays, in capitals.

    Examples
    --------
    >>> read_postcode("B-9000", "BE"), read_postcode("1012 js", "NL"), read_postcode("SW1A 1AA", "BE")
    ('9000', '1012JS', 'SW1A1AA')
    """
    found = _NL_POSTCODE.fullmatch(text.strip()) if country == "NL" else _BE_POSTCODE.fullmatch(text.strip())
    if found:
        return "".join(found.groups()).upper()
    return fold(text).upper().replace(" ", "")


def read_query(query: AddressQuery, gazetteer: Gazetteer) -> list[Reading]:
    """List the ways to read a question.

    Parameters
    ----------
    query
        The question; no field is longer than is looked at.
    gazetteer
        Knows places and postcodes.

    Returns
    -------
    list of Reading
        At most `MAX_READINGS`, the likeliest first; empty where nothing was asked.
    """
    line, street, number, box, postcode, place = (
        clean(value)
        for value in (query.line, query.street, query.house_number, query.box, query.postcode, query.municipality)
    )
    if postcode:
        postcode = read_postcode(postcode, gazetteer.country)
    if place and (leading := _leading_postcode(place, gazetteer.country)):
        postcode = postcode or "".join(leading.groups()).upper()
        place = place[leading.end() :].strip(" ,-")
    if line:
        readings = list(_read_line(line, gazetteer))
        if postcode or place:
            readings = [
                replace(reading, postcode=postcode or reading.postcode, place=place or reading.place)
                for reading in readings
            ]
        if street:
            readings = [replace(reading, street=street) for reading in readings]
    elif number:
        readings = [Reading(street, _designations(number), postcode or None, place or None)]
        box_in_field = bool(box)
        if box_in_field:
            readings = [replace(readings[0], designations=_with_box(readings[0].designations, box))]
        return readings
    elif street:
        readings = [
            Reading(text, designations, postcode or None, place or None, extra)
            for text, designations, extra in _streets(_spaced(street))
        ]
    elif postcode or place:
        readings = [Reading("", (), postcode or None, place or None)]
    else:
        return []
    if number:
        readings = [replace(reading, designations=_designations(number)) for reading in readings]
    if box:
        readings = [replace(reading, designations=_with_box(reading.designations, box)) for reading in readings]
    return list(dict.fromkeys(readings))[:MAX_READINGS]


def _leading_postcode(text: str, country: str) -> re.Match[str] | None:
    return (_NL_POSTCODE if country == "NL" else _BE_POSTCODE).match(text)


def has_leading_postcode(text: str, country: str) -> bool:
    """Tell whether the name of a place has its postcode in front."""
    return _leading_postcode(text, country) is not None


def clean(text: str | None) -> str:
    """Take out control characters, and spaces that are not needed."""
    if not text:
        return ""
    if text.isprintable():
        return " ".join(text.split()).strip(" ,;")
    spaced = "".join(c if c.isprintable() else "," if c in "\n\r" else " " for c in text)
    return " ".join(spaced.split()).strip(" ,;")


def _designations(number: str) -> tuple[Designation, ...]:
    """Read a field that holds a house number and perhaps a box."""
    read = read_designation(number)
    if read:
        return read
    form = number_form(number)  # a house that is not numbered with figures first
    return (Designation(form),) if form else ()


def _with_box(designations: tuple[Designation, ...], box: str) -> tuple[Designation, ...]:
    """Add the box of its own field to the readings of a number; a box in the number's field then was none."""
    form = box_form(box)
    plain = [d for d in designations if not d.box]
    chosen = plain or list(designations)
    return tuple(replace(d, box=form, typed_box=box, explicit=True) if not d.box else d for d in chosen)


# Lines ------------------------------------------------------------------------------------------------------------


def _read_line(line: str, gazetteer: Gazetteer) -> Iterator[Reading]:
    text = _spaced(_without_country(line))
    count = 0
    for postcode, left, right in _postcodes(text, gazetteer):
        for place, rest in _places(left, right, gazetteer, has_postcode=postcode is not None):
            for street, designations, extra in _streets(rest):
                yield Reading(street, designations, postcode, place, extra)
                count += 1
                if count >= 4 * MAX_READINGS:
                    return


_NUMBER_SIGN: Final = re.compile(r"(?<![^\s,(])(?:n[.\s]?[°º]|nr\.?|no\.|num\.)\s*(?=\d)", re.IGNORECASE)
_STOP_BEFORE_NUMBER: Final = re.compile(r"(?<=[a-zà-ÿ]\.)(?=\d)", re.IGNORECASE)


def _spaced(text: str) -> str:
    """Take out the word for a house number before one, and set a number apart from a shortened word.

    Examples
    --------
    >>> _spaced("rue Haute n°7"), _spaced("Kerkstr.41")
    ('rue Haute 7', 'Kerkstr. 41')
    """
    return _STOP_BEFORE_NUMBER.sub(" ", _NUMBER_SIGN.sub("", text))


_COUNTRY_CODE: Final = re.compile(r"[\s,(–-]+(BEL?|NLD?)\)?\.?$")


def country_of_line(line: str) -> str | None:
    """Give the country that ends a line, or None.

    Examples
    --------
    >>> country_of_line("Kerkstraat 5, 9000 Gent, België"), country_of_line("Kerkstraat 5")
    ('BE', None)
    """
    code = _COUNTRY_CODE.search(line)
    if code:
        return _COUNTRIES[code[1].lower()]
    found = re.search(r"[,\s(–-]+([^\d,()]{1,28})[)\s.]*$", line)
    if not found:
        return None
    words = fold(found[1])
    if words in _COUNTRIES and (words not in _AMBIGUOUS_AT_END or line[found.start()] == ","):
        return _COUNTRIES[words]
    last = words.rsplit(" ", 1)[-1]
    return _COUNTRIES[last] if last in _COUNTRIES and last not in _AMBIGUOUS_AT_END else None


def _without_country(line: str) -> str:
    if country_of_line(line) is None:
        return line
    code = _COUNTRY_CODE.search(line)
    if code:
        return line[: code.start()].strip(" ,-(–")
    # The name of the country is the last segment, or the last word.
    head, comma, tail = line.rpartition(",")
    if comma and fold(tail) in _COUNTRIES:
        return head.strip(" ,-")
    words = line.split(" ")
    for count in (1, 2, 3, 4):
        if fold(" ".join(words[-count:])) in _COUNTRIES:
            return " ".join(words[:-count]).strip(" ,-(–")
    return line


def _postcodes(text: str, gazetteer: Gazetteer) -> Iterator[tuple[str | None, str, str]]:
    """Give the postcodes that a line may hold, with what stands before and behind; known ones first, none last."""
    pattern = _NL_POSTCODE if gazetteer.country == "NL" else _BE_POSTCODE
    found = []
    for match in pattern.finditer(text):
        code = "".join(match.groups()).upper()
        marked = not match[0][0].isdigit()
        found.append((not (gazetteer.knows_postcode(code) or marked), -match.start(), code, match))
    for _, _, code, match in sorted(found, key=lambda item: item[:2])[:3]:
        yield code, text[: match.start()].strip(" ,;-–("), text[match.end() :].strip(" ,;-–)")
    yield None, text, ""


_BREAK: Final = re.compile(r"\s*[,;|()\n]\s*|\s+[-–—]\s+(?=[^\d])|(?<=\d)\s+[-–—]\s+(?=\d{4}\b)")
MOST_PLACE_WORDS: Final = 6


def _segments(text: str) -> list[str]:
    return [segment.strip(" .-–") for segment in _BREAK.split(text) if segment.strip(" .-–")]


def _join(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _places(left: str, right: str, gazetteer: Gazetteer, *, has_postcode: bool) -> Iterator[tuple[str | None, str]]:
    """Give the places that a line may name, with what is left for the street."""
    if _segments(right):
        yield from _places_behind(left, right, gazetteer)
    elif _segments(left):
        yield from _places_within(left, gazetteer, has_postcode=has_postcode)
    else:
        yield None, ""


def _places_behind(left: str, right: str, gazetteer: Gazetteer) -> Iterator[tuple[str | None, str]]:
    """Give the places that stand behind the postcode."""
    first, *rest = _segments(right)
    words, others = first.split(" "), ", ".join(rest)
    reach = next((i for i, word in enumerate(words) if any(c.isdigit() for c in word)), len(words))
    if reach < len(words) <= MOST_PLACE_WORDS and gazetteer.knows_place(first):
        yield first, _join(left, others)
    for count in range(min(reach, MOST_PLACE_WORDS), 0, -1):
        place, more = " ".join(words[:count]), " ".join(words[count:])
        if gazetteer.knows_place(place):
            # A delivery office was once numbered: `1000 Bruxelles 1`.
            office = bool(left) and re.fullmatch(r"\d{1,2}", more) is not None
            yield place, _join(left, "" if office else more, others)
    if reach == len(words) <= MOST_PLACE_WORDS:
        yield first, _join(left, others)
    yield None, _join(left, right)
    if not left:
        for count in (1, 2):
            if count < reach:
                yield " ".join(words[:count]), _join(" ".join(words[count:]), others)


def _places_within(text: str, gazetteer: Gazetteer, *, has_postcode: bool) -> Iterator[tuple[str | None, str]]:
    """Give the places in a text that has no postcode, or has it at its end."""
    segments = _segments(text)
    for number in reversed(range(len(segments))):
        if len(segments) > 1 and gazetteer.knows_place(segments[number]):
            yield segments[number], ", ".join(segments[:number] + segments[number + 1 :])
    words = segments[-1].split(" ")
    for count in range(min(len(words) - 1, MOST_PLACE_WORDS), 0, -1):
        place = " ".join(words[-count:])
        if not any(c.isdigit() for c in place) and gazetteer.knows_place(place):
            yield place, _join(*segments[:-1], " ".join(words[:-count]))
    yield None, text
    if not has_postcode:
        if len(segments) > 1 and not any(c.isdigit() for c in segments[-1]):
            yield segments[-1], ", ".join(segments[:-1])
        tail = re.search(r"\d\S*\s+([^\d,]{3,40})$", segments[-1])
        if tail:  # an unknown word behind the number may be a misspelt place
            yield tail[1], _join(*segments[:-1], segments[-1][: tail.start(1)])


_STREET_END: Final = re.compile(
    r"[\s,.;:]*\b(?:nr|n|no|num|nummer|numero|numéro|huisnummer)[\s.:°º]*$|[\s,;:-]+$", re.IGNORECASE
)
_TOKEN_WITH_DIGIT: Final = re.compile(r"(?<![^\s,])\d")
_LEADING_NUMBER: Final = re.compile(
    r"^(\d{1,4}\s?(?:bis|ter|quater|[a-z])?(?:\s*[/-]\s*[a-z0-9]{1,5})?"
    r"(?:[\s,]*(?:bus|bte|boîte|boite|bt|box|app|appt|apt|b)\.?\s*[a-z0-9./]{1,6})?)[\s,]+(?=\D)(.+)$",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def _streets(rest: str) -> tuple[tuple[str, tuple[Designation, ...], str], ...]:
    """Give the ways to cut a text into a street and a designation, with the words that are left over."""
    segments = _segments(rest)
    options: list[tuple[int, str, tuple[Designation, ...], str]] = []

    def add(street: str, tail: str, extra: str) -> None:
        street = _STREET_END.sub("", street).strip(" ,.;:-")
        designations = read_designation(tail)
        if street and designations and any(c.isalpha() for c in street):
            likely = len(designations[0].extra.split()) + 3 * any(c.isdigit() for c in street) + len(extra.split())
            options.append((likely, street, designations, extra))

    for number, segment in enumerate(segments):
        later, earlier = segments[number + 1 :], ", ".join(segments[:number])
        for match in _TOKEN_WITH_DIGIT.finditer(segment):
            if match.start():
                add(segment[: match.start()], _join(segment[match.start() :], *later), earlier)
        if (later and later[0][:1].isdigit()) or (later and read_designation(later[0])):
            add(segment, _join(*later), earlier)
        leading = _LEADING_NUMBER.match(segment)
        if leading:
            add(leading[2], _join(leading[1], *later), earlier)
            plain = re.match(r"^(\d{1,4}[a-z]?)[\s,]+(?=\D)(.+)$", segment, re.IGNORECASE)
            if plain and plain[2] != leading[2]:
                add(plain[2], _join(plain[1], *later), earlier)
        if later and read_designation(segment) and segment[:1].isdigit() and not later[0][:1].isdigit():
            add(later[0], _join(segment, *later[1:]), earlier)
    options.sort(key=lambda option: option[0])
    found = [(street, designations, extra) for _, street, designations, extra in options]
    alone = read_designation(rest) if rest[:1].isdigit() else ()
    if alone and not alone[0].extra:
        found.append(("", alone, ""))
    if segments and any(c.isalpha() for c in rest):
        found.append((rest.strip(" ,"), (), ""))
    elif segments:
        found.append(("", read_designation(rest), ""))
    return tuple(found) or (("", (), ""),)
