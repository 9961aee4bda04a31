"""Find the sector nearest to a point outside the coverage, from the flat arrays of a sector index."""

import math

import numpy as np
from numba import types

from geo.compiled import compiled, inlined, tuple_of
from geo.machine import load_float64, load_int32, load_int64, lowest_bit
from geo.sector_kernels import (
    CELLS,
    COLUMNS,
    HEIGHT,
    INNER,
    KIND_SHIFT,
    LAST_U,
    LAST_V,
    MORE_FOLLOWS,
    OUTSIDE,
    PER_X,
    PER_Y,
    RECORDS,
    ROWS,
    UNIT_SHIFT,
    VERTICES,
    WIDTH,
    X0,
    Y0,
    end_of_record,
    in_cells,
    open_leaf,
)

__all__ = ["nearest_sector"]

DEEPEST_STACK = 64 * 4  # three levels of finer grids may wait at once, each with 64 entries or less


@inlined
def distance_to_edge(vertices: int, edge: int, px: float, py: float, scale_x: float, scale_y: float) -> float:
    """Give the distance from p to an edge, with the axes scaled to one unit of length."""
    at = int(edge) * 2
    ax = (load_float64(vertices, at) - px) * scale_x
    ay = (load_float64(vertices, at + 1) - py) * scale_y
    bx = (load_float64(vertices, at + 2) - px) * scale_x
    by = (load_float64(vertices, at + 3) - py) * scale_y
    dx = bx - ax
    dy = by - ay
    length = math.hypot(dx, dy)
    if length > 0.0:
        dx /= length
        dy /= length
        along = -(ax * dx + ay * dy)
        if 0.0 < along < length:
            return abs(ax * dy - ay * dx)
    return min(math.hypot(ax, ay), math.hypot(bx, by))


@inlined
def nearest_in_leaf(
    records: int,
    vertices: int,
    at: int,
    px: float,
    py: float,
    scale_x: float,
    scale_y: float,
    best: int,
    best_distance: float,
) -> tuple[int, float]:
    """Improve on the best sector and distance by the edges of a leaf and of those chained to it."""
    while True:
        head, sectors, edges, n_edges = open_leaf(records, at)
        for k in range(n_edges):
            edge = load_int32(records, edges + k)
            distance = distance_to_edge(vertices, edge, px, py, scale_x, scale_y)
            if distance <= best_distance:
                mask = (load_int32(records, edges + n_edges + (k >> 2)) >> ((k & 3) * 8)) & 0xFF
                sector = load_int32(records, sectors + lowest_bit(mask))
                if distance < best_distance or best == OUTSIDE or sector < best:
                    best = sector
                best_distance = distance
        if head & MORE_FOLLOWS == 0:
            return best, best_distance
        at = end_of_record(edges, n_edges)


@compiled(tuple_of(types.int64, types.float64)(types.int64, *[types.float64] * 5))
def nearest_sector(
    descriptor: int, x: float, y: float, max_distance: float, scale_x: float, scale_y: float
) -> tuple[int, float]:
    """Give the position and distance of the sector whose border is nearest, the lowest of equals, or OUTSIDE.

    Cells are searched in square rings around the point's cell, until the ring is farther than the best edge.
    """
    cells = load_int64(descriptor, CELLS)
    records = load_int64(descriptor, RECORDS)
    vertices = load_int64(descriptor, VERTICES)
    columns = load_int64(descriptor, COLUMNS)
    rows = load_int64(descriptor, ROWS)
    per_x = load_float64(descriptor, PER_X)
    per_y = load_float64(descriptor, PER_Y)
    middle_column = int(in_cells(x, load_float64(descriptor, X0), per_x, load_float64(descriptor, LAST_U)))
    middle_row = int(in_cells(y, load_float64(descriptor, Y0), per_y, load_float64(descriptor, LAST_V)))
    ring_width = min(load_float64(descriptor, WIDTH) * scale_x, load_float64(descriptor, HEIGHT) * scale_y)
    best = OUTSIDE
    best_distance = max_distance
    stack = np.empty(DEEPEST_STACK, np.int64)
    for ring in range(max(columns, rows) + 1):
        # What lies in this ring is at least ring - 1 whole cells away, less a hair for the grid's rounding.
        if (ring - 1.001) * ring_width > best_distance:
            break
        for row in range(max(middle_row - ring, 0), min(middle_row + ring, rows - 1) + 1):
            is_end = row in (middle_row - ring, middle_row + ring)
            step = 1 if is_end else 2 * ring
            for column in range(middle_column - ring, middle_column + ring + 1, step):
                if not 0 <= column < columns:
                    continue
                stack[0] = load_int32(cells, row * columns + column)
                n_stack = 1
                while n_stack > 0:
                    n_stack -= 1
                    at = (-2 - stack[n_stack]) << UNIT_SHIFT
                    if at < 0:  # an answer: no edge comes near
                        continue
                    if (load_int32(records, at) >> KIND_SHIFT) & 3 == INNER:
                        for part in range(64):
                            stack[n_stack + part] = load_int32(records, at + 1 + part)
                        n_stack += 64
                    else:
                        best, best_distance = nearest_in_leaf(
                            records, vertices, at, x, y, scale_x, scale_y, best, best_distance
                        )
    return best, best_distance
