"""Begins a draft from areas that were drawn elsewhere, whole sectors or cut ones, and tells what differs from them."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from boundaries.adopting import as_adoption
from boundaries.assigning import Assignment, assign_by_overlap
from boundaries.blocks import Area, BlockCounter, Buurt
from boundaries.cutting_areas import CUT_SNAP_M, assign_by_cutting
from boundaries.draft import Draft
from boundaries.edit_errors import NothingChangesError
from boundaries.growing import grow_areas
from data.plans.drafts import begin_draft, edit, open_draft
from data.plans.plan_files import read_sectors
from data.readers.drawn_areas import DrawnAreas, read_drawn_areas
from data.readers.mapping import ColumnMapping
from data.store.models import DraftRow, Municipality
from data.tables import LANGUAGES, Finding, SourceError


@dataclass(frozen=True, slots=True)
class AreaWish:
    """How areas become a plan."""

    mapping: ColumnMapping
    """Columns by `data.readers.drawn_areas.TARGETS`."""
    at_least: float = 0.5
    """Least share of a sector, or of a piece of one, that must lie in an area to go to it."""
    cut: bool = False
    """Cut sectors along the areas' borders."""
    snap_m: float = CUT_SNAP_M
    """Borders nearer than this to a sector's are taken to be that, where sectors are cut."""
    grow: bool = False
    """Grow the areas over the gaps between them up to the municipality's border first."""
    crs: str | None = None
    """What the coordinates are in, where the file does not say it."""
    layer: str | None = None
    repair: bool = False


@dataclass(frozen=True, slots=True)
class AreaReport:
    """What differs between the areas and the draft."""

    assignment: Assignment
    unassigned: tuple[str, ...]
    """Blocks that no area has enough of."""
    without_blocks: tuple[str, ...]
    """Areas that got nothing, by key."""
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "areas": [asdict(each) for each in self.assignment.areas],
            "sectors": [asdict(each) | {"shares": dict(each.shares)} for each in self.assignment.sectors],
            "unassigned": list(self.unassigned),
            "without_blocks": list(self.without_blocks),
            "findings": [asdict(each) for each in self.findings],
        }


def begin_from_areas(
    session: Session,
    municipality_code: str,
    file: Path,
    wish: AreaWish,
    counter: BlockCounter,
    *,
    title: str,
    by: str,
    now: datetime,
    make_token: Callable[[], str],
) -> tuple[DraftRow, AreaReport]:
    """Begin a draft whose buurten are the areas of a file, in one step that can be undone.

    An area that is called as a buurt of today's plan is that buurt; the others are new ones.

    Raises
    ------
    SourceError
        The file cannot be used.
    UngrowableError
        The areas cannot be grown to a tiling.
    NoPlanError
        The municipality has no plan to begin from.
    """
    row = begin_draft(session, municipality_code, counter, title=title, by=by, now=now, make_token=make_token)
    session.flush()
    draft = open_draft(session, row, counter)
    release, sectors = read_sectors(session, row.plan_id, draft.state)
    within = _outline(sectors)
    place = session.get_one(Municipality, (release.id, municipality_code))
    language = next((each for each in LANGUAGES if getattr(place, f"name_{each}")), LANGUAGES[0])
    drawn = read_drawn_areas(
        file,
        wish.mapping,
        crs=draft.crs,
        within=within,
        language=language,
        stated_crs=wish.crs,
        layer=wish.layer,
        repair=wish.repair,
    )
    shapes, findings = _grown(drawn, within, draft.crs, file.name) if wish.grow else (drawn.shapes, [])
    blocks: Mapping[str, tuple[Area, str | None]]
    if wish.cut:
        made = assign_by_cutting(sectors, shapes, draft.crs, at_least=wish.at_least, snap_m=wish.snap_m)
        blocks, assignment = made.blocks, made.assignment
    else:
        assignment = assign_by_overlap(sectors, shapes, draft.crs, wish.at_least)
        blocks = {code: (sectors[code], key) for code, key in assignment.buurt_of.items()}
    held = {key for _, key in blocks.values()}
    buurt_of_key = _buurten(draft, {key: drawn.names[key] for key in shapes if key in held})
    operation = as_adoption(
        draft,
        {buurt.code: buurt for buurt in buurt_of_key.values()},
        {code: (shape, None if key is None else buurt_of_key[key].code) for code, (shape, key) in blocks.items()},
        file.name[:200],
    )
    with suppress(NothingChangesError):
        edit(session, row, draft, operation, known_revision=row.revision, by=by, now=now)
    return row, AreaReport(
        assignment,
        tuple(sorted(code for code, (_, key) in blocks.items() if key is None)),
        tuple(key for key in drawn.shapes if key not in held),
        (*drawn.findings, *findings),
    )


def _outline(sectors: Mapping[str, Area]) -> Area:
    shapes = np.array(list(sectors.values()), dtype=object)
    # Official sectors may overlap, which a union of coverages does not see.
    is_exact = shapely.coverage_is_valid(shapes)
    outline = shapely.coverage_union_all(shapes) if is_exact else shapely.union_all(shapes)
    polygons = shapely.get_parts(outline)
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(list(polygons))


def _grown(drawn: DrawnAreas, outline: Area, crs: str, file: str) -> tuple[dict[str, Area], list[Finding]]:
    keys = list(drawn.shapes)
    grown = grow_areas(np.array(list(drawn.shapes.values()), dtype=object), outline, crs)
    findings = [
        Finding("outside", f"{keys[each.position]} reaches over the municipality's border.", area_m2=each.area_m2)
        for each in grown.outside
    ]
    findings += [Finding("lost", f"nothing is left of {keys[position]}.") for position in grown.lost]
    shapes = {key: shape for key, shape in zip(keys, grown.shapes, strict=True) if not shape.is_empty}
    if not shapes:
        raise SourceError("elsewhere", "nothing is left of any area.", file=file)
    return shapes, findings


def _buurten(draft: Draft, names: Mapping[str, Mapping[str, str | None]]) -> dict[str, Buurt]:
    """Return the buurt of every area by its key: today's of that name, or a new one."""
    known: dict[tuple[str, str], Buurt] = {}
    for buurt in draft.buurten.values():
        for language, name in buurt.names.items():
            if name:
                known.setdefault((language, name.casefold()), buurt)
    number = draft.highest_number
    found: dict[str, Buurt] = {}
    taken: set[str] = set()
    for key, of in names.items():
        given = {language: name for language, name in of.items() if name} or {LANGUAGES[0]: key}
        same = [known.get((language, name.casefold())) for language, name in given.items()]
        kept = next((each for each in same if each is not None and each.code not in taken), None)
        if kept is None:
            number += 1
            kept = Buurt(f"{draft.municipality_code}-{number:02d}", {**dict.fromkeys(LANGUAGES), **given})
        taken.add(kept.code)
        found[key] = kept
    return found
