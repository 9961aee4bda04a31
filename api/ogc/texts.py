"""Texts of OGC API's resources for people, in the language that they ask for (RFC 9110, section 12.5.4)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any

from fastapi import Depends, Request

from api.negotiation import preferences
from data.features.collections import Collection, Field

LANGUAGES = ("en", "nl", "fr")
"""What is given without a wish first."""


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts in one language."""

    language: str
    _of: Mapping[str, Any]

    def __getitem__(self, name: str) -> str:
        text: str = self._of[name]
        return text

    def name(self, collection: Collection) -> str:
        """Return the title of a collection."""
        text: str = self._of["names"][collection]
        return text

    def description(self, collection: Collection) -> str:
        """Return what a collection is."""
        text: str = self._of["descriptions"][collection]
        return text

    def field(self, field: Field) -> str:
        """Return the title of a field."""
        text: str = self._of["fields"][field.name]
        return text

    def type(self, field: Field) -> str:
        """Return what the values of a field are."""
        text: str = self._of["types"][field.type]
        return text


@lru_cache(maxsize=len(LANGUAGES))
def read_texts(language: str) -> Texts:
    """Return the texts in a language."""
    content = resources.files("api.ogc").joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return Texts(language, tomllib.loads(content))


def choose_language(accept: str) -> str:
    """Return the language that an Accept-Language header wants most, English where it wants none that there is.

    Examples
    --------
    >>> choose_language("fr-BE, nl;q=0.9"), choose_language("de"), choose_language("de, *;q=0.1, nl;q=0.5")
    ('fr', 'en', 'nl')
    """
    wanted = {tag.partition("-")[0]: quality for tag, quality in sorted(preferences(accept), key=lambda each: each[1])}
    best = max(LANGUAGES, key=lambda language: wanted.get(language, 0.0))
    return best if wanted.get(best, 0.0) > 0 else LANGUAGES[0]


async def wanted_texts(request: Request) -> Texts:
    """Return the texts in the language that a request asks for."""
    return read_texts(choose_language(",".join(request.headers.getlist("accept-language"))))


WantedTexts = Annotated[Texts, Depends(wanted_texts)]
