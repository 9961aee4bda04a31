"""Finds the municipalities of the active sectors, by code or by a name in any language."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.releases import active_releases
from data.store.models import Municipality
from data.tables import Country, Kind


class UnknownMunicipalityError(LookupError):
    """No municipality of the active sectors has that code or name, or several have."""


@dataclass(frozen=True, slots=True)
class MunicipalityPlace:
    """A municipality of the active sectors."""

    code: str
    country: Country
    names: Mapping[str, str | None]

    def name(self, language: str) -> str:
        """Return its name in a language, else in one that it has, else its code."""
        return name_in(self.names, language) or self.code


def find_municipality(session: Session, text: str) -> MunicipalityPlace:
    """Return the municipality of a code, or of a name in any of its languages; case and accents do not matter.

    Raises
    ------
    UnknownMunicipalityError
        There is none, or several that the message lists.
    """
    wanted = plain_name(text)
    known = list_municipalities(session)
    found = [place for place in known if plain_name(place.code) == wanted] or [
        place for place in known if wanted in {plain_name(name) for name in place.names.values() if name}
    ]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{place.code} {place.name('nl')} ({place.country})" for place in found)
        raise UnknownMunicipalityError(f"several municipalities are called {text!r}: {listed}; give the code")
    near = [place for place in known if any(name and wanted in plain_name(name) for name in place.names.values())]
    hint = "; did you mean " + ", ".join(f"{place.name('nl')} ({place.code})" for place in near[:5]) if near else ""
    raise UnknownMunicipalityError(f"no municipality of the active sectors is called {text!r}{hint}")


def list_municipalities(session: Session, country: Country | None = None) -> list[MunicipalityPlace]:
    """Return the municipalities of the active sectors, by country and code."""
    places = []
    for found in active_releases(session):
        if found.kind == Kind.SECTORS and country in (None, found.country):
            rows = session.scalars(
                select(Municipality).where(Municipality.release_id == found.id).order_by(Municipality.code)
            )
            names = ((row.code, {"nl": row.name_nl, "fr": row.name_fr, "de": row.name_de}) for row in rows)
            places += [MunicipalityPlace(code, "BE" if found.country == "BE" else "NL", of) for code, of in names]
    return places


def name_in(names: Mapping[str, str | None], language: str) -> str | None:
    """Return the name in a language, else the first that there is.

    Examples
    --------
    >>> name_in({"nl": None, "fr": "Eigenbrakel"}, "nl")
    'Eigenbrakel'
    """
    return names.get(language) or next((name for name in names.values() if name), None)


def plain_name(text: str) -> str:
    """Return a name as it is compared: small letters and figures alone, without accents.

    Examples
    --------
    >>> plain_name("Braine-l'Alleud"), plain_name("Liège")
    ('brainelalleud', 'liege')
    """
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if letter.isalnum())
