"""Budgets of requests per key and window, leased in blocks, so that a limit holds over all workers and machines.

A worker takes a block, answers so many requests without asking the store again, and takes the next. Blocks shrink as
the budget ends, so that little of it lies with workers that are not asked any more. One statement takes and compares:
what is leased in a window never adds up to more than its limit.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.store.access_models import RateBudget

PART_OF_REST: Final = 8
"""A block is at most this part of what is left, ..."""
PART_OF_LIMIT: Final = 50
"""... and this part of the limit: three idle workers keep at most 6 % of a budget to themselves."""
KEPT: Final = timedelta(hours=1)
"""How long the budgets of earlier windows stay; a clock that is set back finds them."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A block of a budget.

    Attributes
    ----------
    granted
        How many requests it is for; none where the budget is used up.
    left
        How many of the budget are left to be leased.
    """

    granted: int
    left: int


def lease(session: Session, subject: str, limit: int, window_start: datetime) -> Lease:
    """Take the next block of a budget.

    Parameters
    ----------
    session
        A writing session.
    subject
        Identifier of a key.
    limit
        Requests of the whole window.
    window_start
        The window that they are asked in, in UTC.
    """
    most = max(1, limit // PART_OF_LIMIT)
    first = max(1, min(limit // PART_OF_REST, most))
    part = (limit - RateBudget.taken) // PART_OF_REST
    block = case((part < 1, 1), (part > most, most), else_=part)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = session.execute(
        insert(RateBudget)
        .values(subject=subject, window_start=window_start, taken=first, granted=first)
        .on_conflict_do_update(
            index_elements=["subject", "window_start"],
            set_={"taken": RateBudget.taken + block, "granted": block},
            where=RateBudget.taken < limit,
        )
        .returning(RateBudget.taken, RateBudget.granted)
    ).one_or_none()
    if row is None:
        return Lease(0, 0)
    if row.taken == row.granted:
        # The first of a window clears away what the key took in those long before.
        old = (RateBudget.subject == subject) & (RateBudget.window_start < window_start - KEPT)
        session.execute(delete(RateBudget).where(old))
    return Lease(row.granted, limit - row.taken)
