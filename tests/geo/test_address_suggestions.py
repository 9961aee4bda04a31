"""Autocompletion and the nearest address."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.addresses import AddressIndex


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("brusselsest", "Brusselsesteenweg, 1410 Waterloo"),
        ("chée de brux", "Brusselsesteenweg, 1410 Waterloo"),
        ("bruxelles", "Brusselsesteenweg, 1410 Waterloo"),
        ("Burselsesteenweg", None),
        ("Bruselsesteenweg", "Brusselsesteenweg, 1410 Waterloo"),
        ("kerkstraat gentb", "Kerkstraat, 9050 Gent"),
        ("kerkstraat, 2060", "Kerkstraat, 2060 Antwerpen"),
        ("kerkstraat antw", "Kerkstraat, 2060 Antwerpen"),
        ("kerkstraat 6, gent", "Kerkstraat 60, 9050 Gent"),
        ("kerkstraat 60 ge", "Kerkstraat 60, 9050 Gent"),
        ("rue du 11", "Rue du 11 Novembre, 1410 Waterloo"),
        ("rue du 11 novembre 1", "Rue du 11 Novembre 11, 1410 Waterloo"),
        ("brusselsesteenweg 12", "Brusselsesteenweg 12, 1410 Waterloo"),
        ("brusselsesteenweg 12 bus 3", "Brusselsesteenweg 12, 1410 Waterloo"),
        ("zzz", None),
        ("", None),
        ("5", None),
    ],
)
def test_what_is_being_typed_is_completed(belgium: AddressIndex, typed: str, first: str | None) -> None:
    found = belgium.suggest(typed)
    texts = [suggestion.text for suggestion in found]
    if typed.endswith("bus 3"):
        assert texts == ["Brusselsesteenweg 12 bus 3, 1410 Waterloo"]
        assert found[0].address_id == "1410/Brusselsesteenweg/12/3"
    else:
        assert (texts[0] if texts else None) == first, texts


def test_streets_come_before_numbers_and_numbers_before_boxes(belgium: AddressIndex) -> None:
    assert [s.kind for s in belgium.suggest("kerkstraat")] == ["street"] * 3
    found = belgium.suggest("brusselsesteenweg 12", lang="fr")
    assert [s.text.split(",")[0] for s in found] == [
        "Chaussée de Bruxelles 12",
        "Chaussée de Bruxelles 12 bte 1",
        "Chaussée de Bruxelles 12 bte 2",
        "Chaussée de Bruxelles 12 bte 3",
        "Chaussée de Bruxelles 12A",
    ]
    assert [s.kind for s in found] == ["house-number", "box", "box", "box", "house-number"]


def test_what_exists_no_longer_is_not_suggested(belgium: AddressIndex) -> None:
    assert belgium.suggest("brusselsesteenweg 20") == []


def test_a_street_with_many_postcodes_is_one_suggestion(address_indexes: dict[str, AddressIndex]) -> None:
    assert [s.text for s in address_indexes["netherlands"].suggest("waal")] == ["Waalstraat, Utrecht"]


@given(st.floats(149_000, 153_000), st.floats(169_000, 172_000), st.sampled_from([0.0, 5.0, 100.0, 1e6]))
def test_the_nearest_address_is_the_nearest(
    belgium: AddressIndex, register_points: pa.Table, x: float, y: float, farthest: float
) -> None:
    points = register_points
    distance = np.hypot(points["x"].to_numpy() - x, points["y"].to_numpy() - y)
    near = belgium.nearest(x, y, max_distance_m=farthest)
    if distance.min() > farthest:
        assert near is None
    else:
        assert near is not None
        assert near.distance_m == pytest.approx(distance.min())


def test_points_that_are_none_have_no_nearest_address(belgium: AddressIndex) -> None:
    for x, y in ((float("nan"), 0.0), (float("inf"), 0.0), (0.0, -1e300), (0.0, 0.0)):
        assert belgium.nearest(x, y) is None
    near = belgium.nearest(0.0, 0.0, max_distance_m=1e8)  # far outside, and still found
    assert near is not None
