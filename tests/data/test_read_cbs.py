"""CBS wijken en buurten are read under the names of every year; what CBS suppresses is unknown, never a number."""

import zipfile
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from data.readers.cbs import read_cbs
from data.tables import SourceError


def buurten(**columns: object) -> gpd.GeoDataFrame:
    codes = [f"BU0363AA0{k}" for k in range(1, 6)]
    shapes = [shapely.box(121_000 + 100 * k, 487_000, 121_100 + 100 * k, 487_100) for k in range(5)]
    standard: dict[str, object] = {
        "buurtcode": codes,
        "buurtnaam": ["Kop Zeedijk", "Oude Kerk e.o.", "Burgwallen Oost", "Nes e.o.", "IJ"],
        "wijkcode": "WK0363AA",
        "gemeentecode": "GM0363",
        "gemeentenaam": "Amsterdam",
        "water": ["NEE", "NEE", "NEE", "NEE", "JA"],
        "aantal_inwoners": [950, 720, -99997, -99995, -99997],
        "aantal_huishoudens": [650, 530, -99997.0, -99999999, 0],
        "jaarstatcode": [f"2024{code}" for code in codes],
    }
    return gpd.GeoDataFrame(standard | columns, geometry=shapes, crs="EPSG:28992")


def written(layer: gpd.GeoDataFrame, file: Path, name: str = "buurten") -> Path:
    pyogrio.write_dataframe(layer, file, layer=name)
    pyogrio.write_dataframe(
        layer[["wijkcode", "geometry"]].iloc[:1], file, layer=name.replace("buurten", "wijken"), append=True
    )
    pyogrio.write_dataframe(layer[["gemeentecode", "geometry"]].iloc[:1], file, layer="gemeenten", append=True)
    return file


@pytest.mark.parametrize("name", ["buurten", "cbs_buurten_2022", "buurten_2023"])
def test_the_layer_of_buurten_is_found_among_the_others(name: str, tmp_path: Path) -> None:
    read = read_cbs(written(buurten(), tmp_path / "wijkenbuurten_2023_v2.gpkg", name))
    assert list(read.sectors.sector_code)[:2] == ["BU0363AA01", "BU0363AA02"]
    assert set(read.sectors.municipality_code) == {"GM0363"}
    assert set(read.sectors.municipality_nl) == {"Amsterdam"}
    assert read.sectors.name_nl[1] == "Oude Kerk e.o."
    assert (read.facts.country, read.facts.crs) == ("NL", "EPSG:28992")


def test_suppressed_figures_are_unknown(tmp_path: Path) -> None:
    counts = read_cbs(written(buurten(), tmp_path / "buurten.gpkg")).counts
    assert counts is not None
    assert list(counts.households) == [650, 530, pd.NA, pd.NA, 0]
    assert list(counts.population) == [950, 720, pd.NA, pd.NA, pd.NA]


def test_a_negative_number_that_is_no_mark_of_cbs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read_cbs(written(buurten(aantal_huishoudens=[1, -5, 1, 1, 1]), tmp_path / "buurten.gpkg"))
    assert (caught.value.code, caught.value.row) == ("not-a-count", 2)


def test_water_stays_a_sector_and_is_told(tmp_path: Path) -> None:
    read = read_cbs(written(buurten(), tmp_path / "buurten.gpkg"))
    assert "BU0363AA05" in set(read.sectors.sector_code)
    [finding] = [finding for finding in read.facts.findings if finding.code == "water"]
    assert (finding.count, finding.severity) == (1, "info")


def test_the_ground_of_the_neighbours_is_left_out_and_told(tmp_path: Path) -> None:
    layer = buurten(gemeentecode=["GM0363"] * 4 + ["GM0998"], water=["NEE"] * 4 + ["B"])
    layer.geometry = [*layer.geometry[:4], shapely.box(0, 200_000, 100_000, 300_000)]
    read = read_cbs(written(layer, tmp_path / "buurten.gpkg"))
    assert len(read.sectors) == 4
    assert read.counts is not None
    assert len(read.counts) == 4
    [finding] = [finding for finding in read.facts.findings if finding.code == "abroad"]
    assert finding.count == 1


def test_the_water_of_an_area_is_joined_with_its_land(tmp_path: Path) -> None:
    codes = ["BU0363AA01", "BU0363AA02", "BU0363AA02", "BU0363AA04", "BU0363AA02"]
    layer = buurten(
        buurtcode=codes, water=["NEE", "JA", "NEE", "NEE", "JA"], aantal_huishoudens=[1, -99997, 3, 4, -99997]
    )
    read = read_cbs(written(layer, tmp_path / "buurten.gpkg"))
    assert list(read.sectors.sector_code) == ["BU0363AA01", "BU0363AA02", "BU0363AA04"]
    assert list(shapely.area(read.sectors.geometry.to_numpy())) == [10_000, 30_000, 10_000]
    assert read.sectors.geometry.is_valid.all()
    assert read.counts is not None
    assert list(read.counts.households) == [1, 3, 4]
    [finding] = [finding for finding in read.facts.findings if finding.code == "land-and-water"]
    assert finding.count == 2


def test_two_rows_of_land_with_one_code_are_an_error(tmp_path: Path) -> None:
    codes = ["BU0363AA01", "BU0363AA02", "BU0363AA03", "BU0363AA02", "BU0363AA05"]
    with pytest.raises(SourceError, match="row 2") as caught:
        read_cbs(written(buurten(buurtcode=codes, water=["B", *["NEE"] * 4]), tmp_path / "buurten.gpkg"))
    assert (caught.value.code, caught.value.row) == ("duplicate-code", 4)


def test_a_layer_without_counts_has_none(tmp_path: Path) -> None:
    layer = buurten().drop(columns=["aantal_inwoners", "aantal_huishoudens"])
    assert read_cbs(written(layer, tmp_path / "buurten.gpkg")).counts is None


def test_old_column_names_in_a_shapefile_are_understood(tmp_path: Path) -> None:
    layer = (
        buurten()
        .rename(
            columns={
                "buurtcode": "BU_CODE",
                "buurtnaam": "BU_NAAM",
                "gemeentecode": "GM_CODE",
                "gemeentenaam": "GM_NAAM",
                "water": "WATER",
                "aantal_inwoners": "AANT_INW",
                "aantal_huishoudens": "AANTAL_HH",
            }
        )
        .drop(columns=["wijkcode", "jaarstatcode"])
    )
    file = tmp_path / "buurt_2018_v3.shp"
    pyogrio.write_dataframe(layer, file)
    read = read_cbs(file)
    assert read.facts.reference_date == date(2018, 1, 1)
    assert read.counts is not None
    assert list(read.counts.households) == [650, 530, pd.NA, pd.NA, 0]


def test_the_geopackage_is_read_from_a_zip_that_holds_the_map_in_several_formats(tmp_path: Path) -> None:
    geopackage = written(buurten(), tmp_path / "wijkenbuurten_2024_v1.gpkg")
    shapefile = tmp_path / "buurten_2024_v1.shp"
    pyogrio.write_dataframe(buurten()[["buurtcode", "geometry"]], shapefile)
    archive = tmp_path / "WijkBuurtkaart_2024_v1.zip"
    with zipfile.ZipFile(archive, "w") as target:
        target.write(geopackage, f"WijkBuurtkaart_2024_v1/{geopackage.name}")
        for file in tmp_path.glob("buurten_2024_v1.*"):
            target.write(file, f"WijkBuurtkaart_2024_v1/SHP/{file.name}")
    read = read_cbs(archive)
    assert read.facts.reference_date == date(2024, 1, 1)
    assert read.counts is not None


def test_degrees_are_accepted(tmp_path: Path) -> None:
    assert read_cbs(written(buurten().to_crs(4326), tmp_path / "buurten.gpkg")).facts.crs == "EPSG:4326"


def test_a_file_of_wijken_alone_lacks_the_columns(tmp_path: Path) -> None:
    file = tmp_path / "wijken.gpkg"
    pyogrio.write_dataframe(buurten()[["wijkcode", "gemeentecode", "geometry"]], file)
    with pytest.raises(SourceError, match="buurtcode") as caught:
        read_cbs(file)
    assert caught.value.code == "missing-column"
