"""Letters over HTTP on the demo region: codes are made once, for what was selected, and admit."""

import csv
import io
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api.app import create_app
from api.settings import HouseholdSettings, ServerSettings, StoreSettings
from data.api_keys import Scope, create_key
from data.store import open_store
from data.store.household_models import Buurtcode

STREET = {"municipality": "99001", "name": "Kerkstraat", "postcode": "9993"}
HOUSEHOLD_KEYS = "2026a:" + bytes(pow(3, n, 257) % 256 for n in range(32)).hex()


def make(client: TestClient, key: str | None = None, **body: Any) -> Any:
    return client.post("/v1/letters", json=body, headers={"Idempotency-Key": key or secrets.token_hex(8)})


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def codes_in(settings: StoreSettings) -> int:
    store = open_store(settings.store_url)
    with store.reading() as session:
        number = session.scalar(select(func.count()).select_from(Buurtcode)) or 0
    store.close()
    return number


def test_the_codes_of_a_run_are_made_once(client: TestClient, store_settings: StoreSettings) -> None:
    first = make(client, "run-1", street=STREET, form="csv")
    letters, made = rows_of(first), codes_in(store_settings)
    assert len({row["code"] for row in letters}) == len(letters) <= made
    assert first.headers["cache-control"] == "no-store"
    again = make(client, "run-1", street=STREET, form="csv")
    assert (again.status_code, again.json()["type"].rsplit("/")[-1]) == (409, "letters-given")
    other = make(client, "run-1", street=STREET, form="pdf", language="fr")
    assert other.status_code == 409
    assert codes_in(store_settings) == made
    # With a new key the codes that were lost end, and as many take their place.
    replaced = rows_of(make(client, street=STREET, form="csv"))
    assert codes_in(store_settings) == made
    assert {row["code"] for row in replaced}.isdisjoint(row["code"] for row in letters)
    kept = make(client, street=STREET, form="csv", existing="keep")
    assert (kept.status_code, kept.json()["type"].rsplit("/")[-1]) == (409, "no-letters")


def test_the_round_plan_has_the_letters_of_the_selection_and_makes_no_codes(
    client: TestClient, store_settings: StoreSettings
) -> None:
    letters, made = rows_of(make(client, street=STREET, form="csv")), codes_in(store_settings)
    rounds = rows_of(make(client, street=STREET, form="rounds"))
    assert sum(int(row["letters"]) for row in rounds) == len(letters)
    assert codes_in(store_settings) == made


def test_letters_can_be_had_as_pdf(store_settings: StoreSettings, admin: dict[str, str], monkeypatch: Any) -> None:
    monkeypatch.setenv("BUURTWIJZER_LETTERS_SENDER", "Gemeente Demodorp")
    monkeypatch.setenv("BUURTWIJZER_LETTERS_WEBSITE", "buurt.example")
    settings = HouseholdSettings(keys=HOUSEHOLD_KEYS)
    with TestClient(create_app(store_settings, ServerSettings(), settings), headers=admin) as client:
        answer = make(client, street=STREET, form="pdf", last_day=str(datetime.now(UTC).date() + timedelta(days=700)))
        assert answer.status_code == 200, answer.text
        assert answer.content.startswith(b"%PDF")
        many = make(client, buurten=["99001-01"], form="pdf")
        assert (many.status_code, many.json()["errors"][0]["field"]) == (422, "/form")


def test_a_pdf_without_a_sender_makes_no_codes(client: TestClient, store_settings: StoreSettings) -> None:
    made = codes_in(store_settings)
    assert make(client, street=STREET, form="pdf").status_code == 409
    assert codes_in(store_settings) == made


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"form": "csv"}, 422, "/"),
        ({"street": STREET}, 422, "/form"),
        ({"buurten": ["99001-01"], "street": STREET, "form": "csv"}, 422, "/"),
        ({"buurten": ["99001-77"], "form": "csv"}, 404, None),
        ({"street": {"municipality": "99001", "name": "Kerkstraat"}, "form": "csv"}, 422, "/street/name"),
        ({"street": STREET, "form": "csv", "last_day": "2020-01-01"}, 409, None),
        ({"street": STREET, "form": "csv", "last_day": "9999-12-31"}, 409, None),
    ],
)
def test_letters_that_cannot_be_made_are_refused(
    client: TestClient, body: dict[str, Any], status: int, field: str | None
) -> None:
    answer = make(client, **body)
    assert answer.status_code == status, answer.text
    assert [each["field"] for each in answer.json().get("errors", [])] == ([field] if field else [])


def test_letters_need_a_key_of_their_own_and_a_caller_of_operations(
    client: TestClient, store_settings: StoreSettings
) -> None:
    missing = client.post("/v1/letters", json={"street": STREET, "form": "csv"})
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    store = open_store(store_settings.store_url)
    with store.writing() as session:
        _, viewer = create_key(session, "viewer", [Scope.VIEWER], datetime.now(UTC))
    store.close()
    app = create_app(store_settings, ServerSettings(), HouseholdSettings(keys=HOUSEHOLD_KEYS))
    with TestClient(app, headers={"Authorization": f"Bearer {viewer}"}) as other:
        assert make(other, street=STREET, form="csv").status_code == 403
