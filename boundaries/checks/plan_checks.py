"""Checks a whole plan: gaps, overlaps and unassigned blocks, and then every buurt."""

from collections.abc import Iterator, Mapping

import numpy as np
import shapely

from boundaries.blocks import Area, PlanState
from boundaries.checks.buurt_checks import check_buurten
from boundaries.checks.problems import CheckSettings, Figure, Problem, Remedy, Severity
from boundaries.tiling import NOTABLE_AREA_M2, Shapes, find_gaps, find_overlaps
from geo.crs import area_m2


def check_plan(
    state: PlanState,
    settings: CheckSettings,
    *,
    sectors: Mapping[str, Area] | None = None,
    outline: Area | None = None,
) -> list[Problem]:
    """Check everything about a plan.

    Parameters
    ----------
    state
        The plan.
    settings
        What a good buurt is.
    sectors
        Official sectors by code, in the plan's CRS: gaps and overlaps that they have themselves are told as
        information, because no edit made them.
    outline
        The municipality, in the plan's CRS: with it, gaps that open to the outside are found too.

    Returns
    -------
    list of Problem
        Errors first, then warnings, then information.
    """
    base = None if sectors is None else np.array(list(sectors.values()), dtype=object)
    problems = [*_gaps(state, base, outline), *_overlaps(state, sectors), *_unassigned(state)]
    problems += check_buurten(state, state.buurten, settings)
    return sorted(problems, key=lambda problem: list(Severity).index(problem.severity))


def _shapes(state: PlanState) -> Shapes:
    return np.array([block.shape for block in state.blocks.values()], dtype=object)


def _gaps(state: PlanState, base: Shapes | None, outline: Area | None) -> Iterator[Problem]:
    shapes = _shapes(state)
    open_places = [gap.place for gap in find_gaps(shapes, state.crs)]
    wanted = [shape for shape in (outline, *([] if base is None else base)) if shape is not None]
    if wanted:
        covered, wanted_union = shapely.union_all(shapes), shapely.union_all(wanted)
        missing = shapely.difference(wanted_union, covered)
        known = shapely.union_all([shapely.difference(place, wanted_union) for place in open_places])
        told = [(part, Severity.ERROR) for part in shapely.get_parts(missing)]
        told += [(part, Severity.INFO) for part in shapely.get_parts(known)]
    else:
        told = [(place, Severity.ERROR) for place in open_places]
    for place, severity in told:
        [area] = area_m2(np.array([place], dtype=object), state.crs)
        if area >= NOTABLE_AREA_M2:
            code = "gap" if severity == Severity.ERROR else "official-gap"
            remedy = Remedy("restore-sectors") if severity == Severity.ERROR else None
            yield Problem(code, severity, place, (), (), (Figure(float(area), "m2"),), remedy)


def _overlaps(state: PlanState, sectors: Mapping[str, Area] | None) -> Iterator[Problem]:
    blocks = list(state.blocks.values())
    for overlap in find_overlaps(_shapes(state), state.crs):
        if overlap.area_m2 < NOTABLE_AREA_M2:
            continue
        pair = blocks[overlap.left], blocks[overlap.right]
        one, other = ((sectors or {}).get(block.sector_code) for block in pair)
        left = overlap.place
        if one is not None and other is not None and pair[0].sector_code != pair[1].sector_code:
            left = shapely.difference(left, shapely.intersection(one, other))
        [made] = area_m2(np.array([left], dtype=object), state.crs)
        is_made = made >= NOTABLE_AREA_M2
        buurten = {state.buurt_of.get(block.code) for block in pair} - {None}
        yield Problem(
            "overlap" if is_made else "official-overlap",
            Severity.ERROR if is_made else Severity.INFO,
            overlap.place,
            tuple(sorted(buurt for buurt in buurten if buurt is not None)),
            tuple(block.code for block in pair),
            (Figure(overlap.area_m2, "m2"),),
            Remedy("restore-sectors") if is_made else None,
        )


def _unassigned(state: PlanState) -> Iterator[Problem]:
    for code, block in sorted(state.blocks.items()):
        if state.buurt_of.get(code) is None:
            place = shapely.point_on_surface(block.shape)
            figures = () if block.counts.households is None else (Figure(block.counts.households, "households"),)
            yield Problem("unassigned", Severity.ERROR, place, (), (code,), figures, Remedy("assign"))
