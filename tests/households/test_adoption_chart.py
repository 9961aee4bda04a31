"""The chart is well-formed whatever the names hold, its bars are as long as their shares, and every word is there."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from households.adoption import Adoption
from households.adoption_chart import AdoptionBar, draw_adoption
from households.adoption_texts import TEXTS
from households.eligibility_texts import TextLanguage

SVG = "{http://www.w3.org/2000/svg}"
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=60)
NUMBERS = st.none() | st.integers(0, 9_000)


def bars_of(svg: str) -> list[float]:
    groups = ET.fromstring(svg).findall(f"{SVG}g")
    return [float(group.find(f"{SVG}rect").get("width")) for group in groups]  # type: ignore[union-attr,arg-type]


@given(NAMES, st.lists(NAMES, max_size=3), st.lists(st.tuples(NAMES, NUMBERS, NUMBERS), max_size=12))
def test_any_names_and_counts_make_a_well_formed_chart(
    title: str, notes: list[str], rows: list[tuple[str, int | None, int | None]]
) -> None:
    bars = [
        AdoptionBar(name, None if members is None else Adoption(members, households))
        for name, members, households in rows
    ]
    assert len(bars_of(draw_adoption(title, notes, bars, TEXTS["en"]))) == len(rows)


def test_bars_are_as_long_as_their_shares() -> None:
    bars = [AdoptionBar(name, Adoption(members, 100)) for name, members in (("a", 10), ("b", 40), ("c", 0))]
    first, second, third = bars_of(draw_adoption("title", ["source"], bars, TEXTS["en"]))
    assert (round(second / first, 2), third) == (4.0, 0.0)


def test_an_area_without_a_count_and_one_that_is_withheld_say_so() -> None:
    bars = [AdoptionBar("Ath", Adoption(1_452, None)), AdoptionBar("Faubourg", None)]
    svg = draw_adoption("title", ["source"], bars, TEXTS["en"])
    assert "Ath: 1,452; number of households unknown" in svg
    assert "Faubourg: withheld" in svg
    assert bars_of(svg) == [0.0, 0.0]


@pytest.mark.parametrize(
    ("language", "figures"),
    [
        ("nl", "26 % (2.875 van 11.146)"),
        ("fr", "26 % (2.875 sur 11.146)"),
        ("de", "26 % (2.875 von 11.146)"),
        ("en", "26 % (2.875 of 11.146)"),
    ],
)
def test_figures_are_in_the_language_asked_for(language: TextLanguage, figures: str) -> None:
    bars = [AdoptionBar("Waterloo", Adoption(2_875, 11_146))]
    svg = draw_adoption("title", [], bars, TEXTS[language], lambda number: f"{number:,}".replace(",", "."))
    assert f"<title>Waterloo: {figures}</title>" in svg


def test_a_long_note_is_broken_into_lines() -> None:
    svg = draw_adoption("title", [" ".join(["release-2024"] * 30), "x" * 300], [], TEXTS["en"])
    lines = [text.text or "" for text in ET.fromstring(svg).findall(f"{SVG}text")][1:]
    assert max(map(len, lines)) <= 118
    assert "".join(lines).replace(" ", "") == "release-2024" * 30 + "x" * 300
