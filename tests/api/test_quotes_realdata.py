"""Amsterdam and every municipality of Flanders get a quote through the command line, from the files that there are."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app

pytestmark = pytest.mark.realdata


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("BUURTWIJZER_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("BUURTWIJZER_DATABASE_URL", raising=False)

    def run_command(command: str, *more: str | Path) -> str:
        result = CliRunner().invoke(app, [*command.split(), *map(str, more)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    run_command("pricebook publish --example")
    return run_command


def test_amsterdam_gets_a_quote_in_one_command(run, real_data: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = real_data / "netherlands"
    columns = "-c sector_code=buurtcode -c name_nl=buurtnaam -c municipality_code:=GM0363 -c municipality_nl:=Amsterdam"
    run(f"import areas --country NL --date 2022-03-24 {columns}", folder / "amsterdam-2022" / "buurten.gpkg")
    run(
        "import counts --country NL --level sector --date 2024 -c area_code=buurtcode -c households=huishoudens",
        folder / "cbs-kerncijfers-2024" / "buurten.csv.gz",
    )
    record, pdf = tmp_path / "record.json", tmp_path / "quote.pdf"
    run("quote AMSTERDAM --years 3 --issue", "--json", record, "--pdf", pdf)
    quote = json.loads(record.read_text("utf-8"))["quote"]
    assert quote["households"] == 515_225
    [buurt] = quote["request"]["scopes"][0]["buurten"]
    assert (buurt["unknown_sectors"], buurt["method"]) == (31, "official")
    assert pdf.read_bytes().startswith(b"%PDF")


def test_every_flemish_municipality_gets_a_quote(run, real_data: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = real_data / "belgium" / "flanders-areas"
    columns = "-c sector_code=municipality -c municipality_code=municipality -c name_nl=name -c municipality_nl=name"
    run(f"import areas --country BE --date 2024 {columns}", folder / "municipalities.gpkg")
    run(
        "import counts --country BE --level municipality --date 2021 "
        "-c area_code=municipality -c households=households",
        folder / "households-2021.csv",
    )
    with (folder / "households-2021.csv").open(encoding="utf-8") as file:
        official = {row["municipality"]: int(row["households"]) for row in csv.DictReader(file)}
    prices = list(csv.DictReader(io.StringIO(run("quote --all --country BE --csv"))))
    counted = {price["municipality"]: int(price["households"]) for price in prices}
    assert {code: counted[code] for code in official} == official
    assert len(official) == 300
    for code, households in official.items():
        lines = list(csv.DictReader(io.StringIO(run(f"quote {code} --csv"))))
        assert {int(line["quantity"]) for line in lines if line["kind"] == "letters"} == {households}
