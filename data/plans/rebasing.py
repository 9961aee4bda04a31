"""Puts a draft on the newest published plan: its log is replayed there, and what no longer applies is told one by one.

Another plan of the municipality was published while the draft was drawn. What that plan says holds, and the draft's
operations are carried out on it in their order, as if they were drawn now.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import shapely
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from boundaries.blocks import BlockCounter, BlockCounts
from boundaries.changes import Change
from boundaries.draft import Draft
from boundaries.edit_errors import EditError, NothingChangesError
from boundaries.editing import apply
from boundaries.operations import OPERATION
from data.members.audit import record
from data.plans.drafts import entries_of, highest_number_of, refuse_conflict, refuse_unless
from data.plans.published import find_plan, read_plan, read_state
from data.store.models import DraftEntry, DraftRow, Plan

_NAMING_KEYS = ("buurt", "into", "others", "left", "right")
"""Fields of operations that hold codes of buurten."""


class NothingToRebaseError(ValueError):
    """The draft is on the newest published plan already, or there is none."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An operation that was not carried out on the newer plan.

    Attributes
    ----------
    number
        In the log before.
    already_so
        The newer plan is as the operation asks, so nothing is lost.
    """

    number: int
    op: str
    by: str
    reason: str
    already_so: bool


@dataclass(frozen=True, slots=True)
class Overridden:
    """Blocks that the newer plan has moved and an operation moves again."""

    number: int
    op: str
    blocks: tuple[str, ...]


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
        super().__init__(f"{len(self.conflicts)} operations do not apply to plan {onto.version}; nothing was changed")


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
    RebaseConflictError
        Something does not apply; the draft is as it was.
    """
    refuse_conflict(session, row, known_revision)
    refuse_unless(row, "draft")
    if row.plan_id == onto.id:
        raise NothingToRebaseError(f"the draft is on plan {onto.version} already, the newest")
    before = read_plan(session, find_plan(session, row.plan_id))
    counts = {code: BlockCounts(**values) for code, values in row.counts.items()}
    state = read_state(session, read_plan(session, onto), counter)
    replay = _Replay(
        Draft(read_state(session, before, counts), counter),
        Draft(state, counter),
        highest_number_of(session, row.municipality_code, state.buurten),
    )
    entries = [replay.carry_out(entry) for entry in entries_of(session, row)]
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


def newest_plan(session: Session, municipality_code: str) -> Plan:
    """Return the plan of a municipality that ops staff published last.

    Raises
    ------
    NothingToRebaseError
        None was published.
    """
    plan = session.scalars(
        select(Plan)
        .where(Plan.municipality_code == municipality_code, Plan.drawn)
        .order_by(Plan.version.desc())
        .limit(1)
    ).first()
    if plan is None:
        raise NothingToRebaseError(f"no plan of {municipality_code} was published since")
    return plan


class _Replay:
    """A draft as it was drawn, and the same operations on another plan, side by side."""

    def __init__(self, drawn: Draft, draft: Draft, highest_number: int) -> None:
        self._drawn = drawn
        self.draft = draft
        self._highest_number = highest_number
        self._codes: dict[str, str] = {}
        self.left_out: list[LeftOut] = []
        self.overridden: list[Overridden] = []

    def carry_out(self, entry: DraftEntry) -> dict[str, Any] | None:
        """Carry out an operation of the log; return the new entry without its number, or None where it is left out."""
        drawn_change = Change.from_json(entry.change)
        created = sorted(code for code, step in drawn_change.buurten.items() if step.before is None)
        asked = self._translated(entry.operation, created)
        try:
            self._refuse_other_ground(asked)
            change = apply(self.draft, OPERATION.validate_python(asked))
        except EditError as error:
            already_so = isinstance(error, NothingChangesError)
            self.left_out.append(LeftOut(entry.number, entry.operation["op"], entry.by, str(error), already_so))
            self._drawn.play(drawn_change)
            return None
        made = sorted(code for code, step in change.buurten.items() if step.before is None)
        self._codes |= dict(zip(created, made, strict=False))
        moved_meanwhile = tuple(sorted(self._moved_meanwhile(change)))
        if moved_meanwhile:
            self.overridden.append(Overridden(entry.number, entry.operation["op"], moved_meanwhile))
        self._drawn.play(drawn_change)
        return {
            "draft_id": entry.draft_id,
            "revision": entry.revision,
            "operation": asked,
            "change": change.as_json(),
            "at": entry.at,
            "by": entry.by,
        }

    def renamed_codes(self) -> Iterator[tuple[str, str]]:
        """Give the buurten of the draft that have another code now."""
        yield from ((old, new) for old, new in self._codes.items() if old != new)

    def _translated(self, operation: Mapping[str, Any], created: Sequence[str]) -> dict[str, Any]:
        """Return an operation with the codes that buurten have here, and the same code for a new one if it is free."""
        asked = dict(operation)
        if asked["op"] == "adopt_plan":
            return asked
        for key in _NAMING_KEYS:
            if isinstance(asked.get(key), str):
                asked[key] = self._codes.get(asked[key], asked[key])
            elif isinstance(asked.get(key), list):
                asked[key] = [self._codes.get(code, code) for code in asked[key]]
        if "groups" in asked:
            asked["groups"] = [
                {**group, "code": self._codes.get(group["code"], group["code"])} for group in asked["groups"]
            ]
        free = all(int(code.rpartition("-")[2]) > self.draft.highest_number for code in created)
        if created and not free:
            # Numbers of other drafts are not taken either.
            self.draft.highest_number = max(self.draft.highest_number, self._highest_number)
        if created and "code" in asked:
            asked["code"] = created[0] if free else None
        return asked

    def _refuse_other_ground(self, asked: Mapping[str, Any]) -> None:
        """Refuse an operation on a part of a sector that is another part in the newer plan.

        Raises
        ------
        OtherGroundError
            The code is the same, the ground is not.
        """
        named = [
            *(asked.get("blocks") or ()),
            *(code for group in asked.get("groups") or () for code in group["blocks"]),
        ]
        for code in named:
            if not isinstance(code, str) or "/" not in code:
                continue
            here, there = self.draft.blocks.get(code), self._drawn.blocks.get(code)
            if here is not None and there is not None and not _same_ground(here.shape, there.shape):
                raise OtherGroundError(f"block {code} is another part of its sector in the newer plan", "blocks")

    def _moved_meanwhile(self, change: Change) -> Iterator[str]:
        for code, step in change.assignments.items():
            drawn = self._drawn.buurt_of.get(code)
            if code in self._drawn.blocks and step.before not in (drawn, self._codes.get(drawn or "", drawn)):
                yield code


class OtherGroundError(EditError):
    """A part of a sector whose code means other ground in the plan that the draft is put on."""


def _same_ground(one: shapely.Geometry, other: shapely.Geometry) -> bool:
    """Whether two shapes differ by no more than vertices that a neighbour's cut has put into a border."""
    union = shapely.area(shapely.union(one, other))
    return bool(union - shapely.area(shapely.intersection(one, other)) <= 1e-6 * union)
