"""Invitation letters: to whom they are addressed, in which languages, and how their lines are written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from households.eligibility_texts import TextLanguage

Country = Literal["BE", "NL"]

GERMAN_SPEAKING = frozenset({"63001", "63012", "63013", "63023", "63040", "63048", "63061", "63067", "63087"})
"""NIS5 codes of the nine municipalities of the German language area (Constitution of Belgium, article 4; Statbel)."""
BRUSSELS_DISTRICT = "21"
FLEMISH_DISTRICTS = ("1", "23", "24", "3", "4", "7")
WALLOON_DISTRICTS = ("25", "5", "6", "8", "9")
LAST_REAL_DISTRICT = 93
"""Statbel gives no NIS5 code above; names decide there."""

_TO_RESIDENTS: Mapping[TextLanguage, str] = {
    "nl": "Aan de bewoners van",
    "fr": "Aux habitants de",
    "de": "An die Bewohner von",
    "en": "To the residents of",
}
_BOX: Mapping[TextLanguage, str] = {"nl": "bus", "fr": "bte", "de": "Bfk", "en": "box"}


@dataclass(frozen=True, slots=True)
class LetterAddress:
    """A dwelling as the register gives it, and where it lies."""

    country: Country
    address_id: str
    street: Mapping[str, str | None]
    """Names by language; so are those of the locality."""
    house_number: str
    box: str | None
    postcode: str | None
    locality: Mapping[str, str | None]
    municipality_code: str
    sector_code: str
    x: float | None = None
    y: float | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter, with the code that it brings."""

    number: int
    address: LetterAddress
    languages: tuple[TextLanguage, ...]
    buurt_code: str
    code: str = field(repr=False)

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands in the window of the envelope."""
        return address_lines(self.address, self.languages[0])


def letter_languages(address: LetterAddress) -> tuple[TextLanguage, ...]:
    """Return the languages of a letter: one, or two where both are official and the register knows no preference.

    In Belgium the language area decides (Constitution, article 4): a municipality with facilities writes in the
    language of its area. Brussels writes in French and Dutch. Codes that no area has take the languages of the
    street's name.

    Examples
    --------
    >>> def at(code, **names):
    ...     return LetterAddress("BE", "1", names, "1", None, None, {}, code, "s")
    >>> letter_languages(at("21015", nl="Kerkstraat", fr="Rue de l'Église"))
    ('fr', 'nl')
    >>> letter_languages(at("63023", de="Kirchstraße", fr="Rue de l'Église")), letter_languages(at("25110", fr="Rue"))
    (('de',), ('fr',))
    >>> letter_languages(at("99001", nl="Kerkstraat"))
    ('nl',)
    """
    if address.country == "NL":
        return ("nl",)
    code = address.municipality_code
    if code[:2].isdigit() and int(code[:2]) <= LAST_REAL_DISTRICT:
        if code in GERMAN_SPEAKING:
            return ("de",)
        if code.startswith(BRUSSELS_DISTRICT):
            return ("fr", "nl")
        if code.startswith(FLEMISH_DISTRICTS):
            return ("nl",)
        if code.startswith(WALLOON_DISTRICTS):
            return ("fr",)
    order: tuple[TextLanguage, ...] = ("fr", "nl", "de")
    named = tuple(language for language in order if address.street.get(language))
    return named[:2] or ("nl",)


def name_in(names: Mapping[str, str | None], language: str) -> str:
    """Return a name in a language, or else in the first one that the register has; empty where it has none."""
    return names.get(language) or next((name for name in names.values() if name), "")


def address_lines(address: LetterAddress, language: TextLanguage) -> tuple[str, ...]:
    """Return the lines of an address: residents, street with number and box, postcode with the place in capitals.

    They follow bpost's guide to addressing (MassPost Guide, section 1) and, for the Netherlands, PostNL's: no box word,
    two spaces after the postcode.

    Examples
    --------
    >>> home = LetterAddress("BE", "1", {"nl": "Kerkstraat"}, "6A", "12", "9000", {"nl": "Gent"}, "44021", "s")
    >>> address_lines(home, "nl")
    ('Aan de bewoners van', 'Kerkstraat 6A bus 12', '9000 GENT')
    """
    street = f"{name_in(address.street, language)} {address.house_number}"
    gap = " "
    if address.country == "NL":
        street += f"-{address.box}" if address.box else ""
        gap = "  "
    elif address.box:
        street += f" {_BOX[language]} {address.box}"
    place = gap.join(part for part in (address.postcode, name_in(address.locality, language).upper()) if part)
    return tuple(line for line in (_TO_RESIDENTS[language], street, place) if line)
