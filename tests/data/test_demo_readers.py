"""The readers of the official files read the demo region without a finding that its traps do not explain."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from data.demo import REFERENCE_DAY, DemoFiles, DemoSize, write_demo
from data.demo.sectors_file import SectorsFormat
from data.readers.statbel_households import read_statbel_households
from data.readers.statbel_sectors import read_statbel_sectors
from data.tables import COUNT_COLUMNS, SECTOR_COLUMNS, Kind

SIZE = DemoSize(municipalities=3, sectors=60, addresses=6_000)


@pytest.fixture(scope="module", params=["gpkg", "geojson.zip"])
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    sectors_format: SectorsFormat = request.param
    return write_demo(tmp_path_factory.mktemp("demo"), SIZE, sectors_format=sectors_format)


@pytest.fixture(scope="module")
def sectors(files: DemoFiles) -> gpd.GeoDataFrame:
    return read_statbel_sectors(files.sectors).sectors


def test_sectors_come_in_whole_and_tile(files: DemoFiles, sectors: gpd.GeoDataFrame) -> None:
    facts = read_statbel_sectors(files.sectors).facts
    assert list(sectors.columns) == list(SECTOR_COLUMNS)
    assert len(sectors) == SIZE.sectors
    assert shapely.coverage_is_valid(sectors.geometry.to_numpy())
    assert (facts.crs, facts.reference_date, facts.findings) == ("EPSG:31370", REFERENCE_DAY, ())


def test_municipality_comes_from_its_column_and_not_from_the_code(sectors: gpd.GeoDataFrame) -> None:
    moved = sectors["sector_code"].str[:5] != sectors["municipality_code"]
    assert moved.sum() == 1
    assert sectors["municipality_code"].nunique() == SIZE.municipalities


@pytest.mark.parametrize(("file", "figure"), [("sector_households", "households"), ("sector_population", "population")])
def test_counts_of_sectors_fit_the_sectors(files: DemoFiles, sectors: gpd.GeoDataFrame, file: str, figure: str) -> None:
    path: Path = getattr(files, file)
    read = read_statbel_households(path)
    known = read.counts.set_index("area_code")[figure].dropna()
    assert read.kind is Kind.SECTOR_COUNTS
    assert list(read.counts.columns) == list(COUNT_COLUMNS)
    assert read.facts.reference_date == REFERENCE_DAY
    assert [finding.code for finding in read.facts.findings] == ["unlocated"]
    unknown = set(sectors["sector_code"]) - set(known.index)
    assert len(unknown) == (2 if figure == "households" else 0)


def test_counts_of_municipalities_are_the_sums_of_their_sectors(files: DemoFiles, sectors: gpd.GeoDataFrame) -> None:
    read = read_statbel_households(files.municipality_households)
    totals = read.counts.set_index("area_code")["households"]
    assert read.kind is Kind.MUNICIPALITY_COUNTS
    assert (read.facts.reference_date, read.facts.findings) == (REFERENCE_DAY, ())
    per_sector = read_statbel_households(files.sector_households).counts.set_index("area_code")["households"]
    town = pd.Series(sectors["municipality_code"].to_numpy(), index=sectors["sector_code"])
    town = pd.concat([town, pd.Series({code: code[:5] for code in per_sector.index if code.endswith("ZZZZ")})])
    known = per_sector.reindex(town.index)
    for code, total in totals.items():
        of_town = known[town == code]
        assert of_town.sum() < total if of_town.isna().any() else of_town.sum() == total
