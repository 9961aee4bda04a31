"""Staff in the store: who works in which buurten on which days, as the municipality has verified; never a household."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.members.audit import record
from data.store.household_models import StaffAccount, StaffArea
from data.store.models import Buurt, Plan
from households.dwelling_keys import HouseholdKeys, email_key
from households.eligibility import Period


class StaffRole(StrEnum):
    """In what capacity somebody works in a buurt."""

    NEIGHBOURHOOD_WORKER = "neighbourhood-worker"
    """*Buurtwerker*, *relais de quartier*."""
    ASSOCIATION = "association"
    MUNICIPALITY = "municipality"


class UnknownStaffError(LookupError):
    """No staff account that is in force has that identifier."""


class StaffExistsError(ValueError):
    """The municipality has verified this person already."""


class UnknownBuurtError(ValueError):
    """A buurt that is in no plan of the municipality; `position` says which of those that were given."""

    def __init__(self, position: int, buurt_code: str, municipality_code: str) -> None:
        self.position = position
        super().__init__(f"{buurt_code} is a buurt of no plan of {municipality_code}")


@dataclass(frozen=True, slots=True)
class WorkArea:
    """A buurt that somebody works in, and from which day until which."""

    buurt_code: str
    period: Period


@dataclass(frozen=True, slots=True)
class StaffCounts:
    """How many work in a municipality on a day; never who."""

    total: int
    by_role: dict[StaffRole, int]
    by_buurt: dict[str, int]


def grant(
    session: Session,
    keys: HouseholdKeys,
    email: str,
    role: StaffRole,
    municipality_code: str,
    areas: Sequence[WorkArea],
    *,
    now: datetime,
    make_token: Callable[[], str],
) -> StaffAccount:
    """Give somebody the account of a municipality's staff.

    Parameters
    ----------
    session
        A writing session.
    email
        The person's e-mail address; it is hashed and forgotten. The same person may have an account as a resident,
        and one of another municipality.
    areas
        The buurten, each with its days; at least one.
    make_token
        Makes an identifier that cannot be guessed.

    Raises
    ------
    UnknownBuurtError
        A buurt is in no plan of the municipality.
    StaffExistsError
        The person has an account of this municipality that is in force.
    """
    known = set(
        session.scalars(
            select(Buurt.code)
            .join(Plan, Plan.id == Buurt.plan_id)
            .where(Plan.municipality_code == municipality_code)
            .distinct()
        )
    )
    for position, area in enumerate(areas):
        if area.buurt_code not in known:
            raise UnknownBuurtError(position, area.buurt_code, municipality_code)
    current, *older = (email_key(key, email) for key in keys.all)
    if older:
        session.execute(
            update(StaffAccount)
            .where(StaffAccount.email_key.in_(older))
            .values(email_key=current, key_id=keys.current.id)
        )
    account = StaffAccount(
        id=make_token(),
        email_key=current,
        key_id=keys.current.id,
        municipality_code=municipality_code,
        role=role,
        granted_at=now,
    )
    session.add(account)
    try:
        session.flush()
    except IntegrityError as error:
        raise StaffExistsError("this person has an account of this municipality already") from error
    session.add_all(
        StaffArea(
            staff_id=account.id,
            buurt_code=area.buurt_code,
            first_day=area.period.first,
            last_day=area.period.last,
        )
        for area in areas
    )
    session.flush()
    record(session, "staff-granted", now, municipality_code=municipality_code, role=role.value, buurten=len(areas))
    return account


def revoke(session: Session, staff_id: str, now: datetime) -> None:
    """End a staff account at once.

    Raises
    ------
    UnknownStaffError
        There is none in force of that identifier.
    """
    account = _in_force(session, staff_id)
    account.revoked_at = now
    record(session, "staff-revoked", now, municipality_code=account.municipality_code, role=account.role)


def buurten_on(session: Session, staff_id: str, day: date) -> list[str]:
    """Return the codes of the buurten that an account works in on a day, which is all that it may see.

    Raises
    ------
    UnknownStaffError
        There is none in force of that identifier.
    """
    account = _in_force(session, staff_id)
    return list(
        session.scalars(
            select(StaffArea.buurt_code)
            .where(StaffArea.staff_id == account.id, _works_on(day))
            .order_by(StaffArea.buurt_code)
        )
    )


def count_staff(session: Session, municipality_code: str, day: date) -> StaffCounts:
    """Count the accounts in force that work in a municipality on a day, by role and by buurt."""
    rows = session.execute(
        select(StaffAccount.id, StaffAccount.role, StaffArea.buurt_code)
        .join(StaffArea, StaffArea.staff_id == StaffAccount.id)
        .where(StaffAccount.municipality_code == municipality_code, StaffAccount.revoked_at.is_(None), _works_on(day))
    ).all()
    roles = {row.id: StaffRole(row.role) for row in rows}
    by_role = Counter(roles.values())
    return StaffCounts(
        total=len(roles),
        by_role={role: by_role[role] for role in StaffRole},
        by_buurt=dict(sorted(Counter(row.buurt_code for row in rows).items())),
    )


def _in_force(session: Session, staff_id: str) -> StaffAccount:
    account = session.get(StaffAccount, staff_id)
    if account is None or account.revoked_at is not None:
        raise UnknownStaffError("there is no such staff account, or it was revoked")
    return account


def _works_on(day: date) -> ColumnElement[bool]:
    return (StaffArea.first_day <= day) & (StaffArea.last_day.is_(None) | (StaffArea.last_day >= day))
