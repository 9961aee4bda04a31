"""Sets letters and their round plan as tagged PDFs with typst, in the residents' languages."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any

from households.eligibility_texts import TextLanguage
from households.letter_rounds import RoundStreet
from households.letters import Letter, name_in
from licensing.number_formats import format_count, format_date
from licensing.typesetting import set_pdf

LETTERS_A_FILE = 500
"""Letters of one PDF: a printer takes parts, and memory stays bounded."""


@dataclass(frozen=True, slots=True)
class LetterSender:
    """Who writes, and where residents enter their code."""

    name: str
    lines: tuple[str, ...]
    """Address and ways to reach the sender."""
    website: str


@dataclass(frozen=True, slots=True)
class LetterDates:
    """The day of a letter, and the last day of its code."""

    written: date
    last: date


def render_letters(
    letters: Sequence[Letter],
    buurt_names: Mapping[str, str | None],
    sender: LetterSender,
    dates: LetterDates,
    *,
    moment: datetime,
) -> bytes:
    """Return the PDF of letters of one buurt: A4, one page each, tagged (PDF/UA-1).

    The address lies in the window of DIN 5008 form B (20 mm from the left, 45 to 90 mm from the top) and ends 75 mm
    from the top, so that the 30 mm that bpost keeps free below an address stay free on a sheet folded at 105 mm; no
    other text is in the window, as bpost asks (https://www.bpost.be/en/addressing-positioning-address).

    Parameters
    ----------
    moment
        What the PDF says of its making, in UTC.
    """
    pages = [_describe_letter(letter, buurt_names, sender, dates) for letter in letters]
    data = {
        "title": name_in(buurt_names, letters[0].languages[0]),
        "language": letters[0].languages[0],
        "author": sender.name,
        "sender": list(sender.lines),
        "pages": pages,
    }
    return _compile("letter.typ", data, moment)


def render_round(
    streets: Sequence[RoundStreet],
    buurt_names: Mapping[str, str | None],
    sector_names: Mapping[str, str],
    language: TextLanguage,
    day: date,
    *,
    moment: datetime,
) -> bytes:
    """Return the PDF of a round plan: letters per sector and street, in the order of the walk.

    It gives counts, and the first and last number of all homes of each side: which houses get no letter, because they
    are members, is nobody's business.
    """
    words = _words(language)
    sectors: list[dict[str, Any]] = []
    for place, street in enumerate(streets, start=1):
        if not sectors or sectors[-1]["code"] != street.sector_code:
            name = sector_names.get(street.sector_code) or street.sector_code
            sectors.append({"code": street.sector_code, "name": name, "rows": [], "letters": 0})
        sectors[-1]["letters"] += len(street.addresses)
        sectors[-1]["rows"].append(
            [
                str(place),
                street.street,
                span(street.odd_span),
                str(len(street.odd) or "–"),
                span(street.even_span),
                str(len(street.even) or "–"),
                format_count(len(street.addresses), language),
            ]
        )
    total = sum(sector["letters"] for sector in sectors)
    data = {
        "language": language,
        "words": words,
        "title": words["round_title"].format(buurt=name_in(buurt_names, language)),
        "day": format_date(day, language),
        "summary": words["round_summary"].format(
            letters=format_count(total, language), streets=len(streets), sectors=len(sectors)
        ),
        "sectors": [sector | {"letters": format_count(sector["letters"], language)} for sector in sectors],
    }
    return _compile("round.typ", data, moment)


def span(numbers: tuple[str, str] | None) -> str:
    """Return the first and last house number of a side as it is walked."""
    if numbers is None:
        return ""
    first, last = numbers
    return first if first == last else f"{first} → {last}"


def _describe_letter(
    letter: Letter, buurt_names: Mapping[str, str | None], sender: LetterSender, dates: LetterDates
) -> dict[str, Any]:
    texts = []
    for language in letter.languages:
        fields = {
            "buurt": name_in(buurt_names, language) or letter.buurt_code,
            "last": format_date(dates.last, language),
            "website": sender.website,
        }
        words = _words(language)
        texts.append(
            {
                "language": language,
                "date": format_date(dates.written, language),
                "salutation": words["salutation"],
                "heading": words["heading"].format(**fields),
                "paragraphs": [text.format(**fields) for text in words["paragraphs"]],
                "code_label": words["code_label"],
                "steps": [text.format(**fields) for text in words["steps"]],
                "valid": words["valid"].format(**fields),
                "other_ways": words["other_ways"],
                "privacy": words["privacy"],
                "closing": words["closing"],
            }
        )
    return {"number": letter.number, "lines": list(letter.lines), "code": letter.code, "texts": texts}


@cache
def _words(language: TextLanguage) -> dict[str, Any]:
    return tomllib.loads(resources.files("api.letters_pdf").joinpath(f"{language}.toml").read_text("utf-8"))


def _compile(template: str, data: Mapping[str, Any], moment: datetime) -> bytes:
    return set_pdf(resources.files("api.letters_pdf").joinpath(template).read_bytes(), data, moment)
