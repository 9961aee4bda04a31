"""`buurtwijzer letters` on the demo: the printed codes admit at their own dwelling, and at no other."""

import csv
import json
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from api.cli import app
from api.settings import StoreSettings
from data.directory import DataDirectory
from data.members.codes import WrongCodeError, use_code
from data.store import open_store
from data.store.household_models import Buurtcode
from households.codes import hash_code, read_code
from households.dwelling_keys import HouseholdKeys, dwelling_key, read_keys

ROOT = Path(__file__).resolve().parents[2]
KEYS = "2026a:" + bytes(pow(3, n, 257) % 256 for n in range(32)).hex()


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


def test_letters_go_to_what_was_selected(
    store_settings: StoreSettings, environment: dict[str, str | None], tmp_path: Path
) -> None:
    homes = [row for row in _register(store_settings) if row["municipality_code"] == "99001"]
    name, number = Counter(row["street_nl"] for row in homes).most_common()[-1]
    own = [row for row in homes if row["street_nl"] == name]
    street = ("--municipality", "99001", "--street", name.upper())
    letters = _letters(environment, tmp_path / "street", *street)
    assert 0 < len(letters) <= number
    assert {row["street"] for row in letters} == {name}
    ids = tmp_path / "ids.txt"
    ids.write_text("\n".join(["no-such-address", *(row["address_id"] for row in own)]), "utf-8")
    assert _addressed(_letters(environment, tmp_path / "ids", "--addresses", str(ids))) == _addressed(letters)
    lon, lat = (sorted(float(row[axis]) for row in own if row["lon"]) for axis in ("lon", "lat"))
    west, south, east, north = lon[0] - 1e-5, lat[0] - 1e-5, lon[-1] + 1e-5, lat[-1] + 1e-5
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    area = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    (tmp_path / "area.geojson").write_text(json.dumps(area))
    inside = _letters(environment, tmp_path / "area", "--within", str(tmp_path / "area.geojson"))
    assert _addressed(letters) <= _addressed(inside)
    line = {"type": "LineString", "coordinates": [[west, south], [east, north]]}
    (tmp_path / "line.geojson").write_text(json.dumps(line))
    near = ("--near-line", str(tmp_path / "line.geojson"), "--metres")
    assert _addressed(_letters(environment, tmp_path / "near", *near, "30")) < _addressed(
        _letters(environment, tmp_path / "nearer", *near, "300")
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give one of"),
        (["--buurt", "99001-01", "--street", "x", "--municipality", "99001"], "--buurt and --street"),
        (["--street", "x"], "--municipality go together"),
        (["--near-line", "nowhere.geojson"], "--metres go together"),
        (["--within", "nowhere.geojson"], "cannot be read"),
    ],
)
def test_a_selection_that_is_none_is_refused(
    environment: dict[str, str | None], tmp_path: Path, arguments: list[str], said: str
) -> None:
    out = tmp_path / "letters"
    result = CliRunner().invoke(app, ["letters", "--out", str(out), "--no-pdf", *arguments], env=environment)
    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", " ").split())
    assert not out.exists()


@pytest.mark.slow
def test_letters_killed_in_the_middle_are_all_there_or_none_and_no_code_is_given_twice(
    store_settings: StoreSettings, environment: dict[str, str | None], tmp_path: Path
) -> None:
    folder, hidden = tmp_path / "letters", tmp_path / ".letters.incoming"
    arguments = ("--buurt", "99002-01", "--out", str(folder), "--no-pdf")
    command = [sys.executable, "-c", "from api.cli import main; main()", "letters", *arguments]
    homes = [row for row in _register(store_settings) if row["municipality_code"] == "99002"]
    store, keys = open_store(store_settings.store_url), read_keys(KEYS)
    scopes = {dwelling_key(keys.current, "BE", row["address_id"]) for row in homes}

    def valid_codes() -> dict[str, str]:
        with store.reading() as session:
            return {row.code_hash: row.scope for row in session.scalars(select(Buurtcode)) if row.scope in scopes}

    def printed_codes(where: Path) -> list[str]:
        return [hash_code(keys.current, scope, code) for scope, code in _codes_at(where, homes, keys)]

    # Killed when its files are begun, when they are complete, and moments later: before, in or after the commit.
    begun, complete = hidden / "letters.csv", hidden / "letters.json"
    for file, later in ((begun, 0.0), (complete, 0.0), (complete, 0.05), (complete, 0.15)):
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | _set(environment), stderr=subprocess.DEVNULL)
        while process.poll() is None and not file.exists() and not folder.exists():
            time.sleep(0.002)
        time.sleep(later)
        process.kill()
        process.wait()
        # What is valid is in somebody's hands, now or once the run is settled.
        if valid := valid_codes():
            assert valid.keys() == set(printed_codes(folder if folder.exists() else hidden))
    if not folder.exists():
        run(environment, "letters", *arguments)
    printed, valid = printed_codes(folder), valid_codes()
    store.close()
    # Every printed code is valid, at one dwelling each, and there is none that nobody has.
    assert not hidden.exists()
    assert len(printed) == len(set(printed)) == len(set(valid.values())) > 100
    assert set(printed) == valid.keys()


def test_a_dry_purge_changes_nothing(environment: dict[str, str | None]) -> None:
    assert "would go" in run(environment, "purge", "--dry-run")
    assert "gone" in run(environment, "purge")


def _letters(environment: dict[str, str | None], folder: Path, *arguments: str) -> list[dict[str, str]]:
    run(environment, "letters", "--out", str(folder), "--no-pdf", *arguments)
    with (folder / "letters.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _addressed(letters: list[dict[str, str]]) -> set[tuple[str, ...]]:
    return {(row["street"], row["house_number"], row["box"], row["postcode"]) for row in letters}


def _codes_at(folder: Path, homes: list[dict[str, Any]], keys: HouseholdKeys) -> list[tuple[str, str]]:
    """Return the printed codes with the keys of the dwellings that their letters are addressed to."""
    found = {
        (name, row["house_number"], row["box"] or "", row["postcode"]): row["address_id"]
        for row in homes
        for name in (row["street_nl"], row["street_fr"])
        if row["status"] == "current"
    }
    with (folder / "letters.csv").open(encoding="utf-8", newline="") as stream:
        return [
            (
                dwelling_key(
                    keys.current, "BE", found[row["street"], row["house_number"], row["box"], row["postcode"]]
                ),
                read_code(row["code"]),
            )
            for row in csv.DictReader(stream)
        ]


def _set(environment: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if value is not None}


def _register(settings: StoreSettings) -> list[dict[str, Any]]:
    folder = DataDirectory(settings.data_dir).release_folder("demo-addresses")
    rows: list[dict[str, Any]] = pq.read_table(folder / "addresses.parquet").to_pylist()
    return rows
