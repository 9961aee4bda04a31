"""Drawn areas: what is refused says where, and what is taken is what was drawn."""

import json
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from api.geojson_input import MOST_TEXT, MOST_VERTICES, DrawnAreaError, read_area, read_area_text, read_line
from geo.crs import LONLAT, area_m2, transform_points

RING = [[4.0, 50.0], [4.1, 50.0], [4.1, 50.1], [4.0, 50.1], [4.0, 50.0]]
MANY = [[4 + 0.1 * np.cos(t), 50 + 0.1 * np.sin(t)] for t in np.linspace(0, 2 * np.pi, MOST_VERTICES + 1)]


def polygon(*rings: Any, **more: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings), **more}


@pytest.mark.parametrize(
    ("value", "place", "message"),
    [
        ([], "/within", "an object"),
        ({}, "/within/type", "Polygon or a MultiPolygon"),
        ({"type": ["Polygon"]}, "/within/type", "Polygon or a MultiPolygon"),
        ({"type": "Feature", "geometry": polygon(RING)}, "/within/type", "geometry alone"),
        ({"type": "Point", "coordinates": [4, 50]}, "/within/type", "Polygon"),
        ({"type": "Polygon"}, "/within/coordinates", "valid list"),
        (polygon(), "/within/coordinates", "at least 1"),
        (polygon([]), "/within/coordinates/0", "at least 4"),
        (polygon(RING, RING[:3]), "/within/coordinates/1", "at least 4"),
        (polygon(RING[:4]), "/within/coordinates/0", "ends where it begins"),
        (polygon([*RING[:2], [4.1, "50"], *RING[3:]]), "/within/coordinates/0/2/1", "valid number"),
        (polygon([*RING[:2], [4.1, True], *RING[3:]]), "/within/coordinates/0/2/1", "valid number"),
        (polygon([*RING[:2], [4.1, float("nan")], *RING[3:]]), "/within/coordinates/0/2/1", "finite"),
        (polygon([*RING[:2], [4.1], *RING[3:]]), "/within/coordinates/0/2", "at least 2"),
        (polygon([[[[4.0]]]] * 4), "/within/coordinates/0/0/0", "valid number"),
        (polygon([[150_000, 160_000], *RING[1:4], [150_000, 160_000]]), "/within/coordinates/0/0", "in that order"),
        (polygon(RING, crs={"type": "name"}), "/within/crs", "RFC 7946"),
        (polygon([RING[0], RING[2], RING[1], RING[3], RING[0]]), "/within/coordinates", "Self-intersection[4.05 50"),
        (polygon([RING[0]] * 4), "/within/coordinates", "not valid"),
        (polygon(RING, [[5.0, 50.0], [5.1, 50.0], [5.1, 50.1], [5.0, 50.0]]), "/within/coordinates", "Hole"),
        (polygon([[0, 50], [1, 50], [1, 51], [0, 51], [0, 50]]), "/within/coordinates", "km"),
        (polygon([[4, 50], [4.5, 50], [4.5, 50.5], [4, 50.5], [4, 50]]), "/within/coordinates", "km², and at most"),
        ({"type": "MultiPolygon", "coordinates": [[RING], [RING[:4]]]}, "/within/coordinates/1/0", "ends where"),
        ({"type": "MultiPolygon", "coordinates": [[RING], [RING]]}, "/within/coordinates", "not valid"),
    ],
)
def test_a_refusal_says_what_and_where(value: object, place: str, message: str) -> None:
    with pytest.raises(DrawnAreaError) as refused:
        read_area(value, "/within")
    assert refused.value.field == place
    assert message in refused.value.detail


def test_vertices_are_counted_over_all_rings() -> None:
    hole = [[4 + 0.5 * (lon - 4), 50 + 0.5 * (lat - 50)] for lon, lat in MANY[::2]]
    shell = [*MANY[:-1:2], MANY[0]]
    assert read_area(polygon(shell), "/within").area_m2 > 0
    with pytest.raises(DrawnAreaError, match=r"at most 2,000 vertices, and this has 2,002"):
        read_area(polygon([*shell[:1001]], [*hole[:1000], hole[0]]), "/within")
    with pytest.raises(DrawnAreaError, match="at most 2000"):
        read_area(polygon(MANY), "/within")


@pytest.mark.parametrize("text", ["", "{", "[" * 5_000, "{" + '"a":{' * 500, " " * (MOST_TEXT + 1), "1", "null"])
def test_a_text_that_is_no_geometry_is_refused(text: str) -> None:
    with pytest.raises(DrawnAreaError, match="within"):
        read_area_text(text, "within")


def test_altitudes_and_foreign_members_are_ignored_and_orientation_does_not_matter() -> None:
    plain = read_area(polygon(RING), "within")
    high = read_area_text(json.dumps(polygon([[*p, 12.0] for p in RING], bbox=[1], note="x")), "within")
    turned = read_area(polygon(RING[::-1]), "within")
    assert high.shape.equals(plain.shape)
    assert not shapely.has_z(high.shape)
    assert turned.area_m2 == pytest.approx(plain.area_m2)


def test_a_long_edge_stays_straight_in_degrees() -> None:
    wide = read_area(polygon([[3.0, 50.9], [4.0, 50.9], [4.0, 50.95], [3.0, 50.95], [3.0, 50.9]]), "within")
    x, y = transform_points(np.linspace(3.0, 4.0, 997), np.full(997, 50.9), LONLAT, "EPSG:31370")
    off = shapely.distance(wide.in_crs("EPSG:31370").boundary, shapely.points(x, y))
    assert off.max() < 0.01


@given(st.floats(3.0, 6.0), st.floats(50.0, 53.0), st.floats(0.0001, 0.2), st.floats(0.0001, 0.2))
@settings(max_examples=30, deadline=None)
def test_area_is_that_of_the_projected_shape(lon: float, lat: float, width: float, height: float) -> None:
    box = shapely.box(lon, lat, lon + width, lat + height)
    area = read_area(json.loads(shapely.to_geojson(box)), "within")
    [projected] = area_m2(np.array([area.in_crs("EPSG:3035")], dtype=object), "EPSG:3035")  # equal-area
    assert projected == pytest.approx(area.area_m2, rel=1e-4)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ([], "/line"),
        ({"type": "Polygon", "coordinates": []}, "/line/type"),
        ({"type": "LineString", "coordinates": [[4, 50]]}, "/line/coordinates"),
        ({"type": "LineString", "coordinates": [[4, 50], [4, 50]]}, "/line/coordinates"),
        ({"type": "LineString", "coordinates": [[4, 50], [50, 400]]}, "/line/coordinates/1"),
        ({"type": "LineString", "coordinates": [[4, 50], [4, 52]]}, "/line/coordinates"),
        (
            {"type": "MultiLineString", "coordinates": [[[4, 50], [4, 51]], [[4, "x"], [4, 51]]]},
            "/line/coordinates/1/0/1",
        ),
        ({"type": "MultiLineString", "coordinates": [[[4, 50], [4, 50.1]]] * 1_001}, "/line/coordinates"),
        ({"type": "LineString", "coordinates": [[4, 50], [4, 50.1]], "crs": {}}, "/line/crs"),
    ],
)
def test_a_line_that_cannot_be_used_is_refused_at_its_place(line: object, place: str) -> None:
    with pytest.raises(DrawnAreaError) as refused:
        read_line(line, "/line")
    assert refused.value.field == place


def test_a_line_keeps_its_length_in_metres() -> None:
    drawn = read_line({"type": "LineString", "coordinates": [[4.0, 50.8], [4.0, 50.81]]}, "/line")
    assert drawn.in_crs("EPSG:31370").length == pytest.approx(1_112.5, abs=1.0)
