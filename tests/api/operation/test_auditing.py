"""Every change and every refusal leaves a line: by whom, by which request, about what; and nobody is in it."""

import json
import re
import secrets
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from api.cli import app as command_line
from api.operation.auditing import ASKING, READING, TOLD, UNTOLD
from api.settings import StoreSettings
from data.members.audit import Act, acting, read_trail, record
from data.store import Store, open_store
from data.store.database import announce_change, migrate
from data.store.household_models import AuditEntry


@pytest.fixture
def trail(store_settings: StoreSettings) -> Any:
    store = open_store(store_settings.store_url)

    def lines(request_id: str) -> list[AuditEntry]:
        with store.reading() as session:
            return list(session.scalars(select(AuditEntry).where(AuditEntry.request_id == request_id)))

    yield lines
    store.close()


def test_a_change_and_what_is_refused_leave_a_line_each(client: TestClient, admin: dict[str, str], trail: Any) -> None:
    key_id = admin["Authorization"].split("_")[1]
    path = "/v1/municipalities/99001/rules"
    before = client.get(path)
    rules = before.json()["rules"]
    request_id = secrets.token_hex(16)
    changed = client.put(path, json=rules, headers={"If-Match": before.headers["etag"], "X-Request-ID": request_id})
    assert changed.status_code == 200, changed.text
    [line] = trail(request_id)
    assert (line.actor, line.action, line.outcome) == (key_id, "rules-set", "done")
    assert (line.route, line.subject) == ("PUT /v1/municipalities/{code}/rules", "99001")
    refused_id = secrets.token_hex(16)
    assert client.put(path, json=rules, headers={"X-Request-ID": refused_id}).status_code == 428
    [line] = trail(refused_id)
    assert (line.actor, line.action, line.outcome, line.subject) == (key_id, "refused", "428", "99001")


def test_no_line_tells_of_anybody_and_questions_leave_none(client: TestClient, trail: Any) -> None:
    email = f"{secrets.token_hex(6)}@example.org"
    request_id, asking_id = secrets.token_hex(16), secrets.token_hex(16)
    address = {"street": "Kerkstraat", "house_number": "6", "postcode": "9993"}
    asked = client.post("/v1/sign-ups", json=address | {"email": email}, headers={"X-Request-ID": request_id}).json()
    token = asked["sign_up"]["id"] if asked["sign_up"] else "0" * 32
    proofs = f"/v1/sign-ups/{token}/proofs"
    client.post(proofs, json={"kind": "buurtcode", "code": "x"}, headers={"X-Request-ID": request_id})
    client.post("/v1/verifications", json=address, headers={"X-Request-ID": asking_id})
    client.post("/v1/verifications", json={"nothing": email}, headers={"X-Request-ID": asking_id})
    assert trail(asking_id) == []
    lines = trail(request_id)
    assert "POST /v1/sign-ups/{sign_up_id}/proofs" in {line.route for line in lines}
    said = " ".join(str(vars(line)) for line in lines).casefold()
    assert [each for each in (email, "kerkstraat", token) if each in said] == []


def test_every_route_that_changes_something_is_thought_of(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    changing = {path for path, methods in paths.items() if {name.upper() for name in methods} - READING}
    assert changing >= ASKING
    named = {name for path in changing for name in re.findall(r"{(\w+)}", path)}
    assert named <= TOLD | UNTOLD


def test_a_change_that_no_rule_records_leaves_a_plain_line_and_a_look_none(store_url: str) -> None:
    store = open_store(store_url)
    with acting(Act("0123abcd", lambda: ("POST /v1/things", None))):
        with store.writing() as session:
            announce_change(session)
        with store.writing() as session:
            record(session, "own-line", session.scalars(select(AuditEntry.at)).one())
        with store.writing() as session:
            session.scalars(select(AuditEntry)).all()
        with store.reading() as session:
            session.scalars(select(AuditEntry)).all()
    with store.writing() as session:
        announce_change(session)
    with store.reading() as session:
        lines = read_trail(session, most=10)
    assert [(line.actor, line.action) for line in lines] == [("0123abcd", "written"), ("0123abcd", "own-line")]
    store.close()


def refuses_changes(store: Store) -> bool:
    try:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE audit_entry SET actor = 'nobody'")
    except DBAPIError as error:
        return "append-only" in str(error)
    return False


def test_the_trail_stays_append_only_whatever_way_it_was_migrated(store_url: str) -> None:
    store = open_store(store_url)
    with acting(Act("a", lambda: ("r", None))), store.writing() as session:
        announce_change(session)
    assert refuses_changes(store)
    migrate(store.engine, "0011", down=True)
    migrate(store.engine)
    assert refuses_changes(store)
    store.close()


def test_the_command_tells_who_did_what(named_store: None, admin: dict[str, str]) -> None:
    told = CliRunner().invoke(command_line, ["audit", "--action", "key-created", "--json", "--since", "2020-01-01"])
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert admin["Authorization"].split("_")[1] in {line["detail"]["key"] for line in lines}
    assert CliRunner().invoke(command_line, ["audit", "--key", "nobody", "--json"]).stdout == ""
