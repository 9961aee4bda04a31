"""What holds for every route: problem details, limits, the OpenAPI document."""

import re

from fastapi.testclient import TestClient

from api.cli.serving import EXAMPLE


def test_an_unknown_route_is_a_problem(client: TestClient) -> None:
    answer = client.get("/v1/nothing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_wrong_method_names_the_right_ones(client: TestClient) -> None:
    answer = client.delete("/v1/releases")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.json()["type"].endswith("/method-not-allowed")


def test_every_path_names_the_methods_of_all_its_routes_and_takes_no_others(client: TestClient) -> None:
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        declared = {method.upper() for method in operations}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - declared:
            answer = client.request(method, path.replace("{", "").replace("}", ""))
            assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, declared), (method, path)


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
