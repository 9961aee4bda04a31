"""The sector index against GEOS, point for point: coverages, overlaps, degenerate shapes and degenerate places.

GEOS decides with a pair of doubles (106 bits). Where the coordinates of one edge and of the point differ widely
in magnitude that is not always enough, and GEOS takes a point beside an edge for one on it. The index is exact
there, so each disagreement is judged by rational arithmetic, which has to side with the index.
"""

from fractions import Fraction
from itertools import pairwise

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.sector_index import SectorIndex

Points = npt.NDArray[np.float64]


def index_of(shapes: npt.NDArray[np.object_] | list[shapely.Geometry], crs: str = "EPSG:31370") -> SectorIndex:
    codes = [f"{i:05}" for i in range(len(shapes))]
    return SectorIndex.build(gpd.GeoDataFrame({"sector_code": codes}, geometry=list(shapes), crs=crs))


def first_covering(shapes: npt.NDArray[np.object_], points: Points) -> npt.NDArray[np.int64]:
    """Ask GEOS about every pair of shape and point."""
    covers = shapely.covers(np.asarray(shapes)[:, None], shapely.points(points)[None, :])
    return np.where(covers.any(axis=0), covers.argmax(axis=0), -1)


def assert_equals_geos(shapes: npt.NDArray[np.object_], points: Points, index: SectorIndex | None = None) -> None:
    index = index_of(shapes) if index is None else index
    expected = first_covering(shapes, points)
    found = index.locate_many(points[:, 0], points[:, 1])
    for i in np.flatnonzero(found != expected):
        expected[i] = rational_answer(shapes, points[i])
        assert found[i] == expected[i], points[i].tolist()
    for i in range(0, len(points), max(len(points) // 50, 1)):
        code = index.locate(*points[i])
        assert code == (None if expected[i] < 0 else index.codes[expected[i]])


def rational_answer(shapes: npt.NDArray[np.object_], point: Points) -> int:
    """Answer one point in rational numbers: on a ring, or within an odd number of them."""
    px, py = map(Fraction, point.tolist())
    for position, shape in enumerate(shapes):
        inside = False
        for ring in shapely.get_rings(shapely.get_parts(shape)):
            corners = [(Fraction(x), Fraction(y)) for x, y in shapely.get_coordinates(ring).tolist()]
            for (ax, ay), (bx, by) in pairwise(corners):
                left = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
                if left == 0 and min(ax, bx) <= px <= max(ax, bx) and min(ay, by) <= py <= max(ay, by):
                    return position
                if (ay > py) != (by > py) and (left > 0) == (by > ay):
                    inside = not inside
        if inside:
            return position
    return -1


def degenerate_points(shapes: npt.NDArray[np.object_]) -> Points:
    """Give vertices, middles and thirds of edges, and the doubles beside them; also crossings of their lines."""
    vertices = np.unique(shapely.get_coordinates(shapes), axis=0)
    edges = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(shapes))]
    starts = np.vstack([e[:-1] for e in edges])
    ends = np.vstack([e[1:] for e in edges])
    on_edges = np.vstack([starts + (ends - starts) * t for t in (0.5, 1.0 / 3.0)])
    crossings = np.column_stack([starts[:, 0], ends[:, 1]])
    points = np.vstack([vertices, on_edges, crossings])
    beside = [points]
    for axis in (0, 1):
        for towards in (-np.inf, np.inf):
            moved = points.copy()
            moved[:, axis] = np.nextafter(moved[:, axis], towards)
            beside.append(moved)
    return np.vstack(beside)


def random_points(shapes: npt.NDArray[np.object_], n: int, seed: int) -> Points:
    low_x, low_y, high_x, high_y = shapely.total_bounds(shapes)
    pad_x, pad_y = (high_x - low_x) * 0.1, (high_y - low_y) * 0.1
    rng = np.random.default_rng(seed)
    return np.column_stack(
        [rng.uniform(low_x - pad_x, high_x + pad_x, n), rng.uniform(low_y - pad_y, high_y + pad_y, n)]
    )


@st.composite
def coverages(draw: st.DrawFn) -> npt.NDArray[np.object_]:
    """Draw a coverage: the faces of random lines over a box, some joined, some left out."""
    unit = draw(st.sampled_from([1.0, 0.1, 1e-6, 1e9, 1e-30]))
    origin = draw(st.sampled_from([0.0, 150_000.0, -3.3, 1e7]))
    whole = st.integers(0, 12)
    lines = draw(st.lists(st.tuples(whole, whole, whole, whole), min_size=2, max_size=10))
    segments = [shapely.LineString([line[:2], line[2:]]) for line in lines if line[:2] != line[2:]]
    frame = shapely.box(0, 0, 12, 12).exterior
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all([frame, *segments]))))
    faces = shapely.transform(faces, lambda c: c * unit + origin * unit)
    faces = faces[shapely.is_valid(faces) & ~shapely.is_empty(faces)]
    groups = draw(st.lists(st.integers(-1, 5), min_size=len(faces), max_size=len(faces)))
    joined = []
    for group in range(6):
        members = faces[np.asarray(groups) == group]
        if len(members):
            joined.append(shapely.coverage_union_all(members) if len(members) > 1 else members[0])
    shapes = np.array(joined, dtype=object)
    assume(len(shapes) and shapely.is_valid(shapes).all())
    return shapes


@settings(max_examples=120, deadline=None)
@given(coverages())
def test_coverage_with_holes_and_parts(shapes: npt.NDArray[np.object_]) -> None:
    assert_equals_geos(shapes, np.vstack([degenerate_points(shapes), random_points(shapes, 200, 1)]))


@st.composite
def overlapping(draw: st.DrawFn) -> npt.NDArray[np.object_]:
    """Draw polygons that lie over one another, with collinear runs, repeated vertices, slivers and spikes."""
    scale = draw(st.sampled_from([1.0, 1e-3, 1e5]))
    places = st.one_of(st.integers(0, 8).map(float), st.floats(0.0, 8.0, allow_subnormal=False))
    rings = draw(st.lists(st.lists(st.tuples(places, places), min_size=3, max_size=9), min_size=1, max_size=14))
    shapes = []
    for ring in rings:
        doubled = [corner for corner in ring for _ in range(2)]
        polygon = shapely.Polygon([(x * scale, y * scale) for x, y in doubled])
        if not polygon.is_valid:
            polygon = shapely.convex_hull(polygon)
        if isinstance(polygon, shapely.Polygon) and not polygon.is_empty and polygon.is_valid:
            shapes.append(polygon)
    assume(shapes)
    return np.array(shapes, dtype=object)


@settings(max_examples=150, deadline=None)
@given(overlapping())
def test_overlapping_shapes_give_the_lowest_code(shapes: npt.NDArray[np.object_]) -> None:
    assert_equals_geos(shapes, np.vstack([degenerate_points(shapes), random_points(shapes, 200, 2)]))


def star(n: int, radius: float = 1000.0) -> npt.NDArray[np.object_]:
    """Make n wedges that meet in one vertex."""
    angles = np.linspace(0.0, 2.0 * np.pi, n + 1)
    rim = np.column_stack([np.cos(angles), np.sin(angles)]) * radius + 0.1
    rim[-1] = rim[0]
    return np.array([shapely.Polygon([(0.1, 0.1), rim[i], rim[i + 1]]) for i in range(n)], dtype=object)


@pytest.mark.parametrize("n", [3, 8, 9, 17, 100])
def test_many_sectors_meet_in_one_vertex(n: int) -> None:
    wedges = star(n)
    rng = np.random.default_rng(3)
    near_centre = 0.1 + rng.normal(size=(2000, 2)) * 10.0 ** rng.uniform(-14, 2, (2000, 1))
    assert_equals_geos(wedges, np.vstack([degenerate_points(wedges), random_points(wedges, 2000, 4), near_centre]))


def test_fine_and_coarse_shapes_in_one_layer() -> None:
    # The fine ring is smaller than a cell by far: finer grids have to carry it, and a long leaf its centre.
    fine = shapely.buffer(shapely.Point(3.0, 4.0), 1e-3, quad_segs=2000)
    finest = shapely.buffer(shapely.Point(3.0, 4.0), 1e-9, quad_segs=500)
    shapes = np.array([finest, fine.difference(finest), shapely.box(-1e5, -1e5, 1e5, 1e5).difference(fine)])
    rng = np.random.default_rng(5)
    middle = np.array([3.0, 4.0])
    around = middle + rng.normal(size=(3000, 2)) * 10.0 ** rng.uniform(-15, 5, (3000, 1))
    vertices = shapely.get_coordinates(shapes)[::20]
    assert_equals_geos(shapes, np.vstack([around, vertices, (vertices[1:] + vertices[:-1]) / 2.0]))


def test_slivers_a_few_ulps_wide() -> None:
    x = 150_000.0
    wide = np.nextafter(np.nextafter(x, np.inf), np.inf)
    shapes = np.array(
        [
            shapely.Polygon([(x, 0), (x, 100), (wide, 100), (wide, 0)]),
            shapely.box(x - 100, 0, x, 100),
            shapely.box(wide, 0, x + 100, 100),
        ]
    )
    xs = [np.nextafter(x, 0), x, np.nextafter(x, np.inf), wide, np.nextafter(wide, np.inf)]
    points = np.array([(a, b) for a in xs for b in (-1e-9, 0.0, 50.0, 100.0, 100.1)])
    assert_equals_geos(shapes, np.vstack([points, degenerate_points(shapes)]))


@pytest.mark.parametrize(
    ("unit", "origin"),
    [(1.0, 1e15), (1e-3, 1e9), (1e-12, 1.0), (1e100, 0.0), (1e-100, 0.0), (1e140, 3e150)],
)
def test_huge_and_tiny_coordinates(unit: float, origin: float) -> None:
    rng = np.random.default_rng(6)
    steps = np.sort(rng.uniform(0.0, 1000.0, (6, 2)), axis=0) * unit + origin
    shapes = np.array([shapely.Polygon([a, (b[0], a[1]), b]) for a, b in pairwise(steps)])
    index = index_of(shapes)
    points = np.vstack([degenerate_points(shapes), rng.uniform(0, 1000, (300, 2)) * unit + origin])
    expected = [rational_answer(shapes, point) for point in points]
    assert index.locate_many(points[:, 0], points[:, 1]).tolist() == expected


def test_random_and_border_points_of_a_wide_layer() -> None:
    rng = np.random.default_rng(7)
    centres = rng.uniform(0, 100_000, (600, 2))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(centres)))
    tree = shapely.STRtree(cells)
    index = index_of(cells)
    vertices = shapely.get_coordinates(cells)
    middles = (vertices[1:] + vertices[:-1]) / 2.0
    jittered = [vertices + rng.normal(size=vertices.shape) * size for size in (1e-9, 1e-6, 1e-3, 1.0)]
    points = np.vstack([random_points(cells, 100_000, 8), vertices, middles, *jittered])
    point, sector = tree.query(shapely.points(points), predicate="covered_by")
    expected = np.full(len(points), len(cells))
    np.minimum.at(expected, point, sector)
    expected[expected == len(cells)] = -1
    assert np.array_equal(index.locate_many(points[:, 0], points[:, 1]), expected)
