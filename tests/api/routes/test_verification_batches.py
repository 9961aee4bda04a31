"""`POST /v1/verifications:batch`: the same answers as one by one, in order, within limits, beside other requests."""

import threading
import time
from dataclasses import asdict
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ServerSettings, StoreSettings
from data.demo import DemoFiles

BATCH = "/v1/verifications:batch"


def variants(demo: DemoFiles) -> list[dict[str, Any]]:
    """Give the showcase, right and as people write it."""
    questions: list[dict[str, Any]] = [{}, {"line": "Kerkstraat 999, 9993 Demodorp"}, {"line": "🏠 '; DROP TABLE"}]
    for place, address in enumerate(demo.showcase):
        shown = asdict(address)
        street = shown["street_nl"] or shown["street_fr"]
        fields = {
            "street": street,
            "house_number": shown["house_number"],
            "box": shown["box"],
            "postcode": shown["postcode"],
            "municipality": shown["municipality_nl"] or shown["municipality_fr"],
        }
        language = ("nl", "fr", "de", "en")[place % 4]
        questions += [
            fields,
            fields | {"language": language, "country": "BE"},
            fields | {"street": street.upper(), "municipality": None},
            fields | {"street": street[1] + street[0] + street[2:], "language": language},
            fields | {"street": street[:-1]},
            fields | {"postcode": "9999"},
            fields | {"box": None},
            fields | {"box": None, "require_box": False, "language": language},
            fields | {"box": "77"},
            fields | {"house_number": f"{shown['house_number']} bus 1", "box": None},
            {"line": address.line(), "language": language},
            {"line": address.line().lower().replace("straat", "str.") + " residentie Zon"},
        ]
    return questions


def test_each_answer_is_that_of_the_question_alone(client: TestClient, demo: DemoFiles) -> None:
    questions = variants(demo)
    answer = client.post(BATCH, json={"data": questions})
    assert answer.status_code == 200
    alone = [client.post("/v1/verifications", json=question).json() for question in questions]
    # Who may join is judged for a question alone, when it is asked for.
    assert {one.pop("eligibility") for one in alone} == {None}
    assert answer.json()["data"] == alone
    assert {one["verdict"] for one in alone} == {"accept", "confirm", "fix"}


def test_ten_thousand_questions_are_answered_in_order(client: TestClient, demo: DemoFiles) -> None:
    shown = [
        {
            "street": address.street_nl or address.street_fr,
            "house_number": address.house_number,
            "box": address.box,
            "postcode": address.postcode,
            "municipality": address.municipality_nl or address.municipality_fr,
        }
        for address in demo.showcase
    ]
    questions = [shown[k % len(shown)] for k in range(10_000)]
    found = client.post(BATCH, json={"data": questions}).json()["data"]
    ids = [address.address_id for address in demo.showcase]
    assert [one["address"]["address_id"] for one in found] == [ids[k % len(ids)] for k in range(10_000)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"data": []}, "/data"),
        ({"data": [{}] * 10_001}, "/data"),
        ({"data": [{"line": "a"}, {"line": 3}]}, "/data/1/line"),
        ({"data": [{"line": "a", "language": "es"}]}, "/data/0/language"),
        ({}, "/data"),
    ],
)
def test_a_batch_that_cannot_be_read_is_refused_by_place(client: TestClient, body: object, field: str) -> None:
    answer = client.post(BATCH, json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_refusal_names_a_hundred_fields_at_most(client: TestClient) -> None:
    answer = client.post(BATCH, json={"data": [{"line": 3}] * 5_000})
    assert (answer.status_code, len(answer.json()["errors"])) == (422, 100)


def test_a_country_without_a_register_refuses_the_batch(client: TestClient) -> None:
    answer = client.post(BATCH, json={"data": [{"line": "Kerkstraat 6, 9993 Demodorp"}, {"country": "NL"}]})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "nothing-active")


def test_a_batch_has_a_body_limit_of_its_own(store_settings: StoreSettings, admin: dict[str, str]) -> None:
    settings = ServerSettings(max_body_bytes=1_000, max_batch_bytes=5_000)
    application = create_app(store_settings, settings)
    body = {"data": [{"line": "x" * 400}] * 5}
    with TestClient(application, headers=admin) as client:
        assert client.post(BATCH, json=body).status_code == 200
        assert client.post("/v1/verifications", json=body).status_code == 413
        assert client.post(BATCH, json={"data": body["data"] * 4}).status_code == 413


def test_other_requests_are_answered_while_a_batch_runs(client: TestClient) -> None:
    # Texts that all differ and that the register does not have are the slowest to answer.
    questions = [{"line": f"Kirkstraet {k}, 9993 Demodrop"} for k in range(800)]
    ended: list[float] = []

    def ask() -> None:
        assert client.post(BATCH, json={"data": questions}).status_code == 200
        ended.append(time.monotonic())

    batch = threading.Thread(target=ask)
    batch.start()
    answered = []
    while batch.is_alive():
        assert client.get("/healthz").status_code == 200
        answered.append(time.monotonic())
    batch.join()
    assert sum(moment < ended[0] for moment in answered) >= 2
