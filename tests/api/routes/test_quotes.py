"""Quotes over HTTP: made, issued, answered, revised, found; refused with what to do."""

import csv
import io
import json
import secrets
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.settings import StoreSettings
from data.quotes.price_books import list_books, publish_book
from data.store import open_store
from licensing.price_book_reader import example_source

BODY: dict[str, Any] = {
    "scopes": [{"municipality": "Demodorp"}],
    "programmes": ["buurtcommunicatie"],
    "years": 2,
    "start": "2028-02-29",
    "language": "fr",
    "customer": {
        "name": "Demodorp",
        "street": "Markt 1",
        "postcode": "9993",
        "city": "Demodorp",
        "peppol_scheme": "0208",
        "peppol_id": "0207437468",
        "vat_number": "BE0207437468",
        "registration": "0207437468",
    },
}


@pytest.fixture(scope="session", autouse=True)
def example_book(store_settings: StoreSettings) -> None:
    store = open_store(store_settings.store_url)
    with store.writing() as session:
        if not list_books(session):
            publish_book(session, example_source(), datetime(2026, 1, 1, tzinfo=UTC), by="test", in_past=True)
    store.close()


def make(client: TestClient, **changes: Any) -> Any:
    response = client.post("/v1/quotes", json=BODY | changes)
    assert response.status_code == 201, response.text
    return response


def act(client: TestClient, quote_id: str, action: str, tag: str, **more: Any) -> Any:
    return client.post(f"/v1/quotes/{quote_id}:{action}", headers={"If-Match": tag}, **more)


def issued(client: TestClient, **changes: Any) -> Any:
    made = make(client, **changes)
    return act(client, made.json()["id"], "issue", made.headers["ETag"])


def test_a_quote_goes_from_draft_to_licence(client: TestClient) -> None:
    made = make(client)
    draft = made.json()
    assert (draft["state"], draft["number"]) == ("draft", None)
    assert draft["record"]["quote"]["request"]["scopes"][0]["buurten"][0]["release"]
    done = act(client, draft["id"], "issue", made.headers["ETag"])
    quote = done.json()
    assert quote["state"] == "issued"
    assert quote["number"].startswith("Q-")
    assert quote["record"] == draft["record"]
    pdf = client.get(f"/v1/quotes/{quote['number']}.pdf")
    assert pdf.content.startswith(b"%PDF")
    assert client.get(f"/v1/quotes/{quote['id']}?f=pdf").content == pdf.content
    accepted = act(client, quote["number"], "accept", done.headers["ETag"])
    assert accepted.json()["state"] == "accepted"
    licences = client.get("/v1/licences", params={"municipality": "99001", "on": "2029-01-01"}).json()["data"]
    [mine] = [licence for licence in licences if licence["number"] == quote["number"]]
    assert (mine["first"], mine["last"]) == ("2028-02-29", "2030-02-28")
    ubl = client.get(f"/v1/quotes/{quote['id']}?f=ubl&year=2")
    assert ubl.status_code == 200, ubl.text
    assert b"urn:fdc:peppol.eu:2017:poacc:billing:01:1.0" in ubl.content
    assert client.get(f"/v1/quotes/{quote['id']}?f=ubl&year=3").status_code == 422
    too_late = client.get(f"/v1/quotes/{quote['id']}?f=ubl&issued=9999-12-31")
    assert (too_late.status_code, too_late.json()["errors"][0]["field"]) == (422, "issued")


def test_every_amount_is_a_string_and_the_record_is_given_byte_for_byte(client: TestClient) -> None:
    made = make(client).json()
    record = client.get(f"/v1/quotes/{made['id']}?f=record")
    json.loads(record.content, parse_float=lambda text: pytest.fail(f"a binary number: {text}"))
    assert json.dumps(
        json.loads(record.content), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode() == (record.content)
    text = client.get(f"/v1/quotes/{made['id']}").text
    json.loads(text, parse_float=lambda number: pytest.fail(f"a binary number: {number}"))
    assert client.get(f"/v1/quotes/{made['id']}?f=csv").text.startswith("municipality,year")


def test_the_same_key_gives_the_same_answer_and_another_body_is_refused(client: TestClient) -> None:
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    first = client.post("/v1/quotes", json=BODY, headers=headers)
    again = client.post("/v1/quotes", json=BODY, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert first.headers["ETag"] == again.headers["ETag"]
    other = client.post("/v1/quotes", json=BODY | {"years": 3}, headers=headers)
    assert other.status_code == 409
    assert other.json()["type"].endswith("/idempotency-key-reused")


def test_an_issue_that_is_repeated_with_its_key_gives_one_number(client: TestClient) -> None:
    made = make(client)
    headers = {"Idempotency-Key": secrets.token_hex(8), "If-Match": made.headers["ETag"]}
    url = f"/v1/quotes/{made.json()['id']}:issue"
    first, again = client.post(url, headers=headers), client.post(url, headers=headers)
    assert first.status_code == 200
    assert first.content == again.content


def test_a_change_needs_the_version_that_was_seen(client: TestClient) -> None:
    made = make(client)
    quote_id, tag = made.json()["id"], made.headers["ETag"]
    assert client.post(f"/v1/quotes/{quote_id}:issue").status_code == 428
    assert act(client, quote_id, "issue", '"9"').status_code == 412
    assert act(client, quote_id, "issue", tag).status_code == 200
    assert act(client, quote_id, "issue", tag).status_code == 412
    late = client.get(f"/v1/quotes/{quote_id}").headers["ETag"]
    refused = act(client, quote_id, "issue", late)
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1]) == (409, "quote-state")


def test_a_declined_quote_is_revised_by_a_draft_that_names_it(client: TestClient) -> None:
    quote = issued(client)
    declined = act(client, quote.json()["id"], "decline", quote.headers["ETag"])
    revised = act(client, quote.json()["id"], "revise", declined.headers["ETag"], json={"years": 1})
    assert revised.status_code == 201, revised.text
    assert revised.json()["origin"] == quote.json()["number"]
    assert (revised.json()["revision"], revised.json()["years"], revised.json()["state"]) == (1, 1, "draft")


def test_a_list_is_filtered_and_turned_page_by_page(client: TestClient) -> None:
    number = issued(client).json()["number"]
    make(client)
    drafts = client.get("/v1/quotes", params={"state": "draft", "limit": 200}).json()["data"]
    assert {quote["state"] for quote in drafts} == {"draft"}
    seen: list[str] = []
    wanted = {"limit": "2", "municipality": "99001"}
    while True:
        page = client.get("/v1/quotes", params=wanted).json()
        seen += [quote["id"] for quote in page["data"]]
        if page["next_cursor"] is None:
            break
        wanted["after"] = page["next_cursor"]
    assert len(seen) == len(set(seen))
    assert number in {quote["number"] for quote in client.get("/v1/quotes?state=issued&limit=200").json()["data"]}
    assert client.get("/v1/quotes", params={"municipality": "0"}).json() == {"data": [], "next_cursor": None}


def test_a_preview_compares_books_and_counts_and_keeps_nothing(client: TestClient) -> None:
    buurt = make(client).json()["record"]["quote"]["request"]["scopes"][0]["buurten"][0]["code"]
    count = len(client.get("/v1/quotes?limit=200").json()["data"])
    what_if = [{"name": "more", "households": {buurt: 20_000}}, {"name": "same", "price_book": "example-2026"}]
    answer = client.post("/v1/quotes:preview", json=BODY | {"what_if": what_if})
    assert answer.status_code == 200, answer.text
    more, same = answer.json()["what_if"]
    assert more["households"] == 20_000
    assert same["difference"] == "0.00"
    assert len(client.get("/v1/quotes?limit=200").json()["data"]) == count


def test_bulk_prices_agree_with_single_quotes(client: TestClient) -> None:
    text = client.post("/v1/quotes:bulk?f=csv", json={"country": "BE", "years": 1}).text
    books = [row for row in csv.DictReader(io.StringIO(text)) if row["price_book"] == "example-2026"]
    rows = {row["municipality"]: row for row in books}
    for code in list(rows)[:3]:
        quote = client.post(
            "/v1/quotes:preview", json=BODY | {"scopes": [{"municipality": code}], "years": 1, "programmes": []}
        )
        assert rows[code]["term"] == quote.json()["quote"]["net"]
        assert rows[code]["letters"] == str(quote.json()["quote"]["request"]["scopes"][0]["letters_plan"]["letters"])
        assert int(rows[code]["households"]) == quote.json()["quote"]["households"]


def test_drift_says_how_far_the_next_tier_is(client: TestClient) -> None:
    number = issued(client).json()["number"]
    [drift] = client.get(f"/v1/quotes/{number}/drift").json()["data"]
    assert drift["quoted"] == drift["current"]
    away = drift["tiers"][0]["households_to_next_tier"]
    assert away > 0
    assert "Demodorp : toujours" in drift["text"]
    assert "jusqu'à la tranche suivante" in drift["text"]


@pytest.mark.parametrize(
    ("changes", "status", "slug"),
    [
        ({"scopes": [{"municipality": "Nergens"}]}, 404, "unknown-municipality"),
        ({"scopes": [{"municipality": "99001", "buurten": ["x"]}]}, 422, "no-such-buurt"),
        ({"scopes": [{"municipality": "99001"}, {"municipality": "demodorp"}]}, 422, "duplicate-municipality"),
        ({"price_book_on": "2020-01-01"}, 404, "unknown-price-book"),
        ({"years": 11}, 422, "invalid-request"),
        ({"price": 1}, 422, "invalid-request"),
    ],
)
def test_a_refusal_names_what_is_wrong(client: TestClient, changes: Any, status: int, slug: str) -> None:
    response = client.post("/v1/quotes", json=BODY | changes)
    assert (response.status_code, response.json()["type"].rsplit("/", 1)[1]) == (status, slug)


def test_a_price_book_is_published_once(client: TestClient) -> None:
    code = f"next-{secrets.token_hex(3)}"
    day = f"2{secrets.randbelow(900) + 100}-03-01"
    text = example_source().replace("example-2026", code).replace("2026-01-01", day)
    text = text.replace("up_to: 15000, flat: 2100", "up_to: 15000, flat: 800")
    published = client.post("/v1/price-books", json={"yaml": text})
    assert published.status_code == 201, published.text
    [warning] = published.json()["warnings"]
    assert "5001 to 15000 households cost less than 5000 do" in warning
    assert client.get(f"/v1/price-books/{code}").text == text
    again = client.post("/v1/price-books", json={"yaml": text})
    assert (again.status_code, len(again.json()["errors"])) == (422, 2)
    assert again.json()["errors"][0]["field"].startswith("line 3")
    nothing = client.post("/v1/price-books", json={"yaml": "0"}).json()
    assert (nothing["errors"][0]["field"], nothing["detail"].partition(":")[0]) == ("line 1", "line 1")
    assert code in {book["code"] for book in client.get("/v1/price-books").json()["data"]}
