"""Puts a draft on the newest published plan: its log is replayed there, and what no longer applies is told one by one.

Another plan of the municipality was published while the draft was drawn, or answers went over to other sectors. What
that plan says holds, and the draft's operations are carried out on it in their order, as if they were drawn now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from boundaries.blocks import BlockCounter, BlockCounts
from boundaries.draft import Draft
from data.members.audit import record
from data.plans.drafts import entries_of, highest_number_of, refuse_conflict, refuse_unless
from data.plans.published import NoPlanError, find_plan, last_published, read_plan, read_state
from data.plans.replaying import LeftOut, Overridden, Replay
from data.plans.sectors_in_use import hold_sectors_in_use
from data.store.models import DraftEntry, DraftRow, Plan


class NothingToRebaseError(ValueError):
    """The draft is on the newest published plan already, or there is none."""


class NoRebaseError(ValueError):
    """No replay of its operations gives what the draft is meant to be; says what to do instead."""


@dataclass(frozen=True, slots=True)
class Rebased:
    """What a rebase did."""

    onto: Plan
    draft: Draft
    replayed: int
    left_out: tuple[LeftOut, ...]
    overridden: tuple[Overridden, ...]
    codes: Mapping[str, str]
    """New code of every buurt of the draft whose code the newer plan has taken."""


class RebaseConflictError(ValueError):
    """Operations of the draft that do not apply to the newer plan, and may not be left out.

    Attributes
    ----------
    conflicts
        Each with its reason.
    """

    def __init__(self, onto: Plan, conflicts: Sequence[LeftOut]) -> None:
        self.conflicts = tuple(conflicts)
        some = "1 operation does" if len(conflicts) == 1 else f"{len(conflicts)} operations do"
        super().__init__(f"{some} not apply to plan {onto.id} (version {onto.version}); nothing was changed")


def rebase(
    session: Session,
    row: DraftRow,
    counter: BlockCounter,
    *,
    onto: Plan,
    known_revision: int,
    by: str,
    now: datetime,
    skip_conflicts: bool = False,
) -> Rebased:
    """Put a draft on a newer plan of its municipality, counted anew.

    Its log is that of what was replayed, so that all of it can be undone; what was undone before is gone.

    Parameters
    ----------
    row
        Locked by `find_draft`.
    counter
        Counts the newer plan's blocks.
    onto
        As `newest_plan` gives it.
    skip_conflicts
        Leave out what does not apply; else that is an error.

    Raises
    ------
    EditConflictError
        Somebody else has changed the draft.
    DraftStateError
        It is in review, published or discarded.
    NothingToRebaseError
        It is on that plan already.
    NoRebaseError
        It was begun from an earlier plan, to go back to that.
    RebaseConflictError
        Something does not apply; the draft is as it was.
    """
    refuse_conflict(session, row, known_revision)
    refuse_unless(row, "draft")
    if row.plan_id == onto.id:
        raise NothingToRebaseError(f"the draft is on plan {onto.id} (version {onto.version}) already, the newest")
    base = find_plan(session, row.plan_id)
    log = entries_of(session, row)
    _refuse_going_back(session, row, base, log, onto)
    counts = {code: BlockCounts(**values) for code, values in row.counts.items()}
    state = read_state(session, read_plan(session, onto), counter)
    replay = Replay(
        Draft(read_state(session, read_plan(session, base), counts), counter),
        Draft(state, counter),
        same_release=base.release_id == onto.release_id,
        highest_number=highest_number_of(session, row.municipality_code, state.buurten),
    )
    entries = [replay.carry_out(entry) for entry in log]
    conflicts = [left for left in replay.left_out if not left.already_so]
    if conflicts and not skip_conflicts:
        raise RebaseConflictError(onto, conflicts)
    session.execute(delete(DraftEntry).where(DraftEntry.draft_id == row.id))
    kept = [entry for entry in entries if entry is not None]
    session.add_all(DraftEntry(**entry, number=number) for number, entry in enumerate(kept, start=1))
    draft = replay.draft
    draft.highest_number = max(draft.highest_number, row.highest_number)
    row.plan_id = onto.id
    row.counts = {code: asdict(block.counts) for code, block in state.blocks.items()}
    row.played = len(kept)
    row.revision += 1
    row.highest_number = draft.highest_number
    row.changed_at = now
    record(session, "draft-rebased", now, municipality_code=row.municipality_code, draft=row.id, plan=onto.id, key=by)
    return Rebased(
        onto, draft, len(kept), tuple(replay.left_out), tuple(replay.overridden), dict(replay.renamed_codes())
    )


def newest_plan(session: Session, row: DraftRow) -> Plan:
    """Return the plan that a draft is rebased on: the one of its municipality that was published last.

    It is drawn on the sectors in use, which stay in use until the transaction ends.

    Raises
    ------
    NothingToRebaseError
        None was published, and the draft is on the sectors in use.
    InactiveReleaseError
        The draft is on sectors that are not in use yet.
    NoRebaseError
        The sectors in use have no such municipality.
    """
    base = find_plan(session, row.plan_id)
    active = hold_sectors_in_use(session, base)
    try:
        plan = last_published(session, row.municipality_code)
    except NoPlanError as error:
        raise NoRebaseError(
            f"{active.name} has no municipality {row.municipality_code}: export the draft as GeoJSON, and import its "
            "buurten as areas of the municipality that it went into"
        ) from error
    if not plan.drawn and base.release_id == active.id:
        raise NothingToRebaseError(f"no plan of {row.municipality_code} was published since")
    return plan


def _refuse_going_back(session: Session, row: DraftRow, base: Plan, log: Sequence[DraftEntry], onto: Plan) -> None:
    """Refuse a draft that was begun from an earlier plan than the last: its log does not say what that plan has.

    Raises
    ------
    NoRebaseError
        It was begun to go back, and does not take a whole plan first.
    """
    if log and log[0].operation["op"] == "adopt_plan":
        return
    later = select(Plan.id).where(
        Plan.municipality_code == row.municipality_code,
        Plan.drawn,
        Plan.version > base.version,
        Plan.published_at <= row.made_at,
    )
    if session.scalars(later.limit(1)).first() is None:
        return
    again = f"begin a new draft from plan {base.id}, and draw them there"
    if base.release_id != onto.release_id:
        again = f"export plan {base.id} as GeoJSON, and import its buurten as areas on the sectors in use"
    raise NoRebaseError(
        f"the draft was begun from plan {base.id} to go back to it, and its operations alone do not: {again}"
    )
