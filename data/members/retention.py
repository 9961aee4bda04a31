"""Retention: removes what its purpose is over for, by settings, and never the audit trail, which names nobody."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, delete, select, update
from sqlalchemy.orm import Session

from data.members.audit import record
from data.store.household_models import (
    Account,
    Attempt,
    Buurtcode,
    CodeBatchRow,
    Household,
    SignUp,
    StaffAccount,
    StaffArea,
)
from households.verification import Event, State, Verification, advance


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is over is kept."""

    sign_ups: timedelta = timedelta(days=90)
    """Settled or expired sign-ups, from then on."""
    left_households: timedelta = timedelta(days=365)
    """Households and accounts that have left."""
    staff: timedelta = timedelta(days=365)
    """Staff accounts that were revoked, or whose last work area is over."""
    codes: timedelta = timedelta(days=30)
    """Expired codes; batches keep their counts."""
    attempts: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge did."""

    expired_sign_ups: int
    sign_ups: int
    accounts: int
    households: int
    staff: int
    codes: int
    attempts: int


def purge(session: Session, retention: Retention, now: datetime) -> Purged:
    """Expire sign-ups whose time is over, and remove what is kept no longer.

    Parameters
    ----------
    session
        A writing session.
    retention
        How long what is over is kept.
    now
        The instant, in UTC.
    """
    expired = 0
    for state in (State.ASKED, State.NEEDS_PROOF):
        to = advance(Verification(state, expires_at=now), Event.EXPIRE, now).state
        expired += _rows(
            session.execute(
                update(SignUp)
                .where(SignUp.state == state, SignUp.expires_at <= now)
                # It ended when its time was over, not when somebody looked.
                .values(state=to, settled_at=SignUp.expires_at)
            )
        )
    sign_ups = _rows(session.execute(delete(SignUp).where(SignUp.settled_at <= now - retention.sign_ups)))
    left = now - retention.left_households
    accounts = _rows(session.execute(delete(Account).where(Account.left_at <= left)))
    households = _rows(session.execute(delete(Household).where(Household.left_at <= left)))
    staff = _rows(session.execute(delete(StaffAccount).where(_staff_is_over(now - retention.staff))))
    over = select(CodeBatchRow.id).where(CodeBatchRow.expires_at <= now - retention.codes)
    codes = _rows(session.execute(delete(Buurtcode).where(Buurtcode.batch_id.in_(over))))
    attempts = _rows(session.execute(delete(Attempt).where(Attempt.window_start <= now - retention.attempts)))
    done = Purged(expired, sign_ups, accounts, households, staff, codes, attempts)
    record(session, "purged", now, **{name: getattr(done, name) for name in Purged.__slots__})
    return done


def _staff_is_over(since: datetime) -> ColumnElement[bool]:
    lasting = select(StaffArea.staff_id).where(StaffArea.last_day.is_(None) | (StaffArea.last_day > since.date()))
    return (StaffAccount.revoked_at <= since) | StaffAccount.id.not_in(lasting)


def _rows(result: object) -> int:
    assert isinstance(result, CursorResult)  # noqa: S101 -- what an UPDATE or DELETE gives
    return result.rowcount
