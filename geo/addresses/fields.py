"""The text of one field of a question as numbers of the index, or a word that the rules must read it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from geo.addresses.designators import box_form, read_designation
from geo.addresses.exact import ABSENT, UNCLEAR
from geo.addresses.likenesses import searched_towns
from geo.addresses.questions import MAX_TEXT
from geo.addresses.readings import clean, has_leading_postcode, read_country, read_postcode
from geo.addresses.register import Register

__all__ = ["Fields", "KnownPlace"]

_KEPT: Final = 4096
"""How many texts of a field are kept read: those of house numbers and places, say, come again."""


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """What the name of a place means, where that is clear.

    Attributes
    ----------
    towns, parts
        Its municipalities and localities.
    searched
        The municipalities in which similar streets are looked for.
    rows
        The first and the last street row.
    """

    towns: tuple[int, ...]
    parts: tuple[int, ...]
    searched: tuple[int, ...]
    rows: tuple[int, int]


class Fields:
    """Reads the fields of the questions to a register."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self.house_number = lru_cache(maxsize=_KEPT)(self._house_number)
        self.box = lru_cache(maxsize=_KEPT)(self._box)
        self.postcode = lru_cache(maxsize=_KEPT)(self._postcode)
        self.place = lru_cache(maxsize=_KEPT)(self._place)
        self.is_here = lru_cache(maxsize=_KEPT)(self._is_here)

    def _house_number(self, text: str) -> tuple[int, int, int, int]:
        """Give the number of a house number, then of a house number and a box, that a text may be.

        At the end whether it may be cut: 1 or 0. A text such as `5-7` is read as a range, and as house 5, box 7.
        Readings that cut a number apart (`5A` as house 5, box A) cost something, and so cannot compete with one that
        costs nothing.
        """
        register = self.register
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

    def _box(self, text: str) -> int:
        """Give the number of a box: 0 for what is none (`/`), `ABSENT` for a form that no address has."""
        if len(text) > MAX_TEXT:
            return UNCLEAR
        form = box_form(clean(text))
        return self.register.find_box(form) if form else 0

    def _postcode(self, text: str) -> int:
        """Give the number of a postcode; one that the register has not is for the rules."""
        if len(text) > MAX_TEXT:
            return UNCLEAR
        cleaned = clean(text)
        if not cleaned:
            return ABSENT
        number = self.register.postcode(read_postcode(cleaned, self.register.country))
        return number if number >= 0 else UNCLEAR

    def _place(self, text: str) -> KnownPlace | int:
        """Give what the name of a place means: `ABSENT` for no name, `UNCLEAR` for one that the rules must read."""
        if len(text) > MAX_TEXT:
            return UNCLEAR
        cleaned = clean(text)
        if not cleaned:
            return ABSENT
        register = self.register
        if has_leading_postcode(cleaned, register.country):
            return UNCLEAR
        place = register.place(cleaned)
        if not place.known or place.edits:
            return UNCLEAR
        return KnownPlace(
            place.municipalities, place.localities, searched_towns(register, place), register.row_span(place)
        )

    def _is_here(self, country: str) -> bool:
        """Tell whether a country is the register's, or none was named."""
        if len(country) > MAX_TEXT:
            return False
        return not country.strip() or read_country(country) == self.register.country
