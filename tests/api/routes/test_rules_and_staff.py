"""Rules, staff and eligibility over HTTP: one editor at a time, nobody named, and every refusal says which field."""

import secrets
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ServerSettings, StoreSettings

RULES = "/v1/municipalities/99002/rules"
BUURT = "99002-01"


@pytest.fixture
def etag(client: TestClient) -> Iterator[str]:
    """The present version of the rules, which are the network's again afterwards."""
    yield client.get(RULES).headers["etag"]
    client.put(RULES, json={}, headers={"if-match": client.get(RULES).headers["etag"]})


def test_rules_are_set_by_one_editor_and_the_other_is_shown_them(client: TestClient, etag: str) -> None:
    ours = client.put(RULES, json={"accounts_per_household": 3}, headers={"if-match": etag})
    assert (ours.status_code, ours.json()["rules"]["accounts_per_household"]) == (200, 3)
    assert client.get(RULES).json() == ours.json()
    theirs = client.put(RULES, json={"accounts_per_household": 9}, headers={"if-match": etag})
    assert (theirs.status_code, theirs.headers["content-type"]) == (412, "application/problem+json")
    assert theirs.json()["current"] == ours.json()
    assert theirs.headers["etag"] == ours.headers["etag"]
    assert client.put(RULES, json={}, headers={"if-match": theirs.headers["etag"]}).status_code == 200


def test_a_change_says_which_version_it_changes(client: TestClient) -> None:
    assert client.put(RULES, json={}).status_code == 428
    assert client.put(RULES, json={}, headers={"if-match": '"never given"'}).status_code == 412
    assert client.get("/v1/municipalities/12345/rules").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"proofs": []}, "/proofs"),
        ({"proofs": ["mobile", "mobile"]}, "/proofs"),
        ({"accounts_per_household": 0}, "/accounts_per_household"),
        ({"unknown_home": "maybe"}, "/unknown_home"),
        ({"citizens_initiatives": ["a b"]}, "/citizens_initiatives/0"),
        ({"other": 1}, "/other"),
    ],
)
def test_rules_that_cannot_be_name_the_field(client: TestClient, etag: str, body: object, field: str) -> None:
    answer = client.put(RULES, json=body, headers={"if-match": etag})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_staff_are_granted_counted_and_revoked(client: TestClient) -> None:
    email = f"{secrets.token_hex(4)}@example.org"
    body = {"email": email, "role": "association", "areas": [{"buurt": BUURT, "first_day": "2026-11-01"}]}
    before = client.get("/v1/municipalities/99002/staff").json()
    granted = client.post("/v1/municipalities/99002/staff", json=body)
    assert granted.status_code == 201, granted.text
    staff = granted.json()["id"]
    assert client.post("/v1/municipalities/99002/staff", json=body).status_code == 409
    counted = client.get("/v1/municipalities/99002/staff").json()
    assert counted["total"] == before["total"] + 1
    assert email not in str(counted)
    assert staff not in str(counted)
    assert client.get(f"/v1/staff/{staff}/buurten").json()["buurten"] == [BUURT]
    assert client.get(f"/v1/staff/{staff}/buurten?day=2026-10-31").json()["buurten"] == []
    assert client.delete(f"/v1/staff/{staff}").status_code == 204
    assert client.get(f"/v1/staff/{staff}/buurten").status_code == 404


@pytest.mark.parametrize(
    ("area", "field"),
    [
        ({"buurt": "99001-01", "first_day": "2026-11-01"}, "/areas/0/buurt"),
        ({"buurt": BUURT, "first_day": "2026-11-02", "last_day": "2026-11-01"}, "/areas/0/last_day"),
    ],
)
def test_a_work_area_that_cannot_be_names_the_field(client: TestClient, area: object, field: str) -> None:
    body = {"email": "an@example.org", "role": "association", "areas": [area]}
    answer = client.post("/v1/municipalities/99002/staff", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_a_verification_says_who_may_join_where_that_is_asked(client: TestClient, etag: str) -> None:
    near = client.get("/v1/municipalities", params={"limit": 1}).json()["data"][0]["code"]
    assert near.startswith("99")
    question = {"line": "Kerkstraat 6, 9993 Demodorp", "language": "en"}
    assert client.post("/v1/verifications", json=question).json()["eligibility"] is None
    answer = client.post("/v1/verifications", json=question | {"eligibility": True}).json()["eligibility"]
    outcomes = {rule["rule"]: (rule["outcome"], rule["code"]) for rule in answer["rules"]}
    assert set(outcomes) == {"address", "status", "home", "buurt", "licence", "capacity", "email"}
    assert outcomes["email"] == ("unknown", "email-not-given")
    assert answer["buurt"] == "99001-01"
    unknown = client.post("/v1/verifications", json={"line": "Nergens 1, 0000 Nergens", "eligibility": True}).json()
    assert unknown["eligibility"]["verdict"] == "unknown_address"


def test_a_licence_is_what_makes_the_difference(client: TestClient) -> None:
    rules = "/v1/municipalities/99001/rules"
    question = {"line": "Kerkstraat 6, 9993 Demodorp", "eligibility": True}

    def judged(licence_required: bool) -> tuple[str, str, list[str]]:
        seen = client.get(rules).headers["etag"]
        client.put(rules, json={"licence_required": licence_required}, headers={"if-match": seen}).raise_for_status()
        answer = client.post("/v1/verifications", json=question).json()["eligibility"]
        [licence] = [rule for rule in answer["rules"] if rule["rule"] == "licence"]
        return answer["verdict"], licence["code"], answer["proofs"]

    assert judged(True) == ("not_eligible", "no-licence", [])
    assert judged(False) == (
        "needs_proof",
        "licence-not-required",
        ["buurtcode", "mobile", "document", "neighbour"],
    )


def test_a_server_without_keys_says_that_it_knows_no_members(
    store_settings: StoreSettings, admin: dict[str, str]
) -> None:
    with TestClient(create_app(store_settings, ServerSettings()), headers=admin) as client:
        answer = client.post("/v1/verifications", json={"line": "Kerkstraat 6", "eligibility": True})
    assert (answer.status_code, answer.json()["type"].rsplit("/")[-1]) == (409, "no-members-here")
