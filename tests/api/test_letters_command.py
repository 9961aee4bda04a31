"""`buurtwijzer letters` on the demo: the printed codes admit at their own dwelling, and at no other."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from api.cli import app
from api.settings import StoreSettings
from data.directory import DataDirectory
from data.members.codes import WrongCodeError, use_code
from data.store import open_store
from households.codes import read_code
from households.dwelling_keys import dwelling_key, read_keys

KEYS = "2026a:" + bytes(range(32)).hex()


@pytest.fixture
def environment(store_settings: StoreSettings) -> dict[str, str | None]:
    return {
        "BUURTWIJZER_DATA_DIR": str(store_settings.data_dir),
        "BUURTWIJZER_DATABASE_URL": store_settings.database_url,
        "BUURTWIJZER_HOUSEHOLDS_KEYS": KEYS,
    }


def run(environment: dict[str, str | None], *arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), env=environment)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_printed_codes_admit_at_their_dwelling_alone(
    store_settings: StoreSettings, environment: dict[str, str | None], tmp_path: Path
) -> None:
    folder = tmp_path / "letters"
    run(environment, "letters", "--buurt", "99001-01", "--out", str(folder), "--no-pdf")
    with (folder / "letters.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with (folder / "rounds.csv").open(encoding="utf-8", newline="") as stream:
        assert sum(int(row["letters"]) for row in csv.DictReader(stream)) == len(rows)
    assert {row["languages"] for row in rows} == {"nl"}
    assert len({row["code"] for row in rows}) == len(rows) > 3_000
    store, keys, now = open_store(store_settings.store_url), read_keys(KEYS), datetime.now(UTC)
    addresses = {
        (row["street_nl"], row["house_number"], row["box"] or "", row["postcode"]): row["address_id"]
        for row in _register(store_settings)
    }
    scopes = [
        dwelling_key(keys.current, "BE", addresses[row["street"], row["house_number"], row["box"], row["postcode"]])
        for row in rows[:2]
    ]
    with store.writing() as session:
        with pytest.raises(WrongCodeError):
            use_code(session, keys, scopes[1:], read_code(rows[0]["code"]), now)
        use_code(session, keys, scopes[:1], read_code(rows[0]["code"]), now)
    store.close()
    again = CliRunner().invoke(
        app, ["letters", "--buurt", "99001-01", "--out", str(folder), "--no-pdf"], env=environment
    )
    assert again.exit_code != 0


def test_a_dry_purge_changes_nothing(environment: dict[str, str | None]) -> None:
    assert "would go" in run(environment, "purge", "--dry-run")
    assert "gone" in run(environment, "purge")


def _register(settings: StoreSettings) -> list[dict[str, str]]:
    folder = DataDirectory(settings.data_dir).release_folder("demo-addresses")
    rows: list[dict[str, str]] = pq.read_table(folder / "addresses.parquet").to_pylist()
    return rows
