"""Clients that hold connections: heads by drops, thousands of connections without a request."""

import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest

from api.settings import StoreSettings

ONCE = pytest.mark.parametrize("store_settings", ["sqlite"], indirect=True)
"""What is about connections does not hang on the store."""
CONNECTIONS = 10_000 if "BUURTWIJZER_SOAK" in os.environ else 1_000
LIMIT = CONNECTIONS // 20


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process, and the server that it starts, have a socket for every connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 1_000
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this process may have {hard} open files at most: {CONNECTIONS:,} connections are not tested")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=30)


@ONCE
def test_a_head_by_drops_is_refused_in_time_and_idle_connections_keep_nobody_out(
    store_settings: StoreSettings, serve: Any, many_files: None
) -> None:
    limits = {"BUURTWIJZER_SERVER_MAX_HEAD_SECONDS": "2", "BUURTWIJZER_SERVER_MAX_CONNECTIONS": str(LIMIT)}
    with serve(1, **limits) as server, ExitStack() as connections:
        drops, silent, second = (connections.enter_context(connect(server.url)) for _ in range(3))
        began = time.monotonic()
        second.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while not answer.endswith(b"}"):
            answer += second.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 200 ")
        for piece in (b"GET /healthz HT", b"TP/1.1\r\nHost: ", b"localhost\r\nX: "):
            drops.sendall(piece)
            second.sendall(piece)
            time.sleep(0.3)
        refusal = drops.recv(65_536)
        assert refusal.startswith(b"HTTP/1.1 408 ")
        assert b"/head-too-slow" in refusal
        assert silent.recv(1) == b""
        assert second.recv(65_536).startswith(b"HTTP/1.1 408 ")
        assert 2 <= time.monotonic() - began < 10
        for _ in range(CONNECTIONS):
            connections.enter_context(connect(server.url))
        with httpx2.Client(base_url=server.url, timeout=10) as client:
            assert [client.get("/healthz").status_code for _ in range(20)] == [200] * 20
