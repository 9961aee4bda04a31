"""Checks one buurt by itself: contiguous, not inside another, large enough, named, compact, without slivers."""

import unicodedata
from collections.abc import Iterable, Iterator

import numpy as np
import shapely

from boundaries.blocks import Block, Buurt, PlanState
from boundaries.checks.problems import CheckSettings, Figure, Problem, Remedy, Severity
from boundaries.measures import polsby_popper, reock, shapes_in_metres


def check_buurten(state: PlanState, codes: Iterable[str], settings: CheckSettings) -> list[Problem]:
    """Check the named buurten, as an editor does after each change.

    Gaps, overlaps and unassigned blocks are the whole plan's: see `check_plan`.

    Parameters
    ----------
    state
        The plan.
    codes
        Buurten of it.
    settings
        What a good buurt is.

    Raises
    ------
    KeyError
        The plan has no such buurt.
    """
    blocks_of: dict[str, list[Block]] = {code: [] for code in state.buurten}
    for block, buurt in state.buurt_of.items():
        if buurt is not None:
            blocks_of[buurt].append(state.blocks[block])
    problems: list[Problem] = []
    for code in sorted(set(codes)):
        blocks = sorted(blocks_of[code], key=lambda block: block.code)
        if not blocks:
            problems.append(
                Problem("empty", Severity.ERROR, shapely.Point(), (code,), remedy=Remedy("dissolve", {"buurt": code}))
            )
            continue
        shapes = np.array([block.shape for block in blocks], dtype=object)
        # A union's parts meet in points at most, so that a bridge over a point never joins two of them.
        is_exact = shapely.coverage_is_valid(shapes)
        union = shapely.coverage_union_all(shapes) if is_exact else shapely.union_all(shapes)
        place = shapely.point_on_surface(union)
        problems += _names(state, code, settings, place)
        problems += _size(code, blocks, settings, place)
        problems += _parts(code, blocks, union)
        problems += _enclave(state, code, union)
        problems += _shape(state, code, blocks, union, settings)
    return problems


def _names(state: PlanState, code: str, settings: CheckSettings, place: shapely.Point) -> Iterator[Problem]:
    names = state.buurten[code].names
    missing = [language for language in settings.languages if not _plain(names.get(language))]
    for language in missing:
        yield Problem("name-missing", Severity.ERROR, place, (code,), language=language)
    if not settings.languages and not any(_plain(name) for name in names.values()):
        yield Problem("name-missing", Severity.ERROR, place, (code,))
    for language, name in names.items():
        doubles = [other for other in state.buurten.values() if other.code != code and _same(other, language, name)]
        if doubles:
            buurten = (code, *(other.code for other in doubles))
            yield Problem("name-double", Severity.ERROR, place, buurten, language=language)


def _same(other: Buurt, language: str, name: str | None) -> bool:
    return _plain(name) != "" and _plain(other.names.get(language)) == _plain(name)


def _plain(name: str | None) -> str:
    """Return a name without case, accents and superfluous spaces."""
    letters = unicodedata.normalize("NFKD", (name or "").casefold())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())


def _size(code: str, blocks: list[Block], settings: CheckSettings, place: shapely.Point) -> Iterator[Problem]:
    known = [block.counts.households for block in blocks if block.counts.households is not None]
    households = Figure(sum(known), "households")
    if len(known) < len(blocks):
        unknown = tuple(block.code for block in blocks if block.counts.households is None)
        yield Problem("households-unknown", Severity.INFO, place, (code,), unknown, (households,))
    elif households.value < settings.households_least:
        yield Problem("too-few-households", Severity.WARNING, place, (code,), (), (households,), Remedy("merge"))
    if households.value > settings.households_most:
        into = Remedy("split", {"buurten": max(2, round(households.value / settings.households_target))})
        yield Problem("too-many-households", Severity.WARNING, place, (code,), (), (households,), into)
    dwellings = sum(block.counts.dwellings for block in blocks)
    if dwellings < settings.dwellings_least:
        figure = Figure(dwellings, "dwellings")
        yield Problem("too-few-dwellings", Severity.WARNING, place, (code,), (), (figure,), Remedy("merge"))


def _parts(code: str, blocks: list[Block], union: shapely.Geometry) -> Iterator[Problem]:
    parts = shapely.get_parts(union)
    if len(parts) == 1:
        return
    inside = shapely.point_on_surface(np.array([block.shape for block in blocks], dtype=object))
    for part in sorted(parts, key=lambda part: -part.area)[1:]:
        isolated = tuple(block.code for block, point in zip(blocks, inside, strict=True) if part.covers(point))
        figure = Figure(len(parts), "parts")
        place = shapely.point_on_surface(part)
        if isolated:
            remedy = Remedy("assign-elsewhere")
            yield Problem("not-contiguous", Severity.WARNING, place, (code,), isolated, (figure,), remedy)
        else:  # No edit made it: the official sector itself lies in parts, as an island with its quay.
            yield Problem("block-in-parts", Severity.INFO, place, (code,), (), (figure,))


def _enclave(state: PlanState, code: str, union: shapely.Geometry) -> Iterator[Problem]:
    """Find the one buurt that a buurt's whole outer border lies in."""
    shell = shapely.MultiPolygon([shapely.Polygon(part.exterior) for part in shapely.get_parts(union)])
    codes = list(state.blocks)
    shapes = np.array([block.shape for block in state.blocks.values()], dtype=object)
    near = shapely.STRtree(shapes).query(shell, predicate="intersects")
    left, around = shell.boundary, set()
    for k in near:
        buurt = state.buurt_of.get(codes[k])
        if buurt != code and shapely.intersection(shell.boundary, shapes[k]).length > 0:
            around.add(buurt)
            left = shapely.difference(left, shapes[k])
        if len(around) > 1:
            return
    if len(around) == 1 and left.length <= 1e-6 * shell.length:
        [buurt] = around
        if buurt is not None:
            place = shapely.point_on_surface(union)
            remedy = Remedy("merge", {"into": buurt})
            yield Problem("enclave", Severity.WARNING, place, (code, buurt), remedy=remedy)


def _shape(
    state: PlanState, code: str, blocks: list[Block], union: shapely.Geometry, settings: CheckSettings
) -> Iterator[Problem]:
    [flat] = shapes_in_metres(np.array([union], dtype=object), state.crs)
    place = shapely.point_on_surface(union)
    measured = (
        ("polsby-popper-low", polsby_popper(flat), settings.polsby_popper_least),
        ("reock-low", reock(flat), settings.reock_least),
    )
    for problem, value, least in measured:
        if value < least:
            yield Problem(problem, Severity.INFO, place, (code,), (), (Figure(value, "share"),), Remedy("reshape"))
    shapes = np.array([block.shape for block in blocks], dtype=object)
    parts, owners = shapely.get_parts(shapes_in_metres(shapes, state.crs), return_index=True)
    original = shapely.get_parts(shapes)
    for k in np.flatnonzero(2 * shapely.area(parts) < settings.sliver_width_m * shapely.length(parts)):
        block = blocks[int(owners[k])]
        is_cut = block.code != block.sector_code
        severity = Severity.WARNING if is_cut else Severity.INFO
        remedy = Remedy("join-blocks", {"sector": block.sector_code}) if is_cut else None
        place = shapely.point_on_surface(original[k])
        figure = Figure(float(shapely.area(parts[k])), "m2")
        yield Problem("sliver", severity, place, (code,), (block.code,), (figure,), remedy)
