"""Operations that cut blocks along what was drawn, worked out as changes."""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise

import numpy as np
import shapely

from boundaries.blocks import Area, Block, Buurt
from boundaries.borders import share_borders
from boundaries.changes import Change, Step
from boundaries.cutting import Cut, cut_shapes
from boundaries.draft import BORDER_TOLERANCE_M, Draft, codes_of_sector
from boundaries.edit_errors import (
    LineCutsNothingError,
    LockedBuurtError,
    NothingChangesError,
    NotJoinableError,
    NotOnBorderError,
    UnknownCodeError,
)
from boundaries.noding import border_edges
from boundaries.operations import CutBlocks, JoinBlocks, Position, ReshapeBorder, SplitBuurt
from boundaries.regrouping import new_buurt
from geo.crs import LONLAT, in_crs_units, transform_points

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
    return _change(draft, cut, {})


def join_blocks(operation: JoinBlocks, draft: Draft) -> Change:
    """Make the parts of a sector one block again."""
    parts = [draft.blocks[code] for code in codes_of_sector(draft, operation.sector)]
    if not parts:
        raise UnknownCodeError(f"this draft has no sector {operation.sector!r}", "sector")
    if len(parts) == 1:
        raise NotJoinableError(f"sector {operation.sector} is whole", "sector")
    buurten = {draft.buurt_of[part.code] for part in parts}
    if len(buurten) > 1:
        told = ", ".join(sorted(buurt or "no buurt" for buurt in buurten))
        raise NotJoinableError(f"the parts of {operation.sector} are in {told}: bring them together first", "sector")
    shape = shapely.coverage_union_all([part.shape for part in parts])
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
        raise NotJoinableError(f"the parts of {operation.sector} do not make an area", "sector")
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
    change = _change(draft, cut, {})
    blocks = {code: _after(draft, change, code) for code in _codes_after(targets, cut)}
    if operation.polygon is None:
        given = _smaller_side(blocks, cut, draft)
    else:
        ring = shapely.make_valid(shapely.Polygon(line.coords))
        given = _inside(ring, blocks)
    if not given or len(given) == len(blocks):
        raise LineCutsNothingError(f"all of {buurt.code} lies on one side of what was drawn", field)
    return _change(draft, cut, dict.fromkeys(given, made.code), {made.code: Step(None, made)})


def reshape_border(operation: ReshapeBorder, draft: Draft) -> Change:
    """Move a stretch of the border between two buurten to a line: what lies between goes to the other side."""
    left, right = draft.buurt(operation.left, "left"), draft.buurt(operation.right, "right")
    if left.code == right.code:
        raise NothingChangesError("a border is between two different buurten", "right")
    line = _drawn(draft, operation.line)
    between = draft.blocks_of(left.code) | draft.blocks_of(right.code)
    cut = _cut(draft, line, between, operation.snap_m)
    change = _change(draft, cut, {})
    blocks = {code: _after(draft, change, code) for code in _codes_after(between, cut)}
    buurt_of = {code: _buurt_before(draft, code) for code in blocks}
    sides = [
        border_edges(np.array([blocks[code].shape for code in blocks if buurt_of[code] == side], dtype=object))
        for side in (left.code, right.code)
    ]
    border = sorted(set(map(tuple, sides[0].tolist())) & set(map(tuple, sides[1].tolist())))
    if not border:
        raise NotOnBorderError(f"{left.code} and {right.code} share no border", "right")
    lines = shapely.linestrings(np.array(border).reshape(-1, 2, 2))
    drawn = shapely.linestrings(np.array([cut.line[:-1], cut.line[1:]]).transpose(1, 0, 2))
    faces = shapely.union_all(shapely.get_parts(shapely.polygonize(np.concatenate([lines, drawn]))))
    if faces.is_empty:
        raise NotOnBorderError(
            f"the line must begin and end on the border between {left.code} and {right.code}", "line"
        )
    other = {left.code: right.code, right.code: left.code}
    flipped = {code: other[buurt_of[code] or ""] for code in _inside(faces, blocks)}
    if not flipped:
        raise LineCutsNothingError("the line runs along the border that is there", "line")
    return _change(draft, cut, flipped)


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
            raise LockedBuurtError(f"{buurt} is locked: unlock it before {code} is cut", "line")
    return cut


def _change(
    draft: Draft, cut: Cut, moved: Mapping[str, str], buurten: Mapping[str, Step[Buurt]] | None = None
) -> Change:
    """Return what a cut does: parts for blocks, vertices for neighbours, all parts of a divided sector counted anew.

    Parameters
    ----------
    moved
        By the code of a block after the cut, the buurt that it goes to.
    """
    blocks: dict[str, Step[Block]] = {}
    assignments: dict[str, Step[str]] = {}
    for code, shape in cut.revertexed.items():
        before = draft.blocks[code]
        blocks[code] = Step(before, Block(code, before.sector_code, shape, before.counts))
    by_sector: dict[str, dict[str, Area]] = {}
    for code, pieces in cut.pieces.items():
        before = draft.blocks[code]
        blocks[code] = Step(before, None)
        assignments[code] = Step(draft.buurt_of[code], None)
        parts = by_sector.setdefault(before.sector_code, {})
        parts.update({f"{code}/{number}": piece for number, piece in enumerate(pieces, start=1)})
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
    for code, buurt in moved.items():
        assignments[code] = Step(assignments[code].before if code in assignments else draft.buurt_of[code], buurt)
    return Change(blocks=blocks, assignments=assignments, buurten=dict(buurten or {}))


def _codes_after(targets: Iterable[str], cut: Cut) -> list[str]:
    """Return the codes that some blocks have after a cut."""
    codes = []
    for code in sorted(targets):
        pieces = len(cut.pieces.get(code, ()))
        codes += [f"{code}/{number}" for number in range(1, pieces + 1)] or [code]
    return codes


def _after(draft: Draft, change: Change, code: str) -> Block:
    step = change.blocks.get(code)
    if step is None:
        return draft.blocks[code]
    assert step.after is not None  # noqa: S101 -- asked for codes after the change alone
    return step.after


def _buurt_before(draft: Draft, code: str) -> str | None:
    """Return the buurt of a block, or of the block that it is a part of."""
    while code not in draft.buurt_of:
        code = code.rpartition("/")[0]
    return draft.buurt_of[code]


def _inside(area: shapely.Geometry, blocks: Mapping[str, Block]) -> set[str]:
    shapely.prepare(area)
    points = shapely.point_on_surface(np.array([block.shape for block in blocks.values()], dtype=object))
    return {code for code, inside in zip(blocks, shapely.contains_properly(area, points), strict=True) if inside}


def _smaller_side(blocks: Mapping[str, Block], cut: Cut, draft: Draft) -> set[str]:
    """Return the blocks on the side of the line that has fewer households.

    Blocks that share a border off the line are on one side; those that share a border along it are on two.
    """
    along = {tuple(sorted(pair)) for pair in pairwise(cut.line)}
    codes = list(blocks)
    owners: dict[tuple[float, ...], list[int]] = {}
    for k, code in enumerate(codes):
        for edge in border_edges(np.array([blocks[code].shape], dtype=object)).tolist():
            owners.setdefault(tuple(edge), []).append(k)
    same: list[set[int]] = [set() for _ in codes]
    across: list[set[int]] = [set() for _ in codes]
    for (x1, y1, x2, y2), held in owners.items():
        on_line = ((x1, y1), (x2, y2)) in along
        for one, other in [(held[0], other) for other in held[1:]]:
            (across if on_line else same)[one].add(other)
            (across if on_line else same)[other].add(one)
    # Borders that are not drawn vertex for vertex are shared all the same.
    shapes = np.array([blocks[code].shape for code in codes], dtype=object)
    near = share_borders(shapes, _NO_BARRIERS, tolerance_m=in_crs_units(BORDER_TOLERANCE_M, draft.crs))
    for one in range(len(codes)):
        for other in map(int, near.neighbours[near.starts[one] : near.starts[one + 1]]):
            if other not in across[one]:
                same[one].add(other)
    side: dict[int, int] = {}
    for first in range(len(codes)):
        if first in side or not across[first]:
            continue
        side[first] = 0
        waiting = deque([first])
        while waiting:
            one = waiting.popleft()
            for other in sorted(same[one] | across[one]):
                if other not in side:
                    side[other] = side[one] if other in same[one] else 1 - side[one]
                    waiting.append(other)
    households = [
        sum(blocks[codes[k]].counts.households or 0 for k, of in side.items() if of == which) for which in (0, 1)
    ]
    smaller = 0 if households[0] < households[1] else 1
    return {codes[k] for k, of in side.items() if of == smaller}
