"""The question and the answer of address matching: plain values, with no register behind them."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from enum import StrEnum
from operator import attrgetter
from typing import Final

from geo.addresses.designators import with_box

__all__ = [
    "LANGUAGES", "MAX_TEXT", "QUERY_FIELDS", "REASONS", "AddressIndexError", "AddressMatch", "AddressQuery",
    "Component", "Level", "OfficialAddress", "Reason", "Suggestion", "Verdict", "query_values",
]  # fmt: skip

LANGUAGES: Final = ("nl", "fr", "de")
MAX_TEXT: Final = 500
"""Longest text of a field that is looked at, in characters."""


class AddressIndexError(ValueError):
    """An address index that cannot be built or opened. The message says what to do."""


class Verdict(StrEnum):
    """What a sign-up form should do with an address."""

    ACCEPT = "accept"
    CONFIRM = "confirm"
    FIX = "fix"


class Level(StrEnum):
    """How far down the register the address was found."""

    DWELLING = "dwelling"
    HOUSE_NUMBER = "house-number"
    STREET = "street"
    POSTCODE = "postcode"
    NONE = "none"


class Component(StrEnum):
    """How one part of the question fared against the official address."""

    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    INFERRED = "inferred"
    MISSING = "missing"
    UNEXPECTED = "unexpected"


REASONS: Final[dict[str, str]] = {
    "empty-input": "Nothing was asked.",
    "input-too-long": f"A field is longer than {MAX_TEXT} characters.",
    "other-country": "The address names another country than the register's.",
    "place-missing": "Neither a postcode nor a municipality was given.",
    "place-unknown": "The register knows no such municipality, part of one, or postcode.",
    "postcode-unknown": "The register has no such postcode.",
    "postcode-corrected": "The street lies under another postcode than the one given.",
    "municipality-corrected": "The street lies in another municipality than the one given, or its name was misspelt.",
    "municipality-from-locality": "The name of a part of the municipality was given.",
    "street-missing": "No street was given.",
    "street-not-found": "The register has no such street there.",
    "street-corrected": "The street's name was misspelt or incomplete.",
    "street-inferred": "The street follows from the postcode and the house number.",
    "street-name-repeated": "Several streets have this name in the place given.",
    "house-number-missing": "No house number was given.",
    "house-number-not-found": "The street has no such house number in the register.",
    "house-number-reread": "What was given as a house number is a house number and a box in the register.",
    "box-missing": "The building has several boxes: which one?",
    "box-not-found": "The building has no such box in the register.",
    "box-unexpected": "The register has no boxes at this house number.",
    "box-reread": "The box was found under another spelling.",
    "ambiguous": "Several official addresses fit equally well.",
    "duplicate-in-register": "The register has this address more than once.",
    "uncertain": "Too much had to be corrected to be sure.",
    "extra-words": "Some words are not part of the official address.",
    "address-proposed": "The register marks the address as proposed: it may not exist yet.",
    "address-retired": "The register marks the address as retired: it exists no longer.",
}
"""Stable code of a reason, and what it says in English."""


@dataclass(frozen=True, slots=True)
class AddressQuery:
    """What somebody typed: one line, or fields, or both (a field goes before what the line says).

    Parameters
    ----------
    line
        A whole address in one line.
    street, house_number, box, postcode, municipality
        Its parts. The street may hold the number, the house number the box, the municipality the postcode.
    country
        `BE`, `NL`, or a name of the country; None where it was not asked.
    """

    line: str | None = None
    street: str | None = None
    house_number: str | None = None
    box: str | None = None
    postcode: str | None = None
    municipality: str | None = None
    country: str | None = None


QUERY_FIELDS: Final = tuple(f.name for f in fields(AddressQuery))
query_values: Final[Callable[[AddressQuery], tuple[str | None, ...]]] = attrgetter(*QUERY_FIELDS)
"""Gives the values of a question, in the order of `QUERY_FIELDS`."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the verdict is not a plain yes.

    Attributes
    ----------
    code
        A key of `REASONS`.
    field
        The part of the question that it is about, where it is about one.
    cost
        What it takes from the confidence, in the units of the table in docs/address-matching.md.
    """

    code: str
    field: str | None = None
    cost: int = 0


@dataclass(frozen=True, slots=True)
class OfficialAddress:
    """An address as the register has it.

    Attributes
    ----------
    address_id
        The register's identifier; None only at the level of a house number whose boxes alone are registered.
    street, locality, municipality
        Names by language (`nl`, `fr`, `de`), those that the register gives.
    house_number, box
        As the register writes them.
    postcode, municipality_code, status, purpose
        As in the register.
    x, y
        Position in the index's CRS, exactly as registered; None where there is none.
    lon, lat
        The same in EPSG:4326.
    """

    address_id: str | None
    street: dict[str, str]
    house_number: str
    box: str | None
    postcode: str | None
    locality: dict[str, str]
    municipality_code: str
    municipality: dict[str, str]
    status: str
    purpose: str | None
    x: float | None
    y: float | None
    lon: float | None
    lat: float | None
    country: str

    def formatted(self, lang: str = "nl") -> str:
        """Write the address on one line, in the language asked for where the register has it.

        Parameters
        ----------
        lang
            `nl`, `fr` or `de`.

        Returns
        -------
        str
            Such as `Chaussée de Bruxelles 12 bte 3, 1410 Waterloo`.
        """
        street, municipality = in_language(self.street, lang), in_language(self.municipality, lang)
        number = with_box(self.house_number, self.box, lang, self.country)
        if self.country == "NL":
            municipality = in_language(self.locality, lang) or municipality
        place = " ".join(part for part in (self.postcode, municipality) if part)
        return f"{street} {number}, {place}" if place else f"{street} {number}"


def in_language(names: dict[str, str], lang: str) -> str:
    """Choose a name in the language, or in the first that there is.

    Examples
    --------
    >>> in_language({"fr": "Liège", "nl": "Luik"}, "de")
    'Luik'
    """
    if lang in names:
        return names[lang]
    return next((names[other] for other in LANGUAGES if other in names), "")


@dataclass(frozen=True, slots=True)
class AddressMatch:
    """The answer to an `AddressQuery`.

    Attributes
    ----------
    verdict, level
        What to do, and how far down the register the address was found.
    components
        State of `street`, `house_number`, `box`, `postcode` and `municipality`; `box` is absent where the official
        address has none and none was given.
    address
        The official address; None where none was found.
    alternatives
        At most five other addresses that may be meant: suggestions to show, never an answer.
    reasons
        What was corrected, missing or wrong; empty after a plain accept.
    score
        Confidence between 0 and 1.
    lang
        The language asked for.
    """

    verdict: Verdict
    level: Level
    components: dict[str, Component]
    address: OfficialAddress | None
    alternatives: tuple[OfficialAddress, ...] = ()
    reasons: tuple[Reason, ...] = field(default=())
    score: float = 0.0
    lang: str = "nl"

    def formatted(self, lang: str | None = None) -> str | None:
        """Write the official address on one line; None where there is none."""
        return self.address.formatted(lang or self.lang) if self.address else None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line of an autocompletion.

    Attributes
    ----------
    kind
        `street`, `house-number` or `box`.
    text
        The line to show, in the language asked for.
    street, house_number, box, postcode, municipality
        The parts to fill in.
    address_id
        The register's identifier where the line is a whole address.
    """

    kind: str
    text: str
    street: str
    house_number: str | None
    box: str | None
    postcode: str | None
    municipality: str
    municipality_code: str
    address_id: str | None = None
