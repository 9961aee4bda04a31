"""Simulated annealing of a contiguous partition, compiled: single moves, swaps, merges, and cuts of random trees.

A move changes which sectors two groups hold, so that its cost is known from the sums of those two; contiguity is
searched for only where the cost was accepted. Annealing is that of Kirkpatrick, Gelatt and Vecchi (1983),
doi:10.1126/science.220.4598.671.
"""

from collections.abc import Callable
from math import exp
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numba import njit, types

from boundaries.proposals.trees import cut_tree, draw, draw_below, draw_neighbour, is_connected, reach
from boundaries.proposals.weighing import (
    AREA,
    CROSSINGS,
    GRAPH,
    HOUSEHOLDS,
    PERIMETER,
    SCALE,
    SUMS,
    TARGET,
    UNITS,
    energy,
    penalty,
    shape_and_distance,
    sum_groups,
)
from geo.compiled import FLOATS, FLOATS_2D, INTS, UINTS, WIDE_INTS, compiled, inlined, named_tuple_of

__all__ = ["CHUNKS", "Bench", "anneal", "bench_for"]

# What a move is, by a number drawn in [0, 1): beside an own neighbour it founds a group, else it changes two groups.
_FOUND_ALONE = 0.8
_PASS_OVER, _SWAP, _MERGE = 0.65, 0.85, 0.95
_HOT, _COLD = 0.3, 0.003
_STEEPEST = 40.0
CHUNKS = 10
"""Parts of a search: after each of them the partition is weighed strictly, and the best one kept."""


Function = TypeVar("Function", bound=Callable[..., Any])


def _pasted(function: Function) -> Function:
    """Put a function's text in place of each call: called as compiled functions, a move's steps took 1.7 times as long.

    What a call costs is passing the arrays of graph and bench, some twenty of them.
    """
    dispatcher: Any = njit(nogil=True, error_model="numpy", inline="always")(function)
    result: Function = dispatcher
    return result


class Bench(NamedTuple):
    """Arrays that every move uses anew; make it with `bench_for`."""

    sums: Any
    free: Any
    stack: Any
    stamp: Any
    tree: Any
    load: Any
    moved: Any
    came_from: Any
    saved: Any
    mark: Any


_BENCH = named_tuple_of((FLOATS_2D, UINTS, UINTS, WIDE_INTS, INTS, FLOATS, UINTS, UINTS, FLOATS_2D, WIDE_INTS), Bench)


def bench_for(n: int) -> Bench:
    """Make the arrays that annealing n sectors needs, for one thread."""
    return Bench(
        np.empty((n, SUMS)), np.empty(n, np.uint32),
        np.empty(n, np.uint32), np.zeros(n, np.int64), np.empty(n, np.int32), np.empty(n, np.float64),
        np.empty(n, np.uint32), np.empty(n, np.uint32), np.empty((2, SUMS)), np.zeros(1, np.int64),
    )  # fmt: skip


@_pasted
def _shift(graph: Any, group: Any, sums: Any, u: int, to: int) -> None:
    """Move one sector to another group, and the sums of both."""
    source = group[u]
    lost, won = graph.perimeter[u], graph.perimeter[u]
    crossed, crosses = 0.0, 0.0
    for e in range(graph.starts[u], graph.starts[u + 1]):
        g = group[graph.neighbours[e]]
        # Where a border leads is as good as random: multiplied by 0 or 1, as no branch that is guessed wrong.
        stays, meets = 1.0 * (g == source), 1.0 * (g == to)
        lost -= 2.0 * graph.length[e] * stays
        crossed += graph.barrier[e] * stays
        won -= 2.0 * graph.length[e] * meets
        crosses += graph.barrier[e] * meets
    sums[source, HOUSEHOLDS] -= graph.households[u]
    sums[source, AREA] -= graph.area[u]
    sums[source, PERIMETER] -= lost
    sums[source, CROSSINGS] -= crossed
    sums[source, UNITS] -= 1.0
    sums[to, HOUSEHOLDS] += graph.households[u]
    sums[to, AREA] += graph.area[u]
    sums[to, PERIMETER] += won
    sums[to, CROSSINGS] += crosses
    sums[to, UNITS] += 1.0
    group[u] = to


@_pasted
def _choose_swap(graph: Any, group: Any, bench: Any, state: Any, u: int, v: int) -> int:
    """Choose two sectors that change places: u, and v or a neighbour of v in its group."""
    w = v
    if draw(state) < 0.5:
        w = draw_neighbour(graph, state, v)
        if group[w] != group[v]:
            return 0
    bench.moved[0], bench.moved[1] = u, w
    return 2


@_pasted
def _choose_all(graph: Any, group: Any, bench: Any, u: int) -> int:
    """Choose every sector of u's group: it joins the other."""
    bench.mark[0] += 1
    size = reach(graph, group, u, group[u], group[u], bench.stack, bench.stamp, bench.mark[0])
    for i in range(size):
        bench.moved[i] = bench.stack[i]
    return size


@_pasted
def _choose_cut(
    graph: Any, group: Any, bench: Any, state: Any, u: int, one: int, other: int, joined: int, target: float
) -> int:
    """Cut a random tree of u's group and a joined one anew; choose what goes to the other side."""
    bench.mark[0] += 3
    mark = bench.mark[0]
    size = reach(graph, group, u, one, joined, bench.stack, bench.stamp, mark - 2)
    if size < 3 or not cut_tree(graph, bench.stack, size, bench.stamp, mark, bench.tree, bench.load, target, state):
        return 0
    count = 0
    for i in range(size):
        m = bench.stack[i]
        if group[m] != (other if bench.stamp[m] == mark else one):
            bench.moved[count] = m
            count += 1
    return count


@_pasted
def _cost_of(sums: Any, g: int, weights: Any) -> Any:
    """Give a group's part of the mean, of the sum, and of the number of groups."""
    if sums[g, UNITS] == 0.0:
        return 0.0, 0.0, 0
    mean = shape_and_distance(sums[g, HOUSEHOLDS], sums[g, AREA], sums[g, PERIMETER], weights)
    return mean, penalty(sums[g, HOUSEHOLDS], sums[g, CROSSINGS], weights), 1


@_pasted
def _both_connected(graph: Any, group: Any, sums: Any, bench: Any, count: int, one: int, other: int) -> bool:
    """Tell whether the two groups of a move are each in one piece."""
    bench.mark[0] += 2
    mark, stack, stamp, moved = bench.mark[0], bench.stack, bench.stamp, bench.moved
    return is_connected(graph, group, moved[0], one, int(sums[one, UNITS]), stack, stamp, mark - 1) and is_connected(
        graph, group, moved[count - 1], other, int(sums[other, UNITS]), stack, stamp, mark
    )


@_pasted
def _choose(graph: Any, group: Any, bench: Any, state: Any, empty: int, target: float) -> Any:
    """Draw a move: the two groups, how many sectors in `bench.moved` change between them, whether one may break up.

    `empty` is a group without sectors, -1 where there is none.
    """
    u = draw_below(state, group.size)
    v = draw_neighbour(graph, state, u)
    if v < 0:
        return 0, 0, 0, False
    one, other = group[u], group[v]
    founds = one == other
    if founds:
        if empty < 0:
            return one, other, 0, False
        other = empty
    kind = draw(state)
    if kind < (_FOUND_ALONE if founds else _PASS_OVER):
        bench.moved[0] = u
        return one, other, 1, True
    if founds or kind >= _MERGE:
        joined = one if founds else other
        return one, other, _choose_cut(graph, group, bench, state, u, one, other, joined, target), False
    if kind < _SWAP:
        return one, other, _choose_swap(graph, group, bench, state, u, v), True
    return one, other, _choose_all(graph, group, bench, u), False


@_pasted
def _carry_out(graph: Any, group: Any, sums: Any, bench: Any, one: int, other: int, count: int) -> None:
    """Move the chosen sectors, and keep what `_take_back` needs."""
    for k in range(SUMS):
        bench.saved[0, k], bench.saved[1, k] = sums[one, k], sums[other, k]
    for i in range(count):
        m = bench.moved[i]
        bench.came_from[i] = group[m]
        _shift(graph, group, sums, m, other if group[m] == one else one)


@_pasted
def _take_back(group: Any, sums: Any, bench: Any, one: int, other: int, count: int) -> None:
    """Undo what was carried out last."""
    for i in range(count):
        group[bench.moved[i]] = bench.came_from[i]
    for k in range(SUMS):
        sums[one, k], sums[other, k] = bench.saved[0, k], bench.saved[1, k]


@_pasted
def _weigh(sums: Any, bench: Any, one: int, other: int, weights: Any) -> Any:
    """Give what was carried out last adds to the mean's numerator, to the sum, and to the number of groups."""
    change, summed, born = 0.0, 0.0, 0
    for k in range(2):
        own, alone, is_there = _cost_of(bench.saved, k, weights)
        change, summed, born = change - own, summed - alone, born - is_there
        own, alone, is_there = _cost_of(sums, one if k == 0 else other, weights)
        change, summed, born = change + own, summed + alone, born + is_there
    return change, summed, born


@inlined
def _is_taken_at(steepness: float, state: Any) -> bool:
    """Draw whether a move that costs so many times the temperature is taken."""
    # Far up, exp is below what `draw` can tell from 0, and slow where it underflows.
    return draw(state) < (exp(-steepness) if steepness < _STEEPEST else 0.0)


@inlined
def _anneal(graph: Any, group: Any, weights: Any, state: Any, bench: Any, moves: int, hot: float, cold: float) -> None:
    """Try a number of moves while the temperature falls from hot to cold; `group` and `state` are changed in place."""
    n, sums, free = group.size, bench.sums, bench.free
    sum_groups(graph, group, sums)
    n_free, count, mean = 0, 0, 0.0
    for g in range(n):
        own, _, is_there = _cost_of(sums, g, weights)
        mean += own
        count += is_there
        if not is_there:
            free[n_free] = g
            n_free += 1
    temperature = hot
    factor = (cold / hot) ** (1.0 / max(moves, 1))
    for _ in range(moves):
        temperature *= factor
        empty = free[n_free - 1] if n_free else -1
        one, other, n_moved, in_pieces = _choose(graph, group, bench, state, empty, weights[TARGET])
        if n_moved == 0:
            continue
        _carry_out(graph, group, sums, bench, one, other, n_moved)
        change, summed, born = _weigh(sums, bench, one, other, weights)
        delta = weights[SCALE] * ((mean + change) / (count + born) - mean / count) + summed
        is_taken = delta <= 0.0 or _is_taken_at(delta / temperature, state)
        if is_taken and in_pieces:
            is_taken = _both_connected(graph, group, sums, bench, n_moved, one, other)
        if not is_taken:
            _take_back(group, sums, bench, one, other, n_moved)
            continue
        mean += change
        count += born
        n_free -= other == empty
        for g in (one, other):
            if sums[g, UNITS] == 0.0:
                free[n_free] = g
                n_free += 1


@compiled(
    types.float64(
        GRAPH, UINTS, UINTS, types.float64, FLOATS, FLOATS, types.uint64[::1], _BENCH,
        types.int64, types.int64, types.int64,
    ),
    allocates=False,
)  # fmt: skip
def anneal(
    graph: Any,
    group: Any,
    best: Any,
    least: float,
    lenient: Any,
    strict: Any,
    state: Any,
    bench: Any,
    moves: int,
    first: int,
    last: int,
) -> float:
    """Anneal some chunks of a search of `CHUNKS`.

    Parameters
    ----------
    graph
        The sectors.
    group
        The partition to begin from; changed in place.
    best, least
        The best partition until now, replaced in place, and what it weighs strictly: weighed here at the first chunk.
    lenient, strict
        What is weighed on the way, and at the end of a chunk.
    state
        Of the generator; changed in place.
    bench
        From `bench_for`.
    moves
        Of each chunk.
    first, last
        The chunks: from the first to before the last.

    Returns
    -------
    float
        What the best partition weighs now.
    """
    if first == 0:
        least = energy(graph, best, strict, bench.sums)
    for chunk in range(first, last):
        hot = _HOT * (_COLD / _HOT) ** (chunk / CHUNKS)
        cold = _HOT * (_COLD / _HOT) ** ((chunk + 1) / CHUNKS)
        _anneal(graph, group, lenient, state, bench, moves, hot, cold)
        reached = energy(graph, group, strict, bench.sums)
        if reached < least:
            least = reached
            for u in range(group.size):
                best[u] = group[u]
    return least
