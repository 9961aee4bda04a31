"""Amsterdam's 518 official buurten with CBS's counts: every household is kept, and what is estimated says so."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import geopandas as gpd
import pytest
import shapely
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app
from api.settings import HouseholdSettings, ServerSettings, StoreSettings
from data.api_keys import Scope, create_key
from data.store import open_store

pytestmark = pytest.mark.realdata

AMSTERDAM = (
    "--country NL --date 2022-03-24 -c sector_code=buurtcode -c name_nl=buurtnaam "
    "-c municipality_code:=GM0363 -c municipality_nl:=Amsterdam"
)
SECTOR_COUNTS = (
    "--country NL --level sector --date 2024 -c area_code=buurtcode -c households=huishoudens -c population=inwoners"
)
OWN_COUNTS = "--country NL --level municipality --date 2024 -c area_code=gemeentecode -c households=huishoudens"
PATH = "/v1/municipalities/GM0363/households"


@pytest.fixture(scope="module")
def client(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("var")
    counts = real_data / "netherlands" / "cbs-kerncijfers-2024"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUURTWIJZER_DATA_DIR", str(folder))
        patch.delenv("BUURTWIJZER_DATABASE_URL", raising=False)
        for source, file, options in (
            ("areas", real_data / "netherlands" / "amsterdam-2022" / "buurten.gpkg", AMSTERDAM),
            ("counts", counts / "buurten.csv.gz", SECTOR_COUNTS),
            ("counts", counts / "gemeenten.csv", OWN_COUNTS),
        ):
            result = CliRunner().invoke(app, ["import", source, str(file), *options.split()], catch_exceptions=False)
            assert result.exit_code == 0, result.output
    settings = StoreSettings(data_dir=folder, database_url=None)
    store = open_store(settings.store_url)
    with store.writing() as session:
        _, plain = create_key(session, "test", [Scope.VIEWER], datetime.now(UTC))
    store.close()
    application = create_app(settings, ServerSettings(), HouseholdSettings())
    with TestClient(application, headers={"Authorization": f"Bearer {plain}"}) as client:
        yield client


@pytest.fixture(scope="module")
def sectors(real_data: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(real_data / "netherlands" / "amsterdam-2022" / "buurten.gpkg")


def count(client: TestClient, shape: shapely.Geometry) -> dict[str, Any]:
    answer = client.post("/v1/households", json={"within": json.loads(shapely.to_geojson(shape))})
    assert answer.status_code == 200, answer.text
    total: dict[str, Any] = answer.json()["total"]
    return total


def test_official_counts_are_kept_and_the_difference_is_shown(client: TestClient, real_data: Path) -> None:
    with (real_data / "netherlands" / "cbs-kerncijfers-2024" / "gemeenten.csv").open(encoding="utf-8") as stream:
        own = next(int(row["huishoudens"]) for row in csv.DictReader(stream) if row["gemeentecode"] == "GM0363")
    found = client.get(PATH).json()
    total = found["total"]
    assert total["by_method"]["official"] == 515_225
    assert found["official"] == own
    estimated = total["households"] - 515_225
    # What CBS's rounding to 5 leaves over is shared out among the 31 without a count, as far as it is above nothing.
    assert estimated == max(0, own - 515_225)
    assert found["difference"] == own - total["households"] == min(0, own - 515_225)
    assert set(total["by_method"]) == {"official", "residual-by-population"} or estimated == 0
    assert total["low"] <= min(own, total["households"])
    assert total["high"] >= own
    assert found["counts_of"] == "2024-01-01"
    assert sum(buurt["households"] for buurt in found["buurten"]) == total["households"]


def test_an_uncounted_sector_is_an_estimate_with_a_margin(client: TestClient, sectors: gpd.GeoDataFrame) -> None:
    # The one official buurt that CBS's table of 2024 lacks altogether.
    [shape] = sectors[sectors.buurtcode == "BU0363MK06"].geometry
    total = count(client, shapely.buffer(shape, -0.00002))
    assert "official" not in total["by_method"]
    assert total["low"] <= total["households"] <= total["high"]


@pytest.mark.parametrize("seed", range(4))
def test_random_cuts_through_the_city_lose_no_household(
    client: TestClient, sectors: gpd.GeoDataFrame, seed: int
) -> None:
    random = Random(seed)
    west, south, east, north = sectors.total_bounds
    low, high = (random.uniform(west, east) for _ in range(2))
    whole = shapely.box(west, south, east, north)
    side = shapely.Polygon([(west, south), (low, south), (high, north), (west, north)])
    rest = shapely.Polygon([(low, south), (east, south), (east, north), (high, north)])
    everything = client.get(PATH).json()["total"]
    assert count(client, whole)["households"] == everything["households"]
    halves = [count(client, half) for half in (side, rest)]
    # This layer is in degrees and no register is here: the ground of pieces, cut straight in degrees and measured on
    # the ellipsoid, adds up to 3 in 100,000 alone, so that a household can fall on both sides of a cut, or on neither.
    assert abs(sum(half["households"] for half in halves) - everything["households"]) <= 1
    for half in halves:
        assert half["by_method"].get("split-by-area", 0) > 0  # there is no register here
        assert half["low"] <= half["households"] <= half["high"]
