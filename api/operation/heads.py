"""How long and how large the head of a request may be: uvicorn itself waits for it without end, and keeps all of it.

A client that opens connections and sends their heads by drops, or nothing ("Slowloris", R. Hansen, 2009), would hold
them all for as long as it likes. Here a head has its time, and where connections run out, those that have waited
longest for one go first: who sends a request is served.
"""

import asyncio
from typing import Any, ClassVar, Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.limits import WHOLE_BODY
from api.operation.whole_answers import WholeAnswers
from api.problems import Kind, problem_response

HEAD_TOO_SLOW: Final = Kind("head-too-slow", "The request came too slowly", 408, "Send the whole request at once.")
HEAD_TOO_LARGE: Final = Kind(
    "head-too-large", "The head of the request is too large", 431, "Send a shorter URL, and fewer or shorter headers."
)
LARGEST_HEAD: Final = 65_536
"""Bytes of a head that has not ended; one that came at once may have as many as one read brings."""


class HeadLimitProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose connections are closed when the head of a request is not there in time, or has no end.

    `head_limited` makes the class for one server.
    """

    seconds: ClassVar[float]
    """From the connection, or from the first byte of a further request, to the end of the head."""
    waiting: ClassVar[dict["HeadLimitProtocol", asyncio.TimerHandle]]
    """Connections that wait for a head, those first that have waited longest."""

    _begun = False
    """Whether a part of a head has come, and not its end."""
    _head_bytes = 0

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first head; make room for it where the connections have run out."""
        if self.limit_concurrency is not None and len(self.connections) + 1 >= self.limit_concurrency:
            longest = next(iter(self.waiting), None)
            if longest is not None:
                longest.refuse()
        self._answers_to = WholeAnswers(transport)
        super().connection_made(self._answers_to)
        self._wait()

    @override
    def data_received(self, data: bytes) -> None:
        """Take in what has come; a further request of the connection has its own time."""
        super().data_received(data)
        if self._begun:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD:
                self._close_with(HEAD_TOO_LARGE, f"the head of a request may have {LARGEST_HEAD:,} bytes")
                return
        if self._answers():
            self._stop_waiting()
        elif self._begun:
            self._wait()

    @override
    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._begun, self._head_bytes = True, 0

    @override
    def on_headers_complete(self) -> None:
        """End a head."""
        self._begun = False
        super().on_headers_complete()

    @override
    def on_message_complete(self) -> None:
        """End a request."""
        super().on_message_complete()
        if self.cycle is not None:
            self.cycle.scope["state"][WHOLE_BODY] = True

    @override
    def on_response_complete(self) -> None:
        """Send an answer that is a head alone, and give the head that has begun meanwhile its time."""
        self._answers_to.send_kept()
        super().on_response_complete()
        if self._begun and not self.transport.is_closing():
            self._wait()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def refuse(self) -> None:
        """Close the connection, and say why if anything of a request has come."""
        self._close_with(HEAD_TOO_SLOW, f"the head of a request must be there within {self.seconds:g} s")

    def _close_with(self, kind: Kind, detail: str) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        # Where an earlier request is being answered, a refusal would be taken for its answer.
        if self._begun and not self._answers():
            self.transport.write(_answer(kind, detail))
        self.transport.close()
        # The server counts it no more, before its end is seen.
        self.connections.discard(self)

    def _answers(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]  # at first

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


def _answer(kind: Kind, detail: str) -> bytes:
    answer = problem_response(kind, detail)
    headers = b"".join(b"%s: %s\r\n" % header for header in answer.raw_headers)
    return STATUS_LINE[answer.status_code] + headers + b"connection: close\r\n\r\n" + bytes(answer.body)
