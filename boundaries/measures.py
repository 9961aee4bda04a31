"""How compact a shape is, between 0 and 1: Polsby-Popper and Reock."""

import math

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from geo.crs import transform_shapes


def metric_crs(shapes: npt.NDArray[np.object_], crs: str) -> str:
    """Return a CRS in which lengths are metres: the shapes' own, or an equal-area one around their middle.

    The middle is rounded to a hundredth of a degree, so that it stays where it is while shapes are cut.

    Parameters
    ----------
    shapes
        Array of shape (n,), in `crs`: those of a municipality at most, for lengths to be right.
    crs
        Authority code; a projected one is taken to be in metres, as the official ones are.
    """
    if not pyproj.CRS(crs).is_geographic or not len(shapes):
        return crs
    west, south, east, north = shapely.total_bounds(shapes)
    return f"+proj=laea +lon_0={(west + east) / 2:.2f} +lat_0={(south + north) / 2:.2f} +ellps=GRS80"


def shapes_in_metres(shapes: npt.NDArray[np.object_], crs: str) -> npt.NDArray[np.object_]:
    """Return shapes of shape (n,) in their `metric_crs`."""
    return transform_shapes(shapes, crs, metric_crs(shapes, crs))


def polsby_popper(shape: shapely.Geometry) -> float:
    """Return a shape's area over that of a circle with its perimeter: 1 for a circle.

    Parameters
    ----------
    shape
        In a CRS in metres.

    Examples
    --------
    >>> round(polsby_popper(shapely.box(0, 0, 10, 10)), 3)
    0.785
    """
    return polsby_popper_of(float(shapely.area(shape)), float(shapely.length(shape)))


def polsby_popper_of(area_m2: float, perimeter_m: float) -> float:
    """Return an area over that of a circle with its perimeter.

    Source: Polsby and Popper, "The Third Criterion: Compactness as a Procedural Safeguard Against Partisan
    Gerrymandering", Yale Law & Policy Review 9 (1991), p. 301.
    """
    return 4 * math.pi * area_m2 / perimeter_m**2 if perimeter_m > 0 else 0.0


def reock(shape: shapely.Geometry) -> float:
    """Return a shape's area over that of the smallest circle around it.

    Parameters
    ----------
    shape
        In a CRS in metres.

    Examples
    --------
    >>> round(reock(shapely.box(0, 0, 10, 10)), 3)
    0.637
    """
    return reock_of(float(shapely.area(shape)), float(shapely.minimum_bounding_radius(shape)))


def reock_of(area_m2: float, radius_m: float) -> float:
    """Return an area over that of the smallest circle around it, by that circle's radius.

    Source: Reock, "A Note: Measuring Compactness as a Requirement of Legislative Apportionment", Midwest Journal of
    Political Science 5 (1961), p. 70, doi:10.2307/2109043.
    """
    return area_m2 / (math.pi * radius_m**2) if radius_m > 0 else 0.0
