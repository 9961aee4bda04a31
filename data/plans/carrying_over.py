"""Carries the plans of the store over to another sectors release, and says what a person must decide.

The rule: nobody's buurt changes unattended. A carried plan is published without a person only if every sector has one
clear buurt and no dwelling of the register comes into another buurt than it is in. Anything else is a draft.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from boundaries.adopting import as_adoption
from boundaries.blocks import Area, Block, BlockCounter, BlockCounts, Buurt, PlanState
from boundaries.carry_over import CarriedOver, CarryOverSettings, Decision, carry_over
from boundaries.checks import CheckSettings, Problem, Severity, check_plan
from boundaries.edit_errors import NothingChangesError
from data.block_counts import owning_parts
from data.dwellings import Dwellings
from data.plans.drafts import begin_draft, edit, open_draft
from data.plans.published import read_plan, read_state
from data.plans.successions import Succession, plans_on
from data.store.models import DraftRow, Plan, Release, Sector
from geo.crs import transform_shapes

_GROUND_SHARE = 0.999
"""Of a changed sector that must lie in one buurt where no register says whether anybody lives on the rest."""


@dataclass(frozen=True, slots=True)
class Resettled:
    """Dwellings of a sector that would come into another buurt."""

    sector_code: str
    origin: str | None
    """The buurt that they are in; None is ground that no plan had."""
    destination: str | None
    dwellings: int


@dataclass(frozen=True, slots=True)
class CarriedPlan:
    """A plan on the new release, not yet written."""

    municipality_code: str
    release: Release
    valid_from: date
    sources: tuple[Plan, ...]
    carried: CarriedOver
    buurten: Mapping[str, Buurt]
    resettled: tuple[Resettled, ...]
    """By sector, origin and destination."""
    problems: tuple[Problem, ...]
    """Errors of the checks, which keep a plan from being published."""

    @property
    def is_clear(self) -> bool:
        """Whether no person is needed."""
        return not (self.carried.decisions or self.resettled or self.problems)

    @property
    def can_stand(self) -> bool:
        """Whether it can be published as it is guessed, where a person accepts that."""
        return not self.problems

    def report(self) -> dict[str, Any]:
        """Return what was found, as plain values: counts, codes and shares."""
        carried = self.carried
        return {
            "municipality": self.municipality_code,
            "release": self.release.name,
            "valid_from": self.valid_from.isoformat(),
            "plans": [
                {"plan": plan.id, "municipality": plan.municipality_code, "version": plan.version}
                for plan in self.sources
            ],
            "sectors": len(carried.buurt_of),
            "unchanged": len(carried.unchanged),
            "recoded": dict(sorted(carried.recoded.items())),
            "changed": list(carried.changed),
            "emptied": list(carried.emptied),
            "decisions": [_decision(decision) for decision in carried.decisions],
            "resettled": [
                {
                    "sector": moved.sector_code,
                    "from": moved.origin,
                    "to": moved.destination,
                    "dwellings": moved.dwellings,
                }
                for moved in self.resettled
            ],
            "problems": [
                {"code": each.code, "buurten": list(each.buurten), "blocks": list(each.blocks)}
                for each in self.problems
            ],
            "clear": self.is_clear,
        }


def work_out(
    session: Session, succession: Succession, release: Release, dwellings: Dwellings | None, settings: CheckSettings
) -> list[CarriedPlan]:
    """Work out the plans of a municipality on a release, one a day on which they change; nothing is written.

    Parameters
    ----------
    succession
        From `data.plans.successions.find_successions`.
    release
        The new sectors.
    dwellings
        The register's dwellings in these sectors; None where no register is active.
    settings
        What a good buurt is.
    """
    crs = release.crs or ""
    rows = session.execute(
        select(Sector.code, Sector.geometry)
        .where(Sector.release_id == release.id, Sector.municipality_code == succession.municipality_code)
        .order_by(Sector.code)
    )
    sectors: dict[str, Area] = {row.code: shapely.set_srid(row.geometry, 0) for row in rows}
    found = []
    for day in succession.days:
        sources = plans_on(session, succession, day)
        if not any(plan.drawn for plan in sources):
            continue
        states = [read_state(session, read_plan(session, plan), _Uncounted()) for plan in sources]
        shares = CarryOverSettings() if dwellings is not None else CarryOverSettings(clear_share=_GROUND_SHARE)
        carried = carry_over(states, sectors, crs, shares)
        held = {block.buurt for block in carried.blocks.values()}
        buurten = {code: buurt for state in states for code, buurt in state.buurten.items() if code in held}
        state = PlanState(
            succession.municipality_code,
            crs,
            {code: Block(code, of.sector_code, of.shape, _UNCOUNTED) for code, of in carried.blocks.items()},
            buurten,
            {code: block.buurt for code, block in carried.blocks.items()},
        )
        problems = check_plan(state, settings, sectors=sectors)
        found.append(
            CarriedPlan(
                succession.municipality_code,
                release,
                day,
                sources,
                carried,
                buurten,
                () if dwellings is None else _resettled(carried, states, crs, dwellings),
                tuple(each for each in problems if each.severity == Severity.ERROR),
            )
        )
    return found


def begin_carried(
    session: Session,
    plan: CarriedPlan,
    counter: BlockCounter,
    *,
    by: str,
    now: datetime,
    make_token: Callable[[], str],
) -> DraftRow:
    """Write a carried plan as a draft on the new release, with what was found in its log.

    Parameters
    ----------
    counter
        Counts the blocks of the new release.
    """
    made = select(Plan).where(
        Plan.release_id == plan.release.id, Plan.municipality_code == plan.municipality_code, ~Plan.drawn
    )
    base = session.scalars(made.order_by(Plan.version.desc()).limit(1)).one()
    row = begin_draft(
        session,
        plan.municipality_code,
        counter,
        title=f"Carried over to {plan.release.name}"[:200],
        by=by,
        now=now,
        make_token=make_token,
        plan_id=base.id,
    )
    session.flush()
    draft = open_draft(session, row, counter)
    blocks = {code: (block.shape, block.buurt) for code, block in plan.carried.blocks.items()}
    source = ", ".join(f"plan {each.version} of {each.municipality_code}" for each in plan.sources)
    operation = as_adoption(draft, plan.buurten, blocks, source[:200])
    operation = operation.model_copy(update={"report": plan.report()})
    with suppress(NothingChangesError):
        edit(session, row, draft, operation, known_revision=row.revision, by=by, now=now)
    return row


_UNCOUNTED = BlockCounts(None, 0)


class _Uncounted:
    """Counts nothing: where blocks go does not depend on who lives in them."""

    def count(self, sector_code: str, parts: Sequence[Area]) -> Sequence[BlockCounts]:  # noqa: ARG002 -- the protocol has it
        return [_UNCOUNTED] * len(parts)


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "sector": decision.sector_code,
        "reason": decision.reason.value,
        "guess": decision.guess,
        "candidates": [
            {"buurt": each.buurt, "share": round(each.share, 6), "area_m2": round(each.area_m2, 2)}
            for each in decision.candidates
        ],
    }


def _resettled(
    carried: CarriedOver, states: Sequence[PlanState], crs: str, dwellings: Dwellings
) -> tuple[Resettled, ...]:
    """Count the dwellings that would come into another buurt, each at its place in both partitions."""
    table = dwellings.in_sectors(carried.buurt_of, ["sector_code", "x", "y"])
    codes = table["sector_code"].to_pylist()
    x, y = table["x"].to_numpy(), table["y"].to_numpy()
    olds = sorted(
        ((block.sector_code, code, state) for state in states for code, block in state.blocks.items()),
        key=lambda each: each[:2],
    )
    shapes = [transform_shapes(state.blocks[code].shape, state.crs, crs) for _, code, state in olds]
    before: list[str | None] = [None] * len(codes)
    point, block = shapely.STRtree(shapes).query(shapely.points(x, y), predicate="intersects")
    # On a shared border the lowest code owns the point: it is written last.
    for one, other in sorted(zip(point.tolist(), (-block).tolist(), strict=True)):
        _, code, state = olds[-other]
        before[one] = state.buurt_of[code]
    parts: dict[str, list[str]] = {}
    for code, of in carried.blocks.items():
        parts.setdefault(of.sector_code, []).append(code)
    moved: Counter[tuple[str, str | None, str | None]] = Counter()
    rows = np.array(codes, dtype=object)
    for sector in dict.fromkeys(codes):
        here = np.flatnonzero(rows == sector)
        own = parts[sector]
        of_part = owning_parts(x[here], y[here], [carried.blocks[code].shape for code in own])
        for place, part in zip(here.tolist(), of_part.tolist(), strict=True):
            after = carried.blocks[own[part]].buurt
            if before[place] != after:
                moved[sector, before[place], after] += 1
    order = sorted(moved, key=lambda key: (key[0], key[1] or "", key[2] or ""))
    return tuple(Resettled(*key, moved[key]) for key in order)
