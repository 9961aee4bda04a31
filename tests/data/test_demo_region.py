"""The demo region as a whole: its files fit together, repeat byte for byte and hold the traps of real files."""

import csv
import hashlib
import io
import zipfile
from collections import defaultdict
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.demo import DemoFiles, DemoSize, write_demo
from data.demo.register import COLUMNS

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return write_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def sectors(files: DemoFiles) -> gpd.GeoDataFrame:
    return gpd.read_file(files.sectors)


@pytest.fixture(scope="module")
def addresses(files: DemoFiles) -> pd.DataFrame:
    tables = []
    for path in files.registers:
        with zipfile.ZipFile(path) as archive:
            (name,) = archive.namelist()
            text = archive.read(name).decode("utf-8")
        tables.append(pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False))
    return pd.concat(tables, ignore_index=True)


def pipe_rows(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="|"))


def digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def located(addresses: pd.DataFrame) -> pd.DataFrame:
    return addresses[addresses["EPSG:31370_x"] != "0.00000"]


def sector_of(addresses: pd.DataFrame, sectors: gpd.GeoDataFrame) -> np.ndarray:
    """Position of the only sector around each address."""
    points = shapely.points(
        addresses["EPSG:31370_x"].astype(float).to_numpy(), addresses["EPSG:31370_y"].astype(float).to_numpy()
    )
    point, sector = shapely.STRtree(sectors.geometry.to_numpy()).query(points, predicate="within")
    assert (point == np.arange(len(points))).all()
    return sector


@pytest.mark.parametrize("sectors_format", ["gpkg", "geojson.zip"])
def test_same_seed_and_size_give_the_same_bytes(tmp_path: Path, sectors_format: str) -> None:
    size = DemoSize(municipalities=4, sectors=60, addresses=3_000)
    for folder in ("one", "two"):
        write_demo(tmp_path / folder, size, seed=7, sectors_format=sectors_format)  # type: ignore[arg-type]
    write_demo(tmp_path / "other", size, seed=8, sectors_format=sectors_format)  # type: ignore[arg-type]
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert digests(tmp_path / "one").items().isdisjoint(digests(tmp_path / "other").items())


def test_writing_again_over_old_files_gives_the_same_bytes(tmp_path: Path) -> None:
    size = DemoSize(municipalities=3, sectors=24, addresses=960)
    write_demo(tmp_path, size)
    before = digests(tmp_path)
    write_demo(tmp_path, size)
    assert digests(tmp_path) == before


@pytest.mark.parametrize(
    "size", [DemoSize(), DemoSize(3, 24, 960), DemoSize(7, 333, 20_001)], ids=["default", "smallest", "odd"]
)
def test_size_is_respected_and_progress_reaches_it(tmp_path: Path, size: DemoSize) -> None:
    steps: list[tuple[int, int]] = []
    files = write_demo(tmp_path, size, progress=lambda done, total: steps.append((done, total)))
    sectors = gpd.read_file(files.sectors)
    rows = 0
    for path in files.registers:
        with zipfile.ZipFile(path) as archive:
            rows += archive.read(archive.namelist()[0]).count(b"\n") - 1
    assert len(sectors) == size.sectors
    assert sectors["cd_munty_refnis"].nunique() == size.municipalities
    assert rows == size.addresses
    assert steps[-1] == (size.addresses, size.addresses)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


@pytest.mark.parametrize(
    "size", [(2, 100, 10_000), (601, 9_000, 900_000), (3, 23, 2_000), (3, 30, 1_199), (3, 30, 10**8)]
)
def test_impossible_size_is_refused(size: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"demo region|at least|hold between"):
        DemoSize(*size)


def test_default_towns_are_one_dutch_one_french_and_one_bilingual(addresses: pd.DataFrame) -> None:
    towns = addresses.groupby("region_code")[["municipality_name_nl", "municipality_name_fr"]].agg(["nunique", "first"])
    assert addresses["municipality_id"].nunique() == 3
    assert towns.loc["BE-VLG"].tolist() == [1, "Demodorp", 1, ""]
    assert towns.loc["BE-WAL"].tolist() == [1, "", 1, "Ville-Démo"]
    assert towns.loc["BE-BRU"].tolist() == [1, "Proefstad", 1, "Ville-Essai"]


def test_register_has_the_published_header(files: DemoFiles) -> None:
    for path in files.registers:
        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as stream:
            assert stream.readline().decode().strip() == ",".join(COLUMNS)


def test_every_located_address_lies_in_a_sector_of_its_municipality(
    addresses: pd.DataFrame, sectors: gpd.GeoDataFrame
) -> None:
    placed = located(addresses)
    municipality = sectors["cd_munty_refnis"].to_numpy()[sector_of(placed, sectors)]
    assert (municipality == placed["municipality_id"].to_numpy()).all()


def test_both_coordinate_pairs_are_the_same_place(addresses: pd.DataFrame) -> None:
    placed = located(addresses).head(2_000)
    lambert = gpd.GeoSeries.from_xy(
        placed["EPSG:31370_x"].astype(float), placed["EPSG:31370_y"].astype(float), crs="EPSG:31370"
    ).to_crs("EPSG:4326")
    assert np.abs(lambert.x.to_numpy() - placed["EPSG:4326_lon"].astype(float).to_numpy()).max() < 1e-5
    assert np.abs(lambert.y.to_numpy() - placed["EPSG:4326_lat"].astype(float).to_numpy()).max() < 1e-5


def test_addresses_are_unique_by_identifier_and_by_what_is_written(addresses: pd.DataFrame) -> None:
    written = ["municipality_id", "postcode", "streetname_nl", "streetname_fr", "house_number", "box_number"]
    assert addresses["address_id"].is_unique
    assert not addresses.duplicated(written).any()


def test_street_names_are_in_the_languages_of_the_region_and_pairs_agree(addresses: pd.DataFrame) -> None:
    empty = addresses.groupby("region_code")[["streetname_nl", "streetname_fr"]].agg(lambda names: (names == "").mean())
    assert empty.loc["BE-VLG"].tolist() == [0, 1]
    assert empty.loc["BE-WAL"].tolist() == [1, 0]
    assert empty.loc["BE-BRU"].tolist() == [0, 0]
    pairs = addresses.loc[addresses["region_code"] == "BE-BRU", ["streetname_nl", "streetname_fr"]].drop_duplicates()
    assert pairs["streetname_nl"].is_unique
    assert pairs["streetname_fr"].is_unique


def test_counts_add_up_and_unknown_is_not_zero(files: DemoFiles, sectors: gpd.GeoDataFrame) -> None:
    households = {row["cd_sector"]: row for row in pipe_rows(files.sector_households)}
    totals = {row["CD_REFNIS"]: int(row["MS_NUM_HH"]) for row in pipe_rows(files.municipality_households)}
    absent = set(sectors["cd_sector"]) - set(households)
    suppressed = {code for code, row in households.items() if row["ms_tot_hh"] == ""}
    nowhere = set(households) - set(sectors["cd_sector"])
    assert len(absent) == 1
    assert len(suppressed) == 1
    assert nowhere == {f"{town}ZZZZ" for town in totals}

    known: dict[str, int] = defaultdict(int)
    for row in households.values():
        known[row["CD_REFNIS"]] += int(row["ms_tot_hh"] or 0)
    unknown_in = set(sectors.loc[sectors["cd_sector"].isin(absent | suppressed), "cd_munty_refnis"])
    for town, total in totals.items():
        assert known[town] < total if town in unknown_in else known[town] == total
    population = pipe_rows(files.sector_population)
    assert {row["CD_SECTOR"] for row in population} == set(sectors["cd_sector"]) | nowhere


def test_households_follow_the_dwellings_of_each_sector(
    files: DemoFiles, addresses: pd.DataFrame, sectors: gpd.GeoDataFrame
) -> None:
    house = ["street_id", "house_number"]
    with_boxes = (addresses["box_number"] != "").groupby([addresses[key] for key in house]).transform("any")
    dwelling = (addresses["status"] == "current") & ((addresses["box_number"] != "") | ~with_boxes)
    placed = located(addresses[dwelling])
    dwellings = np.bincount(sector_of(placed, sectors), minlength=len(sectors))
    households = {row["cd_sector"]: row["ms_tot_hh"] for row in pipe_rows(files.sector_households)}
    for code, count in zip(sectors["cd_sector"], dwellings, strict=True):
        if households.get(code):
            assert 0.88 * count - 1 <= int(households[code]) <= 1.0 * count + 2
    total = sum(int(row["MS_NUM_HH"]) for row in pipe_rows(files.municipality_households))
    assert total == pytest.approx(0.95 * dwelling.sum(), rel=0.01)


def test_traps_of_the_real_registers_are_there(addresses: pd.DataFrame) -> None:
    no_position = addresses["EPSG:31370_x"] == "0.00000"
    assert 1 <= no_position.sum() < 0.01 * len(addresses)
    assert set(addresses.loc[no_position, "region_code"]) == {"BE-WAL"}
    assert set(addresses["status"]) == {"current", "proposed", "retired"}
    assert (addresses.groupby("postcode")["municipality_id"].nunique() > 1).sum() == 1
    for language in ("nl", "fr"):
        named = addresses[addresses[f"streetname_{language}"] != ""]
        streets = named.groupby(f"streetname_{language}")
        assert (streets["municipality_id"].nunique() > 1).any()
        in_town = named.groupby(["municipality_id", f"streetname_{language}"])
        assert (in_town["postcode"].nunique() > 1).any()


def test_house_and_box_numbers_are_spelt_as_registers_spell_them(addresses: pd.DataFrame) -> None:
    for region, boxes, numbers in (
        ("BE-VLG", {"0001", "0102", "1", "0.01"}, r"^\d+A$|^\d+-\d+$"),
        ("BE-WAL", {"A1", "1", "001"}, r"^\d+bis$"),
        ("BE-BRU", {"b002", "RDC", "2eET", "ET01", "1"}, r"^\d+bis$"),
    ):
        rows = addresses[addresses["region_code"] == region]
        assert boxes <= set(rows["box_number"])
        assert rows["house_number"].str.match(numbers).any()


def test_only_flemish_buildings_with_boxes_have_a_row_of_their_own(addresses: pd.DataFrame) -> None:
    for region, own_row in (("BE-VLG", True), ("BE-WAL", False), ("BE-BRU", False)):
        rows = addresses[addresses["region_code"] == region]
        house = [rows["street_id"], rows["house_number"]]
        boxed = (rows["box_number"] != "").groupby(house)
        blocks = boxed.any() & ~boxed.all()
        assert blocks.any() == own_row


def test_showcase_addresses_exist_and_lie_where_they_say(
    files: DemoFiles, addresses: pd.DataFrame, sectors: gpd.GeoDataFrame
) -> None:
    assert {address.municipality_code for address in files.showcase} == set(addresses["municipality_id"])
    assert {address.about for address in files.showcase} == {"a house", "a flat", "one street, two sectors"}
    for address in files.showcase:
        row = addresses[addresses["region_code"] + "/" + addresses["address_id"] == address.address_id]
        assert row["house_number"].tolist() == [address.house_number]
        assert row["box_number"].tolist() == [address.box or ""]
        assert row["streetname_nl"].tolist() == [address.street_nl or ""]
        assert row["streetname_fr"].tolist() == [address.street_fr or ""]
        assert row["postcode"].tolist() == [address.postcode]
        assert row["municipality_id"].tolist() == [address.municipality_code]
        assert row["status"].tolist() == ["current"]
        assert sectors["cd_sector"].to_numpy()[sector_of(row, sectors)].tolist() == [address.sector_code]
        point = gpd.GeoSeries.from_xy([address.lon], [address.lat], crs="EPSG:4326").to_crs("EPSG:31370")
        around = sectors.loc[sectors.geometry.contains(point.iloc[0]), "cd_sector"]
        assert around.tolist() == [address.sector_code]
    pair = [address for address in files.showcase if address.about == "one street, two sectors"][:2]
    assert pair[0].street_nl == pair[1].street_nl
    assert pair[0].sector_code != pair[1].sector_code


def test_everything_says_that_it_is_synthetic(files: DemoFiles) -> None:
    folder = files.readme.parent
    assert files.readme.read_text(encoding="utf-8").startswith("SYNTHETIC")
    assert all("synthetic" in path.name for path in folder.rglob("*") if path != files.readme)
    assert b"SYNTHETIC" in files.sectors.read_bytes()
    for path in files.registers:
        with zipfile.ZipFile(path) as archive:
            assert archive.comment.startswith(b"SYNTHETIC")
            assert "synthetic" in archive.namelist()[0]
