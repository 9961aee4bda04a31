"""The sector index in a file: kept, shared, and refused when it is not what was written."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.sector_errors import IndexFileError
from geo.sector_index import SectorIndex


@pytest.fixture(scope="module")
def index() -> SectorIndex:
    cells = [shapely.box(i % 8, i // 8, i % 8 + 1, i // 8 + 1) for i in range(64)]
    codes = [f"é{i:02}\n" for i in range(64)]
    return SectorIndex.build(gpd.GeoDataFrame({"sector_code": codes}, geometry=cells, crs="EPSG:4326"))


@pytest.fixture
def saved(index: SectorIndex, tmp_path: Path) -> Path:
    path = tmp_path / "sectors.index"
    index.save(path)
    return path


def test_opened_index_answers_as_the_saved_one(index: SectorIndex, saved: Path) -> None:
    opened = SectorIndex.open(saved)
    assert opened.codes == index.codes
    assert opened.crs == index.crs
    assert opened.nbytes == index.nbytes
    x, y = np.random.default_rng(1).uniform(-0.5, 8.5, (2, 10_000))
    assert np.array_equal(opened.locate_many(x, y), index.locate_many(x, y))
    assert opened.locate(3.0, 3.0) == index.locate(3.0, 3.0)
    assert opened.nearest(-0.001, 0.5, 1000.0) == index.nearest(-0.001, 0.5, 1000.0)


def test_save_leaves_one_file_and_replaces_it_whole(index: SectorIndex, saved: Path) -> None:
    opened = SectorIndex.open(saved)
    before = saved.read_bytes()
    index.save(saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]
    assert opened.locate(0.5, 0.5) == index.codes[0]  # who has the old file open keeps it


def test_save_that_fails_leaves_what_was_there(index: SectorIndex, tmp_path: Path) -> None:
    occupied = tmp_path / "folder"
    (occupied / "full").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        index.save(occupied)
    assert list(tmp_path.iterdir()) == [occupied]


def test_damage_to_any_part_is_found(saved: Path) -> None:
    content = saved.read_bytes()
    places = [8, 12, 16, 24, 40, 4096, len(content) // 2, len(content) - 1]
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 0x10
        saved.write_bytes(damaged)
        with pytest.raises(IndexFileError, match=r"damaged|version"):
            SectorIndex.open(saved)


@pytest.mark.parametrize("length", [0, 5, 31, 32, 100, 5000])
def test_file_cut_short_is_refused(saved: Path, length: int) -> None:
    saved.write_bytes(saved.read_bytes()[:length])
    with pytest.raises(IndexFileError, match=r"damaged|not a sector index"):
        SectorIndex.open(saved)


def test_file_that_grew_is_refused(saved: Path) -> None:
    with saved.open("ab") as file:
        file.write(b"x")
    with pytest.raises(IndexFileError, match="damaged"):
        SectorIndex.open(saved)


def test_foreign_file_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "x.gpkg"
    foreign.write_bytes(b"SQLite format 3\0" * 1000)
    with pytest.raises(IndexFileError, match="not a sector index"):
        SectorIndex.open(foreign)


def test_other_version_is_refused_by_its_number(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    content[8] = 99
    saved.write_bytes(content)
    with pytest.raises(IndexFileError, match="version 99"):
        SectorIndex.open(saved)


def test_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SectorIndex.open(tmp_path / "none")
