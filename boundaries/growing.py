"""Grows areas that do not tile, such as city blocks without their streets, over the gaps up to an outline.

Every place in a gap goes to the area whose border is nearest: the cells of the borders' points (Voronoi), joined per
area. All lines, those of the outline, of the areas and of the cells, are noded together and made into faces, and each
face is given to one area as a whole. Two areas therefore share their border vertex for vertex by construction.

Source of the method: Okabe, Boots, Sugihara and Chiu, "Spatial Tessellations" (2000), section 3.5 (Voronoi diagrams of
areas), approximated by points as in Fleischmann et al., "Morphological tessellation as a way of partitioning space",
Computers, Environment and Urban Systems 80 (2020), doi:10.1016/j.compenvurbsys.2019.101441.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from boundaries.blocks import Area
from boundaries.tiling import Overlap, find_overlaps
from geo.crs import area_m2, in_crs_units

SPACING_M = 4.0
"""Distance of the points that stand for a border: about a third of a narrow street."""
_AREA_ERROR = 1e-12
"""1 mm² per km²."""
_AROUND = 16
_GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
"""Turns between points so that no four of them come to lie on a circle or in a row."""

Shapes = npt.NDArray[np.object_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class UngrowableError(ValueError):
    """Areas or an outline from which no tiling can be made; says which and why."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What an area loses because it lies outside the outline."""

    position: int
    area_m2: float


@dataclass(frozen=True, slots=True, eq=False)
class GrownAreas:
    """A tiling of the outline, and what had to be decided to make it."""

    shapes: Shapes
    """Shape (n,), in the order of the areas; an empty Polygon for one that is lost."""
    overlaps: tuple[Overlap, ...]
    """Largest first. What two areas claim went to the one with the lower position."""
    outside: tuple[Outside, ...]
    """Areas that reach over the outline, by position."""
    lost: tuple[int, ...]
    """Positions of areas of which nothing is left: wholly outside, or covered by areas of lower position."""


def grow_areas(areas: Shapes, outline: Area, crs: str, *, spacing_m: float = SPACING_M) -> GrownAreas:
    """Grow areas over the gaps between them until they tile an outline.

    Parameters
    ----------
    areas
        Array of shape (n,) of valid Polygons and MultiPolygons, in `crs`.
    outline
        Valid; the municipality's border, in the same CRS. It decides: what reaches over it is cut off.
    crs
        Authority code.
    spacing_m
        The borders between grown areas are right to about half of this.

    Returns
    -------
    GrownAreas
        A valid coverage whose areas add up to the outline's within 1 mm² per km². But for overlaps and what is
        outside, every area lies in its grown shape up to the rounding of coordinates where a line is given a vertex.

    Raises
    ------
    UngrowableError
        There are no areas inside the outline, a shape is invalid or no area, or floating point holds no exact
        tiling of them.

    Examples
    --------
    >>> blocks = np.array([shapely.box(0, 0, 40, 100), shapely.box(60, 0, 100, 100)])
    >>> grown = grow_areas(blocks, shapely.box(0, 0, 100, 100), "EPSG:31370")
    >>> [round(area) for area in shapely.area(grown.shapes)], bool(shapely.coverage_is_valid(grown.shapes))
    ([5000, 5000], True)
    """
    areas = np.asarray(areas, dtype=object)
    _refuse(areas, outline)
    if not math.isfinite(spacing_m) or spacing_m <= 0:
        raise UngrowableError(f"the spacing is a length above 0 m, not {spacing_m}")
    over = area_m2(shapely.difference(areas, outline), crs)
    if not (shapely.area(shapely.intersection(areas, outline)) > 0).any():
        raise UngrowableError("no area lies inside the outline: is one of them in another CRS?")
    points, owner = _border_points(areas, outline, in_crs_units(spacing_m, crs))
    narrowing = math.cos(math.radians(outline.centroid.y)) if pyproj.CRS(crs).is_geographic else 1.0
    cells = _cell_borders(points, owner, narrowing, outline.bounds)
    faces = _faces([shapely.boundary(outline), *shapely.boundary(areas), *cells])
    places = shapely.get_coordinates(shapely.point_on_surface(faces))
    is_inside = shapely.contains_xy(outline, places)
    faces, places = faces[is_inside], places[is_inside]
    takes = _owners(places, areas, points, owner, narrowing)
    shapes = np.array([_joined(faces[takes == position]) for position in range(len(areas))], dtype=object)
    is_short = abs(shapely.area(shapes).sum() - outline.area) > _AREA_ERROR * outline.area
    if is_short or not shapely.coverage_is_valid(shapes) or not shapely.is_valid(shapes).all():
        raise UngrowableError("no exact tiling could be made of these areas: are there borders that nearly coincide?")
    return GrownAreas(
        shapes=shapes,
        overlaps=tuple(find_overlaps(areas, crs)),
        outside=tuple(Outside(int(position), float(over[position])) for position in np.flatnonzero(over > 0)),
        lost=tuple(int(position) for position in np.flatnonzero(shapely.is_empty(shapes))),
    )


def _refuse(areas: Shapes, outline: Area) -> None:
    if not len(areas):
        raise UngrowableError("there is no area to grow")
    named = [("the outline", outline), *((f"area {number}", area) for number, area in enumerate(areas, start=1))]
    for name, shape in named:
        if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon) or shape.is_empty:
            raise UngrowableError(f"{name} is not an area")
        if not shape.is_valid:
            raise UngrowableError(f"{name} is not valid, repair it first: {shapely.is_valid_reason(shape)}")


def _border_points(areas: Shapes, outline: Area, spacing: float) -> tuple[Floats, Ints]:
    """Return different points along the areas' borders, shape (m, 2), and whose they are; at a tie the lowest."""
    # A part that lies outside must not reach back in over the outline.
    clipped = shapely.intersection(areas, outline)
    borders = shapely.segmentize(shapely.boundary(clipped), spacing)
    points, owner = shapely.get_coordinates(borders, return_index=True)
    points, first = np.unique(points, axis=0, return_index=True)
    return points, owner[first]


def _cell_borders(points: Floats, owner: Ints, narrowing: float, bounds: tuple[float, ...]) -> Shapes:
    """Return the borders of the places that are nearest to each owner's points, within bounds and beyond.

    The cells are not joined as areas: where points lie in rows, some are folded by rounding. Their segments are not,
    and one that two cells of the same owner have is no border.
    """
    if len(np.unique(owner)) < 2:
        return np.array([], dtype=object)
    # Points far around take the outermost cells, which are clipped: that fails on folded ones.
    west, south, east, north = bounds
    angles = np.arange(_AROUND) * _GOLDEN_ANGLE
    size = math.hypot(east - west, north - south) * (3 + np.arange(_AROUND) / _AROUND)
    x, y = (west + east) / 2 + np.cos(angles) * size, (south + north) / 2 + np.sin(angles) * size
    owner = np.concatenate([owner, np.full(_AROUND, -1)])
    sites = shapely.MultiPoint(np.concatenate([points, np.column_stack([x, y])]) * (narrowing, 1.0))
    cells = shapely.get_parts(shapely.voronoi_polygons(sites, ordered=True))
    corners, cell = shapely.get_coordinates(cells, return_index=True)
    within = cell[1:] == cell[:-1]
    start, end, whose = corners[:-1][within], corners[1:][within], owner[cell[1:][within]]
    turned = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    segments = np.where(turned[:, None], np.hstack([end, start]), np.hstack([start, end]))
    order = np.lexsort((*segments.T, whose))
    segments, whose = segments[order], whose[order]
    again = np.flatnonzero((segments[1:] == segments[:-1]).all(axis=1) & (whose[1:] == whose[:-1]))
    borders = np.delete(segments, np.concatenate([again, again + 1]), axis=0)
    borders = np.unique(borders[(borders[:, :2] != borders[:, 2:]).any(axis=1)], axis=0)
    lines = shapely.linestrings(borders.reshape(-1, 2, 2) / (narrowing, 1.0))
    return np.atleast_1d(np.asarray(lines))


def _faces(lines: list[shapely.Geometry]) -> Shapes:
    """Node lines together and return the faces between them."""
    return np.asarray(shapely.get_parts(shapely.polygonize([shapely.union_all(lines)])))


def _owners(places: Floats, areas: Shapes, points: Floats, owner: Ints, narrowing: float) -> Ints:
    """Return which area gets each place: the lowest that holds it, else the one with the nearest border point."""
    taken = np.full(len(places), len(areas), dtype=np.int64)
    place, area = shapely.STRtree(areas).query(_points(places), predicate="intersects")
    np.minimum.at(taken, place, area)
    rest = np.flatnonzero(taken == len(areas))
    if len(rest):
        sites = shapely.STRtree(_points(points * (narrowing, 1.0)))
        which, nearest = sites.query_nearest(_points(places[rest] * (narrowing, 1.0)))
        np.minimum.at(taken, rest[which], owner[nearest])
    return taken


def _points(places: Floats) -> Shapes:
    return np.atleast_1d(np.asarray(shapely.points(places)))


def _joined(faces: Shapes) -> Area:
    if not len(faces):
        return shapely.Polygon()
    joined = shapely.coverage_union_all(faces)
    polygons = shapely.get_parts(joined)
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(list(polygons))
