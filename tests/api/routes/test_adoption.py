"""Adoption of a municipality over HTTP, on both stores."""

import csv
import io
import xml.etree.ElementTree as ET

import geopandas as gpd
from fastapi.testclient import TestClient

PATH = "/v1/municipalities/99001/adoption"


def test_it_has_the_households_of_the_count_and_exact_shares(client: TestClient) -> None:
    found = client.get(PATH, params={"participants": ["50", "99001-01:7"]}).json()
    counted = client.get("/v1/municipalities/99001/households").json()
    assert found["total"]["households"] == counted["total"]["households"]
    assert found["total"]["members"] == counted["total"]["members"]
    for row, participants in ((found["total"], 50), (found["buurten"][0], 7)):
        assert row["participants"] == participants
        assert abs(float(row["participants_of_households"]) - participants / row["households"]) < 1e-12
    assert found["counts_of"]


def test_areas_have_names_in_the_language_asked_for(client: TestClient) -> None:
    names = {lang: client.get(PATH, params={"lang": lang}).json()["total"]["name"] for lang in ("nl", "fr", "en")}
    assert all(names.values())
    assert "99001" not in names.values()


def test_csv_has_a_row_per_buurt_and_the_municipality_last(client: TestClient) -> None:
    for answer in (client.get(PATH, params={"f": "csv"}), client.get(PATH, headers={"Accept": "text/csv"})):
        assert answer.headers["content-type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [(row["level"], row["code"]) for row in rows][-2:] == [("buurt", "99001-01"), ("municipality", "99001")]


def test_parquet_and_geojson_have_the_ground_of_the_buurten(client: TestClient) -> None:
    table = gpd.read_parquet(io.BytesIO(client.get(PATH, params={"f": "parquet"}).content))
    assert list(table.code) == ["99001-01", "99001"]
    assert list(table.geometry.isna()) == [False, True]
    features = client.get(PATH, headers={"Accept": "application/geo+json"}).json()["features"]
    assert [feature["properties"]["households"] for feature in features] == list(table.households)


def test_the_chart_is_a_drawing_in_the_language_asked_for(client: TestClient) -> None:
    for headers, params in (({}, {"f": "svg"}), ({"Accept": "image/svg+xml"}, {})):
        answer = client.get(PATH, params=params | {"lang": "fr"}, headers=headers)
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert answer.headers["vary"] == "Accept"
        assert ET.fromstring(answer.text).tag == "{http://www.w3.org/2000/svg}svg"
        assert "Ménages membres" in answer.text
        assert "demo-sector-households" in answer.text


def test_what_there_is_not_is_a_problem(client: TestClient) -> None:
    assert client.get(PATH, params={"f": "pdf"}).status_code == 422
    assert client.get(PATH, headers={"Accept": "application/pdf"}).status_code == 406
    assert client.get("/v1/municipalities/12345/adoption").status_code == 404
    unknown = client.get(PATH, params={"participants": "99001-77:3"})
    assert (unknown.status_code, unknown.json()["type"].rpartition("/")[2]) == (422, "unknown-area")
    assert client.get(PATH, params={"participants": "many"}).status_code == 422
