"""Brings a drawn line and the borders that it meets to common vertices, so that both can be cut there exactly.

A crossing is computed once for a border's segment, whichever of its two areas it is met in, so that both get the very
same vertex: the tiling stays a tiling. Near an existing vertex the line goes through that instead.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

Points = npt.NDArray[np.float64]
Point = tuple[float, float]
Edge = tuple[float, float, float, float]
"""A segment of a border, its lower end first, so that it is the same for both areas."""

_TOUCH = 1e-7
"""Part of the snapping distance within which a vertex lies on the line: wide of rounding, far below a millimetre."""
_MOST_ROUNDS = 8
"""A line that goes through a vertex instead of beside it can meet other borders; it settles in one or two rounds."""


class UnsettledLineError(ValueError):
    """A line that goes on meeting other borders however often it is brought to their vertices."""


@dataclass(frozen=True, slots=True)
class NodedLine:
    """A line of which every meeting with a border is a vertex of both."""

    points: tuple[Point, ...]
    inserted: dict[Edge, tuple[Point, ...]]
    """New vertices of borders' segments, in order along the segment."""


def border_edges(shapes: npt.NDArray[np.object_], bounds: tuple[float, float, float, float] | None = None) -> Points:
    """Return the different segments of areas' borders, shape (m, 4), each with its lower end first.

    Parameters
    ----------
    shapes
        Array of shape (n,) of Polygons and MultiPolygons.
    bounds
        `min x, min y, max x, max y`: only segments whose bounding boxes meet it.
    """
    points, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(shapes)), return_index=True)
    within = ring[1:] == ring[:-1]
    start, end = points[:-1][within], points[1:][within]
    if bounds is not None:
        low, high = np.array(bounds[:2]), np.array(bounds[2:])
        beside = (np.maximum(start, end) >= low).all(axis=1) & (np.minimum(start, end) <= high).all(axis=1)
        start, end = start[beside], end[beside]
    turned = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    edges: Points = np.where(turned[:, None], np.hstack([end, start]), np.hstack([start, end]))
    edges = edges[(start != end).any(axis=1)]
    # What np.unique gives, without its detour over records.
    ordered: Points = edges[np.lexsort(edges.T[::-1])]
    is_first = np.ones(len(ordered), dtype=np.bool_)
    is_first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    return ordered[is_first]


def node_line(line: Points, edges: Points, snap: float) -> NodedLine:
    """Bring a line and borders to common vertices.

    Parameters
    ----------
    line
        Shape (n, 2), in the CRS of the borders.
    edges
        Shape (m, 4), of `border_edges`: those that lie near the line.
    snap
        How far, in units of the CRS, the line may be moved to a vertex of a border, or one of its own vertices to
        a border's segment.

    Raises
    ------
    UnsettledLineError
        The line does not settle.
    """
    inserted: dict[int, set[Point]] = {}
    points = _snap_vertices(line, edges, snap, inserted)
    tree = shapely.STRtree(_lines(edges)) if len(edges) else None
    for _ in range(_MOST_ROUNDS):
        if tree is None:
            break
        met = _meet(points, edges, tree, snap, inserted)
        if len(met) == len(points):
            break
        points = met
    else:
        raise UnsettledLineError("the line meets borders at ever more places")
    found = {}
    for position, places in inserted.items():
        x, y = edges[position, 0], edges[position, 1]
        ordered = sorted(places, key=lambda place: (place[0] - x) ** 2 + (place[1] - y) ** 2)
        a, b, c, d = (float(value) for value in edges[position])
        found[a, b, c, d] = tuple(ordered)
    return NodedLine(tuple(points), found)


def _snap_vertices(line: Points, edges: Points, snap: float, inserted: dict[int, set[Point]]) -> list[Point]:
    """Move the line's own vertices to vertices of borders that are near, else onto a border's segment."""
    points = [(float(x), float(y)) for x, y in line]
    if len(edges):
        ends = np.unique(edges.reshape(-1, 2), axis=0)
        drawn = _points(line)
        which, nearest = shapely.STRtree(_points(ends)).query_nearest(drawn, max_distance=snap, all_matches=False)
        for k, end in zip(which, nearest, strict=True):
            points[k] = (float(ends[end, 0]), float(ends[end, 1]))
        segments = _lines(edges)
        rest = np.setdiff1d(np.arange(len(points)), which)
        near, edge = shapely.STRtree(segments).query_nearest(drawn[rest], max_distance=snap, all_matches=False)
        for k, position in zip(rest[near], edge, strict=True):
            along = shapely.line_interpolate_point(
                segments[position], shapely.line_locate_point(segments[position], drawn[k])
            )
            x, y = shapely.get_coordinates(along)[0]
            points[k] = (float(x), float(y))
            inserted.setdefault(int(position), set()).add(points[k])
    return _without_repeats(points)


def _meet(
    points: list[Point], edges: Points, tree: shapely.STRtree, snap: float, inserted: dict[int, set[Point]]
) -> list[Point]:
    """Add a vertex to the line wherever it meets a border away from its vertices."""
    segments = np.array([(*points[k], *points[k + 1]) for k in range(len(points) - 1)])
    lines = _lines(segments)
    touch = snap * _TOUCH
    found: list[list[tuple[float, Point]]] = [[] for _ in segments]
    for k, position in zip(*tree.query(lines, predicate="dwithin", distance=touch), strict=True):
        segment, edge = segments[k], edges[position]
        ends = ((float(edge[0]), float(edge[1])), (float(edge[2]), float(edge[3])))
        on_line = [end for end in ends if _distance(end, segment) <= touch]
        if on_line:
            found[k].extend((_along(end, segment), end) for end in on_line)
            continue
        known = inserted.get(int(position), set())
        if points[k] in known or points[k + 1] in known or points[k] in ends or points[k + 1] in ends:
            continue  # two straight segments meet once, and here they do already
        place = _crossing(segment, edge)
        if place is None:
            continue
        near = min(ends, key=lambda end: _apart(end, place))
        if _apart(near, place) <= snap:
            found[k].append((_along(place, segment), near))
        else:
            beside = next((other for other in known if _apart(other, place) <= snap), None)
            if beside is None:
                inserted.setdefault(int(position), set()).add(place)
            found[k].append((_along(place, segment), beside or place))
    met = [points[0]]
    for k, places in enumerate(found):
        met.extend(place for _, place in sorted(places))
        met.append(points[k + 1])
    return _without_repeats(met)


def _points(places: Points) -> npt.NDArray[np.object_]:
    return np.atleast_1d(np.asarray(shapely.points(places)))


def _lines(segments: Points) -> npt.NDArray[np.object_]:
    return np.atleast_1d(np.asarray(shapely.linestrings(segments.reshape(-1, 2, 2))))


def _without_repeats(points: list[Point]) -> list[Point]:
    kept = points[:1]
    for point in points[1:]:
        if point != kept[-1]:
            kept.append(point)
        # There and back again along the same segment encloses nothing.
        if len(kept) > 2 and kept[-1] == kept[-3]:
            del kept[-2:]
    return kept


def _apart(one: Point, other: Point) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))


def _along(point: Point, segment: Points) -> float:
    """Return where a point's foot lies on a segment: 0 at its start, 1 at its end."""
    dx, dy = segment[2] - segment[0], segment[3] - segment[1]
    return float(((point[0] - segment[0]) * dx + (point[1] - segment[1]) * dy) / (dx * dx + dy * dy))


def _distance(point: Point, segment: Points) -> float:
    share = min(max(_along(point, segment), 0.0), 1.0)
    foot = (
        float(segment[0] + share * (segment[2] - segment[0])),
        float(segment[1] + share * (segment[3] - segment[1])),
    )
    return _apart(point, foot)


def _crossing(segment: Points, edge: Points) -> Point | None:
    """Return where two segments cross, or None; relative to the edge's start, so that large coordinates lose little."""
    ax, ay = segment[0] - edge[0], segment[1] - edge[1]
    sx, sy = segment[2] - segment[0], segment[3] - segment[1]
    ex, ey = edge[2] - edge[0], edge[3] - edge[1]
    turn = sx * ey - sy * ex
    if turn == 0:
        return None
    share = (ay * sx - ax * sy) / turn
    on_segment = (ay * ex - ax * ey) / turn
    if not (0 <= share <= 1 and 0 <= on_segment <= 1):
        return None
    return float(edge[0] + share * ex), float(edge[1] + share * ey)
