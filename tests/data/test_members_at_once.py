"""Several processes against one store: one household per dwelling, no answered sign-up lost, no guess too many."""

import multiprocessing
import os
import secrets
import signal
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from random import Random

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.members.attempts import AttemptLimit, TooManyAttemptsError, refuse_if_used_up, take_attempt
from data.members.codes import WrongCodeError, make_batch
from data.members.sign_ups import Dwelling, ask, find_sign_up, prove
from data.store import Store, open_store
from data.store.household_models import Account, Household, SignUp
from households.codes import CodeBatch, Uses, make_code, read_code
from households.dwelling_keys import HouseholdKey, HouseholdKeys
from households.eligibility import AddressFacts, Buurt, Period, RuleSet
from households.verification import Proof, State

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEYS = HouseholdKeys(HouseholdKey("2026a", bytes(range(32))))
DWELLING = Dwelling("BE", "https://data.example/id/adres/1", "25110", "25110A00-", "25110-01")
HOME = AddressFacts(
    "accept", "current", "woonfunctie", Buurt("25110-01", Period(NOW.date())), licences=(Period(NOW.date()),)
)
SPAWN = multiprocessing.get_context("spawn")
WORKERS = 4


def token() -> str:
    return secrets.token_urlsafe(18)


def nowhere(_country: str, _sector: str, _buurt: str) -> None:
    """The buurt of today, which codes do not ask for."""


def prove_with(session: Session, rules: RuleSet, found: SignUp, code: str) -> None:
    prove(
        session,
        KEYS,
        rules,
        found,
        Proof.BUURTCODE,
        plain_code=code,
        buurt_today=nowhere,
        now=NOW,
        make_token=token,
    )


def sign_up_and_prove(url: str, emails: list[str], code: str, accounts: int, answers: Connection) -> None:
    """One worker: sign up at the one dwelling, prove it by a code, and say so once it is committed."""
    store = open_store(url)
    rules = RuleSet(accounts_per_household=accounts)
    for email in emails:
        with store.writing() as session:
            asked, _ = ask(
                session, KEYS, rules, DWELLING, HOME, email, lifetime=timedelta(days=1), now=NOW, make_token=token
            )
        with store.writing() as session:
            found = find_sign_up(session, asked.id)
            if found.state == State.NEEDS_PROOF:
                prove_with(session, rules, found, code)
        answers.send((found.state, found.account_id))
    answers.close()
    store.close()


def start(url: str, people: int, accounts: int) -> list[tuple[multiprocessing.Process, Connection]]:
    store = open_store(url)
    batch = CodeBatch("25110-01", Uses.MANY, NOW, NOW + timedelta(days=30))
    with store.writing() as session:
        [code] = make_batch(session, KEYS, batch, "25110", ["25110-01"], Random(3).choice)
    store.close()
    running = []
    for worker in range(WORKERS):
        emails = [f"{worker}-{k}@example.org" for k in range(people // WORKERS)]
        reader, writer = SPAWN.Pipe(duplex=False)
        process = SPAWN.Process(target=sign_up_and_prove, args=(url, emails, read_code(code), accounts, writer))
        process.start()
        writer.close()
        running.append((process, reader))
    return running


def answers_of(reader: Connection) -> list[tuple[str, str | None]]:
    answers = []
    try:
        while True:
            answers.append(reader.recv())
    except EOFError:
        return answers


@pytest.mark.slow
@pytest.mark.parametrize(("accounts", "verified"), [(500, 200), (8, 8)])
def test_200_sign_ups_at_once_for_one_dwelling_make_one_household(store_url: str, accounts: int, verified: int) -> None:
    running = start(store_url, 200, accounts)
    answers = [answer for _, reader in running for answer in answers_of(reader)]
    for process, _ in running:
        process.join()
    states = [state for state, _ in answers]
    assert len(states) == 200
    assert states.count(State.VERIFIED) == verified
    assert states.count(State.REFUSED) == 200 - verified
    store = open_store(store_url)
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Household)) == 1
        assert session.scalar(select(func.count()).select_from(Account)) == verified
    store.close()


@pytest.mark.slow
def test_killing_a_worker_loses_no_answered_sign_up(store_url: str) -> None:
    running = start(store_url, 200, 500)
    victim, first_reader = running[0]
    first = [first_reader.recv() for _ in range(5)]
    os.kill(victim.pid, signal.SIGKILL)  # type: ignore[arg-type]
    answers = first + [answer for _, reader in running for answer in answers_of(reader)]
    for process, _ in running:
        process.join()
    assert victim.exitcode == -signal.SIGKILL
    assert 155 <= len(answers) < 200
    store = open_store(store_url)
    with store.reading() as session:
        stored = set(session.scalars(select(Account.id)))
        assert session.scalar(select(func.count()).select_from(Household)) == 1
    store.close()
    assert all(state == State.VERIFIED for state, _ in answers)
    assert {account for _, account in answers} <= stored


def prove_by(store: Store, sign_up_id: str, code: str) -> None:
    with store.writing() as session:
        found = find_sign_up(session, sign_up_id)
        prove_with(session, RuleSet(), found, code)


def guess(url: str, sign_up_id: str, seed: int, guesses: int, result: Connection) -> None:
    """One worker: guess at codes as the limit of a dwelling lets it, and say how many were looked at."""
    store = open_store(url)
    random = Random(seed)
    limit = AttemptLimit(5, timedelta(hours=1))
    looked_at = refused = 0
    for _ in range(guesses):
        code = read_code(make_code(random.choice))
        try:
            with store.reading() as session:
                refuse_if_used_up(session, ["d" * 64], limit, NOW)
            with store.writing() as session:
                take_attempt(session, "d" * 64, limit, NOW)
        except TooManyAttemptsError:
            refused += 1
            continue
        looked_at += 1
        with pytest.raises(WrongCodeError):
            prove_by(store, sign_up_id, code)
    result.send((looked_at, refused))
    store.close()


@pytest.mark.slow
def test_10_000_guesses_of_four_workers_get_five_tries(store_url: str) -> None:
    store = open_store(store_url)
    with store.writing() as session:
        asked, _ = ask(
            session, KEYS, RuleSet(), DWELLING, HOME, "a@b.be", lifetime=timedelta(1), now=NOW, make_token=token
        )
    store.close()
    running = []
    for worker in range(WORKERS):
        reader, writer = SPAWN.Pipe(duplex=False)
        process = SPAWN.Process(target=guess, args=(store_url, asked.id, worker, 10_000 // WORKERS, writer))
        process.start()
        running.append((process, reader))
    results = [reader.recv() for _, reader in running]
    for process, _ in running:
        process.join()
    assert sum(looked_at for looked_at, _ in results) == 5
    assert sum(refused for _, refused in results) == 9_995
