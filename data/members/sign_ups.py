"""Sign-ups in the store: asked, proved, admitted to the one household of their dwelling; leaving and moving house."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from data.members.audit import record
from data.members.codes import use_code
from data.store.household_models import Account, Buurtcode, Household, SignUp
from households.dwelling_keys import HouseholdKeys, dwelling_key, email_key
from households.eligibility import AddressFacts, Eligibility, Outcome, RuleSet, Verdict, judge, judge_members
from households.verification import FINAL, Event, Proof, State, Verification, advance

BuurtToday = Callable[[str, str, str], str | None]
"""From a country, a sector and the buurt of then to the buurt of today; None where it cannot be told."""


class ProofNotAcceptedError(ValueError):
    """A proof that the municipality does not accept, or that proves nothing."""


class UnknownSignUpError(LookupError):
    """No sign-up or account has that identifier."""


@dataclass(frozen=True, slots=True)
class Dwelling:
    """The official dwelling that somebody signs up at, and where it lies."""

    country: str
    address_id: str
    municipality_code: str
    sector_code: str | None
    buurt_code: str | None


def ask(
    session: Session,
    keys: HouseholdKeys,
    rules: RuleSet,
    dwelling: Dwelling,
    facts: AddressFacts,
    email: str,
    *,
    lifetime: timedelta,
    now: datetime,
    make_token: Callable[[], str],
) -> tuple[SignUp, Eligibility]:
    """Open a sign-up, judge it, and admit it at once where no proof is asked for.

    Parameters
    ----------
    session
        A writing session, new: it is locked for the dwelling until its end.
    keys
        Keys of dwellings and e-mail addresses.
    rules
        The municipality's rules.
    dwelling
        What the address was matched to.
    facts
        What is known of the address; what the store knows of members is filled in here.
    email
        The person's e-mail address; it is hashed and forgotten.
    lifetime
        How long a proof may take.
    now
        The instant, in UTC.
    make_token
        Makes an identifier that cannot be guessed.
    """
    dwelling_keys = [dwelling_key(key, dwelling.country, dwelling.address_id) for key in keys.all]
    email_keys = [email_key(key, email) for key in keys.all]
    _lock(session, [*dwelling_keys, *email_keys])
    _recognise(session, dwelling_keys, email_keys, keys.current.id)
    sign_up = SignUp(
        id=make_token(),
        dwelling_key=dwelling_keys[0],
        email_key=email_keys[0],
        key_id=keys.current.id,
        country=dwelling.country,
        municipality_code=dwelling.municipality_code,
        sector_code=dwelling.sector_code,
        buurt_code=dwelling.buurt_code,
        own_household=facts.own_household,
        state=State.ASKED,
        asked_at=now,
        expires_at=now + lifetime,
    )
    session.add(sign_up)
    eligibility = judge(_with_members(session, facts, dwelling_keys[:1], email_keys[:1]), rules, now.date())
    event = {
        Verdict.ELIGIBLE: Event.ADMIT,
        Verdict.NEEDS_PROOF: Event.REQUIRE_PROOF,
        Verdict.NOT_ELIGIBLE: Event.REFUSE,
        Verdict.UNKNOWN_ADDRESS: Event.REFUSE,
    }[eligibility.verdict]
    _advance(session, sign_up, event, now, reason=_reason(eligibility))
    if sign_up.state == State.VERIFIED:
        _admit(session, sign_up, now, make_token)
    session.flush()
    return sign_up, eligibility


def prove(
    session: Session,
    keys: HouseholdKeys,
    rules: RuleSet,
    sign_up: SignUp,
    proof: Proof,
    *,
    plain_code: str | None = None,
    neighbour_account_id: str | None = None,
    buurt_today: BuurtToday,
    now: datetime,
    make_token: Callable[[], str],
) -> None:
    """Settle a sign-up by a proof: admit it to its dwelling's household if there still is room, or refuse it.

    A sign-up whose time is over, or that was hashed with another key than the current one, expires instead: whether
    its dwelling has a household could not be told.

    Parameters
    ----------
    session
        A writing session; it is locked for the dwelling until its end.
    sign_up
        As `find_sign_up` gives it, in the same session.
    proof
        The kind of proof. The caller answers for a mobile number and a document.
    plain_code
        The code's plain characters; with a buurtcode alone.
    neighbour_account_id
        The account that accepts the newcomer; with a neighbour alone.
    buurt_today
        Buurten may have been redrawn since either of the two was found in one.

    Raises
    ------
    TransitionError
        It is settled already.
    ProofNotAcceptedError
        The municipality does not accept such proofs, or the neighbour is none.
    WrongCodeError
        The code is not valid here.
    """
    _lock(session, [sign_up.dwelling_key, sign_up.email_key])
    session.refresh(sign_up)
    current = _verification(sign_up)
    if current.state not in FINAL and (now >= sign_up.expires_at or sign_up.key_id != keys.current.id):
        _advance(session, sign_up, Event.EXPIRE, now)
        return
    # A transition that cannot be is refused before a code is used up.
    advance(current, Event.ACCEPT_PROOF, now, proof)
    if proof not in rules.settling_proofs:
        raise ProofNotAcceptedError(f"a proof by {proof} is not accepted in this municipality")
    if proof == Proof.BUURTCODE:
        scopes = [sign_up.dwelling_key] + ([sign_up.buurt_code] if sign_up.buurt_code else [])
        use_code(session, keys, scopes, plain_code or "", now)
    elif proof == Proof.NEIGHBOUR:
        _check_neighbour(session, sign_up, neighbour_account_id, buurt_today)
    facts = _with_members(
        session,
        AddressFacts("accept", own_household=sign_up.own_household),
        [sign_up.dwelling_key],
        [sign_up.email_key],
    )
    failed = [found.code for found in judge_members(facts, rules) if found.outcome == Outcome.FAIL]
    if failed:
        _advance(session, sign_up, Event.REFUSE, now, reason=failed[0])
        return
    _advance(session, sign_up, Event.ACCEPT_PROOF, now, proof=proof)
    _admit(session, sign_up, now, make_token)


def refuse(session: Session, sign_up: SignUp, now: datetime) -> None:
    """Refuse a sign-up on a reviewer's word.

    Raises
    ------
    TransitionError
        It is settled already.
    """
    _advance(session, sign_up, Event.REFUSE, now, reason="reviewer")


def leave(session: Session, account_id: str, now: datetime) -> None:
    """End an account; its household ends with its last account, and the dwelling is free again.

    Moving house is leaving, and signing up at the new address.

    Raises
    ------
    UnknownSignUpError
        There is no such account, or it has left already.
    """
    account = session.get(Account, account_id)
    if account is None or account.left_at is not None:
        raise UnknownSignUpError("there is no such account, or it has left already")
    household = session.get_one(Household, account.household_id)
    _lock(session, [household.dwelling_key])
    account.left_at = now
    session.flush()
    remaining = session.scalar(
        select(func.count()).where(Account.household_id == household.id, Account.left_at.is_(None))
    )
    if not remaining:
        household.left_at = now
    record(
        session,
        "account-left",
        now,
        municipality_code=household.municipality_code,
        buurt_code=household.buurt_code,
        accounts_remaining=remaining or 0,
    )


def find_sign_up(session: Session, sign_up_id: str) -> SignUp:
    """Return a sign-up.

    Raises
    ------
    UnknownSignUpError
        There is none of that identifier.
    """
    sign_up = session.get(SignUp, sign_up_id)
    if sign_up is None:
        raise UnknownSignUpError("there is no such sign-up; it may have been removed when its time was over")
    return sign_up


def members_at(
    session: Session, keys: HouseholdKeys, country: str, address_id: str, facts: AddressFacts
) -> AddressFacts:
    """Return facts of an address with what the store knows of its dwelling's members, by any key; nothing changes."""
    dwelling_keys = [dwelling_key(key, country, address_id) for key in keys.all]
    return replace(_with_members(session, facts, dwelling_keys, []), email_elsewhere=None)


def _lock(session: Session, keys: list[str]) -> None:
    """Let one transaction at a time decide about a dwelling and an e-mail address.

    PostgreSQL takes advisory locks that end with the transaction, in one order, so that no two wait for each other;
    SQLite's writing transactions follow one another anyway.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    for number in sorted({int(key[:15], 16) for key in keys}):
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def _with_members(
    session: Session, facts: AddressFacts, dwelling_keys: list[str], email_keys: list[str]
) -> AddressFacts:
    accounts = session.execute(
        select(Household.id, func.count(Account.id))
        .outerjoin(Account, (Account.household_id == Household.id) & Account.left_at.is_(None))
        .where(Household.dwelling_key.in_(dwelling_keys), Household.left_at.is_(None))
        .group_by(Household.id)
    ).all()
    # One address of mail has one account; a second one at the same dwelling is as much a double as one elsewhere.
    taken = session.scalar(select(func.count()).where(Account.email_key.in_(email_keys), Account.left_at.is_(None)))
    return replace(facts, accounts_by_household=tuple(count for _, count in accounts), email_elsewhere=bool(taken))


def _admit(session: Session, sign_up: SignUp, now: datetime, make_token: Callable[[], str]) -> None:
    """Add an account to the dwelling's household with fewest, or to a new household."""
    households = session.execute(
        select(Household, func.count(Account.id))
        .outerjoin(Account, (Account.household_id == Household.id) & Account.left_at.is_(None))
        .where(Household.dwelling_key == sign_up.dwelling_key, Household.left_at.is_(None))
        .group_by(Household.id)
        .order_by(func.count(Account.id), Household.place)
    ).all()
    if households and not sign_up.own_household:
        household = households[0][0]
    else:
        taken = {household.place for household, _ in households}
        household = Household(
            dwelling_key=sign_up.dwelling_key,
            key_id=sign_up.key_id,
            place=next(place for place in range(1, len(taken) + 2) if place not in taken),
            country=sign_up.country,
            municipality_code=sign_up.municipality_code,
            sector_code=sign_up.sector_code,
            buurt_code=sign_up.buurt_code,
            joined_at=now,
        )
        session.add(household)
        session.flush()
    account = Account(
        id=make_token(),
        household_id=household.id,
        email_key=sign_up.email_key,
        key_id=sign_up.key_id,
        joined_at=now,
    )
    session.add(account)
    session.flush()
    sign_up.account_id = account.id


def _recognise(session: Session, dwelling_keys: list[str], email_keys: list[str], key_id: str) -> None:
    """Hash anew, with the current key, what an older key hashed: the first key of each list is the current one."""
    for model, column, (current, *older) in (
        (Household, Household.dwelling_key, dwelling_keys),
        (Account, Account.email_key, email_keys),
    ):
        if older:
            session.execute(update(model).where(column.in_(older)).values({column.key: current, "key_id": key_id}))
    current, *older = dwelling_keys
    if older:
        # A code's hash stays what it was; only where it is looked up follows the dwelling.
        session.execute(update(Buurtcode).where(Buurtcode.scope.in_(older)).values(scope=current))


def _check_neighbour(session: Session, sign_up: SignUp, account_id: str | None, buurt_today: BuurtToday) -> None:
    neighbour = session.scalar(
        select(Household)
        .join(Account, Account.household_id == Household.id)
        .where(
            Account.id == (account_id or ""),
            Account.left_at.is_(None),
            Household.dwelling_key != sign_up.dwelling_key,
        )
    )
    theirs = neighbour and buurt_today(neighbour.country, neighbour.sector_code, neighbour.buurt_code)
    ours = sign_up.sector_code and buurt_today(sign_up.country, sign_up.sector_code, sign_up.buurt_code or "")
    if not theirs or theirs != ours:
        raise ProofNotAcceptedError("the neighbour is no verified member of the same buurt at another address")


def _verification(sign_up: SignUp) -> Verification:
    return Verification(State(sign_up.state), sign_up.expires_at)


def _advance(
    session: Session,
    sign_up: SignUp,
    event: Event,
    now: datetime,
    *,
    proof: Proof | None = None,
    reason: str | None = None,
) -> None:
    after = advance(_verification(sign_up), event, now, proof)
    sign_up.state, sign_up.proof, sign_up.reason = after.state, after.proof, reason
    sign_up.settled_at = now if after.state in FINAL else None
    record(
        session,
        f"sign-up-{after.state}",
        now,
        municipality_code=sign_up.municipality_code,
        buurt_code=sign_up.buurt_code,
        **({"proof": proof.value} if proof else {}),
        **({"reason": reason} if reason else {}),
    )


def _reason(eligibility: Eligibility) -> str | None:
    return next((found.code for found in eligibility.outcomes if found.outcome == Outcome.FAIL), None)
