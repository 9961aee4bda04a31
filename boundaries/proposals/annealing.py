"""Simulated annealing of a contiguous partition, compiled: single moves, swaps, merges, and cuts of random trees.

A move changes which units two groups hold, so that its cost is known from the sums of those two; contiguity is
searched for only where the cost was accepted. Cutting a random spanning tree of two joined groups is the step of
DeFord, Duchin and Solomon (2021), "Recombination", doi:10.1162/99608f92.eb30390f; annealing is that of Kirkpatrick,
Gelatt and Vecchi (1983), doi:10.1126/science.220.4598.671. The generator is xorshift64* (Vigna 2016,
doi:10.1145/2845077): it lives in an array of the caller, so that no thread disturbs another.
"""

from math import exp, pi
from typing import Any

import numpy as np
from numba import types

from geo.compiled import FLOATS, INTS, compiled, inlined

__all__ = ["BAND", "BARRIER", "COUNT", "DISTANCE", "HIGH", "LOW", "SCALE", "SHAPE", "TARGET", "anneal", "energy"]

# What is weighed: the band, then a weight of each part, then how many buurten are expected.
LOW, HIGH, TARGET, DISTANCE, SHAPE, COUNT, BAND, BARRIER, SCALE = range(9)
# The sums of a group.
HOUSEHOLDS, AREA, PERIMETER, CROSSINGS, UNITS = range(5)


@inlined
def _random(state: Any) -> float:
    """Draw a number in [0, 1)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    result: float = ((x * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0
    return result


@inlined
def shape_and_distance(households: float, area: float, perimeter: float, weights: Any) -> float:
    """Give the part of a group's cost of which the mean over all groups counts."""
    # Above the band the penalty speaks: a giant's distance must not keep small neighbours from joining it.
    distance = abs(min(households, weights[HIGH]) - weights[TARGET]) / weights[TARGET]
    result: float = weights[DISTANCE] * distance + weights[SHAPE] * (1.0 - 4.0 * pi * area / (perimeter * perimeter))
    return result


@inlined
def penalty(households: float, crossings: float, weights: Any) -> float:
    """Give the part of a group's cost that is summed: being there, outside the band, across barriers."""
    result: float = weights[COUNT] + weights[BARRIER] * crossings
    if households < weights[LOW]:
        result += weights[BAND] * (2.0 - households / weights[LOW])
    elif households > weights[HIGH]:
        result += weights[BAND] * households / weights[HIGH]
    return result


@inlined
def _sum_groups(graph: Any, units: Any, group: Any, sums: Any) -> None:
    starts, neighbours, length, barrier = graph
    households, area, perimeter = units
    sums[:] = 0.0
    for u in range(group.size):
        g = group[u]
        sums[g, HOUSEHOLDS] += households[u]
        sums[g, AREA] += area[u]
        sums[g, PERIMETER] += perimeter[u]
        sums[g, UNITS] += 1.0
        for e in range(starts[u], starts[u + 1]):
            if group[neighbours[e]] == g:
                sums[g, PERIMETER] -= length[e]
                sums[g, CROSSINGS] += barrier[e] / 2.0


@inlined
def _shift(graph: Any, units: Any, group: Any, sums: Any, u: int, to: int) -> None:
    """Move one unit to another group, and the sums of both."""
    starts, neighbours, length, barrier = graph
    households, area, perimeter = units
    source = group[u]
    lost, won = perimeter[u], perimeter[u]
    crossed, crosses = 0.0, 0.0
    for e in range(starts[u], starts[u + 1]):
        g = group[neighbours[e]]
        if g == source:
            lost -= 2.0 * length[e]
            crossed += barrier[e]
        elif g == to:
            won -= 2.0 * length[e]
            crosses += barrier[e]
    sums[source, HOUSEHOLDS] -= households[u]
    sums[source, AREA] -= area[u]
    sums[source, PERIMETER] -= lost
    sums[source, CROSSINGS] -= crossed
    sums[source, UNITS] -= 1.0
    sums[to, HOUSEHOLDS] += households[u]
    sums[to, AREA] += area[u]
    sums[to, PERIMETER] += won
    sums[to, CROSSINGS] += crosses
    sums[to, UNITS] += 1.0
    group[u] = to


@inlined
def _reach(graph: Any, group: Any, first: int, one: int, other: int, stack: Any, stamp: Any, mark: int) -> int:
    """List in `stack` the units of two groups that can be reached from one of them, and count them."""
    starts, neighbours = graph[0], graph[1]
    stamp[first] = mark
    stack[0] = first
    size, at = 1, 0
    while at < size:
        u = stack[at]
        at += 1
        for e in range(starts[u], starts[u + 1]):
            v = neighbours[e]
            if stamp[v] != mark and (group[v] == one or group[v] == other):
                stamp[v] = mark
                stack[size] = v
                size += 1
    return size


@inlined
def _is_connected(graph: Any, group: Any, near: int, g: int, size: int, stack: Any, stamp: Any, mark: int) -> bool:
    """Tell whether a group is in one piece, from a unit in it or beside it."""
    if size <= 1:
        return True
    first = -1
    if group[near] == g:
        first = near
    else:
        for e in range(graph[0][near], graph[0][near + 1]):
            if group[graph[1][e]] == g:
                first = graph[1][e]
                break
    return first >= 0 and _reach(graph, group, first, g, g, stack, stamp, mark) == size


@inlined
def _cut_tree(
    graph: Any,
    households: Any,
    stack: Any,
    size: int,
    stamp: Any,
    mark: int,
    tree: Any,
    load: Any,
    target: float,
    state: Any,
) -> int:
    """Cut a random spanning tree of the units in `stack` where both sides come nearest to the target.

    Orders `stack` by the tree, with parents in `tree`, and marks the side that is cut off with `mark`.
    """
    starts, neighbours = graph[0], graph[1]
    # A unit of the set carries the mark - 2, one of the tree the mark - 1.
    for i in range(size):
        stamp[stack[i]] = mark - 2
    first = int(_random(state) * size)
    stack[0], stack[first] = stack[first], stack[0]
    stamp[stack[0]] = mark - 1
    tree[stack[0]] = -1
    known, tries = 1, 0
    while known < size:
        # A unit of the tree at random, and a neighbour of it at random, grow a tree of many shapes.
        u = stack[int(_random(state) * known)]
        degree = starts[u + 1] - starts[u]
        v = neighbours[starts[u] + int(_random(state) * degree)] if degree else u
        tries += 1
        if tries > 64 * size:
            return 0
        if stamp[v] == mark - 2:
            stamp[v] = mark - 1
            tree[v] = u
            stack[known] = v
            known += 1
    total = 0.0
    for i in range(size):
        load[stack[i]] = households[stack[i]]
        total += households[stack[i]]
    best, cut = np.inf, -1
    for i in range(size - 1, 0, -1):
        u = stack[i]
        load[tree[u]] += load[u]
        # A little noise lets the second best be tried too.
        off = (abs(load[u] - target) + abs(total - load[u] - target)) * (1.0 + 0.5 * _random(state))
        if off < best:
            best, cut = off, u
    stamp[cut] = mark
    count = 1
    for i in range(1, size):
        u = stack[i]
        if u != cut and tree[u] >= 0 and stamp[tree[u]] == mark:
            stamp[u] = mark
            count += 1
    return count


@compiled(types.float64(INTS, INTS, FLOATS, FLOATS, FLOATS, FLOATS, FLOATS, INTS, FLOATS))
def energy(
    starts: Any,
    neighbours: Any,
    length: Any,
    barrier: Any,
    households: Any,
    area: Any,
    perimeter: Any,
    group: Any,
    weights: Any,
) -> float:
    """Weigh a partition: what `anneal` makes small. Groups are numbered from 0 to n - 1, not all need be there."""
    sums = np.zeros((group.size, 5))
    _sum_groups((starts, neighbours, length, barrier), (households, area, perimeter), group, sums)
    mean, summed, count = 0.0, 0.0, 0
    for g in range(group.size):
        if sums[g, UNITS] > 0.0:
            count += 1
            mean += shape_and_distance(sums[g, HOUSEHOLDS], sums[g, AREA], sums[g, PERIMETER], weights)
            summed += penalty(sums[g, HOUSEHOLDS], sums[g, CROSSINGS], weights)
    return weights[SCALE] * mean / count + summed if count else 0.0


@compiled(
    types.void(
        INTS,
        INTS,
        FLOATS,
        FLOATS,
        FLOATS,
        FLOATS,
        FLOATS,
        INTS,
        FLOATS,
        types.uint64[::1],
        types.int64,
        types.float64,
        types.float64,
    )
)
def anneal(  # noqa: PLR0912, PLR0915 (the moves share the arrays of one loop)
    starts: Any,
    neighbours: Any,
    length: Any,
    barrier: Any,
    households: Any,
    area: Any,
    perimeter: Any,
    group: Any,
    weights: Any,
    state: Any,
    moves: int,
    hot: float,
    cold: float,
) -> None:
    """Try a number of moves while the temperature falls from hot to cold; `group` and `state` are changed in place."""
    n = group.size
    graph = (starts, neighbours, length, barrier)
    units = (households, area, perimeter)
    sums = np.zeros((n, 5))
    _sum_groups(graph, units, group, sums)
    free = np.empty(n, np.int32)
    n_free, count = 0, 0
    mean = 0.0
    for g in range(n):
        if sums[g, UNITS] > 0.0:
            count += 1
            mean += shape_and_distance(sums[g, HOUSEHOLDS], sums[g, AREA], sums[g, PERIMETER], weights)
        else:
            free[n_free] = g
            n_free += 1
    stack = np.empty(n, np.int32)
    stamp = np.zeros(n, np.int64)
    tree = np.empty(n, np.int32)
    load = np.empty(n, np.float64)
    moved = np.empty(n, np.int32)
    came_from = np.empty(n, np.int32)
    saved = np.empty((2, 5))
    mark = 0
    temperature = hot
    factor = (cold / hot) ** (1.0 / max(moves, 1))
    scale = weights[SCALE]
    for _ in range(moves):
        temperature *= factor
        u = int(_random(state) * n)
        degree = starts[u + 1] - starts[u]
        if degree == 0:
            continue
        v = neighbours[starts[u] + int(_random(state) * degree)]
        one, other = group[u], group[v]
        kind = _random(state)
        is_new = one == other
        if is_new:
            if n_free == 0:
                continue
            other = free[n_free - 1]
        for k in range(5):
            saved[0, k], saved[1, k] = sums[one, k], sums[other, k]
        n_moved = 0
        is_checked = False
        if (is_new and kind < 0.5) or (not is_new and kind < 0.55):
            moved[0] = u
            n_moved = 1
        elif not is_new and kind < 0.75:
            w = v
            if _random(state) < 0.5:
                w = neighbours[starts[v] + int(_random(state) * (starts[v + 1] - starts[v]))]
                if group[w] != other:
                    continue
            moved[0], moved[1] = u, w
            n_moved = 2
        elif not is_new and kind < 0.85:
            mark += 1
            n_moved = _reach(graph, group, u, one, one, stack, stamp, mark)
            for i in range(n_moved):
                moved[i] = stack[i]
            is_checked = True
        else:
            mark += 3
            size = _reach(graph, group, u, one, one if is_new else other, stack, stamp, mark - 2)
            if size < 3:
                continue
            side = _cut_tree(graph, households, stack, size, stamp, mark, tree, load, weights[TARGET], state)
            if side == 0:
                continue
            for i in range(size):
                m = stack[i]
                to = other if stamp[m] == mark else one
                if group[m] != to:
                    moved[n_moved] = m
                    n_moved += 1
            is_checked = True
            if n_moved == 0:
                continue
        for i in range(n_moved):
            m = moved[i]
            came_from[i] = group[m]
            _shift(graph, units, group, sums, m, other if group[m] == one else one)
        change, summed, born = 0.0, 0.0, 0
        for k in range(2):
            g = one if k == 0 else other
            if saved[k, UNITS] > 0.0:
                born -= 1
                change -= shape_and_distance(saved[k, HOUSEHOLDS], saved[k, AREA], saved[k, PERIMETER], weights)
                summed -= penalty(saved[k, HOUSEHOLDS], saved[k, CROSSINGS], weights)
            if sums[g, UNITS] > 0.0:
                born += 1
                change += shape_and_distance(sums[g, HOUSEHOLDS], sums[g, AREA], sums[g, PERIMETER], weights)
                summed += penalty(sums[g, HOUSEHOLDS], sums[g, CROSSINGS], weights)
        delta = scale * ((mean + change) / (count + born) - mean / count) + summed
        is_taken = delta <= 0.0 or _random(state) < exp(-delta / temperature)
        if is_taken and not is_checked:
            mark += 2
            is_taken = _is_connected(
                graph, group, moved[0], one, int(sums[one, UNITS]), stack, stamp, mark - 1
            ) and _is_connected(graph, group, moved[n_moved - 1], other, int(sums[other, UNITS]), stack, stamp, mark)
        if is_taken:
            mean += change
            count += born
            if is_new:
                n_free -= 1
            if sums[one, UNITS] == 0.0:
                free[n_free] = one
                n_free += 1
            if sums[other, UNITS] == 0.0:
                free[n_free] = other
                n_free += 1
            continue
        for i in range(n_moved):
            group[moved[i]] = came_from[i]
        for k in range(5):
            sums[one, k], sums[other, k] = saved[0, k], saved[1, k]
