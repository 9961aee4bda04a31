"""The official files go in through the command line, without special cases, and answers come out."""

import csv
import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from typer.testing import CliRunner, Result

from api.atlas import Atlas
from api.cli import app
from api.settings import StoreSettings
from api.verifying import verify
from data.directory import DataDirectory
from data.store import open_store
from data.tables import SourceError
from geo.addresses import AddressQuery

pytestmark = pytest.mark.realdata

AMSTERDAM = (
    "--country NL --date 2022-03-24 -c sector_code=buurtcode -c name_nl=buurtnaam "
    "-c municipality_code:=GM0363 -c municipality_nl:=Amsterdam"
)
COUNTS = "-c area_code=buurtcode -c households=huishoudens -c population=inwoners"
SCHAERBEEK = "-c sector_code=name -c municipality_code:=21015 -c municipality_fr:=Schaerbeek"
ADDRESSES = (
    "-c street_fr=street_fr -c street_nl=street_nl -c house_number=house_number -c box=box -c lon=lon -c lat=lat "
    "-c postcode=postcode -c municipality_code=municipality -c municipality_fr:=Schaerbeek"
)


class Operator:
    """Runs commands on a data directory of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.setenv("BUURTWIJZER_DATA_DIR", str(folder))
        monkeypatch.delenv("BUURTWIJZER_DATABASE_URL", raising=False)

    def run(self, *arguments: str | Path) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)

    def bring_in(self, source: str, file: Path, options: str) -> str:
        result = self.run("import", source, file, *options.split())
        assert result.exit_code == 0, result.output
        return result.output

    def ask(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json").output)

    def atlas(self) -> Atlas:
        store = open_store(StoreSettings().store_url)
        try:
            return Atlas.read(store, DataDirectory(self.folder), date(2026, 11, 24))
        finally:
            store.close()


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    return Operator(tmp_path / "var", monkeypatch)


def test_amsterdam_with_the_counts_of_the_whole_country(operator: Operator, real_data: Path) -> None:
    folder = real_data / "netherlands"
    operator.bring_in(
        "areas", folder / "amsterdam-2022" / "buurten.gpkg", f"--country NL --date 2022-03-24 {AMSTERDAM}"
    )
    counts = folder / "cbs-kerncijfers-2024" / "buurten.csv.gz"
    operator.bring_in("counts", counts, f"--country NL --level sector --date 2024 {COUNTS}")
    municipalities = folder / "cbs-kerncijfers-2024" / "gemeenten.csv"
    operator.bring_in(
        "counts",
        municipalities,
        "--country NL --level municipality --date 2024 -c area_code=gemeentecode -c households=huishoudens",
    )
    [amsterdam] = operator.atlas().municipalities()
    assert (amsterdam.code, amsterdam.sectors) == ("GM0363", 518)
    assert amsterdam.sector_households is not None
    assert amsterdam.sector_households.known == 515_225
    assert amsterdam.sector_households.unknown_areas == 31
    with municipalities.open(encoding="utf-8") as stream:
        official = {row["gemeentecode"]: int(row["huishoudens"]) for row in csv.DictReader(stream)}
    assert amsterdam.households == official["GM0363"]
    # Dam square.
    dam = operator.ask("locate", "4.8932", "52.3731")
    assert dam["place"]["municipality"]["code"] == "GM0363"
    assert dam["place"]["sector"]["code"].startswith("BU0363A")
    assert dam["place"]["buurt"]["code"] == "GM0363-01"


def test_label_points_of_another_source_lie_in_amsterdam(operator: Operator, real_data: Path) -> None:
    folder = real_data / "netherlands"
    operator.bring_in(
        "areas", folder / "amsterdam-2022" / "buurten.gpkg", f"--country NL --date 2022-03-24 {AMSTERDAM}"
    )
    atlas = operator.atlas().countries["NL"]
    with gzip.open(folder / "cbs-2014" / "buurt-label-points.csv.gz", "rt", encoding="utf-8") as stream:
        points = [row for row in csv.DictReader(stream) if row["gemeentecode"] == "GM0363"]
    found = [atlas.place(float(row["lon"]), float(row["lat"]), "EPSG:4326") for row in points]
    assert len(points) > 90
    assert sum(place is not None for place in found) / len(points) > 0.97


@pytest.mark.parametrize(
    ("file", "options", "rows", "code"),
    [
        (
            "municipalities-2011/municipalities.gpkg",
            "-c sector_code=municipality -c municipality_code=municipality -c name_nl=name_nl -c name_fr=name_fr",
            589,
            "13002",  # Baarle-Hertog, with its enclaves in the Netherlands
        ),
        (
            "flanders-areas/wijken.gpkg",
            "-c sector_code=code -c municipality_code=municipality -c name_nl=name",
            2_730,
            "11002",  # Antwerp
        ),
    ],
)
def test_official_areas_of_belgium_are_sector_layers(
    operator: Operator,
    real_data: Path,
    file: str,
    options: str,
    rows: int,
    code: str,
) -> None:
    output = operator.bring_in("areas", real_data / "belgium" / file, f"--country BE --date 2024 {options}")
    assert f"{rows:,} rows of sectors" in output
    assert "overlap" not in output
    layer = gpd.read_file(real_data / "belgium" / file)
    parts = layer[layer.municipality == code].explode().representative_point().to_crs("EPSG:4326")
    assert len(parts) > 10
    atlas = operator.atlas()
    for point in parts:
        assert atlas.locate(point.x, point.y).municipality.code == code


def test_household_counts_of_2021_are_those_of_flanders(operator: Operator, real_data: Path) -> None:
    folder = real_data / "belgium" / "flanders-areas"
    options = "-c sector_code=code -c municipality_code=municipality -c name_nl=name"
    operator.bring_in("areas", folder / "wijken.gpkg", f"--country BE --date 2024 {options}")
    operator.bring_in(
        "counts",
        folder / "households-2021.csv",
        "--country BE --level municipality -c area_code=municipality -c households=households",
    )
    counts = {facts.code: facts.households for facts in operator.atlas().municipalities()}
    assert sum(households for households in counts.values() if households is not None) == 2_863_891
    # The 19 municipalities of Brussels are in the layer and not in the file: unknown, not zero.
    assert sum(households is None for households in counts.values()) == 19


def test_raw_quarters_of_schaerbeek_are_diagnosed_and_repaired_on_request(operator: Operator, real_data: Path) -> None:
    file = real_data / "belgium" / "schaerbeek" / "quarters-raw.geojson"
    options = f"--country BE --date 2025 {SCHAERBEEK}"
    with pytest.raises(SourceError) as caught:
        operator.run("import", "areas", file, *options.split())
    assert caught.value.code == "hole-repeats-shell"
    assert "14 of 14 areas" in str(caught.value)
    assert "their area is 0 m²" in str(caught.value)
    assert "--repair" in str(caught.value)
    operator.bring_in("areas", file, f"{options} --repair")
    published = gpd.read_file(file).set_index("name").area_m2
    store = open_store(StoreSettings().store_url)
    with store.reading() as session:
        from data.releases import find_release

        findings = find_release(session, "quarters-raw-2025").findings
    store.close()
    dropped = {f["area_code"]: f["area_m2"] for f in findings if f["code"] == "hole-repeats-shell"}
    assert len(dropped) == 14
    for name, area_m2 in dropped.items():
        assert area_m2 == pytest.approx(published[name], rel=1e-4)


def test_addresses_of_schaerbeek_lie_in_the_publishers_quarter(operator: Operator, real_data: Path) -> None:
    folder = real_data / "belgium" / "schaerbeek"
    output = operator.bring_in("areas", folder / "quarters.geojson", f"--country BE --date 2025 {SCHAERBEEK}")
    assert output.count(" overlap by ") == 6
    assert "rounding" in output
    operator.bring_in("addresses", folder / "addresses.csv", f"--country BE --date 2025 {ADDRESSES}")
    atlas = operator.atlas()
    with (folder / "addresses.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 856
    outside = []
    for row in rows:
        for street in {row["street_fr"], row["street_nl"]} - {""}:
            query = AddressQuery(
                street=street,
                house_number=row["house_number"],
                box=row["box"] or None,
                postcode=row["postcode"],
                municipality="Schaerbeek",
                country="BE",
            )
            answer = verify(atlas, query, lang="fr", require_box=False)
            assert answer.match.address is not None, (row, answer.match)
            if answer.place is None:
                outside.append(f"{row['street_fr']} {row['house_number']}")
                assert answer.place_reason == "position-outside-sectors"
            else:
                assert answer.place.sector_code == row["quarter"], row
    assert set(outside) == {"Chaussée de Louvain 61", "Clos de l'Oasis 1"}
