"""`/v1/addresses`: suggestions while somebody types, and the address nearest to a point."""

import math
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from api.finding import take_turns
from data.demo import DemoFiles
from geo.addresses import Suggestion

STREET = Suggestion(
    kind="street",
    text="Kerkstraat, 9993 Demodorp",
    street="Kerkstraat",
    house_number=None,
    box=None,
    postcode="9993",
    municipality="Demodorp",
    municipality_code="99001",
)


def test_a_beginning_suggests_streets_at_most_ten(client: TestClient) -> None:
    body = client.get("/v1/addresses/suggest", params={"q": "kerks"}).json()
    assert 1 <= len(body["data"]) <= 10
    assert body["data"][0]["kind"] == "street"
    assert body["data"][0]["street"].startswith("Kerkstraat")
    assert {one["country"] for one in body["data"]} == {"BE"}
    assert body["releases"] == ["demo-addresses"]


def test_a_suggested_address_is_accepted_as_it_stands(client: TestClient) -> None:
    body = client.get("/v1/addresses/suggest", params={"q": "kerkstraat 6 9993"}).json()
    chosen = next(one for one in body["data"] if one["address_id"])
    fields = ("street", "house_number", "box", "postcode", "municipality", "country")
    answer = client.post("/v1/verifications", json={name: chosen[name] for name in fields}).json()
    assert (answer["verdict"], answer["address"]["address_id"]) == ("accept", chosen["address_id"])


def test_suggestions_come_in_the_language_asked_for(client: TestClient) -> None:
    asked = {"q": "kerkstraat 9995", "limit": 1}
    [fr] = client.get("/v1/addresses/suggest", params=asked | {"lang": "fr"}).json()["data"]
    [nl] = client.get("/v1/addresses/suggest", params=asked | {"lang": "en"}).json()["data"]
    assert fr["street"] == "Rue de l'Église"
    assert nl["street"] == "Kerkstraat"


def test_what_nothing_begins_with_suggests_nothing(client: TestClient) -> None:
    assert client.get("/v1/addresses/suggest", params={"q": "qqqqzzzz 🏠"}).json()["data"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [("", "q"), ("q=", "q"), ("q=" + "k" * 201, "q"), ("q=k&limit=11", "limit"), ("q=k&limit=0", "limit"),
     ("q=k&lang=es", "lang"), ("q=k&country=FR", "country")],
)  # fmt: skip
def test_a_question_out_of_bounds_is_refused_by_name(client: TestClient, query: str, field: str) -> None:
    answer = client.get(f"/v1/addresses/suggest?{query}")
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/invalid-request")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_country_without_a_register_suggests_a_problem(client: TestClient) -> None:
    answer = client.get("/v1/addresses/suggest", params={"q": "dam", "country": "NL"})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "nothing-active")


def test_countries_take_turns_and_the_one_that_understood_more_begins() -> None:
    number = replace(STREET, kind="house-number", house_number="6")
    belgian = [("BE", replace(STREET, text=f"b{k}")) for k in range(3)]
    dutch = [("NL", replace(number, text=f"n{k}")) for k in range(2)]
    merged = take_turns([belgian, [], dutch], 10)  # type: ignore[list-item]  # countries are literals
    assert [suggestion.text for _, suggestion in merged] == ["n0", "b0", "n1", "b1", "b2"]
    assert len(take_turns([belgian, dutch], 4)) == 4  # type: ignore[list-item]


def test_the_nearest_address_is_the_one_that_stands_there(client: TestClient, demo: DemoFiles) -> None:
    for shown in demo.showcase:
        body = client.get("/v1/addresses/nearest", params={"lon": shown.lon, "lat": shown.lat}).json()
        assert body["distance_m"] < 1.5  # a showcase position has five decimals of a degree
        assert body["place"]["sector"]["code"] == shown.sector_code
        assert body["place"]["buurt"]["code"] == f"{shown.municipality_code}-01"
        assert body["releases"] == ["demo-addresses", "demo-sectors"]


def test_the_distance_is_in_metres(client: TestClient, demo: DemoFiles) -> None:
    shown = demo.showcase[0]
    there = client.get("/v1/addresses/nearest", params={"lon": shown.lon, "lat": shown.lat}).json()["address"]
    # A ten-thousandth of a degree of latitude is about 11 m: no address is farther than the one left behind.
    point = {"lon": there["position"]["lon"], "lat": there["position"]["lat"] + 1e-4}
    body = client.get("/v1/addresses/nearest", params=point).json()
    assert 0 <= body["distance_m"] < 11.3
    found = body["address"]["position"]
    north = (point["lat"] - found["lat"]) * 111_200
    east = (point["lon"] - found["lon"]) * 111_200 * math.cos(math.radians(point["lat"]))
    # The register's longitudes and latitudes have five decimals; the distance is that of its own coordinates.
    assert body["distance_m"] == pytest.approx(math.hypot(north, east), abs=1)


def test_a_point_far_from_any_address_is_a_problem(client: TestClient) -> None:
    for point in ({"lon": 0, "lat": 51.5}, {"lon": 180, "lat": 90}, {"lon": -180, "lat": -90}):
        answer = client.get("/v1/addresses/nearest", params=point)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "no-address-near")
        assert "max_distance_m" in answer.json()["remedy"]


@pytest.mark.parametrize("distance", ["-1", "5001", "nan", "inf", "far"])
def test_a_distance_out_of_bounds_is_refused(client: TestClient, distance: str) -> None:
    answer = client.get("/v1/addresses/nearest", params={"lon": 4, "lat": 50, "max_distance_m": distance})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["max_distance_m"]
