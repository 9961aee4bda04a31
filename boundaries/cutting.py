"""Cuts areas along a drawn line, so that a tiling stays one: new vertices enter both sides and the neighbours.

The pieces are made of the very vertices of the borders and of the noded line (`boundaries.noding`); nothing is
computed twice, and no area is made by an overlay that would round again.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely

from boundaries.blocks import Area
from boundaries.edit_errors import UncuttableError
from boundaries.noding import Edge, NodedLine, Point, UnsettledLineError, border_edges, node_line

_AREA_SHARE = 1e-9
"""How much of one area may go to its neighbour where a vertex is put on their border, by rounding. What one loses the
other wins, so that the sum stays."""
_ROUNDING = 16 * float(np.finfo(np.float64).eps)
"""Share of a coordinate by which a new vertex may lie beside its border, with room: degrees and metres alike."""
_MOST_TANGLES = 500
"""How often a line may cross itself: what is drawn by hand does it a few times, and every crossing makes pieces."""
_BATCH = 100


@dataclass(frozen=True, slots=True)
class Cut:
    """What a line does to areas."""

    pieces: Mapping[str, tuple[Area, ...]]
    """Of every area that it divides; at least two, by their lowest vertices."""
    revertexed: Mapping[str, Area]
    """Areas that stay whole, with a vertex of a neighbour's cut in their border."""
    line: tuple[Point, ...]
    """The line as it was cut along: brought to the vertices of the borders."""
    edges: frozenset[Edge]
    """Its segments, lower end first; where it crosses itself too."""
    tipped: frozenset[str] = frozenset()
    """Areas that keep a piece beyond the line because it is too narrow to be cut off."""


def cut_shapes(shapes: Mapping[str, Area], targets: Collection[str], line: shapely.LineString, *, snap: float) -> Cut:
    """Cut areas along a line.

    Parameters
    ----------
    shapes
        All areas that lie near the line, in one CRS; their borders are where the line is brought to.
    targets
        Those that may be divided.
    line
        As drawn, in the same CRS. What ends inside an area does not divide it.
    snap
        How far a vertex may be moved, in units of the CRS; a piece that is narrower on average is given back to the
        piece beside it.

    Returns
    -------
    Cut
        Without pieces where the line divides nothing.

    Raises
    ------
    UncuttableError
        The line crosses itself too often, or lies so that floating point has no exact cut for it.

    Examples
    --------
    >>> squares = {"a": shapely.box(0, 0, 10, 10), "b": shapely.box(10, 0, 20, 10)}
    >>> cut = cut_shapes(squares, {"a"}, shapely.LineString([(-5, 4), (15, 4)]), snap=0.5)
    >>> [piece.area for piece in cut.pieces["a"]], cut.revertexed["b"].area, len(cut.revertexed["b"].exterior.coords)
    ([40.0, 60.0], 100.0, 6)
    """
    _refuse_tangles(line)
    codes = sorted(shapes)
    areas = np.array([shapes[code] for code in codes], dtype=object)
    near = [code for code, is_near in zip(codes, shapely.dwithin(areas, line, snap), strict=True) if is_near]
    low_x, low_y, high_x, high_y = line.bounds
    around = (low_x - snap, low_y - snap, high_x + snap, high_y + snap)
    edges = border_edges(np.array([shapes[code] for code in near], dtype=object), around) if near else np.empty((0, 4))
    try:
        noded = node_line(shapely.get_coordinates(line), edges, snap)
    except UnsettledLineError as error:
        raise UncuttableError(f"this line cannot be cut along: {error}", "line") from error
    if len(noded.points) < 2:
        return Cut({}, {}, noded.points, frozenset())
    path = _segments_of(noded)
    divided = {}
    tipped = set()
    used: set[Point] = set()
    for code in near:
        if code in targets:
            pieces, keeps_tip = _divide(shapes[code], path, noded.inserted, snap)
            if keeps_tip:
                tipped.add(code)
            if len(pieces) > 1:
                divided[code] = pieces
                used |= {tuple(point) for piece in pieces for point in shapely.get_coordinates(piece).tolist()}
    inserted = {
        edge: kept for edge, places in noded.inserted.items() if (kept := tuple(at for at in places if at in used))
    }
    revertexed = {}
    for code in near:
        if code not in divided:
            shape = _with_vertices(shapes[code], inserted)
            if shape is not shapes[code]:
                revertexed[code] = shape
    _refuse_inexact(shapes, divided, revertexed)
    on_line = frozenset(_edges_of(shapely.get_coordinates(path).reshape(-1, 2, 2)))
    return Cut(divided, revertexed, noded.points, on_line, frozenset(tipped))


def _refuse_tangles(line: shapely.LineString) -> None:
    """Refuse a line that crosses itself more often than anybody draws; counted in batches, to stop early."""
    points = shapely.get_coordinates(line)
    segments = np.atleast_1d(np.asarray(shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1))))
    tree = shapely.STRtree(segments)
    found = 0
    for start in range(0, len(segments), _BATCH):
        # Every crossing is met from both of its segments.
        found += tree.query(segments[start : start + _BATCH], predicate="crosses").shape[1]
        if found > 2 * _MOST_TANGLES:
            raise UncuttableError(f"the line crosses itself more than {_MOST_TANGLES} times: draw it anew", "line")


def _segments_of(noded: NodedLine) -> npt.NDArray[np.object_]:
    """Return the line's segments, where it crosses itself too."""
    points = np.array(noded.points)
    lines: npt.NDArray[np.object_] = np.atleast_1d(
        np.asarray(shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1)))
    )
    if len(lines) > 2 and not shapely.is_simple(shapely.LineString(points)):
        parts = shapely.get_parts(shapely.node(shapely.multilinestrings(lines)))
        pairs = [np.stack([at[:-1], at[1:]], axis=1) for at in map(shapely.get_coordinates, parts)]
        lines = np.atleast_1d(np.asarray(shapely.linestrings(np.concatenate(pairs))))
    return lines


def _divide(
    shape: Area, path: npt.NDArray[np.object_], inserted: Mapping[Edge, tuple[Point, ...]], snap: float
) -> tuple[tuple[Area, ...], bool]:
    """Divide an area, and tell whether a piece was given back; one piece means that the line does not divide it."""
    faces: list[shapely.Polygon] = []
    whole: list[shapely.Polygon] = []
    keeps_tip = False
    for part in shapely.get_parts(shape):
        found = _faces(part, path, inserted)
        of_part = _without_slivers(found, snap)
        keeps_tip |= len(of_part) < len(found)
        if len(of_part) > 1:
            faces.extend(of_part)
        else:
            whole.append(part)
    if not faces:
        return (shape,), keeps_tip
    faces.sort(key=_lowest_vertex)
    gathered: list[list[shapely.Polygon]] = [[face] for face in faces]
    for part in whole:
        # An island that the line leaves whole goes with the nearest piece.
        island = _polygon_with_vertices(part, inserted)
        gathered[int(np.argmin(shapely.distance(np.array(faces, dtype=object), island)))].append(island)
    return tuple(parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts) for parts in gathered), keeps_tip


def _faces(
    part: shapely.Polygon, path: npt.NDArray[np.object_], inserted: Mapping[Edge, tuple[Point, ...]]
) -> list[shapely.Polygon]:
    """Return the pieces of a polygon between its border and the line."""
    shapely.prepare(part)
    middles = shapely.line_interpolate_point(path, 0.5, normalized=True)
    inside = path[shapely.contains_properly(part, middles)]
    if not len(inside):
        return [part]
    part = _polygon_with_vertices(part, inserted)
    points, ring = shapely.get_coordinates(shapely.get_rings(part), return_index=True)
    borders = np.stack([points[:-1], points[1:]], axis=1)[ring[1:] == ring[:-1]]
    own = set(_edges_of(borders))
    segments = shapely.get_coordinates(inside).reshape(-1, 2, 2)
    inside = inside[[edge not in own for edge in _edges_of(segments)]]
    if not len(inside):
        return [part]
    faces = shapely.get_parts(shapely.polygonize(np.concatenate([shapely.linestrings(borders), inside])))
    # A hole of the area is a face of the lines too, and none of its own.
    is_own = shapely.contains_properly(part, shapely.point_on_surface(faces))
    return list(faces[is_own])


def _without_slivers(faces: list[shapely.Polygon], snap: float) -> list[shapely.Polygon]:
    """Give pieces that are narrower than the snapping distance back to the piece with the longest border beside."""
    faces = list(faces)
    while len(faces) > 1:
        widths = [2 * face.area / face.length for face in faces]
        thinnest = int(np.argmin(widths))
        if widths[thinnest] > snap:
            break
        sliver = faces.pop(thinnest)
        others = np.array(faces, dtype=object)
        shared = shapely.length(shapely.intersection(shapely.boundary(others), sliver.boundary))
        beside = int(np.argmax(shared))
        joined = shapely.coverage_union_all([faces[beside], sliver])
        if not isinstance(joined, shapely.Polygon):
            faces.append(sliver)
            break
        faces[beside] = joined
    return faces


def _with_vertices(shape: Area, inserted: Mapping[Edge, tuple[Point, ...]]) -> Area:
    """Put vertices into an area's border; the very same object where there are none."""
    if not inserted:
        return shape
    parts = shapely.get_parts(shape)
    made = [_polygon_with_vertices(part, inserted) for part in parts]
    if all(one is other for one, other in zip(parts, made, strict=True)):
        return shape
    return made[0] if shape.geom_type == "Polygon" else shapely.MultiPolygon(made)


def _polygon_with_vertices(part: shapely.Polygon, inserted: Mapping[Edge, tuple[Point, ...]]) -> shapely.Polygon:
    starts = {edge[:2] for edge in inserted}
    changed = False
    rings = []
    for ring in (part.exterior, *part.interiors):
        points = list(map(tuple, shapely.get_coordinates(ring).tolist()))
        if starts.isdisjoint(points):
            rings.append(points)
            continue
        made = points[:1]
        for start, end in pairwise(points):
            turned = start > end
            places = inserted.get((*end, *start) if turned else (*start, *end), ())
            made.extend(reversed(places) if turned else places)
            made.append(end)
        changed |= len(made) != len(points)
        rings.append(made)
    return shapely.Polygon(rings[0], rings[1:]) if changed else part


def _refuse_inexact(
    shapes: Mapping[str, Area], divided: Mapping[str, tuple[Area, ...]], revertexed: Mapping[str, Area]
) -> None:
    made = {**divided, **{code: (shape,) for code, shape in revertexed.items()}}
    for code, pieces in made.items():
        before = shapes[code]
        lost = abs(sum(piece.area for piece in pieces) - before.area)
        rounded = _ROUNDING * max(map(abs, before.bounds)) * before.length
        if lost > before.area * _AREA_SHARE + rounded or (
            before.is_valid and not all(piece.is_valid for piece in pieces)
        ):
            raise UncuttableError(f"no exact cut of {code} along this line exists: move it a little", "line", [code])


def _lowest_vertex(shape: shapely.Geometry) -> tuple[float, float]:
    return min(map(tuple, shapely.get_coordinates(shape).tolist()))


def _edges_of(segments: npt.NDArray[np.float64]) -> Iterator[Edge]:
    """Give segments of shape (n, 2, 2) with their lower ends first."""
    for (x1, y1), (x2, y2) in segments.tolist():
        yield (x1, y1, x2, y2) if (x1, y1) < (x2, y2) else (x2, y2, x1, y1)
