"""What matters in one border cell: its sectors, its edges, its subcells, and who holds which reference point."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.compiled import inlined
from geo.sector_edges import Edges
from geo.sector_frame import Frame, columns_in_row, reference, rows_of
from geo.sector_kernels import GROUP, crossings_of_edge

__all__ = [
    "Cell",
    "Scratch",
    "crosses",
    "gather_cell",
    "has_part",
    "list_parts",
    "mask_of_edge",
    "mask_of_holders",
    "new_scratch",
    "parts_of_edge",
]


class Scratch(NamedTuple):
    """What matters in the cell at hand; the arrays are used anew for each cell.

    Attributes
    ----------
    marks
        int64, shape (sectors,): the last cell that met an edge of the sector.
    local
        int32, shape (sectors,): the sector's place in `near`.
    near, holds
        int32 and bool: the sectors that matter, ascending, and whether each holds the cell's reference point.
    kept, parts
        int32 and uint64: the edges that matter (numbers in `Edges.edges`), and the subcells near each.
    """

    marks: npt.NDArray[np.int64]
    local: npt.NDArray[np.int32]
    near: npt.NDArray[np.int32]
    holds: npt.NDArray[np.bool_]
    kept: npt.NDArray[np.int32]
    parts: npt.NDArray[np.uint64]


class Cell(NamedTuple):
    """A border cell: its corner and size in first-level cells, and how much of the scratch is its own."""

    low_u: float
    low_v: float
    size: float
    n_near: int
    n_kept: int
    cover: int


@inlined
def parts_of_edge(uv: npt.NDArray[np.float64], e: int, cell: Cell) -> np.uint64:
    """Give the subcells near an edge as bits: subcell (column, row) of the 8 by 8 is bit 8 * row + column."""
    per_part = 8.0 / cell.size
    ua = (uv[e, 0] - cell.low_u) * per_part
    va = (uv[e, 1] - cell.low_v) * per_part
    ub = (uv[e + 1, 0] - cell.low_u) * per_part
    vb = (uv[e + 1, 1] - cell.low_v) * per_part
    parts = np.uint64(0)
    first_row, last_row = rows_of(va, vb, 8)
    for row in range(first_row, last_row + 1):
        first, last = columns_in_row(ua, va, ub, vb, row, 8)
        for column in range(first, last + 1):
            parts |= np.uint64(1) << np.uint64(8 * row + column)
    return parts


@inlined
def has_part(parts: np.uint64, part: int) -> bool:
    """Tell whether a subcell is among the bits."""
    return bool((parts >> np.uint64(part)) & np.uint64(1) != np.uint64(0))


@inlined
def sectors_near(layer: Edges, edges: npt.NDArray[np.int32], scratch: Scratch, stamp: int) -> int:
    """List in the scratch, unsorted, the sectors that some edges bound; give their number."""
    n_near = 0
    for k in edges:
        for j in range(layer.owner_starts[k], layer.owner_starts[k + 1]):
            sector = layer.owners[j]
            if scratch.marks[sector] != stamp:
                scratch.marks[sector] = stamp
                scratch.near[n_near] = sector
                n_near += 1
    return n_near


@inlined
def gather_cell(
    layer: Edges,
    edges: npt.NDArray[np.int32],
    holders: npt.NDArray[np.int32],
    scratch: Scratch,
    stamp: int,
) -> tuple[int, int, int]:
    """Fill the scratch with what matters in a cell; give the numbers of its sectors and edges, and its cover.

    The cover is the lowest sector that covers the whole cell (or the number of sectors, where none does). A
    sector above it never answers, and an edge that bounds no sector below it does not matter.
    """
    near = scratch.near
    n_unsorted = sectors_near(layer, edges, scratch, stamp)
    cover = scratch.marks.size
    for sector in holders:
        if scratch.marks[sector] != stamp and sector < cover:
            cover = int(sector)
    n_near = 0
    for i in range(n_unsorted):
        if near[i] < cover:
            near[n_near] = near[i]
            n_near += 1
    if cover < scratch.marks.size:
        near[n_near] = cover
        n_near += 1
    near[:n_near].sort()
    for i in range(n_near):
        scratch.local[near[i]] = i
        scratch.holds[i] = False
    for sector in holders:
        if sector <= cover:
            scratch.holds[scratch.local[sector]] = True
    n_kept = 0
    for k in edges:
        if layer.owners[layer.owner_starts[k]] < cover:  # owners ascend: the first is the lowest
            scratch.kept[n_kept] = k
            n_kept += 1
    return n_near, n_kept, cover


@inlined
def mask_of_edge(layer: Edges, scratch: Scratch, cell: Cell, k: int, first: int) -> int:
    """Give the sectors that an edge bounds as the bits of a byte, for the group of `near` from `first`."""
    mask = 0
    for j in range(layer.owner_starts[k], layer.owner_starts[k + 1]):
        if layer.owners[j] < cell.cover:
            bit = scratch.local[layer.owners[j]] - first
            if 0 <= bit < GROUP:
                mask |= 1 << bit
    return mask


@inlined
def mask_of_holders(scratch: Scratch, first: int, n: int) -> int:
    """Give the sectors that hold the reference point as bits, for n of `near` from `first`."""
    mask = 0
    for i in range(n):
        if scratch.holds[first + i]:
            mask |= 1 << i
    return mask


@inlined
def crosses(layer: Edges, frame: Frame, cell: Cell, k: int, low_u: float, low_v: float, size: float) -> bool:
    """Tell whether the path from the cell's reference point to another (sub)cell's crosses an edge."""
    e = layer.edges[k]
    traced = crossings_of_edge(
        layer.vertices[e, 0],
        layer.vertices[e, 1],
        layer.vertices[e + 1, 0],
        layer.vertices[e + 1, 1],
        reference(frame.x0, frame.width, cell.low_u, cell.size),
        reference(frame.y0, frame.height, cell.low_v, cell.size),
        reference(frame.x0, frame.width, low_u, size),
        reference(frame.y0, frame.height, low_v, size),
    )
    return traced & 1 == 1


@inlined
def new_scratch(border: npt.NDArray[np.int64], edge_starts: npt.NDArray[np.int64], n_sectors: int) -> Scratch:
    """Make the scratch for cells of any size that occurs."""
    most = 0
    for cell in border:
        most = max(most, edge_starts[cell + 1] - edge_starts[cell])
    return Scratch(
        np.full(n_sectors, -1, np.int64),
        np.empty(n_sectors, np.int32),
        np.empty(n_sectors + 1, np.int32),
        np.empty(n_sectors + 1, np.bool_),
        np.empty(most, np.int32),
        np.empty(most, np.uint64),
    )


@inlined
def list_parts(layer: Edges, uv: npt.NDArray[np.float64], scratch: Scratch, cell: Cell) -> int:
    """Find the subcells near each edge of a cell; give the number of pairs."""
    n = 0
    for i in range(cell.n_kept):
        scratch.parts[i] = parts_of_edge(uv, layer.edges[scratch.kept[i]], cell)
        for part in range(64):
            n += has_part(scratch.parts[i], part)
    return n
