"""Heads of requests: too large, ambiguous about where they end, or begun while an earlier request is answered."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from api.operation.heads import LARGEST_HEAD, head_limited

HEAD_SECONDS = 0.3
SLOW_SECONDS = 3 * HEAD_SECONDS


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Say which path was asked for; `/slow` takes longer than a head may."""
    assert scope["type"] == "http"
    read, more = b"", True
    while more:
        message = await receive()
        read, more = read + message.get("body", b""), message.get("more_body", False)
    if scope["path"] == "/slow":
        await asyncio.sleep(SLOW_SECONDS)
    body = b"" if scope["path"] == "/none" else scope["path"].encode() + read
    status, headers = (200, [(b"content-length", b"%d" % len(body))]) if body else (204, [])
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Serve, and connect to it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(answer, http=head_limited(HEAD_SECONDS), lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        try:
            yield reader, writer
        finally:
            writer.close()
            server.should_exit = True
            await serving


async def exchange(*pieces: bytes) -> bytes:
    """Send pieces, and return all that is answered until the server closes the connection."""
    async with connected() as (reader, writer), asyncio.timeout(30):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await reader.read()


def test_a_head_without_end_is_refused_at_its_limit() -> None:
    begun = b"GET / HTTP/1.1\r\nX: "
    answered = asyncio.run(exchange(begun, b"x" * (LARGEST_HEAD - len(begun)), b"x"))
    assert answered.startswith(b"HTTP/1.1 431 ")
    assert b"/head-too-large" in answered


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4",
        b"Content-Length: 4\r\nContent-Length: 40",
        b"Content-Length: +4",
        b"Content-Length: 4, 4",
        b"Content-Length : 4",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: chunked, identity",
        b"X: 1\r\n folded: 2",
        b"X: a\0b",
        b"X: a\rb",
    ],
)
def test_what_two_servers_could_read_in_two_ways_is_refused(fields: bytes) -> None:
    """Request smuggling: RFC 9112, sections 5.1, 5.2, 6.1 and 6.3."""
    head = b"POST /first HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n\r\n"
    answered = asyncio.run(exchange(head, b"0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert b"/hidden" not in answered


def test_a_head_that_has_begun_does_not_cut_off_the_answer_before_it() -> None:
    answered = asyncio.run(exchange(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\nGET /next HT"))
    first, _, second = answered.partition(b"/slow")
    assert first.startswith(b"HTTP/1.1 200 ")
    assert second.startswith(b"HTTP/1.1 408 ")
    assert b"/head-too-slow" in second


def test_what_is_wrong_behind_a_request_does_not_cut_off_its_answer() -> None:
    answered = asyncio.run(exchange(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\x00\x01"))
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert answered.endswith(b"/slow")


@pytest.mark.parametrize("wrong", [b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/7.5\r\n\r\n", b"SURPRISE\r\n\r\n"])
def test_what_is_no_request_is_told_so(wrong: bytes) -> None:
    answered = asyncio.run(exchange(wrong))
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert b"/malformed-request" in answered


def test_requests_that_come_at_once_are_answered_in_turn() -> None:
    requests = b"".join(b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path for path in (b"slow", b"b", b"c"))
    closing = b"GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answered = asyncio.run(exchange(requests + closing))
    places = [answered.index(path) for path in (b"/slow", b"/b", b"/c", b"/last")]
    assert places == sorted(places)
    assert answered.count(b"HTTP/1.1 200 ") == 4


@pytest.mark.parametrize("request_line", [b"HEAD /b HTTP/1.1", b"GET /none HTTP/1.1", b"GET /b HTTP/1.0"])
def test_an_answer_without_a_body_does_not_wait_for_one(request_line: bytes) -> None:
    request = request_line + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert asyncio.run(exchange(request)).startswith(b"HTTP/1.1 20")


def test_a_client_that_asks_first_is_told_to_go_on() -> None:
    async def post() -> bytes:
        async with connected() as (reader, writer), asyncio.timeout(30):
            writer.write(b"POST /b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
            told = await reader.readuntil(b"\r\n\r\n")
            writer.write(b"body")
            return told + await reader.readuntil(b"\r\n\r\n")

    told = asyncio.run(post())
    assert told.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")


WISH = b"Host: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "body", [b"Content-Length: 4\r\n\r\nbody", b"Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"]
)
@pytest.mark.parametrize("size", [1, 20, 10_000])
def test_a_wish_for_another_protocol_is_passed_over_and_the_body_kept(body: bytes, size: int) -> None:
    sent = b"POST /first HTTP/1.1\r\n" + WISH + body + b"GET /second HTTP/1.1\r\n" + WISH + b"\r\n" + LAST
    answered = asyncio.run(exchange(*(sent[start : start + size] for start in range(0, len(sent), size))))
    assert answered.count(b"HTTP/1.1 200 ") == 3
    places = [answered.index(each) for each in (b"/firstbody", b"/second", b"/last")]
    assert places == sorted(places)


@pytest.mark.parametrize("target", [b"example.org:443", b"/first"])
def test_nobody_is_connected_to_elsewhere(target: bytes) -> None:
    answered = asyncio.run(exchange(b"CONNECT " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", LAST))
    assert b"/last" not in answered
