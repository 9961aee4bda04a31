"""What the demo region's features are, read from the store itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.settings import StoreSettings
from data.releases import active_releases
from data.store import Store, open_store
from data.store.models import AreaCount, Sector
from data.tables import Kind

CODE = "99001"
BEFORE, BETWEEN, AFTER = "2024-05-01", "2025-07-01", "2026-07-01"
"""Days before, between and after the days from which the plans of `halved` hold."""


@dataclass(frozen=True)
class Stored:
    """The sectors as the store has them."""

    sectors: gpd.GeoDataFrame
    """By code, in the CRS of the store."""

    def union(self, municipality: str = CODE) -> shapely.Geometry:
        of = self.sectors[self.sectors.municipality == municipality].geometry
        whole: shapely.Geometry = shapely.union_all(of.to_numpy())
        return whole


@pytest.fixture(scope="session")
def ogc_store(store_settings: StoreSettings) -> Iterator[Store]:
    store = open_store(store_settings.store_url)
    yield store
    store.close()


@pytest.fixture(scope="session")
def stored(ogc_store: Store) -> Stored:
    with ogc_store.reading() as session:
        releases = {release.table: release for release in active_releases(session)}
        release = releases[Kind.SECTORS]
        columns = (Sector.code, Sector.name_nl, Sector.name_fr, Sector.name_de, Sector.municipality_code)
        rows = session.execute(
            select(*columns, Sector.geometry).where(Sector.release_id == release.id).order_by(Sector.code)
        ).all()
        counts = dict(
            session.execute(
                select(AreaCount.area_code, AreaCount.households).where(
                    AreaCount.release_id == releases[Kind.SECTOR_COUNTS].id
                )
            ).all()
        )
    table: dict[str, Any] = {
        "code": [row.code for row in rows],
        "name_nl": [row.name_nl for row in rows],
        "name_fr": [row.name_fr for row in rows],
        "name_de": [row.name_de for row in rows],
        "municipality": [row.municipality_code for row in rows],
        "households": pd.array([counts.get(row.code) for row in rows], dtype="Int64"),
        "country": ["BE"] * len(rows),
    }
    shapes = [shapely.set_srid(row.geometry, 0) for row in rows]
    return Stored(gpd.GeoDataFrame(table, geometry=shapes, crs=release.crs).set_index("code", drop=False))


Follow = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def follow(client: TestClient) -> Follow:
    """Ask for items, and follow the links to the end."""

    def ask(collection: str, **params: Any) -> list[dict[str, Any]]:
        url: str | None = f"/ogc/collections/{collection}/items"
        features: list[dict[str, Any]] = []
        while url is not None:
            answer = client.get(url, params=params or None)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            assert len(features) < page["numberMatched"] or not page["features"]
            assert page["numberReturned"] == len(page["features"])
            features += page["features"]
            url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
            params = {}
        assert page["numberMatched"] == len(features)
        return features

    return ask
