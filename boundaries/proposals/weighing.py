"""What a partition weighs, compiled: distance from the target, shape, the band and barriers, from each group's sums."""

from math import pi
from typing import Any, NamedTuple

from geo.compiled import FLOATS, UINTS, inlined, named_tuple_of

__all__ = [
    "AREA",
    "BAND",
    "BARRIER",
    "COUNT",
    "CROSSINGS",
    "DISTANCE",
    "GRAPH",
    "HIGH",
    "HOUSEHOLDS",
    "LOW",
    "PERIMETER",
    "SCALE",
    "SHAPE",
    "SLOPE",
    "SUMS",
    "TARGET",
    "UNITS",
    "Graph",
    "energy",
    "penalty",
    "shape_and_distance",
    "sum_groups",
]

# What is weighed: the band, the weight of each part, and how many buurten are expected.
LOW, HIGH, TARGET, DISTANCE, SHAPE, COUNT, BAND, SLOPE, BARRIER, SCALE = range(10)
# The sums of a group.
HOUSEHOLDS, AREA, PERIMETER, CROSSINGS, UNITS = range(5)
SUMS = 5


class Graph(NamedTuple):
    """Sectors, numbered from 0, and the borders between them in compressed rows.

    Attributes
    ----------
    starts, neighbours
        Shapes (n + 1,) and (m,), uint32: those of sector k are at `starts[k]` to `starts[k + 1]`.
    length, barrier
        Shape (m,), float64: of each border its metres, and the part of it along a barrier.
    households, area, perimeter
        Shape (n,), float64: of each sector, in m² and m.
    """

    starts: Any
    neighbours: Any
    length: Any
    barrier: Any
    households: Any
    area: Any
    perimeter: Any


GRAPH = named_tuple_of((UINTS, UINTS, FLOATS, FLOATS, FLOATS, FLOATS, FLOATS), Graph)


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
        result += weights[BAND] * (1.0 + weights[SLOPE] * (1.0 - households / weights[LOW]))
    elif households > weights[HIGH]:
        result += weights[BAND] * (1.0 + weights[SLOPE] * (households / weights[HIGH] - 1.0))
    return result


@inlined
def sum_groups(graph: Any, group: Any, sums: Any) -> None:
    """Fill the sums, shape (n, SUMS), of every group."""
    sums[:] = 0.0
    for u in range(group.size):
        g = group[u]
        sums[g, HOUSEHOLDS] += graph.households[u]
        sums[g, AREA] += graph.area[u]
        sums[g, PERIMETER] += graph.perimeter[u]
        sums[g, UNITS] += 1.0
        for e in range(graph.starts[u], graph.starts[u + 1]):
            if group[graph.neighbours[e]] == g:
                sums[g, PERIMETER] -= graph.length[e]
                sums[g, CROSSINGS] += graph.barrier[e] / 2.0


@inlined
def energy(graph: Any, group: Any, weights: Any, sums: Any) -> float:
    """Weigh a partition, and fill the sums of its groups: numbered from 0 to n - 1, not all need be there."""
    sum_groups(graph, group, sums)
    mean, summed, count = 0.0, 0.0, 0
    for g in range(group.size):
        if sums[g, UNITS] > 0.0:
            count += 1
            mean += shape_and_distance(sums[g, HOUSEHOLDS], sums[g, AREA], sums[g, PERIMETER], weights)
            summed += penalty(sums[g, HOUSEHOLDS], sums[g, CROSSINGS], weights)
    return weights[SCALE] * mean / count + summed if count else 0.0
