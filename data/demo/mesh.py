"""A mesh of cells with wiggly borders that neighbours share vertex for vertex.

The cells are the Voronoi cells of seed points (the dual of GEOS's Delaunay triangulation: each circumcentre is
computed once, so that cells meet exactly). Every straight edge is then replaced by a wave that stays within a part of
the *kite* of the edge: the two triangles between the edge and the seeds on its sides. Kites of different edges do not
overlap, and a wave is a graph over its edge, so no border can cross itself or another.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

WAVE_SHARE: Final = 0.17
"""A wave takes at most this share of its kite's height. The straight cell shrunk towards its seed by
`1 - WAVE_SHARE` therefore lies inside the wiggly cell: whatever is placed there needs no test."""
_VERTICES_PER_CELL = 78
_FREQUENCIES = np.array([1.0, 2.0, 3.0, 5.0, 8.0, 13.0])

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Mesh:
    """Cells, and the straight edges between them.

    Attributes
    ----------
    seeds
        Shape (cells, 2), in the metres of the layer's CRS.
    left, right
        Cells on the sides of each edge; a cell outside the region has a number beyond the last cell that counts.
    start, end
        Ends of each edge, shape (edges, 2), rounded to the millimetre.
    """

    seeds: Floats
    left: Ints
    right: Ints
    start: Floats
    end: Floats

    @property
    def length(self) -> Floats:
        """Length of each straight edge in metres."""
        along = self.end - self.start
        length: Floats = np.hypot(along[:, 0], along[:, 1])
        return length


def voronoi(seeds: Floats) -> Mesh:
    """Edges of the Voronoi diagram of the seeds; the unbounded ones are left out.

    Parameters
    ----------
    seeds
        Shape (n, 2), all different. Cells of the outermost seeds are incomplete: surround what counts with others.

    Raises
    ------
    ValueError
        When two seeds are the same point.

    Examples
    --------
    >>> mesh = voronoi(np.array([[0.0, 0.0], [4.0, 0.0], [1.0, 3.0], [5.0, 4.0]]))
    >>> len(mesh.left)  # one edge is bounded: the one between the two triangles
    1
    """
    keys, first = np.unique(seeds, axis=0, return_index=True)
    if len(keys) != len(seeds):
        raise ValueError("Two seeds of the mesh are the same point.")
    triangles = shapely.get_parts(shapely.delaunay_triangles(shapely.multipoints(seeds)))
    corners = shapely.get_coordinates(triangles).reshape(-1, 4, 2)[:, :3]
    flat = corners.reshape(-1, 2)
    _, inverse = np.unique(np.concatenate([keys, flat]), axis=0, return_inverse=True)
    triangle = first[inverse.ravel()[len(keys) :]].reshape(-1, 3)
    centres = _circumcentres(corners)

    ends = np.sort(np.concatenate([triangle[:, [0, 1]], triangle[:, [1, 2]], triangle[:, [2, 0]]]), axis=1)
    owner = np.tile(np.arange(len(triangle)), 3)
    order = np.lexsort([owner, ends[:, 1], ends[:, 0]])
    ends, owner = ends[order], owner[order]
    paired = np.flatnonzero((ends[1:] == ends[:-1]).all(axis=1))
    start, end = centres[owner[paired]], centres[owner[paired + 1]]
    apart = (start != end).any(axis=1)
    return Mesh(seeds, ends[paired, 0][apart], ends[paired, 1][apart], start[apart], end[apart])


def _circumcentres(corners: Floats) -> Floats:
    """Circumcentres of triangles, shape (n, 3, 2) → (n, 2), rounded to the millimetre."""
    origin = corners[:, 0]
    b, c = corners[:, 1] - origin, corners[:, 2] - origin
    twice_area = 2 * (b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0])
    b2, c2 = (b**2).sum(axis=1), (c**2).sum(axis=1)
    x = (c[:, 1] * b2 - b[:, 1] * c2) / twice_area
    y = (b[:, 0] * c2 - c[:, 0] * b2) / twice_area
    centres: Floats = np.round(origin + np.column_stack([x, y]), 3)
    return centres


def neighbours(mesh: Mesh, cells: int, min_border_m: float = 1.0) -> Ints:
    """List the pairs of cells (a, b), a < b < cells, that share more than a corner; shape (n, 2)."""
    real = (mesh.left < cells) & (mesh.right < cells) & (mesh.length > min_border_m)
    pairs: Ints = np.sort(np.column_stack([mesh.left[real], mesh.right[real]]), axis=1)
    return pairs


def seed_distances(mesh: Mesh, cells: int) -> Floats:
    """Distance in metres from each of the first `cells` seeds to the nearest line that bears an edge of its cell."""
    nearest = np.full(cells, np.inf)
    for side in (mesh.left, mesh.right):
        inside = side < cells
        height, _ = _apex(mesh.start[inside], mesh.end[inside], mesh.seeds[side[inside]])
        np.minimum.at(nearest, side[inside], height)
    return nearest


def _apex(start: Floats, end: Floats, seed: Floats) -> tuple[Floats, Floats]:
    """Height of a seed above the line of an edge, and where its foot falls along the edge (0 at start, 1 at end)."""
    along = end - start
    away = seed - start
    length2 = (along**2).sum(axis=1)
    height = np.abs(along[:, 0] * away[:, 1] - along[:, 1] * away[:, 0]) / np.sqrt(length2)
    return height, (along * away).sum(axis=1) / length2


def _kite_height(t: Floats, height: Floats, foot: Floats) -> Floats:
    """Room above an edge at parameter t within the triangle of the edge and a seed."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rising = np.where(foot > 0, height * t / foot, np.inf)
        falling = np.where(foot < 1, height * (1 - t) / (1 - foot), np.inf)
    return np.minimum(rising, falling)


@dataclass(frozen=True, slots=True)
class Borders:
    """The wiggly lines: edge e runs through `points[offset[e]:offset[e + 1]]`, ends included."""

    points: Floats
    offset: Ints


def wiggle(mesh: Mesh, rng: np.random.Generator) -> Borders:
    """Replace every straight edge by a wave of some ten vertices that stays within its kite.

    Parameters
    ----------
    mesh
        The mesh whose edges are bent.
    rng
        Source of the waves.

    Returns
    -------
    Borders
        Polylines from `mesh.start` to `mesh.end`, vertices rounded to the millimetre.
    """
    edges = len(mesh.left)
    length = mesh.length
    perimeter = np.zeros(len(mesh.seeds))
    np.add.at(perimeter, mesh.left, length)
    np.add.at(perimeter, mesh.right, length)
    share = length / np.minimum(perimeter[mesh.left], perimeter[mesh.right])
    pieces = np.clip(np.round(_VERTICES_PER_CELL * share), 2, 40).astype(np.int64)
    pieces[length < 3.0] = 1  # no room for vertices on a millimetre grid

    offset = np.concatenate([[0], np.cumsum(pieces + 1)])
    edge = np.repeat(np.arange(edges), pieces + 1)
    step = np.arange(offset[-1]) - offset[edge]
    t = step / pieces[edge]

    amplitude = rng.normal(0.0, 1.0, (edges, len(_FREQUENCIES))) / _FREQUENCIES**0.8
    phase = rng.uniform(0.0, 2 * np.pi, (edges, len(_FREQUENCIES)))
    wave = np.zeros(len(t))
    for k, frequency in enumerate(_FREQUENCIES):
        wave += amplitude[edge, k] * np.sin(2 * np.pi * frequency * t + phase[edge, k])
    room = np.minimum(
        _kite_height(t, *(value[edge] for value in _apex(mesh.start, mesh.end, mesh.seeds[mesh.left]))),
        _kite_height(t, *(value[edge] for value in _apex(mesh.start, mesh.end, mesh.seeds[mesh.right]))),
    )
    # A kite can be far higher than its edge is long; a border that swings out further than that is not credible.
    room = np.minimum(room, 2.5 * length[edge] * np.minimum(t, 1 - t))
    shift = WAVE_SHARE * room * np.tanh(wave)

    along = (mesh.end - mesh.start)[edge]
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / length[edge, None]
    points = np.round(mesh.start[edge] + t[:, None] * along + shift[:, None] * normal, 3)
    points[offset[:-1]] = mesh.start
    points[offset[1:] - 1] = mesh.end
    return Borders(points, offset)


def rings(mesh: Mesh, borders: Borders, edges: Ints, owner: Ints, middle: Floats) -> tuple[NDArray[np.object_], Ints]:
    """Chain edges into closed rings, one per owner.

    Parameters
    ----------
    mesh, borders
        The mesh and its wiggly lines.
    edges
        Numbers of edges, each as often as a ring needs it.
    owner
        The ring that each of `edges` belongs to.
    middle
        A point, per entry of `edges`, from which the whole ring can be seen (its seed).

    Returns
    -------
    rings, owners
        Linear rings, counterclockwise, and the owner of each, ascending.
    """
    from_start = mesh.start[edges] - middle
    from_end = mesh.end[edges] - middle
    backwards = from_start[:, 0] * from_end[:, 1] - from_start[:, 1] * from_end[:, 0] < 0
    centre = (from_start + from_end) / 2
    order = np.lexsort([np.arctan2(centre[:, 1], centre[:, 0]), owner])
    edges, owner, backwards = edges[order], owner[order], backwards[order]

    count = borders.offset[edges + 1] - borders.offset[edges] - 1  # the last vertex is the next line's first
    first = np.where(backwards, borders.offset[edges + 1] - 1, borders.offset[edges])
    line = np.repeat(np.arange(len(edges)), count)
    within = np.arange(len(line)) - (np.cumsum(count) - count)[line]
    vertex = first[line] + np.where(backwards[line], -within, within)
    owners, ring_of = np.unique(owner, return_inverse=True)
    return shapely.linearrings(borders.points[vertex], indices=ring_of[line]), owners
