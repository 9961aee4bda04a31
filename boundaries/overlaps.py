"""How much of every area lies in every other: the pairs of two layers that share an area, measured in m²."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geo.crs import area_m2

Shapes = npt.NDArray[np.object_]


class InvalidAreaError(ValueError):
    """A shape that cannot be overlaid; says which and why."""


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """The pairs of two layers that share an area, ordered by left and right position."""

    left: npt.NDArray[np.intp]
    """Positions, shape (m,)."""
    right: npt.NDArray[np.intp]
    """Positions, shape (m,)."""
    area_m2: npt.NDArray[np.float64]
    """Shape (m,), always above 0."""


def measure_overlaps(left: Shapes, right: Shapes, crs: str) -> Overlaps:
    """Measure what the areas of two layers share.

    Parameters
    ----------
    left, right
        Arrays of shape (n,) and (k,) of valid Polygons and MultiPolygons.
    crs
        Authority code of both.

    Examples
    --------
    >>> square, strips = shapely.box(0, 0, 9, 9), np.array([shapely.box(x, 0, x + 6, 9) for x in (0, 6, 12)])
    >>> found = measure_overlaps(np.array([square]), strips, "EPSG:31370")
    >>> found.right.tolist(), found.area_m2.tolist()
    ([0, 1], [54.0, 27.0])
    """
    one, other = shapely.STRtree(right).query(left, predicate="intersects")
    order = np.lexsort((other, one))
    one, other = one[order], other[order]
    areas = area_m2(np.atleast_1d(np.asarray(shapely.intersection(left[one], right[other]))), crs)
    shared = areas > 0
    return Overlaps(one[shared], other[shared], areas[shared])


def area_array(areas: Mapping[str, shapely.Geometry], what: str) -> Shapes:
    """Return areas in the order of their mapping.

    Parameters
    ----------
    areas
        By code.
    what
        What each of them is, for the error: `sector`.

    Raises
    ------
    InvalidAreaError
        One of them is invalid, empty or no area.
    """
    for code, area in areas.items():
        if not isinstance(area, shapely.Polygon | shapely.MultiPolygon) or area.is_empty:
            raise InvalidAreaError(f"{what} {code} is not an area")
        if not area.is_valid:
            raise InvalidAreaError(f"{what} {code} is not valid, repair it first: {shapely.is_valid_reason(area)}")
    return np.array(list(areas.values()), dtype=object)
