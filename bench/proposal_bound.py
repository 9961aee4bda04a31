"""A bound below the mean distance from the target that any partition in the band can have, proved by duality.

    python bench/proposal_bound.py [--data FOLDER]

Amsterdam has too many partitions to weigh them all. Its sectors of fewer than `SMALL` households are therefore let go:
they join neighbours of theirs together at no cost of contiguity, and their households may be shared out at will. Every
partition in the band is one of this easier task too, so that no partition is nearer than the easier task allows.

For the easier task, numbers π per sector, μ per small household and λ are sought with

    Σ π of a set + μ · s + λ ≤ |households + s − target|    for every contiguous set, with s small households,
    Σ π of all + μ · all small households ≥ 0;

then the mean over any partition is at least λ (sum the first over its buurten). Sets are added where they violate it
(column generation, Gilmore and Gomory 1961, doi:10.1287/opre.9.6.849); at the end λ is lowered by the worst violation
among all sets, each of which is enumerated, so that the bound holds whatever the solver's tolerance.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from proposal_cases import Case, cases_of
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from boundaries.proposals import Diligence, HouseholdsBand, propose

SMALL = 25
_DEEPEST = 100
_ROUNDS = 200
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def least_mean_distance(case: Case, band: HouseholdsBand) -> float:
    """Give a bound below the mean distance of every partition in the band."""
    task = _EasierTask(case)
    if task.spare >= band.low:
        raise ValueError(f"the small sectors' {task.spare} households would make a buurt of their own")
    columns = task.columns_of(propose(case.problem, alternatives=4, seed=1, diligence=Diligence.THOROUGH), band)
    best = -np.inf
    for _ in range(_ROUNDS):
        duals, spare_dual, floor = _solve(task, columns)
        worst, spares, sets, sizes = _worst_sets(
            task.starts,
            task.neighbours,
            task.households,
            task.spare,
            duals,
            spare_dual,
            (band.low, band.target, band.high),
        )
        violation = float(worst.max()) + floor
        best = max(best, floor - max(violation, 0.0))
        if floor - best < 1e-3:
            break
        for root in np.flatnonzero(worst + floor > 1e-9):
            members = sets[root, : sizes[root]]
            columns.append((members, int(spares[root]), _distance(task, members, spares[root], band)))
    return best


def _distance(task: "_EasierTask", members: Iterable[int], spare: int, band: HouseholdsBand) -> int:
    return abs(int(task.households[np.array(list(members), dtype=np.int64)].sum()) + int(spare) - band.target)


class _EasierTask:
    """The sectors that are not small, neighbours also where small ones lie between them."""

    def __init__(self, case: Case) -> None:
        problem, n = case.problem, len(case.problem)
        is_small = problem.households < SMALL
        source = np.repeat(np.arange(n), np.diff(problem.borders.starts))
        target = problem.borders.neighbours.astype(np.int64)
        among = is_small[source] & is_small[target]
        _, part = connected_components(csr_array((np.ones(among.sum()), (source[among], target[among])), (n, n)))
        around: dict[int, set[int]] = {}
        pairs = set()
        for one, other in zip(source.tolist(), target.tolist(), strict=True):
            if not is_small[one] and not is_small[other]:
                pairs.add((one, other))
            elif is_small[one] and not is_small[other]:
                around.setdefault(int(part[one]), set()).add(other)
        pairs |= {(one, other) for beside in around.values() for one in beside for other in beside if one != other}
        large = np.flatnonzero(~is_small)
        self.number = {int(k): i for i, k in enumerate(large)}
        edges = np.array(sorted((self.number[one], self.number[other]) for one, other in pairs), dtype=np.int64)
        self.starts = np.searchsorted(edges[:, 0], np.arange(len(large) + 1))
        self.neighbours = np.ascontiguousarray(edges[:, 1])
        self.households = problem.households[large].astype(np.int64)
        self.spare = int(problem.households[is_small].sum())
        self.codes = [problem.codes[k] for k in large]

    def columns_of(self, proposals: Iterable[Any], band: HouseholdsBand) -> list[tuple[Ints, int, int]]:
        """Give the buurten of proposals as sets of this task."""
        position = {code: i for i, code in enumerate(self.codes)}
        columns = []
        for proposal in proposals:
            for buurt in proposal.buurten:
                members = np.array([position[code] for code in buurt.codes if code in position], dtype=np.int64)
                spare = buurt.households - int(self.households[members].sum())
                columns.append((members, spare, abs(buurt.households - band.target)))
        return columns


def _solve(task: _EasierTask, columns: list[tuple[Ints, int, int]]) -> tuple[Floats, float, float]:
    """Solve for π, μ and λ on some of the sets."""
    n, m = len(task.households), len(columns)
    rows = np.concatenate([np.repeat(np.arange(m), [len(members) for members, _, _ in columns]), np.arange(m)])
    at = np.concatenate([*(members for members, _, _ in columns), np.full(m, n)])
    given = np.concatenate([np.ones(len(rows) - m), [spare for _, spare, _ in columns]])
    matrix = csr_array((given, (rows, at)), (m, n + 1)).tocsr()
    total = np.append(np.ones(n), task.spare)
    upper = csr_array(
        (
            np.concatenate([matrix.data, np.ones(m), -total]),
            (
                np.concatenate([matrix.tocoo().row, np.arange(m), np.full(n + 1, m)]),
                np.concatenate([matrix.tocoo().col, np.full(m, n + 1), np.arange(n + 1)]),
            ),
        ),
        (m + 1, n + 2),
    )
    goal = np.zeros(n + 2)
    goal[-1] = -1.0
    limits = np.append([float(distance) for _, _, distance in columns], 0.0)
    # Any bounds leave a proof a proof; these keep the first rounds from running away.
    result = linprog(goal, upper, limits, bounds=[(-9e3, 9e3)] * n + [(-1.0, 1.0), (0.0, 4e3)], method="highs")
    return result.x[:n], float(result.x[n]), float(result.x[n + 1])


@njit(cache=True)
def _worst_sets(
    starts: Ints,
    neighbours: Ints,
    households: Ints,
    spare: int,
    duals: Floats,
    spare_dual: float,
    band: tuple[int, int, int],
) -> tuple[Floats, Ints, Ints, Ints]:
    """Walk through every contiguous set that is in the band with some of the small households.

    Returns, for each sector, the largest Σ π + μ · s − |households + s − target| of the sets in which it is the first,
    and that set with its s. Between its limits and the target this is linear in s.
    """
    low, target, high = band
    n = households.size
    worst, spares = np.full(n, -np.inf), np.zeros(n, np.int64)
    sets, sizes = np.zeros((n, _DEEPEST), np.int64), np.zeros(n, np.int64)
    is_met = np.zeros(n, np.bool_)
    joins = np.empty((_DEEPEST, n), np.int64)
    count, own, at = np.zeros(_DEEPEST, np.int64), np.zeros(_DEEPEST, np.int64), np.zeros(_DEEPEST, np.int64)
    held, value, path = np.zeros(_DEEPEST, np.int64), np.zeros(_DEEPEST), np.zeros(_DEEPEST, np.int64)
    for root in range(n):
        is_met[:] = False
        is_met[: root + 1] = True
        depth, entered = 0, root
        count[0], own[0] = 0, 0
        base, worth = 0, 0.0
        while True:
            # A sector has just been entered at this depth.
            path[depth] = entered
            held[depth], value[depth] = base + households[entered], worth + duals[entered]
            least, most = max(low - held[depth], 0), min(high - held[depth], spare)
            for s in (least, min(max(target - held[depth], least), most), most):
                over = value[depth] + spare_dual * s - abs(held[depth] + s - target)
                if least <= most and over > worst[root]:
                    worst[root], spares[root], sizes[root] = over, s, depth + 1
                    sets[root, : depth + 1] = path[: depth + 1]
            own[depth], at[depth] = count[depth], 0
            for e in range(starts[entered], starts[entered + 1]):
                v = neighbours[e]
                if not is_met[v]:
                    is_met[v] = True
                    joins[depth, count[depth]] = v
                    count[depth] += 1
            # Go on to the next sector that fits: deeper where there is one, else back.
            entered = -1
            while depth >= 0 and entered < 0:
                while at[depth] < count[depth] and entered < 0:
                    v = joins[depth, at[depth]]
                    at[depth] += 1
                    if held[depth] + households[v] <= high:
                        entered = v
                if entered < 0:
                    for i in range(own[depth], count[depth]):
                        is_met[joins[depth, i]] = False
                    depth -= 1
            if depth < 0:
                break
            base, worth = held[depth], value[depth]
            left = count[depth] - at[depth]
            joins[depth + 1, :left] = joins[depth, at[depth] : count[depth]]
            count[depth + 1] = left
            depth += 1
    return worst, spares, sets, sizes


def main() -> int:
    """Print the bound of Amsterdam."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    case = next(cases_of(parser.parse_args().data))
    bound = least_mean_distance(case, HouseholdsBand())
    print(f"{case.data_set}: no partition in the band has a mean distance from the target below {bound:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
