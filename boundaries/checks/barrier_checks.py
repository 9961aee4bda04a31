"""Checks whether buurten lie across a barrier: a railway, a canal, a motorway."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import shapely

from boundaries.borders import BORDER_TOLERANCE_M, share_borders
from boundaries.checks.checked_plan import CheckedPlan
from boundaries.checks.problems import Figure, Problem, Remedy, Severity
from boundaries.contiguity import connected_parts
from boundaries.measures import metric_crs
from boundaries.operations import AssignBlocks
from boundaries.tiling import join_areas
from geo.crs import transform_shapes

Shapes = npt.NDArray[np.object_]

_ALONG = 0.5
"""Share of a border from which it runs along a barrier."""


def check_barriers(plan: CheckedPlan, barriers: Shapes) -> Iterator[Problem]:
    """Find the buurten that a barrier runs through, and tell which blocks lie on its other side.

    A barrier that runs along a buurt's border, or ends soon after it enters, is none for it.

    Parameters
    ----------
    plan
        The plan.
    barriers
        Lines of shape (n,), in the plan's CRS.
    """
    codes = sorted(plan.state.blocks)
    shapes: Shapes = np.array([plan.state.blocks[code].shape for code in codes], dtype=object)
    if not len(barriers) or not codes:
        return
    metric = metric_crs(shapes, plan.state.crs)
    flat = transform_shapes(shapes, plan.state.crs, metric)
    lines = transform_shapes(barriers, plan.state.crs, metric)
    lines = lines[shapely.intersects(lines, shapely.box(*shapely.total_bounds(flat)))]
    position = {code: place for place, code in enumerate(codes)}
    inside = {
        buurt: stretch
        for buurt in sorted(plan.state.buurten)
        if (stretch := _inside(flat[[position[code] for code in plan.blocks_of(buurt)]], lines, plan)) is not None
    }
    if not inside:
        return
    open_m = _open_borders(codes, flat, lines, plan.settings.barrier_width_m)
    for buurt, stretch in inside.items():
        beyond = _beyond(plan, buurt, open_m)
        yield Problem(
            "barrier-crossed",
            Severity.WARNING,
            transform_shapes(stretch, metric, plan.state.crs),
            (buurt,),
            beyond,
            (Figure(float(shapely.length(stretch)), "m"),),
            _remedy(plan, buurt, beyond, open_m),
        )


def _inside(blocks: Shapes, lines: Shapes, plan: CheckedPlan) -> shapely.Geometry | None:
    """Return where barriers run inside a buurt and not along its border; None where that is short."""
    crossing = lines[shapely.STRtree(lines).query(blocks, predicate="intersects")[1]] if len(lines) else lines
    if not len(crossing):
        return None
    area = join_areas(blocks)
    stretch = shapely.intersection(shapely.union_all(crossing), area)
    if shapely.length(stretch) < plan.settings.barrier_least_m:
        return None
    width = plan.settings.barrier_width_m
    border = shapely.intersection(shapely.boundary(area), shapely.buffer(stretch, width, quad_segs=2))
    stretch = shapely.difference(stretch, shapely.buffer(border, width))
    return stretch if shapely.length(stretch) >= plan.settings.barrier_least_m else None


def _open_borders(codes: list[str], flat: Shapes, lines: Shapes, width_m: float) -> dict[str, dict[str, float]]:
    """Return the borders between blocks that do not run along a barrier, in metres."""
    found = share_borders(flat, lines, tolerance_m=BORDER_TOLERANCE_M, barrier_width_m=width_m)
    links: dict[str, dict[str, float]] = {code: {} for code in codes}
    for place, code in enumerate(codes):
        for at in range(found.starts[place], found.starts[place + 1]):
            if found.barrier_share[at] < _ALONG:
                links[code][codes[int(found.neighbours[at])]] = float(found.length_m[at])
    return links


def _beyond(plan: CheckedPlan, buurt: str, open_m: dict[str, dict[str, float]]) -> tuple[str, ...]:
    """Return a buurt's blocks beyond the barrier from the side with most households; none where blocks lie across."""
    parts = connected_parts(plan.blocks_of(buurt), open_m)
    largest = min(parts, key=lambda part: (-plan.households(part), min(part)))
    return tuple(sorted(set(plan.blocks_of(buurt)) - largest))


def _remedy(plan: CheckedPlan, buurt: str, beyond: tuple[str, ...], open_m: dict[str, dict[str, float]]) -> Remedy:
    if not beyond:
        return Remedy("cut-along-barrier")
    shared: dict[str, float] = {}
    for code in beyond:
        for other, length in open_m[code].items():
            of = plan.state.buurt_of.get(other)
            if of is not None and of != buurt and plan.is_free(of):
                shared[of] = shared.get(of, 0.0) + length
    if not shared:
        return Remedy("split", {"buurten": 2})
    into = max(shared, key=lambda code: (shared[code], code))
    parameters = {"buurt": into}
    # Several parts beyond may border on different buurten: one operation gives away one that hangs together.
    together = connected_parts(beyond, open_m)
    beside = [part for part in together if any(plan.state.buurt_of.get(o) == into for c in part for o in open_m[c])]
    if not plan.is_free(buurt):
        return Remedy("assign-elsewhere", parameters)
    blocks = tuple(sorted(set().union(*beside)))
    return Remedy("assign-elsewhere", parameters, AssignBlocks(blocks=blocks, buurt=into, allow_parts=True))
