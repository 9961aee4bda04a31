"""The nearest address to a point: a grid of cells whose addresses lie together, searched ring by ring."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import types

from geo.compiled import FLOATS, INTS, compiled, tuple_of

__all__ = ["find_nearest", "write_grid"]

Array = npt.NDArray[Any]

PER_CELL: Final = 2
MOST_CELLS: Final = 1 << 22


def write_grid(x: Array, y: Array, wanted: Array, add: Callable[[str, Array], None]) -> None:
    """Write the grid over the addresses that have a position.

    Parameters
    ----------
    x, y
        Positions in metres, NaN for none.
    wanted
        Which addresses may be an answer.
    add
        Takes the arrays.
    """
    placed = np.flatnonzero(wanted & np.isfinite(x) & np.isfinite(y))
    if not len(placed):
        add("grid.frame", np.array([0.0, 0.0, 1.0, 0.0, 0.0]))
        add("grid.first", np.zeros(1, np.int32))
        add("grid.address", np.zeros(0, np.int32))
        return
    px, py = x[placed], y[placed]
    x0, y0 = float(px.min()), float(py.min())
    width, height = float(px.max()) - x0, float(py.max()) - y0
    cells = min(MOST_CELLS, max(1, len(placed) // PER_CELL))
    size = max(np.sqrt(max(width, 1.0) * max(height, 1.0) / cells), max(width, height) / 30_000, 1.0)
    columns, rows = int(width / size) + 1, int(height / size) + 1
    cell = ((py - y0) / size).astype(np.int64) * columns + ((px - x0) / size).astype(np.int64)
    order = np.argsort(cell, kind="stable")  # within a cell in the order of the register
    add("grid.frame", np.array([x0, y0, size, columns, rows]))
    add("grid.first", np.searchsorted(cell[order], np.arange(columns * rows + 1)).astype(np.int32))
    add("grid.address", placed[order].astype(np.int32))


def _const(array: Any) -> Any:
    """Give the type of a read-only array, as a memory map is."""
    return types.Array(array.dtype, 1, "C", readonly=True)


@compiled(
    tuple_of(types.int64, types.float64)(
        types.float64, types.float64, types.float64, _const(FLOATS), _const(INTS), _const(INTS), _const(FLOATS),
        _const(FLOATS),
    )
)  # fmt: skip
def find_nearest(
    x: float, y: float, farthest: float, frame: Array, first: Array, address: Array, xs: Array, ys: Array
) -> tuple[int, float]:
    """Find the nearest address; of several at one distance the first of the register.

    Parameters
    ----------
    x, y
        The point, in the CRS of the addresses.
    farthest
        Greatest distance of an answer, in metres.
    frame, first, address
        The grid.
    xs, ys
        Positions of the addresses.

    Returns
    -------
    address, distance
        -1 where there is none; the distance in metres.
    """
    size: Any = frame[2]
    columns: Any = np.int64(frame[3])
    rows: Any = np.int64(frame[4])
    best: Any = np.inf
    found: Any = np.int64(-1)
    if columns == 0:
        return found, best
    column: Any = np.int64(min(max((x - frame[0]) / size, 0.0), columns - 1.0))
    row: Any = np.int64(min(max((y - frame[1]) / size, 0.0), rows - 1.0))
    limit = farthest * farthest
    for ring in range(max(columns, rows) + 1):
        # All that lies beyond the ring before is at least this far away, wherever the point is.
        beyond = max(ring - 1, 0) * size
        if beyond * beyond > min(best, limit):
            break
        for r in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
            whole = abs(r - row) == ring
            step = 1 if whole or ring == 0 else 2 * ring
            for c in range(column - ring, column + ring + 1, step):
                if c < 0 or c >= columns:
                    continue
                cell = r * columns + c
                for k in range(first[cell], first[cell + 1]):
                    a = np.int64(address[k])
                    distance = (xs[a] - x) * (xs[a] - x) + (ys[a] - y) * (ys[a] - y)
                    if distance <= limit and (distance < best or (distance == best and a < found)):
                        best, found = distance, a
    return found, np.sqrt(best)
