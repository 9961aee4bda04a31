"""Carries plans over to a new sectors release: what stayed stays, what changed goes by overlap, a person is asked.

Codes alone say nothing from one release to another: a code that is still there can name another place. A sector counts
as the same one by its shape, under whatever code.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from boundaries.blocks import Area, PlanState
from boundaries.overlaps import Shapes, area_array, measure_overlaps
from boundaries.recutting import cut_again
from geo.crs import area_m2, in_crs_units, transform_shapes

NOTABLE_SHARE = 0.001
"""Smaller shares of a sector are no candidates, unless there is nothing else: borders are redrawn by that much."""


class CarryOverError(ValueError):
    """Plans that cannot be carried over together; says why."""


@dataclass(frozen=True, slots=True)
class CarryOverSettings:
    """When a sector is the same one, and when its buurt is clear."""

    same_share: float = 0.999
    """Least share of two sectors' union that both must have, to be the same sector."""
    clear_share: float = 0.9
    """Least share of a changed sector that must lie in one buurt, for no person to be asked."""
    snap_m: float = 1.0
    """How far a cut may be moved to meet the new borders."""

    def __post_init__(self) -> None:
        for name in ("same_share", "clear_share"):
            if not 0.5 < getattr(self, name) < 1:  # exactly 1 no measured share reaches
                raise ValueError(f"{name} must be above 0.5 and below 1, not {getattr(self, name)}")
        if not self.snap_m > 0:
            raise ValueError(f"snap_m must be above 0, not {self.snap_m}")


class Reason(StrEnum):
    """Why a person must decide."""

    AMBIGUOUS = "ambiguous"
    """No buurt has enough of the sector."""
    NOTHING_OVERLAPS = "nothing-overlaps"
    """No buurt of the old plans has any of it."""
    CUT_LOST = "cut-lost"
    """It was cut between buurten, and could not be cut the same way again."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A buurt that has a part of a new sector; None is what no buurt had."""

    buurt: str | None
    share: float
    """Of the new sector's area, 0 to 1."""
    area_m2: float


@dataclass(frozen=True, slots=True)
class Decision:
    """A sector for which a person must choose."""

    sector_code: str
    reason: Reason
    guess: str | None
    """Where the sector is for now: the buurt with the largest share, or None where there is none."""
    candidates: tuple[Candidate, ...]
    """Largest share first."""


@dataclass(frozen=True, slots=True)
class CarriedBlock:
    """A block of the plan on the new release."""

    sector_code: str
    shape: Area
    """In the new release's CRS; with a vertex of a neighbour's cut where there is one."""
    buurt: str | None


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """A plan on the new sectors. Every sector is in exactly one of `unchanged`, `recoded` and `changed`."""

    buurt_of: Mapping[str, str | None]
    """By new sector code; of a sector that is cut, the buurt that has most of it."""
    blocks: Mapping[str, CarriedBlock]
    """By block code: the sectors, and the parts of those that kept their cut."""
    decisions: tuple[Decision, ...]
    """By sector code."""
    unchanged: tuple[str, ...]
    """Same code, same shape."""
    recoded: Mapping[str, str]
    """Same shape: the old code by the new one."""
    changed: tuple[str, ...]
    emptied: tuple[str, ...]
    """Buurten of the old plans that hold nothing any more."""


def carry_over(
    plans: Sequence[PlanState],
    new_sectors: Mapping[str, Area],
    crs: str,
    settings: CarryOverSettings | None = None,
) -> CarriedOver:
    """Carry the plans of one or more municipalities over to the sectors of one municipality.

    Parameters
    ----------
    plans
        The published plans; several where municipalities have merged. In another CRS than `crs` they are converted.
    new_sectors
        By code, valid; all sectors of the municipality in the new release.
    crs
        Authority code of the new sectors.
    settings
        By default `CarryOverSettings()`.

    Returns
    -------
    CarriedOver
        A sector that is the same keeps its buurt, or its cut. Any other goes to the buurt with most of its area; a
        person is asked where that is less than `clear_share`.

    Raises
    ------
    CarryOverError
        There is no plan, or two of them have the same sector or buurt.
    InvalidAreaError
        A shape is invalid or no area.

    Examples
    --------
    >>> import shapely
    >>> from boundaries.blocks import Block, BlockCounts, Buurt
    >>> old = Block("S1", "S1", shapely.box(0, 0, 100, 100), BlockCounts(900, 950))
    >>> plan = PlanState("11002", "EPSG:31370", {"S1": old}, {"11002-01": Buurt("11002-01", {})}, {"S1": "11002-01"})
    >>> halves = {"S2": shapely.box(0, 0, 50, 100), "S3": shapely.box(50, 0, 100, 100)}
    >>> carried = carry_over([plan], halves, "EPSG:31370")
    >>> carried.buurt_of, carried.changed, carried.decisions
    ({'S2': '11002-01', 'S3': '11002-01'}, ('S2', 'S3'), ())
    """
    settings = settings or CarryOverSettings()
    old = _old_blocks(plans, crs)
    codes = sorted(new_sectors)
    shapes = area_array({code: new_sectors[code] for code in codes}, "sector")
    areas = {code: float(area) for code, area in zip(codes, area_m2(shapes, crs), strict=True)}
    shared = _shared(codes, shapes, old, crs)
    same = _same_sectors(areas, old, shared, settings.same_share)
    candidates = {code: _candidates(shared[code], old, areas[code]) for code in codes}
    cuts, drawn = _keep_cuts(same, old, new_sectors, in_crs_units(settings.snap_m, crs), settings.clear_share)
    buurt_of: dict[str, str | None] = {}
    blocks: dict[str, CarriedBlock] = {}
    decisions = []
    for code in codes:
        parts = old.parts_of(same[code])
        buurten = {old.buurt_of[part] for part in parts}
        reason = None
        if len(buurten) == 1:
            (buurt_of[code],) = buurten
        else:
            buurt_of[code], reason = _choose(candidates[code], settings.clear_share)
            if parts:
                reason = None if code in cuts else Reason.CUT_LOST
        if reason is not None:
            decisions.append(Decision(code, reason, buurt_of[code], candidates[code]))
        of_part = {part: old.buurt_of[was] for part, was in cuts.get(code, {}).items()} or {code: buurt_of[code]}
        blocks |= {part: CarriedBlock(code, drawn[part], buurt) for part, buurt in of_part.items()}
    held = {block.buurt for block in blocks.values()}
    return CarriedOver(
        buurt_of=buurt_of,
        blocks=dict(sorted(blocks.items())),
        decisions=tuple(decisions),
        unchanged=tuple(code for code in codes if same[code] == code),
        recoded={code: was for code, was in same.items() if was is not None and was != code},
        changed=tuple(code for code in codes if same[code] is None),
        emptied=tuple(code for code in old.buurten if code not in held),
    )


@dataclass(frozen=True, slots=True)
class _OldBlocks:
    """The blocks of all old plans, in the new CRS."""

    shapes: Mapping[str, Area]
    """By block code, as everything here."""
    areas: Mapping[str, float]
    sector_of: Mapping[str, str]
    buurt_of: Mapping[str, str | None]
    buurten: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]]
    """By sector code, its blocks."""

    def parts_of(self, sector: str | None) -> tuple[str, ...]:
        return () if sector is None else self.parts[sector]


def _old_blocks(plans: Sequence[PlanState], crs: str) -> _OldBlocks:
    if not plans:
        raise CarryOverError("there is no plan to carry over")
    shapes: dict[str, Area] = {}
    sector_of: dict[str, str] = {}
    buurt_of: dict[str, str | None] = {}
    buurten: list[str] = []
    parts: dict[str, tuple[str, ...]] = {}
    for plan in plans:
        if twice := sorted(plan.buurten.keys() & set(buurten)):
            raise CarryOverError(f"two of the plans have a buurt {twice[0]}")
        if twice := sorted({block.sector_code for block in plan.blocks.values()} & parts.keys()):
            raise CarryOverError(f"two of the plans have the sector {twice[0]}")
        buurten += sorted(plan.buurten)
        for code, block in sorted(plan.blocks.items()):
            shapes[code] = transform_shapes(block.shape, plan.crs, crs)
            sector_of[code] = block.sector_code
            buurt_of[code] = plan.buurt_of.get(code)
            parts[block.sector_code] = (*parts.get(block.sector_code, ()), code)
    measured = area_m2(area_array(shapes, "block"), crs)
    areas = {code: float(area) for code, area in zip(shapes, measured, strict=True)}
    return _OldBlocks(shapes, areas, sector_of, buurt_of, tuple(buurten), parts)


def _shared(codes: Sequence[str], shapes: Shapes, old: _OldBlocks, crs: str) -> dict[str, dict[str, float]]:
    """Return, for every new sector, what it has of each old block, in m²."""
    old_codes = list(old.shapes)
    overlaps = measure_overlaps(shapes, area_array(old.shapes, "block"), crs)
    shared: dict[str, dict[str, float]] = {code: {} for code in codes}
    for left, right, area in zip(overlaps.left, overlaps.right, overlaps.area_m2, strict=True):
        shared[codes[left]][old_codes[right]] = float(area)
    return shared


def _same_sectors(
    areas: Mapping[str, float], old: _OldBlocks, shared: Mapping[str, Mapping[str, float]], same_share: float
) -> dict[str, str | None]:
    """Return which old sector each new one is, if any; the one with its own code first."""
    same: dict[str, str | None] = {}
    for code, of_blocks in shared.items():
        both: dict[str, float] = defaultdict(float)
        for block, area in of_blocks.items():
            both[old.sector_of[block]] += area
        alike = []
        for sector, area in both.items():
            union = areas[code] + sum(old.areas[part] for part in old.parts[sector]) - area
            if area >= same_share * union:
                alike.append((sector != code, -area, sector))
        same[code] = min(alike)[2] if alike else None
    return same


def _candidates(of_blocks: Mapping[str, float], old: _OldBlocks, area: float) -> tuple[Candidate, ...]:
    """Return who has parts of a new sector, largest share first; the largest buurt even if it has next to nothing."""
    by_buurt: dict[str | None, float] = defaultdict(float)
    for block, part in of_blocks.items():
        by_buurt[old.buurt_of[block]] += part
    ordered = sorted(by_buurt.items(), key=lambda item: (-item[1], item[0] is None, item[0] or ""))
    first = next((buurt for buurt, _ in ordered if buurt is not None), None)
    return tuple(
        Candidate(buurt, min(part / area, 1.0), part)
        for buurt, part in ordered
        if part >= NOTABLE_SHARE * area or buurt == first
    )


def _choose(candidates: Sequence[Candidate], clear_share: float) -> tuple[str | None, Reason | None]:
    if candidates and candidates[0].share >= clear_share:
        return candidates[0].buurt, None
    guess = next((candidate.buurt for candidate in candidates if candidate.buurt is not None), None)
    return guess, Reason.NOTHING_OVERLAPS if guess is None else Reason.AMBIGUOUS


def _keep_cuts(
    same: Mapping[str, str | None],
    old: _OldBlocks,
    new_sectors: Mapping[str, Area],
    snap: float,
    least_share: float,
) -> tuple[dict[str, dict[str, str]], dict[str, Area]]:
    """Cut sectors that stayed as they were cut; return the old block of every part, and the shapes of all blocks."""
    drawn = dict(new_sectors)
    cuts: dict[str, dict[str, str]] = {}
    for code in sorted(same):
        was, parts = same[code], old.parts_of(same[code])
        if was is None or len(parts) < 2:
            continue
        recut = cut_again(code, {part: old.shapes[part] for part in parts}, drawn, snap=snap, least_share=least_share)
        if recut is None:
            continue
        del drawn[code]
        drawn |= recut.revertexed
        cuts[code] = {}
        for part, shape in recut.parts.items():
            drawn[code + part.removeprefix(was)] = shape
            cuts[code][code + part.removeprefix(was)] = part
    return cuts, drawn
