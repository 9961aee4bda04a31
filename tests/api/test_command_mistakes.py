"""What commands say to a mistake of the operator, and that they print other people's words as they stand."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from api.cli import app, audit, keys
from api.settings import StoreSettings
from data.api_keys import Scope, create_key
from data.members.audit import Act, acting, record
from data.store import open_store
from tests.api.conftest import SERVED

MARKED = "[/x] \x1b[31mred"
SHOWN = r"[/x] \x1b[31mred"


@pytest.fixture
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """URL of an empty store, which the environment names."""
    monkeypatch.setenv("BUURTWIJZER_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("BUURTWIJZER_DATABASE_URL", raising=False)
    for module in (audit, keys):
        monkeypatch.setattr(module, "out", Console(width=200))
    url = StoreSettings().store_url
    open_store(url).close()
    return url


@pytest.fixture
def demo_store(named_store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store with the demo region, which the environment names."""
    for name, value in SERVED.items():
        monkeypatch.setenv(name, value)


def test_what_a_caller_wrote_into_a_path_does_not_steer_who_reads_the_audit_trail(own_store: str) -> None:
    store = open_store(own_store)
    now = datetime(2026, 11, 29, tzinfo=UTC)
    with acting(Act("abcd1234", lambda: ("POST /v1/quotes/{quote_id}:issue", MARKED))), store.writing() as session:
        record(session, "refused", now, outcome="403")
    store.close()
    shown = CliRunner().invoke(app, ["audit"], catch_exceptions=False)
    assert (shown.exit_code, SHOWN in shown.output, "\x1b[31m" in shown.output) == (0, True, False)


def test_the_name_of_a_key_is_listed_as_it_stands(own_store: str) -> None:
    store = open_store(own_store)
    with store.writing() as session:
        key, _ = create_key(session, "[/x]", [Scope.LOOKUP], datetime.now(UTC))
        key_id = key.id
    store.close()
    for command in (["keys", "list"], ["keys", "revoke", key_id]):
        assert "[/x]" in CliRunner().invoke(app, command, catch_exceptions=False).output


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "--most", "99999999999999999999"),
        ("keys", "create", "form", "--scope", "lookup", "--days", "99999999"),
        ("keys", "rotate", "abcd1234", "--overlap-days", "99999999999"),
        ("rules", "set", "99001", "BINARY", "--version", "0"),
        ("rules", "set", "99001", "RULES", "--version", "99999999999999999999"),
        ("activate", "demo-sectors", "--report", "/nonexistent/report.json"),
        ("activate", "demo-sectors", "--report", "/"),
        ("quote", "99001", "--issue", "--pdf", "/nonexistent/quote.pdf"),
        ("quote", "99001", "--issue", "--json", "/nonexistent/quote.json"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_before_anything_is_done(
    own_store: str, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    files = {"BINARY": tmp_path / "binary", "RULES": tmp_path / "rules.json"}
    files["BINARY"].write_bytes(bytes(range(256)))
    files["RULES"].write_text("{}")
    told = CliRunner().invoke(app, [str(files.get(each, each)) for each in arguments], catch_exceptions=False)
    assert (told.exit_code, "Invalid value" in told.output) == (2, True), told.output


@pytest.mark.parametrize("command", [("show",), ("set", "--version", "0")])
@pytest.mark.usefixtures("demo_store")
def test_rules_are_those_of_a_municipality_that_there_is(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "rules.json").write_text("{}")
    file = [str(tmp_path / "rules.json")] if command[0] == "set" else []
    refused = CliRunner().invoke(app, ["rules", command[0], "99999", *file, *command[1:]])
    assert "no municipality of the active sectors is called '99999'" in str(refused.exception)


@pytest.mark.parametrize("last", ["9999-12-31", "2206-11-29"])
@pytest.mark.usefixtures("demo_store")
def test_codes_are_not_good_for_a_lifetime(tmp_path: Path, last: str) -> None:
    refused = CliRunner().invoke(app, ["codes", "99001-01", "--out", str(tmp_path / "codes.csv"), "--expires", last])
    assert f"{last} is too far ahead" in str(refused.exception)
    assert not (tmp_path / "codes.csv").exists()


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("BUURTWIJZER_RATE_LOOKUP", "0", "BUURTWIJZER_RATE_LOOKUP: Input should be greater"),
        ("BUURTWIJZER_SERVER_CORS_ORIGINS", "https://a.example", "BUURTWIJZER_SERVER_CORS_ORIGINS: a list or an obj"),
        ("BUURTWIJZER_OIDC_ISSUER", "https://id.example", "BUURTWIJZER_OIDC_*: Value error, an issuer needs"),
        ("BUURTWIJZER_RETENTION_CODES", "99999999999", "BUURTWIJZER_RETENTION_CODES: Input should be less"),
        ("BUURTWIJZER_TRACING_ENDPOINT", "127.0.0.1:4318", "BUURTWIJZER_TRACING_ENDPOINT: String should match"),
    ],
)
def test_a_setting_that_cannot_be_used_is_told_by_its_name_before_workers_start(
    tmp_path: Path, variable: str, value: str, told: str
) -> None:
    environment = SERVED | {"BUURTWIJZER_DATA_DIR": str(tmp_path), variable: value}
    command = [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", "0", "--workers", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)
    assert (done.returncode, done.stderr.count("\n"), done.stderr.startswith(f"error: {told}")) == (1, 1, True)
    assert value not in done.stderr or value == "0"
