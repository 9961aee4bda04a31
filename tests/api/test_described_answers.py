"""No answer but those that the OpenAPI document describes, whatever is asked of any operation."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

CONFIG = {
    # U+0000 is refused before any route sees it, and JSON Schema has no short way to say so. The key is the one given.
    "generation": {"allow-x00": False, "with-security-parameters": False},
    # A text that is too long may make the body too long: 413.
    "checks": {"negative_data_rejection": {"expected-statuses": ["400", "404", "409", "413", "422", "428", "5xx"]}},
}
SETTINGS = settings(
    max_examples=30, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
MUNICIPALITY = "99003"
WANTED: dict[str, Any] = {
    "q": "kerk",
    "lon": 4.49136,
    "lat": 50.53649,
    "day": "2031-01-01",
    "within": '{"type": "Polygon", "coordinates": [[[4.4, 50.5], [4.41, 50.5], [4.41, 50.51], [4.4, 50.5]]]}',
}
"""Values of the parameters that are required in a query."""
JUDGED_BEYOND_SCHEMA = {
    "/v1/municipalities/{code}/rules",
    "/v1/municipalities/{code}/staff",
    "/v1/municipalities/{code}/adoption",
    "/v1/households",
    "/v1/reach",
    "/v1/letters",
    "/v1/price-books",
    "/v1/quotes/{quote_id}",
    "/v1/plans/{plan_id}/operations",
    "/v1/plans/{plan_id}/diff",
    "/v1/plans/{plan_id}/problems",
    *(f"/v1/plans/{{plan_id}}:{verb}" for verb in ("undo", "redo", "review", "return", "discard", "rebase", "publish")),
    "/v1/municipalities/{code}/plans:propose",
    "/v1/sign-ups/{sign_up_id}/proofs",
    "/ogc/collections/{collection}/items",
    "/ogc/collections/{collection}/items/{feature}",
    "/ogc/collections/{collection}/tiles/WebMercatorQuad/{matrix}/{row}/{column}",
}
"""Paths with rules that JSON Schema cannot say, such as the check character of a code, or that need If-Match."""


@pytest.fixture
def known(client: TestClient, quote: str, take_back_plans: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """What there is, by the name of the parameter in a path."""
    email = f"{secrets.token_hex(4)}@example.org"
    staff = {"email": email, "role": "association", "areas": [{"buurt": "99003-01", "first_day": "2026-11-01"}]}
    home = {"line": "Kerkstraat 6, 9993 Demodorp", "email": email}
    tile = {"layer": "sectors", "z": 12, "x": 2099, "y": 1379, "matrix": 12, "row": 1379, "column": 2099}
    feature = client.get("/ogc/collections/sectors/items", params={"limit": 1, "f": "geojson"}).json()["features"][0]
    yield {
        **tile,
        "code": MUNICIPALITY,
        "buurt_id": f"{MUNICIPALITY}-01",
        "collection": "sectors",
        "feature": feature["id"],
        "quote_id": quote,
        "plan_id": client.post(f"/v1/municipalities/{MUNICIPALITY}/plans", json={"title": "Asked"}).json()["id"],
        "sign_up_id": client.post("/v1/sign-ups", json=home).json()["sign_up"]["id"],
        "staff_id": client.post(f"/v1/municipalities/{MUNICIPALITY}/staff", json=staff).json()["id"],
        "price book": client.get("/v1/price-books").json()["data"][0]["code"],
    }
    take_back_plans(MUNICIPALITY)


def test_no_answer_leaves_the_openapi_document(
    client: TestClient, admin: dict[str, str], known: dict[str, Any]
) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", client.app, config=schemathesis.Config.from_dict(CONFIG))
    for result in schema.get_all_operations():
        operation = result.ok()
        beyond_schema = operation.path in JUDGED_BEYOND_SCHEMA

        def ask(case: schemathesis.Case, beyond_schema: bool = beyond_schema) -> int:
            excluded = [positive_data_acceptance] if beyond_schema else []
            if _has_wrong_header(case):
                # What surrounds a header's value is not part of it: one that is too long may be trimmed.
                excluded.append(negative_data_rejection)
            try:
                headers = {"host": "localhost"} | admin
                return int(case.call_and_validate(headers=headers, excluded_checks=excluded).status_code)
            except FailureGroup as failures:
                told = [str(failure) for failure in failures.exceptions]
                raise AssertionError(case.operation.label, told) from failures

        cases = operation.as_strategy() | operation.as_strategy(GenerationMode.NEGATIVE)
        if operation.method == "get":
            values = known | ({"code": known["price book"]} if "price-books" in operation.path else {})
            path = {parameter.name: values[parameter.name] for parameter in operation.path_parameters}
            query = {parameter.name: WANTED[parameter.name] for parameter in operation.query if parameter.is_required}
            assert ask(operation.Case(path_parameters=path, query=query)) == 200, operation.label
            cases |= operation.as_strategy(path_parameters=path)

        @given(case=cases)
        @settings(
            max_examples=30, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        def every_answer_is_described(case: schemathesis.Case) -> None:
            ask(case)

        every_answer_is_described()


def _has_wrong_header(case: schemathesis.Case) -> bool:
    """Whether the headers of a case were made to be refused."""
    made = case.meta.components.get(ParameterLocation.HEADER) if case.meta else None
    return made is not None and made.mode is GenerationMode.NEGATIVE
