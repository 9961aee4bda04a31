"""Growing areas over the gaps between them: exact tilings, overlaps, real city blocks."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from boundaries.growing import GrownAreas, UngrowableError, grow_areas
from boundaries.tiling import repair_shapes

CRS = "EPSG:31370"
SQUARE = shapely.box(0, 0, 100, 100)
Shapes = npt.NDArray[np.object_]


def shapes_of(*areas: shapely.Geometry) -> Shapes:
    return np.array(areas, dtype=object)


def assert_exact(grown: GrownAreas, areas: Shapes, outline: shapely.Geometry) -> None:
    assert shapely.coverage_is_valid(grown.shapes)
    assert shapely.is_valid(grown.shapes).all()
    assert abs(shapely.area(grown.shapes).sum() - outline.area) <= 1e-12 * outline.area
    union = shapely.coverage_union_all(grown.shapes)
    assert shapely.symmetric_difference(union, outline).area <= 1e-9 * outline.area
    # What an area keeps is all of it but for what lies outside and what lower positions claim too.
    tree = shapely.STRtree(areas)
    for position, area in enumerate(areas):
        near = tree.query(area, predicate="intersects")
        before = shapely.union_all(areas[near[near < position]])
        own = shapely.difference(shapely.intersection(area, outline), before)
        assert shapely.difference(own, grown.shapes[position]).area <= 1e-9 * outline.area


@pytest.mark.parametrize(
    ("areas", "outline"),
    [
        pytest.param([shapely.box(20, 20, 30, 30)], SQUARE, id="one area takes all"),
        pytest.param([SQUARE], SQUARE, id="nothing to grow"),
        pytest.param([shapely.box(0, 0, 50, 100), shapely.box(50, 0, 100, 100)], SQUARE, id="tiles already"),
        pytest.param([shapely.box(0, 0, 50, 60), shapely.box(50, 0, 100, 50)], SQUARE, id="share a part of a border"),
        pytest.param([shapely.box(0, 0, 50, 50), shapely.box(50, 50, 100, 100)], SQUARE, id="touch at a point"),
        pytest.param([shapely.box(-20, 10, 30, 30), shapely.box(60, 60, 80, 80)], SQUARE, id="reaches outside"),
        pytest.param([shapely.box(10, 10, 60, 60), shapely.box(40, 40, 90, 90)], SQUARE, id="overlap"),
        pytest.param([shapely.box(10, 10, 90, 90) - shapely.box(20, 20, 80, 80), shapely.box(40, 40, 60, 60)], SQUARE,
                     id="an area around another"),
        pytest.param([shapely.box(10, 10, 30, 30), shapely.MultiPolygon([shapely.box(50, 50, 60, 60),
                     shapely.box(10, 80, 20, 90)])], SQUARE, id="an area in two parts"),
        pytest.param([shapely.box(10, 10, 30, 30), shapely.box(50, 50, 60, 60)],
                     shapely.MultiPolygon([SQUARE, shapely.box(200, 0, 220, 20)]) , id="an exclave without areas"),
        pytest.param([shapely.box(5, 5, 15, 95), shapely.box(85, 5, 95, 95)], SQUARE - shapely.box(30, 30, 70, 70),
                     id="an enclave of elsewhere"),
    ],
)  # fmt: skip
def test_areas_fill_their_outline_exactly(areas: list[shapely.Geometry], outline: shapely.Geometry) -> None:
    grown = grow_areas(shapes_of(*areas), outline, CRS)
    assert_exact(grown, shapes_of(*areas), outline)
    assert grown.lost == ()


def test_a_street_is_shared_along_its_middle() -> None:
    grown = grow_areas(shapes_of(shapely.box(0, 0, 45, 100), shapely.box(55, 0, 100, 100)), SQUARE, CRS)
    assert shapely.area(grown.shapes).tolist() == pytest.approx([5_000, 5_000])
    assert grown.shapes[0].bounds == pytest.approx((0, 0, 50, 100))


def test_the_lower_position_keeps_an_overlap_and_it_is_told() -> None:
    areas = shapes_of(shapely.box(0, 0, 60, 100), shapely.box(50, 0, 100, 100), shapely.box(10, 10, 20, 20))
    grown = grow_areas(areas, SQUARE, CRS)
    assert shapely.area(grown.shapes).tolist() == pytest.approx([6_000, 4_000, 0])
    assert [(each.left, each.right, each.area_m2) for each in grown.overlaps] == [(0, 1, 1_000.0), (0, 2, 100.0)]
    assert grown.lost == (2,)


def test_what_lies_outside_is_told() -> None:
    areas = shapes_of(shapely.box(-20, 0, 60, 100), shapely.box(200, 0, 300, 100))
    grown = grow_areas(areas, SQUARE, CRS)
    assert [(each.position, each.area_m2) for each in grown.outside] == [(0, 2_000.0), (1, 10_000.0)]
    assert grown.lost == (1,)
    assert grown.shapes[0].area == SQUARE.area


@pytest.mark.parametrize(
    ("areas", "outline", "told"),
    [
        ([], SQUARE, "no area to grow"),
        ([shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])], SQUARE, "area 1 is not valid.*Self-intersection"),
        ([SQUARE, shapely.Point(1, 1)], SQUARE, "area 2 is not an area"),
        ([SQUARE, None], SQUARE, "area 2 is not an area"),
        ([SQUARE], shapely.Polygon(), "the outline is not an area"),
        ([shapely.box(200, 0, 300, 9)], SQUARE, "another CRS"),
    ],
)
def test_a_bad_input_is_named(areas: list[shapely.Geometry], outline: shapely.Geometry, told: str) -> None:
    with pytest.raises(UngrowableError, match=told):
        grow_areas(shapes_of(*areas), outline, CRS)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.integers(1, 12), st.booleans())
def test_any_areas_become_a_tiling(seed: int, number: int, in_degrees: bool) -> None:
    random = np.random.default_rng(seed)
    scale, start = (1e-5, (4.4, 50.8)) if in_degrees else (1.0, (150_000.0, 170_000.0))
    places, sizes = random.uniform(0, 300, (number, 2)), random.uniform(3, 80, number)
    turned = [
        shapely.affinity.rotate(shapely.box(x, y, x + size, y + size / 2), random.uniform(0, 90))
        for (x, y), size in zip(places, sizes, strict=True)
    ]
    areas = shapely.transform(shapes_of(*turned), lambda points: points * scale + start)
    outline = shapely.transform(shapely.box(0, 0, 300, 300), lambda points: points * scale + start)
    assume(shapely.intersects(areas, outline).any())
    grown = grow_areas(areas, outline, "EPSG:4326" if in_degrees else CRS)
    assert_exact(grown, areas, outline)


@pytest.mark.realdata
@pytest.mark.parametrize("year", ["2011", "2024"])
def test_schaerbeeks_city_blocks_grow_over_their_streets(real_data: Path, year: str) -> None:
    layer = gpd.read_file(real_data / "belgium" / "schaerbeek" / "city-blocks.geojson").to_crs(CRS)
    file = {"2011": "municipalities-2011/municipalities.gpkg", "2024": "flanders-areas/municipalities.gpkg"}[year]
    borders = gpd.read_file(real_data / "belgium" / file).to_crs(CRS)
    outline = borders.loc[borders["municipality"].astype(str) == "21015"].geometry.iloc[0]
    areas = layer.geometry.to_numpy()
    for repair in repair_shapes(areas, CRS):
        areas[repair.position] = repair.repaired
    grown = grow_areas(areas, outline, CRS)
    assert_exact(grown, areas, outline)
    assert grown.lost == ()
    assert layer.loc[~shapely.is_empty(grown.shapes), "households"].sum() == 54_618
