"""The life of a quote as an offer: numbered, issued, answered or expired, revised; every change leaves a record."""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from licensing.quote_request import QuoteError

_NUMBER = re.compile(r"Q-([0-9]{4})-([0-9]{6})")


class OfferState(StrEnum):
    """Where an offer stands."""

    DRAFT = "draft"
    ISSUED = "issued"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"


NEXT_STATES = MappingProxyType(
    {
        OfferState.DRAFT: frozenset({OfferState.ISSUED}),
        OfferState.ISSUED: frozenset({OfferState.ACCEPTED, OfferState.DECLINED, OfferState.EXPIRED}),
        OfferState.ACCEPTED: frozenset[OfferState](),
        OfferState.DECLINED: frozenset[OfferState](),
        OfferState.EXPIRED: frozenset[OfferState](),
    }
)
"""The whole machine: what is not here cannot happen."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change of state: the day, and who made it (a role or a key, not a name)."""

    state: OfferState
    day: date
    actor: str


@dataclass(frozen=True, slots=True)
class Offer:
    """The changing part of a quote. What it costs is in the `Quote` with this digest, and never changes."""

    quote_sha256: str
    state: OfferState = OfferState.DRAFT
    number: str | None = None
    """`Q-2026-000123`; given when it is issued, so that a draft thrown away leaves no gap."""
    issued: date | None = None
    valid_until: date | None = None
    """The last day on which it can be accepted."""
    origin: str | None = None
    """Number of the offer that this one revises."""
    revision: int = 0
    history: tuple[Event, ...] = ()


def number_offer(year: int, sequence: int) -> str:
    """Return the number of the nth offer of a year.

    Examples
    --------
    >>> number_offer(2026, 123)
    'Q-2026-000123'
    """
    if not 1 <= sequence <= 999_999 or not 1000 <= year <= 9999:
        raise QuoteError("number-out-of-range", "number", f"there is no offer {sequence} of {year}")
    return f"Q-{year}-{sequence:06}"


def parse_number(number: str) -> tuple[int, int]:
    """Return the year and the place of an offer.

    Examples
    --------
    >>> parse_number("Q-2026-000123")
    (2026, 123)
    """
    found = _NUMBER.fullmatch(number)
    if found is None or found[2] == "000000":
        raise QuoteError("bad-number", "number", f"{number!r} is no number of an offer, such as Q-2026-000123")
    return int(found[1]), int(found[2])


def issue(offer: Offer, sequence: int, day: date, *, valid_days: int, actor: str) -> Offer:
    """Give a draft its number and its last day.

    Parameters
    ----------
    offer
        A draft.
    sequence
        Its place among the offers of the year of `day`; whoever stores it makes sure that there is no gap.
    day
        The day of issue.
    valid_days
        Days for which it holds, from the price book.
    actor
        Who issues it.

    Raises
    ------
    QuoteError
        `wrong-state`, where it is no draft.

    Examples
    --------
    >>> offer = issue(Offer("00"), 1, date(2026, 11, 24), valid_days=30, actor="sales")
    >>> offer.number, offer.valid_until
    ('Q-2026-000001', datetime.date(2026, 12, 24))
    """
    moved = _move(offer, OfferState.ISSUED, day, actor)
    number = number_offer(day.year, sequence)
    return replace(moved, number=number, issued=day, valid_until=day + timedelta(days=valid_days))


def accept(offer: Offer, day: date, *, actor: str) -> Offer:
    """Accept an issued offer, up to and including its last day."""
    if offer.state == OfferState.ISSUED and offer.valid_until is not None and day > offer.valid_until:
        message = f"{offer.number} was valid until {offer.valid_until}; revise it"
        raise QuoteError("no-longer-valid", "day", message)
    return _move(offer, OfferState.ACCEPTED, day, actor)


def decline(offer: Offer, day: date, *, actor: str) -> Offer:
    """Decline an issued offer."""
    return _move(offer, OfferState.DECLINED, day, actor)


def expire(offer: Offer, today: date, *, actor: str = "clock") -> Offer:
    """Return the offer as it stands today: expired where it is still open after its last day, else unchanged."""
    if offer.state != OfferState.ISSUED or offer.valid_until is None or today <= offer.valid_until:
        return offer
    return _move(offer, OfferState.EXPIRED, today, actor)


def revise(offer: Offer, quote_sha256: str) -> Offer:
    """Return a draft that takes the place of an offer that was issued and not accepted.

    Parameters
    ----------
    offer
        The one to be revised. It keeps its number and its state; where it is still open, decline it.
    quote_sha256
        Digest of the new calculation.

    Raises
    ------
    QuoteError
        `not-revisable`, for a draft (calculate it anew) and for what was accepted (a licence stands on it).

    Examples
    --------
    >>> first = issue(Offer("00"), 1, date(2026, 11, 24), valid_days=30, actor="sales")
    >>> second = revise(first, "11")
    >>> second.origin, second.revision, second.state.value
    ('Q-2026-000001', 1, 'draft')
    """
    if offer.number is None or offer.state in {OfferState.DRAFT, OfferState.ACCEPTED}:
        raise QuoteError("not-revisable", "state", f"an offer that is {offer.state} is not revised")
    return Offer(quote_sha256, origin=offer.number, revision=offer.revision + 1)


def _move(offer: Offer, state: OfferState, day: date, actor: str) -> Offer:
    if state not in NEXT_STATES[offer.state]:
        name = offer.number or "this offer"
        raise QuoteError("wrong-state", "state", f"{name} is {offer.state} and cannot become {state}")
    if offer.history and day < offer.history[-1].day:
        raise QuoteError("wrong-order", "day", f"{day} is before {offer.history[-1].day}, when it became {offer.state}")
    return replace(offer, state=state, history=(*offer.history, Event(state, day, actor)))
