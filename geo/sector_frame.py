"""Where the cells of a sector index lie, and which of them an edge comes near.

All decisions about cells are taken in cell coordinates u = (x - x0) * per_x, computed as the reader computes
them. They differ from the true ones by less than 2**-30 of a cell, and an edge is entered in every cell within
`MARGIN` of it, so no rounding can hide an edge from a point.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import types

from geo.compiled import inlined, named_tuple_of

__all__ = ["FRAME", "MARGIN", "Frame", "columns_in_row", "frame_for", "reference", "rows_of"]

MARGIN = 2.0**-16
CELLS_PER_EDGE = 4  # more cost memory and cache, fewer cost lookups in subcells: docs/benchmarks.md
FEWEST_CELLS = 1 << 16
MOST_CELLS_A_SIDE = 1 << 14
ULPS_IN_A_CELL = 2.0**20  # so that the reference point of a cell four levels down is a double inside it
SMALLEST_CELL = 2.0**-960  # the reciprocal of a cell's side stays finite


class Frame(NamedTuple):
    """Where the grid lies: its corner and the size of a cell in layer units, and its columns and rows."""

    x0: float
    y0: float
    width: float
    height: float
    columns: int
    rows: int


FRAME = named_tuple_of((types.float64,) * 4 + (types.int64,) * 2, Frame)


def frame_for(vertices: npt.NDArray[np.float64], n_edges: int, stretch: float = 1.0) -> Frame:
    """Choose the grid for a layer: about `CELLS_PER_EDGE` cells an edge, and a ring of empty cells around.

    Parameters
    ----------
    vertices
        float64, shape (n, 2), finite, in layer units.
    n_edges
        Number of distinct edges.
    stretch
        Width of a cell over its height in layer units: 1 / cos(latitude) makes cells of a lon/lat layer square.

    Returns
    -------
    Frame
        The grid's place.

    Raises
    ------
    OverflowError
        The layer's extent is no finite double.
    """
    low = vertices.min(axis=0)
    high = vertices.max(axis=0)
    with np.errstate(over="ignore"):
        extent = high - low
    if not np.isfinite(extent).all():
        raise OverflowError("the layer's extent is no finite number")
    wanted = max(CELLS_PER_EDGE * n_edges, FEWEST_CELLS)
    side_length = math.sqrt(extent[0]) * math.sqrt(extent[1]) / math.sqrt(wanted * stretch)
    least = np.maximum(np.spacing(np.abs([low, high]).max(axis=0)) * ULPS_IN_A_CELL, SMALLEST_CELL)
    least = np.maximum(least, extent / MOST_CELLS_A_SIDE)
    width, height = np.maximum([side_length * stretch, side_length], least)
    x0, y0 = low - [width, height]
    columns = math.floor((high[0] - x0) * (1.0 / width)) + 2
    rows = math.floor((high[1] - y0) * (1.0 / height)) + 2
    return Frame(float(x0), float(y0), float(width), float(height), columns, rows)


@inlined
def reference(origin: float, length: float, low: float, size: float) -> float:
    """Give a coordinate of the reference point of a (sub)cell: writer and reader must find the same double."""
    return origin + (low + 0.5 * size) * length


@inlined
def columns_in_row(ua: float, va: float, ub: float, vb: float, row: int, columns: int) -> tuple[int, int]:
    """Give the first and last column of a row of cells that come within MARGIN of an edge."""
    low = min(ua, ub)
    high = max(ua, ub)
    dv = vb - va
    if abs(dv) > MARGIN:
        one = (row - MARGIN - va) / dv
        other = (row + 1.0 + MARGIN - va) / dv
        at_from = ua + min(max(one, 0.0), 1.0) * (ub - ua)
        at_to = ua + min(max(other, 0.0), 1.0) * (ub - ua)
        low = max(low, min(at_from, at_to))
        high = min(high, max(at_from, at_to))
    return max(math.floor(low - MARGIN), 0), min(math.floor(high + MARGIN), columns - 1)


@inlined
def rows_of(va: float, vb: float, rows: int) -> tuple[int, int]:
    """Give the first and last row of cells that come within MARGIN of an edge."""
    return max(math.floor(min(va, vb) - MARGIN), 0), min(math.floor(max(va, vb) + MARGIN), rows - 1)
