"""Statbel's households and population are read per sector and per municipality, told apart by their columns."""

import zipfile
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from data.readers.statbel_households import read_statbel_households
from data.tables import Finding, Kind, SourceError

MUNICIPALITY = "CD_YEAR|CD_REFNIS|TX_MUNTY_DESCR_FR|TX_MUNTY_DESCR_NL|TX_MUNTY_DESCR_DE|TX_MUNTY_DESCR_EN"
SECTORS = f"""{MUNICIPALITY}|cd_sector|tx_sec_descr_fr|tx_sec_descr_nl|tx_sec_descr_de|ms_tot_hh|ms_tot_cars
2024|11001|Aartselaar|Aartselaar|Aartselaar|Aartselaar|11001A00-|Centre|Centrum||735|812
2024|11001|Aartselaar|Aartselaar|Aartselaar|Aartselaar|11001A01-|"t Zand|'t Zand|||
2024|11001|Aartselaar|Aartselaar|Aartselaar|Aartselaar|11001ZZZZ|INCONNU|ONBEKEND||12|9
"""
TYPES = f"""{MUNICIPALITY}|TX_HH_TYPE_FR|TX_HH_TYPE_NL|TX_HH_TYPE_DE|TX_HH_TYPE_EN|CD_CARS_PER_HH|MS_NUM_HH|MS_NUM_CARS
2024|11001|Aartselaar||||1. Isolés|1. Alleenwonenden|||0|300|0
2024|11001|Aartselaar||||1. Isolés|1. Alleenwonenden|||1|400|400
2024|11001|Aartselaar||||8. Ménages collectifs|8. Collectieve huishoudens|||0|3|0
2024|11002|Anvers||||1. Isolés|1. Alleenwonenden|||0|50000|0
"""


def written(file: Path, text: str) -> Path:
    """Write as Statbel does: UTF-8 with a byte order mark and CR LF."""
    file.write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    return file


def finding(findings: tuple[Finding, ...], code: str) -> Finding:
    [found] = [found for found in findings if found.code == code]
    return found


def test_households_per_sector_are_read(tmp_path: Path) -> None:
    read = read_statbel_households(written(tmp_path / "TF_CAR_HH_SECTOR.txt", SECTORS))
    assert (read.kind, read.facts.country, read.facts.reference_date) == (Kind.SECTOR_COUNTS, "BE", date(2024, 1, 1))
    assert list(read.counts.area_code) == ["11001A00-", "11001A01-", "11001ZZZZ"]
    assert list(read.counts.households) == [735, pd.NA, 12]
    assert read.counts.population.isna().all()


def test_households_in_no_sector_stay_and_are_told(tmp_path: Path) -> None:
    read = read_statbel_households(written(tmp_path / "TF_CAR_HH_SECTOR.txt", SECTORS))
    assert "12 households" in finding(read.facts.findings, "unlocated").message


def test_the_names_of_older_files_are_understood(tmp_path: Path) -> None:
    text = SECTORS.replace("ms_tot_hh|ms_tot_cars", "total_huisH|total_wagens")
    assert list(read_statbel_households(written(tmp_path / "a.txt", text)).counts.households) == [735, pd.NA, 12]
    text = "CD_STAT_SECTOR;MS_NUM_HH;MS_NUM_CAR\n11001A00-;735;812\n"
    assert list(read_statbel_households(written(tmp_path / "b.csv", text)).counts.households) == [735]


def test_the_latest_of_several_years_is_read_and_told(tmp_path: Path) -> None:
    older = "".join(
        line.replace("2024|", "2023|", 1).replace("|735|", "|700|") + "\n" for line in SECTORS.splitlines()[1:]
    )
    read = read_statbel_households(written(tmp_path / "TF_CAR_HH_SECTOR.txt", SECTORS + older))
    assert list(read.counts.households) == [735, pd.NA, 12]
    assert read.facts.reference_date == date(2024, 1, 1)
    told = finding(read.facts.findings, "older-years")
    assert told.count == 3
    assert "2023, 2024" in told.message


def test_households_of_a_municipality_add_up_over_private_types(tmp_path: Path) -> None:
    read = read_statbel_households(written(tmp_path / "TF_CAR_HHTYPE_MUNTY.txt", TYPES))
    assert read.kind == Kind.MUNICIPALITY_COUNTS
    assert dict(zip(read.counts.area_code, read.counts.households, strict=True)) == {"11001": 700, "11002": 50_000}
    assert finding(read.facts.findings, "collective-households").count == 1


def test_a_line_without_a_figure_makes_the_sum_unknown(tmp_path: Path) -> None:
    read = read_statbel_households(written(tmp_path / "TF_CAR_HHTYPE_MUNTY.txt", TYPES.replace("|300|", "||")))
    assert list(read.counts.households) == [pd.NA, 50_000]


def test_lines_that_nothing_tells_apart_are_a_duplicate(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read_statbel_households(written(tmp_path / "a.txt", "CD_REFNIS|MS_NUM_HH\n11001|5\n11001|6\n"))
    assert (caught.value.code, caught.value.row) == ("duplicate-code", 2)


@pytest.mark.parametrize("column", ["TOTAL", "POPULATION"])
def test_population_per_sector_is_read(column: str, tmp_path: Path) -> None:
    heading = f"CD_REFNIS|CD_SECTOR|{column}|DT_STRT_SECTOR|DT_STOP_SECTOR|OPPERVLAKKTE IN HM²|TX_DESCR_SECTOR_NL"
    text = f"{heading}\n11001|11001A00-|1680|01/01/2001|31/12/9999|100,5|CENTRUM\n"
    archive = tmp_path / "OPENDATA_SECTOREN_2022.zip"
    with zipfile.ZipFile(archive, "w") as target:
        target.write(written(tmp_path / "OPENDATA_SECTOREN_2022.txt", text), "OPENDATA_SECTOREN_2022.txt")
    read = read_statbel_households(archive)
    assert (read.kind, read.facts.reference_date) == (Kind.SECTOR_COUNTS, date(2022, 1, 1))
    assert list(read.counts.population) == [1680]
    assert read.counts.households.isna().all()


def test_a_code_of_four_characters_gets_its_municipality(tmp_path: Path) -> None:
    text = "CD_REFNIS\tCD_SECTOR\tPOPULATION\n11001\tA00-\t1680\n11002\tA00-\t90\n"
    read = read_statbel_households(written(tmp_path / "sectors_2015.txt", text))
    assert list(read.counts.area_code) == ["11001A00-", "11002A00-"]


def test_population_per_municipality_adds_up_over_sex_and_age(tmp_path: Path) -> None:
    text = "CD_REFNIS|TX_DESCR_NL|CD_SEX|CD_NATLTY|CD_CIV_STS|CD_AGE|MS_POPULATION|CD_YEAR\n"
    text += (
        "11001|Aartselaar|F|BEL|1|0|64|2023\n11001|Aartselaar|M|BEL|1|0|70|2023\n11001|Aartselaar|M|ETR|1|0|3|2023\n"
    )
    read = read_statbel_households(written(tmp_path / "TF_SOC_POP_STRUCT_2023.txt", text))
    assert (read.kind, list(read.counts.population)) == (Kind.MUNICIPALITY_COUNTS, [137])


def test_a_workbook_keeps_codes_as_text(tmp_path: Path) -> None:
    file = tmp_path / "TF_CAR_HH_SECTOR.xlsx"
    pd.DataFrame({"CD_YEAR": [2024], "CD_REFNIS": [11001], "cd_sector": ["11001A00-"], "ms_tot_hh": [735]}).to_excel(
        file, index=False
    )
    read = read_statbel_households(file)
    assert list(read.counts.area_code) == ["11001A00-"]
    assert list(read.counts.households) == [735]


@pytest.mark.parametrize(
    ("text", "missing"),
    [("CD_SECTOR|TX\nA|b\n", "households"), ("TX|MS_NUM_HH\nb|5\n", "municipality"), ("a|b\nc|d\n", "municipality")],
)
def test_a_file_without_code_or_count_says_what_is_missing(text: str, missing: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=missing) as caught:
        read_statbel_households(written(tmp_path / "a.txt", text))
    assert caught.value.code == "missing-column"
