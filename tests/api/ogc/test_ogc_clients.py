"""GDAL and OWSLib, as they are, against a real server on each store: every feature once, and to the bit."""

from collections.abc import Iterator
from typing import Any

import pyogrio
import pytest
import shapely
from owslib.ogcapi.features import Features

from api.settings import StoreSettings
from data.api_keys import Scope
from tests.api.conftest import make_headers, served
from tests.api.ogc.conftest import Stored

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


@pytest.fixture(scope="module")
def address(store_settings: StoreSettings, key: str) -> Iterator[str]:
    # The key is there before the worker, which need not hear of it then.
    with served(store_settings, 1) as server:
        yield f"{server.url}/ogc"


@pytest.fixture(scope="module")
def key(store_settings: StoreSettings) -> str:
    return make_headers(store_settings.store_url, Scope.VIEWER)["Authorization"].removeprefix("Bearer ")


@pytest.fixture
def gdal(address: str, key: str) -> Iterator[str]:
    """Address for GDAL's OAPIF driver, with the key as a bearer token."""
    pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": key})
    yield f"OAPIF:{address}"
    pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": None, "GDAL_HTTP_BEARER": None})


def test_gdal_reads_every_sector_once_and_to_the_bit(gdal: str, stored: Stored) -> None:
    assert pyogrio.list_layers(gdal)[:, 0].tolist() == ["sectors", "municipalities", "buurten", "plans"]
    told = pyogrio.read_info(gdal, layer="sectors")
    assert (told["features"], told["crs"]) == (len(stored.sectors), "EPSG:31370")
    layer = pyogrio.read_dataframe(gdal, layer="sectors", PAGE_SIZE="40")
    assert layer.crs.to_epsg() == 31370
    assert layer.code.tolist() == stored.sectors.code.tolist()
    assert layer.households.astype("Int64").tolist() == stored.sectors.households.tolist()
    for shape, exact in zip(layer.geometry, stored.sectors.geometry, strict=True):
        assert shapely.equals_exact(shapely.normalize(shape), shapely.normalize(exact))


def test_gdal_asks_by_box_crs_and_value(gdal: str, stored: Stored) -> None:
    west, south, east, north = stored.sectors.total_bounds
    box = (west, south, (west + east) / 2, (south + north) / 2)
    found = pyogrio.read_dataframe(gdal, layer="sectors", bbox=box)
    assert found.code.tolist() == stored.sectors.code[stored.sectors.intersects(shapely.box(*box))].tolist()
    for code in ("3812", "28992", "3857", "4326"):
        layer = pyogrio.read_dataframe(gdal, layer="sectors", CRS=f"{EPSG}{code}")
        # GDAL gives what it reads in the order east, north, whatever the order of the CRS.
        back = layer.set_crs(f"EPSG:{code}", allow_override=True).to_crs("EPSG:31370").geometry
        assert max(back.hausdorff_distance(stored.sectors.geometry.set_axis(back.index))) < 0.001
    where = pyogrio.read_dataframe(gdal, layer="sectors", where="municipality = '99001' AND households > 200")
    expected = stored.sectors[(stored.sectors.municipality == "99001") & (stored.sectors.households > 200)]
    assert where.code.tolist() == expected.code.tolist()


def test_gdal_takes_the_key_as_a_password(address: str, key: str) -> None:
    pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": "BASIC", "GDAL_HTTP_USERPWD": f"gis:{key}"})
    try:
        assert pyogrio.read_info(f"OAPIF:{address}", layer="buurten")["features"] == 3
    finally:
        pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": None, "GDAL_HTTP_USERPWD": None})


def test_owslib_reads_pages_filters_and_days(address: str, key: str, stored: Stored) -> None:
    service = Features(address, headers={"Authorization": f"Bearer {key}"})
    assert service.feature_collections() == ["sectors", "municipalities", "buurten", "plans"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in service.conformance()["conformsTo"]
    assert service.api()["openapi"].startswith("3.0.")
    assert service.collection("sectors")["storageCrs"] == f"{EPSG}31370"
    assert "municipality" in service.collection_queryables("sectors")["properties"]
    found: list[str] = []
    while len(found) < len(stored.sectors):
        more: dict[str, Any] = {"after": found[-1]} if found else {}
        page = service.collection_items("sectors", limit=61, **more)
        assert page["numberMatched"] == len(stored.sectors)
        found += [each["id"] for each in page["features"]]
    assert found == stored.sectors.code.tolist()
    by_text = service.collection_items("sectors", limit=500, filter="municipality = '99002'")
    by_json = service.collection_items(
        "sectors",
        limit=500,
        filter='{"op": "=", "args": [{"property": "municipality"}, "99002"]}',
        **{"filter-lang": "cql2-json"},
    )
    assert by_text["numberMatched"] == by_json["numberMatched"] == (stored.sectors.municipality == "99002").sum()
    assert service.collection_item("sectors", found[0])["id"] == found[0]
    assert service.collection_items("buurten", datetime_="2025-01-01")["numberMatched"] == 3
