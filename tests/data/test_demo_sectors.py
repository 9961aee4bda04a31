"""The sectors of the demo region: an exact coverage, whatever the seed."""

import csv
import gzip
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.demo import DemoSize
from data.demo.cells import town_seeds
from data.demo.mesh import Mesh, neighbours, voronoi, wiggle
from data.demo.municipalities import allocate
from data.demo.sectors import DemoRegion, build_region
from data.demo.streets import NAME_COUNT, draw_names, street_name

# Belgium in EPSG:31370, by the official bounds of its municipalities.
BELGIUM = shapely.box(22_000, 21_000, 295_200, 244_100)


@pytest.fixture(scope="module")
def region() -> DemoRegion:
    return build_region(DemoSize(), 2026)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    municipalities=st.integers(3, 40),
    sectors_each=st.integers(8, 60),
)
def test_sectors_are_an_exact_coverage_of_contiguous_towns(seed: int, municipalities: int, sectors_each: int) -> None:
    sectors = municipalities * sectors_each
    region = build_region(DemoSize(municipalities, sectors, 40 * sectors), seed)
    shapes, town = region.sectors.geometry, region.sectors.town
    assert len(shapes) == sectors
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert len(set(region.sectors.code)) == sectors
    assert region.sectors.code == sorted(region.sectors.code)
    for number in range(municipalities):
        assert shapely.coverage_union_all(shapes[town == number]).geom_type == "Polygon"
    assert BELGIUM.contains(shapely.box(*shapely.total_bounds(shapes)))


def test_default_sectors_have_the_detail_and_the_sizes_of_real_ones(region: DemoRegion) -> None:
    vertices = shapely.get_num_coordinates(region.sectors.geometry)
    hectares = shapely.area(region.sectors.geometry) / 10_000
    assert 60 <= np.median(vertices) <= 100
    assert np.quantile(hectares, 0.95) > 8 * np.quantile(hectares, 0.05)


def test_there_is_an_enclave_a_sector_in_two_parts_and_a_code_of_another_municipality(region: DemoRegion) -> None:
    shapes = region.sectors.geometry
    double = shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOLYGON
    assert double.sum() == 1
    holes = shapely.get_num_interior_rings(shapes[~double])
    assert holes.sum() == 1
    around = shapes[~double][np.argmax(holes)]
    inside = shapely.polygons(shapely.get_interior_ring(around, 0))
    assert any(shape.equals(inside) for shape in shapes)
    strangers = [
        code
        for code, town in zip(region.sectors.code, region.sectors.town, strict=True)
        if code[:5] != region.towns[town].code
    ]
    assert len(strangers) == 1
    assert strangers[0][:5] in {town.code for town in region.towns}


def test_neighbouring_sectors_share_every_vertex_of_their_border(region: DemoRegion) -> None:
    shapes = region.sectors.geometry
    for a, b in zip(*shapely.STRtree(shapes).query(shapes, predicate="touches"), strict=True):
        shared = shapely.intersection(shapes[a], shapes[b])
        ends = {tuple(point) for point in shapely.get_coordinates(shared).tolist()}
        assert ends <= {tuple(point) for point in shapely.get_coordinates(shapes[a]).tolist()}
        assert ends <= {tuple(point) for point in shapely.get_coordinates(shapes[b]).tolist()}


def test_waves_keep_to_their_ends_and_to_their_kites() -> None:
    mesh = voronoi(np.random.default_rng(3).uniform(0, 10_000, (200, 2)).round(2))
    borders = wiggle(mesh, np.random.default_rng(4))
    assert (borders.points[borders.offset[:-1]] == mesh.start).all()
    assert (borders.points[borders.offset[1:] - 1] == mesh.end).all()
    for edge in np.flatnonzero(mesh.length > 3.0):
        corners = [mesh.start[edge], mesh.seeds[mesh.left[edge]], mesh.end[edge], mesh.seeds[mesh.right[edge]]]
        kite = shapely.convex_hull(shapely.multipoints(corners)).buffer(0.01)
        line = shapely.linestrings(borders.points[borders.offset[edge] : borders.offset[edge + 1]])
        assert line.is_simple
        assert kite.contains(line)


def test_voronoi_edges_are_equally_far_from_both_seeds() -> None:
    mesh = voronoi(np.random.default_rng(5).uniform(0, 10_000, (300, 2)).round(2))
    for end in (mesh.start, mesh.end):
        left = np.hypot(*(end - mesh.seeds[mesh.left]).T)
        right = np.hypot(*(end - mesh.seeds[mesh.right]).T)
        near = left < 20_000  # circumcentres of slivers at the rim lie far away and are rounded to the millimetre
        assert np.abs(left - right)[near].max() < 0.002


def test_equal_seeds_are_refused() -> None:
    with pytest.raises(ValueError, match="same point"):
        voronoi(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))


def test_cells_that_meet_in_a_corner_are_no_neighbours() -> None:
    square = np.array([[0.0, 0.0], [0.0, 2.0], [2.0, 2.0], [2.0, 0.0]])
    corners = np.array([[1.0, 0.0], [1.0, 1.0]])
    mesh = Mesh(square, np.array([0, 0]), np.array([3, 2]), corners[[0, 1]], corners[[1, 1]])
    assert neighbours(mesh, 4, min_border_m=0.5).tolist() == [[0, 3]]


def test_seeds_of_a_town_stay_on_its_side() -> None:
    centres = np.array([[0.0, 0.0], [5_000.0, 0.0], [0.0, 6_000.0]])
    seeds, rank = town_seeds(centres, 0, 80, np.random.default_rng(1))
    distance = np.hypot(*(seeds[:, None] - centres).transpose(2, 0, 1))
    assert (distance.argmin(axis=1) == 0).all()
    assert (np.diff(rank) > 0).all()


@given(st.integers(0, 10_000), st.lists(st.floats(0, 100), min_size=1, max_size=30))
def test_allocation_adds_up_and_is_within_one_of_the_share(total: int, weights: list[float]) -> None:
    array = np.array([*weights, 1.0])
    parts = allocate(total, array)
    assert parts.sum() == total
    assert (np.abs(parts - total * array / array.sum()) < 1 + 1e-6).all()


def test_street_names_are_all_different_in_both_languages() -> None:
    names = [street_name(number) for number in range(NAME_COUNT)]
    assert len({name.nl for name in names}) == NAME_COUNT
    assert len({name.fr for name in names}) == NAME_COUNT
    assert not any(set(',|"\n') & set(name.nl + name.fr) for name in names)


@given(st.integers(1, NAME_COUNT), st.integers(0, 2**32))
@settings(max_examples=20)
def test_drawn_names_are_different_and_begin_with_the_church(count: int, seed: int) -> None:
    drawn = draw_names(count, np.random.default_rng(seed))
    assert drawn[0] == 0
    assert len(np.unique(drawn)) == count


@pytest.mark.realdata
def test_no_real_municipality_has_a_code_or_a_name_of_the_demo(real_data: Path) -> None:
    region = build_region(DemoSize(581, 8 * 581, 40 * 8 * 581), 2026)
    real = gpd.read_file(real_data / "belgium/municipalities-2011/municipalities.gpkg", ignore_geometry=True)
    with gzip.open(real_data / "belgium/flanders-areas/sectors-2024-to-areas.csv.gz", "rt", encoding="utf-8") as stream:
        newer = list(csv.DictReader(stream))
    codes = set(real["municipality"]) | {row["gemeente"] for row in newer} | {row["gemeente2024"] for row in newer}
    names = set(real["name_nl"]) | set(real["name_fr"]) | {row["gemeente_naam"] for row in newer}
    assert codes.isdisjoint(town.code for town in region.towns)
    ours = [name for town in region.towns for name in (town.name_nl, town.name_fr) if name]
    assert names.isdisjoint(ours)
    assert len(set(ours)) == len(ours)
