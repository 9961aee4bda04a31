"""Statbel's statistical sectors are read in every vintage's column names and in every format that it publishes."""

import zipfile
from datetime import date
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from data.readers.statbel_sectors import read_statbel_sectors
from data.tables import SECTOR_COLUMNS, SourceError

CODES = ["21015A00-", "21015A01-", "44013B11-"]
TOWNS = ["21015", "21015", "44084"]
"""The third sector's municipality was merged in 2019: its code is not the sector code's beginning."""


def statbel_layer(vintage: str = "2024", *, crs: str = "EPSG:31370") -> gpd.GeoDataFrame:
    """Make a layer of three squares near Brussels under the column names of a vintage."""
    names_fr = ["Place Liedts", "Église Saint-Servais", "Aalter-Centre"]
    names_nl = ["Liedtsplein", "Sint-Servaaskerk", "Aalter-Centrum"]
    if vintage == "2024":
        columns = {
            "cd_sector": CODES,
            "tx_sector_descr_nl": names_nl,
            "tx_sector_descr_fr": names_fr,
            "tx_sector_descr_de": [None, None, None],
            "cd_sub_munty": [code[:6] for code in CODES],
            "cd_munty_refnis": TOWNS,
            "tx_munty_descr_nl": ["Schaarbeek", "Schaarbeek", "Aalter"],
            "tx_munty_descr_fr": ["Schaerbeek", "Schaerbeek", "Aalter"],
            "cd_dstr_refnis": ["21000", "21000", "44000"],
            "ms_area_ha": [1.0, 1.0, 1.0],
            "dt_situation": ["2024-01-01"] * 3,
        }
    elif vintage == "2011":
        columns = {
            "CD_REFNIS_SECTOR": CODES,
            "CD_SECTOR": [code[5:] for code in CODES],
            "TX_SECTOR_DESCR_NL": names_nl,
            "TX_SECTOR_DESCR_FR": names_fr,
            "CD_MUNTY_REFNIS": TOWNS,
            "TX_MUNTY_DESCR_NL": ["Schaarbeek", "Schaarbeek", "Aalter"],
            "TX_MUNTY_DESCR_FR": ["Schaerbeek", "Schaerbeek", "Aalter"],
        }
    else:
        columns = {
            f"CS0101{vintage}": CODES,
            "T_SEC_NL": names_nl,
            "T_SEC_FR": names_fr,
            "T_SEC_DE": [None, None, None],
            "C_NIS6": [code[:6] for code in CODES],
            f"CNIS5_{vintage}": TOWNS,
            "T_MUN_NL": ["Schaarbeek", "Schaarbeek", "Aalter"],
            "T_MUN_FR": ["Schaerbeek", "Schaerbeek", "Aalter"],
            "M_AREA_HA": [1.0, 1.0, 1.0],
        }
    squares = [shapely.box(150_000 + 100 * k, 170_000, 150_100 + 100 * k, 170_100) for k in range(3)]
    return gpd.GeoDataFrame(columns, geometry=squares, crs="EPSG:31370").to_crs(crs)


def write(layer: gpd.GeoDataFrame, file: Path) -> Path:
    if file.suffix == ".parquet":
        layer.to_parquet(file)
    else:
        driver = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".shp": "ESRI Shapefile", ".sqlite": "SQLite"}[file.suffix]
        options = {"SPATIALITE": "YES"} if driver == "SQLite" else {}
        pyogrio.write_dataframe(layer, file, driver=driver, dataset_options=options)
    return file


def zipped(files: list[Path], archive: Path, *, folder: str = "") -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for file in files:
            target.write(file, f"{folder}/{file.name}" if folder else file.name)
    return archive


@pytest.mark.parametrize("vintage", ["2011", *map(str, range(2018, 2027))])
def test_every_vintage_gives_the_same_table(vintage: str, tmp_path: Path) -> None:
    read = read_statbel_sectors(write(statbel_layer(vintage), tmp_path / "sectors.gpkg"))
    sectors = read.sectors
    assert tuple(sectors.columns) == SECTOR_COLUMNS
    assert list(sectors.sector_code) == CODES
    assert list(sectors.municipality_code) == TOWNS
    assert sectors.name_fr[1] == "Église Saint-Servais"
    assert sectors.name_nl[2] == "Aalter-Centrum"
    assert sectors.name_de[0] is None
    assert sectors.municipality_nl[0] == "Schaarbeek"
    assert read.counts is None
    assert read.facts.country == "BE"


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".shp", ".parquet", ".sqlite"])
@pytest.mark.parametrize("crs", ["EPSG:31370", "EPSG:3812", "EPSG:4326"])
def test_every_format_keeps_the_files_own_crs(ending: str, crs: str, tmp_path: Path) -> None:
    vintage = "2022" if ending == ".shp" else "2024"
    layer = statbel_layer(vintage, crs=crs)
    read = read_statbel_sectors(write(layer, tmp_path / f"sectors{ending}"))
    assert read.facts.crs == crs
    assert read.sectors.crs == crs
    assert read.sectors.name_fr[1] == "Église Saint-Servais"
    assert shapely.equals_exact(read.sectors.geometry.to_numpy(), layer.geometry.to_numpy(), 1e-7, normalize=True).all()


@pytest.mark.parametrize("ending", [".geojson", ".sqlite", ".shp"])
def test_a_zip_is_read_though_its_folder_is_named_like_a_layer(ending: str, tmp_path: Path) -> None:
    stem = "sh_statbel_statistical_sectors_31370_20220101"
    write(statbel_layer("2022"), tmp_path / f"{stem}{ending}")
    files = sorted(tmp_path.glob(f"{stem}.*"))
    archive = zipped(files, tmp_path / f"{stem}{ending}.zip", folder=f"{stem}{ending}")
    read = read_statbel_sectors(archive)
    assert list(read.sectors.sector_code) == CODES
    assert read.facts.reference_date == date(2022, 1, 1)


def test_the_day_comes_from_the_column_before_the_name(tmp_path: Path) -> None:
    read = read_statbel_sectors(write(statbel_layer(), tmp_path / "sectors_20190101.gpkg"))
    assert read.facts.reference_date == date(2024, 1, 1)


def test_a_shapefile_with_utf8_texts_and_no_cpg_is_read_as_utf8(tmp_path: Path) -> None:
    file = write(statbel_layer("2023"), tmp_path / "sectors.shp")
    file.with_suffix(".cpg").unlink()
    assert read_statbel_sectors(file).sectors.name_fr[1] == "Église Saint-Servais"


def test_a_shapefile_in_windows_1252_is_read_as_its_cpg_says(tmp_path: Path) -> None:
    file = tmp_path / "sectors.shp"
    pyogrio.write_dataframe(statbel_layer("2023"), file, driver="ESRI Shapefile", encoding="CP1252")
    assert read_statbel_sectors(file).sectors.name_fr[1] == "Église Saint-Servais"


def test_the_third_coordinate_is_dropped(tmp_path: Path) -> None:
    layer = statbel_layer()
    layer = layer.set_geometry(gpd.GeoSeries(shapely.force_3d(layer.geometry.to_numpy(), 12.0), crs=layer.crs))
    read = read_statbel_sectors(write(layer, tmp_path / "sectors.gpkg"))
    assert not shapely.has_z(read.sectors.geometry.to_numpy()).any()


def test_an_invalid_ring_is_left_as_it_is(tmp_path: Path) -> None:
    layer = statbel_layer()
    bow = shapely.Polygon([(150_000, 170_000), (150_100, 170_100), (150_100, 170_000), (150_000, 170_100)])
    layer.geometry = [bow, *layer.geometry[1:]]
    assert not read_statbel_sectors(write(layer, tmp_path / "sectors.gpkg")).sectors.geometry[0].is_valid


def test_a_code_twice_names_both_rows(tmp_path: Path) -> None:
    layer = statbel_layer()
    layer["cd_sector"] = [CODES[0], CODES[1], CODES[0]]
    with pytest.raises(SourceError, match=r"'21015A00-' .*row 1") as caught:
        read_statbel_sectors(write(layer, tmp_path / "sectors.gpkg"))
    assert (caught.value.code, caught.value.row) == ("duplicate-code", 3)


def test_a_missing_column_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    layer = statbel_layer().drop(columns="cd_munty_refnis")
    with pytest.raises(SourceError) as caught:
        read_statbel_sectors(write(layer, tmp_path / "sectors.gpkg"))
    assert caught.value.code == "missing-column"
    assert "cd_munty_refnis" in str(caught.value)
    assert "cd_sub_munty, " in str(caught.value)


def test_an_empty_code_names_its_row(tmp_path: Path) -> None:
    layer = statbel_layer()
    layer["cd_munty_refnis"] = ["21015", None, "44084"]
    with pytest.raises(SourceError) as caught:
        read_statbel_sectors(write(layer, tmp_path / "sectors.gpkg"))
    assert (caught.value.code, caught.value.row) == ("missing-code", 2)
