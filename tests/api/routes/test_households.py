"""Households of a municipality over HTTP, on both stores."""

from datetime import UTC, datetime

from fastapi.testclient import TestClient


def test_the_buurten_add_up_to_the_municipality(client: TestClient) -> None:
    answer = client.get("/v1/municipalities/99001/households")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["as_of"] in {str(datetime.now(UTC).date())}
    assert found["releases"]
    total = found["total"]
    assert total["households"] > 0
    assert total["low"] <= total["households"] <= total["high"]
    for column in ("households", "dwellings"):
        assert sum(buurt[column] for buurt in found["buurten"]) == total[column]
    assert sum(total["by_method"].values()) == total["households"]
    if found["official"] is not None:
        assert found["difference"] == found["official"] - total["households"]


def test_an_unknown_municipality_is_a_problem(client: TestClient) -> None:
    answer = client.get("/v1/municipalities/12345/households")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_it_takes_a_key(client: TestClient) -> None:
    assert client.get("/v1/municipalities/99001/households", headers={"Authorization": ""}).status_code == 401
