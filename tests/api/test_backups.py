"""Backups on both stores: taken during writes, put back elsewhere, and refused where one byte is not what it was."""

import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, func, make_url, select, text
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app as commands
from api.settings import HouseholdSettings, ServerSettings, StoreSettings
from data.backups import (
    BackupError,
    Manifest,
    postgresql_tools,
    restore_backup,
    restore_releases,
    verify_backup,
    write_backup,
)
from data.directory import DataDirectory, checksums
from data.members.rules import set_rules
from data.quotes.price_books import list_books, publish_book
from data.store import Store, open_store
from data.store.database import migrate
from data.store.household_models import Account, AuditEntry, SignUp
from data.store.models import Base
from households.eligibility import RuleSet
from licensing.price_book_reader import example_source

ROOT = Path(__file__).resolve().parents[2]
KEYS = "2026a:" + bytes(pow(3, n, 257) % 256 for n in range(32)).hex()
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADDRESS = {"street": "Kerkstraat", "house_number": "6", "postcode": "9993", "municipality": "Demodorp"}

CHANGING = ("store_state", "rate_budget")
"""Tables that a restore, and every request, changes."""

MakeStore = Callable[[Path], StoreSettings]


def quiet(_stage: str, _done: int, _total: int) -> None:
    pass


def back_up(settings: StoreSettings, target: Path, progress: Callable[[str, int, int], None] = quiet) -> Manifest:
    with opened(settings) as (store, directory):
        return write_backup(store, directory, target, clock=lambda: NOW, progress=progress)


def restore(settings: StoreSettings, backup: Path, *, replace: bool = False) -> Any:
    with opened(settings) as (store, directory):
        return restore_backup(store, directory, backup, replace=replace, now=NOW, progress=quiet)


@contextmanager
def opened(settings: StoreSettings) -> Iterator[tuple[Store, DataDirectory]]:
    store = open_store(settings.store_url)
    try:
        yield store, DataDirectory(settings.data_dir)
    finally:
        store.close()


def rows_of(settings: StoreSettings) -> dict[str, list[Any]]:
    """Every row of every table, but for what a restore itself adds and what asking uses up."""
    with opened(settings) as (store, _), store.engine.connect() as connection:
        tables = [table for name, table in Base.metadata.tables.items() if name not in CHANGING]
        return {
            table.name: sorted(
                repr(row) for row in connection.execute(select(table)) if "store-restored" not in row._mapping.values()
            )
            for table in tables
        }


def require_one_moment(restored: StoreSettings, origin: StoreSettings) -> None:
    """Every sign-up of a backup that was made meanwhile is in all of its tables or in none."""
    with opened(restored) as (store, _), store.reading() as session:

        def count(*where: Any) -> int:
            return session.scalar(select(func.count()).where(*where)) or 0

        accounts = count(Account.id.is_not(None))
        assert accounts >= 3
        assert count(SignUp.state == "verified", SignUp.account_id.is_not(None)) == accounts
        assert count(AuditEntry.action == "sign-up-verified") == accounts
    kept, now = rows_of(restored), rows_of(origin)
    assert all(set(kept[table]) <= set(now[table]) for table in ("account", "sign_up", "audit_entry", "quote"))
    assert accounts < len(now["account"])


def serving(settings: StoreSettings, headers: dict[str, str]) -> TestClient:
    return TestClient(create_app(settings, ServerSettings(), HouseholdSettings(keys=KEYS)), headers=headers)


@pytest.fixture(scope="module")
def make_store(store_settings: StoreSettings) -> Iterator[MakeStore]:
    """Make empty stores of the kind under test."""
    admin = create_engine(store_settings.database_url or "sqlite://", isolation_level="AUTOCOMMIT")
    made = []

    def make(folder: Path) -> StoreSettings:
        if store_settings.database_url is None:
            return StoreSettings(data_dir=folder)
        made.append(f"backup_{secrets.token_hex(6)}")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {made[-1]}"))
        url = make_url(store_settings.database_url).set(database=made[-1])
        return StoreSettings(data_dir=folder, database_url=url.render_as_string(hide_password=False))

    yield make
    with admin.connect() as connection:
        for name in made:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="module")
def town(
    store_settings: StoreSettings,
    admin: dict[str, str],
    make_store: MakeStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> SimpleNamespace:
    """A store with members, a drawn plan and an accepted quote; one backup made while people sign up, one after."""
    folder = tmp_path_factory.mktemp("backups")
    back_up(store_settings, folder / "shared")
    settings = make_store(folder / "var")
    restore(settings, folder / "shared")
    with opened(settings) as (store, _), store.writing() as session:
        session.execute(text("DELETE FROM eligibility_rules"))
        rules = RuleSet(proof_required=False, licence_required=False, accounts_per_household=500)
        set_rules(session, "99001", rules, NOW, expected_version=0)
        if not list_books(session):
            publish_book(session, example_source(), NOW, by="test", in_past=True)
    with serving(settings, admin) as client:
        draft = client.post("/v1/municipalities/99001/plans", json={"title": "Kept"}).json()["id"]
        sector = next(iter(client.get(f"/v1/plans/{draft}").json()["blocks"]))
        operation = {"op": "create_buurt", "names": {"nl": "Hoek"}, "blocks": [sector], "allow_parts": True}
        drawn = client.post(f"/v1/plans/{draft}/operations", json={"operation": operation}, headers={"If-Match": '"1"'})
        assert drawn.status_code == 200, drawn.text
        published = client.post(
            f"/v1/plans/{draft}:publish",
            json={"valid_from": str(datetime.now(UTC).date()), "reason": "to be kept"},
            headers={"If-Match": '"2"'},
        )
        assert published.status_code == 200, published.text
        quote = client.post(
            "/v1/quotes",
            json={"scopes": [{"municipality": "99001"}], "years": 2, "start": "2028-01-01", "language": "nl"},
        )
        for action in ("issue", "accept"):
            assert quote.status_code in (200, 201), quote.text
            path = f"/v1/quotes/{quote.json()['id']}:{action}"
            quote = client.post(path, headers={"If-Match": quote.headers["ETag"]})
        over = threading.Event()
        joined: list[str] = []

        def sign_up() -> None:
            while not over.is_set():
                answer = client.post("/v1/sign-ups", json=ADDRESS | {"email": f"{len(joined)}@example.org"})
                assert answer.status_code == 200, answer.text
                joined.append(answer.json()["sign_up"]["id"])

        people = threading.Thread(target=sign_up)
        people.start()
        while len(joined) < 3:
            assert people.is_alive()
        back_up(settings, folder / "busy")
        before_the_end = len(joined)
        while len(joined) < before_the_end + 3:
            assert people.is_alive()
        over.set()
        people.join()
    back_up(settings, folder / "quiet.tar")
    return SimpleNamespace(
        settings=settings,
        folder=folder,
        asked=(
            "/v1/municipalities",
            "/v1/municipalities/99001/plans",
            f"/v1/plans/{draft}",
            "/v1/municipalities/99001/households",
            "/v1/releases",
            "/v1/quotes",
            f"/v1/quotes/{quote.json()['number']}",
            f"/v1/quotes/{quote.json()['number']}.pdf",
            "/v1/licences?municipality=99001",
            "/v1/municipalities/99001/rules",
            *(f"/v1/sign-ups/{sign_up}" for sign_up in joined[:2]),
        ),
    )


def test_what_was_backed_up_is_the_same_elsewhere_row_for_row_and_answer_for_answer(
    town: SimpleNamespace, make_store: MakeStore, admin: dict[str, str], tmp_path: Path
) -> None:
    elsewhere = make_store(tmp_path / "elsewhere")
    done = restore(elsewhere, town.folder / "quiet.tar")
    assert rows_of(elsewhere) == rows_of(town.settings)
    assert done.version == done.manifest.store.version + 1
    assert done.manifest.store.household_keys == ("2026a",)
    with serving(town.settings, admin) as here, serving(elsewhere, admin) as there:
        for path in town.asked:
            mine, theirs = here.get(path), there.get(path)
            assert mine.status_code == 200, f"{path}: {mine.text}"
            assert (theirs.content, theirs.headers.get("etag")) == (mine.content, mine.headers.get("etag")), path
        asked = {"json": ADDRESS | {"eligibility": True}}
        assert there.post("/v1/verifications", **asked).json() == here.post("/v1/verifications", **asked).json()
        # It goes on: numbers that the database gives follow on what was restored.
        assert there.post("/v1/sign-ups", json=ADDRESS | {"email": "later@example.org"}).status_code == 200


def test_one_damaged_byte_is_refused_and_nothing_changes(
    town: SimpleNamespace, make_store: MakeStore, tmp_path: Path
) -> None:
    shutil.copytree(town.folder / "busy", tmp_path / "backup")
    elsewhere = make_store(tmp_path / "elsewhere")
    random = Random(5)
    files = [file for file in sorted((tmp_path / "backup").rglob("*")) if file.is_file()]
    assert len(files) > 5
    for file in files:
        whole = file.read_bytes()
        at = random.randrange(len(whole))
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << random.randrange(8)]) + whole[at + 1 :])
        with pytest.raises(BackupError, match=r"damaged|format"):
            verify_backup(tmp_path / "backup", progress=quiet)
        if file.name in ("manifest.json", "arrays.bin") or file.name.startswith("store."):
            with pytest.raises(BackupError, match=r"damaged|format"):
                restore(elsewhere, tmp_path / "backup")
        file.write_bytes(whole)
    tar = tmp_path / "cut.tar"
    tar.write_bytes((town.folder / "quiet.tar").read_bytes()[:-1_000_000])
    with pytest.raises(BackupError, match="damaged"):
        restore(elsewhere, tar)
    assert not any(rows_of(elsewhere).values())
    assert checksums(elsewhere.data_dir / "releases") == {}
    assert list((elsewhere.data_dir / "incoming").iterdir()) == []


def test_a_killed_backup_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    """The same on both stores: what is written is not in place before everything is."""
    settings, target = StoreSettings(data_dir=tmp_path / "var"), tmp_path / "backups" / "night"
    program = (
        "import sys, time; from pathlib import Path; from datetime import UTC, datetime\n"
        "from data.backups import write_backup\n"
        "from data.directory import DataDirectory; from data.store import open_store\n"
        "def wait(stage, done, total):\n"
        "    if stage == 'copy files' and done: print('half', flush=True); time.sleep(60)\n"
        "store, directory = open_store(sys.argv[1]), DataDirectory(Path(sys.argv[2]))\n"
        "write_backup(store, directory, Path(sys.argv[3]), clock=lambda: datetime.now(UTC), progress=wait)\n"
    )
    command = [sys.executable, "-c", program, settings.store_url, settings.data_dir, target]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"half\n"
    with pytest.raises(BackupError, match="another process is writing"):
        back_up(settings, target)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    [left] = target.parent.iterdir()
    assert left != target
    with pytest.raises(BackupError, match="is no backup"):
        verify_backup(left, progress=quiet)

    def stop(_stage: str, _done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(settings, target, stop)
    assert list(target.parent.iterdir()) == []
    back_up(settings, target)
    assert list(target.parent.iterdir()) == [target]
    with pytest.raises(BackupError, match="exists already"):
        back_up(settings, target)


def test_a_backup_during_writes_holds_one_moment_and_is_replaced_only_when_asked(
    town: SimpleNamespace, make_store: MakeStore, admin: dict[str, str], tmp_path: Path
) -> None:
    elsewhere = make_store(tmp_path / "elsewhere")
    restore(elsewhere, town.folder / "busy")
    require_one_moment(elsewhere, town.settings)
    before = rows_of(elsewhere)
    with pytest.raises(BackupError, match="--replace"):
        restore(elsewhere, town.folder / "quiet.tar")
    assert rows_of(elsewhere) == before
    with serving(elsewhere, admin) as client:
        version = restore(elsewhere, town.folder / "quiet.tar", replace=True).version
        for _ in range(600):
            health = client.get("/healthz").json()
            if (health["status"], health["store_version"]) == ("ok", version):
                break
            threading.Event().wait(0.05)
        assert health["store_version"] == version
        assert client.post("/v1/verifications", json=ADDRESS).json()["verdict"] == "accept"
    assert rows_of(elsewhere) == rows_of(town.settings)
    folder = DataDirectory(elsewhere.data_dir).release_folder("demo-sectors")
    shutil.rmtree(folder)
    with opened(elsewhere) as (store, directory):
        assert restore_releases(store, directory, town.folder / "busy", progress=quiet) == ["demo-sectors"]
        assert restore_releases(store, directory, town.folder / "busy", progress=quiet) == []


def test_an_older_schema_is_migrated_and_a_newer_one_or_another_kind_refused(
    town: SimpleNamespace, make_store: MakeStore, tmp_path: Path
) -> None:
    older, elsewhere = make_store(tmp_path / "older"), make_store(tmp_path / "elsewhere")
    restore(older, town.folder / "quiet.tar")
    with opened(older) as (store, directory):
        migrate(store.engine, "0008", down=True)
        write_backup(store, directory, tmp_path / "backup", clock=lambda: NOW, progress=quiet)
        migrate(store.engine)
    environment = {"BUURTWIJZER_DATA_DIR": str(elsewhere.data_dir), "BUURTWIJZER_HOUSEHOLDS_KEYS": ""}
    if elsewhere.database_url:
        environment["BUURTWIJZER_DATABASE_URL"] = elsewhere.database_url
    told = CliRunner().invoke(commands, ["restore", str(tmp_path / "backup")], env=environment)
    assert told.exit_code == 0, told.output
    assert "migrated from revision 0008" in told.output
    assert "lacks 2026a" in told.output
    assert rows_of(elsewhere) == rows_of(older)
    manifest = Manifest.decode((tmp_path / "backup" / "manifest.json").read_bytes())
    other = "postgresql" if manifest.store.kind == "sqlite" else "sqlite"
    for change, refusal in (({"revision": "9999"}, "does not know"), ({"kind": other}, "kind of store")):
        changed = manifest.model_copy(update={"store": manifest.store.model_copy(update=change)})
        (tmp_path / "backup" / "manifest.json").write_bytes(changed.encode())
        with pytest.raises(BackupError, match=refusal):
            restore(elsewhere, tmp_path / "backup", replace=True)


@pytest.mark.postgis
def test_without_pg_dump_the_message_names_the_package(
    postgis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_tools, "DEBIAN_PROGRAMS", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupError, match="install postgresql-client-15"):
        postgresql_tools.find_program("pg_dump", 15)
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 14.2'\n")
    old.chmod(0o755)
    with pytest.raises(BackupError, match="is of version 14"):
        postgresql_tools.find_program("pg_dump", 15)


def test_programs_of_postgresql_get_the_password_from_the_environment() -> None:
    engine = create_engine("postgresql+psycopg://app:hunter2@db.example:6432/town?sslmode=verify-full")
    found = postgresql_tools.connection_environment(engine)
    engine.dispose()
    expected = {"PGUSER": "app", "PGPASSWORD": "hunter2", "PGHOST": "db.example", "PGPORT": "6432"}
    assert expected | {"PGDATABASE": "town", "PGSSLMODE": "verify-full"} == {
        name: value for name, value in found.items() if name.startswith("PG")
    }
