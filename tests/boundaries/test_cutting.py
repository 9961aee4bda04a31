"""Cutting areas along a line: exact tilings, degenerate lines, real layers."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.blocks import Area
from boundaries.cutting import cut_shapes
from boundaries.edit_errors import UncuttableError

SQUARES = {"a": shapely.box(0, 0, 10, 10), "b": shapely.box(10, 0, 20, 10)}
RING = {"r": shapely.box(0, 0, 30, 30) - shapely.box(10, 10, 20, 20)}
ISLANDS = {
    "m": shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(12, 0, 22, 10), shapely.box(40, 0, 50, 10)])
}


def as_array(shapes: dict[str, Area]) -> np.ndarray:
    return np.array(list(shapes.values()), dtype=object)


def carry_out(shapes: dict[str, Area], line: list[tuple[float, float]], snap: float) -> int:
    """Replace areas by what a cut makes of them; return how many pieces that gave."""
    cut = cut_shapes(shapes, set(shapes), shapely.LineString(line), snap=snap)
    for code, pieces in cut.pieces.items():
        del shapes[code]
        shapes.update({f"{code}/{number}": piece for number, piece in enumerate(pieces, start=1)})
    shapes.update(cut.revertexed)
    return sum(map(len, cut.pieces.values()))


@pytest.mark.parametrize(
    ("shapes", "line", "areas"),
    [
        pytest.param(SQUARES, [(-5, 4), (25, 4)], {"a": [40, 60], "b": [40, 60]}, id="through both"),
        pytest.param(SQUARES, [(-1, -1), (11, 11)], {"a": [50, 50]}, id="through vertices"),
        pytest.param(SQUARES, [(-0.7, -1), (10.8, 11)], {"a": [50, 50]}, id="near vertices"),
        pytest.param(SQUARES, [(0, -3), (0, 13)], {}, id="along the outer border"),
        pytest.param(SQUARES, [(10, -3), (10, 13)], {}, id="along the shared border"),
        pytest.param(SQUARES, [(10.2, -3), (10.2, 13)], {}, id="within snapping distance of the border"),
        pytest.param(SQUARES, [(-5, 0), (5, 0), (0, -5)], {}, id="touches only"),
        pytest.param(SQUARES, [(-3, 5), (5, 5)], {}, id="ends inside"),
        pytest.param(SQUARES, [(50, 50), (60, 60)], {}, id="outside"),
        pytest.param(SQUARES, [(2, 2), (8, 2), (8, 8), (2, 8), (2, 2)], {"a": [64, 36]}, id="closed ring inside"),
        pytest.param(SQUARES, [(-1, 2), (8, 2), (8, 8), (4, 8), (4, -2)], {"a": [8, 68, 24]}, id="crosses itself"),
        pytest.param(SQUARES, [(-1, 5), (5, 5), (5, 5), (11, 5)], {"a": [50, 50]}, id="a repeated position"),
        pytest.param(SQUARES, [(-1, 5), (8, 5), (5, 5), (11, 5)], {"a": [50, 50]}, id="goes back on itself"),
        pytest.param(RING, [(-1, 15), (31, 15)], {"r": [400, 400]}, id="through a hole"),
        pytest.param(RING, [(-1, 15), (15, 15)], {}, id="into a hole"),
        pytest.param(RING, [(-1, 15), (15, 15), (15, -1)], {"r": [200, 600]}, id="around the corner of a hole"),
        pytest.param(ISLANDS, [(5, -1), (5, 11)], {"m": [50, 250]}, id="one island of three"),
        pytest.param(ISLANDS, [(-1, 5), (30, 5)], {"m": [50, 50, 50, 150]}, id="two islands of three"),
    ],
)
def test_a_line_divides_what_it_crosses_from_border_to_border(
    shapes: dict[str, Area], line: list[tuple[float, float]], areas: dict[str, list[float]]
) -> None:
    cut = cut_shapes(shapes, set(shapes), shapely.LineString(line), snap=0.5)
    found = {code: sorted(round(piece.area, 6) for piece in pieces) for code, pieces in cut.pieces.items()}
    assert found == {code: sorted(each) for code, each in areas.items()}


def test_a_neighbour_gets_the_vertex_and_nothing_else() -> None:
    cut = cut_shapes(SQUARES, {"a"}, shapely.LineString([(-5, 4), (15, 4)]), snap=0.5)
    assert shapely.get_coordinates(cut.revertexed["b"]).tolist().count([10.0, 4.0]) == 1
    assert cut.revertexed["b"].area == 100
    after = np.array([*cut.pieces["a"], cut.revertexed["b"]], dtype=object)
    assert shapely.coverage_is_valid(after)


def test_a_part_that_is_thinner_than_the_snapping_distance_is_not_made() -> None:
    cut = cut_shapes(SQUARES, {"a"}, shapely.LineString([(-1, 0.6), (5, 0.7), (11, 0.6)]), snap=1.0)
    assert cut.pieces == {}


COORDINATE = st.floats(-50, 1_050, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 1_000),
    st.lists(st.lists(st.tuples(COORDINATE, COORDINATE), min_size=2, max_size=5), min_size=1, max_size=6),
)
def test_a_tiling_stays_a_tiling_after_any_lines(seed: int, lines: list[list[tuple[float, float]]]) -> None:
    random = np.random.default_rng(seed)
    outline = shapely.box(0, 0, 1_000, 1_000)
    sites = shapely.multipoints(random.uniform(0, 1_000, (12, 2)))
    cells = shapely.intersection(np.array(shapely.get_parts(shapely.voronoi_polygons(sites))), outline)
    # One noded set of lines makes cells that share their borders vertex for vertex.
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(shapely.boundary(cells))]))
    shapes: dict[str, Area] = {f"S{number}": face for number, face in enumerate(faces)}
    before = shapely.area(as_array(shapes)).sum()
    assert shapely.coverage_is_valid(as_array(shapes))
    for line in lines:
        if len(set(line)) < 2:
            continue
        try:
            carry_out(shapes, line, snap=2.0)
        except UncuttableError:
            continue
        assert shapely.coverage_is_valid(as_array(shapes))
        assert shapely.is_valid(as_array(shapes)).all()
    assert shapely.area(as_array(shapes)).sum() == pytest.approx(before, abs=1e-6)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "crs", "snap"),
    [
        ("netherlands/amsterdam-2022/buurten.gpkg", "EPSG:28992", 1.0),
        ("netherlands/amsterdam-2022/buurten.gpkg", "EPSG:4326", 9e-6),
    ],
)
def test_amsterdam_stays_a_tiling(real_data: Path, file: str, crs: str, snap: float) -> None:
    layer = gpd.read_file(real_data / file).to_crs(crs)
    shapes: dict[str, Area] = dict(zip(layer["buurtcode"], layer.geometry, strict=True))
    random = np.random.default_rng(1)
    valid, before = shapely.coverage_is_valid(as_array(shapes)), shapely.area(as_array(shapes)).sum()
    pieces = 0
    for _ in range(25):
        shape = shapes[random.choice(sorted(shapes))]
        centre, size = shape.representative_point(), np.sqrt(shape.area)
        line = [(centre.x + dx * size, centre.y + dy * size) for dx, dy in random.normal(0, 1.5, (4, 2))]
        pieces += carry_out(shapes, line, snap)
    assert pieces > 50
    assert shapely.coverage_is_valid(as_array(shapes)) == valid
    # One square millimetre per square kilometre, in the square unit of the CRS.
    assert abs(shapely.area(as_array(shapes)).sum() - before) <= before * 1e-12


def test_a_tangle_is_refused_before_it_is_cut() -> None:
    squares = {
        f"{i}{j}": shapely.box(100 * i, 100 * j, 100 * i + 100, 100 * j + 100) for i in range(6) for j in range(6)
    }
    tangle = shapely.LineString(np.random.default_rng(1).uniform(-50, 650, (5_000, 2)))
    with pytest.raises(UncuttableError, match="crosses itself more than 500 times"):
        cut_shapes(squares, set(squares), tangle, snap=1.0)
