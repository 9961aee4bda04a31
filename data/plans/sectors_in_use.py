"""Whether a draft is drawn on the sectors that answers use, and what a person does where it is not."""

from datetime import date

from sqlalchemy.orm import Session

from data.releases import hold_active
from data.store.models import Plan, Release
from data.tables import Kind


class InactiveReleaseError(ValueError):
    """The draft is drawn on sectors that answers do not use yet: activating them publishes it."""


class FormerReleaseError(ValueError):
    """The draft is drawn on sectors that answers do not use any more: it has to be rebased."""


def hold_sectors_in_use(session: Session, base: Plan) -> Release:
    """Return the sectors that answers use in the country of a plan; no activation comes until the transaction ends.

    Raises
    ------
    InactiveReleaseError
        The plan is drawn on later sectors than those.
    """
    release = session.get_one(Release, base.release_id)
    active_id = hold_active(session, release.country, Kind.SECTORS, to_change=False)
    active = session.get_one(Release, active_id)
    if release.id != active.id and _order(release) > _order(active):
        raise InactiveReleaseError(
            f"the draft is drawn on {release.name}, and answers still use {active.name}: hand it in for review, and "
            f"activating {release.name} publishes it"
        )
    return active


def refuse_former_sectors(session: Session, base: Plan) -> Release:
    """Return the sectors that a plan is drawn on, where answers use them; no activation comes meanwhile.

    Raises
    ------
    InactiveReleaseError
        Answers do not use them yet.
    FormerReleaseError
        Answers do not use them any more.
    """
    active = hold_sectors_in_use(session, base)
    if base.release_id != active.id:
        former = session.get_one(Release, base.release_id)
        raise FormerReleaseError(
            f"the draft is drawn on {former.name}, and answers have gone over to {active.name}: rebase it, and its "
            f"operations are carried out on the municipality's plan there"
        )
    return active


def _order(release: Release) -> tuple[date, int]:
    return release.reference_date, release.id
