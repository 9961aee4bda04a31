"""Drafts in the store: a plan to begin from, the counts of that moment, and a log that plays both ways."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from boundaries.blocks import BlockCounter, BlockCounts
from boundaries.changes import Change
from boundaries.draft import Draft
from boundaries.editing import apply
from boundaries.operations import OPERATION, Operation
from data.members.audit import record
from data.plans.published import NoPlanError, find_plan, last_published, read_plan, read_state
from data.store.models import DraftEntry, DraftRow


class UnknownDraftError(LookupError):
    """No draft is of that identifier."""


class DraftStateError(ValueError):
    """The draft is in review, published or discarded, and this needs another state."""


class NothingToUndoError(ValueError):
    """Every entry of the log is undone, or in force, already."""


_MOST_TOLD = 20
_STATES = {"in_review": "in review", "published": "published", "discarded": "discarded"}


@dataclass(frozen=True, slots=True)
class Done:
    """An operation that somebody else carried out meanwhile."""

    number: int
    op: str
    by: str
    """Identifier of the key of who carried it out, undid or redid it last."""
    at: datetime
    undone: bool = False
    """It was carried out earlier, and taken back meanwhile."""

    @property
    def told(self) -> str:
        """What was done."""
        return f"undo of {self.op}" if self.undone else self.op


class EditConflictError(ValueError):
    """Somebody else has changed the draft since the revision that the caller knows.

    Attributes
    ----------
    revision
        The draft's present one.
    done
        What was done since and is in force, redone operations too, and what was undone since and can be redone.
    """

    def __init__(self, known: int, row: DraftRow, entries: Sequence[DraftEntry]) -> None:
        self.revision = row.revision
        self.done = tuple(
            Done(
                entry.number,
                entry.operation["op"],
                entry.stepped_by or entry.by,
                entry.stepped_at or entry.at,
                undone=entry.number > row.played,
            )
            for entry in entries
        )
        told = [entry.told for entry in self.done[:_MOST_TOLD]]
        if len(self.done) > _MOST_TOLD:
            told.append(f"{len(self.done) - _MOST_TOLD} more")
        if row.state != "draft":
            told.append(f"it is {_STATES[row.state]} now")
        # A review that was ended, or an operation that was undone before another took its place.
        done = ", ".join(told) or "nothing that is still so"
        super().__init__(f"the draft is at revision {row.revision}, not {known}; meanwhile: {done}")


def new_draft_id() -> str:
    """Return a random identifier for a new draft, which nobody can guess."""
    return f"d-{secrets.token_urlsafe(12)}"


def begin_draft(
    session: Session,
    municipality_code: str,
    counter: BlockCounter,
    *,
    title: str,
    by: str,
    now: datetime,
    make_token: Callable[[], str],
    plan_id: int | None = None,
) -> DraftRow:
    """Begin a draft from a plan.

    Parameters
    ----------
    counter
        Counts the plan's blocks; the draft keeps these counts.
    plan_id
        The plan that it begins from, to go back to an earlier one; by default the one that was published last.

    Raises
    ------
    NoPlanError
        The municipality has no such plan.
    """
    base = last_published(session, municipality_code) if plan_id is None else find_plan(session, plan_id)
    plan = read_plan(session, base)
    if plan.row.municipality_code != municipality_code:
        raise NoPlanError(f"plan {plan_id} is of municipality {plan.row.municipality_code}, not {municipality_code}")
    state = read_state(session, plan, counter)
    row = DraftRow(
        id=make_token(),
        municipality_code=municipality_code,
        plan_id=plan.row.id,
        title=title,
        state="draft",
        counts={code: asdict(block.counts) for code, block in state.blocks.items()},
        revision=1,
        played=0,
        highest_number=highest_number_of(session, municipality_code, state.buurten),
        made_at=now,
        made_by=by,
        changed_at=now,
        published_plan_id=None,
    )
    session.add(row)
    record(session, "draft-begun", now, municipality_code=municipality_code, draft=row.id, key=by)
    return row


def find_draft(session: Session, draft_id: str, *, for_change: bool = False) -> DraftRow:
    """Return a draft, locked until the end of the transaction where it is to be changed.

    Raises
    ------
    UnknownDraftError
        There is none.
    """
    if draft_id.isdecimal():
        raise UnknownDraftError(f"{draft_id} is the number of a published plan, which never changes: begin a draft")
    wanted = select(DraftRow).where(DraftRow.id == draft_id)
    row = session.scalars(wanted.with_for_update() if for_change else wanted).first()
    if row is None:
        raise UnknownDraftError(f"there is no draft {draft_id!r}")
    return row


def list_drafts(session: Session, municipality_code: str) -> Sequence[DraftRow]:
    """Return the drafts of a municipality that are under way, the last changed first."""
    return session.scalars(
        select(DraftRow)
        .where(DraftRow.municipality_code == municipality_code, DraftRow.state.in_(("draft", "in_review")))
        .order_by(DraftRow.changed_at.desc(), DraftRow.id)
    ).all()


def entries_of(session: Session, row: DraftRow, since_revision: int = 0) -> Sequence[DraftEntry]:
    """Return the log's entries that are in force and later than a revision, in order."""
    return session.scalars(
        select(DraftEntry)
        .where(DraftEntry.draft_id == row.id, DraftEntry.number <= row.played, DraftEntry.revision > since_revision)
        .order_by(DraftEntry.number)
    ).all()


def can_redo(session: Session, row: DraftRow) -> bool:
    """Whether an operation of the draft was undone and can be carried out again."""
    return session.get(DraftEntry, (row.id, row.played + 1)) is not None


def open_draft(session: Session, row: DraftRow, counter: BlockCounter) -> Draft:
    """Return the draft as it is now: the plan that it began from, and its log played."""
    plan = read_plan(session, find_plan(session, row.plan_id))
    counts = {code: BlockCounts(**values) for code, values in row.counts.items()}
    draft = Draft(read_state(session, plan, counts), counter, highest_number=row.highest_number)
    for entry in entries_of(session, row):
        draft.play(Change.from_json(entry.change))
    return draft


def edit(
    session: Session, row: DraftRow, draft: Draft, operation: Operation, *, known_revision: int, by: str, now: datetime
) -> Change:
    """Carry out an operation and write it to the log; entries that were undone are gone then.

    Parameters
    ----------
    row
        Locked by `find_draft`.
    draft
        Opened at the row's revision; changed in place.
    known_revision
        The revision that the caller has seen.

    Raises
    ------
    EditConflictError
        Somebody else was faster.
    DraftStateError
        It is no draft any more.
    EditError
        The operation cannot be carried out.
    """
    refuse_conflict(session, row, known_revision)
    refuse_unless(row, "draft")
    change = apply(draft, operation)
    session.execute(delete(DraftEntry).where(DraftEntry.draft_id == row.id, DraftEntry.number > row.played))
    row.played += 1
    row.revision += 1
    row.highest_number = draft.highest_number
    row.changed_at = now
    session.add(
        DraftEntry(
            draft_id=row.id,
            number=row.played,
            revision=row.revision,
            operation=OPERATION.dump_python(operation, mode="json"),
            change=change.as_json(),
            at=now,
            by=by,
        )
    )
    return change


def step(
    session: Session, row: DraftRow, draft: Draft, *, back: bool, known_revision: int, by: str, now: datetime
) -> Change:
    """Undo the last entry of the log, or redo the first that was undone.

    Raises
    ------
    EditConflictError
        Somebody else was faster.
    DraftStateError
        It is no draft any more.
    NothingToUndoError
        There is none.
    """
    refuse_conflict(session, row, known_revision)
    refuse_unless(row, "draft")
    entry = session.get(DraftEntry, (row.id, row.played if back else row.played + 1))
    if entry is None:
        raise NothingToUndoError("nothing was done that can be undone" if back else "nothing was undone")
    change = Change.from_json(entry.change)
    if back:
        change = change.inverse()
    draft.play(change)
    row.played += -1 if back else 1
    row.revision += 1
    entry.revision, entry.stepped_at, entry.stepped_by = row.revision, now, by
    row.changed_at = now
    return change


def set_state(session: Session, row: DraftRow, state: str, *, known_revision: int, by: str, now: datetime) -> None:
    """Hand a draft in for review (`in_review`), take it back (`draft`), or give it up (`discarded`).

    Raises
    ------
    EditConflictError
        Somebody else was faster.
    DraftStateError
        It cannot go there from where it is.
    """
    refuse_conflict(session, row, known_revision)
    refuse_unless(row, *{"in_review": ("draft",), "draft": ("in_review",), "discarded": ("draft", "in_review")}[state])
    row.state = state
    row.revision += 1
    row.changed_at = now
    record(session, f"draft-{state}", now, municipality_code=row.municipality_code, draft=row.id, key=by)


def refuse_conflict(session: Session, row: DraftRow, known_revision: int) -> None:
    """Refuse a change that was made without seeing the last one.

    Raises
    ------
    EditConflictError
        The draft is at another revision.
    """
    if known_revision != row.revision:
        since = select(DraftEntry).where(DraftEntry.draft_id == row.id, DraftEntry.revision > known_revision)
        raise EditConflictError(known_revision, row, session.scalars(since.order_by(DraftEntry.number)).all())


def refuse_unless(row: DraftRow, *states: str) -> None:
    """Refuse what needs the draft in one of some states.

    Raises
    ------
    DraftStateError
        It is in another.
    """
    if row.state not in states:
        raise DraftStateError(f"the draft is {row.state}; this needs one that is {' or '.join(states)}")


def highest_number_of(session: Session, municipality_code: str, buurten: Iterable[str]) -> int:
    """Return the highest number that any draft of a municipality has given, or some buurten have."""
    from_drafts: Iterable[int] = session.scalars(
        select(DraftRow.highest_number).where(DraftRow.municipality_code == municipality_code)
    )
    return max([0, *from_drafts, *(int(code.rpartition("-")[2]) for code in buurten)])
