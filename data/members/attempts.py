"""Counts attempts at codes in windows of time, in the store, so that a limit holds over all workers and machines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.store.household_models import Attempt


@dataclass(frozen=True, slots=True)
class AttemptLimit:
    """How many attempts a subject may make in a window of time.

    Windows start at multiples of their length, so that at most twice as many fall into any such length of time.
    """

    most: int
    window: timedelta

    def window_start(self, now: datetime) -> datetime:
        """Return the start of the window that an instant lies in."""
        epoch = datetime(1970, 1, 1, tzinfo=now.tzinfo)
        return epoch + (now - epoch) // self.window * self.window


class TooManyAttemptsError(RuntimeError):
    """The limit of a dwelling or a caller is reached; `retry_after` says when the next window starts."""

    def __init__(self, retry_after: timedelta) -> None:
        self.retry_after = retry_after
        minutes = max(1, -(-int(retry_after.total_seconds()) // 60))
        super().__init__(f"too many codes were tried; try again in {minutes} minutes")


def refuse_if_used_up(session: Session, subjects: Sequence[str], limit: AttemptLimit, now: datetime) -> None:
    """Refuse an attempt whose limit is reached already, without writing: guessing then holds up nobody's writes.

    It decides nothing alone, since another attempt may come between: `take_attempt` follows.

    Raises
    ------
    TooManyAttemptsError
        The window of one of the subjects is used up.
    """
    start = limit.window_start(now)
    used_up = select(Attempt.count).where(
        Attempt.subject.in_(subjects), Attempt.window_start == start, Attempt.count >= limit.most
    )
    if session.execute(used_up.limit(1)).first() is not None:
        raise TooManyAttemptsError(start + limit.window - now)


def take_attempt(session: Session, subject: str, limit: AttemptLimit, now: datetime) -> None:
    """Count an attempt before it is made, or refuse it.

    One statement counts and compares, so that no number of attempts at once passes the limit. Commit before the code
    is looked at: an attempt counts even if what follows fails.

    Parameters
    ----------
    session
        A writing session.
    subject
        Keyed hash of a dwelling or a caller.
    limit
        Its limit.
    now
        The instant, in UTC.

    Raises
    ------
    TooManyAttemptsError
        The window is used up; nothing is counted then.
    """
    start = limit.window_start(now)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(Attempt).values(subject=subject, window_start=start, count=1)
    counted = session.execute(
        statement.on_conflict_do_update(
            index_elements=["subject", "window_start"],
            set_={"count": Attempt.count + 1},
            where=Attempt.count < limit.most,
        ).returning(Attempt.count)
    ).scalar()
    if counted is None:
        raise TooManyAttemptsError(start + limit.window - now)


def give_back_attempt(session: Session, subject: str, limit: AttemptLimit, now: datetime) -> None:
    """Take back the count of an attempt whose code was right."""
    session.execute(
        update(Attempt)
        .where(Attempt.subject == subject, Attempt.window_start == limit.window_start(now), Attempt.count > 0)
        .values(count=Attempt.count - 1)
    )
