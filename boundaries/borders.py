"""Which areas share a border, and how long it is: a graph in compressed rows, from the areas' own segments."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]

BORDER_TOLERANCE_M = 0.1
"""Areas whose borders run this close share them: official layers are not always drawn vertex for vertex."""
TOUCHES = 4.0
"""Borders within a tolerance are shared from this many times the tolerance on: at a corner two areas that do not
share a border still lie within it for about twice its length."""


@dataclass(frozen=True, slots=True, eq=False)
class SharedBorders:
    """A symmetric graph: the neighbours of area k are at `starts[k]` to `starts[k + 1]`, in ascending order.

    Attributes
    ----------
    starts
        Shape (n + 1,), int32.
    neighbours
        Shape (m,), int32.
    length_m
        Shape (m,): length of the shared border, metres, always above 0.
    barrier_share
        Shape (m,): part of it that runs along a barrier, 0 to 1.
    """

    starts: Ints
    neighbours: Ints
    length_m: Floats
    barrier_share: Floats

    def components(self) -> Ints:
        """Return the number of every area's connected component, shape (n,), in order of their first area."""
        n = len(self.starts) - 1
        component = np.full(n, -1, dtype=np.int32)
        count = 0
        for first in range(n):
            if component[first] >= 0:
                continue
            component[first] = count
            stack = [first]
            while stack:
                k = stack.pop()
                for other in self.neighbours[self.starts[k] : self.starts[k + 1]]:
                    if component[other] < 0:
                        component[other] = count
                        stack.append(int(other))
            count += 1
        return component


def share_borders(
    shapes: Shapes,
    barriers: Shapes,
    *,
    tolerance_m: float = 0.0,
    barrier_width_m: float = 25.0,
    wanted: npt.NDArray[np.bool_] | None = None,
) -> SharedBorders:
    """Measure the borders that areas share.

    Segments that two areas have vertex for vertex are matched by their coordinates, in linear time up to sorting.
    With a tolerance, what is left unmatched is compared once more: a stretch of border within the tolerance of
    another area's unmatched border is shared with it.

    Parameters
    ----------
    shapes
        Shape (n,): Polygons and MultiPolygons, in a CRS in metres.
    barriers
        Lines in the same CRS.
    tolerance_m
        How far apart two borders may lie and still be shared; 0 takes exact segments alone.
    barrier_width_m
        How far from a barrier a border may lie and still run along it.
    wanted
        Shape (n,): the areas whose borders are asked for, where not all are. Those among the others may be missing.

    Examples
    --------
    >>> squares = np.array([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10), shapely.box(20, 10, 30, 20)])
    >>> borders = share_borders(squares, np.array([], dtype=object))
    >>> borders.neighbours.tolist(), borders.length_m.tolist()  # a corner is no border
    ([1, 0], [10.0, 10.0])
    """
    n = len(shapes)
    owner, segments = _segments(shapes)
    if wanted is not None:
        near = _reaches(segments, wanted[owner], tolerance_m)
        owner, segments = owner[near], segments[near]
    left, right, first, matched = _match(owner, segments)
    length = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    pair, which = np.unique(left.astype(np.int64) * n + right, return_inverse=True)
    shared = np.bincount(which, weights=length[first], minlength=len(pair))
    along: Floats = np.zeros(len(pair))
    if len(barriers) and len(first):
        zone = shapely.union_all(shapely.buffer(barriers, barrier_width_m))
        lines = shapely.linestrings(segments[first].reshape(-1, 2, 2))
        weights = shapely.length(shapely.intersection(lines, zone))
        along = np.bincount(which, weights=weights, minlength=len(pair)).astype(np.float64)
    if tolerance_m > 0:
        near_pair, near_length, near_along = _near(
            owner, segments, matched, n, tolerance_m, barriers, barrier_width_m, wanted
        )
        pair, which = np.unique(np.concatenate([pair, near_pair]), return_inverse=True)
        shared = np.bincount(which, weights=np.concatenate([shared, near_length]), minlength=len(pair))
        weights = np.concatenate([along, near_along])
        along = np.bincount(which, weights=weights, minlength=len(pair)).astype(np.float64)
    one, other = pair // max(n, 1), pair % max(n, 1)
    source, target = np.concatenate([one, other]), np.concatenate([other, one])
    order = np.lexsort((target, source))
    share = np.minimum(along / np.where(shared > 0, shared, 1.0), 1.0)
    return SharedBorders(
        starts=np.searchsorted(source[order], np.arange(n + 1)).astype(np.int32),
        neighbours=target[order].astype(np.int32),
        length_m=np.concatenate([shared, shared])[order],
        barrier_share=np.concatenate([share, share])[order],
    )


def _segments(shapes: Shapes) -> tuple[Ints, Floats]:
    """List every segment of every ring, its lower end first: owners of shape (s,), coordinates of shape (s, 4)."""
    parts, part_owner = shapely.get_parts(shapes, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    is_within = ring[1:] == ring[:-1]
    start, end = points[:-1][is_within], points[1:][is_within]
    is_turned = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    segments = np.where(is_turned[:, None], np.hstack([end, start]), np.hstack([start, end]))
    owner = part_owner[ring_part[ring[:-1][is_within]]].astype(np.int32)
    has_length = (start != end).any(axis=1)
    return owner[has_length], np.ascontiguousarray(segments[has_length])


def _match(owner: Ints, segments: Floats) -> tuple[Ints, Ints, npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Pair equal segments of two areas: left < right, a position of the segment, and which segments are matched."""
    order = np.lexsort((owner, segments[:, 3], segments[:, 2], segments[:, 1], segments[:, 0]))
    ordered, owners = segments[order], owner[order]
    is_same = (ordered[1:] == ordered[:-1]).all(axis=1) & (owners[1:] != owners[:-1])
    at = np.flatnonzero(is_same)
    matched = np.zeros(len(owner), dtype=np.bool_)
    matched[order[at]] = matched[order[at + 1]] = True
    return owners[at], owners[at + 1], order[at], matched


def _reaches(segments: Floats, wanted: npt.NDArray[np.bool_], tolerance_m: float) -> npt.NDArray[np.bool_]:
    """Tell which segments come within a tolerance of the bounding box of those that are wanted."""
    if not wanted.any():
        return np.zeros(len(segments), dtype=np.bool_)
    reach = 2 * tolerance_m
    is_near = np.ones(len(segments), dtype=np.bool_)
    for one, other in (segments[:, 0::2].T, segments[:, 1::2].T):
        low, high = np.minimum(one, other), np.maximum(one, other)
        is_near &= (high >= low[wanted].min() - reach) & (low <= high[wanted].max() + reach)
    return is_near


def _near(
    owner: Ints,
    segments: Floats,
    matched: npt.NDArray[np.bool_],
    n: int,
    tolerance_m: float,
    barriers: Shapes,
    barrier_width_m: float,
    wanted: npt.NDArray[np.bool_] | None,
) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
    """Find borders within the tolerance of one another among the unmatched segments: pairs, lengths, barriers."""
    empty = np.array([], dtype=np.int64), np.array([]), np.array([])
    left_over = np.flatnonzero(~matched)
    if wanted is not None:
        left_over = left_over[_reaches(segments[left_over], wanted[owner[left_over]], tolerance_m)]
    if not len(left_over):
        return empty
    lines: Shapes = np.asarray(shapely.linestrings(segments[left_over].reshape(-1, 2, 2)))
    owners, position = np.unique(owner[left_over], return_inverse=True)
    order = np.argsort(position, kind="stable")
    edges: Shapes = np.asarray(shapely.multilinestrings(lines[order], indices=position[order]))
    one, other = shapely.STRtree(edges).query(edges, predicate="dwithin", distance=tolerance_m)
    asked = one < other
    if wanted is not None:
        asked &= wanted[owners[one]] | wanted[owners[other]]
    one, other = one[asked], other[asked]
    if not len(one):
        return empty
    zones: Shapes = np.full(len(edges), None, dtype=object)
    in_pairs = np.union1d(one, other)
    zones[in_pairs] = shapely.buffer(edges[in_pairs], tolerance_m)
    stretch_one = shapely.intersection(edges[one], zones[other])
    stretch_other = shapely.intersection(edges[other], zones[one])
    length: Floats = np.asarray(shapely.length(stretch_one) + shapely.length(stretch_other)) / 2
    keep = length > TOUCHES * tolerance_m
    along = np.zeros(len(one))
    if len(barriers):
        zone = shapely.union_all(shapely.buffer(barriers, barrier_width_m + tolerance_m))
        along = np.asarray(shapely.length(shapely.intersection(stretch_one, zone)))
    pair = owners[one].astype(np.int64) * n + owners[other]
    return pair[keep], length[keep], along[keep]
