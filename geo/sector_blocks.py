"""Answer many points from the flat arrays of a sector index, in stages.

Each stage is a loop with few branches over the points that the stage before left open, so that the loads of many
points are under way at once: a point then costs its share of the memory's throughput, and not the latencies of
its chain of loads. (The idea is that of group prefetching: S. Chen et al., "Improving Hash Join Performance through
Prefetching", ACM Transactions on Database Systems 32 (2007).)
"""

import numpy as np
import numpy.typing as npt
from numba import types

from geo.compiled import INTS, compiled, inlined
from geo.machine import load_float64, load_int32, load_int64, prefetch
from geo.sector_kernels import (
    ASK_PAIR,
    CELLS,
    COLUMNS,
    EDGES_MASK,
    KIND_SHIFT,
    LAST_U,
    LAST_V,
    OUTSIDE,
    PAIR_EDGES,
    PAIR_LEAF,
    PAIR_SECTORS,
    PER_X,
    PER_Y,
    RECORDS,
    SECTORS_SHIFT,
    SMALL_EDGES,
    SMALL_LEAF,
    UNIT_SHIFT,
    VERTICES,
    X0,
    Y0,
    ask_record,
    in_cells,
)

__all__ = ["locate_block"]

BLOCK = 4096
VERTEX_BYTES = 16
UNIT_BYTES = 4 << UNIT_SHIFT

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


@inlined
def find_cells(descriptor: int, x: Floats, y: Floats, cell: Ints, part: npt.NDArray[np.uint8]) -> int:
    """Compute the cell and the subcell of each point; give how many coordinates are not finite."""
    columns = np.int32(load_int64(descriptor, COLUMNS))
    x0 = load_float64(descriptor, X0)
    y0 = load_float64(descriptor, Y0)
    per_x = load_float64(descriptor, PER_X)
    per_y = load_float64(descriptor, PER_Y)
    last_u = load_float64(descriptor, LAST_U)
    last_v = load_float64(descriptor, LAST_V)
    n_wrong = 0
    for i in range(x.size):
        u = in_cells(x[i], x0, per_x, last_u)
        v = in_cells(y[i], y0, per_y, last_v)
        column = np.int32(u)
        row = np.int32(v)
        cell[i] = row * columns + column
        part[i] = np.int32((v - row) * 8.0) * 8 + np.int32((u - column) * 8.0)
        # An infinity or NaN less itself is NaN, which differs from zero.
        n_wrong += int(x[i] - x[i] != 0.0) + int(y[i] - y[i] != 0.0)
    return n_wrong


@inlined
def read_cells(cells: int, cell: Ints, answers: Ints, open_points: Ints) -> int:
    """Fill in each cell's entry; list the points whose entry is a record, and give their number."""
    for i in range(answers.size):
        answers[i] = load_int32(cells, int(cell[i]))
    n_open = 0
    for i in range(answers.size):
        open_points[n_open] = i
        n_open += answers[i] < OUTSIDE
    return n_open


@inlined
def read_maps(records: int, part: npt.NDArray[np.uint8], answers: Ints, open_points: Ints, n_open: int) -> int:
    """Answer the open points by the map of a pair leaf; list the points still open, and give their number."""
    for k in range(n_open):
        prefetch(records, (-2 - int(answers[open_points[k]])) * UNIT_BYTES)
    n_still = 0
    for k in range(n_open):
        i = open_points[k]
        at = (-2 - int(answers[i])) << UNIT_SHIFT
        head = load_int32(records, at)
        place = int(part[i])
        code = (load_int32(records, at + 1 + (place >> 4)) >> ((place & 15) * 2)) & 3
        sector = load_int32(records, at + PAIR_SECTORS + (code & 1))
        known = sector if code < (head >> SECTORS_SHIFT) & 15 else OUTSIDE
        is_open = ((head >> KIND_SHIFT) & 3 != PAIR_LEAF) | (code == ASK_PAIR)
        answers[i] = answers[i] if is_open else known
        open_points[n_still] = i
        n_still += is_open
    return n_still


@inlined
def fetch_edges(records: int, vertices: int, answers: Ints, open_points: Ints, n_open: int) -> None:
    """Ask for the edges of the leaves that are still open."""
    for k in range(n_open):
        at = (-2 - int(answers[open_points[k]])) << UNIT_SHIFT
        head = load_int32(records, at)
        kind = (head >> KIND_SHIFT) & 3
        if kind in (PAIR_LEAF, SMALL_LEAF):
            edges = at + (PAIR_EDGES if kind == PAIR_LEAF else SMALL_EDGES)
            for edge in range(edges, edges + (head & EDGES_MASK)):
                prefetch(vertices, load_int32(records, edge) * VERTEX_BYTES)


@compiled(
    types.int64(
        types.int64,
        types.Array(types.float64, 1, "C", readonly=True),
        types.Array(types.float64, 1, "C", readonly=True),
        INTS,
    )
)
def locate_block(descriptor: int, x: Floats, y: Floats, positions: Ints) -> int:
    """Fill in the positions of points; give the index of the first that is not finite, or -1."""
    cells = load_int64(descriptor, CELLS)
    records = load_int64(descriptor, RECORDS)
    vertices = load_int64(descriptor, VERTICES)
    cell = np.empty(BLOCK, np.int32)
    part = np.empty(BLOCK, np.uint8)
    open_points = np.empty(BLOCK, np.int32)
    for start in range(0, x.size, BLOCK):
        stop = min(start + BLOCK, x.size)
        xs, ys, answers = x[start:stop], y[start:stop], positions[start:stop]
        if find_cells(descriptor, xs, ys, cell, part) > 0:
            for i in range(xs.size):
                if not (np.isfinite(xs[i]) and np.isfinite(ys[i])):
                    return start + i
        n_open = read_cells(cells, cell, answers, open_points)
        n_open = read_maps(records, part, answers, open_points, n_open)
        fetch_edges(records, vertices, answers, open_points, n_open)
        for k in range(n_open):
            i = open_points[k]
            u = in_cells(
                xs[i], load_float64(descriptor, X0), load_float64(descriptor, PER_X), load_float64(descriptor, LAST_U)
            )
            v = in_cells(
                ys[i], load_float64(descriptor, Y0), load_float64(descriptor, PER_Y), load_float64(descriptor, LAST_V)
            )
            answers[i] = ask_record(descriptor, int(answers[i]), u, v, xs[i], ys[i])
    return -1
