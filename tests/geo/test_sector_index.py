"""The sector index: what it answers, and what it refuses."""

import pickle

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.sector_errors import CoordinateError, LayerError
from geo.sector_index import Nearest, SectorIndex


def layer(shapes: dict[str, shapely.Geometry | None], crs: str | None = "EPSG:31370") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"sector_code": list(shapes)}, geometry=list(shapes.values()), crs=crs)


@pytest.fixture(scope="module")
def squares() -> SectorIndex:
    """Four squares of 100 m around (100, 100), their codes against the order of rows."""
    boxes = {"D": (0, 0), "C": (100, 0), "B": (0, 100), "A": (100, 100)}
    return SectorIndex.build(layer({c: shapely.box(x, y, x + 100, y + 100) for c, (x, y) in boxes.items()}))


def test_codes_ascend_and_positions_are_their_places(squares: SectorIndex) -> None:
    assert list(squares.codes) == ["A", "B", "C", "D"]
    assert squares.crs == "EPSG:31370"
    assert len(squares) == 4
    positions = squares.locate_many([150.0, 50.0, 150.0, 50.0], [150.0, 150.0, 50.0, 50.0])
    assert positions.dtype == np.int32
    assert positions.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("x", "y", "code"),
    [
        (50.0, 50.0, "D"),
        (100.0, 50.0, "C"),  # a shared edge
        (100.0, 150.0, "A"),
        (50.0, 100.0, "B"),
        (100.0, 100.0, "A"),  # a vertex of all four
        (0.0, 0.0, "D"),  # the layer's corner
        (200.0, 200.0, "A"),
        (0.0, 150.0, "B"),  # the layer's border
        (np.nextafter(100.0, 0.0), 50.0, "D"),
        (np.nextafter(0.0, -1.0), 50.0, None),
        (np.nextafter(200.0, 300.0), 50.0, None),
        (-1e300, 50.0, None),
        (1e300, -1e300, None),
    ],
)
def test_point_belongs_to_lowest_code_that_covers_it(
    squares: SectorIndex, x: float, y: float, code: str | None
) -> None:
    assert squares.locate(x, y) == code
    position = squares.locate_many(np.array([x]), np.array([y]))[0]
    assert (None if position < 0 else squares.codes[position]) == code


def test_codes_compare_as_plain_strings() -> None:
    index = SectorIndex.build(layer({code: shapely.box(0, 0, 1, 1) for code in ("a", "B", "10", "9", "é")}))
    assert list(index.codes) == ["10", "9", "B", "a", "é"]
    assert index.locate(0.5, 0.5) == "10"


def test_holes_parts_and_overlaps() -> None:
    ring = shapely.box(0, 0, 90, 90).difference(shapely.box(30, 30, 60, 60))
    index = SectorIndex.build(
        layer(
            {
                "ring": ring,
                "enclave": shapely.MultiPolygon([shapely.box(40, 40, 50, 50), shapely.box(100, 0, 110, 10)]),
                "whole": shapely.box(-10, -10, 200, 200),
                "above": shapely.box(35, 35, 38, 38),
            }
        )
    )
    assert index.locate(10.0, 10.0) == "ring"
    assert index.locate(30.0, 45.0) == "ring"  # the hole's border
    assert index.locate(35.0, 50.0) == "whole"
    assert index.locate(45.0, 45.0) == "enclave"
    assert index.locate(105.0, 5.0) == "enclave"
    assert index.locate(36.0, 36.0) == "above"
    assert index.locate(-5.0, 5.0) == "whole"
    assert index.locate(201.0, 5.0) is None


def test_third_coordinate_is_ignored() -> None:
    square = shapely.force_3d(shapely.box(0, 0, 1, 1), 7.0)
    assert SectorIndex.build(layer({"A": square})).locate(0.5, 0.5) == "A"


def test_code_column_has_a_name_of_choice() -> None:
    sectors = layer({"A": shapely.box(0, 0, 1, 1)}).rename(columns={"sector_code": "buurtcode"})
    assert SectorIndex.build(sectors, code="buurtcode").locate(0.5, 0.5) == "A"


@pytest.mark.parametrize(
    ("sectors", "message"),
    [
        (layer({"A": shapely.box(0, 0, 1, 1)}, crs=None), "no CRS"),
        (layer({"A": shapely.box(0, 0, 1, 1)}, crs="+proj=laea +lat_0=50 +lon_0=5"), "no authority code"),
        (layer({}), "no sectors"),
        (layer({"A": shapely.box(0, 0, 1, 1)}).rename(columns={"sector_code": "x"}), "no column 'sector_code'"),
        (layer({"A": None}), "'A' has no shape"),
        (layer({"A": shapely.Polygon()}), "'A' has no shape"),
        (layer({"A": shapely.Point(1, 1)}), "'A' is neither a polygon nor a multipolygon"),
        (layer({"A": shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])}), "'A' is not a valid shape: Self-inter"),
        (layer({"A": shapely.Polygon([(0, 0), (1, 0), (np.inf, 1)])}), "'A' has a coordinate that is not finite"),
        (layer({"A": shapely.Polygon([(-1e308, 0), (1e308, 0), (0, 1)])}), "extent is no finite number"),
        (gpd.GeoDataFrame({"sector_code": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs=28992), r"row 0 .* strings"),
        (
            gpd.GeoDataFrame({"sector_code": ["A", "B", "A"]}, geometry=[shapely.box(0, 0, 1, 1)] * 3, crs=28992),
            "rows 0 and 2 have the same code 'A'",
        ),
    ],
)
def test_layer_that_cannot_be_indexed_is_refused(sectors: gpd.GeoDataFrame, message: str) -> None:
    with pytest.raises(LayerError, match=message):
        SectorIndex.build(sectors)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_point_that_is_not_finite_is_refused(squares: SectorIndex, bad: float) -> None:
    for x, y in ((bad, 50.0), (50.0, bad)):
        with pytest.raises(CoordinateError, match="finite"):
            squares.locate(x, y)
        with pytest.raises(CoordinateError, match="finite"):
            squares.nearest(x, y, 10.0)
        xs, ys = np.full(10_000, 50.0), np.full(10_000, 50.0)
        xs[7_777], ys[7_777] = x, y
        with pytest.raises(CoordinateError, match=r"point 7777 .* not finite"):
            squares.locate_many(xs, ys)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros(3), np.zeros(4), r"shape \(3,\) and y has shape \(4,\)"),
        (np.zeros((3, 2)), np.zeros((3, 2)), "one dimension"),
        (5.0, 5.0, "one dimension"),
        (np.zeros(3, np.float32), np.zeros(3), "must be float64"),
        (np.zeros(3), np.array(["1", "2", "3"]), "must be float64"),
        (np.array([None, 1.0]), np.zeros(2), "must be float64"),
        (np.zeros(2, complex), np.zeros(2), "must be float64"),
        (np.zeros(2, bool), np.zeros(2), "must be float64"),
        (np.array([2**53 + 1, 1]), np.zeros(2), "must be float64"),
    ],
)
def test_arrays_of_wrong_shape_or_type_are_refused(squares: SectorIndex, x: object, y: object, message: str) -> None:
    with pytest.raises(CoordinateError, match=message):
        squares.locate_many(x, y)


def test_point_that_is_no_pair_of_numbers_is_refused(squares: SectorIndex) -> None:
    with pytest.raises(CoordinateError, match="two numbers"):
        squares.locate("50", 50.0)  # type: ignore[arg-type]


def test_whole_numbers_lists_views_and_empty_arrays_are_points_too(squares: SectorIndex) -> None:
    assert squares.locate(150, 50) == "C"
    assert squares.locate(np.float64(150), np.int32(50)) == "C"
    assert squares.locate_many([150], [50]).tolist() == [2]
    pairs = np.array([[150.0, 50.0], [50.0, 50.0]])
    pairs.flags.writeable = False
    assert squares.locate_many(pairs[:, 0], pairs[:, 1]).tolist() == [2, 3]
    assert squares.locate_many(pairs[::-1, 0], pairs[::-1, 1]).tolist() == [3, 2]
    assert squares.locate_many(np.array([150.0], ">f8"), np.array([50.0])).tolist() == [2]
    assert squares.locate_many([], []).tolist() == []


def test_threads_change_nothing(squares: SectorIndex) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.uniform(-50, 250, (2, 700_000))
    one = squares.locate_many(x, y, threads=1)
    assert np.array_equal(one, squares.locate_many(x, y, threads=3))
    assert np.array_equal(one, squares.locate_many(x, y))
    with pytest.raises(ValueError, match="threads must be at least 1"):
        squares.locate_many(x, y, threads=0)


def test_index_travels_between_processes(squares: SectorIndex) -> None:
    other = pickle.loads(pickle.dumps(squares))
    assert other.codes == squares.codes
    assert other.locate(150.0, 50.0) == "C"


@pytest.mark.parametrize(
    ("x", "y", "limit", "nearest"),
    [
        (150.0, 50.0, 0.0, Nearest("C", 0.0)),
        (203.0, 50.0, 3.0, Nearest("C", 3.0)),
        (203.0, 50.0, np.nextafter(3.0, 0.0), None),
        (203.0, 204.0, 100.0, Nearest("A", 5.0)),
        (-8.0, 100.0, 100.0, Nearest("B", 8.0)),  # as near to D
        (100.0, 1e6, 1e6, Nearest("A", 999_800.0)),
    ],
)
def test_nearest_gives_code_and_distance(
    squares: SectorIndex, x: float, y: float, limit: float, nearest: Nearest | None
) -> None:
    assert squares.nearest(x, y, limit) == nearest


@pytest.mark.parametrize("limit", [-1.0, np.nan, np.inf])
def test_nearest_refuses_a_distance_that_is_none(squares: SectorIndex, limit: float) -> None:
    with pytest.raises(CoordinateError, match="max_distance"):
        squares.nearest(0.0, 0.0, limit)


def test_nearest_agrees_with_shapely_on_distance() -> None:
    rng = np.random.default_rng(8)
    centres = rng.uniform(0, 1000, (60, 2))
    shapes = shapely.buffer(shapely.points(centres), rng.uniform(5, 40, 60), quad_segs=3)
    index = SectorIndex.build(layer({f"{i:02}": shape for i, shape in enumerate(shapes)}))
    for x, y in rng.uniform(-200, 1200, (400, 2)):
        distances = shapely.distance(shapes, shapely.Point(x, y))
        found = index.nearest(x, y, 300.0)
        if distances.min() > 300.0:
            assert found is None
        else:
            assert found is not None
            assert found.distance == pytest.approx(distances.min(), rel=1e-12)
            assert distances[int(found.code)] == pytest.approx(distances.min(), rel=1e-12)


def test_nearest_in_a_lonlat_layer_is_in_metres() -> None:
    import pyproj

    index = SectorIndex.build(layer({"A": shapely.box(4.0, 51.0, 4.1, 51.1)}, crs="EPSG:4326"))
    geodesic = pyproj.Geod(ellps="WGS84").inv
    for lon, lat, at in ((4.101, 51.05, (4.1, 51.05)), (4.05, 51.102, (4.05, 51.1))):
        found = index.nearest(lon, lat, 500.0)
        assert found is not None
        assert found.distance == pytest.approx(geodesic(lon, lat, *at)[2], rel=1e-4)
