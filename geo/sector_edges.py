"""Turn the sectors' rings into edges that each stand once, with the sectors that they bound.

Neighbours of a coverage repeat their common border vertex for vertex. Stored once, an edge costs half the
memory, and one orientation test serves both sides. Edges of a run of the same ring follow one another, so that
edge i leads from vertex i to vertex i + 1 and needs no table of ends.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["Edges", "gather_edges"]


class Edges(NamedTuple):
    """The distinct edges of a layer.

    Attributes
    ----------
    vertices
        float64, shape (n, 2): edge i leads from row i to row i + 1. Where a run of edges ends a row has no edge.
    edges
        int32, shape (m,), ascending: the rows of `vertices` that have an edge.
    owner_starts, owners
        int64, shape (m + 1,), and int32: edge k bounds the sectors
        ``owners[owner_starts[k]:owner_starts[k + 1]]``, positions in ascending order.
    """

    vertices: npt.NDArray[np.float64]
    edges: npt.NDArray[np.int32]
    owner_starts: npt.NDArray[np.int64]
    owners: npt.NDArray[np.int32]


def gather_edges(polygons: npt.NDArray[np.object_]) -> Edges:
    """Collect the distinct edges of valid polygons and multipolygons; position i owns the edges of item i.

    Parameters
    ----------
    polygons
        Array of shapely Polygons and MultiPolygons, none empty.

    Returns
    -------
    Edges
        Every edge of every ring, shell or hole, once. Edges without length are left out.
    """
    _, coordinates, offsets = shapely.to_ragged_array(polygons)
    coordinates = coordinates[:, :2] + 0.0  # the sum turns -0.0 into 0.0, so that equal ends have equal bits
    ring_starts, sector_starts = offsets[0], offsets[1]
    if len(offsets) == 3:  # a multipolygon among them: from sector to parts to rings
        sector_starts = sector_starts[offsets[2]]
    sector_of_ring = np.repeat(np.arange(len(polygons), dtype=np.int32), np.diff(sector_starts))
    ring_of_vertex = np.repeat(np.arange(len(sector_of_ring), dtype=np.int32), np.diff(ring_starts))

    is_edge = (coordinates[:-1] != coordinates[1:]).any(axis=1)
    is_edge &= ring_of_vertex[:-1] == ring_of_vertex[1:]
    starts = np.flatnonzero(is_edge)
    order, group_starts = _group_equal(coordinates[starts], coordinates[starts + 1])
    first_of_group = order[group_starts]  # the order is stable, so the first is the one met first

    # Number the groups as their edges are met, and let consecutive edges of one ring share a vertex.
    by_meeting = np.argsort(first_of_group)
    firsts = first_of_group[by_meeting]
    row = starts[firsts]
    goes_on = (ring_of_vertex[row[1:]] == ring_of_vertex[row[:-1]]) & (firsts[1:] == firsts[:-1] + 1)
    run = np.concatenate(([0], np.cumsum(~goes_on)))
    edges = np.arange(len(firsts)) + run
    vertices = np.empty((edges[-1] + 2, 2))
    vertices[edges] = coordinates[row]
    vertices[edges + 1] = coordinates[row + 1]

    sizes = np.diff(np.append(group_starts, len(order)))
    owner_starts = np.concatenate(([0], np.cumsum(sizes[by_meeting])))
    members = np.repeat(group_starts[by_meeting] - owner_starts[:-1], sizes[by_meeting])
    members += np.arange(len(order))
    owners = sector_of_ring[ring_of_vertex[starts]][order[members]]
    return Edges(vertices, edges.astype(np.int32), owner_starts, owners)


def _group_equal(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Sort undirected edges so that equal ones stand together, in their order; give the order and the starts."""
    swap = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    ends = np.hstack([np.where(swap[:, None], b, a), np.where(swap[:, None], a, b)])
    key = np.zeros(len(ends), np.uint64)
    for column in ends.T:
        # Multiply by odd constants (those of MurmurHash3's finaliser) and fold the high half down.
        key = (key ^ np.ascontiguousarray(column).view(np.uint64)) * np.uint64(0xFF51AFD7ED558CCD)
        key ^= key >> np.uint64(32)
        key *= np.uint64(0xC4CEB9FE1A85EC53)
        key ^= key >> np.uint64(29)
    order = np.argsort(key, kind="stable")
    same_key = key[order[1:]] == key[order[:-1]]
    same_edge = (ends[order[1:]] == ends[order[:-1]]).all(axis=1)
    if (same_key & ~same_edge).any():  # two edges share a key: sort by the edges themselves
        order = np.lexsort(ends.T)
        same_edge = (ends[order[1:]] == ends[order[:-1]]).all(axis=1)
    return order, np.flatnonzero(np.concatenate(([True], ~same_edge)))
