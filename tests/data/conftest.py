"""A small municipality of three square sectors, and its dwellings from real files."""

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from data.directory import DataDirectory
from data.dwellings import Dwellings
from data.store.models import Release
from data.tables import ADDRESS_SCHEMA, Kind
from geo.sector_index import SectorIndex

MakeDwellings = Callable[[Sequence[dict[str, Any]]], Dwellings]


@pytest.fixture(scope="session")
def squares() -> dict[str, shapely.Polygon]:
    """Three sectors of 1 km² side by side (EPSG:31370), by code."""
    codes = ("25110A00-", "25110A01-", "25110A02-")
    return {
        code: shapely.box(150_000 + 1_000 * k, 160_000, 151_000 + 1_000 * k, 161_000) for k, code in enumerate(codes)
    }


@pytest.fixture(scope="session")
def make_dwellings(squares: dict[str, shapely.Polygon], tmp_path_factory: pytest.TempPathFactory) -> MakeDwellings:
    """Give the dwellings of a register whose lines differ from a current home of the first sector as they say."""
    numbers = itertools.count(1)
    layer = gpd.GeoDataFrame({"sector_code": list(squares)}, geometry=list(squares.values()), crs="EPSG:31370")

    def make(rows: Sequence[dict[str, Any]]) -> Dwellings:
        directory = DataDirectory(tmp_path_factory.mktemp("var"))
        releases = [
            Release(
                name=f"{kind}-{next(numbers)}",
                kind=kind,
                country="BE",
                source="test",
                reference_date=date(2026, 1, 1),
                imported_at=datetime(2026, 11, 24, tzinfo=UTC),
                crs="EPSG:31370",
                files={},
            )
            for kind in (Kind.SECTORS, Kind.ADDRESSES)
        ]
        for release in releases:
            directory.release_folder(release.name).mkdir()
        SectorIndex.build(layer).save(directory.release_folder(releases[0].name) / "sectors.index")
        current = {
            "street_id": "street",
            "status": "current",
            "municipality_code": "25110",
            "x": 150_500.0,
            "y": 160_500.0,
        }
        numbered = [current | {"address_id": str(k), "house_number": str(k)} | row for k, row in enumerate(rows)]
        table = pa.Table.from_pylist(numbered, schema=ADDRESS_SCHEMA)
        pq.write_table(table, directory.release_folder(releases[1].name) / "addresses.parquet")
        return Dwellings.open(directory, *releases)

    return make
