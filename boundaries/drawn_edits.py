"""Operations that cut blocks along what was drawn, worked out as changes."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely

from boundaries.blocks import Area, Block
from boundaries.borders import BORDER_TOLERANCE_M, share_borders
from boundaries.changes import Change, Step
from boundaries.contiguity import connected_parts
from boundaries.cutting import Cut, cut_shapes
from boundaries.draft import Draft, codes_of_sector
from boundaries.edit_errors import (
    LineCutsNothingError,
    LockedBuurtError,
    NothingChangesError,
    NotJoinableError,
    NotOnBorderError,
    UnknownCodeError,
)
from boundaries.noding import Edge, border_edges
from boundaries.operations import CutBlocks, JoinBlocks, Position, ReshapeBorder, SplitBuurt
from boundaries.regrouping import new_buurt
from geo.crs import LONLAT, in_crs_units, transform_points

_TIP_WIDTHS = 3.0
"""How far the point of a tip may lie from the line, in snapping distances: twice its mean width, with room."""
_NO_BARRIERS = np.array([], dtype=object)


def cut_blocks(operation: CutBlocks, draft: Draft) -> Change:
    """Cut blocks along a line."""
    targets = None
    if operation.blocks is not None:
        targets = {draft.block(code, "blocks").code for code in operation.blocks}
    line = _drawn(draft, operation.line)
    cut = _cut(draft, line, targets, operation.snap_m)
    if not cut.pieces:
        raise LineCutsNothingError("the line crosses no block from border to border", "line")
    return _change(draft, cut)


def join_blocks(operation: JoinBlocks, draft: Draft) -> Change:
    """Make the parts of a sector one block again."""
    parts = [draft.blocks[code] for code in codes_of_sector(draft, operation.sector)]
    if not parts:
        raise UnknownCodeError(f"this draft has no sector {operation.sector!r}", "sector", [operation.sector])
    if len(parts) == 1:
        raise NotJoinableError(f"sector {operation.sector} is whole", "sector", [operation.sector])
    buurten = {draft.buurt_of[part.code] for part in parts}
    if len(buurten) > 1:
        told = ", ".join(sorted(buurt or "no buurt" for buurt in buurten))
        raise NotJoinableError(
            f"the parts of {operation.sector} are in {told}: bring them together first", "sector", [operation.sector]
        )
    shape = shapely.coverage_union_all([part.shape for part in parts])
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
        raise NotJoinableError(f"the parts of {operation.sector} do not make an area", "sector", [operation.sector])
    [counts] = draft.counter.count(operation.sector, [shape])
    [buurt] = buurten
    whole = Block(operation.sector, operation.sector, shape, counts)
    return Change(
        blocks={**{part.code: Step(part, None) for part in parts}, whole.code: Step(None, whole)},
        assignments={**{part.code: Step(buurt, None) for part in parts}, whole.code: Step(None, buurt)},
    )


def split_buurt(operation: SplitBuurt, draft: Draft) -> Change:
    """Cut a buurt in two; by a line the new one is the side with fewer households, by a polygon what lies inside."""
    buurt = draft.buurt(operation.buurt, "buurt")
    made = new_buurt(draft, operation.code, operation.names, operation.colour)
    targets = draft.blocks_of(buurt.code)
    if operation.polygon is None:
        field, line = "line", _drawn(draft, operation.line or ())
    else:
        field, line = "polygon", _drawn(draft, (*operation.polygon, operation.polygon[0]))
    cut = _cut(draft, line, targets, operation.snap_m)
    change = _change(draft, cut)
    blocks = {code: _after(draft, change, code) for code in _codes_after(targets, cut)}
    if operation.polygon is None:
        given = _smaller_side(blocks, cut, draft, _TIP_WIDTHS * in_crs_units(operation.snap_m, draft.crs))
    else:
        ring = shapely.make_valid(shapely.Polygon(line.coords))
        given = _inside(ring, {code: block.shape for code, block in blocks.items()})
    if not given or len(given) == len(blocks):
        raise LineCutsNothingError(f"all of {buurt.code} lies on one side of what was drawn", field, [buurt.code])
    return replace(_moved(draft, change, dict.fromkeys(given, made.code)), buurten={made.code: Step(None, made)})


def reshape_border(operation: ReshapeBorder, draft: Draft) -> Change:
    """Move a stretch of the border between two buurten to a line: what lies between goes to the other side."""
    left, right = draft.buurt(operation.left, "left"), draft.buurt(operation.right, "right")
    if left.code == right.code:
        raise NothingChangesError("a border is between two different buurten", "right")
    line = _drawn(draft, operation.line)
    between = draft.blocks_of(left.code) | draft.blocks_of(right.code)
    cut = _cut(draft, line, between, operation.snap_m)
    shapes, border = _border_after(draft, cut, left.code, right.code)
    on_border = {point for x1, y1, x2, y2 in border for point in ((x1, y1), (x2, y2))}
    met = [place for place, point in enumerate(cut.line) if point in on_border]
    if len(met) < 2:
        raise NotOnBorderError(
            f"the line must begin and end on the border between {left.code} and {right.code}",
            "line",
            [left.code, right.code],
        )
    if (met[0], met[-1]) != (0, len(cut.line) - 1):
        # What was drawn past the border would cut blocks that stay where they are.
        cut = _cut(draft, shapely.LineString(cut.line[met[0] : met[-1] + 1]), between, operation.snap_m)
        shapes, border = _border_after(draft, cut, left.code, right.code)
    faces = _faces_between(border, cut)
    other = {left.code: right.code, right.code: left.code}
    flipped = {code: other[_buurt_before(draft, code) or ""] for code in _inside(faces, shapes)}
    if not flipped:
        raise LineCutsNothingError("the line runs along the border that is there", "line")
    return _moved(draft, _change(draft, cut), flipped)


def _border_after(draft: Draft, cut: Cut, left: str, right: str) -> tuple[dict[str, Area], frozenset[Edge]]:
    """Return the shapes of two buurten's blocks after a cut, and the border's segments between the two."""
    shapes: dict[str, Area] = {}
    for code in sorted(draft.blocks_of(left) | draft.blocks_of(right)):
        if code in cut.pieces:
            shapes.update(_parts(code, cut))
        else:
            shapes[code] = cut.revertexed.get(code, draft.blocks[code].shape)
    border = frozenset(_shared_edges(*(_beside(draft, shapes, *pair) for pair in ((left, right), (right, left)))))
    if not border:
        raise NotOnBorderError(f"{left} and {right} share no border", "right", [left, right])
    return shapes, border


def _beside(draft: Draft, shapes: Mapping[str, Area], buurt: str, other: str) -> npt.NDArray[np.object_]:
    """Return those shapes of a buurt's blocks, or of parts of them, whose block borders on another buurt."""
    beyond = draft.blocks_of(other)
    found = {code for code in draft.blocks_of(buurt) if not beyond.isdisjoint(draft.neighbours_of(code))}
    return np.array([shape for code, shape in shapes.items() if _block_before(draft, code) in found], dtype=object)


def _shared_edges(left: npt.NDArray[np.object_], right: npt.NDArray[np.object_]) -> Iterator[Edge]:
    """Give the segments that borders of areas on the left and on the right have in common."""
    own = set(map(tuple, border_edges(left).tolist()))
    yield from own.intersection(map(tuple, border_edges(right).tolist()))


def _faces_between(border: frozenset[Edge], cut: Cut) -> shapely.Geometry:
    """Return the area between a border and the line that replaces a stretch of it.

    Where the border is closed, around an enclave, the longest stretch between two meetings with the line stays.
    """
    kept = set(border)
    on_line = {point for x1, y1, x2, y2 in cut.edges for point in ((x1, y1), (x2, y2))}
    for ring in shapely.get_parts(shapely.polygonize(_lines(sorted(border)))):
        for loop in (ring.exterior, *ring.interiors):
            points = [(float(x), float(y)) for x, y in loop.coords[:-1]]
            meetings = [place for place, point in enumerate(points) if point in on_line]
            start = meetings[0] if len(meetings) > 1 else 0
            points = points[start:] + points[: start + 1]
            stretches: list[list[Edge]] = [[]]
            for one, other in pairwise(points):
                stretches[-1].append((*min(one, other), *max(one, other)))
                if len(meetings) > 1 and other in on_line:
                    stretches.append([])
            longest = max(stretches, key=lambda edges: sum(np.hypot(c - a, d - b) for a, b, c, d in edges))
            kept.difference_update(longest)
    faces = shapely.get_parts(shapely.polygonize(_lines(sorted(kept | cut.edges))))
    parts = shapely.get_parts(shapely.union_all(faces))
    if not kept or not len(parts):
        return shapely.MultiPolygon()
    stretch = shapely.MultiLineString(list(_lines(sorted(kept))))
    beside = shapely.length(shapely.intersection(shapely.boundary(parts), stretch)) > 0
    return shapely.union_all(parts[beside])


def _lines(edges: Collection[Edge]) -> npt.NDArray[np.object_]:
    return np.atleast_1d(np.asarray(shapely.linestrings(np.array(list(edges)).reshape(-1, 2, 2))))


def _drawn(draft: Draft, positions: Iterable[Position]) -> shapely.LineString:
    """Bring drawn positions to the plan's CRS."""
    lonlat = np.array(list(positions), dtype=np.float64)
    x, y = transform_points(lonlat[:, 0], lonlat[:, 1], LONLAT, draft.crs)
    points = np.column_stack([x, y])
    if not np.isfinite(points).all():
        raise LineCutsNothingError(f"what was drawn lies outside the area of {draft.crs}", "line")
    return shapely.LineString(points)


def _cut(draft: Draft, line: shapely.LineString, targets: Collection[str] | None, snap_m: float) -> Cut:
    """Cut those of the targets that the line divides; without targets, every block. No locked buurt is cut."""
    snap = in_crs_units(snap_m, draft.crs)
    low_x, low_y, high_x, high_y = line.bounds
    near = draft.blocks_near((low_x - snap, low_y - snap, high_x + snap, high_y + snap))
    shapes = {code: draft.blocks[code].shape for code in near}
    cut = cut_shapes(shapes, set(near if targets is None else targets), line, snap=snap)
    for code in cut.pieces:
        buurt = draft.buurt_of[code]
        if buurt is not None and draft.buurten[buurt].locked:
            raise LockedBuurtError(f"{buurt} is locked: unlock it before {code} is cut", "line", [buurt])
    return cut


def _change(draft: Draft, cut: Cut) -> Change:
    """Return what a cut does: parts for blocks, vertices for neighbours, all parts of a divided sector counted anew."""
    blocks: dict[str, Step[Block]] = {}
    assignments: dict[str, Step[str]] = {}
    for code, shape in cut.revertexed.items():
        before = draft.blocks[code]
        blocks[code] = Step(before, Block(code, before.sector_code, shape, before.counts))
    by_sector: dict[str, dict[str, Area]] = {}
    for code in cut.pieces:
        before = draft.blocks[code]
        blocks[code] = Step(before, None)
        assignments[code] = Step(draft.buurt_of[code], None)
        by_sector.setdefault(before.sector_code, {}).update(_parts(code, cut))
    for sector_code, parts in by_sector.items():
        for code in codes_of_sector(draft, sector_code):
            if code not in cut.pieces:
                parts[code] = cut.revertexed.get(code, draft.blocks[code].shape)
        codes = sorted(parts)
        counts = draft.counter.count(sector_code, [parts[code] for code in codes])
        for code, of_part in zip(codes, counts, strict=True):
            known = draft.blocks.get(code)
            after = Block(code, sector_code, parts[code], of_part)
            if known != after:
                blocks[code] = Step(known, after)
            if known is None:
                assignments[code] = Step(None, _buurt_before(draft, code))
    return Change(blocks=blocks, assignments=assignments)


def _moved(draft: Draft, change: Change, moved: Mapping[str, str]) -> Change:
    """Return a cut's change with blocks moved to other buurten, by the codes that they have after it."""
    assignments = dict(change.assignments)
    for code, buurt in moved.items():
        assignments[code] = Step(assignments[code].before if code in assignments else draft.buurt_of[code], buurt)
    return replace(change, assignments=assignments)


def _parts(code: str, cut: Cut) -> dict[str, Area]:
    """Return the parts of a block that a cut divides, by their codes."""
    return {f"{code}/{number}": piece for number, piece in enumerate(cut.pieces[code], start=1)}


def _codes_after(targets: Iterable[str], cut: Cut) -> list[str]:
    """Return the codes that some blocks have after a cut."""
    codes: list[str] = []
    for code in sorted(targets):
        codes += _parts(code, cut) if code in cut.pieces else [code]
    return codes


def _after(draft: Draft, change: Change, code: str) -> Block:
    step = change.blocks.get(code)
    if step is None:
        return draft.blocks[code]
    assert step.after is not None  # noqa: S101 -- asked for codes after the change alone
    return step.after


def _block_before(draft: Draft, code: str) -> str:
    """Return the code of a block, or of the block that it is a part of."""
    while code not in draft.buurt_of:
        code = code.rpartition("/")[0]
    return code


def _buurt_before(draft: Draft, code: str) -> str | None:
    """Return the buurt of a block, or of the block that it is a part of."""
    return draft.buurt_of[_block_before(draft, code)]


def _inside(area: shapely.Geometry, shapes: Mapping[str, Area]) -> set[str]:
    """Return the areas that lie inside another, by a point in each."""
    shapely.prepare(area)
    codes, areas = list(shapes), np.array(list(shapes.values()), dtype=object)
    met = np.flatnonzero(shapely.intersects(area, areas))
    within = met[shapely.contains_properly(area, shapely.point_on_surface(areas[met]))]
    return {codes[position] for position in within}


def _wholes(code: str) -> Iterator[str]:
    """Give the codes of the blocks that a part was cut from."""
    while "/" in code:
        code = code.rpartition("/")[0]
        yield code


def _within(edges: Iterable[Edge], cut: Cut, reach: float) -> set[Edge]:
    """Return the segments that lie within reach of a cut's line from end to end."""
    segments = list(edges)
    if not segments:
        return set()
    ends = shapely.get_point(_lines(segments)[:, None], [0, 1])
    near = np.asarray(shapely.dwithin(ends, shapely.LineString(cut.line), reach)).all(axis=1)
    return {segments[position] for position in np.flatnonzero(near)}


def _smaller_side(blocks: Mapping[str, Block], cut: Cut, draft: Draft, reach: float) -> set[str]:
    """Return the blocks on the side of the line that has fewer households; none where the line separates nothing.

    Blocks that share a border off the line hang together, however the line runs between others of them; the border of
    a tip that was too narrow to be cut off, within reach of the line, stands for it. Those regions that the line
    separates lie on one side and the other in turn.
    """
    codes = list(blocks)
    shapes = np.array([block.shape for block in blocks.values()], dtype=object)
    owners: dict[Edge, list[int]] = {}
    for k in range(len(codes)):
        for x1, y1, x2, y2 in border_edges(shapes[k : k + 1]).tolist():
            owners.setdefault((x1, y1, x2, y2), []).append(k)
    same: list[set[int]] = [set() for _ in codes]
    across: list[set[int]] = [set() for _ in codes]
    with_tip = {place for place, code in enumerate(codes) if not cut.tipped.isdisjoint((code, *_wholes(code)))}
    of_tips = _within((edge for edge, of in owners.items() if not with_tip.isdisjoint(of)), cut, reach)
    for edge, (first, *others) in owners.items():
        linked = across if edge in cut.edges or edge in of_tips else same
        for other in others:
            linked[first].add(other)
            linked[other].add(first)
    # Borders that are not drawn vertex for vertex are shared all the same.
    near = share_borders(shapes, _NO_BARRIERS, tolerance_m=in_crs_units(BORDER_TOLERANCE_M, draft.crs))
    for one in range(len(codes)):
        for other in map(int, near.neighbours[near.starts[one] : near.starts[one + 1]]):
            if other not in across[one]:
                same[one].add(other)
    regions = connected_parts(codes, {code: [codes[k] for k in same[one]] for one, code in enumerate(codes)})
    regions.sort(key=min)
    region_of = {code: number for number, region in enumerate(regions) for code in region}
    beyond: dict[int, set[int]] = {}
    for one, reached in enumerate(across):
        here = region_of[codes[one]]
        beyond.setdefault(here, set()).update({region_of[codes[other]] for other in reached} - {here})
    side: dict[int, int] = {}
    for start in (number for number in range(len(regions)) if beyond[number]):
        waiting = deque([start] if start not in side else [])
        side.setdefault(start, 0)
        while waiting:
            here = waiting.popleft()
            for there in sorted(beyond[here] - side.keys()):
                side[there] = 1 - side[here]
                waiting.append(there)
    sides: tuple[set[str], set[str]] = (set(), set())
    for number, which in side.items():
        sides[which].update(regions[number])
    return min(sides, key=lambda of: (sum(blocks[code].counts.households or 0 for code in of), of is sides[0]))
