"""Tell what a partition is: its buurten with scores and names, and why some are outside the band."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from boundaries.proposals.problem import HouseholdsBand, ProposalProblem
from boundaries.proposals.proposal import (
    Aim,
    BandException,
    ExceptionKind,
    Proposal,
    ProposalScores,
    ProposedBuurt,
)

_MOST_SETS = 20_000


def tell_proposal(
    problem: ProposalProblem,
    group: npt.NDArray[np.uint32],
    aim: Aim,
    seed: int,
    band: HouseholdsBand,
    *,
    is_best: bool,
) -> Proposal:
    """Make the proposal of a partition, given as a number of shape (n,) per sector.

    `is_best` says that no partition has fewer buurten outside the band.
    """
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    count = len(first)
    buurt_of = np.argsort(np.argsort(first))[inverse]
    members: list[list[int]] = [[] for _ in range(count)]
    for k, number in enumerate(buurt_of.tolist()):
        members[number].append(k)
    names = _names(problem, members)
    borders = problem.borders
    source = np.repeat(buurt_of, borders.starts[1:] - borders.starts[:-1])
    is_inside = source == buurt_of[borders.neighbours]
    area = np.bincount(buurt_of, problem.area_m2, count)
    perimeter = np.bincount(buurt_of, problem.perimeter_m, count)
    perimeter -= np.bincount(source, borders.length_m * is_inside, count)
    households = np.bincount(buurt_of, problem.households, count)
    compactness = 4 * np.pi * area / perimeter**2
    buurten = tuple(
        ProposedBuurt(tuple([problem.codes[k] for k in sectors]), int(own), own_compactness, own_names)
        for sectors, own, own_compactness, own_names in zip(
            members, households.tolist(), compactness.tolist(), names, strict=True
        )
    )
    scores = ProposalScores(
        buurten=count,
        in_band=int(((households >= band.low) & (households <= band.high)).sum()),
        mean_distance=float(np.abs(households - band.target).sum()) / max(count, 1),
        mean_compactness=float(compactness.sum()) / max(count, 1),
        barrier_crossings=float((borders.barrier_share * is_inside).sum() / 2),
    )
    exceptions = tuple(
        _exception(problem, k, members[k], band, is_best=is_best)
        for k, buurt in enumerate(buurten)
        if not band.holds(buurt.households)
    )
    return Proposal(aim=aim, seed=seed, buurten=buurten, scores=scores, exceptions=exceptions)


def _exception(
    problem: ProposalProblem, position: int, sectors: Sequence[int], band: HouseholdsBand, *, is_best: bool
) -> BandException:
    """Find the strongest reason that holds for a buurt outside the band."""
    total = int(problem.households[sectors].sum())
    codes = tuple(problem.codes[k] for k in sectors)
    for k in sectors:
        own = int(problem.households[k])
        if own > band.high:
            reason = f"sector {problem.codes[k]} alone has {own:,} households, more than {band.high:,}"
            return BandException(position, ExceptionKind.SECTOR_ABOVE, True, reason, (problem.codes[k],))
    around = sorted({v for k in sectors for v in _neighbours(problem, k)} - set(sectors))
    told = ", ".join(codes[:5]) + (f" and {len(codes) - 5} more" if len(codes) > 5 else "")
    if not around and total < band.low:
        reason = f"{told}: {total:,} households, fewer than {band.low:,}, and no border with any other sector"
        return BandException(position, ExceptionKind.ISLAND, True, reason, codes)
    for k in sectors:
        if _fits(problem, k, band) is False:
            code = problem.codes[k]
            is_walled = problem.households[k] < band.low and all(
                problem.households[v] + problem.households[k] > band.high for v in _neighbours(problem, k)
            )
            if is_walled:
                kind, walls = ExceptionKind.ENCLAVE, tuple(problem.codes[v] for v in _neighbours(problem, k))
                reason = f"{code} borders only on {', '.join(walls)}: with any of them it has more than {band.high:,}"
                return BandException(position, kind, True, reason, (code, *walls))
            reason = f"no contiguous set of whole sectors with {code} has {band.low:,} to {band.high:,} households"
            return BandException(position, ExceptionKind.NO_FIT, True, reason, (code,))
    if is_best:
        reason = f"{told}: {total:,} households; every way to group the sectors leaves as many buurten outside the band"
        return BandException(position, ExceptionKind.NO_PARTITION, True, reason, codes)
    reason = f"{told}: {total:,} households; no arrangement in the band was found, which does not prove there is none"
    return BandException(position, ExceptionKind.NOT_FOUND, False, reason, codes)


def _neighbours(problem: ProposalProblem, k: int) -> list[int]:
    found: list[int] = problem.borders.neighbours[problem.borders.starts[k] : problem.borders.starts[k + 1]].tolist()
    return found


def _fits(problem: ProposalProblem, k: int, band: HouseholdsBand) -> bool | None:
    """Tell whether a contiguous set with a sector is in the band; None where there are too many sets to try."""
    seen = {frozenset([k])}
    stack = [frozenset([k])]
    while stack:
        sectors = stack.pop()
        total = sum(int(problem.households[m]) for m in sectors)
        if band.holds(total):
            return True
        if total > band.high:
            continue
        for v in {v for m in sectors for v in _neighbours(problem, m)} - sectors:
            larger = sectors | {v}
            if larger not in seen:
                if len(seen) >= _MOST_SETS:
                    return None
                seen.add(larger)
                stack.append(larger)
    return False


def _names(problem: ProposalProblem, members: Sequence[Sequence[int]]) -> list[dict[str, str]]:
    """Name each buurt after its largest sector; where another has that name too, after its largest two, or a number."""
    result: list[dict[str, str]] = [{} for _ in members]
    languages = sorted({language for names in problem.names for language, name in names.items() if name})
    for language in languages:
        candidates = []
        for sectors in members:
            largest = sorted(sectors, key=lambda k: (-problem.households[k], k))
            candidates.append([name for k in largest if (name := problem.names[k].get(language))])
        common = Counter(names[0] for names in candidates if names)
        taken: set[str] = set()
        for k, names in enumerate(candidates):
            if not names:
                continue
            others = [name for name in names if name != names[0]]
            name = f"{names[0]} - {others[0]}" if common[names[0]] > 1 and others else names[0]
            unique, number = name, 2
            while unique in taken:
                unique, number = f"{name} {number}", number + 1
            taken.add(unique)
            result[k][language] = unique
    return result
