"""Propose buurten: each alternative exactly where sectors are few, else annealed from its own seed, on threads."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event

import numpy as np
import numpy.typing as npt

from boundaries.proposals.annealing import CHUNKS, anneal, bench_for
from boundaries.proposals.exact import partition_exactly
from boundaries.proposals.problem import HouseholdsBand, ProposalCancelledError, ProposalProblem
from boundaries.proposals.proposal import Aim, Diligence, Proposal
from boundaries.proposals.telling import tell_proposal
from boundaries.proposals.weighing import SCALE, Graph

Groups = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float64]

WEIGHTS = {
    Aim.BALANCED: (1.0, 0.2, 0.0),
    Aim.CLOSEST: (1.0, 0.05, 0.0),
    Aim.COMPACT: (0.3, 2.0, 0.0),
    Aim.FEWEST: (0.0, 0.5, 1.0),
}
"""By aim, what the distance from the target, the shape, and each buurt weigh."""

_MOVES = {Diligence.QUICK: 300, Diligence.THOROUGH: 10_000}
"""For each buurt that is expected: where a buurt has more sectors, more partitions are good."""
_MOVES_AT_ONCE = 20_000
"""Some thousandths of a second, in which nobody is asked whether to go on."""
_LOOK_SECONDS = 0.1
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
    diligence: Diligence = Diligence.QUICK,
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
    diligence
        How long is searched where not every partition can be weighed.
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
    searches = {
        k: _Search(graph, aim, own_seed, band, _MOVES[diligence])
        for k, (aim, own_seed) in enumerate(plans)
        if exact[aim] is None
    }
    searched = _run_all(searches, progress)
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
        borders.starts.view(np.uint32), borders.neighbours.view(np.uint32), borders.length_m, borders.barrier_share,
        problem.households.astype(np.float64), problem.area_m2, problem.perimeter_m,
    )  # fmt: skip


def weights_of(graph: Graph, aim: Aim, band: HouseholdsBand, penalties: tuple[float, float, float]) -> Floats:
    """Give what an aim weighs, as `weighing` numbers it; `penalties` are LENIENT or STRICT."""
    expected = max(float(graph.households.sum()) / band.target, 1.0)
    return np.array([band.low, band.high, band.target, *WEIGHTS[aim], *penalties, expected], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Search:
    """The annealing of one alternative."""

    graph: Graph
    aim: Aim
    seed: int
    band: HouseholdsBand
    moves: int
    """For each buurt that is expected."""

    def run(self, follow: Callable[[float], bool]) -> Groups:
        """Anneal from single sectors; return the best partition that a chunk ended with.

        `follow` is given the part that is done, and says whether to go on.
        """
        graph, n = self.graph, len(self.graph.households)
        group = np.arange(n, dtype=np.uint32)
        if n == 0:
            return group
        lenient, strict = (weights_of(graph, self.aim, self.band, penalties) for penalties in (LENIENT, STRICT))
        moves = int(self.moves * min(lenient[SCALE], n) / CHUNKS) + 1
        entropy = [self.seed, list(Aim).index(self.aim)]
        state = np.random.SeedSequence(entropy).generate_state(1, np.uint64) | np.uint64(1)
        bench = bench_for(n)
        best, least = group.copy(), np.inf
        at_once = max(_MOVES_AT_ONCE // moves, 1)
        for first in range(0, CHUNKS, at_once):
            last = min(first + at_once, CHUNKS)
            least = anneal(graph, group, best, least, lenient, strict, state, bench, moves, first, last)
            if not follow(last / CHUNKS):
                break
        return best


def _run_all(searches: dict[int, _Search], progress: Callable[[float], bool]) -> dict[int, Groups]:
    """Run every search, on a thread of its own where they are several, and look after the caller meanwhile."""

    def report(share: float) -> bool:
        if not progress(share):
            raise ProposalCancelledError("cancelled before every alternative was made")
        return True

    if len(searches) < 2:
        return {k: search.run(report) for k, search in searches.items()}
    done = dict.fromkeys(searches, 0.0)
    stop = Event()

    def run(k: int) -> Groups:
        def follow(share: float) -> bool:
            done[k] = share
            return not stop.is_set()

        return searches[k].run(follow)

    with ThreadPoolExecutor(max_workers=len(searches)) as pool:
        futures = {k: pool.submit(run, k) for k in searches}
        pending = set(futures.values())
        try:
            while pending:
                report(sum(done.values()) / len(done))
                _, pending = wait(pending, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
        finally:
            stop.set()
        return {k: future.result() for k, future in futures.items()}
