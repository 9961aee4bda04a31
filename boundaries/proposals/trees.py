"""Contiguity and random spanning trees of one or two groups, compiled.

Cutting a random spanning tree of two joined groups is the step of DeFord, Duchin and Solomon (2021), "Recombination",
doi:10.1162/99608f92.eb30390f. The generator is xorshift64* (Vigna 2016, doi:10.1145/2845077): it lives in an array of
the caller, so that no thread disturbs another.
"""

from typing import Any

import numpy as np

from geo.compiled import inlined

__all__ = ["cut_tree", "draw", "draw_below", "draw_neighbour", "is_connected", "reach"]


@inlined
def draw(state: Any) -> float:
    """Draw a number in [0, 1)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    result: float = ((x * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0
    return result


@inlined
def draw_below(state: Any, count: int) -> int:
    """Draw a whole number from 0 to `count - 1`."""
    return int(draw(state) * count)


@inlined
def draw_neighbour(graph: Any, state: Any, u: int) -> int:
    """Draw one of a sector's neighbours; -1 where it has none."""
    degree = graph.starts[u + 1] - graph.starts[u]
    if degree == 0:
        return -1
    result: int = graph.neighbours[graph.starts[u] + draw_below(state, degree)]
    return result


@inlined
def reach(graph: Any, group: Any, first: int, one: int, other: int, stack: Any, stamp: Any, mark: int) -> int:
    """List in `stack` the sectors of two groups that can be reached from one of them, and count them."""
    stamp[first] = mark
    stack[0] = first
    size, at = 1, 0
    while at < size:
        u = stack[at]
        at += 1
        for e in range(graph.starts[u], graph.starts[u + 1]):
            v = graph.neighbours[e]
            if stamp[v] != mark and (group[v] == one or group[v] == other):
                stamp[v] = mark
                stack[size] = v
                size += 1
    return size


@inlined
def is_connected(graph: Any, group: Any, near: int, g: int, size: int, stack: Any, stamp: Any, mark: int) -> bool:
    """Tell whether a group is in one piece, from a sector in it or beside it."""
    if size <= 1:
        return True
    first = -1
    if group[near] == g:
        first = near
    else:
        for e in range(graph.starts[near], graph.starts[near + 1]):
            if group[graph.neighbours[e]] == g:
                first = graph.neighbours[e]
                break
    return first >= 0 and reach(graph, group, first, g, g, stack, stamp, mark) == size


@inlined
def _grow_tree(graph: Any, stack: Any, size: int, stamp: Any, mark: int, tree: Any, state: Any) -> bool:
    """Grow a random spanning tree of the sectors in `stack`: orders them by it, with parents in `tree`."""
    # A sector of the set carries the mark - 2, one of the tree the mark - 1.
    for i in range(size):
        stamp[stack[i]] = mark - 2
    first = draw_below(state, size)
    stack[0], stack[first] = stack[first], stack[0]
    stamp[stack[0]] = mark - 1
    tree[stack[0]] = -1
    known, tries = 1, 0
    while known < size:
        # A sector of the tree at random, and a neighbour of it at random, grow a tree of many shapes.
        u = stack[draw_below(state, known)]
        v = draw_neighbour(graph, state, u)
        tries += 1
        if tries > 64 * size:
            return False
        if v >= 0 and stamp[v] == mark - 2:
            stamp[v] = mark - 1
            tree[v] = u
            stack[known] = v
            known += 1
    return True


@inlined
def cut_tree(
    graph: Any, stack: Any, size: int, stamp: Any, mark: int, tree: Any, load: Any, target: float, state: Any
) -> bool:
    """Cut a random spanning tree of the sectors in `stack` where both sides come nearest to the target.

    Marks the side that is cut off with `mark`; False where the tree did not reach every sector in its tries.
    """
    if not _grow_tree(graph, stack, size, stamp, mark, tree, state):
        return False
    total = 0.0
    for i in range(size):
        load[stack[i]] = graph.households[stack[i]]
        total += graph.households[stack[i]]
    best, cut = np.inf, -1
    for i in range(size - 1, 0, -1):
        u = stack[i]
        load[tree[u]] += load[u]
        # A little noise lets the second best be tried too.
        off = (abs(load[u] - target) + abs(total - load[u] - target)) * (1.0 + 0.5 * draw(state))
        if off < best:
            best, cut = off, u
    stamp[cut] = mark
    for i in range(1, size):
        u = stack[i]
        if u != cut and tree[u] >= 0 and stamp[tree[u]] == mark:
            stamp[u] = mark
    return True
