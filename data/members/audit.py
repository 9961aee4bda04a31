"""The audit trail: what was done, when, in which municipality and by which key; never to whom.

Every transaction that changes something during a request or a command leaves a line, in that transaction: one that its
rule has recorded, or else a plain `written`. What was refused leaves a line of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import event, select
from sqlalchemy.orm import ORMExecuteState, Session

from data.store.household_models import AuditEntry

DONE: Final = "done"
COMMAND: Final = "command"
"""Stands in the place of a key for whoever may run commands."""


@dataclass(frozen=True, slots=True)
class Act:
    """Who is doing something, and by what.

    Attributes
    ----------
    actor
        Identifier of a key, or `COMMAND`.
    place
        Gives the route (method and template, or command), and what its path names, once that is known: no secret and
        nobody, such as a municipality or a plan.
    request_id
        The request's identifier, as the logs have it.
    """

    actor: str
    place: Callable[[], tuple[str, str | None]]
    request_id: str | None = None


_current: ContextVar[Act | None] = ContextVar("act", default=None)


@contextmanager
def acting(act: Act) -> Iterator[None]:
    """Let what is changed meanwhile be recorded as somebody's act."""
    token = _current.set(act)
    try:
        yield
    finally:
        _current.reset(token)


def record(
    session: Session,
    action: str,
    now: datetime,
    *,
    municipality_code: str | None = None,
    buurt_code: str | None = None,
    outcome: str = DONE,
    **detail: str | int,
) -> None:
    """Add a line to the trail, in the transaction of what it tells of.

    Parameters
    ----------
    action
        Stable name, such as `sign-up-verified`.
    outcome
        `DONE`, or the status of a refusal.
    detail
        Codes and counts alone: no address, person, key or token.
    """
    act = _current.get()
    route, subject = (None, None) if act is None else act.place()
    session.add(
        AuditEntry(
            at=now,
            action=action,
            municipality_code=municipality_code,
            buurt_code=buurt_code,
            detail=detail,
            actor=None if act is None else act.actor,
            route=route,
            subject=subject,
            request_id=None if act is None else act.request_id,
            outcome=outcome,
        )
    )
    session.info["recorded"] = True


def read_trail(
    session: Session,
    *,
    most: int,
    since: datetime | None = None,
    actor: str | None = None,
    action: str | None = None,
    municipality_code: str | None = None,
) -> Sequence[AuditEntry]:
    """Return the last lines of the trail that fit, oldest first."""
    asked = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(most)
    wanted: dict[Any, str | None] = {
        AuditEntry.actor: actor,
        AuditEntry.action: action,
        AuditEntry.municipality_code: municipality_code,
    }
    for column, value in wanted.items():
        if value is not None:
            asked = asked.where(column == value)
    if since is not None:
        asked = asked.where(AuditEntry.at >= since)
    return session.scalars(asked).all()[::-1]


@event.listens_for(Session, "do_orm_execute")
def _see_statement(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        state.session.info["changed"] = True


@event.listens_for(Session, "after_flush")
def _see_flush(session: Session, _context: object) -> None:
    session.info["changed"] = True


@event.listens_for(Session, "before_commit")
def _leave_a_line(session: Session) -> None:
    """Record a change that its rule has not recorded itself."""
    changed = session.info.get("changed") or session.new or session.dirty or session.deleted
    if changed and not session.info.get("recorded") and _current.get() is not None:
        record(session, "written", datetime.now(UTC))
