"""Publishing: a draft becomes a plan that never changes, in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import shapely
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from boundaries.blocks import Area, Block, PlanState
from boundaries.checks import CheckSettings, Problem, Severity, check_plan
from boundaries.draft import Draft
from data.members.audit import record
from data.outlines import write_plan_outlines
from data.plans.drafts import DraftStateError, refuse_conflict
from data.plans.published import find_plan, sector_shapes
from data.plans.sectors_in_use import refuse_former_sectors
from data.store.database import announce_change
from data.store.models import Block as BlockRow
from data.store.models import Buurt as BuurtRow
from data.store.models import DraftRow, Municipality, Plan
from data.store.rows import insert_rows
from data.tables import LANGUAGES
from data.tiles.shapes import write_new_plan_shapes

FURTHEST: Final = timedelta(days=2 * 366)
"""How far ahead a plan may begin: none is published before the one of the latest day, so a mistyped year would last."""


class NotPublishableError(ValueError):
    """The draft has problems that keep it from being published.

    Attributes
    ----------
    problems
        The errors among what the checks found.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = problems
        told = ", ".join(sorted({problem.code for problem in problems}))
        keep = "1 problem keeps" if len(problems) == 1 else f"{len(problems)} problems keep"
        super().__init__(f"{keep} this draft from being published: {told}")


class PublishingDayError(ValueError):
    """The day lies in the past, too far ahead, or before the plan that holds last."""


class OutdatedDraftError(ValueError):
    """Another plan of the municipality was published since the draft was begun."""


def publish(
    session: Session,
    row: DraftRow,
    draft: Draft,
    *,
    valid_from: date,
    reason: str,
    known_revision: int,
    by: str,
    now: datetime,
    settings: CheckSettings,
) -> Plan:
    """Publish a draft from a day on.

    Parameters
    ----------
    row
        Locked by `find_draft`.
    draft
        Opened at the row's revision.
    reason
        Why; history keeps it.

    Raises
    ------
    EditConflictError
        Somebody else has changed the draft.
    DraftStateError
        It was published or discarded.
    InactiveReleaseError, FormerReleaseError
        Answers do not use its sectors, yet or any more.
    OutdatedDraftError
        Another plan was published meanwhile.
    PublishingDayError
        History would change: the day is not after today's plans.
    NotPublishableError
        The checks found errors.
    """
    refuse_conflict(session, row, known_revision)
    if row.state not in ("draft", "in_review"):
        raise DraftStateError(f"the draft is {row.state} already")
    # The municipality's row is locked, so that two drafts cannot be published at the same time unseen.
    base = find_plan(session, row.plan_id)
    session.scalars(
        select(Municipality)
        .where(Municipality.release_id == base.release_id, Municipality.code == row.municipality_code)
        .with_for_update()
    ).one()
    release = refuse_former_sectors(session, base)
    last = session.scalars(
        select(Plan)
        .where(Plan.municipality_code == row.municipality_code, Plan.drawn)
        .order_by(Plan.version.desc())
        .limit(1)
    ).first()
    # A draft that was rebased is on the last plan, however long ago it was begun.
    if last is not None and last.id != base.id and last.published_at > row.made_at:
        raise OutdatedDraftError(
            f"plan {last.id} (version {last.version}) was published on {last.published_at:%Y-%m-%d}, after this draft "
            "was begun: rebase it"
        )
    if valid_from < now.date():
        raise PublishingDayError(f"{valid_from} is past: a plan holds from today or later")
    furthest = now.date() + FURTHEST
    if valid_from > furthest:
        raise PublishingDayError(f"{valid_from} is too far ahead: a plan begins by {furthest}; look at the year")
    if last is not None and last.release_id == base.release_id and valid_from < last.valid_from:
        raise PublishingDayError(f"plan {last.id} holds from {last.valid_from}: this one cannot begin before it")
    state = draft.state
    sectors = sector_shapes(session, release, {block.sector_code for block in state.blocks.values()})
    errors = [problem for problem in check_plan(state, settings, sectors=sectors) if problem.severity == Severity.ERROR]
    if errors:
        raise NotPublishableError(errors)
    version = session.scalar(select(func.max(Plan.version)).where(Plan.municipality_code == row.municipality_code)) or 0
    plan = Plan(
        release_id=base.release_id,
        municipality_code=row.municipality_code,
        version=version + 1,
        published_at=now,
        valid_from=valid_from,
        drawn=True,
        reason=reason,
        published_by=by,
        follows_id=base.id,
    )
    session.add(plan)
    session.flush()
    _write(session, plan, state, sectors, int((release.crs or "EPSG:0").removeprefix("EPSG:")))
    session.flush()
    write_new_plan_shapes(session, plan)
    write_plan_outlines(session, plan)
    row.state = "published"
    row.published_plan_id = plan.id
    row.revision += 1
    row.changed_at = now
    record(
        session,
        "plan-published",
        now,
        municipality_code=plan.municipality_code,
        plan=plan.id,
        version=version + 1,
        key=by,
    )
    announce_change(session)
    return plan


def _write(session: Session, plan: Plan, state: PlanState, sectors: Mapping[str, Area], srid: int) -> None:
    rows = [
        {"plan_id": plan.id, "code": buurt.code, "live": buurt.live, "colour": buurt.colour, "locked": buurt.locked}
        | {f"name_{language}": buurt.names.get(language) for language in LANGUAGES}
        for buurt in state.buurten.values()
    ]
    session.execute(insert(BuurtRow), rows)
    insert_rows(
        session,
        BlockRow,
        [
            {
                "plan_id": plan.id,
                "code": block.code,
                "sector_code": block.sector_code,
                "buurt_code": state.buurt_of[block.code],
                "geometry": _own_shape(block, sectors, srid),
            }
            for block in state.blocks.values()
        ],
    )


def _own_shape(block: Block, sectors: Mapping[str, Area], srid: int) -> Area | None:
    """Return a block's shape where it is not that of its sector, vertex for vertex."""
    if block.code == block.sector_code and shapely.equals_exact(block.shape, sectors[block.sector_code]):
        return None
    return shapely.set_srid(block.shape, srid)
