"""Faults of a layer are found, measured and described; what tiles is left in peace."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.tiling import UnrepairableShapeError, find_gaps, find_overlaps, notable, repair_shapes
from geo.crs import area_m2

LAMBERT = "EPSG:31370"


def shapes_of(*shapes: shapely.Geometry) -> np.ndarray:
    return np.array(shapes, dtype=object)


def grid(columns: int, rows: int, size: float = 10.0) -> np.ndarray:
    return shapes_of(
        *(shapely.box(c * size, r * size, (c + 1) * size, (r + 1) * size) for r in range(rows) for c in range(columns))
    )


def test_a_tiling_has_no_faults() -> None:
    tiles = grid(5, 4)
    assert (repair_shapes(tiles, LAMBERT), find_overlaps(tiles, LAMBERT), find_gaps(tiles, LAMBERT)) == ([], [], [])


def test_a_bow_tie_is_read_as_its_two_triangles() -> None:
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    [repair] = repair_shapes(shapes_of(shapely.box(20, 0, 30, 10), bow_tie), LAMBERT)
    assert (repair.position, repair.hole_repeats_shell) == (1, False)
    assert "Self-intersection[5 5]" in repair.reason
    assert repair.repaired.is_valid
    assert repair.area_after_m2 == pytest.approx(50)


def test_a_hole_that_repeats_its_shell_is_named_as_such() -> None:
    shell = [(0, 0), (10, 0), (10, 10), (0, 10)]
    [repair] = repair_shapes(shapes_of(shapely.Polygon(shell, [shell[2:] + shell[:2]])), LAMBERT)
    assert repair.hole_repeats_shell
    assert (repair.area_before_m2, repair.area_after_m2) == (0.0, 100.0)


def test_another_hole_survives_beside_one_that_repeats_the_shell() -> None:
    shell = [(0, 0), (10, 0), (10, 10), (0, 10)]
    courtyard = [(2, 2), (4, 2), (4, 4), (2, 4)]
    [repair] = repair_shapes(shapes_of(shapely.Polygon(shell, [shell, courtyard])), LAMBERT)
    assert repair.area_after_m2 == pytest.approx(96)


def test_a_shape_without_area_cannot_be_repaired() -> None:
    with pytest.raises(UnrepairableShapeError, match="shape 1 has no area"):
        repair_shapes(shapes_of(shapely.Polygon([(0, 0), (5, 5), (10, 10), (0, 0)])), LAMBERT)


def test_overlaps_are_told_pair_by_pair_largest_first() -> None:
    layer = shapes_of(shapely.box(0, 0, 10, 10), shapely.box(9, 0, 20, 10), shapely.box(19.5, 0, 30, 10))
    found = [(o.left, o.right, o.area_m2) for o in find_overlaps(layer, LAMBERT)]
    assert found == [(0, 1, pytest.approx(10)), (1, 2, pytest.approx(5))]


def test_a_shape_inside_another_overlaps_it() -> None:
    layer = shapes_of(shapely.box(0, 0, 100, 100), shapely.box(40, 40, 50, 50))
    assert [o.area_m2 for o in find_overlaps(layer, LAMBERT)] == [pytest.approx(100)]


def test_shapes_that_touch_do_not_overlap() -> None:
    # A vertex in the middle of a neighbour's edge is no exact coverage, but nothing is covered twice.
    layer = shapes_of(shapely.box(0, 0, 10, 20), shapely.box(10, 0, 20, 10), shapely.box(10, 10, 20, 20))
    assert find_overlaps(layer, LAMBERT) == []


def test_a_gap_tells_its_neighbours() -> None:
    tiles = np.delete(grid(3, 3), 4)
    [gap] = find_gaps(tiles, LAMBERT)
    assert gap.area_m2 == pytest.approx(100)
    assert len(gap.neighbours) == 8


def test_a_moat_around_an_island_is_the_gap_and_not_the_island() -> None:
    ring = shapely.box(0, 0, 100, 100) - shapely.box(20, 20, 80, 80)
    [gap] = find_gaps(shapes_of(ring, shapely.box(40, 40, 60, 60)), LAMBERT)
    assert gap.area_m2 == pytest.approx(60 * 60 - 20 * 20)


def test_areas_in_degrees_are_measured_on_the_ellipsoid() -> None:
    # One square degree at the equator: 12,308.778 km² on GRS80 (Karney's geodesic polygons).
    [area] = area_m2(shapes_of(shapely.box(0, 0, 1, 1)), "EPSG:4326")
    assert area == pytest.approx(12_308.778e6, rel=1e-6)


def test_small_areas_are_not_worth_a_line() -> None:
    assert notable([3.0, 0.01, 0.009]) == 2


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 5), st.integers(2, 5), st.data())
def test_a_tile_that_grows_overlaps_by_what_it_took(columns: int, rows: int, data: st.DataObject) -> None:
    tiles = grid(columns, rows)
    chosen = data.draw(st.integers(0, len(tiles) - 1))
    grown_m = data.draw(st.floats(0.1, 9))
    tiles[chosen] = shapely.buffer(tiles[chosen], grown_m, join_style="mitre")
    others = np.delete(tiles, chosen)
    expected = shapely.area(shapely.intersection(others, tiles[chosen])).sum()
    assert sum(o.area_m2 for o in find_overlaps(tiles, LAMBERT)) == pytest.approx(expected)


@pytest.mark.realdata
def test_schaerbeek_quarters_overlap_in_six_pairs(real_data: Path) -> None:
    quarters = gpd.read_file(real_data / "belgium" / "schaerbeek" / "quarters.geojson")
    areas = [overlap.area_m2 for overlap in find_overlaps(quarters.geometry.to_numpy(), "EPSG:4326")]
    assert notable(areas) == 6
    assert sum(areas) == pytest.approx(622.30, abs=0.01)


@pytest.mark.realdata
def test_raw_schaerbeek_quarters_are_repaired_to_the_publishers_areas(real_data: Path) -> None:
    quarters = gpd.read_file(real_data / "belgium" / "schaerbeek" / "quarters-raw.geojson")
    repairs = repair_shapes(quarters.geometry.to_numpy(), "EPSG:4326")
    assert [repair.position for repair in repairs] == list(range(14))
    for repair, published in zip(repairs, quarters.area_m2, strict=True):
        assert repair.hole_repeats_shell
        assert repair.area_before_m2 == pytest.approx(0, abs=1e-3)
        assert repair.area_after_m2 == pytest.approx(published, rel=1e-4)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("file", "crs"),
    [
        ("netherlands/amsterdam-2022/buurten.gpkg", "EPSG:4326"),
        ("belgium/flanders-areas/wijken.gpkg", LAMBERT),
        ("belgium/municipalities-2011/municipalities.gpkg", "EPSG:4326"),
    ],
)
def test_official_layers_have_no_overlap(real_data: Path, file: str, crs: str) -> None:
    layer = gpd.read_file(real_data / file)
    assert find_overlaps(layer.geometry.to_numpy(), crs) == []
