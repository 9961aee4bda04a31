"""Checks whether areas tile: invalid rings, overlaps and gaps, each measured in m² and never silently changed.

Shapes that pass GEOS's linear-time coverage check (every border shared vertex for vertex) have no overlap, so the
costly search for pairs runs only where that check fails.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geo.crs import area_m2

NOTABLE_AREA_M2 = 0.01
"""Overlaps and gaps below this (10 cm x 10 cm) are told as a sum: coordinates written with ten decimals of a
degree are already off by 0.01 mm, which along a border of kilometres makes such areas."""

Shapes = npt.NDArray[np.object_]


class UnrepairableShapeError(ValueError):
    """A shape of which no area is left when its rings are read validly."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What was wrong with a shape, and what it was read as."""

    position: int
    """Position of the shape in the input."""
    reason: str
    """GEOS's own words, with the place."""
    hole_repeats_shell: bool
    """A hole is identical to its shell: taken literally the polygon holds nothing, so a person must ask for
    the reading that drops the hole."""
    area_before_m2: float
    area_after_m2: float
    repaired: shapely.Geometry


@dataclass(frozen=True, slots=True)
class Overlap:
    """The area that two shapes share."""

    left: int
    right: int
    area_m2: float
    place: shapely.Geometry


@dataclass(frozen=True, slots=True)
class Gap:
    """An area enclosed by the shapes but in none of them: a hole in the layer, or a true enclave of elsewhere."""

    neighbours: tuple[int, ...]
    area_m2: float
    place: shapely.Geometry


def repair_shapes(shapes: Shapes, crs: str) -> list[Repair]:
    """Propose a valid reading for every invalid shape.

    A hole that repeats its shell is dropped; everything else goes through GEOS's MakeValid with the structure
    method, which keeps shells as areas and holes as holes.

    Parameters
    ----------
    shapes
        Array of shape (n,) of Polygons and MultiPolygons.
    crs
        Authority code of their CRS.

    Returns
    -------
    list of Repair
        One per invalid shape, in input order. The input is not changed.

    Raises
    ------
    UnrepairableShapeError
        Nothing with an area is left of a shape.
    """
    repairs = []
    for position in np.flatnonzero(~shapely.is_valid(shapes)):
        shape = shapes[position]
        without = _drop_holes_that_repeat_their_shell(shape)
        repaired = shapely.make_valid(without, method="structure", keep_collapsed=False)
        polygons = [part for part in shapely.get_parts(repaired) if part.geom_type == "Polygon" and part.area > 0]
        if not polygons:
            raise UnrepairableShapeError(f"shape {position + 1} has no area: {shapely.is_valid_reason(shape)}")
        repaired = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
        before, after = area_m2(np.array([shape, repaired], dtype=object), crs)
        repairs.append(
            Repair(
                position=int(position),
                reason=str(shapely.is_valid_reason(shape)),
                hole_repeats_shell=without is not shape,
                area_before_m2=float(before),
                area_after_m2=float(after),
                repaired=repaired,
            )
        )
    return repairs


def find_overlaps(shapes: Shapes, crs: str) -> list[Overlap]:
    """Find every pair of shapes that share an area.

    Parameters
    ----------
    shapes
        Array of shape (n,) of valid Polygons and MultiPolygons.
    crs
        Authority code of their CRS.

    Returns
    -------
    list of Overlap
        Largest first; positions refer to the input, `left < right`.

    Examples
    --------
    >>> squares = np.array([shapely.box(0, 0, 10, 10), shapely.box(9, 0, 20, 10)], dtype=object)
    >>> [(o.left, o.right, o.area_m2) for o in find_overlaps(squares, "EPSG:31370")]
    [(0, 1, 10.0)]
    """
    if shapely.coverage_is_valid(shapes):
        return []
    # Only shapes with a border that is not shared exactly can overlap another; a neighbour may be untouched.
    faulty = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(shapes)))
    from_faulty, right = shapely.STRtree(shapes).query(shapes[faulty], predicate="intersects")
    pairs = np.column_stack([faulty[from_faulty], right])
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    places = shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]])
    areas = area_m2(places, crs)
    overlaps = [
        Overlap(int(pairs[k, 0]), int(pairs[k, 1]), float(areas[k]), places[k]) for k in np.flatnonzero(areas > 0)
    ]
    return sorted(overlaps, key=lambda overlap: -overlap.area_m2)


def find_gaps(shapes: Shapes, crs: str) -> list[Gap]:
    """Find every area that the shapes enclose without covering it.

    A gap that opens to the outside cannot be told from the layer's own outline, and is not found.

    Parameters
    ----------
    shapes
        Array of shape (n,) of valid Polygons and MultiPolygons.
    crs
        Authority code of their CRS.

    Returns
    -------
    list of Gap
        Largest first.

    Examples
    --------
    >>> ring = shapely.box(0, 0, 30, 30) - shapely.box(10, 10, 20, 20)
    >>> [(g.neighbours, g.area_m2) for g in find_gaps(np.array([ring], dtype=object), "EPSG:31370")]
    [((0,), 100.0)]
    """
    union = join_areas(shapes)
    holes = np.array(
        [shapely.Polygon(hole) for part in shapely.get_parts(union) for hole in part.interiors], dtype=object
    )
    tree = shapely.STRtree(shapes)
    gaps = []
    for hole in holes:
        touching = tree.query(hole, predicate="intersects")
        # Another shape may lie inside the hole, with a moat around it: what is covered is no gap.
        place = shapely.difference(hole, shapely.union_all(shapes[touching]))
        area = float(area_m2(np.array([place], dtype=object), crs)[0])
        if area > 0:
            gaps.append(Gap(tuple(int(k) for k in np.sort(touching)), area, place))
    return sorted(gaps, key=lambda gap: -gap.area_m2)


def join_areas(shapes: Shapes) -> shapely.Geometry:
    """Return the union of valid areas: on the vertices that they have, but where they overlap.

    Examples
    --------
    >>> both = join_areas(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], dtype=object))
    >>> int(shapely.get_num_coordinates(both)), both.area
    (7, 2.0)
    """
    return shapely.coverage_union_all(shapes) if shapely.coverage_is_valid(shapes) else shapely.union_all(shapes)


def notable(areas_m2: Sequence[float]) -> int:
    """Return how many areas of a list that is sorted from large to small are worth a line of their own."""
    return sum(area >= NOTABLE_AREA_M2 for area in areas_m2)


def _drop_holes_that_repeat_their_shell(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the shape without such holes, or the very same object where there are none."""
    found = False
    polygons = []
    for polygon in shapely.get_parts(shape):
        shell = shapely.normalize(shapely.Polygon(polygon.exterior))
        holes = [
            hole
            for hole in polygon.interiors
            if not shapely.equals_exact(shapely.normalize(shapely.Polygon(hole)), shell)
        ]
        found |= len(holes) != len(polygon.interiors)
        polygons.append(shapely.Polygon(polygon.exterior, holes))
    if not found:
        return shape
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
