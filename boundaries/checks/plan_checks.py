"""Checks a whole plan: gaps, overlaps and unassigned blocks, every buurt, barriers and streets."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyproj
import shapely

from boundaries.blocks import Area, PlanState
from boundaries.border_graph import BorderGraph
from boundaries.checks.barrier_checks import check_barriers
from boundaries.checks.buurt_checks import assigned, check_buurt
from boundaries.checks.checked_plan import CheckedPlan
from boundaries.checks.problems import CheckSettings, Figure, Problem, Remedy, Severity
from boundaries.checks.street_checks import StreetAddress, check_streets
from boundaries.tiling import NOTABLE_AREA_M2, Shapes, find_gaps, find_overlaps, join_areas
from geo.crs import METRES_PER_DEGREE, area_m2


def check_plan(
    state: PlanState,
    settings: CheckSettings,
    *,
    sectors: Mapping[str, Area] | None = None,
    outline: Area | None = None,
    borders: BorderGraph | None = None,
    barriers: Sequence[shapely.Geometry] = (),
    addresses: Iterable[StreetAddress] = (),
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
    borders
        The borders of the plan's blocks, as a draft keeps them; None measures them, with the same answer.
    barriers
        Lines that a buurt should not lie across, in the plan's CRS.
    addresses
        The house numbers of the municipality, for streets that are split.

    Returns
    -------
    list of Problem
        Errors first, then warnings, then information.
    """
    plan = CheckedPlan(state, settings, borders)
    problems = [*_gaps(state, sectors, outline), *_overlaps(state, sectors), *_unassigned(plan)]
    problems += [problem for code in sorted(state.buurten) for problem in check_buurt(plan, code)]
    problems += check_barriers(plan, np.array(barriers, dtype=object))
    problems += check_streets(plan, addresses)
    return _by_severity(problems)


def _by_severity(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems with errors first, then warnings, then information; else as they come."""
    order = list(Severity)
    return sorted(problems, key=lambda problem: order.index(problem.severity))


def _shapes(state: PlanState) -> Shapes:
    return np.array([block.shape for block in state.blocks.values()], dtype=object)


def _gaps(state: PlanState, sectors: Mapping[str, Area] | None, outline: Area | None) -> Iterator[Problem]:
    """Find what no block covers: an error, unless the official sectors do not cover it either."""
    shapes = _shapes(state)
    open_places = [gap.place for gap in find_gaps(shapes, state.crs)]
    if outline is not None:
        open_places += shapely.get_parts(shapely.difference(outline, join_areas(shapes))).tolist()
    places = shapely.union_all(open_places)
    if sectors is None:
        told = [(places, Severity.ERROR)]
    else:
        near = _those_near(np.array(list(sectors.values()), dtype=object), places)
        told = [(shapely.difference(places, shapely.union_all(near)), Severity.INFO)]
        # A sector that is lost at the edge leaves no hole, and lies in no outline either where none is given.
        changed = [
            sector
            for code, sector in sectors.items()
            if code not in state.blocks or not shapely.equals_exact(state.blocks[code].shape, sector)
        ]
        lost = [shapely.difference(sector, shapely.union_all(_those_near(shapes, sector))) for sector in changed]
        told.append((shapely.union_all(lost), Severity.ERROR))
    for place, severity in ((part, severity) for shape, severity in told for part in shapely.get_parts(shape)):
        [area] = area_m2(np.array([place], dtype=object), state.crs)
        if area >= NOTABLE_AREA_M2 and _planar_m2(place, state.crs) >= NOTABLE_AREA_M2:
            code = "gap" if severity == Severity.ERROR else "official-gap"
            remedy = Remedy("restore-sectors") if severity == Severity.ERROR else None
            yield Problem(code, severity, place, (), (), (Figure(float(area), "m2"),), remedy)


def _planar_m2(place: shapely.Geometry, crs: str) -> float:
    """Return the area of a small place whose edges are straight in its CRS, as they are in what it was cut from.

    On the ellipsoid an edge of 400 m in degrees is a geodesic, which passes a vertex on the straight one at a tenth of
    a millimetre: a cut that ends on such a border then seems to leave a gap of some square decimetres.
    """
    planar = float(shapely.area(place))
    if not pyproj.CRS(crs).is_geographic or planar == 0.0:
        return planar
    return planar * METRES_PER_DEGREE**2 * math.cos(math.radians(shapely.get_y(shapely.centroid(place))))


def _those_near(shapes: Shapes, place: shapely.Geometry) -> Shapes:
    """Return the shapes whose bounding boxes meet that of a place."""
    # Those of an empty place are no numbers, which nothing meets.
    low_x, low_y, high_x, high_y = shapely.bounds(place)
    boxes = shapely.bounds(shapes)
    meets = (boxes[:, 0] <= high_x) & (boxes[:, 2] >= low_x) & (boxes[:, 1] <= high_y) & (boxes[:, 3] >= low_y)
    met: Shapes = shapes[meets]
    return met


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
        is_made = made >= NOTABLE_AREA_M2 and _planar_m2(left, state.crs) >= NOTABLE_AREA_M2
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


def _unassigned(plan: CheckedPlan) -> Iterator[Problem]:
    for code in plan.blocks_of(None):
        block = plan.state.blocks[code]
        figures = () if block.counts.households is None else (Figure(block.counts.households, "households"),)
        place = plan.borders.measures_of(code).place
        yield Problem(
            "unassigned", Severity.ERROR, place, (), (code,), figures, assigned(plan, "assign", (code,), None)
        )
