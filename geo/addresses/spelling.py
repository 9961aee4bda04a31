"""One normal form for everything that is compared: letters folded, words spelt out, spaces gone.

Building the index and answering a query go through the same functions, so that what a person types and what the
register writes meet in the same key. Folding takes away case, accents, ligatures and punctuation; the words of a
street name are spelt out by the table of abbreviations; then they are joined without spaces, because *Koning
Albert II-laan*, *Koning Albert 2 laan* and *koning albert iilaan* are one street.
"""

import unicodedata
from functools import lru_cache
from itertools import product
from typing import Final

from geo.addresses.abbreviations import ARTICLES, GLUED_ENDINGS, STREET_TYPES, TYPE_BEGINNINGS, TYPE_ENDINGS, WORDS

__all__ = [
    "core_key",
    "fold",
    "fold_character",
    "loose_key",
    "place_keys",
    "short_key",
    "street_forms",
    "street_keys",
    "street_type",
    "street_type_number",
    "typed_words",
]

MAX_READINGS: Final = 12
"""Keys of one text at most; a text with more abbreviations than that is no street name."""

_SPECIAL: Final = {"ß": "ss", "ẞ": "ss", "œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ø": "o", "Ø": "o", "ł": "l",
                   "Ł": "l", "đ": "d", "Đ": "d", "ð": "d", "þ": "th", "ı": "i", "ĳ": "ij", "Ĳ": "ij"}  # fmt: skip


def fold_character(character: str) -> str:
    """Give what a character leaves: small ASCII letters and digits, a space for a gap, or nothing."""
    if character in _SPECIAL:
        return _SPECIAL[character]
    plain = "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
    kept = "".join(c if c.isascii() and c.isalnum() else "" if c.isalnum() else " " for c in plain.lower())
    # A combining mark leaves nothing, a sign or a space leaves a gap, and so does a letter of another script.
    return kept if kept or not plain else " "


class _Folding(dict[int, str]):
    """Table for `str.translate` that learns the characters of the Basic Multilingual Plane as it meets them."""

    def __missing__(self, code: int) -> str:
        folded = fold_character(chr(code))
        if code < 0x10000:
            self[code] = folded
        return folded


_FOLDING: Final = _Folding()


def fold(text: str) -> str:
    """Fold a text to lower-case ASCII words with one space between them.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        Letters `a-z`, digits and single spaces.

    Examples
    --------
    >>> fold("  Chaussée d’Alsemberg,  n° 12 ")
    'chaussee d alsemberg n 12'
    >>> fold("Bütgenbacher Straße")
    'butgenbacher strasse'
    """
    return " ".join(text.translate(_FOLDING).split())


_GLUED_TAILS: Final = frozenset(ending[-2:] for ending, _ in GLUED_ENDINGS)


def _spellings(word: str) -> tuple[str, ...]:
    if word in WORDS:
        return WORDS[word]
    if word[-2:] in _GLUED_TAILS:
        for ending, full in GLUED_ENDINGS:
            stem = word.removesuffix(ending)
            if len(stem) >= 3 and stem != word:
                return tuple(stem + tail for tail in full)
    return (word,)


def _words(text: str) -> list[str]:
    return _contracted(text.translate(_FOLDING).split())


def _contracted(words: list[str]) -> list[str]:
    if len(words) > 2 and "l" in words:
        folded = f" {' '.join(words)} ".replace(" o l v ", " olv ")
        words = folded.split()
    if words and words[0] == "r" and len(words) > 1:
        return ["rue", *words[1:]]
    return words


def _readings(words: list[str]) -> list[tuple[str, ...]]:
    options = [_spellings(word) for word in words]
    count = 1
    for option in options:
        count *= len(option)
    if count == 1:
        return [tuple(option[0] for option in options)]
    if count > MAX_READINGS:
        options = [option if len(option) == 1 else option[:2] for option in options][:8]
    return list(product(*options))[:MAX_READINGS]


def street_keys(text: str) -> tuple[str, ...]:
    """Normalise a street name: one key for each way to read its abbreviations.

    Parameters
    ----------
    text
        A street name as somebody writes it.

    Returns
    -------
    tuple of str
        At least one key, the likeliest first; one empty key where nothing is left of the text.

    Examples
    --------
    >>> street_keys("Koning Albert II-laan") == street_keys("KONING ALBERT 2 LN")
    True
    >>> street_keys("Chée de l'Église")
    ('chausseedeleglise',)
    >>> street_keys("St-Jansstr.")[0]
    'sintjansstraat'
    """
    words = _words(text)
    if _may_be_shortened(words):
        return tuple(dict.fromkeys("".join(reading) for reading in _readings(words)))
    return ("".join(words),)


def _may_be_shortened(words: list[str]) -> bool:
    for word in words:  # noqa: SIM110 - a generator for each name of a batch would cost more
        if word in WORDS or word[-2:] in _GLUED_TAILS:
            return True
    return False


def street_forms(text: str) -> tuple[tuple[str, ...], tuple[str, str, str]]:
    """Normalise a street name in every way that typing errors are searched by, its words being read once.

    Returns
    -------
    tuple
        `street_keys`, and behind them the key of the words as typed if it is another; then `loose_key`,
        `short_key` and `core_key`.

    Examples
    --------
    >>> street_forms("Place du Beregr")
    (('placeduberegracht', 'placeduberegr'), ('~beregrachtplace', '^placeberegracht', '=beregracht'))
    """
    folded = text.translate(_FOLDING).split()
    words = _contracted(folded)
    readings = _readings(words) if _may_be_shortened(words) else [tuple(words)]
    keys = tuple(dict.fromkeys(["".join(reading) for reading in readings] + ["".join(folded)]))
    kept = [word for word in readings[0] if word not in ARTICLES]
    return keys, (_loose(kept), _short(kept), _core(kept))


@lru_cache(maxsize=4096)
def _first_reading(text: str) -> tuple[str, ...]:
    return _readings(_words(text))[0]


def loose_key(text: str) -> str:
    """Normalise a street name further: without articles, its words in alphabetical order.

    Examples
    --------
    >>> loose_key("Roodebeek Avenue") == loose_key("Avenue de Roodebeek")
    True
    """
    return _loose(_without_articles(text))


def _without_articles(text: str) -> list[str]:
    return [word for word in _first_reading(text) if word not in ARTICLES]


def _loose(words: list[str]) -> str:
    return "~" + "".join(sorted(words)) if words else ""


def short_key(text: str) -> str:
    """Normalise a street name to its kind and its last word, as people do who leave out a first name.

    Examples
    --------
    >>> short_key("Rue Joseph Wauters") == short_key("rue J. Wauters") == short_key("Rue Wauters")
    True
    >>> short_key("Joseph Wautersstraat")
    '^wautersstraat'
    """
    return _short(_without_articles(text))


def _short(words: list[str]) -> str:
    if not words:
        return ""
    if words[0] in STREET_TYPES and len(words) > 1:
        return f"^{words[0]}{words[-1]}"
    if words[-1] in STREET_TYPES and len(words) > 1:
        return f"^{words[-2]}{words[-1]}"
    return "^" + words[-1]


def core_key(text: str) -> str:
    """Normalise a street name without the kind of street, as people do who forget it or take it for another.

    Examples
    --------
    >>> core_key("Avenue Rogier"), core_key("Rogierlaan"), core_key("rue Rogier")
    ('=rogier', '=rogier', '=rogier')
    """
    return _core(_without_articles(text))


def _core(words: list[str]) -> str:
    if len(words) > 1 and words[0] in STREET_TYPES:
        return "=" + "".join(words[1:])
    key = "".join(words)
    ending = street_type(key)
    stem = key.removesuffix(ending) if ending else key
    return "=" + stem if len(stem) >= 3 else ""


@lru_cache(maxsize=16384)
def street_type(key: str) -> str:
    """Tell what kind of street a key names: its French first word or its Dutch or German ending, or nothing.

    Examples
    --------
    >>> street_type("rogierlaan"), street_type("ruerogier"), street_type("dam")
    ('laan', 'rue', '')
    """
    # One call for all endings, one for all beginnings, before it is asked which.
    if key.endswith(TYPE_ENDINGS):
        return next(ending for ending in TYPE_ENDINGS if key.endswith(ending))
    if key.startswith(TYPE_BEGINNINGS):
        return next(kind for kind in TYPE_BEGINNINGS if key.startswith(kind))
    return ""


_KIND_NUMBERS: Final = {kind: number for number, kind in enumerate(("", *TYPE_ENDINGS, *TYPE_BEGINNINGS))}


def street_type_number(key: str) -> int:
    """Give the kind of street as a number, 0 for none."""
    return _KIND_NUMBERS[street_type(key)]


def typed_words(text: str) -> list[str]:
    """Split a street name into its folded, spelt-out words: what initials and first names are compared on.

    Examples
    --------
    >>> typed_words("Av. J. Wauters")
    ['avenue', 'j', 'wauters']
    """
    return list(_first_reading(text))


_PLACE_WORDS: Final = {"st": ("sint", "saint", "sankt"), "ste": ("sainte", "sinte"), "s": ("sur", "s"),
                       "nd": ("notredame",), "olv": ("onzelievevrouw",)}  # fmt: skip


def place_keys(text: str) -> tuple[str, ...]:
    """Normalise the name of a municipality or a part of one; what stands in brackets is left out.

    Examples
    --------
    >>> place_keys("SINT-GILLIS (Brussel)")
    ('sintgillis',)
    >>> place_keys("St-Gilles")
    ('sintgilles', 'saintgilles', 'sanktgilles')
    """
    if "(" in text:
        text = text.split("(", 1)[0]
    options = [_PLACE_WORDS.get(word, (word,)) for word in text.translate(_FOLDING).split()]
    return tuple(dict.fromkeys("".join(words) for words in list(product(*options[:12]))[:MAX_READINGS]))
