"""Activates a sectors release together with the plans on it, in one transaction, or says who must decide first.

A lookup goes from the older plan on the older sectors to the carried plan on the new ones at once: there is no instant
at which a municipality with a drawn plan is answered without it. So the activation waits until every plan is clear, or
a person has decided and handed the draft in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from boundaries.blocks import BlockCounter
from boundaries.carry_over import CarryOverError
from boundaries.checks import CheckSettings
from boundaries.draft import Draft
from data.block_counts import StoredCounter
from data.directory import DataDirectory
from data.dwellings import Dwellings
from data.household_counts import read_basis
from data.plans.carrying_over import CarriedPlan, begin_carried, work_out
from data.plans.drafts import entries_of, open_draft
from data.plans.moving_members import move_members
from data.plans.publishing import publish
from data.plans.successions import Succession, find_successions
from data.releases import activate, active_releases, hold_active
from data.store.models import DraftRow, Plan, Release
from data.tables import Country, Kind, country_of
from households.dwelling_keys import HouseholdKeys


@dataclass(frozen=True, slots=True)
class Carrying:
    """What becomes of one plan."""

    municipality_code: str
    valid_from: date
    report: dict[str, Any]
    """As `CarriedPlan.report` gives it; empty of a draft that a person has made another of."""
    draft_id: str | None
    """The draft that it is, or that it was."""
    plan_id: int | None
    """The plan that was published."""
    is_pending: bool
    """A person must decide: edit the draft and hand it in for review."""


@dataclass(frozen=True, slots=True)
class Activation:
    """What an activation did, or would do."""

    release: Release
    is_active: bool
    """Whether answers use the release now."""
    replaced: Release | None
    carryings: tuple[Carrying, ...]
    """By municipality and day."""

    @property
    def pending(self) -> tuple[Carrying, ...]:
        """Those for which a person must decide."""
        return tuple(each for each in self.carryings if each.is_pending)


@dataclass(frozen=True, slots=True)
class Hand:
    """Who carries over, and with what."""

    directory: DataDirectory
    keys: HouseholdKeys | None
    settings: CheckSettings
    by: str
    now: datetime
    make_token: Callable[[], str]


def activate_with_plans(
    session: Session, release: Release, hand: Hand, *, accept_guesses: bool = False, dry_run: bool = False
) -> Activation:
    """Let answers use a release; of sectors, with the municipalities' drawn plans carried over to it.

    Parameters
    ----------
    release
        Any release.
    hand
        Who does it.
    accept_guesses
        A person accepts the guess wherever there is a doubt; a sector without any guess still needs one.
    dry_run
        Nothing is written; the answer says what would be.

    Returns
    -------
    Activation
        Not active where a person must decide: there are drafts for it then, and nothing else has changed. Activating
        again publishes those that were handed in for review.
    """
    is_active = hold_active(session, release.country, release.kind, to_change=True) == release.id
    if release.kind != Kind.SECTORS or is_active:
        replaced = None if dry_run else activate(session, release, hand.now)
        return Activation(release, not dry_run or is_active, replaced, ())
    plans = _worked_out(session, release, hand, None)
    ready = {
        code: _ready_drafts(session, code, release) for code in dict.fromkeys(plan.municipality_code for plan in plans)
    }
    stands = [
        bool(ready[plan.municipality_code]) or plan.is_clear or (accept_guesses and plan.can_stand) for plan in plans
    ]
    if dry_run or not all(stands):
        told = [
            _told(session, plan, release, hand, ready[plan.municipality_code], stand=stand, dry_run=dry_run)
            for plan, stand in zip(plans, stands, strict=True)
        ]
        return Activation(release, False, None, tuple(told))
    replaced = activate(session, release, hand.now)
    dwellings = _dwellings(session, release, hand) if plans else None
    for code in ready:
        move_members(session, next(each for each in plans if each.municipality_code == code), dwellings, hand.keys)
    carryings: list[Carrying] = []
    for code, drafts in ready.items():
        counter = _counter(session, code, release, hand)
        if drafts:
            carryings += [_publish(session, row, open_draft(session, row, counter), hand) for row in drafts]
            continue
        for plan in (plan for plan in plans if plan.municipality_code == code):
            carryings.append(_publish_carried(session, plan, counter, hand))
    return Activation(release, True, replaced, tuple(carryings))


def carry_plans_over(
    session: Session, release: Release, hand: Hand, codes: Sequence[str] | None = None, *, dry_run: bool = False
) -> list[Carrying]:
    """Carry plans over to a release ahead of its activation, or after one that left them behind.

    Parameters
    ----------
    codes
        Municipalities of the release, or those whose plans went into them; None for all.
    dry_run
        Nothing is written.

    Returns
    -------
    list of Carrying
        On the active release a plan that is clear is published at once. Otherwise it is a draft if a person must
        decide, and waits for the activation if not.

    Raises
    ------
    CarryOverError
        The release has no sectors.
    """
    if release.kind != Kind.SECTORS:
        raise CarryOverError(f"{release.name} is a release of {release.kind}: plans are carried over to one of sectors")
    is_active = hold_active(session, release.country, release.kind, to_change=True) == release.id
    carryings = []
    for plan in _worked_out(session, release, hand, codes):
        drafts = _open_drafts(session, plan.municipality_code, release)
        if is_active and plan.is_clear and not drafts and not dry_run:
            move_members(session, plan, _dwellings(session, release, hand), hand.keys)
            counter = _counter(session, plan.municipality_code, release, hand)
            carryings.append(_publish_carried(session, plan, counter, hand))
        else:
            ready = [row for row in drafts if row.state == "in_review"]
            stand = plan.is_clear or bool(ready)
            carryings.append(_told(session, plan, release, hand, ready, stand=stand, dry_run=dry_run))
    return carryings


def _worked_out(session: Session, release: Release, hand: Hand, codes: Sequence[str] | None) -> list[CarriedPlan]:
    successions = find_successions(session, release, hand.now.date())
    if codes is not None:
        wanted = set(codes)
        successions = [each for each in successions if wanted & _names(each)]
    if not successions:
        return []
    dwellings = _dwellings(session, release, hand)
    return [
        plan for succession in successions for plan in work_out(session, succession, release, dwellings, hand.settings)
    ]


def _dwellings(session: Session, release: Release, hand: Hand) -> Dwellings | None:
    addresses = next((each for each in active_releases(session) if _is_register(each, release)), None)
    return None if addresses is None else Dwellings.open(hand.directory, release, addresses)


def _names(succession: Succession) -> set[str]:
    return {succession.municipality_code, *(plan.municipality_code for plan in succession.plans)}


def _is_register(found: Release, release: Release) -> bool:
    return found.kind == Kind.ADDRESSES and found.country == release.country


def _open_drafts(session: Session, code: str, release: Release) -> Sequence[DraftRow]:
    """Return the drafts of a municipality on a release that no later plan has overtaken."""
    rows = session.scalars(
        select(DraftRow)
        .join(Plan, Plan.id == DraftRow.plan_id)
        .where(
            DraftRow.municipality_code == code,
            DraftRow.state.in_(("draft", "in_review")),
            Plan.release_id == release.id,
        )
        .order_by(DraftRow.made_at, DraftRow.id)
    ).all()
    last = session.scalars(
        select(Plan.published_at)
        .where(Plan.municipality_code == code, Plan.drawn)
        .order_by(Plan.published_at.desc())
        .limit(1)
    ).first()
    return [row for row in rows if last is None or last <= row.made_at]


def _ready_drafts(session: Session, code: str, release: Release) -> list[DraftRow]:
    """Return the drafts that persons have handed in, the earliest day first; none while another is being edited."""
    drafts = _open_drafts(session, code, release)
    if any(row.state == "draft" for row in drafts):
        return []
    return sorted(drafts, key=lambda row: _day_of(session, row) or date.min)


def _day_of(session: Session, row: DraftRow) -> date | None:
    """Return the day from which a carried draft is to hold, as its log says."""
    for entry in entries_of(session, row):
        if day := entry.operation.get("report", {}).get("valid_from"):
            return date.fromisoformat(day)
    return None


def _told(
    session: Session,
    plan: CarriedPlan,
    release: Release,
    hand: Hand,
    ready: Sequence[DraftRow],
    *,
    stand: bool,
    dry_run: bool,
) -> Carrying:
    """Say what becomes of a plan that is not published now; one that a person must decide becomes a draft, once."""
    draft_id = ready[0].id if ready else None
    if not stand:
        drafts = [
            row
            for row in _open_drafts(session, plan.municipality_code, release)
            if _day_of(session, row) in (None, plan.valid_from)
        ]
        if drafts:
            draft_id = drafts[0].id
        elif not dry_run:
            counter = _counter(session, plan.municipality_code, release, hand)
            row = begin_carried(session, plan, counter, by=hand.by, now=hand.now, make_token=hand.make_token)
            draft_id = row.id
    return Carrying(plan.municipality_code, plan.valid_from, plan.report(), draft_id, None, not stand)


def _publish_carried(session: Session, plan: CarriedPlan, counter: BlockCounter, hand: Hand) -> Carrying:
    row = begin_carried(session, plan, counter, by=hand.by, now=hand.now, make_token=hand.make_token)
    session.flush()
    return _publish(session, row, open_draft(session, row, counter), hand, plan)


def _publish(session: Session, row: DraftRow, draft: Draft, hand: Hand, plan: CarriedPlan | None = None) -> Carrying:
    today = hand.now.date()
    day = (_day_of(session, row) or today) if plan is None else plan.valid_from
    published = publish(
        session,
        row,
        draft,
        valid_from=max(day, today),
        reason=row.title,
        known_revision=row.revision,
        by=hand.by,
        now=hand.now,
        settings=hand.settings,
    )
    report = {} if plan is None else plan.report()
    return Carrying(row.municipality_code, published.valid_from, report, row.id, published.id, False)


def _counter(session: Session, code: str, release: Release, hand: Hand) -> StoredCounter:
    country: Country = country_of(code)
    return StoredCounter.read(session, read_basis(session, hand.directory, country, release), code, hand.now, hand.keys)
