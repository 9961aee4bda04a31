"""Values that no database takes are refused wherever the OpenAPI document lets one in: no answer is a failure."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

MUNICIPALITY = "99003"
NUL, SURROGATE = "a\0b", "a\ud800b"
LONGEST, LARGEST = 5_000, 2**63
KNOWN: dict[str, Any] = {
    "municipality": MUNICIPALITY,
    "buurten": [f"{MUNICIPALITY}-01"],
    "buurt_id": f"{MUNICIPALITY}-01",
    "buurt": f"{MUNICIPALITY}-01",
    "layer": "sectors",
    "start": "2031-01-01",
    "line": "Dorpsstraat 1, 9990 Demodorp",
}
"""What makes the rest of a request valid, by the name of the field."""


class Requests:
    """The requests that a document describes, each with one value that no database takes.

    Parameters
    ----------
    document
        The OpenAPI document.
    known
        Values by name of a field or parameter, before those that are made of the schema.
    """

    def __init__(self, document: dict[str, Any], known: dict[str, Any]) -> None:
        self._document, self._known = document, known

    def all(self) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
        """Yield method, path, the place of the value, and what the client sends."""
        for path, operations in self._document["paths"].items():
            for method, operation in operations.items():
                base = self._request(path, operation)
                for parameter in operation.get("parameters", []):
                    place, name = parameter["in"], parameter["name"]
                    for value in self._hostile(parameter["schema"]):
                        if place != "header" or str(value).isascii():
                            yield method, path, name, base | {place: base[place] | {name: value}}
                if (schema := _body(operation)) is not None:
                    for value in self._hostile(schema):
                        yield method, path, "body", base | {"body": value}

    def _request(self, path: str, operation: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {"path": {}, "query": {}, "header": {}, "cookie": {}, "body": None}
        for parameter in operation.get("parameters", []):
            name = parameter["name"]
            if name.lower() == "if-match":
                made["header"]["If-Match"] = '"1"'
            elif parameter.get("required"):
                own = f"{name} of {path.split('/')[2] if path.startswith('/v1/') else path}"
                made[parameter["in"]][name] = self._known.get(own) or self._sample(parameter["schema"], name)
        schema = _body(operation)
        return made if schema is None else made | {"body": self._sample(schema)}

    def _whole(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    def _sample(self, schema: dict[str, Any], name: str = "") -> Any:
        """Return a value that is valid, the smallest there is."""
        if name in self._known:
            return self._known[name]
        schema = self._whole(schema)
        for key in ("const", "default", "example"):
            if key in schema:
                return schema[key]
        for key in ("enum", "examples"):
            if key in schema:
                return schema[key][0]
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema:
                return self._sample(schema[key][0], name)
        match schema.get("type"):
            case "object":
                fields = schema.get("properties", {})
                return {field: self._sample(fields[field], field) for field in schema.get("required", [])}
            case "array":
                each = schema.get("prefixItems") or [schema["items"]] * schema.get("minItems", 0)
                return [self._sample(item, name) for item in each]
            case "integer" | "number":
                return schema.get("minimum", 0)
            case "boolean":
                return False
            case "string":
                return "2027-01-01" if schema.get("format") == "date" else "a" * max(1, schema.get("minLength", 0))
        return None

    def _hostile(self, schema: dict[str, Any]) -> Iterator[Any]:
        """Yield values that are valid but for one that no database takes, at each place where there can be one."""
        schema = self._whole(schema)
        for key in ("anyOf", "oneOf", "allOf"):
            for option in schema.get(key, []):
                yield from self._hostile(option)
        match schema.get("type"):
            case "object":
                base = self._sample(schema)
                for field, own in schema.get("properties", {}).items():
                    yield from (base | {field: value} for value in self._hostile(own))
                more = schema.get("additionalProperties")
                if isinstance(more, dict):
                    yield from ({"nl": value} for value in self._hostile(more))
                    yield from ({key: self._sample(more)} for key in (NUL, SURROGATE, "a" * LONGEST))
            case "array":
                yield from ([value] for value in self._hostile(schema.get("items", {})))
            case "integer":
                yield min(LARGEST, schema.get("maximum", LARGEST))
                yield max(-LARGEST - 1, schema.get("minimum", -LARGEST - 1))
            case "string" if not {"const", "enum", "format"} & schema.keys():
                yield from (NUL, SURROGATE, "a" * min(LONGEST, schema.get("maxLength", LONGEST)))


def _body(operation: dict[str, Any]) -> dict[str, Any] | None:
    content = operation.get("requestBody", {}).get("content", {})
    schema: dict[str, Any] | None = content.get("application/json", {}).get("schema")
    return schema


def send(client: TestClient, method: str, path: str, request: dict[str, Any]) -> int:
    """Send a request, and return its status."""
    for name, value in request["path"].items():
        # Half of a pair as UTF-8 would write it.
        path = path.replace(f"{{{name}}}", str(value).replace("\0", "%00").replace("\ud800", "%ED%A0%80"))
    body = request["body"]
    return client.request(
        method,
        path,
        params={name: str(value).replace("\ud800", "") for name, value in request["query"].items()},
        headers=request["header"] | ({} if body is None else {"Content-Type": "application/json"}),
        content=None if body is None else json.dumps(body),
    ).status_code


# PostgreSQL is the one that takes less.
@pytest.mark.parametrize(
    "store_settings", [pytest.param("postgis", marks=pytest.mark.postgis)], indirect=True, scope="session"
)
def test_no_value_that_no_database_takes_makes_an_answer_fail(
    client: TestClient, admin: dict[str, str], quote: str, take_back_plans: Callable[[str], None]
) -> None:
    document = client.get("/openapi.json").json()
    draft = client.post(f"/v1/municipalities/{MUNICIPALITY}/plans", json={"title": "Hostile"}).json()["id"]
    known = KNOWN | {
        "code of municipalities": MUNICIPALITY,
        "code of price-books": "example-2026",
        "plan_id": draft,
        "quote_id": quote,
    }
    quiet = TestClient(client.app, raise_server_exceptions=False, headers=admin)
    answers: Counter[int] = Counter()
    failed = []
    for method, path, place, request in Requests(document, known).all():
        if request["path"].get("plan_id") == draft and "If-Match" in request["header"]:
            request["header"]["If-Match"] = quiet.get(f"/v1/plans/{draft}").headers["ETag"]
        status = send(quiet, method, path, request)
        answers[status] += 1
        if status >= 500:
            failed.append((method, path, place, json.dumps(request)[:300]))
    take_back_plans(MUNICIPALITY)
    assert failed == []
    # Most values are refused, and what a store can keep is kept.
    assert answers[400] + answers[422] > 400
    assert answers[200] + answers[201] > 40


def test_texts_are_taken_for_no_numbers_and_unknown_parameters_for_no_filters(client: TestClient) -> None:
    home = {"line": "Kerkstraat 6, 9993 Demodorp"}
    for path, body, field in (
        ("/v1/verifications", home | {"require_box": "true"}, "/require_box"),
        ("/v1/verifications", home | {"eligibility": 1}, "/eligibility"),
        (f"/v1/municipalities/{MUNICIPALITY}/plans:propose", {"seed": "1"}, "/seed"),
        ("/v1/reach", {"line": {"type": "LineString", "coordinates": []}, "distance_m": "25"}, "/distance_m"),
    ):
        answer = client.post(path, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text
    whole = client.post(f"/v1/municipalities/{MUNICIPALITY}/plans:propose", json={"seed": 1.0, "alternatives": 1})
    assert whole.status_code == 200, whole.text
    unknown = {"limt": "1", "limit ": "1"}
    for answer in (
        client.get("/v1/municipalities", params=unknown),
        client.post("/v1/verifications", params=unknown, json=home),
    ):
        told = {each["field"]: each["detail"] for each in answer.json()["errors"]}
        assert (answer.status_code, told) == (422, dict.fromkeys(unknown, "there is no such parameter"))


@pytest.mark.parametrize(
    ("path", "repeated"),
    [
        ("/v1/locate?lon=4.49&lat=50.53&lat=51", "lat"),
        ("/v1/municipalities/99001/households?on=2026-01-01&on=2020-01-01", "on"),
        ("/v1/quotes?state=issued&state=draft", "state"),
    ],
)
def test_a_parameter_that_takes_one_value_is_not_given_two(client: TestClient, path: str, repeated: str) -> None:
    answer = client.get(path)
    told = {each["field"]: each["detail"] for each in answer.json()["errors"]}
    assert (answer.status_code, told[repeated]) == (422, "one value is taken")


def test_a_parameter_that_takes_several_may_be_given_twice(client: TestClient) -> None:
    answer = client.get("/v1/municipalities/99001/adoption?participants=99001-01:3&participants=7")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", ["/v1/quotes", "/v1/letters", "/v1/reach"])
@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_json_that_is_said_to_be_something_else_is_told_how_to_come(
    client: TestClient, path: str, media_type: str
) -> None:
    headers = {"Content-Type": media_type, "Idempotency-Key": "a-key-of-the-test"}
    answer = client.post(path, content=b'{"form": "csv"}', headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": "/", "detail": "this takes JSON: send it with `Content-Type: application/json`"}
    ]
