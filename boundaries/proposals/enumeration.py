"""Every contiguous set of sectors, compiled: what an exact search chooses buurten from.

A set is enumerated from its first sector; a sector that was tried is banned from the sets that follow, so that each
comes once (the scheme of Wernicke 2006, doi:10.1109/TCBB.2006.51, with bit masks). Sectors are numbered breadth first
from one with few neighbours, a component after the other: what is left over by the first sectors then has few forms.
"""

from typing import Any

import numpy as np
from numba import types
from numba.cpython.unsafe.numbers import trailing_zeros

from boundaries.proposals.weighing import GRAPH, HIGH, LOW, penalty, shape_and_distance
from geo.compiled import FLOATS, INTS, WIDE_INTS, compiled, inlined

__all__ = ["MOST_SECTORS", "order_sectors", "walk_sets", "weigh_sets"]

MOST_SECTORS = 62
"""Bits of a mask."""


@compiled(INTS(GRAPH))
def order_sectors(graph: Any) -> Any:
    """Return the sectors breadth first, each component from a sector with the fewest neighbours."""
    n = graph.households.size
    order = np.empty(n, np.int32)
    is_seen = np.zeros(n, np.bool_)
    size, at = 0, 0
    while size < n:
        first = -1
        for u in range(n):
            degree = graph.starts[u + 1] - graph.starts[u]
            if not is_seen[u] and (first < 0 or degree < graph.starts[first + 1] - graph.starts[first]):
                first = u
        is_seen[first] = True
        order[size] = first
        size += 1
        while at < size:
            u = order[at]
            at += 1
            for e in range(graph.starts[u], graph.starts[u + 1]):
                v = graph.neighbours[e]
                if not is_seen[v]:
                    is_seen[v] = True
                    order[size] = v
                    size += 1
    return order


@inlined
def _lowest(mask: int) -> int:
    """Find the number of the lowest bit of a mask that is not 0."""
    result: int = trailing_zeros(mask)  # type: ignore[call-arg]  # numba gives an intrinsic its compiler
    return result


@inlined
def _masks_around(graph: Any, order: Any, bit_of: Any) -> Any:
    """Return the mask of the neighbours of each bit's sector."""
    around = np.zeros(order.size, np.int64)
    for k in range(order.size):
        for e in range(graph.starts[order[k]], graph.starts[order[k] + 1]):
            around[k] |= np.int64(1) << bit_of[graph.neighbours[e]]
    return around


@compiled(types.int64(GRAPH, INTS, FLOATS, types.boolean, WIDE_INTS, WIDE_INTS))
def walk_sets(graph: Any, order: Any, weights: Any, within: bool, first: Any, masks: Any) -> int:
    """List the contiguous sets of sectors, by their lowest bits.

    Parameters
    ----------
    graph
        At most `MOST_SECTORS` sectors.
    order
        Of the sectors: bit k of a mask is sector `order[k]`.
    weights
        As `weighing` has them.
    within
        Only sets in the band; else all.
    first, masks
        Are filled: where the sets with each lowest bit begin, shape (n + 1,), and the sets. No more are walked through
        than there is room for.

    Returns
    -------
    int
        How many sets there are, -1 where that is more than could be walked through.
    """
    n = order.size
    around = _masks_around(graph, order, np.argsort(order))
    # A set that is walked through: its mask, what may join it, what may not; and its households.
    deep, households = np.empty((n * n + 1, 3), np.int64), np.empty(n * n + 1)
    count, walked = 0, 0
    first[0] = 0
    for k in range(n):
        one = np.int64(1) << k
        deep[0, 0], deep[0, 1], deep[0, 2] = 0, one, one - 1
        households[0] = 0.0
        height = 1
        while height:
            height -= 1
            mask, joins, banned, own = deep[height, 0], deep[height, 1], deep[height, 2], households[height]
            while joins:
                v = _lowest(joins)
                bit = np.int64(1) << v
                joins ^= bit
                banned |= bit
                walked += 1
                if walked > masks.size:
                    return -1
                together = own + graph.households[order[v]]
                if within and together > weights[HIGH]:
                    continue
                larger = mask | bit
                deep[height, 0], deep[height, 2] = larger, banned
                deep[height, 1] = (joins | around[v]) & ~banned & ~larger
                households[height] = together
                height += 1
                if not within or together >= weights[LOW]:
                    masks[count] = larger
                    count += 1
        first[k + 1] = count
    return count


@compiled(types.void(GRAPH, INTS, FLOATS, WIDE_INTS, FLOATS, FLOATS))
def weigh_sets(graph: Any, order: Any, weights: Any, masks: Any, penalties: Any, parts: Any) -> None:
    """Fill what each set adds to the penalties and to the mean of a partition that has it."""
    bit_of = np.argsort(order)
    for j in range(masks.size):
        households, area, perimeter, crossings = 0.0, 0.0, 0.0, 0.0
        left = masks[j]
        while left:
            u = order[_lowest(left)]
            left &= left - 1
            households += graph.households[u]
            area += graph.area[u]
            perimeter += graph.perimeter[u]
            for e in range(graph.starts[u], graph.starts[u + 1]):
                inside = 1.0 * (masks[j] >> bit_of[graph.neighbours[e]] & 1)
                perimeter -= graph.length[e] * inside
                crossings += graph.barrier[e] * inside / 2.0
        penalties[j] = penalty(households, crossings, weights)
        parts[j] = shape_and_distance(households, area, perimeter, weights)
