"""What no request may bring (slow or deep bodies, keys in URLs) and what every answer carries (headers, CORS)."""

import asyncio
import gzip
import json
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from api.json_depth import JsonDepth
from api.limits import BodyLimit
from api.settings import ServerSettings, StoreSettings

KEY = "bw_0123abcd_" + "0" * 48
PAGE = "https://form.example"


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """An application without data: nothing here is about answers."""
    folder = tmp_path_factory.mktemp("var")
    return create_app(StoreSettings(data_dir=folder), ServerSettings(editor_dir=folder, cors_origins=(PAGE,)))


@pytest.fixture(scope="module")
def caller(application: FastAPI) -> Iterator[TestClient]:
    with TestClient(application, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/healthz", "/v1/releases", "/v1/nothing", "/openapi.json", "/healthz?key=1"])
def test_every_answer_is_data_that_no_page_may_frame_run_or_keep(caller: TestClient, path: str) -> None:
    headers = caller.get(path).headers
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
    assert headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in headers


def test_an_answer_over_https_asks_for_https_from_then_on(application: FastAPI) -> None:
    with TestClient(application, base_url="https://localhost") as client:
        assert client.get("/healthz").headers["strict-transport-security"] == "max-age=31536000"


def test_a_refused_host_and_a_failure_of_ours_carry_the_headers_too(tmp_path: Path) -> None:
    application = create_app(StoreSettings(data_dir=tmp_path), ServerSettings())

    @application.get("/failing", include_in_schema=False)
    async def fail() -> None:
        raise ZeroDivisionError

    with TestClient(application, raise_server_exceptions=False) as client:
        for status, answer in (
            (421, client.get("/healthz", headers={"host": "rebound.example"})),
            (500, client.get("/failing")),
        ):
            assert answer.status_code == status
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-type"] == "application/problem+json"


def test_pages_of_named_origins_may_call_and_others_may_not(caller: TestClient) -> None:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    allowed = caller.options("/v1/verifications", headers={"Origin": PAGE} | asks)
    refused = caller.options("/v1/verifications", headers={"Origin": "https://elsewhere.example"} | asks)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, PAGE)
    assert "access-control-allow-credentials" not in allowed.headers
    assert "access-control-allow-origin" not in refused.headers
    # A refusal can be read by the page that it concerns.
    assert caller.get("/v1/releases?token=1", headers={"Origin": PAGE}).headers["access-control-allow-origin"] == PAGE


def test_without_named_origins_no_page_of_another_origin_may_call(tmp_path: Path) -> None:
    with TestClient(create_app(StoreSettings(data_dir=tmp_path), ServerSettings())) as client:
        answer = client.get("/healthz", headers={"Origin": PAGE})
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("origin", ["*", "form.example", "https://form.example/", "https://form.example/page", "null"])
def test_what_is_no_origin_is_no_setting(origin: str) -> None:
    with pytest.raises(ValueError, match="cors_origins"):
        ServerSettings(cors_origins=(origin,))


@pytest.mark.parametrize(
    "url",
    [
        f"/v1/releases?anything={KEY}",
        f"/v1/releases/{KEY}",
        f"/v1/releases?a={KEY.replace('_', '%5F')}",
        f"/v1/releases?a={KEY.replace('_', '%255F')}",
        "/v1/releases?key=x",
        "/v1/releases?API_KEY=x",
        "/v1/releases?x-api-key=x",
        "/v1/releases?a=1&access%5Ftoken=x",
        "/v1/releases?token",
        "/?key=x",
    ],
)
def test_a_key_in_a_url_is_refused_and_neither_repeated_nor_logged(
    caller: TestClient, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    answer = caller.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["type"].endswith("/key-in-url")
    assert "0123abcd" not in answer.text
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    assert "0123abcd" not in "".join(ours)


def test_words_that_only_look_like_keys_are_let_through(caller: TestClient) -> None:
    assert caller.get("/v1/releases?q=keyserlei&monkey=1&bw_=2&text=token").status_code == 401


@pytest.mark.parametrize("name", ["Authorization", "Content-Type", "Host", "Idempotency-Key"])
def test_a_field_that_has_one_value_may_not_come_twice(caller: TestClient, name: str) -> None:
    answer = caller.request("GET", "/healthz", headers=[(name, "localhost"), (name, "localhost")])
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/repeated-field")
    assert caller.get("/healthz", headers=[("Accept", "text/html"), ("Accept", "*/*")]).status_code == 200


def test_a_compressed_body_is_refused_as_such(caller: TestClient) -> None:
    refused = caller.post("/v1/verifications", content=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"})
    assert (refused.status_code, refused.headers["accept-encoding"]) == (415, "identity")
    assert refused.json()["type"].endswith("/coded-body")
    plain = caller.post("/v1/verifications", json={}, headers={"Content-Encoding": "identity"})
    assert plain.status_code == 401


@pytest.mark.parametrize(
    ("host", "status"), [("localhost", 200), ("LocalHost:80", 200), ("", 421), ("evil.example", 421)]
)
def test_a_host_has_no_case(caller: TestClient, host: str, status: int) -> None:
    assert caller.get("/healthz", headers={"Host": host}).status_code == status


async def ask_without_host(application: FastAPI, version: str) -> int:
    """Return the status of a request of a version of HTTP that names no host."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    head = {"type": "http", "http_version": version, "method": "GET", "path": "/healthz", "raw_path": b"/healthz"}
    await application(head | {"query_string": b"", "headers": [], "scheme": "http", "root_path": ""}, receive, send)
    return sent[0]["status"]


def test_a_request_of_http_1_1_names_a_host(tmp_path: Path) -> None:
    application = create_app(StoreSettings(data_dir=tmp_path), ServerSettings(allowed_hosts=("*",)))
    assert [asyncio.run(ask_without_host(application, version)) for version in ("1.1", "1.0")] == [400, 200]


@pytest.mark.parametrize("text", ["[" * 60_000, '{"a":' * 12_000, "[" * 33 + "]" * 33])
def test_json_that_is_nested_too_deep_is_refused_before_it_is_parsed(caller: TestClient, text: str) -> None:
    answer = caller.post("/v1/verifications", content=text, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "json-too-deep")


def test_brackets_in_strings_and_in_other_media_types_are_no_nesting(caller: TestClient) -> None:
    inside = json.dumps({"street": "[" * 100 + '\\"{{'})
    for content, media_type in ((inside, "application/json"), ("[" * 100, "text/csv")):
        answer = caller.post("/v1/verifications", content=content, headers={"Content-Type": media_type})
        assert answer.status_code != 400


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


TREES = st.recursive(
    st.none() | st.text('ab[]{}"\\é', max_size=6),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text('[}"\\', max_size=3), below, max_size=3),
    max_leaves=12,
)


@given(tree=TREES, cuts=st.lists(st.integers(0, 200), max_size=6), escaped=st.booleans())
def test_the_depth_of_json_does_not_hang_on_how_it_is_cut(tree: Any, cuts: list[int], escaped: bool) -> None:
    text = json.dumps(tree, ensure_ascii=escaped).encode()
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    told = JsonDepth()
    assert max(told.feed(text[a:b]) for a, b in pairwise(places)) == depth_of(tree)


def test_a_body_that_drips_is_ended_and_an_answer_that_streams_is_not() -> None:
    sent: list[dict[str, Any]] = []

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request" and message["more_body"]:
            pass
        if message["type"] == "http.request":
            await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    def ask(waits: list[float]) -> int:
        async def receive() -> dict[str, Any]:
            await asyncio.sleep(waits.pop(0))
            return {"type": "http.request", "body": b" ", "more_body": len(waits) > 1}

        async def send(message: Any) -> None:
            sent.append(message)

        sent.clear()
        scope = {"type": "http", "path": "/", "headers": [], "method": "POST"}
        asyncio.run(BodyLimit(app, 100, seconds=0.2)(scope, receive, send))
        return int(sent[0]["status"])

    began = time.monotonic()
    assert ask([0.0, 0.05, 0.05, 600.0, 0.0, 0.0]) == 408
    assert time.monotonic() - began < 60
    assert ask([0.0, 0.0, 0.4]) == 200


def test_a_client_that_leaves_within_a_file_is_no_failure_of_ours() -> None:
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, _send: Any) -> None:
        await Request(scope, receive).body()

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/", "headers": [], "method": "POST"}
    asyncio.run(BodyLimit(app, 100)(scope, receive, send))
    assert sent[0]["status"] == 400


@pytest.mark.parametrize(
    "asked",
    [
        {"method": "GET", "url": "/v1/municipalities/99001%00"},
        {"method": "GET", "url": "/v1/addresses:suggest?q=Kerk%00"},
        {"method": "POST", "url": "/v1/verifications", "content": b'{"line": "Kerk\\u0000straat"}'},
        {"method": "POST", "url": "/v1/verifications", "content": iter([b'{"line": "Kerk\\u0', b'000straat"}'])},
    ],
    ids=["path", "query", "body", "body-in-pieces"],
)
def test_no_store_has_to_keep_the_nul_character(caller: TestClient, asked: dict[str, Any]) -> None:
    answer = caller.request(**asked)
    assert (answer.status_code, answer.json()["type"].rsplit("/")[-1]) == (400, "nul-character")


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        (rb'{"line": "\ud83d\ude00"}', "not-authenticated"),
        (rb'{"line": "\ud83d"}', "unpaired-surrogate"),
        (rb'{"line": "\ude00\ud83d"}', "unpaired-surrogate"),
        (b'{"line": "\xed\xa0\xbd"}', "json-not-utf-8"),
        ('{"line": "Kerk\\u0000straat"}'.encode("utf-16"), "json-not-utf-8"),
    ],
    ids=["pair", "high", "wrong-order", "raw", "utf-16"],
)
def test_no_store_has_to_keep_half_a_character(caller: TestClient, body: bytes, slug: str) -> None:
    answer = caller.post("/v1/verifications", content=body)
    assert answer.json()["type"].rsplit("/")[-1] == slug


def test_a_backslash_before_u0000_is_text(caller: TestClient) -> None:
    answer = caller.post("/v1/verifications", content=b'{"line": "Kerk\\\\u0000straat"}')
    assert answer.json()["type"].rsplit("/")[-1] == "not-authenticated"
