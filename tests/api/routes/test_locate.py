"""`GET /v1/locate`: a point's sector, municipality and buurt, or why there is none."""

import geopandas as gpd
import pytest
from fastapi.testclient import TestClient

from data.demo import DemoFiles


def test_a_point_in_a_sector_tells_sector_municipality_and_buurt(client: TestClient, demo: DemoFiles) -> None:
    for shown in demo.showcase:
        answer = client.get("/v1/locate", params={"lon": shown.lon, "lat": shown.lat})
        assert answer.status_code == 200
        body = answer.json()
        assert body["country"] == "BE"
        assert body["place"]["sector"]["code"] == shown.sector_code
        assert body["place"]["municipality"]["code"] == shown.municipality_code
        assert body["place"]["buurt"]["code"] == f"{shown.municipality_code}-01"
        assert body["place"]["buurt"]["plan_version"] == 1
        assert body["releases"] == ["demo-sectors"]


def test_the_municipality_is_that_of_the_files_column(client: TestClient, demo: DemoFiles) -> None:
    sectors = gpd.read_file(demo.sectors)
    [other] = sectors[sectors.cd_sector.str[:5] != sectors.cd_munty_refnis].itertuples()
    [point] = gpd.GeoSeries([other.geometry.representative_point()], crs=sectors.crs).to_crs("EPSG:4326")
    body = client.get("/v1/locate", params={"lon": point.x, "lat": point.y}).json()
    assert body["place"]["sector"]["code"] == other.cd_sector
    assert body["place"]["municipality"]["code"] == other.cd_munty_refnis


def test_a_point_outside_is_a_problem_with_a_remedy(client: TestClient) -> None:
    answer = client.get("/v1/locate", params={"lon": 0, "lat": 51.5})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/outside-coverage")
    assert "order (longitude, latitude)" in answer.json()["remedy"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("lon=181&lat=50", "lon"),
        ("lon=4&lat=-91", "lat"),
        ("lon=nan&lat=50", "lon"),
        ("lon=4&lat=inf", "lat"),
        ("lon=four&lat=50", "lon"),
        ("lat=50", "lon"),
    ],
)
def test_a_bad_coordinate_is_named(client: TestClient, query: str, field: str) -> None:
    answer = client.get(f"/v1/locate?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
