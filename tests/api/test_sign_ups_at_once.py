"""Real workers on a real port: 200 sign-ups for one dwelling at once, with and without a worker that is killed."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pyarrow.parquet as pq
import pytest
from sqlalchemy import delete, func, select

from api.settings import StoreSettings
from data.directory import DataDirectory
from data.members.rules import set_rules
from data.store import Store, open_store
from data.store.household_models import Account, EligibilityRules, Household, SignUp
from households.eligibility import RuleSet

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 4


@pytest.fixture
def store(store_settings: StoreSettings) -> Iterator[Store]:
    """The store that other tests use too: without their sign-ups before, and without ours afterwards."""

    def forget_sign_ups() -> None:
        with store.writing() as session:
            for table in (SignUp, Household, EligibilityRules):
                session.execute(delete(table))

    store = open_store(store_settings.store_url)
    forget_sign_ups()
    yield store
    forget_sign_ups()
    store.close()


@pytest.fixture
def address(store_settings: StoreSettings, store: Store) -> dict[str, str]:
    """A current address of the demo, in a municipality that asks for no proof."""
    file = DataDirectory(store_settings.data_dir).release_folder("demo-addresses") / "addresses.parquet"
    rows = pq.read_table(file).to_pylist()
    boxed = {(row["street_id"], row["house_number"]) for row in rows if row["box"]}
    row = next(
        row
        for row in rows
        if row["status"] == "current" and row["x"] and (row["street_id"], row["house_number"]) not in boxed
    )
    with store.writing() as session:
        rules = RuleSet(proof_required=False, licence_required=False, accounts_per_household=500)
        set_rules(session, row["municipality_code"], rules, datetime.now(UTC), expected_version=0)
    street = row["street_nl"] or row["street_fr"] or row["street_de"]
    return {"street": street, "house_number": row["house_number"], "postcode": row["postcode"]}


def sign_up(client: httpx2.Client, address: dict[str, str], person: int) -> str | None:
    """Return the account of an answered sign-up, or None where there was no answer."""
    try:
        answer = client.post("/v1/sign-ups", json=address | {"email": f"person-{person}@example.org"})
    except httpx2.TransportError:
        return None
    assert answer.status_code == 200, answer.text
    account: str | None = answer.json()["sign_up"]["account"]
    return account


@pytest.mark.slow
def test_200_sign_ups_at_once_make_one_household_and_none_answered_is_lost(
    serve: Any, address: dict[str, str], store: Store, admin: dict[str, str]
) -> None:
    with (
        serve(WORKERS) as server,
        httpx2.Client(base_url=server.url, headers=admin, timeout=60) as client,
        ThreadPoolExecutor(20) as people,
    ):
        answered: set[str] = set()
        for first in (0, 200):
            asked = [people.submit(sign_up, client, address, person) for person in range(first, first + 200)]
            if first:
                asked[20].result()
                os.kill(server.workers()[0], signal.SIGKILL)
            accounts = [account for account in (each.result() for each in asked) if account is not None]
            assert len(accounts) >= 100 if first else len(accounts) == 200
            answered |= set(accounts)
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Household)) == 1
        assert answered <= set(session.scalars(select(Account.id)))
