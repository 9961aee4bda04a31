"""Sign-ups on both databases: one household per dwelling, codes that are used once, and what is over goes."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from data.members.attempts import AttemptLimit, TooManyAttemptsError, give_back_attempt, take_attempt
from data.members.codes import WrongCodeError, make_batch
from data.members.retention import Retention, purge
from data.members.rotation import count_left, rotate_keys
from data.members.sign_ups import Dwelling, ProofNotAcceptedError, UnknownSignUpError, ask, find_sign_up, leave, prove
from data.store import Store, open_store
from data.store.household_models import Account, AuditEntry, Buurtcode, Household, SignUp
from households.codes import CodeBatch, Uses, read_code
from households.dwelling_keys import HouseholdKey, HouseholdKeys, dwelling_key
from households.eligibility import AddressFacts, Buurt, Period, RuleSet
from households.verification import Proof, State, TransitionError

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = HouseholdKey("2026a", bytes(range(32)))
NEWER_KEY = HouseholdKey("2026b", bytes(range(1, 33)))
KEYS = HouseholdKeys(KEY)
FREE = RuleSet(proof_required=False)
PROVED = RuleSet()
HOME = AddressFacts(
    "accept", "current", "woonfunctie", Buurt("25110-01", Period(NOW.date())), licences=(Period(NOW.date()),)
)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url)
    yield store
    store.close()


def dwelling(number: int = 1) -> Dwelling:
    return Dwelling("BE", f"https://data.example/id/adres/{number}", "25110", "25110A00-", "25110-01")


def sign_up(
    store: Store,
    email: str = "ann@example.org",
    number: int = 1,
    rules: RuleSet = FREE,
    facts: AddressFacts = HOME,
    keys: HouseholdKeys = KEYS,
    now: datetime = NOW,
) -> SignUp:
    with store.writing() as session:
        asked, _ = ask(
            session,
            keys,
            rules,
            dwelling(number),
            facts,
            email,
            lifetime=timedelta(days=30),
            now=now,
            make_token=lambda: secrets.token_urlsafe(18),
        )
    return asked


def bring(store: Store, asked: SignUp, proof: Proof, rules: RuleSet = PROVED, **options: object) -> SignUp:
    with store.writing() as session:
        found = find_sign_up(session, asked.id)
        settings = {"keys": KEYS, "now": NOW, "buurt_today": lambda _country, _sector, buurt: buurt} | options
        prove(
            session, rules=rules, sign_up=found, proof=proof, make_token=lambda: secrets.token_urlsafe(18), **settings
        )  # type: ignore[arg-type]
    return found


def codes(store: Store, scopes: list[str], uses: Uses = Uses.ONCE) -> list[str]:
    batch = CodeBatch("25110-01", uses, NOW - timedelta(days=1), NOW + timedelta(days=30))
    with store.writing() as session:
        return [read_code(code) for code in make_batch(session, KEYS, batch, "25110", scopes, Random(3).choice)]


def count(store: Store, model: type, *where: object) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(model).where(*where)) or 0  # type: ignore[arg-type]


def test_a_second_person_of_a_dwelling_joins_its_household(store: Store) -> None:
    first, second = sign_up(store), sign_up(store, "bob@example.org")
    assert (first.state, second.state) == (State.VERIFIED, State.VERIFIED)
    assert (count(store, Household), count(store, Account)) == (1, 2)


def test_a_household_has_room_for_as_many_accounts_as_the_rules_say(store: Store) -> None:
    rules = RuleSet(proof_required=False, accounts_per_household=2)
    states = [sign_up(store, f"{k}@example.org", rules=rules) for k in range(3)]
    assert [(each.state, each.reason) for each in states] == [
        ("verified", None),
        ("verified", None),
        ("refused", "household-full"),
    ]


def test_a_second_household_needs_a_rule_that_admits_it(store: Store) -> None:
    sign_up(store)
    own = AddressFacts(**{name: getattr(HOME, name) for name in HOME.__slots__} | {"own_household": True})
    assert sign_up(store, "bob@example.org", facts=own).reason == "dwelling-full"
    two = RuleSet(proof_required=False, households_per_dwelling=2)
    assert sign_up(store, "bob@example.org", facts=own, rules=two).state == State.VERIFIED
    assert count(store, Household) == 2


def test_one_email_address_has_one_account(store: Store) -> None:
    sign_up(store, "ann@example.org")
    assert sign_up(store, " ANN@example.org", number=2).reason == "email-elsewhere"


def test_the_database_itself_refuses_a_second_household(store: Store) -> None:
    values = {"dwelling_key": "0" * 64, "key_id": "k", "place": 1, "country": "BE", "municipality_code": "25110"}
    values |= {"sector_code": "25110A00-", "buurt_code": "25110-01", "joined_at": NOW}
    with pytest.raises(IntegrityError), store.writing() as session:
        session.add_all([Household(**values), Household(**values)])
    with store.writing() as session:
        session.add_all([Household(**values), Household(**values, left_at=NOW)])


def test_a_code_of_the_buurt_admits_once(store: Store) -> None:
    [code] = codes(store, ["25110-01"])
    first, second = (sign_up(store, f"{k}@example.org", number=k, rules=PROVED) for k in (1, 2))
    assert (first.state, count(store, Household)) == (State.NEEDS_PROOF, 0)
    admitted = bring(store, first, Proof.BUURTCODE, plain_code=code)
    assert (admitted.state, admitted.proof) == (State.VERIFIED, Proof.BUURTCODE)
    with pytest.raises(WrongCodeError):
        bring(store, second, Proof.BUURTCODE, plain_code=code)
    with pytest.raises(TransitionError):
        bring(store, first, Proof.BUURTCODE, plain_code=code)


def test_a_code_for_many_admits_many(store: Store) -> None:
    [code] = codes(store, ["25110-01"], Uses.MANY)
    for k in (1, 2):
        asked = sign_up(store, f"{k}@example.org", number=k, rules=PROVED)
        assert bring(store, asked, Proof.BUURTCODE, plain_code=code).state == State.VERIFIED


def test_a_code_of_a_dwelling_is_good_for_that_dwelling_alone(store: Store) -> None:
    here, there = (sign_up(store, f"{k}@example.org", number=k, rules=PROVED) for k in (1, 2))
    [code] = codes(store, [here.dwelling_key])
    with pytest.raises(WrongCodeError):
        bring(store, there, Proof.BUURTCODE, plain_code=code)
    assert bring(store, here, Proof.BUURTCODE, plain_code=code).state == State.VERIFIED


def test_an_expired_code_is_no_code(store: Store) -> None:
    [code] = codes(store, ["25110-01"])
    late = NOW + timedelta(days=31)
    asked = sign_up(store, rules=PROVED, now=late)
    with pytest.raises(WrongCodeError):
        bring(store, asked, Proof.BUURTCODE, plain_code=code, now=late)


def test_the_store_holds_no_code(store: Store) -> None:
    [code] = codes(store, ["25110-01"])
    with store.reading() as session:
        assert code not in session.scalars(select(Buurtcode.code_hash)).one()


def test_a_verified_neighbour_of_the_buurt_may_accept_a_newcomer(store: Store) -> None:
    neighbour = sign_up(store, "bob@example.org", number=2)
    asked = sign_up(store, rules=PROVED)
    with pytest.raises(ProofNotAcceptedError, match="no verified member"):
        bring(store, asked, Proof.NEIGHBOUR, neighbour_account_id="nobody")
    assert bring(store, asked, Proof.NEIGHBOUR, neighbour_account_id=neighbour.account_id).state == State.VERIFIED


def test_neighbours_are_those_of_the_buurten_of_today(store: Store) -> None:
    def redrawn(_country: str, sector: str, _buurt: str) -> str | None:
        return {"25110A00-": "25110-07", "25110A01-": "25110-07", "25110A02-": "25110-08"}.get(sector)

    neighbour = sign_up(store, "bob@example.org", number=2)
    for sector, accepted in (("25110A01-", True), ("25110A02-", False), ("25110A09-", False)):
        asked = sign_up(store, f"{sector}@example.org", number=int(sector[6:8]) + 10, rules=PROVED)
        with store.writing() as session:
            session.execute(
                update(SignUp).where(SignUp.id == asked.id).values(sector_code=sector, buurt_code="25110-02")
            )
        offered = {"neighbour_account_id": neighbour.account_id, "buurt_today": redrawn}
        if accepted:
            assert bring(store, asked, Proof.NEIGHBOUR, **offered).state == State.VERIFIED
        else:
            with pytest.raises(ProofNotAcceptedError, match="same buurt"):
                bring(store, asked, Proof.NEIGHBOUR, **offered)


def test_a_proof_that_the_municipality_does_not_take_is_refused(store: Store) -> None:
    asked = sign_up(store, rules=PROVED)
    with pytest.raises(ProofNotAcceptedError, match="not accepted"):
        bring(store, asked, Proof.MOBILE, rules=RuleSet(proofs=(Proof.DOCUMENT,)))


def test_what_the_register_does_not_know_to_be_a_home_is_settled_by_a_document_alone(store: Store) -> None:
    rules = RuleSet(proof_required=False, unknown_home="prove", proofs=(Proof.MOBILE,))
    asked = sign_up(store, rules=rules, facts=replace(HOME, purpose=None))
    assert asked.state == State.NEEDS_PROOF
    with pytest.raises(ProofNotAcceptedError, match="not accepted"):
        bring(store, asked, Proof.MOBILE, rules=rules)
    assert bring(store, asked, Proof.DOCUMENT, rules=rules).state == State.VERIFIED


def test_a_proof_that_comes_too_late_expires_the_sign_up(store: Store) -> None:
    asked = sign_up(store, rules=PROVED)
    assert bring(store, asked, Proof.MOBILE, now=NOW + timedelta(days=30)).state == State.EXPIRED
    assert count(store, Household) == 0


def test_a_dwelling_is_free_again_when_the_last_has_left(store: Store) -> None:
    first, second = sign_up(store), sign_up(store, "bob@example.org")
    for gone in (first, second):
        with store.writing() as session:
            leave(session, gone.account_id or "", NOW)
        households = count(store, Household, Household.left_at.is_(None))
        assert households == (1 if gone is first else 0)
    with pytest.raises(UnknownSignUpError), store.writing() as session:
        leave(session, first.account_id or "", NOW)
    assert sign_up(store, number=2).state == State.VERIFIED  # moved house


def test_a_household_is_recognised_after_its_key_was_replaced(store: Store) -> None:
    sign_up(store)
    rotated = HouseholdKeys(NEWER_KEY, (KEY,))
    assert sign_up(store, number=2, keys=rotated).reason == "email-elsewhere"
    assert sign_up(store, "bob@example.org", keys=rotated).state == State.VERIFIED
    assert count(store, Household) == 1
    assert count(store, Household, Household.key_id == "2026b") == 1


def test_a_sign_up_asked_under_another_key_expires(store: Store) -> None:
    asked = sign_up(store, rules=PROVED)
    assert bring(store, asked, Proof.MOBILE, keys=HouseholdKeys(NEWER_KEY, (KEY,))).state == State.EXPIRED


def test_a_code_of_a_dwelling_is_recognised_under_a_newer_key(store: Store) -> None:
    [code] = codes(store, [dwelling_key(KEY, "BE", dwelling().address_id)])
    rotated = HouseholdKeys(NEWER_KEY, (KEY,))
    asked = sign_up(store, rules=PROVED, keys=rotated)
    assert bring(store, asked, Proof.BUURTCODE, plain_code=code, keys=rotated).state == State.VERIFIED


def test_a_rotation_names_the_register_s_dwellings_and_tells_what_is_left(store: Store) -> None:
    sign_up(store)
    sign_up(store, "bob@example.org", number=7)
    [code] = codes(store, [dwelling_key(KEY, "BE", dwelling(2).address_id)])
    rotated = HouseholdKeys(NEWER_KEY, (KEY,))
    register = [[dwelling(number).address_id for number in (1, 2, 3)], [dwelling(4).address_id]]
    named: list[int] = []
    changed = rotate_keys(store, rotated, "BE", register, named.append)
    assert (changed, named) == ((1, 1), [3, 4])
    left = count_left(store, rotated, NOW, households=1, codes=1)
    assert (left.households_left, left.accounts_left, left.codes_left) == (1, 2, 1)
    assert left.older_keys_needed
    assert rotate_keys(store, rotated, "BE", register, named.append) == (0, 0)
    only_new = HouseholdKeys(NEWER_KEY)
    assert sign_up(store, "cis@example.org", keys=only_new).state == State.VERIFIED
    assert count(store, Household) == 2
    asked = sign_up(store, "dirk@example.org", number=2, rules=PROVED, keys=rotated)
    assert bring(store, asked, Proof.BUURTCODE, plain_code=code, keys=rotated).state == State.VERIFIED


def test_attempts_end_at_their_limit_and_start_anew_with_the_next_window(store: Store) -> None:
    limit = AttemptLimit(3, timedelta(hours=1))
    waits = []
    for _ in range(10):
        try:
            with store.writing() as session:
                take_attempt(session, "a" * 64, limit, NOW + timedelta(minutes=10))
        except TooManyAttemptsError as error:
            waits.append(error.retry_after)
    assert waits == [timedelta(minutes=50)] * 7
    with store.writing() as session:
        take_attempt(session, "b" * 64, limit, NOW)
        take_attempt(session, "a" * 64, limit, NOW + timedelta(hours=1))
        give_back_attempt(session, "a" * 64, limit, NOW)
        take_attempt(session, "a" * 64, limit, NOW)


def test_what_is_over_goes_and_what_is_not_stays(store: Store) -> None:
    codes(store, ["25110-01"])
    gone = sign_up(store)
    sign_up(store, "bob@example.org", number=2, rules=PROVED)
    with store.writing() as session:
        leave(session, gone.account_id or "", NOW)
    with store.writing() as session:
        first = purge(session, Retention(), NOW + timedelta(days=31))
    assert (first.expired_sign_ups, first.sign_ups, first.households, first.codes) == (1, 0, 0, 0)
    with store.writing() as session:
        second = purge(session, Retention(), NOW + timedelta(days=366))
    assert (second.sign_ups, second.accounts, second.households, second.codes) == (2, 1, 1, 1)
    assert (count(store, SignUp), count(store, Household), count(store, Buurtcode)) == (0, 0, 0)


@pytest.mark.parametrize("change", [update(AuditEntry).values(action="other"), delete(AuditEntry)])
def test_the_audit_trail_is_append_only_and_names_nobody(store: Store, change: object) -> None:
    asked = sign_up(store)
    with pytest.raises(DBAPIError, match="append-only"), store.writing() as session:
        session.execute(change)  # type: ignore[call-overload]
    with store.reading() as session:
        trail = str(session.execute(text("SELECT * FROM audit_entry")).all())
    assert "sign-up-verified" in trail
    for secret in (asked.id, asked.dwelling_key, asked.email_key, "example.org", "adres"):
        assert secret not in trail
