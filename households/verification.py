"""The life of a verification: asked, in need of proof, and then verified, refused or expired, which are final."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where a verification stands."""

    ASKED = "asked"
    NEEDS_PROOF = "needs_proof"
    VERIFIED = "verified"
    REFUSED = "refused"
    EXPIRED = "expired"


class Event(StrEnum):
    """What can happen to a verification."""

    REQUIRE_PROOF = "require-proof"
    ADMIT = "admit"
    """The rules are met, and the municipality asks for no proof."""
    ACCEPT_PROOF = "accept-proof"
    REJECT_PROOF = "reject-proof"
    """A proof was no good; another may follow."""
    REFUSE = "refuse"
    """A rule failed, or a reviewer said no."""
    EXPIRE = "expire"


class Proof(StrEnum):
    """What shows that somebody lives in a dwelling."""

    BUURTCODE = "buurtcode"
    MOBILE = "mobile"
    """A mobile number that the caller has validated."""
    DOCUMENT = "document"
    """A document with name and address, seen by a community manager."""
    NEIGHBOUR = "neighbour"
    """Acceptance by a verified neighbour of the same buurt."""


TRANSITIONS: Mapping[tuple[State, Event], State] = MappingProxyType(
    {
        (State.ASKED, Event.REQUIRE_PROOF): State.NEEDS_PROOF,
        (State.ASKED, Event.ADMIT): State.VERIFIED,
        (State.ASKED, Event.REFUSE): State.REFUSED,
        (State.ASKED, Event.EXPIRE): State.EXPIRED,
        (State.NEEDS_PROOF, Event.ACCEPT_PROOF): State.VERIFIED,
        (State.NEEDS_PROOF, Event.REJECT_PROOF): State.NEEDS_PROOF,
        (State.NEEDS_PROOF, Event.REFUSE): State.REFUSED,
        (State.NEEDS_PROOF, Event.EXPIRE): State.EXPIRED,
    }
)
"""Every transition there is; anything else is a `TransitionError`."""

FINAL = frozenset({State.VERIFIED, State.REFUSED, State.EXPIRED})


class TransitionError(ValueError):
    """Something that cannot happen to a verification in its state."""

    def __init__(self, state: State, event: Event) -> None:
        self.state = state
        self.event = event
        super().__init__(f"a verification that is {state} cannot {event}")


@dataclass(frozen=True, slots=True)
class Verification:
    """A verification at one moment; it changes by `advance` alone."""

    state: State
    expires_at: datetime
    proof: Proof | None = None
    """The proof that settled it."""


def advance(verification: Verification, event: Event, now: datetime, proof: Proof | None = None) -> Verification:
    """Return the verification after an event.

    One whose time is over expires whatever the event, unless it is final already.

    Parameters
    ----------
    verification
        How it stands.
    event
        What happens.
    now
        When, in UTC.
    proof
        The kind of proof; with `ACCEPT_PROOF` alone.

    Raises
    ------
    TransitionError
        The event cannot happen in that state; a final state has none.

    Examples
    --------
    >>> from datetime import UTC
    >>> asked = Verification(State.ASKED, expires_at=datetime(2026, 12, 1, tzinfo=UTC))
    >>> waiting = advance(asked, Event.REQUIRE_PROOF, datetime(2026, 11, 24, tzinfo=UTC))
    >>> advance(waiting, Event.ACCEPT_PROOF, datetime(2026, 11, 25, tzinfo=UTC), Proof.BUURTCODE).state.value
    'verified'
    """
    if (event == Event.ACCEPT_PROOF) != (proof is not None):
        raise ValueError("a proof comes with its acceptance, and with nothing else")
    if verification.state not in FINAL and now >= verification.expires_at:
        event, proof = Event.EXPIRE, None
    state = TRANSITIONS.get((verification.state, event))
    if state is None:
        raise TransitionError(verification.state, event)
    return replace(verification, state=state, proof=proof)
