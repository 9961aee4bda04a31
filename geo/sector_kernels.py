"""Answer points from the flat arrays of a sector index: the compiled read side (docs/index-format.md).

A point's cell either names its one sector at once, or leads to a record: a finer grid of 8 by 8 subcells, most
of which name their sector in turn, and for the rest the few edges that touch the cell. From those the answer is
exact. The record knows which sectors hold the cell's reference point; the path from the reference to the query,
vertical and then horizontal, leaves or enters a sector with each edge of it that it crosses.
"""

import numpy as np
from numba import types

from geo.compiled import compiled, inlined
from geo.machine import load_float64, load_int32, load_int64, lowest_bit
from geo.orientation import ERROR_BOUND, SAFE_LARGEST, SAFE_SMALLEST, orientation, side
from geo.sector_frame import reference

__all__ = ["NOT_FINITE", "OUTSIDE", "locate_point"]

OUTSIDE = -1
NOT_FINITE = -2

# The descriptor: 64-bit words that hold addresses, counts and the grid's frame.
CELLS, RECORDS, VERTICES, COLUMNS, ROWS, X0, Y0, PER_X, PER_Y, WIDTH, HEIGHT, LAST_U, LAST_V = range(13)
DESCRIPTOR_WORDS = 16

# A record's head: its kind, its number of sectors, and which of them hold the reference point.
KIND_SHIFT = 28
INNER, PAIR_LEAF, SMALL_LEAF, LONG_LEAF = range(4)
MORE_FOLLOWS = 1 << 30
SECTORS_SHIFT = 24
INSIDE_SHIFT = 16
EDGES_MASK = 0xFFFF
UNIT_SHIFT = 4  # records begin at multiples of 16 words: a pair leaf of up to 7 edges is one cache line
PAIR_SECTORS, PAIR_EDGES = 5, 7  # after 64 codes of 2 bits: one of up to two sectors, outside, or "ask the edges"
SMALL_SECTORS, SMALL_EDGES = 9, 17  # after 64 codes of 4 bits: one of up to eight sectors, outside, or "ask"
LONG_COUNT, LONG_SECTORS, LONG_EDGES = 1, 2, 10
ASK_PAIR = 3
ASK_SMALL = 15
GROUP = 8  # sectors whose membership one record keeps, as the bits of a byte


@inlined
def is_between(value: float, one: float, other: float) -> bool:
    """Tell whether a coordinate lies in the closed interval of two others, in either order."""
    return (one <= value <= other) or (other <= value <= one)


@inlined
def crossings_of_edge(ax: float, ay: float, bx: float, by: float, xr: float, yr: float, px: float, py: float) -> int:
    """Trace the path r → q → p over one edge, where q = (xr, py): bit 0 is a crossing, bit 1 a touch of p.

    The path runs infinitesimally beside its nominal line (see `geo.orientation.side`), so no vertex is met.
    """
    spans_row = (ay > py) != (by > py)
    spans_column = (ax > xr) != (bx > xr)
    touched = 0
    p_left = False
    if spans_row or (is_between(py, ay, by) and is_between(px, ax, bx)):
        if orientation(ax, ay, bx, by, px, py) == 0:
            # A line through p that spans its row meets the row at p itself.
            touched = 2
        p_left = side(ax, ay, bx, by, px, py)
    crossed = False
    if spans_row or spans_column:
        q_left = side(ax, ay, bx, by, xr, py)
        if spans_row:
            crossed = p_left != q_left
        if spans_column:
            crossed ^= q_left != side(ax, ay, bx, by, xr, yr)
    return touched | int(crossed)


@inlined
def trace_edge(vertices: int, edge: int, xr: float, yr: float, px: float, py: float) -> int:
    """Do what `crossings_of_edge` does, without a branch where the error bounds decide all three sides."""
    at = int(edge) * 2
    ax = load_float64(vertices, at)
    ay = load_float64(vertices, at + 1)
    bx = load_float64(vertices, at + 2)
    by = load_float64(vertices, at + 3)
    axp = ax - px
    ayp = ay - py
    bxp = bx - px
    byp = by - py
    axr = ax - xr
    ayr = ay - yr
    bxr = bx - xr
    byr = by - yr
    p_one = axp * byp
    p_two = ayp * bxp
    q_one = axr * byp
    q_two = ayp * bxr
    r_one = axr * byr
    r_two = ayr * bxr
    p_det = p_one - p_two
    q_det = q_one - q_two
    r_det = r_one - r_two
    p_size = abs(p_one) + abs(p_two)
    q_size = abs(q_one) + abs(q_two)
    r_size = abs(r_one) + abs(r_two)
    smallest = min(p_size, q_size, r_size)
    largest = max(p_size, q_size, r_size)
    decided = (
        (abs(p_det) > ERROR_BOUND * p_size)
        & (abs(q_det) > ERROR_BOUND * q_size)
        & (abs(r_det) > ERROR_BOUND * r_size)
        & (smallest > SAFE_SMALLEST)
        & (largest < SAFE_LARGEST)
    )
    if decided:
        spans_row = (ay > py) != (by > py)
        spans_column = (ax > xr) != (bx > xr)
        crossed = (spans_row & ((p_det > 0.0) != (q_det > 0.0))) != (spans_column & ((q_det > 0.0) != (r_det > 0.0)))
        return int(crossed)
    return crossings_of_edge(ax, ay, bx, by, xr, yr, px, py)


@inlined
def sectors_at(
    records: int, vertices: int, edges: int, n_edges: int, inside: int, xr: float, yr: float, px: float, py: float
) -> int:
    """Give the sectors of one group around p (bits 0 to 7) and those with p on their border (bits 8 to 15)."""
    touched = 0
    for k in range(n_edges):
        edge = load_int32(records, edges + k)
        word = load_int32(records, edges + n_edges + (k >> 2))
        sectors = (word >> ((k & 3) * 8)) & 0xFF
        traced = trace_edge(vertices, edge, xr, yr, px, py)
        inside ^= sectors & -(traced & 1)
        touched |= sectors & -(traced >> 1)
    return inside | (touched << 8)


@inlined
def open_leaf(records: int, at: int) -> tuple[int, int, int, int]:
    """Give a leaf's head, where its sectors and its edges begin, and the number of its edges."""
    head = load_int32(records, at)
    kind = (head >> KIND_SHIFT) & 3
    if kind == PAIR_LEAF:
        return head, at + PAIR_SECTORS, at + PAIR_EDGES, head & EDGES_MASK
    if kind == SMALL_LEAF:
        return head, at + SMALL_SECTORS, at + SMALL_EDGES, head & EDGES_MASK
    return head, at + LONG_SECTORS, at + LONG_EDGES, load_int32(records, at + LONG_COUNT)


@inlined
def end_of_record(edges: int, n_edges: int) -> int:
    """Give where the record after a leaf begins: after its edges and their masks, four to a word."""
    return ((edges + n_edges + ((n_edges + 3) >> 2) + 15) >> UNIT_SHIFT) << UNIT_SHIFT


@inlined
def ask_edges(records: int, vertices: int, at: int, xr: float, yr: float, px: float, py: float) -> int:
    """Give the position of the first sector that covers p, by the edges of a leaf and of those chained to it."""
    while True:
        head, sectors, edges, n_edges = open_leaf(records, at)
        inside = (head >> INSIDE_SHIFT) & 0xFF
        both = sectors_at(records, vertices, edges, n_edges, inside, xr, yr, px, py)
        covering = (both | (both >> 8)) & 0xFF
        if covering != 0:
            return load_int32(records, sectors + lowest_bit(covering))
        if head & MORE_FOLLOWS == 0:
            return OUTSIDE
        at = end_of_record(edges, n_edges)


@inlined
def ask_record(descriptor: int, entry: int, u: float, v: float, x: float, y: float) -> int:
    """Follow a border cell's entry down to the answer; u and v are the point in cells from the grid's corner."""
    records = load_int64(descriptor, RECORDS)
    low_u = float(int(u))
    low_v = float(int(v))
    size = 1.0
    while entry < OUTSIDE:
        at = (-2 - entry) << UNIT_SHIFT
        head = load_int32(records, at)
        kind = (head >> KIND_SHIFT) & 3
        part_u = int((u - low_u) * (8.0 / size))
        part_v = int((v - low_v) * (8.0 / size))
        part = part_v * 8 + part_u
        if kind == INNER:
            entry = load_int32(records, at + 1 + part)
            size *= 0.125
            low_u += part_u * size
            low_v += part_v * size
            continue
        n_sectors = (head >> SECTORS_SHIFT) & 15
        if kind == PAIR_LEAF:
            code = (load_int32(records, at + 1 + (part >> 4)) >> ((part & 15) * 2)) & 3
            if code != ASK_PAIR:
                if code < n_sectors:
                    return load_int32(records, at + PAIR_SECTORS + code)
                return OUTSIDE
        elif kind == SMALL_LEAF:
            code = (load_int32(records, at + 1 + (part >> 3)) >> ((part & 7) * 4)) & 15
            if code != ASK_SMALL:
                if code < n_sectors:
                    return load_int32(records, at + SMALL_SECTORS + code)
                return OUTSIDE
        xr = reference(load_float64(descriptor, X0), load_float64(descriptor, WIDTH), low_u, size)
        yr = reference(load_float64(descriptor, Y0), load_float64(descriptor, HEIGHT), low_v, size)
        vertices = load_int64(descriptor, VERTICES)
        return ask_edges(records, vertices, at, xr, yr, x, y)
    return entry


@inlined
def in_cells(coordinate: float, origin: float, per_unit: float, last: float) -> float:
    """Give a coordinate in cells from the grid's corner; the outermost cells take what lies beyond, and NaN."""
    cells = (coordinate - origin) * per_unit
    cells = cells if cells > 0.0 else 0.0
    return cells if cells < last else last


@compiled(types.int64(types.int64, types.float64, types.float64), is_brief=True)
def locate_point(descriptor: int, x: float, y: float) -> int:
    """Give the position of the point's sector, OUTSIDE, or NOT_FINITE."""
    u = in_cells(x, load_float64(descriptor, X0), load_float64(descriptor, PER_X), load_float64(descriptor, LAST_U))
    v = in_cells(y, load_float64(descriptor, Y0), load_float64(descriptor, PER_Y), load_float64(descriptor, LAST_V))
    cell = int(v) * load_int64(descriptor, COLUMNS) + int(u)
    entry = load_int32(load_int64(descriptor, CELLS), cell)
    if entry < OUTSIDE:
        entry = ask_record(descriptor, entry, u, v, x, y)
    if entry == OUTSIDE and not (np.isfinite(x) and np.isfinite(y)):
        return NOT_FINITE
    return entry
