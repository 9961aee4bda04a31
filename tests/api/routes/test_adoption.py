"""Adoption of a municipality over HTTP, on both stores."""

import csv
import io
import xml.etree.ElementTree as ET

from fastapi.testclient import TestClient

PATH = "/v1/municipalities/99001/adoption"


def test_it_has_the_households_of_the_count_and_exact_shares(client: TestClient) -> None:
    found = client.get(PATH, params={"participants": 50}).json()
    counted = client.get("/v1/municipalities/99001/households").json()
    assert found["total"]["households"] == counted["total"]["households"]
    assert found["total"]["members"] == counted["total"]["members"]
    share = 50 / counted["total"]["households"]
    assert abs(float(found["participants_of_households"]) - share) < 1e-12


def test_csv_has_a_row_per_buurt_and_the_municipality_last(client: TestClient) -> None:
    answer = client.get(PATH, params={"f": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["code"] for row in rows][-2:] == ["99001-01", "99001"]


def test_the_chart_is_a_drawing(client: TestClient) -> None:
    answer = client.get(PATH, params={"f": "svg"})
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert ET.fromstring(answer.text).tag == "{http://www.w3.org/2000/svg}svg"


def test_an_unknown_form_and_an_unknown_municipality_are_problems(client: TestClient) -> None:
    assert client.get(PATH, params={"f": "pdf"}).status_code == 422
    assert client.get("/v1/municipalities/12345/adoption").status_code == 404
