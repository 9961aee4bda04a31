"""`buurtwijzer households` and `buurtwijzer adoption` on the demo region."""

import csv
import io
import xml.etree.ElementTree as ET
from pathlib import Path

import geopandas as gpd
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from api.cli import app, counting
from data.demo import DemoSize, write_demo


@pytest.fixture(autouse=True)
def environment(named_store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    # The command's console takes its width when it is imported, from whatever terminal the tests run in.
    monkeypatch.setattr(counting, "out", Console(width=160))


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


@pytest.mark.parametrize(
    ("lang", "heading"), [("nl", "Huishoudens"), ("fr", "Ménages"), ("de", "Haushalte"), ("en", "Households")]
)
def test_the_table_of_households_speaks_the_language_asked_for(lang: str, heading: str) -> None:
    output = run("households", "99001", "--lang", lang).output
    assert heading in output
    assert "99001-01" in output
    assert "demo-sector-households" in output


def test_households_are_written_in_every_form(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("households", "99001", "--format", "csv").output)))
    for form in ("csv", "geojson", "parquet"):
        run("households", "99001", "--format", form, "--out", tmp_path / f"households.{form}")
    parquet = gpd.read_parquet(tmp_path / "households.parquet")
    geojson = gpd.read_file(tmp_path / "households.geojson")
    assert list(parquet.households) == list(geojson.households) == [int(row["households"]) for row in rows]
    assert (tmp_path / "households.csv").read_bytes().decode().startswith("level,municipality,code,name_nl")


def test_adoption_is_a_table_with_participation_and_a_chart(tmp_path: Path) -> None:
    chart = tmp_path / "chart.svg"
    output = run("adoption", "99001", "--participants", "40", "--svg", chart, "--lang", "en").output
    assert "per household" in output
    assert "Member households: as of" in output
    assert ET.parse(chart).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    rows = list(csv.DictReader(io.StringIO(run("adoption", "99001", "--csv", "--participants", "99001-01:9").output)))
    assert [row["participants"] for row in rows] == ["9", ""]


@pytest.mark.parametrize(
    "arguments",
    [
        ("households", "99001", "--format", "parquet"),
        ("households", "99001", "--out", "x"),
        ("adoption", "99001", "--participants", "many"),
    ],
)
def test_options_that_mean_nothing_are_refused(arguments: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, list(arguments)).exit_code == 2


def test_dwellings_are_there_before_anybody_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUURTWIJZER_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("BUURTWIJZER_DATABASE_URL", raising=False)
    size = DemoSize(sectors=30, addresses=2_000)
    run("demo", "--import", "--sectors", "30", "--addresses", "2000")
    made = set((tmp_path / "var" / "dwellings").glob("BE-*"))
    assert len(made) == 1
    other = write_demo(tmp_path / "other", size, seed=7)
    run("import", "best", other.addresses, "--name", "other-addresses")
    assert set((tmp_path / "var" / "dwellings").glob("BE-*")) == made
    run("activate", "other-addresses")
    assert len(set((tmp_path / "var" / "dwellings").glob("BE-*")) - made) == 1
