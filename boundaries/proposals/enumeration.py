"""Every contiguous set of sectors, compiled: what an exact search chooses buurten from.

A set is enumerated from its first sector; a sector that was tried is banned from the sets that follow, so that each
comes once (the scheme of Wernicke 2006, doi:10.1109/TCBB.2006.51, with bit masks). Sectors are numbered breadth first
from one with few neighbours, a component after the other: what is left over by the first sectors then has few forms.
"""

from typing import Any

import numpy as np
from numba import types

from boundaries.proposals.weighing import GRAPH, HIGH, LOW, penalty, shape_and_distance
from geo.compiled import FLOATS, INTS, WIDE_INTS, compiled, inlined, tuple_of

__all__ = ["MOST_SECTORS", "list_sets", "order_sectors"]

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
    low, at = mask & -mask, 0
    for step in (32, 16, 8, 4, 2, 1):
        if low >> step:
            low >>= step
            at += step
    return at


@inlined
def _masks_around(graph: Any, order: Any, bit_of: Any) -> Any:
    """Return the mask of the neighbours of each bit's sector."""
    around = np.zeros(order.size, np.int64)
    for k in range(order.size):
        for e in range(graph.starts[order[k]], graph.starts[order[k] + 1]):
            around[k] |= np.int64(1) << bit_of[graph.neighbours[e]]
    return around


@inlined
def _longer(array: Any) -> Any:
    """Return an array of twice the length that begins with this one."""
    longer = np.empty(2 * array.size, array.dtype)
    longer[: array.size] = array
    return longer


@compiled(tuple_of(types.int64, WIDE_INTS, WIDE_INTS, FLOATS, FLOATS)(GRAPH, INTS, FLOATS, types.boolean, types.int64))
def list_sets(graph: Any, order: Any, weights: Any, within: bool, most: int) -> Any:
    """List the contiguous sets of sectors.

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
    most
        How many sets are walked through before this gives up.

    Returns
    -------
    tuple
        How many sets there are, -1 where that is more than could be walked through; where those with each lowest bit
        begin, shape (n + 1,); and of each set its mask, penalty, and part of the mean.
    """
    n = order.size
    bit_of = np.argsort(order)
    around = _masks_around(graph, order, bit_of)
    first = np.zeros(n + 1, np.int64)
    room = 256
    masks, penalties, parts = np.empty(room, np.int64), np.empty(room), np.empty(room)
    # A set that is walked through: its mask, what may join it, what may not; households, area, perimeter, crossings.
    deep = np.empty((n * n + 1, 3), np.int64)
    sums = np.empty((n * n + 1, 4))
    count, walked = 0, 0
    for k in range(n):
        one = np.int64(1) << k
        banned = (one << 1) - 1
        deep[0] = 0, one, banned ^ one
        sums[0] = 0.0
        height = 1
        while height:
            height -= 1
            mask, joins, banned = deep[height, 0], deep[height, 1], deep[height, 2]
            households, area = sums[height, 0], sums[height, 1]
            perimeter, crossings = sums[height, 2], sums[height, 3]
            while joins:
                v = _lowest(joins)
                bit = np.int64(1) << v
                joins ^= bit
                banned |= bit
                u = order[v]
                larger = mask | bit
                walked += 1
                if walked > most:
                    return -1, first, masks, penalties, parts
                h = households + graph.households[u]
                if within and h > weights[HIGH]:
                    continue
                p, c = perimeter + graph.perimeter[u], crossings
                for e in range(graph.starts[u], graph.starts[u + 1]):
                    if mask >> bit_of[graph.neighbours[e]] & 1:
                        p -= 2.0 * graph.length[e]
                        c += graph.barrier[e]
                deep[height] = larger, (joins | around[v]) & ~banned & ~larger, banned
                sums[height] = h, area + graph.area[u], p, c
                height += 1
                if within and h < weights[LOW]:
                    continue
                if count == room:
                    room *= 2
                    masks, penalties, parts = _longer(masks), _longer(penalties), _longer(parts)
                masks[count] = larger
                penalties[count] = penalty(h, c, weights)
                parts[count] = shape_and_distance(h, area + graph.area[u], p, weights)
                count += 1
        first[k + 1] = count
    return count, first, masks, penalties, parts
