"""The dwellings of a pair of releases: which lines are homes, in which sector, found again from a file made once."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data import dwellings as dwellings_module
from data.directory import DataDirectory
from data.dwelling_counts import read_dwellings
from data.dwellings import DWELLING_SCHEMA, Dwellings
from data.store.models import Release
from data.tables import ADDRESS_SCHEMA, Kind
from geo.crs import transform_point
from geo.sector_index import SectorIndex

CODES = ("25110A00-", "25110A01-", "25110A02-")
SQUARES = [shapely.box(150_000 + 1_000 * k, 160_000, 151_000 + 1_000 * k, 161_000) for k in range(3)]
DEFAULTS = {
    "street_id": "street",
    "street_fr": "Rue de l'Église",
    "status": "current",
    "x": 150_500.0,
    "y": 160_500.0,
    "municipality_code": "25110",
}
ROWS: list[dict[str, Any]] = [
    {"house_number": "1"},  # a building: its two boxes are the homes
    {"house_number": "1", "box": "1"},
    {"house_number": "1", "box": "2"},
    {"house_number": "2"},
    {"house_number": "3", "status": "retired"},
    {"house_number": "4", "purpose": "kantoorfunctie"},
    {"house_number": "5", "purpose": "winkelfunctie,woonfunctie"},
    {"house_number": "6", "x": None, "y": None},
    {"house_number": "1", "street_id": "other", "x": 151_500.0},
    {"house_number": "9", "x": 500_000.0},
]


def a_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(
        [DEFAULTS | {"address_id": str(k)} | row for k, row in enumerate(rows)], schema=ADDRESS_SCHEMA
    )


def a_release(directory: DataDirectory, name: str, kind: Kind, crs: str, **files: Any) -> Release:
    """Write a release's files into the directory, without the store."""
    folder = directory.release_folder(name)
    folder.mkdir()
    for write in files.values():
        write(folder)
    return Release(
        name=name,
        kind=kind,
        country="BE",
        source="test",
        reference_date=date(2026, 1, 1),
        imported_at=datetime(2026, 11, 24, tzinfo=UTC),
        crs=crs,
        files={"name": name},
    )


def sectors_release(directory: DataDirectory, name: str = "sectors", crs: str = "EPSG:31370") -> Release:
    layer = gpd.GeoDataFrame({"sector_code": CODES}, geometry=SQUARES, crs="EPSG:31370").to_crs(crs)
    return a_release(
        directory, name, Kind.SECTORS, crs, index=lambda to: SectorIndex.build(layer).save(to / "sectors.index")
    )


def addresses_release(
    directory: DataDirectory, rows: Sequence[dict[str, Any]] = ROWS, name: str = "addresses", crs: str = "EPSG:31370"
) -> Release:
    return a_release(
        directory, name, Kind.ADDRESSES, crs, table=lambda to: pq.write_table(a_table(rows), to / "addresses.parquet")
    )


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    return DataDirectory(tmp_path / "var")


def test_homes_are_dwellings_and_buildings_with_boxes_are_not(tmp_path: Path) -> None:
    pq.write_table(a_table(ROWS), tmp_path / "addresses.parquet")
    for rows_at_once in (1, 3, 1_000):
        with pq.ParquetFile(tmp_path / "addresses.parquet") as file:
            found = pa.concat_tables(read_dwellings(file, rows_at_once=rows_at_once))
        assert found["address_id"].to_pylist() == ["1", "2", "3", "6", "7", "8", "9"]


def test_without_identifiers_of_streets_their_names_tell_buildings_apart(tmp_path: Path) -> None:
    rows = [
        {"street_id": None, "postcode": "1030", "house_number": "1", "box": "2"},
        {"street_id": None, "postcode": "1030", "house_number": "1"},  # that building
        {"street_id": None, "postcode": "1030", "house_number": "1", "street_fr": "Rue du Corbeau"},
        {"street_id": None, "postcode": "1030", "house_number": "1", "street_fr": None, "street_nl": "Raafstraat"},
    ]
    pq.write_table(a_table(rows), tmp_path / "addresses.parquet")
    with pq.ParquetFile(tmp_path / "addresses.parquet") as file:
        assert pa.concat_tables(read_dwellings(file))["address_id"].to_pylist() == ["0", "2", "3"]


def test_dwellings_are_found_by_sector_with_every_column(directory: DataDirectory) -> None:
    dwellings = Dwellings.open(directory, sectors_release(directory), addresses_release(directory))
    assert (dict(dwellings.counts), dwellings.crs) == (dict(zip(CODES, (4, 1, 0), strict=True)), "EPSG:31370")
    found = dwellings.in_sectors([CODES[1], CODES[0], "none"])
    assert found.schema.equals(DWELLING_SCHEMA)
    assert found["address_id"].to_pylist() == ["1", "2", "3", "6", "8"]
    assert found["sector_code"].to_pylist() == [CODES[0]] * 4 + [CODES[1]]
    assert set(found["street_fr"].to_pylist()) == {"Rue de l'Église"}
    assert dwellings.in_sectors([]).num_rows == dwellings.in_sectors([CODES[2]]).num_rows == 0
    assert dwellings.in_sectors([CODES[1]], ["y", "address_id"]).to_pylist() == [{"y": 160_500.0, "address_id": "8"}]


def test_positions_come_in_the_crs_of_the_sectors(directory: DataDirectory) -> None:
    lon, lat = transform_point(150_500.0, 160_500.0, "EPSG:31370", "EPSG:4326")
    x, y = transform_point(lon, lat, "EPSG:4326", "EPSG:3812")
    addresses = addresses_release(directory, [{"house_number": "1", "lon": lon, "lat": lat}])
    in_2008 = Dwellings.open(directory, sectors_release(directory, "2008", "EPSG:3812"), addresses)
    in_degrees = Dwellings.open(directory, sectors_release(directory, "degrees", "EPSG:4326"), addresses)
    [row] = in_2008.in_sectors(CODES, ["x", "y"]).to_pylist()
    assert (row["x"], row["y"]) == pytest.approx((x, y), abs=0.01)
    assert in_degrees.in_sectors(CODES, ["x", "y"]).to_pylist() == [{"x": lon, "y": lat}]


@given(
    places=st.lists(st.integers(0, 3_999), max_size=200),
    codes=st.sets(st.sampled_from(CODES)),
    batch=st.integers(1, 50),
    run=st.integers(1, 60),
)
@settings(max_examples=25, deadline=None)
def test_every_dwelling_is_in_the_sector_that_the_index_says(
    tmp_path_factory: pytest.TempPathFactory, places: list[int], codes: set[str], batch: int, run: int
) -> None:
    directory = DataDirectory(tmp_path_factory.mktemp("var"))
    rows = [{"house_number": str(k), "x": 149_500.0 + place} for k, place in enumerate(places)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dwellings_module, "_ROWS_PER_BATCH", batch)
        patch.setattr(dwellings_module, "_ROWS_PER_RUN", run)
        dwellings = Dwellings.open(directory, sectors_release(directory), addresses_release(directory, rows))
        found = dwellings.in_sectors(codes)
    index = SectorIndex.open(directory.release_folder("sectors") / "sectors.index")
    owners = [index.locate(float(row["x"]), 160_500.0) for row in rows]  # type: ignore[arg-type]
    assert dict(dwellings.counts) == {code: owners.count(code) for code in CODES}
    expected = sorted((owner, k) for k, owner in enumerate(owners) if owner in codes)
    assert list(zip(found["sector_code"].to_pylist(), map(int, found["address_id"].to_pylist()), strict=True)) == (
        expected
    )


def test_a_pair_is_made_once_and_a_killed_attempt_leaves_nothing(directory: DataDirectory) -> None:
    sectors, addresses = sectors_release(directory), addresses_release(directory)
    root = directory.root / "dwellings"
    (root / "staging-killed").mkdir(parents=True)
    Dwellings.open(directory, sectors, addresses)
    assert not (root / "staging-killed").exists()
    [pair] = root.glob("BE-*")
    made = pair.stat().st_ino
    Dwellings.open(directory, sectors, addresses)
    assert [(found, found.stat().st_ino) for found in root.glob("BE-*")] == [(pair, made)]
    assert all(not file.stat().st_mode & 0o222 for file in pair.iterdir())


def test_only_the_newest_pairs_of_a_country_are_kept_and_an_open_one_reads_on(directory: DataDirectory) -> None:
    sectors = sectors_release(directory)
    first = Dwellings.open(directory, sectors, addresses_release(directory, name="first"))
    for name in ("second", "third"):
        Dwellings.open(directory, sectors, addresses_release(directory, name=name))
    assert len(list((directory.root / "dwellings").glob("BE-*"))) == 2
    assert pc.count(first.in_sectors(CODES)["address_id"]).as_py() == 5


def test_workers_that_ask_at_once_make_one_pair_and_a_killed_one_none(directory: DataDirectory) -> None:
    rng = np.random.default_rng(5)
    rows = [{"house_number": str(k), "x": 150_000.0 + float(rng.uniform(0, 3_000))} for k in range(2_000)]
    sectors_release(directory)
    addresses_release(directory, rows)
    script = f"""
from data.directory import DataDirectory
from data.dwellings import Dwellings
from data.store.models import Release
from pathlib import Path
named = lambda name: Release(name=name, country="BE", crs="EPSG:31370", files={{"name": name}})
opened = Dwellings.open(DataDirectory(Path({str(directory.root)!r})), named("sectors"), named("addresses"))
print(sum(opened.counts.values()))
"""
    workers = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    workers[0].send_signal(signal.SIGKILL)
    assert [worker.communicate()[0] for worker in workers[1:]] == ["2000\n", "2000\n"]
    workers[0].communicate()
    assert sorted(path.name.split("-")[0] for path in (directory.root / "dwellings").iterdir()) == ["BE", "lock"]
