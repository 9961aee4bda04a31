"""Limits on what a request may bring: refused before it is read to the end."""

import asyncio
import re
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import unquote_plus

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
CLOSING: Final[Mapping[str, str]] = {"Connection": "close"}
"""For an answer to a request that has not come in to its end."""

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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless its body is refused."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        own = (limit for ending, limit in self.max_bytes_of.items() if scope["path"].endswith(ending))
        max_bytes = next(own, self.max_bytes)
        headers = dict(scope["headers"])
        announced = headers.get(b"content-length", b"0")

        def too_large() -> Response:
            return problem_response(BODY_TOO_LARGE, f"a request may have at most {max_bytes:,} bytes")

        # int() would take digits of other scripts and underscores, and fail on a number of ten thousand digits.
        if not announced.isdigit() or len(announced) > 18 or int(announced) > max_bytes:
            await too_large()(scope, receive, send)
            return
        media_type = headers.get(b"content-type", b"")
        pieces: list[bytes] = []
        is_json = b"json" in media_type.lower() or (not media_type and not scope["path"].endswith(self.files))
        depth = JsonDepth() if is_json else None
        ends = asyncio.get_running_loop().time() + self.seconds
        read = 0
        complete = False
        refusal: Response | None = None

        async def receive_limited() -> Message:
            nonlocal read, complete, refusal
            if refusal is not None:
                return {"type": "http.disconnect"}
            if complete:
                # What comes now is the client's leaving, however long that takes.
                return await receive()
            try:
                async with asyncio.timeout_at(ends):
                    message = await receive()
            except TimeoutError:
                refusal = problem_response(
                    BODY_TOO_SLOW, f"a request must be complete within {self.seconds:g} s", headers=CLOSING
                )
                return {"type": "http.disconnect"}
            piece = message.get("body", b"")
            read += len(piece)
            complete = not message.get("more_body", False)
            whole = complete and read == len(piece)
            if read > max_bytes:
                refusal = too_large()
            elif depth is not None and not (whole and self._is_shallow(piece)) and depth.feed(piece) > self.max_depth:
                refusal = problem_response(JSON_TOO_DEEP, f"JSON may be nested at most {self.max_depth} deep")
            elif depth is not None:
                pieces.append(piece)
                # Looked for at the end: a piece may break off within the escape.
                if complete and (fault := find_text_fault(b"".join(pieces))) is not None:
                    refusal = problem_response(TEXT_PROBLEMS[fault], fault.value)
            return message if refusal is None else {"type": "http.disconnect"}

        async def send_unless_refused(message: Message) -> None:
            # What the application says of a body that broke off is not what the client should hear.
            if refusal is None:
                await send(message)

        try:
            await self.app(scope, receive_limited, send_unless_refused)
        except ClientDisconnect:
            # From a route that reads its body itself: the client left, or only seems to have, as it was refused.
            refusal = refusal or problem_response(BODY_BROKEN_OFF, "the request broke off before its end")
        if refusal is not None:
            await refusal(scope, receive, send)

    def _is_shallow(self, text: bytes) -> bool:
        """Whether a whole text opens no more than it may be deep, be it in strings: most need no closer look."""
        return text.count(b"{") + text.count(b"[") <= self.max_depth


class UrlLimit:
    """ASGI middleware that refuses keys and U+0000 in URLs, and U+0000 in headers.

    Logs, histories and proxies keep URLs: a key in one is compromised, which the answer says without repeating it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless its path or query holds a key or a parameter that is meant for one."""
        refusal = _refusal_of_head(scope) if scope["type"] == "http" else None
        await (refusal or self.app)(scope, receive, send)


def _refusal_of_head(scope: Scope) -> Response | None:
    """Return the answer to a request that may not be passed on for its URL or headers, else None."""
    if _holds_key(scope["path"], scope["query_string"]):
        detail = "a key may not be in a URL, and nor may parameters such as key, api_key or token"
        return problem_response(KEY_IN_URL, detail)
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        return problem_response(NUL_CHARACTER, "the URL holds U+0000")
    if any(b"\0" in value for _, value in scope["headers"]):
        return problem_response(NUL_CHARACTER, "a header holds U+0000")
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
        self.hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless its Host header names another server."""
        if scope["type"] == "http" and "*" not in self.hosts:
            host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
            name, colon, port = host.rpartition(":")
            if (name if colon and port.isdigit() else host) not in self.hosts:
                await problem_response(UNKNOWN_HOST, "the Host header names another server")(scope, receive, send)
                return
        await self.app(scope, receive, send)
