"""Propose buurten: anneal each alternative from its own seed, on threads, and tell what came out."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from threading import Event

import numpy as np
import numpy.typing as npt

from boundaries.proposals.annealing import anneal, energy
from boundaries.proposals.problem import HouseholdsBand, ProposalCancelledError, ProposalProblem
from boundaries.proposals.proposal import Aim, Proposal
from boundaries.proposals.telling import tell_proposal

Ints = npt.NDArray[np.int32]

WEIGHTS = {
    Aim.BALANCED: (1.0, 0.3, 0.0),
    Aim.CLOSEST: (1.0, 0.05, 0.0),
    Aim.COMPACT: (0.3, 2.0, 0.0),
    Aim.FEWEST: (0.0, 0.5, 1.0),
}
"""By aim, what the distance from the target, the shape, and each buurt weigh."""

_MOVES_PER_SECTOR = 4000
_CHUNKS = 20
_HOT, _COLD = 0.3, 0.003
_BAND_WEIGHT = 8.0
_BARRIER_WEIGHT = 1.0


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
    done = [0.0] * alternatives
    stop = Event()
    with ThreadPoolExecutor(max_workers=alternatives) as pool:
        pending = {
            pool.submit(_search, problem, aim, own_seed, band, done, k, stop) for k, (aim, own_seed) in enumerate(plans)
        }
        futures = dict.fromkeys(pending)
        try:
            while pending:
                if not progress(sum(done) / alternatives):
                    raise ProposalCancelledError("cancelled before every alternative was made")
                _, pending = wait(pending, timeout=0.1, return_when=FIRST_COMPLETED)
        finally:
            stop.set()
        found = dict(future.result() for future in futures)
    if not progress(1.0):
        raise ProposalCancelledError("cancelled when every alternative was made")
    proposals: list[Proposal] = []
    for k, (aim, own_seed) in enumerate(plans):
        proposal = tell_proposal(problem, found[k], aim, own_seed, band)
        if all(proposal.groups != other.groups for other in proposals):
            proposals.append(proposal)
    return proposals


def _search(
    problem: ProposalProblem, aim: Aim, seed: int, band: HouseholdsBand, done: list[float], k: int, stop: Event
) -> tuple[int, Ints]:
    """Anneal from single sectors; keep the best partition that a chunk ended with."""
    n = len(problem)
    group = np.arange(n, dtype=np.int32)
    if n == 0:
        return k, group
    borders = problem.borders
    distance, shape, count = WEIGHTS[aim]
    households = problem.households.astype(np.float64)
    expected = max(float(households.sum()) / band.target, 1.0)
    parts = (distance, shape, count, _BAND_WEIGHT, _BARRIER_WEIGHT, expected)
    weights = np.array([band.low, band.high, band.target, *parts], dtype=np.float64)
    given = (
        borders.starts, borders.neighbours, borders.length_m, borders.barrier_share,
        households, problem.area_m2, problem.perimeter_m,
    )  # fmt: skip
    strict = weights.copy()
    strict[6] *= 1000.0  # the band before everything else
    state = np.random.SeedSequence([seed, list(Aim).index(aim)]).generate_state(1, np.uint64) | np.uint64(1)
    best, least = group.copy(), energy(*given, group, strict)
    for chunk in range(_CHUNKS):
        if stop.is_set():
            break
        hot, cold = (_HOT * (_COLD / _HOT) ** ((chunk + at) / _CHUNKS) for at in (0, 1))
        anneal(*given, group, weights, state, n * _MOVES_PER_SECTOR // _CHUNKS, hot, cold)
        reached = energy(*given, group, strict)
        if reached < least:
            best, least = group.copy(), reached
        done[k] = (chunk + 1) / _CHUNKS
    return k, best
