"""Every pair of a state and an event, whether it is a transition or not."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from households.verification import FINAL, Event, Proof, State, TransitionError, Verification, advance

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=30)

EXPECTED = {
    ("asked", "require-proof"): "needs_proof",
    ("asked", "admit"): "verified",
    ("asked", "refuse"): "refused",
    ("asked", "expire"): "expired",
    ("needs_proof", "accept-proof"): "verified",
    ("needs_proof", "reject-proof"): "needs_proof",
    ("needs_proof", "refuse"): "refused",
    ("needs_proof", "expire"): "expired",
}


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)), ids=str)
def test_every_event_in_every_state(state: State, event: Event) -> None:
    before = Verification(state, expires_at=LATER)
    proof = Proof.BUURTCODE if event == Event.ACCEPT_PROOF else None
    expected = EXPECTED.get((state.value, event.value))
    if expected is None:
        with pytest.raises(TransitionError, match=f"that is {state.value} cannot {event.value}"):
            advance(before, event, NOW, proof)
    else:
        after = advance(before, event, NOW, proof)
        assert (after.state.value, after.proof, after.expires_at) == (expected, proof, LATER)


@pytest.mark.parametrize("event", list(Event))
@pytest.mark.parametrize("state", sorted(set(State) - FINAL))
def test_whatever_comes_too_late_expires(state: State, event: Event) -> None:
    proof = Proof.DOCUMENT if event == Event.ACCEPT_PROOF else None
    after = advance(Verification(state, expires_at=NOW), event, NOW, proof)
    assert (after.state, after.proof) == (State.EXPIRED, None)


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_final_state_stays_even_after_its_time(state: State) -> None:
    with pytest.raises(TransitionError):
        advance(Verification(state, expires_at=NOW), Event.EXPIRE, LATER)


def test_a_proof_comes_with_its_acceptance_alone() -> None:
    waiting = Verification(State.NEEDS_PROOF, expires_at=LATER)
    with pytest.raises(ValueError, match="nothing else"):
        advance(waiting, Event.ACCEPT_PROOF, NOW)
    with pytest.raises(ValueError, match="nothing else"):
        advance(waiting, Event.REJECT_PROOF, NOW, Proof.MOBILE)
