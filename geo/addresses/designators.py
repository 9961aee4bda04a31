"""House numbers and boxes: their normal forms, and every way to read what somebody typed behind a street.

A text such as `5-7` is a range in one town and house 5, box 7 in another. Each reading is kept, and the register
decides which of them exists. A reading that is what was literally typed is *direct*; one that cuts a written number
apart (`5A` as house 5, box A) is not, and never leads to a plain accept.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from geo.addresses.spelling import fold

__all__ = ["Designation", "box_form", "number_form", "read_designation", "strict_form", "with_box"]

_GROUPS: Final = re.compile(r"\d+|[A-Z]+")

_BOX_WORDS: Final = frozenset({
    "BUS", "BTE", "BOITE", "BOIT", "BT", "BTES", "BOX", "B", "BRIEVENBUS", "APP", "APT", "APPT", "APPART",
    "APPARTEMENT", "APARTMENT", "AP", "FLAT", "NR", "NO", "N", "NUM", "BUSNUMMER", "BUSNR", "TOEVOEGING", "UNIT",
    "POSTBUS"
})  # fmt: skip
_FLOOR_WORDS: Final = frozenset({
    "ETAGE", "ET", "ETG", "ETA", "ETAGES", "VERD", "VERDIEP", "VERDIEPING", "VERDIEPEN", "VD", "HOOG", "HG",
    "STOCK", "NIVEAU", "NIV", "FLOOR"
})  # fmt: skip
_ORDINALS: Final = frozenset({
    "E", "EME", "IEME", "DE", "STE", "ER", "ERE", "RE", "ND", "TH", "ST", "RD"
})  # fmt: skip
_GROUND: Final = frozenset({
    "RDC", "REZ", "RC", "ETRC", "REZDC", "REZDECHAUSSEE", "GLV", "GLVL", "GELIJKVLOERS", "GV", "BG", "BEGANEGROND",
    "PARTERRE", "ETREZ", "GELIJKVL"
})  # fmt: skip


_SAME: Final = {"HS": "HUIS", "H": "HUIS", "II": "2", "III": "3", "IV": "4"}
"""Boxes that mean the same; a single I may be a letter."""


def _groups(text: str) -> list[str]:
    return [g.lstrip("0") or "0" if g[0].isdigit() else g for g in _GROUPS.findall(fold(text).upper())]


def _join(groups: list[str]) -> str:
    joined = ""
    for group in groups:
        joined += "-" + group if joined and joined[-1].isdigit() and group[0].isdigit() else group
    return joined


@lru_cache(maxsize=65536)
def number_form(text: str) -> str:
    """Normalise a house number: capitals, no spaces, no leading zeros, ranges with a hyphen.

    Examples
    --------
    >>> number_form("0005 bis"), number_form("5 - 7"), number_form("5/7"), number_form("12_A")
    ('5BIS', '5-7', '5-7', '12A')
    """
    return _join(_groups(text))


def with_box(number: str, box: str | None, lang: str, country: str) -> str:
    """Write a house number and a box as people of the country and the language do.

    Examples
    --------
    >>> with_box("12", "3", "fr", "BE"), with_box("12", "bus 3", "nl", "BE"), with_box("1", "2", "nl", "NL")
    ('12 bte 3', '12 bus 3', '1-2')
    """
    if not box:
        return number
    groups = _groups(box)
    if country == "NL":
        joint = "-"
    elif len(groups) > 1 and groups[0] in _BOX_WORDS and len(groups[0]) > 1:
        joint = " "  # the register's own box says that it is one
    else:
        joint = {"nl": " bus ", "fr": " bte "}.get(lang, "/")
    return f"{number}{joint}{box}"


def strict_form(text: str | None) -> str:
    """Give what two spellings must share to be called the same to the letter: letters and digits, as written.

    Examples
    --------
    >>> strict_form("b001"), strict_form(None)
    ('B001', '')
    """
    return fold(text).upper().replace(" ", "") if text else ""


def _floor(groups: list[str]) -> str | None:
    """Read a storey: `3e verd.`, `1er étage`, `ET02`, `2hg`, `2eET`, `rez-de-chaussée`."""
    words = [g for g in groups if g not in {"A", "AU", "DE", "LA", "LE", "CHAUSSEE", "OP", "HET"}]
    if len(words) == 1 and words[0] in _GROUND:
        return "ET0"
    if len(words) == 2 and words[0] in _FLOOR_WORDS and words[1].isdigit():
        return "ET" + words[1]
    if len(words) >= 2 and words[0].isdigit():
        tail = words[1:]
        if len(tail) == 1 and tail[0] in {"EET", "EETAGE", "EVERD", "EVERDIEP", "EVERDIEPING", "DEVERD", "EREETAGE"}:
            return "ET" + words[0]
        if tail[0] in _ORDINALS and len(tail) == 2:
            tail = tail[1:]
        if len(tail) == 1 and tail[0] in _FLOOR_WORDS:
            return "ET" + words[0]
    return None


@lru_cache(maxsize=65536)
def box_form(text: str) -> str:
    """Normalise a box: the word for it goes, zeros in front go, a storey becomes `ET` and its number.

    Examples
    --------
    >>> [box_form(t) for t in ("bus 3", "bte 3", "b3", "/3", "0003", "Apt 003")]
    ['3', '3', '3', '3', '3', '3']
    >>> [box_form(t) for t in ("3e verd.", "ET03", "3eET", "RDC", "rez-de-chaussée")]
    ['ET3', 'ET3', 'ET3', 'ET0', 'ET0']
    >>> box_form("0.01"), box_form("A3"), box_form("/"), box_form("bus"), box_form("HS")
    ('0-1', 'A3', '', 'BUS', 'HUIS')
    """
    groups = _groups(text)
    kept = groups
    while len(kept) > 1 and kept[0] in _BOX_WORDS:
        kept = kept[1:]
    floor = _floor(kept)
    if floor is not None:
        return floor
    if len(kept) == 1 and kept[0] in _SAME:
        return _SAME[kept[0]]
    return _join(kept)


@dataclass(frozen=True, slots=True)
class Designation:
    """One way to read a house number and a box.

    Attributes
    ----------
    number, box
        Normal forms; an empty box where none was given.
    direct
        Whether it is what was literally typed.
    extra
        Words that belong to neither.
    typed_box
        The box as typed, to choose between boxes of one normal form.
    explicit
        Whether the box was called one, so that it cannot be a part of the house number.
    """

    number: str
    box: str = ""
    direct: bool = True
    extra: str = ""
    typed_box: str = ""
    explicit: bool = False


_NUMBER_WORD: Final = re.compile(
    r"^(?:n\s?[°º]|nr\b|no\b|num\b|nummer\b|numero\b|numéro\b|huisnummer\b|huisnr\b|n\b)[\s.:°º]*", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"^(\d{1,5})(?!\d)")
_MULTIPLE: Final = re.compile(r"^[\s/-]*(bis|ter|quater|quinquies)(?![a-z])", re.IGNORECASE)
_GLUED_LETTER: Final = re.compile(r"^([a-z])(?![a-z])", re.IGNORECASE)
# 33A1, 16BSA: letters and figures without a gap.
_GLUED_BOX: Final = re.compile(r"^([a-z]\d{1,3}|[a-z]{2,4})(?![a-zà-ÿ0-9])", re.IGNORECASE)
_LETTER_THEN_BOX: Final = re.compile(
    r"^\s([a-z])(?=[\s,;:./(–-]+(?:bus|bte|boîte|boite|bt|box|app|appt|apt|b)[\s.\d])", re.IGNORECASE
)
_RANGE: Final = re.compile(r"^\s*([-–—/+&_]|à|tot)\s*(\d{1,4})([a-z]?)(?![a-z0-9])", re.IGNORECASE)
_BOX_DESIGNATED: Final = re.compile(
    r"^[\s,;:./()–—-]*(?:busnummer|busnr|bus|bte|boîte|boite|bt|box|brievenbus|appartement|appart|appt|app|apt|ap|flat|"
    r"toevoeging|b)(?![a-zà-ÿ])[\s.:°º]*(?:n[°º]|nr\b)?[\s.:]*([a-z0-9][a-z0-9./_-]*)",
    re.IGNORECASE,
)
_FLOOR_TEXT: Final = re.compile(
    r"^[\s,;:./()–—-]*((?:\d{1,2}\s*(?:ième|ieme|ème|eme|ère|ere|ste|er|re|de|e)?[\s.]*(?:étages?|etages?|etg|et|verdieping|"
    r"verdiep|verd|hoog|hg|stock)|(?:étage|etage|etg|et|verdieping|verdiep|verd|niveau|niv)[\s.]*\d{1,2}|"
    r"rez[\s-]*de[\s-]*chauss[ée]e|rdc|rez|gelijkvloers|glvl|glv|begane grond|bg))\b\.?",
    re.IGNORECASE,
)
_SEPARATED: Final = re.compile(
    r"^\s*([-–—/_+.]|\s)\s*([a-z0-9]{1,8}(?:[./-][a-z0-9]{1,4}){0,2})(?![a-z0-9à-ÿ])", re.IGNORECASE
)


@lru_cache(maxsize=32768)
def read_designation(text: str) -> tuple[Designation, ...]:
    """Read what stands behind (or before) a street: a house number, perhaps a box, perhaps more.

    Parameters
    ----------
    text
        Such as `12 bus 3`, `12/3`, `5A b2`, `1-2hg`, `5-7`, `n° 7`.

    Returns
    -------
    tuple of Designation
        Every reading, the likeliest first; none where the text does not begin with a number.

    Examples
    --------
    >>> [(d.number, d.box) for d in read_designation("5A b2")]
    [('5A', '2')]
    >>> [(d.number, d.box, d.direct) for d in read_designation("5-7")]
    [('5-7', '', True), ('5', '7', True)]
    >>> [(d.number, d.box, d.direct) for d in read_designation("12A")]
    [('12A', '', True), ('12', 'A', False)]
    >>> [(d.number, d.box) for d in read_designation("7, 1er étage")]
    [('7', 'ET1')]
    """
    rest = _NUMBER_WORD.sub("", text.strip(" ,;.:-"))
    found = _NUMBER.match(rest)
    if not found:
        return ()
    base = found[1].lstrip("0") or "0"
    rest = rest[found.end() :]
    readings: list[Designation] = []
    for number, behind, direct in _numbers(base, rest):
        readings += _boxes(number, behind, direct=direct)
    # What was read as a number with a letter may be a box that was written without a gap.
    glued = _GLUED_LETTER.match(rest)
    if glued and not rest[glued.end() :].strip(" ,.;"):
        readings.append(Designation(base, box_form(glued[1]), False, "", glued[1]))
    joined = _GLUED_BOX.match(rest)
    if joined and joined[1].upper() not in _BOX_WORDS | _FLOOR_WORDS | _GROUND and not _MULTIPLE.match(rest):
        extra = rest[joined.end() :].strip(" ,;.:-/()")
        readings.insert(0, Designation(base, box_form(joined[1]), True, extra, joined[1]))
        if joined[1].isalpha():
            readings.insert(1, Designation(base + joined[1].upper(), "", True, extra))
    return tuple(dict.fromkeys(readings))


def _numbers(base: str, rest: str) -> list[tuple[str, str, bool]]:
    """Give the ways to end the house number: its form, what follows, whether it was typed so."""
    multiple = _MULTIPLE.match(rest)
    if multiple:
        return [(base + multiple[1].upper(), rest[multiple.end() :], True)]
    numbers: list[tuple[str, str, bool]] = []
    apart = _LETTER_THEN_BOX.match(rest)
    if apart:  # 5 a bus 1
        return [(base + apart[1].upper(), rest[apart.end() :], True), (base, rest, True)]
    glued = _GLUED_LETTER.match(rest)
    if glued:
        letter, behind = glued[1].upper(), rest[glued.end() :]
        if letter == "B" and behind[:1].isdigit():  # 12b3: the b may be the word for a box
            numbers.append((base, rest, True))
        numbers.append((base + letter, " " + behind if behind[:1].isdigit() else behind, True))
        lettered_range = _RANGE.match(behind)
        if lettered_range and lettered_range[1] not in "/_":
            number = f"{base}{letter}{lettered_range[2].lstrip('0')}{lettered_range[3].upper()}"
            numbers.insert(0, (number, behind[lettered_range.end() :], True))
        return numbers
    ranged = _RANGE.match(rest)
    if ranged and not _FLOOR_TEXT.match(rest):
        number = f"{base}-{ranged[2].lstrip('0') or '0'}{ranged[3].upper()}"
        as_range = (number, rest[ranged.end() :], True)
        return [(base, rest, True), as_range] if ranged[1] in "/_" else [as_range, (base, rest, True)]
    return [(base, rest, True)]


def _boxes(number: str, rest: str, *, direct: bool) -> list[Designation]:
    """Give the ways to read a box in what follows a house number."""
    blank = rest.strip(" ,;.:-/()")
    if not blank:
        return [Designation(number, "", direct)]
    floor = _FLOOR_TEXT.match(rest)
    if floor:
        extra = rest[floor.end() :].strip(" ,;.:-/()")
        box = _BOX_DESIGNATED.match(rest[floor.end() :])
        if box:  # a storey and a box: the box is what tells dwellings apart
            extra = (rest[: floor.end()] + rest[floor.end() + box.end() :]).strip(" ,;.:-/()")
            return [Designation(number, box_form(box[1]), direct, extra, box[1], True)]
        return [Designation(number, box_form(floor[1]), direct, extra, floor[1], True)]
    box = _BOX_DESIGNATED.match(rest)
    if box:
        return [Designation(number, box_form(box[1]), direct, rest[box.end() :].strip(" ,;.:-/()"), box[1], True)]
    separated = _SEPARATED.match(rest)
    if separated:
        sign, word, extra = separated[1], separated[2], rest[separated.end() :].strip(" ,;.:-/()")
        as_box = Designation(number, box_form(word), direct, extra, word)
        letter = len(word) == 1 and word.isalpha() and number[-1].isdigit()
        if letter and sign not in "/+":
            return [Designation(number + word.upper(), "", direct, extra), as_box]
        if letter:
            return [as_box, Designation(number + word.upper(), "", direct, extra)]
        if sign.strip() or word[0].isdigit() or len(word) <= (2 if extra else 4):
            return [as_box, Designation(number, "", direct, blank)] if not sign.strip() else [as_box]
    # "12 3e verd. bte 4" and the like are above; what is left is not a box.
    later = re.search(r"(?:^|[\s,;])((?:bus|bte|boîte|boite|box|app|appt|apt)\b.*)$", rest, re.IGNORECASE)
    if later:
        box = _BOX_DESIGNATED.match(later[1])
        if box:
            extra = (rest[: later.start(1)] + " " + later[1][box.end() :]).strip(" ,;.:-/()")
            return [Designation(number, box_form(box[1]), direct, extra, box[1], True)]
    return [Designation(number, "", direct, blank)]
