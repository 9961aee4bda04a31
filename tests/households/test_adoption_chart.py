"""The chart is well-formed whatever the names hold, and its bars are as long as their shares."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from households.adoption import Adoption
from households.adoption_chart import AdoptionBar, draw_adoption

SVG = "{http://www.w3.org/2000/svg}"
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), max_size=60)


def bars_of(svg: str) -> list[float]:
    groups = ET.fromstring(svg).findall(f"{SVG}g")
    return [float(group.find(f"{SVG}rect").get("width")) for group in groups]  # type: ignore[union-attr,arg-type]


@given(NAMES, st.lists(st.tuples(NAMES, st.integers(0, 9_000), st.none() | st.integers(0, 9_000)), max_size=12))
def test_any_names_and_counts_make_a_well_formed_chart(title: str, rows: list[tuple[str, int, int | None]]) -> None:
    bars = [AdoptionBar(name, Adoption(members, households)) for name, members, households in rows]
    assert len(bars_of(draw_adoption(title, "source", bars))) == len(rows)


def test_bars_are_as_long_as_their_shares() -> None:
    bars = [AdoptionBar(name, Adoption(members, 100)) for name, members in (("a", 10), ("b", 40), ("c", 0))]
    first, second, third = bars_of(draw_adoption("title", "source", bars))
    assert (round(second / first, 2), third) == (4.0, 0.0)


def test_an_area_without_a_count_says_so() -> None:
    svg = draw_adoption("title", "source", [AdoptionBar("Ath", Adoption(1_452, None))])
    assert "Ath: 1,452 members, no count of households" in svg
    assert bars_of(svg) == [0.0]
