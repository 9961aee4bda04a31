"""How long a client may take over the head of a request: uvicorn itself waits for it without end.

A client that opens connections and sends their heads by drops, or nothing ("Slowloris", R. Hansen, 2009), would hold
them all for as long as it likes. Here a head has its time, and where connections run out, those that have waited
longest for one go first: who sends a request is served.
"""

import asyncio
from typing import Any, ClassVar

import h11
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.problems import Kind, problem_response

HEAD_TOO_SLOW = Kind("head-too-slow", "The request came too slowly", 408, "Send the whole request at once.")


class HeadLimitProtocol(H11Protocol):
    """HTTP/1.1 whose connections are closed when the head of a request is not there in time.

    `head_limited` makes the class for one server.
    """

    seconds: ClassVar[float]
    """From the connection, or from the first byte of a further request, to the end of the head."""
    waiting: ClassVar[dict["HeadLimitProtocol", asyncio.TimerHandle]]
    """Connections that wait for a head, those first that have waited longest."""

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first head; make room for it where the connections have run out."""
        if self.limit_concurrency is not None and len(self.connections) + 1 >= self.limit_concurrency:
            longest = next(iter(self.waiting), None)
            if longest is not None:
                longest.refuse()
        super().connection_made(transport)
        self._wait()

    @override
    def data_received(self, data: bytes) -> None:
        """Take in what has come; a further request of the connection has its own time."""
        super().data_received(data)
        # None before the first request, whatever uvicorn's annotation says.
        if self.cycle is not None and not self.cycle.response_complete:  # type: ignore[redundant-expr]
            self._stop_waiting()
        elif self.conn.trailing_data[0]:
            self._wait()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def refuse(self) -> None:
        """Close the connection, and say why if anything of a request has come."""
        self._stop_waiting()
        if self.transport.is_closing():
            return
        begun = self.conn.trailing_data[0] if self.conn.our_state is h11.IDLE else b""
        if begun:
            self.transport.write(_refusal(self.seconds))
        self.transport.close()
        # The server counts it no more, before its end is seen.
        self.connections.discard(self)

    def _wait(self) -> None:
        if self not in self.waiting:
            self.waiting[self] = self.loop.call_later(self.seconds, self.refuse)

    def _stop_waiting(self) -> None:
        timer = self.waiting.pop(self, None)
        if timer is not None:
            timer.cancel()


def head_limited(seconds: float) -> type[HeadLimitProtocol]:
    """Return the protocol of one server.

    Parameters
    ----------
    seconds
        Longest time that the head of a request may take.
    """
    members: dict[str, Any] = {"seconds": seconds, "waiting": {}}
    return type("HeadLimitProtocol", (HeadLimitProtocol,), members)


def _refusal(seconds: float) -> bytes:
    answer = problem_response(HEAD_TOO_SLOW, f"the head of a request must be there within {seconds:g} s")
    headers = b"".join(b"%s: %s\r\n" % header for header in answer.raw_headers)
    return b"HTTP/1.1 408 Request Timeout\r\n" + headers + b"connection: close\r\n\r\n" + bytes(answer.body)
