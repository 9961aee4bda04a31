"""The best partition of few sectors, exactly: dynamic programming over every contiguous set of them.

A state is the mask of the sectors that are in a buurt already; the buurt that holds the lowest sector left over comes
next, so that each partition is met once. Of the partitions of a state into the same number of buurten only the best is
kept: least penalty (buurten outside the band, then how far, then barriers), then least shape and distance.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types

from boundaries.proposals.enumeration import MOST_SECTORS, order_sectors, walk_sets, weigh_sets
from boundaries.proposals.weighing import SCALE, Graph
from geo.compiled import FLOATS, INTS, UINTS, WIDE_INTS, compiled, inlined

__all__ = ["partition_exactly"]

_SAME = 1e-6
"""Penalties that differ by less are the same, summed in another order."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried before an exact search gives up: sets, states, and pairs of a state and a set."""

    sets: int = 5_000
    states: int = 20_000
    pairs: int = 2_000_000


def partition_exactly(
    graph: Graph, weights: npt.NDArray[np.float64], effort: Effort = Effort()
) -> npt.NDArray[np.uint32] | None:
    """Find the best partition into contiguous groups.

    Parameters
    ----------
    graph
        The sectors.
    weights
        Strict ones: nothing makes up for a buurt outside the band.
    effort
        Where to stop.

    Returns
    -------
    numpy.ndarray or None
        Shape (n,), the group of each sector; no partition has fewer buurten outside the band. None where there are too
        many partitions to weigh.
    """
    n = len(graph.households)
    if not 0 < n <= MOST_SECTORS:
        return None
    order = order_sectors(graph)
    for within in (True, False):
        first, masks = np.empty(n + 1, np.int64), np.empty(effort.sets, np.int64)
        count = walk_sets(graph, order, weights, within, first, masks)
        if count < 0:
            return None
        masks, penalties, parts = masks[:count], np.empty(count), np.empty(count)
        weigh_sets(graph, order, weights, masks, penalties, parts)
        group = np.empty(n, np.uint32)
        found = _choose(first, masks, penalties, parts, order, weights, group, effort.states, effort.pairs)
        if found:
            return group if found > 0 else None
    raise AssertionError("single sectors are a partition")


@inlined
def _place(table: Any, keys: Any, mask: int) -> int:
    """Find where a mask is, or may be put, in a hash table of positions in `keys`."""
    at: Any = (np.uint64(mask) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(20)) & np.uint64(table.size - 1)
    while table[at] >= 0 and keys[table[at]] != mask:
        at = (at + np.uint64(1)) & np.uint64(table.size - 1)
    return int(at)


@inlined
def _lowest_left(mask: int) -> int:
    """Find the number of the lowest bit that a mask has not."""
    at = 0
    while mask >> at & 1:
        at += 1
    return at


@inlined
def _read_off(
    s: int,
    summed: Any,
    mean: Any,
    came_from: Any,
    chosen: Any,
    masks: Any,
    order: Any,
    weights: Any,
    group: Any,
) -> int:
    """Fill `group` with the best partition that ends in a state; give 1, or 0 where there is no such state."""
    if s < 0:
        return 0
    count, least = 0, np.inf
    for c in range(1, order.size + 1):
        weight = summed[s, c] + weights[SCALE] * mean[s, c] / c
        if summed[s, c] < np.inf and weight < least:
            count, least = c, weight
    for c in range(count, 0, -1):
        for k in range(order.size):
            if masks[chosen[s, c]] >> k & 1:
                group[order[k]] = c - 1
        s = came_from[s, c]
    return 1


@compiled(types.int64(WIDE_INTS, WIDE_INTS, FLOATS, FLOATS, INTS, FLOATS, UINTS, types.int64, types.int64))
def _choose(
    first: Any,
    masks: Any,
    penalties: Any,
    parts: Any,
    order: Any,
    weights: Any,
    group: Any,
    most_states: int,
    most_pairs: int,
) -> int:
    """Fill `group` with the best partition into some of the sets: 1; 0 where there is none, -1 where it gave up."""
    n = order.size
    full = (np.int64(1) << n) - 1
    room = min(most_states, full + 1)
    slots = 2
    while slots < 2 * room:
        slots *= 2
    table = np.full(slots, -1, np.int32)
    keys, after = np.empty(room, np.int64), np.empty(room, np.int32)
    summed, mean = np.empty((room, n + 1)), np.empty((room, n + 1))
    came_from, chosen = np.empty((room, n + 1), np.int32), np.empty((room, n + 1), np.int32)
    # States wait in a list for each lowest sector left over; a set adds only states of later lists.
    waiting = np.full(n + 1, -1, np.int32)
    keys[0], after[0] = 0, -1
    summed[0] = np.inf
    summed[0, 0], mean[0, 0] = 0.0, 0.0
    table[_place(table, keys, 0)] = 0
    waiting[0] = 0
    states, pairs = 1, 0
    for k in range(n):
        s = waiting[k]
        while s >= 0:
            mask = keys[s]
            pairs += first[k + 1] - first[k]
            if pairs > most_pairs:
                return -1
            for j in range(first[k], first[k + 1]):
                if masks[j] & mask:
                    continue
                joined = masks[j] | mask
                place = _place(table, keys, joined)
                t = table[place]
                if t < 0:
                    if states == room:
                        return -1
                    t = states
                    states += 1
                    table[place] = t
                    keys[t] = joined
                    summed[t] = np.inf
                    low = _lowest_left(joined)
                    after[t], waiting[low] = waiting[low], t
                for c in range(k + 1):
                    if summed[s, c] == np.inf:
                        continue
                    total, part = summed[s, c] + penalties[j], mean[s, c] + parts[j]
                    old = summed[t, c + 1]
                    if total < old - _SAME or (total < old + _SAME and part < mean[t, c + 1]):
                        summed[t, c + 1], mean[t, c + 1] = total, part
                        came_from[t, c + 1], chosen[t, c + 1] = s, j
            s = after[s]
    return _read_off(waiting[n], summed, mean, came_from, chosen, masks, order, weights, group)
