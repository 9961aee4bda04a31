"""Which plans hold on a day or in a span of days, drawn on whatever sectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from data.store.models import ActiveRelease, Municipality, Plan
from data.tables import Kind


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the first to the last, both included; None is without end on that side."""

    first: date | None
    last: date | None

    @property
    def day(self) -> date | None:
        """The day, where it is a single one."""
        return self.first if self.first == self.last else None


def superseded_on() -> ScalarSelect[Any]:
    """Return the day from which another plan holds instead of that of the query; NULL where none does."""
    later = aliased(Plan)
    return (
        select(func.min(later.valid_from))
        .where(later.municipality_code == Plan.municipality_code, later.drawn, _comes_after(later))
        .correlate(Plan)
        .scalar_subquery()
    )


def plans_holding(session: Session, span: Span) -> Sequence[Plan]:
    """Return the plans of municipalities of the active sectors that hold on some day of a span.

    Of a single day that is at most one for each municipality: the newest of the drawn plans that hold from that day or
    before, on whatever sectors they were drawn; where there is none, the plan that the import of the active sectors
    made. A municipality that the active sectors have no longer has none.
    """
    active = select(ActiveRelease.release_id).where(ActiveRelease.kind == Kind.SECTORS)
    is_there = exists().where(Municipality.code == Plan.municipality_code, Municipality.release_id.in_(active))
    ends = superseded_on()
    holds = [
        or_(Plan.drawn, Plan.release_id.in_(active)),
        is_there,
        # One that another has followed on its first day never held.
        or_(ends.is_(None), ~Plan.drawn, ends > Plan.valid_from),
    ]
    if span.first is not None:
        holds.append(or_(ends.is_(None), ends > span.first))
    if span.last is not None:
        holds.append(or_(~Plan.drawn, Plan.valid_from <= span.last))
    return session.scalars(select(Plan).where(*holds).order_by(Plan.id)).all()


def _comes_after(later: type[Plan]) -> ColumnElement[bool]:
    same_day = and_(later.valid_from == Plan.valid_from, later.version > Plan.version)
    return or_(~Plan.drawn, later.valid_from > Plan.valid_from, same_day)
