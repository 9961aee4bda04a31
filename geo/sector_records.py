"""Write the records of border cells: subcell maps, edges and finer grids."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import types

from geo.compiled import INTS, WIDE_INTS, compiled, inlined, named_tuple_of
from geo.machine import lowest_bit
from geo.sector_cells import (
    Cell,
    Scratch,
    crosses,
    gather_cell,
    has_part,
    list_parts,
    mask_of_edge,
    mask_of_holders,
    new_scratch,
    parts_of_edge,
)
from geo.sector_edges import Edges
from geo.sector_frame import FRAME, Frame
from geo.sector_kernels import (
    ASK_PAIR,
    ASK_SMALL,
    GROUP,
    INNER,
    INSIDE_SHIFT,
    KIND_SHIFT,
    LONG_COUNT,
    LONG_EDGES,
    LONG_LEAF,
    LONG_SECTORS,
    MORE_FOLLOWS,
    OUTSIDE,
    PAIR_EDGES,
    PAIR_LEAF,
    PAIR_SECTORS,
    SECTORS_SHIFT,
    SMALL_EDGES,
    SMALL_LEAF,
    SMALL_SECTORS,
    UNIT_SHIFT,
)

__all__ = ["EDGES", "POINTS", "with_room", "write_records"]

LEAF_EDGES = 12  # a cell with more edges is cut into 64; see docs/benchmarks.md
SMALLEST_SIZE = 0.125**3  # of a cell that may be cut, in cells of the first level: three levels lie below it
DEEPEST_STACK = 64 * 4  # the three levels of finer grids leave fewer cells waiting at once
NO_RECORD = -1  # the entry of a first-level cell goes into the grid
UNIT_WORDS = 1 << UNIT_SHIFT
INNER_WORDS = 80  # a head and 64 entries, to the end of a unit


POINTS = types.float64[:, ::1]
EDGES = named_tuple_of((POINTS, INTS, WIDE_INTS, INTS), Edges)


@inlined
def with_room(array: npt.NDArray[np.int32], needed: int) -> npt.NDArray[np.int32]:
    """Give an array with the same beginning and room for more."""
    if needed <= array.size:
        return array
    larger = np.zeros(max(needed, array.size + (array.size >> 1)), np.int32)
    larger[: array.size] = array
    return larger


@inlined
def put_edges(
    records: npt.NDArray[np.int32], at: int, layer: Edges, scratch: Scratch, cell: Cell, first: int
) -> tuple[int, int]:
    """Write a group's edges and their masks, four to a word; give the next record's place and their number."""
    start = at
    for i in range(cell.n_kept):
        k = scratch.kept[i]
        if mask_of_edge(layer, scratch, cell, k, first):
            records[at] = layer.edges[k]
            at += 1
    n = at - start
    bits = 0
    word = 0
    for i in range(cell.n_kept):
        mask = mask_of_edge(layer, scratch, cell, scratch.kept[i], first)
        if mask:
            word |= mask << bits
            bits += 8
            if bits == 32:
                records[at] = np.int32(np.uint32(word))
                at += 1
                bits = 0
                word = 0
    if bits:
        records[at] = np.int32(np.uint32(word))
        at += 1
    return (at + UNIT_WORDS - 1) // UNIT_WORDS * UNIT_WORDS, n


@inlined
def put_map(
    records: npt.NDArray[np.int32],
    at: int,
    layer: Edges,
    uv: npt.NDArray[np.float64],
    frame: Frame,
    scratch: Scratch,
    cell: Cell,
) -> None:
    """Write the codes of a cell's 64 subcells: what each is known to lie in, or that the edges must be asked."""
    asked = np.uint64(0)
    for i in range(cell.n_kept):
        asked |= parts_of_edge(uv, layer.edges[scratch.kept[i]], cell)
    inside = mask_of_holders(scratch, 0, cell.n_near)
    bits = 2 if cell.n_near <= 2 else 4
    size = cell.size * 0.125
    word = 0
    for part in range(64):
        code = ASK_PAIR if cell.n_near <= 2 else ASK_SMALL
        if not has_part(asked, part):
            low_u = cell.low_u + (part & 7) * size
            low_v = cell.low_v + (part >> 3) * size
            holding = inside
            for i in range(cell.n_kept):
                if crosses(layer, frame, cell, scratch.kept[i], low_u, low_v, size):
                    holding ^= mask_of_edge(layer, scratch, cell, scratch.kept[i], 0)
            code = lowest_bit(holding) if holding else cell.n_near
        shift = (part * bits) & 31
        word |= code << shift
        if shift + bits == 32:
            records[at] = np.int32(np.uint32(word))
            at += 1
            word = 0


@inlined
def put_leaf(
    records: npt.NDArray[np.int32],
    at: int,
    layer: Edges,
    uv: npt.NDArray[np.float64],
    frame: Frame,
    scratch: Scratch,
    cell: Cell,
) -> int:
    """Write a cell of few sectors and edges; give the next record's place."""
    is_pair = cell.n_near <= 2
    kind = PAIR_LEAF if is_pair else SMALL_LEAF
    sectors = at + (PAIR_SECTORS if is_pair else SMALL_SECTORS)
    edges = at + (PAIR_EDGES if is_pair else SMALL_EDGES)
    put_map(records, at + 1, layer, uv, frame, scratch, cell)
    records[sectors : sectors + cell.n_near] = scratch.near[: cell.n_near]
    end, n_edges = put_edges(records, edges, layer, scratch, cell, 0)
    inside = mask_of_holders(scratch, 0, cell.n_near)
    records[at] = (kind << KIND_SHIFT) | (cell.n_near << SECTORS_SHIFT) | (inside << INSIDE_SHIFT) | n_edges
    return end


@inlined
def put_long_leaf(records: npt.NDArray[np.int32], at: int, layer: Edges, scratch: Scratch, cell: Cell) -> int:
    """Write a cell that may not be cut again, a record for each eight of its sectors; give the next one's place."""
    for first in range(0, cell.n_near, GROUP):
        n = min(GROUP, cell.n_near - first)
        inside = mask_of_holders(scratch, first, n)
        more = MORE_FOLLOWS if first + n < cell.n_near else 0
        records[at] = (LONG_LEAF << KIND_SHIFT) | (n << SECTORS_SHIFT) | (inside << INSIDE_SHIFT) | more
        records[at + LONG_SECTORS : at + LONG_SECTORS + n] = scratch.near[first : first + n]
        end, records[at + LONG_COUNT] = put_edges(records, at + LONG_EDGES, layer, scratch, cell, first)
        at = end
    return at


class Pending(NamedTuple):
    """A stack of cells that wait for their record, the last first. Its top is a row of `counts` and `places`.

    Attributes
    ----------
    counts
        int64, shape (n, 3): where the cell's entry goes in the records, and where its edges and its holders
        begin on their own stacks.
    places
        float64, shape (n, 3): the cell's corner and size.
    """

    counts: npt.NDArray[np.int64]
    places: npt.NDArray[np.float64]


@inlined
def push(pending: Pending, n: int, counts: tuple[int, int, int], place: tuple[float, float, float]) -> int:
    """Put a cell on a stack of n; give the stack's new size."""
    for i in range(3):
        pending.counts[n, i] = counts[i]
        pending.places[n, i] = place[i]
    return n + 1


@inlined
def top(pending: Pending, n: int) -> tuple[tuple[int, int, int], tuple[float, float, float]]:
    """Give what stands on top of n others."""
    counts, place = pending.counts[n], pending.places[n]
    return (counts[0], counts[1], counts[2]), (place[0], place[1], place[2])


@inlined
def put_inner(
    records: npt.NDArray[np.int32],
    at: int,
    layer: Edges,
    frame: Frame,
    scratch: Scratch,
    cell: Cell,
    pending: Pending,
    n_pending: int,
    edge_stack: npt.NDArray[np.int32],
    n_edges: int,
    holder_stack: npt.NDArray[np.int32],
    n_holders: int,
) -> tuple[int, int, int]:
    """Cut a cell into 64: answer the subcells without an edge, and push the others. Give the stacks' new sizes."""
    size = cell.size * 0.125
    records[at] = INNER << KIND_SHIFT
    for part in range(64):
        low_u = cell.low_u + (part & 7) * size
        low_v = cell.low_v + (part >> 3) * size
        first_edge = n_edges
        first_holder = n_holders
        for i in range(cell.n_kept):
            if has_part(scratch.parts[i], part):
                edge_stack[n_edges] = scratch.kept[i]
                n_edges += 1
        for i in range(cell.n_near):
            holder_stack[first_holder + i] = int(scratch.holds[i])
        for i in range(cell.n_kept):
            k = scratch.kept[i]
            if crosses(layer, frame, cell, k, low_u, low_v, size):
                for j in range(layer.owner_starts[k], layer.owner_starts[k + 1]):
                    if layer.owners[j] < cell.cover:
                        holder_stack[first_holder + scratch.local[layer.owners[j]]] ^= 1
        for i in range(cell.n_near):
            if holder_stack[first_holder + i]:
                holder_stack[n_holders] = scratch.near[i]
                n_holders += 1
        if n_edges == first_edge:
            records[at + 1 + part] = holder_stack[first_holder] if n_holders > first_holder else OUTSIDE
            n_holders = first_holder
            continue
        n_pending = push(pending, n_pending, (at + 1 + part, first_edge, first_holder), (low_u, low_v, size))
    return n_pending, n_edges, n_holders


@compiled(INTS(EDGES, POINTS, FRAME, WIDE_INTS, WIDE_INTS, INTS, WIDE_INTS, INTS, types.int64, INTS))
def write_records(
    layer: Edges,
    uv: npt.NDArray[np.float64],
    frame: Frame,
    border: npt.NDArray[np.int64],
    edge_starts: npt.NDArray[np.int64],
    edges: npt.NDArray[np.int32],
    holder_starts: npt.NDArray[np.int64],
    holders: npt.NDArray[np.int32],
    n_sectors: int,
    cells: npt.NDArray[np.int32],
) -> npt.NDArray[np.int32]:
    """Write the records of a layer's border cells, and their places into `cells`.

    Parameters
    ----------
    layer, uv
        The edges, and the vertices in cell coordinates.
    frame
        The grid's place.
    border
        int64: the cells that have edges, as places in `cells`.
    edge_starts, edges
        int64, shape (cells + 1,), and int32: the edges near each cell of the grid.
    holder_starts, holders
        int64, shape (border cells + 1,), and int32: the sectors that hold each border cell's reference point.
    n_sectors
        Number of sectors.
    cells
        int32, shape (rows * columns,): changed in place.

    Returns
    -------
    ndarray
        int32: the records.
    """
    scratch = new_scratch(border, edge_starts, n_sectors)
    pending = Pending(np.empty((DEEPEST_STACK, 3), np.int64), np.empty((DEEPEST_STACK, 3), np.float64))
    edge_stack = np.empty(scratch.kept.size, np.int32)
    holder_stack = np.empty(1024, np.int32)
    records = np.zeros(18 * border.size + 1024, np.int32)
    at = 0
    stamp = 0
    for b in range(border.size):
        n_edges = edge_starts[border[b] + 1] - edge_starts[border[b]]
        n_holders = holder_starts[b + 1] - holder_starts[b]
        holder_stack = with_room(holder_stack, n_holders)
        edge_stack[:n_edges] = edges[edge_starts[border[b]] : edge_starts[border[b] + 1]]
        holder_stack[:n_holders] = holders[holder_starts[b] : holder_starts[b + 1]]
        low_u = float(border[b] % frame.columns)
        low_v = float(border[b] // frame.columns)
        n_pending = push(pending, 0, (NO_RECORD, 0, 0), (low_u, low_v, 1.0))
        while n_pending > 0:
            n_pending -= 1
            (target, first_edge, first_holder), (low_u, low_v, size) = top(pending, n_pending)
            n_near, n_kept, cover = gather_cell(
                layer, edge_stack[first_edge:n_edges], holder_stack[first_holder:n_holders], scratch, stamp
            )
            cell = Cell(low_u, low_v, size, n_near, n_kept, cover)
            n_edges = first_edge
            n_holders = first_holder
            stamp += 1
            entry = -2 - (at >> UNIT_SHIFT)
            records = with_room(records, at + INNER_WORDS + 2 * (n_kept + 32) * ((n_near + GROUP) // GROUP))
            if n_kept == 0:
                entry = cover
            elif n_near <= GROUP and n_kept <= LEAF_EDGES:
                at = put_leaf(records, at, layer, uv, frame, scratch, cell)
            elif size > SMALLEST_SIZE:
                edge_stack = with_room(edge_stack, n_edges + list_parts(layer, uv, scratch, cell))
                holder_stack = with_room(holder_stack, n_holders + 65 * n_near)
                n_pending, n_edges, n_holders = put_inner(
                    records, at, layer, frame, scratch, cell, pending, n_pending, edge_stack, n_edges,
                    holder_stack, n_holders,
                )  # fmt: skip
                at += INNER_WORDS
            else:
                at = put_long_leaf(records, at, layer, scratch, cell)
            if target < 0:
                cells[border[b]] = entry
            else:
                records[target] = entry
    return records[:at].copy()
