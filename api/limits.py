"""Limits on what a request may bring: refused before it is read to the end."""

import asyncio
import re
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import unquote_plus

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.head_fields import field_of
from api.json_characters import TextFault, find_text_fault
from api.json_depth import JsonDepth
from api.problems import BODY_TOO_LARGE, UNKNOWN_HOST, Kind, problem_response

BODY_TOO_SLOW = Kind("body-too-slow", "The request came too slowly", 408, "Send the whole request at once.")
BODY_BROKEN_OFF = Kind("body-broken-off", "The request broke off", 400, "Send the whole request.")
JSON_TOO_DEEP = Kind("json-too-deep", "The JSON is nested too deep", 400, "Send what /openapi.json describes.")
NUL_CHARACTER = Kind(
    "nul-character", "Text may not hold the NUL character", 400, "Leave the character U+0000 out: no store keeps it."
)
TEXT_PROBLEMS: Final[Mapping[TextFault, Kind]] = {
    TextFault.NUL: NUL_CHARACTER,
    TextFault.UNPAIRED: Kind(
        "unpaired-surrogate",
        "Text may not hold half a character",
        400,
        "Send both halves of the surrogate pair, or the character as UTF-8.",
    ),
    TextFault.ENCODING: Kind("json-not-utf-8", "The JSON is not UTF-8", 400, "Send it as UTF-8 (RFC 8259)."),
}
KEY_IN_URL = Kind(
    "key-in-url",
    "A key does not belong in a URL",
    400,
    "Send it as `Authorization: Bearer bw_…`; if a real key was in the URL, revoke it (buurtwijzer keys rotate).",
)
REPEATED_FIELD = Kind("repeated-field", "A header field was sent twice", 400, "Send it once.")
NO_HOST = Kind("no-host", "The request names no host", 400, "Send the header Host.")
CODED_BODY = Kind(
    "coded-body", "The body is compressed", 415, "Send it without Content-Encoding: compressed bodies are not read."
)
GIVEN_ONCE: Final = frozenset((b"authorization", b"content-type", b"host", b"idempotency-key"))
"""Fields with one value (RFC 9110, section 5.3): of two, a proxy before the server may read the other one."""
CLOSING: Final[Mapping[str, str]] = {"Connection": "close"}
"""For an answer to a request that has not come in to its end."""
WHOLE_BODY: Final = "whole_body"
"""In the state of a request whose body a server has read to its end before it passed it on: nobody waits for more."""

_KEY = re.compile(r"bw_[0-9a-f]{8}_", re.ASCII | re.IGNORECASE)
_WITHOUT_MARKS = str.maketrans("", "", "-_. []")
_KEY_PARAMETERS: Final = frozenset(
    ("key", "apikey", "xapikey", "token", "accesstoken", "apitoken", "bearer", "auth", "authorization", "secret")
)
"""Names of parameters that clients send keys in, without case and marks."""


class BodyLimit:
    """ASGI middleware that refuses a body that is too large or too slow, and JSON too deep or that no store keeps.

    Parameters
    ----------
    max_bytes
        Largest body, whether its length is announced or not.
    max_bytes_of
        Largest body of the paths that have a limit of their own, by how they end.
    seconds
        Longest time from the head of a request to the end of its body.
    max_depth
        Deepest nesting of a body that is not said to be something else than JSON.
    files
        How paths end that take files: their bodies are JSON only where that is said.
    """

    def __init__(
        self,
        app: ASGIApp,
        max_bytes: int,
        max_bytes_of: Mapping[str, int] | None = None,
        *,
        seconds: float = 60.0,
        max_depth: int = 32,
        files: tuple[str, ...] = (),
    ) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.max_bytes_of = max_bytes_of or {}
        self.seconds = seconds
        self.max_depth = max_depth
        self.files = files
        self._own_endings = tuple(self.max_bytes_of)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless its body is refused."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        max_bytes = self.max_bytes
        if path.endswith(self._own_endings):
            max_bytes = next(limit for ending, limit in self.max_bytes_of.items() if path.endswith(ending))
        headers = dict(scope["headers"])
        announced = headers.get(b"content-length", b"0")
        # int() would take digits of other scripts and underscores, and fail on a number of ten thousand digits.
        if not announced.isdigit() or len(announced) > 18 or int(announced) > max_bytes:
            await _too_large(max_bytes)(scope, receive, send)
            return
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            accepted = {"Accept-Encoding": "identity"}
            refusal = problem_response(CODED_BODY, "a body may have no Content-Encoding", headers=accepted)
            await refusal(scope, receive, send)
            return
        media_type = headers.get(b"content-type", b"")
        is_json = b"json" in media_type.lower() or (not media_type and not path.endswith(self.files))
        # A server that has the whole body already need not be waited for.
        waits = not scope.get("state", {}).get(WHOLE_BODY, False)
        body = _LimitedBody(receive, send, max_bytes, self.max_depth if is_json else None, self.seconds, waits=waits)
        try:
            await self.app(scope, body.receive, body.send)
        except ClientDisconnect:
            # From a route that reads its body itself: the client left, or only seems to have, as it was refused.
            body.refusal = body.refusal or problem_response(BODY_BROKEN_OFF, "the request broke off before its end")
        if body.refusal is not None:
            await body.refusal(scope, receive, send)


class _LimitedBody:
    """The body of one request as its application reads it, and the answer to what goes beyond a limit."""

    __slots__ = (
        "_complete",
        "_depth",
        "_ends",
        "_max_bytes",
        "_max_depth",
        "_pieces",
        "_read",
        "_receive",
        "_seconds",
        "_send",
        "refusal",
    )

    def __init__(
        self, receive: Receive, send: Send, max_bytes: int, max_depth: int | None, seconds: float, *, waits: bool
    ) -> None:
        self._receive = receive
        self._send = send
        self._max_bytes = max_bytes
        self._max_depth = max_depth
        """None for what is no JSON."""
        self._seconds = seconds
        self._ends = asyncio.get_running_loop().time() + seconds if waits else None
        self._depth: JsonDepth | None = None
        self._pieces: list[bytes] = []
        self._read = 0
        self._complete = False
        self.refusal: Response | None = None

    async def send(self, message: Message) -> None:
        """Send what the application says, but of a body that was refused, which is not what the client should hear."""
        if self.refusal is None:
            await self._send(message)

    async def receive(self) -> Message:
        """Return the next piece; once it is refused, as if the client had left."""
        if self.refusal is not None:
            return {"type": "http.disconnect"}
        if self._complete:
            # What comes now is the client's leaving, however long that takes.
            return await self._receive()
        try:
            if self._ends is None:
                message = await self._receive()
            else:
                async with asyncio.timeout_at(self._ends):
                    message = await self._receive()
        except TimeoutError:
            detail = f"a request must be complete within {self._seconds:g} s"
            self.refusal = problem_response(BODY_TOO_SLOW, detail, headers=CLOSING)
            return {"type": "http.disconnect"}
        piece: bytes = message.get("body", b"")
        self._read += len(piece)
        self._complete = not message.get("more_body", False)
        if self._read > self._max_bytes:
            self.refusal = _too_large(self._max_bytes)
        elif self._max_depth is not None:
            self.refusal = self._refusal_of_json(piece, self._max_depth)
        return message if self.refusal is None else {"type": "http.disconnect"}

    def _refusal_of_json(self, piece: bytes, max_depth: int) -> Response | None:
        whole = self._complete and self._read == len(piece)
        # A whole text that opens no more than it may be deep, be it in strings, needs no closer look: most are such.
        if not whole or piece.count(b"{") + piece.count(b"[") > max_depth:
            self._depth = self._depth or JsonDepth()
            if self._depth.feed(piece) > max_depth:
                return problem_response(JSON_TOO_DEEP, f"JSON may be nested at most {max_depth} deep")
        if not whole:
            self._pieces.append(piece)
        # Looked for at the end: a piece may break off within the escape.
        fault = find_text_fault(piece if whole else b"".join(self._pieces)) if self._complete else None
        return None if fault is None else problem_response(TEXT_PROBLEMS[fault], fault.value)


def _too_large(max_bytes: int) -> Response:
    return problem_response(BODY_TOO_LARGE, f"a request may have at most {max_bytes:,} bytes")


class HeadLimit:
    """ASGI middleware that refuses keys and U+0000 in URLs, and header fields that could be read in two ways.

    Logs, histories and proxies keep URLs: a key in one is compromised, which the answer says without repeating it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless its path or query holds a key, or its fields say two things."""
        refusal = _refusal_of_head(scope) if scope["type"] == "http" else None
        await (refusal or self.app)(scope, receive, send)


def _refusal_of_head(scope: Scope) -> Response | None:
    """Return the answer to a request that may not be passed on for its URL or headers, else None."""
    if _holds_key(scope["path"], scope["query_string"]):
        detail = "a key may not be in a URL, and nor may parameters such as key, api_key or token"
        return problem_response(KEY_IN_URL, detail)
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        return problem_response(NUL_CHARACTER, "the URL holds U+0000")
    once: set[bytes] = set()
    for name, value in scope["headers"]:
        if b"\0" in value:
            return problem_response(NUL_CHARACTER, "a header holds U+0000")
        if name in GIVEN_ONCE:
            if name in once:
                return problem_response(REPEATED_FIELD, f"the header {name.decode()} was sent twice")
            once.add(name)
    if b"host" not in once and scope["http_version"] == "1.1":
        return problem_response(NO_HOST, "the header Host is missing (RFC 9112, section 3.2)")
    return None


def _holds_key(path: str, query: bytes) -> bool:
    if _KEY.search(path):
        return True
    if not query:
        return False
    # Twice: a client that encodes what is encoded already hides a key from nobody but this.
    plain = unquote_plus(unquote_plus(query.decode("latin-1")))
    return _KEY.search(plain) is not None or any(
        parameter.partition("=")[0].casefold().translate(_WITHOUT_MARKS) in _KEY_PARAMETERS
        for parameter in re.split("[&;]", plain)
    )


class HostLimit:
    """ASGI middleware that answers only under the names that it was given.

    A page on another site can make a browser call a loopback server under a name of its own (DNS rebinding): the
    Host header gives it away.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless its Host header names another server."""
        if scope["type"] == "http" and "*" not in self.hosts:
            host = (field_of(scope, b"host") or "").lower()
            name, colon, port = host.rpartition(":")
            if (name if colon and port.isdigit() else host) not in self.hosts:
                await problem_response(UNKNOWN_HOST, "the Host header names another server")(scope, receive, send)
                return
        await self.app(scope, receive, send)
