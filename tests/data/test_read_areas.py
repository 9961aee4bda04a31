"""A municipality's own areas are read as sectors through a column mapping, with their counts where they have some."""

from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from data.readers.areas import read_areas
from data.readers.mapping import ColumnMapping, MappingError
from data.tables import COUNT_COLUMNS, SECTOR_COLUMNS, SourceError


def written(file: Path, **columns: object) -> Path:
    shapes = [shapely.box(150_000 + 100 * k, 170_000, 150_100 + 100 * k, 170_100) for k in range(3)]
    pyogrio.write_dataframe(gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:31370"), file)
    return file


def test_columns_and_constants_make_a_sectors_table(tmp_path: Path) -> None:
    file = written(tmp_path / "quarters-2025.gpkg", nr=[1, 2, 10], naam=[" Noord ", "", None])
    mapping = ColumnMapping.read(
        ["sector_code=nr", "name_nl=naam", "municipality_code:=21015", "municipality_nl:=Schaarbeek"]
    )
    read = read_areas(file, mapping, country="BE")
    assert tuple(read.sectors.columns) == SECTOR_COLUMNS
    assert list(read.sectors.sector_code) == ["1", "2", "10"]
    assert set(read.sectors.municipality_code) == {"21015"}
    assert read.sectors.name_nl[0] == "Noord"
    assert read.sectors.municipality_nl[2] == "Schaarbeek"
    assert read.counts is None
    assert read.facts.reference_date == date(2025, 1, 1)


def test_an_area_without_any_name_is_called_by_its_code(tmp_path: Path) -> None:
    file = written(tmp_path / "areas.gpkg", nr=["A", "B", "C"], naam=["Noord", None, None], nom=[None, "Sud", None])
    mapping = ColumnMapping.read(["sector_code=nr", "name_nl=naam", "name_fr=nom", "municipality_code:=21015"])
    sectors = read_areas(file, mapping, country="BE").sectors
    assert list(sectors.name_nl) == ["Noord", None, "C"]
    assert list(sectors.name_fr) == [None, "Sud", "C"]


def test_counts_of_the_layer_come_along(tmp_path: Path) -> None:
    file = written(tmp_path / "blocks.gpkg", nr=["A", "B", "C"], hh=[10, None, 0])
    mapping = ColumnMapping.read(["sector_code=nr", "municipality_code:=21015", "households=hh"])
    counts = read_areas(file, mapping, country="BE").counts
    assert counts is not None
    assert tuple(counts.columns) == COUNT_COLUMNS
    assert list(counts.households) == [10, pd.NA, 0]
    assert counts.population.isna().all()
    assert str(counts.households.dtype) == str(counts.population.dtype) == "Int64"


def test_inhabitants_alone_are_counts_too(tmp_path: Path) -> None:
    file = written(tmp_path / "blocks.gpkg", nr=["A", "B", "C"], inw=[10, 20, 30])
    mapping = ColumnMapping.read(["sector_code=nr", "municipality_code:=21015", "population=inw"])
    counts = read_areas(file, mapping, country="BE").counts
    assert counts is not None
    assert list(counts.population) == [10, 20, 30]


def test_a_column_that_the_layer_lacks_is_named_with_those_that_it_has(tmp_path: Path) -> None:
    file = written(tmp_path / "areas.gpkg", nr=["A", "B", "C"], naam=["x", "y", "z"])
    with pytest.raises(SourceError) as caught:
        read_areas(file, ColumnMapping.read(["sector_code=number", "municipality_code:=21015"]), country="BE")
    assert caught.value.code == "missing-column"
    assert "'number'" in caught.value.message or "number" in caught.value.message
    assert "nr, naam" in caught.value.message


def test_the_code_must_be_mapped(tmp_path: Path) -> None:
    file = written(tmp_path / "areas.gpkg", nr=["A", "B", "C"])
    with pytest.raises(SourceError, match="sector_code") as caught:
        read_areas(file, ColumnMapping.read(["municipality_code:=21015"]), country="BE")
    assert caught.value.code == "missing-column"


def test_one_code_for_all_areas_is_no_code(tmp_path: Path) -> None:
    file = written(tmp_path / "areas.gpkg", nr=["A", "B", "C"])
    with pytest.raises(SourceError) as caught:
        read_areas(file, ColumnMapping.read(["sector_code:=A", "municipality_code:=21015"]), country="BE")
    assert caught.value.code in ("missing-column", "duplicate-code")


def test_a_target_that_means_nothing_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "areas.gpkg", nr=["A", "B", "C"])
    with pytest.raises(MappingError, match="'geometry' is no target"):
        read_areas(file, ColumnMapping.read(["sector_code=nr", "geometry=geom"]), country="BE")


def test_a_negative_count_names_its_row(tmp_path: Path) -> None:
    file = written(tmp_path / "areas.gpkg", nr=["A", "B", "C"], hh=[1, -2, 3])
    mapping = ColumnMapping.read(["sector_code=nr", "municipality_code:=21015", "households=hh"])
    with pytest.raises(SourceError) as caught:
        read_areas(file, mapping, country="BE")
    assert (caught.value.code, caught.value.row) == ("not-a-count", 2)
