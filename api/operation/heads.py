"""How heads of requests are read: within a time and a size, which uvicorn itself does not limit, and as HTTP/1.1 alone.

A client that opens connections and sends their heads by drops, or nothing ("Slowloris", R. Hansen, 2009), would hold
them all for as long as it likes. Here a head has its time, and where connections run out, those that have waited
longest for one go first: who sends a request is served.

A client may wish for another protocol (Upgrade: h2c, as Java's does at first) and send a body all the same. RFC 9110
(section 7.8) lets a server pass over the wish, but httptools gives that body to nobody: such a request is read again
without it.
"""

import asyncio
from typing import Any, ClassVar, Final

import httptools
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.limits import WHOLE_BODY
from api.operation.whole_answers import WholeAnswers
from api.problems import Kind, problem_response

HEAD_TOO_SLOW: Final = Kind("head-too-slow", "The request came too slowly", 408, "Send the whole request at once.")
HEAD_TOO_LARGE: Final = Kind(
    "head-too-large", "The head of the request is too large", 431, "Send a shorter URL, and fewer or shorter headers."
)
MALFORMED: Final = Kind("malformed-request", "Not a request", 400, "Send HTTP/1.1 (RFC 9112).")
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
        self._unset_keepalive_if_required()
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._refuse_malformed()
            return
        if self._begun:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD:
                self._refuse_head(HEAD_TOO_LARGE, f"the head of a request may have {LARGEST_HEAD:,} bytes")
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
        """End a head, unless it is to be read again."""
        if not self._wishes():
            self._begun = False
            super().on_headers_complete()

    @override
    def on_message_complete(self) -> None:
        """End a request."""
        if not self._wishes():
            super().on_message_complete()
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
        self._refuse_head(HEAD_TOO_SLOW, f"the head of a request must be there within {self.seconds:g} s")

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if not self._wishes():
                    return
                data = self._without_wish() + data[upgrade.args[0] :]
                self.parser = httptools.HttpRequestParser(self)
                # As uvicorn does: what comes behind a last request is ignored.
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            else:
                return

    def _wishes(self) -> bool:
        """Whether the request wishes for another protocol; CONNECT is for a proxy, and has a refusal of its own."""
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

    def _without_wish(self) -> bytes:
        """Return the head that has just been read, without its field Upgrade."""
        fields = b"".join(b"%s: %s\r\n" % field for field in self.headers if field[0] != b"upgrade")
        version = self.parser.get_http_version().encode()
        return b"%s %s HTTP/%s\r\n%s\r\n" % (self.parser.get_method(), self.url, version, fields)

    def _refuse_malformed(self) -> None:
        self._stop_waiting()
        self._begun = False
        if self._answers() and not self.cycle.more_body:
            # What is wrong comes behind that request, whose answer is the last.
            self.cycle.keep_alive = False
            self.flow.pause_reading()
        elif self._answers() and self.cycle.response_started:
            self._close_with(b"")
        else:
            self._close_with(_answer(MALFORMED, "what came is not HTTP/1.1, or could be read in two ways"))

    def _refuse_head(self, kind: Kind, detail: str) -> None:
        # Where an earlier request is being answered, a refusal would be taken for its answer.
        self._close_with(_answer(kind, detail) if self._begun and not self._answers() else b"")

    def _close_with(self, last: bytes) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        self.transport.write(last)
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
