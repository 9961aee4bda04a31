"""Sign-ups over HTTP on the demo region: proved, limited, refused with reasons, and never logged."""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.atlas import Atlas
from api.routes.sign_ups import sign_ups_router
from api.settings import HouseholdSettings, ServerSettings, StoreSettings
from data.api_keys import Scope, create_key
from data.directory import DataDirectory
from data.members.codes import make_batch
from data.members.rules import read_rules, set_rules
from data.store import Store, open_store
from households.codes import CodeBatch, Uses, make_code
from households.dwelling_keys import read_keys
from households.eligibility import RuleSet
from tests.waiting import wait_until

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEYS = "2026a:" + bytes(pow(3, n, 257) % 256 for n in range(32)).hex()


@pytest.fixture(scope="module")
def store(store_settings: StoreSettings) -> Iterator[Store]:
    store = open_store(store_settings.store_url)
    yield store
    store.close()


@pytest.fixture(scope="module", autouse=True)
def unlicensed(store: Store, addresses: list[dict[str, str]]) -> None:
    """The demo's municipalities have no licence, and ask for none here."""
    with store.writing() as session:
        for code in ("99001", "99002", "99003"):
            version = read_rules(session, code).version
            set_rules(session, code, RuleSet(licence_required=False), NOW, expected_version=version)


@pytest.fixture(scope="module")
def app(store_settings: StoreSettings, store: Store) -> FastAPI:
    app = create_app(store_settings, ServerSettings())  # without keys, so that the routes here have their own clock
    atlas = Atlas.read(store, DataDirectory(store_settings.data_dir), date(2026, 11, 24))
    app.include_router(sign_ups_router(lambda: atlas, store, HouseholdSettings(keys=KEYS), lambda: NOW))
    return app


@pytest.fixture(scope="module")
def api(app: FastAPI, admin: dict[str, str]) -> Iterator[TestClient]:
    with TestClient(app, headers=admin) as client:
        yield client


@pytest.fixture(scope="module")
def addresses(store_settings: StoreSettings) -> list[dict[str, str]]:
    """Current addresses of the demo without boxes, as fields of a request."""
    file = DataDirectory(store_settings.data_dir).release_folder("demo-addresses") / "addresses.parquet"
    rows = pq.read_table(file).to_pylist()
    boxed = {(row["street_id"], row["house_number"]) for row in rows if row["box"]}
    return [
        {
            "street": row["street_nl"] or row["street_fr"] or row["street_de"],
            "house_number": row["house_number"],
            "postcode": row["postcode"],
        }
        for row in rows
        if row["status"] == "current" and row["x"] and (row["street_id"], row["house_number"]) not in boxed
    ]


def test_a_buurtcode_admits_and_nothing_of_it_is_logged(
    api: TestClient, store: Store, addresses: list[dict[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = addresses[0]
    asked = api.post("/v1/sign-ups", json=address | {"email": "ann@example.org"})
    assert asked.status_code == 200, asked.text
    body = asked.json()
    assert body["verdict"] == "needs_proof", body
    batch = CodeBatch(body["buurt"], Uses.ONCE, NOW - timedelta(1), NOW + timedelta(30))
    with store.writing() as session:
        [code] = make_batch(session, read_keys(KEYS), batch, "x", [body["buurt"]], Random(1).choice)
    url = f"/v1/sign-ups/{body['sign_up']['id']}"
    proved = api.post(f"{url}/proofs", json={"kind": "buurtcode", "code": code.lower()})
    assert (proved.status_code, proved.json()["state"]) == (200, "verified"), proved.text
    assert api.get(url).json() == proved.json()
    again = api.post(f"{url}/proofs", json={"kind": "buurtcode", "code": code})
    assert (again.status_code, again.json()["type"].rsplit("/")[-1]) == (409, "sign-up-settled")
    assert api.delete(f"/v1/accounts/{proved.json()['account']}").status_code == 204
    logged = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    for secret in ("ann@example.org", code, code.replace("-", ""), code.lower(), address["street"], KEYS):
        assert secret not in logged


def test_10_000_guesses_get_five_tries(api: TestClient, addresses: list[dict[str, str]]) -> None:
    asked = api.post("/v1/sign-ups", json=addresses[1] | {"email": "bob@example.org"}).json()
    random = Random(2)
    # The first hundred go through HTTP; the store's own test makes the whole ten thousand, from four processes.
    answers = [
        api.post(
            f"/v1/sign-ups/{asked['sign_up']['id']}/proofs",
            json={"kind": "buurtcode", "code": make_code(random.choice)},
        )
        for _ in range(100)
    ]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429] * 95
    assert answers[-1].headers["Retry-After"] == "3600"
    assert answers[-1].headers["content-type"] == "application/problem+json"


def test_a_slip_of_the_pen_is_no_guess(api: TestClient, addresses: list[dict[str, str]]) -> None:
    asked = api.post("/v1/sign-ups", json=addresses[2] | {"email": "cis@example.org"}).json()
    url = f"/v1/sign-ups/{asked['sign_up']['id']}/proofs"
    slips = [api.post(url, json={"kind": "buurtcode", "code": "AAAAA-AAAA2"}) for _ in range(7)]
    assert {answer.json()["type"].rsplit("/")[-1] for answer in slips} == {"malformed-code"}


def test_an_unknown_address_is_told_and_not_kept(api: TestClient) -> None:
    answer = api.post(
        "/v1/sign-ups", json={"line": "Nergensstraat 1, 0000 Nergens", "email": "a@b.be", "language": "fr"}
    )
    body = answer.json()
    assert (body["verdict"], body["sign_up"]) == ("unknown_address", None)
    assert body["rules"][0]["text"] == "Cette adresse ne figure pas dans le registre officiel."


def test_a_proof_that_is_looked_at_needs_a_community_manager(
    api: TestClient, store_settings: StoreSettings, addresses: list[dict[str, str]]
) -> None:
    asked = api.post("/v1/sign-ups", json=addresses[3] | {"email": "eva@example.org"}).json()
    url = f"/v1/sign-ups/{asked['sign_up']['id']}"
    store = open_store(store_settings.store_url)
    with store.writing() as session:
        _, form = create_key(session, "form", [Scope.SIGNUP], NOW)
        _, manager = create_key(session, "community manager", [Scope.OPS], NOW)
    store.close()
    form_header, manager_header = ({"Authorization": f"Bearer {key}"} for key in (form, manager))
    deadline = time.monotonic() + 10
    while (
        api.get(url, headers=form_header).status_code == 401 or api.get(url, headers=manager_header).status_code == 401
    ):
        assert time.monotonic() < deadline, "the worker did not take in the keys"
        time.sleep(0.05)
    for kind in ("document", "neighbour"):
        refused = api.post(f"{url}/proofs", json={"kind": kind}, headers=form_header)
        assert (refused.status_code, refused.json()["type"].rsplit("/")[-1]) == (403, "not-allowed")
    assert api.post(f"{url}/refusal", headers=form_header).status_code == 403
    assert api.get(url).json()["state"] == "needs_proof"
    admitted = api.post(f"{url}/proofs", json={"kind": "document"}, headers=manager_header)
    assert (admitted.status_code, admitted.json()["state"]) == (200, "verified")
    assert api.post(f"{url}/refusal", headers=manager_header).status_code == 409


def test_a_community_manager_may_refuse(api: TestClient, addresses: list[dict[str, str]]) -> None:
    asked = api.post("/v1/sign-ups", json=addresses[4] | {"email": "fien@example.org"}).json()
    answer = api.post(f"/v1/sign-ups/{asked['sign_up']['id']}/refusal")
    assert (answer.status_code, answer.json()["state"], answer.json()["reason"]) == (200, "refused", "reviewer")


def test_without_a_key_there_are_no_sign_ups(store_settings: StoreSettings) -> None:
    with TestClient(create_app(store_settings, ServerSettings())) as client:
        answer = client.post("/v1/sign-ups", json={"line": "x", "email": "a@b.be"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("language", "text"),
    [("nl", "dit adres"), ("fr", "cette adresse"), ("de", "dieser adresse"), ("en", "this address")],
)
def test_a_sign_up_is_told_the_outcome_of_every_rule_in_four_languages(
    api: TestClient, addresses: list[dict[str, str]], language: str, text: str
) -> None:
    asked = api.post(
        "/v1/sign-ups", json=addresses[7] | {"email": f"{language}@example.org", "language": language}
    ).json()
    assert [rule["rule"] for rule in asked["rules"]] == [
        "address",
        "status",
        "home",
        "buurt",
        "licence",
        "capacity",
        "email",
    ]
    assert text in " ".join(rule["text"] for rule in asked["rules"]).casefold()


def test_who_moves_house_leaves_and_signs_up_at_the_new_one(api: TestClient, addresses: list[dict[str, str]]) -> None:
    def join(address: dict[str, str]) -> dict[str, Any]:
        body = api.post("/v1/sign-ups", json=address | {"email": "mover@example.org"}).json()
        if body["verdict"] != "needs_proof":
            return dict(body)
        proofs = f"/v1/sign-ups/{body['sign_up']['id']}/proofs"
        return dict(api.post(proofs, json={"kind": "mobile"}).json())

    before = join(addresses[8])
    assert before["state"] == "verified"
    refused = join(addresses[9])
    assert refused["verdict"] == "not_eligible"
    assert [rule["code"] for rule in refused["rules"] if rule["outcome"] == "fail"] == ["email-elsewhere"]
    assert api.delete(f"/v1/accounts/{before['account']}").status_code == 204
    assert join(addresses[9])["state"] == "verified"
    # The old home is free for those who come after.
    after = api.post("/v1/sign-ups", json=addresses[8] | {"email": "next@example.org"}).json()
    assert {rule["rule"]: rule["code"] for rule in after["rules"]}["capacity"] == "room"


def test_a_neighbour_of_the_same_buurt_accepts_and_is_told_no_house_number(
    api: TestClient, addresses: list[dict[str, str]]
) -> None:
    def asked(address: dict[str, str], email: str) -> dict[str, Any]:
        return dict(api.post("/v1/sign-ups", json=address | {"email": email}).json())

    first = asked(addresses[10], "neighbour@example.org")
    proofs = f"/v1/sign-ups/{first['sign_up']['id']}/proofs"
    neighbour = api.post(proofs, json={"kind": "mobile"}).json()["account"]
    newcomer = asked(addresses[11], "newcomer@example.org")
    proofs = f"/v1/sign-ups/{newcomer['sign_up']['id']}/proofs"
    stranger = api.post(proofs, json={"kind": "neighbour", "neighbour_account": "nobody"})
    assert (stranger.status_code, stranger.json()["type"].rsplit("/")[-1]) == (422, "proof-not-accepted")
    accepted = api.post(proofs, json={"kind": "neighbour", "neighbour_account": neighbour})
    assert accepted.json()["state"] == "verified", accepted.text
    # Neither answer says where anybody lives.
    for answer in (newcomer, accepted.json()):
        assert addresses[11]["street"] not in str(answer)
        assert not {"street", "house_number", "address", "formatted"} & set(answer)


def test_a_key_that_everybody_can_read_tells_nothing_of_members(
    api: TestClient, client: TestClient, store: Store, addresses: list[dict[str, str]]
) -> None:
    home = addresses[12]
    asked = api.post("/v1/sign-ups", json=home | {"email": "full@example.org"}).json()
    account = api.post(f"/v1/sign-ups/{asked['sign_up']['id']}/proofs", json={"kind": "mobile"}).json()["account"]
    municipality = asked["buurt"].partition("-")[0]
    with store.writing() as session:
        version = read_rules(session, municipality).version
        full = RuleSet(licence_required=False, accounts_per_household=1)
        version = set_rules(session, municipality, full, NOW, expected_version=version)
        _, page = create_key(session, "page", [Scope.LOOKUP], NOW)
    told = {}
    header = {"Authorization": f"Bearer {page}"}
    wait_until(lambda: client.get("/v1/session", headers=header).is_success)
    for caller, headers in (("admin", {}), ("page", header)):
        answer = client.post("/v1/verifications", json=home | {"eligibility": True}, headers=headers).json()
        codes = {rule["rule"]: rule["code"] for rule in answer["eligibility"]["rules"]}
        told[caller] = (answer["eligibility"]["verdict"], codes["capacity"])
    assert told == {"admin": ("not_eligible", "household-full"), "page": ("needs_proof", "room-not-told")}
    with store.writing() as session:
        set_rules(session, municipality, RuleSet(licence_required=False), NOW, expected_version=version)
    assert api.delete(f"/v1/accounts/{account}").status_code == 204
