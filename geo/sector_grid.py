"""Build the flat arrays of a sector index: the grid of cells over the edges, and the records of border cells.

The method is true-hit filtering over a grid that refines itself where the borders are: nearly all places are
answered by a cell or subcell that no edge touches (A. Kipf et al., "Adaptive Main-Memory Indexing for
High-Performance Point-Polygon Joins", EDBT 2020; E. T. Zacharatou et al., "GPU Rasterization for Real-Time
Spatial Aggregation over Arbitrary Polygons", PVLDB 11 (2017)). The exact remainder, edges beside a reference
point of known sectors, is what `geo.sector_kernels` explains.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types

from geo.compiled import INTS, WIDE_INTS, compiled, inlined, tuple_of
from geo.orientation import side
from geo.sector_edges import Edges
from geo.sector_frame import FRAME, Frame, columns_in_row, frame_for, reference, rows_of
from geo.sector_kernels import OUTSIDE
from geo.sector_records import EDGES, POINTS, with_room, write_records

__all__ = ["Grid", "build_grid"]


@dataclass(frozen=True)
class Grid:
    """The arrays of an index, as `geo.sector_kernels` reads them.

    Attributes
    ----------
    frame
        The grid's place.
    cells
        int32, shape (rows * columns,): an answer (a position, or -1 outside), or -2 - (number of a record).
    records
        int32: the records of border cells, in units of 16 words.
    vertices
        float64, shape (n, 2): the ends of the edges.
    """

    frame: Frame
    cells: npt.NDArray[np.int32]
    records: npt.NDArray[np.int32]
    vertices: npt.NDArray[np.float64]


@inlined
def add_up(starts: npt.NDArray[np.int64]) -> int:
    """Turn counts, each two places late, into starts one place late; give their sum."""
    for i in range(2, starts.size):
        starts[i] += starts[i - 1]
    return int(starts[-1])


@compiled(tuple_of(WIDE_INTS, INTS)(EDGES, POINTS, FRAME))
def edges_of_cells(
    layer: Edges, uv: npt.NDArray[np.float64], frame: Frame
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """List the edges near each cell: starts of shape (cells + 1,) into a list of edge numbers."""
    columns, rows = frame.columns, frame.rows
    starts = np.zeros(columns * rows + 2, np.int64)
    listed = np.empty(0, np.int32)
    for fill in range(2):
        for k in range(layer.edges.size):
            e = layer.edges[k]
            first_row, last_row = rows_of(uv[e, 1], uv[e + 1, 1], rows)
            for row in range(first_row, last_row + 1):
                first, last = columns_in_row(uv[e, 0], uv[e, 1], uv[e + 1, 0], uv[e + 1, 1], row, columns)
                for cell in range(row * columns + first, row * columns + last + 1):
                    if fill:
                        listed[starts[cell + 1]] = k
                        starts[cell + 1] += 1
                    else:
                        starts[cell + 2] += 1
        if not fill:
            listed = np.empty(add_up(starts), np.int32)
    return starts[:-1], listed


@inlined
def first_reference_right(vertices: npt.NDArray[np.float64], e: int, guess: int, yr: float, frame: Frame) -> int:
    """Give the first column whose reference point on the line yr lies right of an edge that crosses the line."""
    ax, ay, bx, by = vertices[e, 0], vertices[e, 1], vertices[e + 1, 0], vertices[e + 1, 1]
    upward = by > ay  # what is right of an upward edge is not left of it
    column = guess
    while side(ax, ay, bx, by, reference(frame.x0, frame.width, column - 1.0, 1.0), yr) != upward:
        column -= 1
    while side(ax, ay, bx, by, reference(frame.x0, frame.width, float(column), 1.0), yr) == upward:
        column += 1
    return column


@compiled(tuple_of(WIDE_INTS, INTS)(EDGES, POINTS, FRAME))
def crossings_of_rows(
    layer: Edges, uv: npt.NDArray[np.float64], frame: Frame
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """List for each cell the edges between its reference point and that of the cell before it in the row.

    The outermost columns of the grid are empty, so each edge has a reference point on both sides.
    """
    columns, rows = frame.columns, frame.rows
    starts = np.zeros(columns * rows + 2, np.int64)
    listed = np.empty(0, np.int32)
    for fill in range(2):
        for k in range(layer.edges.size):
            e = layer.edges[k]
            va = uv[e, 1]
            dv = uv[e + 1, 1] - va
            first_row, last_row = rows_of(va, uv[e + 1, 1], rows)
            for row in range(first_row, last_row + 1):
                yr = reference(frame.y0, frame.height, float(row), 1.0)
                if (layer.vertices[e, 1] > yr) == (layer.vertices[e + 1, 1] > yr):
                    continue
                t = (row + 0.5 - va) / dv if dv != 0.0 else 0.0
                u = uv[e, 0] + min(max(t, 0.0), 1.0) * (uv[e + 1, 0] - uv[e, 0])
                guess = min(max(math.ceil(u - 0.5), 1), columns - 1)
                cell = row * columns + first_reference_right(layer.vertices, e, guess, yr, frame)
                if fill:
                    listed[starts[cell + 1]] = k
                    starts[cell + 1] += 1
                else:
                    starts[cell + 2] += 1
        if not fill:
            listed = np.empty(add_up(starts), np.int32)
    return starts[:-1], listed


@inlined
def toggle(members: npt.NDArray[np.int32], size: int, sector: int) -> int:
    """Take a sector out of a set, or put it in; give the set's new size."""
    for i in range(size):
        if members[i] == sector:
            members[i] = members[size - 1]
            return size - 1
    members[size] = sector
    return size + 1


@compiled(tuple_of(INTS, WIDE_INTS, WIDE_INTS, INTS)(EDGES, FRAME, WIDE_INTS, WIDE_INTS, INTS, types.int64))
def answer_whole_cells(
    layer: Edges,
    frame: Frame,
    edge_starts: npt.NDArray[np.int64],
    crossing_starts: npt.NDArray[np.int64],
    crossings: npt.NDArray[np.int32],
    n_sectors: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Sweep the reference points: answer the cells without edges, list the others and what holds their points.

    Returns
    -------
    tuple
        The cells' answers; the border cells; for each where its holders start in a list; that list.
    """
    cells = np.empty(frame.columns * frame.rows, np.int32)
    n_border = 0
    for cell in range(cells.size):
        n_border += edge_starts[cell + 1] > edge_starts[cell]
    border = np.empty(n_border, np.int64)
    holder_starts = np.empty(n_border + 1, np.int64)
    holders = np.empty(2 * n_border + 16, np.int32)
    n_holders = 0
    n_border = 0
    members = np.empty(n_sectors + 1, np.int32)  # empty again at the end of each row
    size = 0
    answer = OUTSIDE
    for cell in range(cells.size):
        if crossing_starts[cell] != crossing_starts[cell + 1]:
            for k in crossings[crossing_starts[cell] : crossing_starts[cell + 1]]:
                for j in range(layer.owner_starts[k], layer.owner_starts[k + 1]):
                    size = toggle(members, size, layer.owners[j])
            answer = int(members[:size].min()) if size else OUTSIDE
        cells[cell] = answer
        if edge_starts[cell + 1] > edge_starts[cell]:
            border[n_border] = cell
            holder_starts[n_border] = n_holders
            holders = with_room(holders, n_holders + size)
            holders[n_holders : n_holders + size] = members[:size]
            n_holders += size
            n_border += 1
    holder_starts[n_border] = n_holders
    return cells, border, holder_starts, holders[:n_holders]


def build_grid(layer: Edges, n_sectors: int, stretch: float = 1.0) -> Grid:
    """Build the arrays of an index from the distinct edges of its sectors.

    Parameters
    ----------
    layer
        The edges, with the positions of the sectors that they bound.
    n_sectors
        Number of sectors.
    stretch
        See `frame_for`.

    Returns
    -------
    Grid
        The arrays for the reader.
    """
    frame = frame_for(layer.vertices, len(layer.edges), stretch)
    uv = (layer.vertices - [frame.x0, frame.y0]) * [1.0 / frame.width, 1.0 / frame.height]
    edge_starts, edges = edges_of_cells(layer, uv, frame)
    crossing_starts, crossings = crossings_of_rows(layer, uv, frame)
    cells, border, holder_starts, holders = answer_whole_cells(
        layer, frame, edge_starts, crossing_starts, crossings, n_sectors
    )
    del crossing_starts, crossings
    records = write_records(layer, uv, frame, border, edge_starts, edges, holder_starts, holders, n_sectors, cells)
    return Grid(frame, cells, records, layer.vertices)
