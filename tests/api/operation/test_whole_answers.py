"""Heads of answers leave with their bodies, and no answer waits for a body that does not come."""

import asyncio
from typing import Any

import pytest
from typing_extensions import override

from api.operation.whole_answers import WholeAnswers

HEAD, BODY = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n", b"body"


class Recorded(asyncio.Transport):
    """Keeps what would be sent, write by write."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    @override
    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    @override
    def close(self) -> None:
        self.written.append(b"closed")

    @override
    def abort(self) -> None:
        self.written.append(b"aborted")


@pytest.mark.parametrize(
    ("done", "written"),
    [
        ([HEAD, BODY], [HEAD + BODY]),
        ([HEAD, BODY, b"more"], [HEAD + BODY, b"more"]),
        ([HEAD, b""], [HEAD]),
        ([HEAD, "send_kept"], [HEAD]),
        ([HEAD, "close"], [HEAD, b"closed"]),
        ([HEAD, "abort"], [b"aborted"]),
        ([HEAD, BODY, "send_kept", HEAD, BODY], [HEAD + BODY, HEAD + BODY]),
        ([HEAD, bytearray(b"HTTP/1.1 "), memoryview(b"more")], [HEAD + b"HTTP/1.1 ", b"more"]),
        ([b"HTTP/1.1 100 Continue\r\n\r\n"], [b"HTTP/1.1 100 Continue\r\n\r\n"]),
    ],
)
def test_a_head_leaves_with_what_follows_it(done: list[Any], written: list[bytes]) -> None:
    recorded = Recorded()
    transport = WholeAnswers(recorded)
    for each in done:
        if isinstance(each, str):
            getattr(transport, each)()
        else:
            transport.write(each)
    assert recorded.written == written
