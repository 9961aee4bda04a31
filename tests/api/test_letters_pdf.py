"""Letters as PDF: one page each, tagged, the same bytes again, every text in every language; rounds walk both sides."""

import re
import tomllib
from datetime import UTC, date, datetime
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.letters_pdf import LetterDates, LetterSender, render_letters, render_round
from households.letter_rounds import plan_round
from households.letters import Letter, LetterAddress

LANGUAGES = ("nl", "fr", "de", "en")
SENDER = LetterSender("Gemeente *Demodorp* #x $", ("Markt 1",), "buurt.example")
DATES = LetterDates(date(2026, 11, 24), date(2027, 1, 23))
MOMENT = datetime(2026, 11, 24, tzinfo=UTC)
NAMES = {"nl": "Sint-Jansvest", "fr": None, "de": None}


def home(number: str, street: str = "Burgemeester Van Ackerenstraat-Noord", sector: str = "s") -> LetterAddress:
    return LetterAddress("BE", number, {"nl": street}, number, None, "9000", {"nl": "Gent"}, "44021", sector, 1.0, 2.0)


@pytest.mark.parametrize("languages", [*((language,) for language in LANGUAGES), ("fr", "nl"), ("fr", "de")])
def test_every_letter_has_one_page_and_the_same_bytes(languages: tuple[str, ...]) -> None:
    letters = [Letter(k, home(str(k)), languages, "44021-01", "6MYWT-4A5HS") for k in (1, 2, 3)]  # type: ignore[arg-type]
    pdf = render_letters(letters, NAMES, SENDER, DATES, moment=MOMENT)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 3
    assert b"pdfuaid:part>1<" in pdf
    assert render_letters(letters, NAMES, SENDER, DATES, moment=MOMENT) == pdf


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_round_can_be_set_in_every_language(language: str) -> None:
    streets = plan_round([home(str(number), sector=sector) for number in range(1, 80) for sector in "ab"])
    pdf = render_round(streets, NAMES, {"a": "Centrum"}, language, DATES.written, moment=MOMENT)  # type: ignore[arg-type]
    assert pdf.startswith(b"%PDF")


def test_every_language_has_every_text() -> None:
    words = [
        tomllib.loads(resources.files("api.letters_pdf").joinpath(f"{language}.toml").read_text("utf-8"))
        for language in LANGUAGES
    ]
    assert all(set(texts) == set(words[0]) for texts in words)
    assert all(len(texts["steps"]) == len(words[0]["steps"]) for texts in words)


@given(st.lists(st.integers(1, 400), unique=True, min_size=1, max_size=60), st.randoms())
def test_a_round_goes_up_the_odd_side_and_back_along_the_even_one(numbers: list[int], random: object) -> None:
    homes = [home(str(number)) for number in numbers]
    random.shuffle(homes)  # type: ignore[attr-defined]
    [street] = plan_round(homes)
    walked = [int(address.house_number) for address in street.addresses]
    odd, even = sorted(n for n in numbers if n % 2), sorted((n for n in numbers if n % 2 == 0), reverse=True)
    assert walked == odd + even


def test_a_round_does_not_tell_which_home_gets_no_letter() -> None:
    homes = [home(str(number)) for number in range(1, 9)]
    for member in (0, 6):
        [street] = plan_round([home for home in homes if home is not homes[member]], homes)
        assert (street.odd_span, street.even_span) == (("1", "7"), ("8", "2"))
        assert len(street.odd) == 3


@given(st.lists(st.text(max_size=8), min_size=1, max_size=20))
def test_any_house_number_has_its_place(numbers: list[str]) -> None:
    assert sum(len(street.addresses) for street in plan_round(map(home, numbers))) == len(numbers)
