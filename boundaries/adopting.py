"""Takes a whole plan into a draft, block for block: one that was carried over, or that a file holds.

What is adopted is never trusted: its blocks must be the draft's own sectors, whole or in parts that tile them exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely

from boundaries.blocks import Area, Block, Buurt
from boundaries.changes import Change, Step
from boundaries.draft import Draft
from boundaries.edit_errors import CodeTakenError, NothingChangesError, UncuttableError, UnknownCodeError
from boundaries.operations import AdoptedBlock, AdoptedBuurt, AdoptPlan
from boundaries.regrouping import NAMELESS

_AREA_SHARE = 1e-9
"""Of a sector that its parts may have more or less than it, by the rounding of the vertices of their cuts."""


def adopt_plan(operation: AdoptPlan, draft: Draft) -> Change:
    """Give a draft the blocks, the buurten and the assignment of another plan.

    Raises
    ------
    UnknownCodeError
        The blocks are not those of the draft's sectors, or are in a buurt that is not given.
    UncuttableError
        A shape is none, or the parts of a sector do not tile it.
    NothingChangesError
        The draft is that plan already.
    """
    buurten = {buurt.code: _as_buurt(buurt) for buurt in operation.buurten}
    buurt_of = {block.code: block.buurt for block in operation.blocks}
    for block, buurt in buurt_of.items():
        if buurt is not None and buurt not in buurten:
            raise UnknownCodeError(f"block {block} is in buurt {buurt}, which is not given", "blocks")
    wholes = _sector_shapes(draft)
    shapes = _adopted_shapes(operation.blocks, wholes)
    _refuse_other_ground(shapes, wholes, draft)
    blocks = _block_steps(shapes, draft)
    assignments = {
        code: Step(draft.buurt_of.get(code), buurt_of.get(code))
        for code in sorted(draft.blocks.keys() | buurt_of.keys())
        if draft.buurt_of.get(code) != buurt_of.get(code)
    }
    changed = {
        code: Step(draft.buurten.get(code), buurten.get(code))
        for code in sorted(draft.buurten.keys() | buurten.keys())
        if draft.buurten.get(code) != buurten.get(code)
    }
    if not (blocks or assignments or changed):
        raise NothingChangesError("the draft is that plan already", "blocks")
    return Change(blocks=blocks, assignments=assignments, buurten=changed)


def as_adoption(
    draft: Draft, buurten: Mapping[str, Buurt], blocks: Mapping[str, tuple[Area, str | None]], source: str
) -> AdoptPlan:
    """Return the operation by which a draft takes a plan.

    Parameters
    ----------
    draft
        The draft as it is when the operation is carried out.
    buurten
        By code.
    blocks
        By code, the shape in the draft's CRS and the buurt.
    source
        Where the plan is from, for the draft's log.
    """
    known = {code: block.shape for code, block in draft.blocks.items() if code == block.sector_code}
    return AdoptPlan(
        source=source,
        buurten=tuple(
            AdoptedBuurt.model_validate(
                {"code": code, "names": dict(of.names), "live": of.live, "colour": of.colour, "locked": of.locked}
            )
            for code, of in sorted(buurten.items())
        ),
        blocks=tuple(
            AdoptedBlock(
                code=code,
                buurt=buurt,
                shape=None
                if code in known and shapely.equals_identical(known[code], shape)
                else shapely.to_wkb(shape, hex=True, byte_order=1),
            )
            for code, (shape, buurt) in sorted(blocks.items())
        ),
    )


def _as_buurt(buurt: AdoptedBuurt) -> Buurt:
    names = NAMELESS | {str(language): name for language, name in buurt.names.items()}
    return Buurt(buurt.code, names, live=buurt.live, colour=buurt.colour, locked=buurt.locked)


def _sector_shapes(draft: Draft) -> dict[str, Area]:
    """Return the draft's sectors, those that are cut with their parts joined."""
    parts: dict[str, list[Area]] = {}
    for block in draft.blocks.values():
        parts.setdefault(block.sector_code, []).append(block.shape)
    wholes = {}
    for code, shapes in parts.items():
        whole = shapes[0] if len(shapes) == 1 else shapely.coverage_union_all(np.array(shapes, dtype=object))
        assert isinstance(whole, shapely.Polygon | shapely.MultiPolygon)  # noqa: S101 -- areas have an area
        wholes[code] = whole
    return wholes


def _adopted_shapes(blocks: Sequence[AdoptedBlock], wholes: Mapping[str, Area]) -> dict[str, dict[str, Area]]:
    """Return the shapes of the blocks of every sector."""
    shapes: dict[str, dict[str, Area]] = {}
    for block in blocks:
        sector = block.code.split("/")[0]
        if sector not in wholes:
            raise UnknownCodeError(f"block {block.code}: this draft has no sector {sector!r}", "blocks")
        if block.shape is None:
            if block.code != sector:
                raise UncuttableError(f"block {block.code} is a part of a sector and has no shape", "blocks")
            shape = wholes[sector]
        else:
            shape = _read_shape(block)
        shapes.setdefault(sector, {})[block.code] = shape
    if missing := sorted(wholes.keys() - shapes.keys()):
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UnknownCodeError(f"sector {missing[0]}{more} of this draft is in no block", "blocks")
    return shapes


def _read_shape(block: AdoptedBlock) -> Area:
    try:
        shape = shapely.from_wkb(block.shape)
    except shapely.GEOSException as error:
        raise UncuttableError(f"block {block.code}: the shape cannot be read", "blocks") from error
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon) or shape.is_empty or shape.has_z:
        raise UncuttableError(f"block {block.code}: the shape is no plain area", "blocks")
    return shape


def _refuse_other_ground(shapes: Mapping[str, Mapping[str, Area]], wholes: Mapping[str, Area], draft: Draft) -> None:
    for sector, parts in shapes.items():
        codes, whole = sorted(parts), wholes[sector]
        of_parts = np.array([parts[code] for code in codes], dtype=object)
        if len(codes) == 1 and of_parts[0] is whole:
            continue
        if (codes == [sector]) != (sector in codes or len(codes) == 1):
            raise CodeTakenError(f"sector {sector} is one block of its code, or several with /1, /2 …", "blocks")
        bad = ~shapely.is_valid(of_parts)
        if whole.is_valid and bad.any():
            raise UncuttableError(f"block {codes[int(np.argmax(bad))]}: the shape is not valid", "blocks")
        off = abs(shapely.area(of_parts).sum() - whole.area)
        if whole.is_valid:
            off = max(off, shapely.symmetric_difference(shapely.union_all(of_parts), whole).area)
        if off > _AREA_SHARE * whole.area or not (len(codes) == 1 or shapely.coverage_is_valid(of_parts)):
            raise UncuttableError(f"the parts of sector {sector} do not tile it exactly", "blocks")
    before = np.array([block.shape for block in draft.blocks.values()], dtype=object)
    after = np.array([shape for parts in shapes.values() for shape in parts.values()], dtype=object)
    if shapely.coverage_is_valid(before) and not shapely.coverage_is_valid(after):
        raise UncuttableError("a cut does not put its vertices into the neighbours: the blocks do not tile", "blocks")


def _block_steps(shapes: Mapping[str, Mapping[str, Area]], draft: Draft) -> dict[str, Step[Block]]:
    """Return what changes of the blocks; parts that are other ones than before are counted anew."""
    steps: dict[str, Step[Block]] = {}
    known: dict[str, set[str]] = {}
    for code, block in draft.blocks.items():
        known.setdefault(block.sector_code, set()).add(code)
    for sector, parts in shapes.items():
        was, codes = known[sector], sorted(parts)
        # The sector itself is the same whatever vertices are on its border; a part is only the same bit for bit.
        is_same = was == parts.keys() and (
            codes == [sector] or all(shapely.equals_identical(draft.blocks[code].shape, parts[code]) for code in codes)
        )
        counts = (
            [draft.blocks[code].counts for code in codes]
            if is_same
            else draft.counter.count(sector, [parts[code] for code in codes])
        )
        for code in was - parts.keys():
            steps[code] = Step(draft.blocks[code], None)
        for code, counted in zip(codes, counts, strict=True):
            before = draft.blocks.get(code)
            if before is None:
                steps[code] = Step(None, Block(code, sector, parts[code], counted))
            elif not shapely.equals_identical(before.shape, parts[code]) or before.counts != counted:
                steps[code] = Step(before, replace(before, shape=parts[code], counts=counted))
    return steps
