"""Propose buurten: each alternative exactly where sectors are few, else annealed from its own seed, on threads."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from threading import Event

import numpy as np
import numpy.typing as npt

from boundaries.proposals.annealing import anneal
from boundaries.proposals.exact import partition_exactly
from boundaries.proposals.problem import HouseholdsBand, ProposalCancelledError, ProposalProblem
from boundaries.proposals.proposal import Aim, Proposal
from boundaries.proposals.telling import tell_proposal
from boundaries.proposals.weighing import Graph, energy

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

WEIGHTS = {
    Aim.BALANCED: (1.0, 0.3, 0.0),
    Aim.CLOSEST: (1.0, 0.05, 0.0),
    Aim.COMPACT: (0.3, 2.0, 0.0),
    Aim.FEWEST: (0.0, 0.5, 1.0),
}
"""By aim, what the distance from the target, the shape, and each buurt weigh."""

_MOVES_PER_SECTOR = 4000
_CHUNKS = 20
_LOOK_SECONDS = 0.1
_HOT, _COLD = 0.3, 0.003
LENIENT = (8.0, 1.0, 1.0)
"""What a buurt outside the band, the degree of it and a barrier weigh on the way: a way round them is open."""
STRICT = (1e6, 1e-3, 1e3)
"""The same at the end: the fewest buurten outside the band, then the least degree and barriers, then the rest."""


def propose(
    problem: ProposalProblem,
    *,
    alternatives: int,
    seed: int,
    band: HouseholdsBand = HouseholdsBand(),  # noqa: B008 (frozen)
    progress: Callable[[float], bool] = lambda _done: True,
) -> list[Proposal]:
    """Group whole sectors into contiguous buurten.

    Parameters
    ----------
    problem
        The sectors of one municipality.
    alternatives
        How many to make, 1 or more: balanced, closest to the target, most compact, fewest buurten, and then these
        again from other seeds. One that repeats an earlier one is left out.
    seed
        Not negative. The same seed gives the same answer, on any number of threads.
    band
        Households that a buurt may and should have.
    progress
        Is called with the part that is done, 0 to 1, in the caller's thread; False cancels.

    Returns
    -------
    list of Proposal
        In the order above; for no sectors, proposals of no buurten.

    Raises
    ------
    ValueError
        Fewer than one alternative, or a negative seed.
    ProposalCancelledError
        `progress` returned False.

    Examples
    --------
    >>> import shapely
    >>> squares = [shapely.box(k * 100, 0, k * 100 + 100, 100) for k in range(4)]
    >>> problem = ProposalProblem.of("ABCD", squares, [700, 800, 900, 600], None, "EPSG:31370")
    >>> propose(problem, alternatives=1, seed=1)[0].groups
    (('A', 'B'), ('C', 'D'))
    """
    if alternatives < 1:
        raise ValueError(f"at least one alternative, not {alternatives}")
    if seed < 0:
        raise ValueError(f"a seed is not negative: {seed}")
    aims = tuple(Aim)
    plans = [(aims[k % len(aims)], seed + k // len(aims)) for k in range(alternatives)]
    graph = graph_of(problem)
    if not progress(0.0):
        raise ProposalCancelledError("cancelled before any alternative was made")
    exact = {aim: partition_exactly(graph, weights_of(graph, aim, band, STRICT)) for aim in aims[:alternatives]}
    searched = _search_all(
        graph, {k: plans[k] for k in range(alternatives) if exact[plans[k][0]] is None}, band, progress
    )
    proposals: list[Proposal] = []
    for k, (aim, own_seed) in enumerate(plans):
        best = exact[aim]
        group = searched[k] if best is None else best
        proposal = tell_proposal(problem, group, aim, own_seed, band, is_best=best is not None)
        if all(proposal.groups != other.groups for other in proposals):
            proposals.append(proposal)
    if not progress(1.0):
        raise ProposalCancelledError("cancelled when every alternative was made")
    return proposals


def graph_of(problem: ProposalProblem) -> Graph:
    """Give the sectors as compiled functions take them."""
    borders = problem.borders
    return Graph(
        borders.starts, borders.neighbours, borders.length_m, borders.barrier_share,
        problem.households.astype(np.float64), problem.area_m2, problem.perimeter_m,
    )  # fmt: skip


def weights_of(graph: Graph, aim: Aim, band: HouseholdsBand, penalties: tuple[float, float, float]) -> Floats:
    """Give what an aim weighs, as `weighing` numbers it; `penalties` are LENIENT or STRICT."""
    expected = max(float(graph.households.sum()) / band.target, 1.0)
    return np.array([band.low, band.high, band.target, *WEIGHTS[aim], *penalties, expected], dtype=np.float64)


def _search_all(
    graph: Graph, plans: dict[int, tuple[Aim, int]], band: HouseholdsBand, progress: Callable[[float], bool]
) -> dict[int, Ints]:
    """Anneal every alternative on a thread of its own, and look after the caller meanwhile."""
    if not plans:
        return {}
    done = dict.fromkeys(plans, 0.0)
    stop = Event()
    with ThreadPoolExecutor(max_workers=len(plans)) as pool:
        futures = {
            k: pool.submit(_search, graph, aim, own_seed, band, done, k, stop) for k, (aim, own_seed) in plans.items()
        }
        pending = set(futures.values())
        try:
            while pending:
                if not progress(sum(done.values()) / len(done)):
                    raise ProposalCancelledError("cancelled before every alternative was made")
                _, pending = wait(pending, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
        finally:
            stop.set()
        return {k: future.result() for k, future in futures.items()}


def _search(
    graph: Graph, aim: Aim, seed: int, band: HouseholdsBand, done: dict[int, float], k: int, stop: Event
) -> Ints:
    """Anneal from single sectors; return the best partition that a chunk ended with."""
    n = len(graph.households)
    group = np.arange(n, dtype=np.int32)
    if n == 0:
        return group
    lenient, strict = (weights_of(graph, aim, band, penalties) for penalties in (LENIENT, STRICT))
    state = np.random.SeedSequence([seed, list(Aim).index(aim)]).generate_state(1, np.uint64) | np.uint64(1)
    best, least = group.copy(), energy(graph, group, strict)
    for chunk in range(_CHUNKS):
        if stop.is_set():
            break
        hot, cold = (_HOT * (_COLD / _HOT) ** ((chunk + at) / _CHUNKS) for at in (0, 1))
        anneal(graph, group, lenient, state, n * _MOVES_PER_SECTOR // _CHUNKS, hot, cold)
        reached = energy(graph, group, strict)
        if reached < least:
            best, least = group.copy(), reached
        done[k] = (chunk + 1) / _CHUNKS
    return best
