"""Roles on the real PostGIS: the application does its work and nothing else, the reader sees no member."""

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import make_url
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app as commands
from api.settings import HouseholdSettings, ServerSettings, StoreSettings
from data.backups import write_backup
from data.directory import DataDirectory
from data.quotes.price_books import list_books, publish_book
from data.store import StoreError, open_store
from data.store.database import migrate
from data.store.grants import APPEND_ONLY, APPLICATION, OWNER, PRIVATE, READABLE, READER
from data.store.models import Base
from licensing.price_book_reader import example_source

KEYS = "2026a:" + bytes(pow(3, n, 257) % 256 for n in range(32)).hex()
ADDRESS = {"street": "Kerkstraat", "house_number": "6", "postcode": "9993", "municipality": "Demodorp"}

FORBIDDEN = (
    "DROP TABLE audit_entry",
    "TRUNCATE audit_entry",
    "TRUNCATE household CASCADE",
    "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_entry_append_only ON audit_entry",
    "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "UPDATE audit_entry SET action = 'nothing'",
    "DELETE FROM audit_entry",
    "UPDATE price_book SET text = ''",
    "UPDATE alembic_version SET version_num = '0001'",
    "CREATE TABLE mine (id int)",
    "CREATE TEMP TABLE mine (id int)",
)
"""What the application may not do."""


def test_every_table_is_somebodys_to_read_or_nobodys() -> None:
    assert not PRIVATE & READABLE
    assert PRIVATE | READABLE == set(Base.metadata.tables) > APPEND_ONLY


def as_role(url: str, role: str) -> str:
    return make_url(url).set(username=role).render_as_string(hide_password=False)


def connected(url: str, role: str | None = None) -> psycopg.Connection:
    address = make_url(url)
    user = role or address.username
    return psycopg.connect(host=str(address.query["host"]), dbname=address.database, user=user, autocommit=True)


def is_refused(url: str, role: str, statement: str) -> bool:
    with connected(url, role) as connection:
        try:
            connection.execute(statement.encode())
        except psycopg.errors.InsufficientPrivilege:
            return True
    return False


def sign_up_publish_and_quote(client: TestClient) -> None:
    rules = client.get("/v1/municipalities/99001/rules")
    body = rules.json()["rules"] | {"proof_required": False, "licence_required": False}
    tag = {"If-Match": rules.headers["ETag"]}
    assert client.put("/v1/municipalities/99001/rules", json=body, headers=tag).status_code == 200
    draft = client.post("/v1/municipalities/99001/plans", json={"title": "Roles"}).json()["id"]
    sector = next(iter(client.get(f"/v1/plans/{draft}").json()["blocks"]))
    operation = {"op": "create_buurt", "names": {"nl": "Hoek"}, "blocks": [sector], "allow_parts": True}
    operations = f"/v1/plans/{draft}/operations"
    assert client.post(operations, json={"operation": operation}, headers={"If-Match": '"1"'}).status_code == 200
    published = {"valid_from": str(datetime.now(UTC).date()), "reason": "with few rights"}
    publish = f"/v1/plans/{draft}:publish"
    assert client.post(publish, json=published, headers={"If-Match": '"2"'}).status_code == 200
    asked = {"scopes": [{"municipality": "99001"}], "years": 1, "start": "2028-01-01", "language": "nl"}
    quote = client.post("/v1/quotes", json=asked)
    assert quote.status_code == 201, quote.text
    issue = f"/v1/quotes/{quote.json()['id']}:issue"
    assert client.post(issue, headers={"If-Match": quote.headers["ETag"]}).status_code == 200
    joined = client.post("/v1/sign-ups", json=ADDRESS | {"email": "somebody@example.org"})
    assert joined.json()["sign_up"]["state"] == "verified", joined.text


@pytest.mark.postgis
@pytest.mark.slow
@pytest.mark.parametrize("store_settings", ["postgis"], indirect=True)
def test_the_application_signs_up_publishes_and_quotes_without_rights_on_the_schema(
    store_settings: StoreSettings, admin: dict[str, str], fresh_postgis_url: str, tmp_path: Path
) -> None:
    shared = open_store(store_settings.store_url)
    directory = DataDirectory(store_settings.data_dir)
    write_backup(shared, directory, tmp_path / "shared", clock=lambda: datetime.now(UTC), progress=lambda *_: None)
    shared.close()
    url = as_role(fresh_postgis_url, APPLICATION)
    sql = CliRunner().invoke(commands, ["database", "roles"]).output
    with connected(fresh_postgis_url) as superuser:
        for _ in range(2):
            superuser.execute(sql.encode())
    with pytest.raises(StoreError, match="run `buurtwijzer migrate`"):
        open_store(url, migrating=False)
    owner = {
        "BUURTWIJZER_DATA_DIR": str(tmp_path / "var"),
        "BUURTWIJZER_DATABASE_URL": as_role(fresh_postgis_url, OWNER),
        "BUURTWIJZER_MIGRATE": "false",
    }
    for command in (["migrate"], ["restore", str(tmp_path / "shared"), "--replace"]):
        done = CliRunner().invoke(commands, command, env=owner)
        assert done.exit_code == 0, f"{done.output} {done.exception}"
    settings = StoreSettings(data_dir=tmp_path / "var", database_url=url, migrate=False)
    store = open_store(url, migrating=False)
    with store.writing() as session:
        if not list_books(session):
            publish_book(session, example_source(), datetime.now(UTC), by="test", in_past=True)
    store.close()
    application = create_app(settings, ServerSettings(), HouseholdSettings(keys=KEYS))
    with TestClient(application, headers=admin) as client:
        sign_up_publish_and_quote(client)
    for statement in FORBIDDEN:
        assert is_refused(fresh_postgis_url, APPLICATION, statement), statement
    for table in PRIVATE:
        assert is_refused(fresh_postgis_url, READER, f"SELECT count(*) FROM {table}"), table
    for table in READABLE:
        assert not is_refused(fresh_postgis_url, READER, f"SELECT count(*) FROM {table}"), table
        assert is_refused(fresh_postgis_url, READER, f"DELETE FROM {table}"), table


def test_a_schema_that_is_not_the_programs_is_refused_with_what_to_do(store_url: str) -> None:
    store = open_store(store_url)
    migrate(store.engine, "0008", down=True)
    with pytest.raises(StoreError, match="has revision 0008"):
        open_store(store_url, migrating=False)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="does not know"):
        open_store(store_url)
    store.close()
