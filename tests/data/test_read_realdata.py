"""The official files go through the readers with mapping options alone; their known faults are told or left to see."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import shapely

from data.readers.areas import AreasRead, read_areas
from data.readers.cbs import read_cbs
from data.readers.counts import read_counts
from data.readers.mapping import ColumnMapping
from data.tables import SECTOR_COLUMNS, Country, Kind, SourceError

pytestmark = pytest.mark.realdata

AMSTERDAM = ("sector_code=buurtcode", "name_nl=buurtnaam", "municipality_code:=GM0363", "municipality_nl:=Amsterdam")
QUARTERS = ("sector_code=code", "name_fr=name", "municipality_code:=21015", "municipality_fr:=Schaerbeek")


def areas(file: Path, pairs: tuple[str, ...], country: Country) -> AreasRead:
    read = read_areas(file, ColumnMapping.read(pairs), country=country)
    assert tuple(read.sectors.columns) == SECTOR_COLUMNS
    assert read.sectors.sector_code.is_unique
    return read


def test_amsterdam_has_its_518_buurten_in_degrees(real_data: Path) -> None:
    read = areas(real_data / "netherlands/amsterdam-2022/buurten.gpkg", AMSTERDAM, "NL")
    assert (len(read.sectors), read.facts.crs, read.counts) == (518, "EPSG:4326", None)
    assert shapely.get_num_coordinates(read.sectors.geometry.to_numpy()).sum() == 24_592
    assert set(read.sectors.municipality_nl) == {"Amsterdam"}


@pytest.mark.parametrize(
    ("file", "pairs", "crs", "rows", "municipalities"),
    [
        (
            "belgium/municipalities-2011/municipalities.gpkg",
            ("sector_code=municipality", "municipality_code=municipality", "name_nl=name_nl", "name_fr=name_fr"),
            "EPSG:4326",
            589,
            589,
        ),
        (
            "belgium/flanders-areas/wijken.gpkg",
            ("sector_code=code", "name_nl=name", "municipality_code=municipality"),
            "EPSG:31370",
            2_730,
            319,
        ),
        ("belgium/schaerbeek/quarters.geojson", QUARTERS, "EPSG:4326", 14, 1),
        ("belgium/schaerbeek/quarters-raw.geojson", QUARTERS, "EPSG:4326", 14, 1),
    ],
)
def test_belgian_layers_are_read_by_their_mapping(
    real_data: Path, file: str, pairs: tuple[str, ...], crs: str, rows: int, municipalities: int
) -> None:
    read = areas(real_data / file, pairs, "BE")
    assert (read.facts.crs, len(read.sectors), read.sectors.municipality_code.nunique()) == (crs, rows, municipalities)


def test_holes_that_repeat_their_shell_are_left_for_the_check_of_shapes(real_data: Path) -> None:
    read = areas(real_data / "belgium/schaerbeek/quarters-raw.geojson", QUARTERS, "BE")
    assert shapely.area(read.sectors.geometry.to_numpy()).max() < 1e-15


def test_blocks_bring_their_households_along(real_data: Path) -> None:
    pairs = ("sector_code=block", "municipality_code:=21015", "households=households", "population=population")
    read = areas(real_data / "belgium/schaerbeek/city-blocks.geojson", pairs, "BE")
    assert read.counts is not None
    assert (read.counts.households.sum(), read.counts.population.sum()) == (54_618, 130_677)


def test_a_layer_of_the_other_country_is_refused(real_data: Path) -> None:
    with pytest.raises(SourceError) as caught:
        areas(real_data / "netherlands/amsterdam-2022/buurten.gpkg", AMSTERDAM, "BE")
    assert (caught.value.code, caught.value.row) == ("out-of-country", 1)


def test_the_cbs_reader_reads_ermelo(real_data: Path) -> None:
    read = read_cbs(real_data / "netherlands/ermelo/buurten.gpkg")
    assert (len(read.sectors), read.facts.crs, read.facts.reference_date) == (17, "EPSG:28992", date(2021, 1, 1))
    assert read.counts is None
    nameless = read.sectors.set_index("sector_code").loc["BU02339997"]
    assert (nameless.name_nl, nameless.municipality_code, nameless.municipality_nl) == (None, "GM0233", "Ermelo")


def counts(file: Path, pairs: tuple[str, ...], country: Country, kind: Kind) -> pd.DataFrame:
    return read_counts(file, ColumnMapping.read(pairs), country=country, kind=kind).counts


def test_the_whole_country_counts_with_amsterdams_households(real_data: Path) -> None:
    folder = real_data / "netherlands"
    pairs = ("area_code=buurtcode", "households=huishoudens", "population=inwoners")
    table = counts(folder / "cbs-kerncijfers-2024/buurten.csv.gz", pairs, "NL", Kind.SECTOR_COUNTS)
    assert len(table) == 14_574
    assert (int(table.households.isna().sum()), int(table.households.sum())) == (607, 8_374_060)
    buurten = areas(folder / "amsterdam-2022/buurten.gpkg", AMSTERDAM, "NL").sectors
    amsterdam = table[table.area_code.isin(buurten.sector_code)].households
    assert (int(amsterdam.notna().sum()), int(amsterdam.sum())) == (487, 515_225)
    assert not (amsterdam == 0).any()


@pytest.mark.parametrize(
    ("file", "pairs", "country", "rows", "households"),
    [
        (
            "netherlands/cbs-kerncijfers-2024/gemeenten.csv",
            ("area_code=gemeentecode", "households=huishoudens"),
            "NL",
            342,
            8_374_404,
        ),
        (
            "netherlands/municipalities-2015-counts.csv",
            ("area_code=gemeentecode", "households=aantal_huishoudens"),
            "NL",
            393,
            7_665_198,
        ),
        (
            "belgium/flanders-areas/households-2021.csv",
            ("area_code=municipality", "households=households"),
            "BE",
            300,
            2_863_891,
        ),
    ],
)
def test_counts_of_municipalities_have_their_published_totals(
    real_data: Path, file: str, pairs: tuple[str, ...], country: Country, rows: int, households: int
) -> None:
    table = counts(real_data / file, pairs, country, Kind.MUNICIPALITY_COUNTS)
    assert (len(table), int(table.households.sum())) == (rows, households)
