"""Real workers on a real port: guesses end at the limit over all of them, and no log line holds anything personal."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx2
import pyarrow.parquet as pq
import pytest

from api.settings import StoreSettings
from data.directory import DataDirectory
from data.members.codes import make_batch
from data.members.rules import read_rules, set_rules
from data.store import Store, open_store
from households.codes import CodeBatch, Uses, make_code
from households.dwelling_keys import read_keys
from households.eligibility import RuleSet

KEYS = "2026a:" + bytes(pow(3, n, 257) % 256 for n in range(32)).hex()
GUESSES = 10_000


@pytest.fixture
def store(store_settings: StoreSettings) -> Iterator[Store]:
    store = open_store(store_settings.store_url)
    yield store
    store.close()


@pytest.fixture
def address(store_settings: StoreSettings, store: Store) -> dict[str, str]:
    """A current address of the demo without boxes, in a municipality that needs no licence."""
    file = DataDirectory(store_settings.data_dir).release_folder("demo-addresses") / "addresses.parquet"
    rows = pq.read_table(file).to_pylist()
    boxed = {(row["street_id"], row["house_number"]) for row in rows if row["box"]}
    usable = [
        row
        for row in rows
        if row["status"] == "current" and row["x"] and (row["street_id"], row["house_number"]) not in boxed
    ]
    row = usable[secrets.randbelow(500) + 100]
    with store.writing() as session:
        code = row["municipality_code"]
        version = read_rules(session, code).version
        set_rules(session, code, RuleSet(licence_required=False), datetime.now(UTC), expected_version=version)
    street = row["street_nl"] or row["street_fr"] or row["street_de"]
    return {"street": street, "house_number": row["house_number"], "postcode": row["postcode"]}


@pytest.mark.slow
def test_10_000_guesses_over_http_get_five_tries(serve: Any, address: dict[str, str], admin: dict[str, str]) -> None:
    random = Random(7)
    guesses = [make_code(random.choice) for _ in range(GUESSES)]
    with (
        serve(2) as server,
        httpx2.Client(base_url=server.url, headers=admin, timeout=60) as client,
        ThreadPoolExecutor(8) as guessers,
    ):
        person = address | {"email": f"{secrets.token_hex(6)}@example.org"}
        asked = client.post("/v1/sign-ups", json=person).json()
        proofs = f"/v1/sign-ups/{asked['sign_up']['id']}/proofs"

        def guess(code: str) -> int:
            return client.post(proofs, json={"kind": "buurtcode", "code": code}).status_code

        answers = list(guessers.map(guess, guesses))
    # Where an hour ends meanwhile, its window does too, and the next one begins.
    assert answers.count(422) in (5, 10)
    assert answers.count(429) == GUESSES - answers.count(422)


@pytest.mark.slow
def test_no_log_line_of_a_whole_sign_up_holds_address_email_or_code(
    serve: Any, store: Store, address: dict[str, str], admin: dict[str, str]
) -> None:
    email = f"{secrets.token_hex(6)}@example.org"
    wrong = make_code(Random(11).choice)
    now = datetime.now(UTC)
    with (
        serve(2, BUURTWIJZER_LOG_LEVEL="debug") as server,
        httpx2.Client(base_url=server.url, headers=admin, timeout=60) as client,
    ):
        verified = client.post("/v1/verifications", json=address | {"eligibility": True}).json()
        asked = client.post("/v1/sign-ups", json=address | {"email": email}).json()
        assert asked["verdict"] == "needs_proof", asked
        with store.writing() as session:
            batch = CodeBatch(asked["buurt"], Uses.ONCE, now - timedelta(1), now + timedelta(1))
            [code] = make_batch(session, read_keys(KEYS), batch, "x", [asked["buurt"]], secrets.choice)
        proofs = f"/v1/sign-ups/{asked['sign_up']['id']}/proofs"
        tries = [{"code": code[:-1]}, {"code": wrong}, {"code": code}, {"code": code}]
        answers = [client.post(proofs, json={"kind": "buurtcode"} | each) for each in tries]
        assert [answer.status_code for answer in answers] == [422, 422, 200, 409]
        staff = {"email": email, "role": "association", "areas": [{"buurt": asked["buurt"], "first_day": "2026-01-01"}]}
        assert client.post(f"/v1/municipalities/{asked['buurt'][:5]}/staff", json=staff).status_code == 201
        assert client.post("/v1/sign-ups", json={"email": email, "line": 5}).status_code == 422
        assert client.get("/v1/addresses/suggest", params={"q": address["street"]}).status_code == 200
        assert client.get(f"/v1/{address['street']}/{email}", headers={"X-Request-ID": email}).status_code == 404
        assert client.delete(f"/v1/accounts/{answers[2].json()['account']}").status_code == 204
    logged = server.log.read_text().casefold()
    routes = {(line["method"], line["route"], line["status"]) for line in server.lines() if line["event"] == "request"}
    assert ("POST", "/v1/sign-ups/{sign_up_id}/proofs", 409) in routes
    assert ("DELETE", "/v1/accounts/{account_id}", 204) in routes
    official = verified["address"]
    personal = [email, email.partition("@")[0], address["street"], official["formatted"], official["address_id"]]
    personal += [code, code.replace("-", ""), wrong, wrong.replace("-", ""), KEYS]
    personal += [admin["Authorization"].rpartition("_")[2]]
    assert [each for each in personal if each.casefold() in logged] == []
