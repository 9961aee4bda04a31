"""How compact a shape is, between 0 and 1: Polsby-Popper and Reock."""

import math

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from geo.crs import transform_shapes


def shapes_in_metres(shapes: npt.NDArray[np.object_], crs: str) -> npt.NDArray[np.object_]:
    """Return shapes in a CRS in which lengths are metres: their own, or an equal-area one around their middle.

    Parameters
    ----------
    shapes
        Array of shape (n,), in `crs`.
    crs
        Authority code; a projected one is taken to be in metres, as the official ones are.
    """
    if not pyproj.CRS(crs).is_geographic or not len(shapes):
        return shapes
    west, south, east, north = shapely.total_bounds(shapes)
    local = f"+proj=laea +lon_0={(west + east) / 2} +lat_0={(south + north) / 2} +ellps=GRS80"
    return transform_shapes(shapes, crs, local)


def polsby_popper(shape: shapely.Geometry) -> float:
    """Return a shape's area over that of a circle with its perimeter: 1 for a circle.

    Source: Polsby and Popper, "The Third Criterion: Compactness as a Procedural Safeguard Against Partisan
    Gerrymandering", Yale Law & Policy Review 9 (1991), p. 301.

    Parameters
    ----------
    shape
        In a CRS in metres.

    Examples
    --------
    >>> round(polsby_popper(shapely.box(0, 0, 10, 10)), 3)
    0.785
    """
    length = float(shapely.length(shape))
    return 4 * math.pi * float(shapely.area(shape)) / length**2 if length else 0.0


def reock(shape: shapely.Geometry) -> float:
    """Return a shape's area over that of the smallest circle around it.

    Source: Reock, "A Note: Measuring Compactness as a Requirement of Legislative Apportionment", Midwest Journal of
    Political Science 5 (1961), p. 70, doi:10.2307/2109043.

    Parameters
    ----------
    shape
        In a CRS in metres.

    Examples
    --------
    >>> round(reock(shapely.box(0, 0, 10, 10)), 3)
    0.637
    """
    radius = float(shapely.minimum_bounding_radius(shape))
    return float(shapely.area(shape)) / (math.pi * radius**2) if radius else 0.0
