"""`GET /v1/municipalities`: counts with what is unknown in them, page by page."""

from fastapi.testclient import TestClient


def test_counts_tell_what_is_unknown(client: TestClient) -> None:
    body = client.get("/v1/municipalities").json()
    assert [item["code"] for item in body["data"]] == ["99001", "99002", "99003"]
    assert body["next_cursor"] is None
    assert sum(item["sectors"] for item in body["data"]) == 150
    # The demo's files suppress one sector and leave out another; the municipality's own total counts them.
    assert sum(item["sector_households"]["unknown_sectors"] for item in body["data"]) == 2
    for item in body["data"]:
        assert item["buurten"] == 1
        assert item["households"] > item["sector_households"]["known"]


def test_pages_follow_each_other_without_a_gap(client: TestClient) -> None:
    codes, after = [], None
    for _ in range(3):
        page = client.get("/v1/municipalities", params={"limit": 1} | ({"after": after} if after else {})).json()
        codes += [item["code"] for item in page["data"]]
        after = page["next_cursor"]
    assert codes == ["99001", "99002", "99003"]
    assert after is None


def test_a_country_without_sectors_has_an_empty_page(client: TestClient) -> None:
    assert client.get("/v1/municipalities", params={"country": "NL"}).json() == {
        "data": [],
        "next_cursor": None,
        "releases": [],
    }
