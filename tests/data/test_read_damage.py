"""However a file is damaged, it is read or refused: no error but a `SourceError` comes out of a reader."""

import contextlib
import gzip
import random
import warnings
import zipfile
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from data.readers.areas import read_areas
from data.readers.counts import read_counts
from data.readers.mapping import ColumnMapping
from data.tables import Kind, SourceError

AREAS = ("areas.gpkg", "areas.geojson", "areas.fgb", "areas.parquet", "areas.sqlite", "areas.shp", "areas.zip")
COUNTS = ("counts.csv", "counts.xlsx", "counts.parquet", "counts.csv.gz", "counts.zip")
ROWS = 40
TRIALS = 45


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the same areas in every format, and their counts."""
    folder = tmp_path_factory.mktemp("whole")
    shapes = [shapely.box(150_000 + 100 * k, 170_000, 150_100 + 100 * k, 170_100) for k in range(ROWS)]
    columns = {"code": [f"C{k:02}" for k in range(ROWS)], "town": "21015", "hh": range(ROWS)}
    layer = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:31370")
    for ending in ("gpkg", "geojson", "fgb", "shp"):
        pyogrio.write_dataframe(layer, folder / f"areas.{ending}")
    pyogrio.write_dataframe(layer, folder / "areas.sqlite", driver="SQLite", dataset_options={"SPATIALITE": "YES"})
    layer.to_parquet(folder / "areas.parquet")
    table = layer.drop(columns="geometry")
    table.to_csv(folder / "counts.csv", index=False)
    table.to_excel(folder / "counts.xlsx", index=False)
    table.to_parquet(folder / "counts.parquet")
    (folder / "counts.csv.gz").write_bytes(gzip.compress((folder / "counts.csv").read_bytes()))
    for name, member in (("areas.zip", "areas.geojson"), ("counts.zip", "counts.csv")):
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(folder / member, member)
    return folder


def read(file: Path) -> int:
    if file.name.startswith("areas"):
        mapping = ColumnMapping.read(["sector_code=code", "municipality_code=town", "households=hh"])
        return len(read_areas(file, mapping, country="BE").sectors)
    mapping = ColumnMapping.read(["area_code=code", "households=hh"])
    return len(read_counts(file, mapping, country="BE", kind=Kind.SECTOR_COUNTS).counts)


@pytest.mark.parametrize("name", [*AREAS, *COUNTS])
def test_a_whole_file_has_all_its_rows(name: str, whole: Path) -> None:
    assert read(whole / name) == ROWS


@pytest.mark.parametrize("name", [*AREAS, *COUNTS])
def test_a_damaged_file_is_read_or_refused(name: str, whole: Path, tmp_path: Path) -> None:
    for beside in whole.glob("areas.*"):
        if name.endswith(".shp"):
            (tmp_path / beside.name).write_bytes(beside.read_bytes())
    content = (whole / name).read_bytes()
    rng = random.Random(name)
    for trial in range(TRIALS):
        place, damaged = rng.randrange(len(content)), bytearray(content)
        if trial % 3 == 0:
            del damaged[place:]
        elif trial % 3 == 1:
            damaged[place] ^= rng.randrange(1, 256)
        else:
            del damaged[place : place + rng.randrange(1, 40)]
        (tmp_path / name).write_bytes(damaged)
        with warnings.catch_warnings(), contextlib.suppress(SourceError):
            warnings.simplefilter("ignore")  # GDAL's remarks on what it could still read
            read(tmp_path / name)


@pytest.mark.parametrize("name", [name for name in (*AREAS, *COUNTS) if name != "counts.csv"])
def test_no_cut_goes_unseen_except_between_lines_of_text(name: str, whole: Path, tmp_path: Path) -> None:
    for beside in whole.glob("areas.*"):
        if name.endswith(".shp"):
            (tmp_path / beside.name).write_bytes(beside.read_bytes())
    content = (whole / name).read_bytes()
    for share in (0.3, 0.6, 0.9, 0.99):
        (tmp_path / name).write_bytes(content[: int(len(content) * share)])
        with pytest.raises(SourceError):
            read(tmp_path / name)
