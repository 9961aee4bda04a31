"""Coordinate reference systems: the official ones, points from one to another, and areas in square metres.

Every change of CRS in the project is made here, by PROJ. Without its grid files (the default of the wheels, and
the network stays off) PROJ's Helmert parameters hold: EPSG gives them 0.2 m for Belgian Lambert 72 (operation
15929) and about 1 m for RD New. That is why a register's own official coordinates are used wherever it gives them.
"""

from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

LONLAT = "EPSG:4326"
OFFICIAL_CRS = {"BE": "EPSG:31370", "NL": "EPSG:28992"}
"""The CRS of a country's registers: Belgian Lambert 72, Amersfoort / RD New."""

METRES_PER_DEGREE = 111_320.0
"""Of latitude, and of longitude at the equator: the earth's mean, for tolerances alone."""

_EDGE_DEGREES = 0.004
"""Edges are cut to that length before their ends are converted, at most 450 m of latitude. An edge of length d that is
straight in degrees bends by d² tan φ / 8 R in a conformal projection: by less than 1 cm at our latitudes."""

_GEOD = pyproj.Geod(ellps="GRS80")


@lru_cache(maxsize=64)
def _transformer(source: str, target: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def transform_point(x: float, y: float, source: str, target: str) -> tuple[float, float]:
    """Convert one point between two CRS.

    Parameters
    ----------
    x, y
        Coordinates in `source`, in the order east, north (longitude, latitude).
    source, target
        Authority codes, such as `EPSG:4326`.

    Returns
    -------
    tuple of float
        Coordinates in `target`; infinite where the point has no image there, as PROJ says it.

    Examples
    --------
    The tower of Our Lady in Amersfoort, the origin of the Dutch grid:

    >>> x, y = transform_point(5.387206, 52.155174, "EPSG:4326", "EPSG:28992")
    >>> round(x), round(y)
    (155000, 463000)
    """
    if source == target:
        return x, y
    x, y = _transformer(source, target).transform(x, y)
    return x, y


def transform_points(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], source: str, target: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Convert arrays of shape (n,) between two CRS; NaN stays NaN and a point without image becomes infinite."""
    if source == target:
        return x, y
    x, y = _transformer(source, target).transform(x, y)
    return np.asarray(x), np.asarray(y)


Shape = TypeVar(
    "Shape",
    BaseGeometry,
    shapely.Geometry,
    shapely.Polygon | shapely.MultiPolygon,
    shapely.LineString | shapely.MultiLineString,
    npt.NDArray[np.object_],
)


def transform_shapes(shapes: Shape, source: str, target: str) -> Shape:
    """Convert a geometry, or an array of them, between two CRS, vertex by vertex.

    Examples
    --------
    >>> moved = transform_shapes(shapely.Point(155_000, 463_000), "EPSG:28992", "EPSG:4326")
    >>> round(moved.x, 4), round(moved.y, 4)
    (5.3872, 52.1552)
    """
    if source == target:
        return shapes

    def convert(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack(transform_points(points[:, 0], points[:, 1], source, target))

    moved: Shape = shapely.transform(shapes, convert)
    return moved


def transform_straight(shape: Shape, source: str, target: str) -> Shape:
    """Convert a shape that keeps its edges as straight as they are in `source`, to within 1 cm.

    Parameters
    ----------
    shape
        In `source`, in the order east, north.
    source, target
        Authority codes.

    Raises
    ------
    ValueError
        A position has no image in `target`.

    Examples
    --------
    >>> edge = transform_straight(shapely.LineString([(4, 51), (5, 51)]), "EPSG:4326", "EPSG:31370")
    >>> int(shapely.get_num_coordinates(edge)), round(edge.length)
    (251, 70196)
    """
    if source == target:
        return shape
    edge = _EDGE_DEGREES if pyproj.CRS(source).is_geographic else _EDGE_DEGREES * METRES_PER_DEGREE
    moved = transform_shapes(shapely.segmentize(shape, edge), source, target)
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise ValueError(f"a position has no image in {target}")
    return moved


def transform_bounds(
    bounds: tuple[float, float, float, float], source: str, target: str
) -> tuple[float, float, float, float]:
    """Return bounds in another CRS of everything within bounds: west, south, east and north.

    Examples
    --------
    >>> [round(edge, 2) for edge in transform_bounds((0, 300_000, 280_000, 625_000), "EPSG:28992", "EPSG:4326")]
    [3.05, 50.67, 7.28, 53.61]
    """
    if source == target:
        return bounds
    west, south, east, north = _transformer(source, target).transform_bounds(*bounds)
    return west, south, east, north


def authority_code(crs: pyproj.CRS) -> str | None:
    """Return a CRS's code, such as `EPSG:31370`, or None where PROJ recognises none with confidence.

    Examples
    --------
    >>> authority_code(pyproj.CRS("EPSG:28992"))
    'EPSG:28992'
    """
    authority = crs.to_authority(min_confidence=70)
    return None if authority is None else ":".join(authority)


def in_crs_units(distance_m: float, crs: str) -> float:
    """Return a short distance in a CRS's own unit: metres, or in a geographic CRS degrees of latitude.

    Examples
    --------
    >>> in_crs_units(1.0, "EPSG:31370"), round(in_crs_units(1.0, "EPSG:4326"), 8)
    (1.0, 8.98e-06)
    """
    return distance_m / METRES_PER_DEGREE if pyproj.CRS(crs).is_geographic else distance_m


def area_m2(shapes: npt.NDArray[np.object_], crs: str) -> npt.NDArray[np.float64]:
    """Return areas in square metres.

    Parameters
    ----------
    shapes
        Array of shape (n,) of valid geometries, in `crs`.
    crs
        Authority code. In a projected CRS the area is planar, as a GIS shows it; in a geographic one it is
        that on the ellipsoid (Karney 2013, doi:10.1007/s00190-012-0578-z, by PROJ).

    Returns
    -------
    numpy.ndarray
        Shape (n,), float64; 0 for points and lines.
    """
    if not pyproj.CRS(crs).is_geographic:
        return np.asarray(shapely.area(shapes), dtype=np.float64)
    return np.array([_ellipsoidal_area_m2(shape) for shape in shapes], dtype=np.float64)


def _ellipsoidal_area_m2(shape: shapely.Geometry) -> float:
    polygons = (part for part in shapely.get_parts(shape) if part.geom_type == "Polygon")
    return sum(
        abs(_GEOD.geometry_area_perimeter(shapely.Polygon(polygon.exterior))[0])
        - sum(abs(_GEOD.geometry_area_perimeter(shapely.Polygon(hole))[0]) for hole in polygon.interiors)
        for polygon in polygons
    )
