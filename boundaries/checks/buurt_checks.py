"""Checks one buurt by itself: contiguous, not inside another, large enough, named, compact, without slivers."""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
import shapely

from boundaries.blocks import PlanState
from boundaries.border_graph import BorderGraph, Piece, point_in
from boundaries.checks.checked_plan import CheckedPlan
from boundaries.checks.problems import CheckSettings, Figure, Problem, Remedy, Severity
from boundaries.contiguity import connected_parts
from boundaries.measures import polsby_popper_of, reock_of
from boundaries.operations import MAX_BLOCKS, AssignBlocks, DissolveBuurt, JoinBlocks, MergeBuurten


def check_buurten(
    state: PlanState, codes: Iterable[str], settings: CheckSettings, borders: BorderGraph | None = None
) -> list[Problem]:
    """Check the named buurten, as an editor does after each change.

    Gaps, overlaps and unassigned blocks are the whole plan's: see `check_plan`. No shape is joined: what a buurt
    measures is summed from its blocks and their borders.

    Parameters
    ----------
    state
        The plan.
    codes
        Buurten of it.
    settings
        What a good buurt is.
    borders
        The borders of the plan's blocks, as a draft keeps them; None measures them, with the same answer.

    Raises
    ------
    KeyError
        The plan has no such buurt.
    """
    plan = CheckedPlan(state, settings, borders)
    return [problem for code in sorted(set(codes)) for problem in check_buurt(plan, code)]


def check_buurt(plan: CheckedPlan, code: str) -> list[Problem]:
    """Check one buurt of a plan."""
    blocks = plan.blocks_of(code)
    if not blocks:
        remedy = Remedy("dissolve", {"buurt": code}, DissolveBuurt(buurt=code))
        return [Problem("empty", Severity.ERROR, shapely.Point(), (code,), remedy=remedy)]
    place = _place(plan, blocks)
    return [
        *_names(plan, code, place),
        *_size(plan, code, place),
        *_parts(plan, code),
        *_enclave(plan, code, place),
        *_compactness(plan, code, place),
        *_slivers(plan, code),
    ]


def _place(plan: CheckedPlan, blocks: Iterable[str]) -> shapely.Point:
    """Return a point in the largest of some blocks."""
    measured = [plan.borders.measures_of(code) for code in blocks]
    return max(measured, key=lambda block: block.areas_m2[block.main]).place


def _names(plan: CheckedPlan, code: str, place: shapely.Point) -> Iterator[Problem]:
    names, languages = plan.state.buurten[code].names, plan.settings.languages
    for language in languages:
        if not _plain(names.get(language)):
            yield Problem("name-missing", Severity.ERROR, place, (code,), remedy=Remedy("rename"), language=language)
    if not languages and not any(map(_plain, names.values())):
        yield Problem("name-missing", Severity.ERROR, place, (code,), remedy=Remedy("rename"))
    for language, name in names.items():
        plain = _plain(name)
        if not plain:
            continue
        others = [other.code for other in plan.state.buurten.values() if _plain(other.names.get(language)) == plain]
        if len(others) > 1:
            buurten = (code, *(other for other in others if other != code))
            remedy = Remedy("rename")
            yield Problem("name-double", Severity.ERROR, place, buurten, remedy=remedy, language=language)


@lru_cache(maxsize=4_096)
def _plain(name: str | None) -> str:
    """Return a name without case, accents and superfluous spaces."""
    letters = unicodedata.normalize("NFKD", (name or "").casefold())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())


def _size(plan: CheckedPlan, code: str, place: shapely.Point) -> Iterator[Problem]:
    settings, blocks = plan.settings, plan.blocks_of(code)
    counts = [plan.state.blocks[block].counts for block in blocks]
    unknown = tuple(block for block, of in zip(blocks, counts, strict=True) if of.households is None)
    households = Figure(plan.households(blocks), "households")
    if unknown:
        yield Problem("households-unknown", Severity.INFO, place, (code,), unknown, (households,))
    elif households.value < settings.households_least:
        remedy = _merged(plan, code)
        yield Problem("too-few-households", Severity.WARNING, place, (code,), (), (households,), remedy)
    if households.value > settings.households_most:
        into = Remedy("split", {"buurten": max(2, round(households.value / settings.households_target))})
        yield Problem("too-many-households", Severity.WARNING, place, (code,), (), (households,), into)
    dwellings = sum(of.dwellings for of in counts)
    if dwellings < settings.dwellings_least:
        figures = (Figure(dwellings, "dwellings"),)
        yield Problem("too-few-dwellings", Severity.WARNING, place, (code,), (), figures, _merged(plan, code))


def _merged(plan: CheckedPlan, code: str, into: str | None = None) -> Remedy:
    """Return the remedy of giving a buurt's blocks to a buurt beside it."""
    into = into or plan.nearest_buurt(plan.blocks_of(code), code)
    if into is None or not plan.is_free(code) or not plan.is_free(into):
        return Remedy("merge", {} if into is None else {"into": into})
    return Remedy("merge", {"into": into}, MergeBuurten(into=into, others=(code,), allow_parts=True))


def _parts(plan: CheckedPlan, code: str) -> Iterator[Problem]:
    """Find the parts of a buurt that hang on the rest by a point at most, and pieces of its own blocks that do."""
    blocks, borders = plan.blocks_of(code), plan.borders
    parts = connected_parts(blocks, borders.neighbours)
    for part in sorted(parts, key=lambda part: (-plan.households(part), min(part)))[1:]:
        isolated = tuple(sorted(part))
        figure = Figure(len(parts), "parts")
        remedy = assigned(plan, "assign-elsewhere", isolated, code)
        yield Problem("not-contiguous", Severity.WARNING, _place(plan, isolated), (code,), isolated, (figure,), remedy)
    pieces = borders.pieces_of(blocks)
    if len(pieces) == len(blocks):
        return
    # No edit made them: an official sector that itself lies in several pieces, as an island with its quay.
    links = {piece: borders.borders_of(piece) for piece in pieces}
    main = {(block, borders.measures_of(block).main) for block in blocks}
    components = connected_parts(pieces, links)
    for component in sorted(components, key=min):
        if not component & main:
            owners = tuple(sorted({block for block, _ in component}))
            yield Problem(
                "block-in-parts",
                Severity.INFO,
                _place_of(plan, min(component)),
                (code,),
                owners,
                (Figure(len(components), "parts"),),
            )


def _place_of(plan: CheckedPlan, piece: Piece) -> shapely.Point:
    return point_in(plan.state.blocks[piece[0]].shape, piece[1])


def assigned(plan: CheckedPlan, code: str, blocks: tuple[str, ...], own: str | None) -> Remedy:
    """Return the remedy of giving blocks to the buurt that they share the longest border with."""
    into = plan.nearest_buurt(blocks, own)
    if into is None:
        return Remedy(code)
    if (own is not None and not plan.is_free(own)) or len(blocks) > MAX_BLOCKS:
        return Remedy(code, {"buurt": into})
    return Remedy(code, {"buurt": into}, AssignBlocks(blocks=blocks, buurt=into))


def _enclave(plan: CheckedPlan, code: str, place: shapely.Point) -> Iterator[Problem]:
    """Find the one buurt that lies all around a buurt; what lies in a hole of it does not count."""
    blocks, borders = plan.blocks_of(code), plan.borders
    around = plan.borders_with(blocks)
    if not around or not borders.at_edge.isdisjoint(blocks):
        return
    if len(around) > 1:
        own = set(blocks)
        beside = {other for block in blocks for other in borders.neighbours[block]} - own
        # What lies around hangs together within two rows of blocks, unless some of it lies in a hole.
        rows = beside.union(*(borders.neighbours[block] for block in beside)) - own
        if sum(not part.isdisjoint(beside) for part in connected_parts(rows, borders.neighbours)) > 1:
            beside &= _reached_from_outside(plan, own)
        around = {plan.state.buurt_of.get(block): 0.0 for block in beside}
    if len(around) == 1:
        [buurt] = around
        if buurt is not None:
            yield Problem("enclave", Severity.WARNING, place, (code, buurt), remedy=_merged(plan, code, buurt))


def _reached_from_outside(plan: CheckedPlan, wall: set[str]) -> set[str]:
    """Return the blocks that are reached from the edge of the municipality without going through some."""
    reached = set(plan.borders.at_edge - wall)
    edge = list(reached)
    while edge:
        near = plan.borders.neighbours[edge.pop()].keys() - reached - wall
        reached |= near
        edge.extend(near)
    return reached


def _compactness(plan: CheckedPlan, code: str, place: shapely.Point) -> Iterator[Problem]:
    blocks, borders, settings = plan.blocks_of(code), plan.borders, plan.settings
    measured = [borders.measures_of(block) for block in blocks]
    area = sum(sum(block.areas_m2) for block in measured)
    own = set(blocks)
    perimeter = sum(sum(block.perimeters_m) for block in measured) - sum(
        length for block in blocks for other, length in borders.neighbours[block].items() if other in own
    )
    # The smallest circle around a buurt is that around the hulls of its blocks.
    corners = np.concatenate([block.hull for block in measured])
    around = shapely.minimum_bounding_radius(shapely.linestrings(corners))
    figures = (
        ("polsby-popper-low", polsby_popper_of(area, perimeter), settings.polsby_popper_least),
        ("reock-low", reock_of(area, float(around)), settings.reock_least),
    )
    for problem, value, least in figures:
        if value < least:
            yield Problem(problem, Severity.INFO, place, (code,), (), (Figure(value, "share"),), Remedy("reshape"))


def _slivers(plan: CheckedPlan, code: str) -> Iterator[Problem]:
    for name in plan.blocks_of(code):
        measures, block = plan.borders.measures_of(name), plan.state.blocks[name]
        for number, (area, perimeter) in enumerate(zip(measures.areas_m2, measures.perimeters_m, strict=True)):
            if 2 * area >= plan.settings.sliver_width_m * perimeter:
                continue
            is_cut = name != block.sector_code
            yield Problem(
                "sliver",
                Severity.WARNING if is_cut else Severity.INFO,
                _place_of(plan, (name, number)),
                (code,),
                (name,),
                (Figure(area, "m2"),),
                _joined(plan, code, name) if is_cut else None,
            )


def _joined(plan: CheckedPlan, code: str, name: str) -> Remedy:
    """Return the remedy of giving a part back to its sector, or first to the buurt of the part beside it."""
    sector, state = plan.state.blocks[name].sector_code, plan.state
    parts = [other for other, block in state.blocks.items() if block.sector_code == sector]
    beside = {other: length for other, length in plan.borders.neighbours[name].items() if other in parts}
    if len({state.buurt_of.get(part) for part in parts}) == 1 or not beside:
        is_free = plan.is_free(code) and len({state.buurt_of.get(part) for part in parts}) == 1
        return Remedy("join-blocks", {"sector": sector}, JoinBlocks(sector=sector) if is_free else None)
    into = state.buurt_of.get(max(beside, key=lambda other: (beside[other], other)))
    if into is None or into == code or not plan.is_free(into) or not plan.is_free(code):
        return Remedy("join-blocks", {"sector": sector})
    return Remedy("assign-elsewhere", {"buurt": into}, AssignBlocks(blocks=(name,), buurt=into))
