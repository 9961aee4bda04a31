"""What holds for every route: problem details, limits, the OpenAPI document, and no answer but those it describes."""

import re

import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from api.cli.serving import EXAMPLE
from api.settings import HouseholdSettings, ServerSettings, StoreSettings

JUDGED_BEYOND_SCHEMA = {
    "/v1/municipalities/{code}/rules",
    "/v1/municipalities/{code}/staff",
    "/v1/municipalities/{code}/adoption",
    "/v1/households",
    "/v1/reach",
    "/v1/letters",
    "/v1/price-books",
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


def test_an_unknown_route_is_a_problem(client: TestClient) -> None:
    answer = client.get("/v1/nothing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_wrong_method_names_the_right_ones(client: TestClient) -> None:
    answer = client.delete("/v1/releases")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.json()["type"].endswith("/method-not-allowed")


def test_a_body_that_is_no_json_is_a_problem(client: TestClient) -> None:
    answer = client.post("/v1/verifications", content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/invalid-request")


def test_a_large_body_is_refused_whether_announced_or_not(client: TestClient) -> None:
    announced = client.post("/v1/verifications", content=b" " * 70_000)
    streamed = client.post("/v1/verifications", content=(b" " * 1_000 for _ in range(70)))
    assert (announced.status_code, streamed.status_code) == (413, 413)
    assert announced.json()["type"].endswith("/body-too-large")


def test_another_host_name_is_refused(client: TestClient) -> None:
    answer = client.get("/healthz", headers={"host": "rebound.example:8000"})
    assert answer.status_code == 421
    assert answer.json()["type"].endswith("/unknown-host")
    assert client.get("/healthz", headers={"host": "localhost:8000"}).status_code == 200
    assert client.get("/healthz", headers={"host": "[::1]:8000"}).status_code == 200


def test_every_operation_describes_its_problems(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status >= "4":
                    assert "application/problem+json" in response["content"], (path, status)


def test_every_operation_is_in_one_group_that_is_described(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    groups = [operation["tags"] for operations in document["paths"].values() for operation in operations.values()]
    assert {len(tags) for tags in groups} == {1}
    assert {tag for tags in groups for tag in tags} <= {tag["name"] for tag in document["tags"]}


def test_the_curl_line_of_make_run_answers(client: TestClient, admin: dict[str, str]) -> None:
    line = EXAMPLE.format(host="127.0.0.1", port=8000, key=admin["Authorization"].removeprefix("Bearer "))
    body = re.search(r"-d '(.*)'", line)
    headers = dict(header.split(": ") for header in re.findall(r"-H '([^']*)'", line))
    assert body is not None
    answer = client.post("/v1/verifications", content=body[1], headers=headers)
    assert answer.json()["verdict"] == "accept"


def test_no_answer_leaves_the_openapi_document(store_settings: StoreSettings, admin: dict[str, str]) -> None:
    application = create_app(
        store_settings,
        ServerSettings(),
        HouseholdSettings(keys="2026a:" + bytes(pow(3, n, 257) % 256 for n in range(32)).hex()),
    )
    schema = schemathesis.openapi.from_asgi("/openapi.json", application)
    # U+0000 is refused before any route sees it, and JSON Schema has no short way to say so.
    schema.config.generation.update(allow_x00=False)
    for result in schema.get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy())
        @settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def every_answer_is_described(case: schemathesis.Case) -> None:
            try:
                case.call_and_validate(
                    headers={"host": "localhost"} | admin,
                    excluded_checks=[positive_data_acceptance] if case.operation.path in JUDGED_BEYOND_SCHEMA else [],
                )
            except FailureGroup as failures:
                raise AssertionError(
                    case.operation.label, [str(failure) for failure in failures.exceptions]
                ) from failures

        every_answer_is_described()
