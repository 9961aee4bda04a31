"""Where a buurt is on a day: in the plan in force, in one that is over, in one to come, or in none."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.plans.published import plan_on
from data.store.models import Buurt, Plan, Release


class UnknownBuurtError(LookupError):
    """No plan of an active release has a buurt of that code."""


class NotYetBuurtError(LookupError):
    """The buurt is in a plan that holds from a later day."""


class FormerBuurtError(LookupError):
    """The buurt was in a plan that another one has followed by that day."""


@dataclass(frozen=True, slots=True)
class PlacedBuurt:
    """A buurt that is in the plan in force."""

    code: str
    municipality_code: str


def buurt_in_force(session: Session, code: str, day: date, release_ids: frozenset[int]) -> PlacedBuurt:
    """Return a buurt, if the plan that holds on a day has it.

    Parameters
    ----------
    session
        A session on the store.
    code
        The buurt's code.
    day
        The day.
    release_ids
        The sectors releases whose plans count.

    Raises
    ------
    UnknownBuurtError
        No plan has such a buurt.
    NotYetBuurtError
        A later plan has it.
    FormerBuurtError
        An earlier one had it.
    """
    plans = session.scalars(
        select(Plan)
        .join(Buurt, Buurt.plan_id == Plan.id)
        .where(Buurt.code == code, Plan.release_id.in_(release_ids))
        .order_by(Plan.valid_from, Plan.version)
    ).all()
    if not plans:
        raise UnknownBuurtError(f"no plan on the active sectors has a buurt {code!r}")
    municipality_code = plans[0].municipality_code
    holding = plan_on(session, municipality_code, day, session.get_one(Release, plans[0].release_id))
    if code in holding.buurten:
        return PlacedBuurt(code, municipality_code)
    told = f"on {day} version {holding.row.version} of the plan of {municipality_code} holds, which has no buurt {code}"
    before = [plan for plan in plans if plan.valid_from <= day]
    if before:
        raise FormerBuurtError(f"{told}; version {before[-1].version} had it, which held from {before[-1].valid_from}")
    raise NotYetBuurtError(f"{told}; version {plans[0].version} has it, which holds from {plans[0].valid_from}")
