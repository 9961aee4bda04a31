"""CRS as OGC API names them: by URI, each with the order of its own axes; and boxes that are given in one of them.

OGC API – Features Part 2 (OGC 18-058r1) gives coordinates in the order of the CRS that the URI names: EPSG:4326 is
latitude, longitude; CRS84 is longitude, latitude. Within the project the order is always east, north, so that the two
are the same there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from geo.crs import LONLAT, Shape, transform_bounds, transform_straight

Bounds = tuple[float, float, float, float]
"""West, south, east, north."""
_URI: Final = "http://www.opengis.net/def/crs/"
_MARGIN: Final = 0.01
"""Of the width and height of what a box is clipped to: more than two conversions can be off."""


class UnknownCrsError(ValueError):
    """A CRS that answers do not come in."""


@dataclass(frozen=True, slots=True)
class NamedCrs:
    """A CRS that OGC API offers."""

    uri: str
    code: str
    """Authority code of the same CRS within the project, where the order is east, north."""
    north_first: bool
    """Whether coordinates under the URI have the north first."""

    def in_its_order(self, shapes: Shape) -> Shape:
        """Return shapes with coordinates in the order of the URI, from east, north; or back."""
        if not self.north_first:
            return shapes
        swapped: Shape = shapely.transform(shapes, _swap)
        return swapped

    def box(self, corners: tuple[float, float, float, float]) -> Bounds:
        """Return bounds in the order east, north from the corners of a box in the URI's order."""
        low_1, low_2, high_1, high_2 = corners
        return (low_2, low_1, high_2, high_1) if self.north_first else corners


def _named(code: str) -> NamedCrs:
    authority, number = code.split(":")
    north_first = pyproj.CRS(code).axis_info[0].direction == "north"
    return NamedCrs(f"{_URI}{authority}/0/{number}", code, north_first)


CRS84: Final = NamedCrs(f"{_URI}OGC/1.3/CRS84", LONLAT, north_first=False)
OFFERED: Final[Mapping[str, NamedCrs]] = {
    crs.uri: crs
    for crs in (
        CRS84,
        *map(_named, ("EPSG:31370", "EPSG:3812", "EPSG:28992", "EPSG:4326", "EPSG:3857")),
    )
}
"""By URI, the default first. EPSG:31370 and EPSG:3812 are Belgium's, EPSG:28992 the Netherlands'."""
_BY_CURIE: Final = {"[OGC:CRS84]": CRS84} | {f"[{crs.code}]": crs for crs in OFFERED.values() if crs is not CRS84}


def find_crs(name: str) -> NamedCrs:
    """Return a CRS that is offered, by its URI or by its CURIE as in `[EPSG:31370]`.

    Raises
    ------
    UnknownCrsError
        There is none of that name.

    Examples
    --------
    >>> find_crs("http://www.opengis.net/def/crs/EPSG/0/4326").north_first, find_crs("[EPSG:31370]").north_first
    (True, False)
    """
    found = OFFERED.get(name) or _BY_CURIE.get(name)
    if found is None:
        raise UnknownCrsError(f"{name!r} is not offered; there are {', '.join(OFFERED)}")
    return found


def uri_of(code: str) -> str | None:
    """Return the URI of a CRS by its authority code, in the order east, north; None where it is not offered."""
    return next((crs.uri for crs in OFFERED.values() if crs.code == code and not crs.north_first), None)


def box_as_shape(box: Bounds, source: str, target: str, within: Bounds) -> shapely.Geometry | None:
    """Return a box as a shape in another CRS, its edges as straight as in its own, to within 1 cm.

    Parameters
    ----------
    box
        In `source`. In a geographic CRS one whose west lies east of its east goes over the antimeridian.
    source, target
        Authority codes.
    within
        Bounds in `target` of everything that the shape is going to be compared with: of a box that reaches farther
        only what is there is converted, since no projection takes the whole world.

    Returns
    -------
    shapely.Geometry or None
        A point or a line where the box has no height or no width; None where it meets nothing of `within`.

    Examples
    --------
    >>> belgium = (21_000.0, 21_000.0, 296_000.0, 245_000.0)
    >>> world = box_as_shape((-180, -90, 180, 90), "EPSG:4326", "EPSG:31370", belgium)
    >>> bool(world.contains(shapely.box(*belgium))), box_as_shape((20, 50, 21, 51), "EPSG:4326", "EPSG:31370", belgium)
    (True, None)
    """
    west, south, east, north = box
    if west > east:
        halves = [
            box_as_shape(half, source, target, within)
            for half in ((west, south, 180.0, north), (-180.0, south, east, north))
        ]
        parts = [half for half in halves if half is not None]
        return shapely.union_all(parts) if parts else None
    low_x, low_y, high_x, high_y = transform_bounds(within, target, source)
    margin_x, margin_y = _MARGIN * (high_x - low_x), _MARGIN * (high_y - low_y)
    west, east = max(west, low_x - margin_x), min(east, high_x + margin_x)
    south, north = max(south, low_y - margin_y), min(north, high_y + margin_y)
    if west > east or south > north:
        return None
    corners = shapely.MultiPoint([(west, south), (east, north)])
    # A polygon without an area is none: its envelope is a point or a line then.
    return transform_straight(shapely.envelope(corners), source, target)


def _swap(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return points[:, ::-1]
