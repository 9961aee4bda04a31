"""A server that others reach does not start with a secret that everybody knows."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.app import create_app
from api.cli import app as command_line
from api.operation.production import DEMO_KEY_NAME, DefaultSecretError, refuse_default_secrets
from api.settings import HouseholdSettings, ServerSettings, StoreSettings
from data.api_keys import Scope, create_key
from data.store import open_store
from households.dwelling_keys import read_keys
from tests.api.conftest import SERVED

NOW = datetime.now(UTC)
DRAWN = "4be7d0a3c15f88926e01b9d47af3562c9d08e1f57a6bc3240fd19e85b67230ca"
MADE_UP = ["00" * 32, "ab" * 32, bytes(range(32)).hex(), bytes(range(255, 223, -1)).hex(), "0123456789abcdef" * 4]


@pytest.mark.parametrize("secret", MADE_UP)
def test_a_key_of_households_that_somebody_made_up_is_refused(secret: str, tmp_path: Path) -> None:
    households = HouseholdSettings(keys=f"2026b:{DRAWN},2026a:{secret}")
    with pytest.raises(DefaultSecretError, match="2026a") as refused:
        create_app(StoreSettings(data_dir=tmp_path), ServerSettings(host="0.0.0.0"), households)
    assert secret not in str(refused.value)
    create_app(StoreSettings(data_dir=tmp_path), ServerSettings(), households)


@pytest.mark.parametrize(
    ("login", "refused"),
    [
        ("postgres:postgres", True),
        ("buurtwijzer:Buurtwijzer", True),
        ("someone:someone-", False),
        ("application_of_us:application_of_us", True),
        ("someone:xq7-v", True),
        ("someone:", True),
        ("someone", False),
        ("someone:d8Xb2v0qLw", False),
    ],
)
def test_a_password_of_the_database_that_everybody_knows_is_refused(login: str, refused: bool) -> None:
    url = f"postgresql+psycopg://{login}@database/buurtwijzer"
    if not refused:
        refuse_default_secrets(StoreSettings(database_url=url), "::1", read_keys(f"2026a:{DRAWN}"), {}, NOW)
        return
    with pytest.raises(DefaultSecretError, match="BUURTWIJZER_DATABASE_URL") as error:
        refuse_default_secrets(StoreSettings(database_url=url), "::1", None, {}, NOW)
    assert login.partition(":")[2] not in str(error.value) or not login.partition(":")[2]


@pytest.mark.parametrize(
    "url", ["buurtwijzer@/buurtwijzer?password=postgres", "u:d8Xb2v0qLw@database/b?password=secret"]
)
def test_a_password_in_the_query_is_looked_at_too(url: str) -> None:
    settings = StoreSettings(database_url=f"postgresql+psycopg://{url}")
    with pytest.raises(DefaultSecretError, match="BUURTWIJZER_DATABASE_URL"):
        refuse_default_secrets(settings, "::1", None, {}, NOW)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_command_says_what_is_no_secret_before_it_says_that_it_answers(tmp_path: Path, workers: str) -> None:
    environment = SERVED | {
        "BUURTWIJZER_DATA_DIR": str(tmp_path),
        "BUURTWIJZER_HOUSEHOLDS_KEYS": f"2026a:{MADE_UP[0]}",
        "BUURTWIJZER_SERVER_HOST": "0.0.0.0",
    }
    command = [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", "0", "--workers", workers]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: the key 2026a of BUURTWIJZER_HOUSEHOLDS_KEYS was made up")
    assert done.stderr.count("\n") == 1


def test_the_key_of_the_demo_is_refused_until_it_is_revoked_or_over(tmp_path: Path) -> None:
    settings = StoreSettings(data_dir=tmp_path)
    store = open_store(settings.store_url)
    with store.writing() as session:
        create_key(session, DEMO_KEY_NAME, [Scope.ADMIN], NOW - timedelta(2), NOW - timedelta(1))
    create_app(settings, ServerSettings(host="0.0.0.0"))
    with store.writing() as session:
        key, _ = create_key(session, DEMO_KEY_NAME, [Scope.ADMIN], NOW, NOW + timedelta(hours=1))
    with pytest.raises(DefaultSecretError, match=f"keys revoke {key.id}"):
        create_app(settings, ServerSettings(host="0.0.0.0"))
    store.close()


def test_the_command_makes_no_demo_key_where_others_can_reach_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUURTWIJZER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BUURTWIJZER_SERVER_HOST", "0.0.0.0")
    with pytest.raises(DefaultSecretError, match="keys create"):
        command_line(["serve", "--with-demo-key"], standalone_mode=False)
    assert not (tmp_path / "store.sqlite").exists()
