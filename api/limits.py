"""Limits on what a request may bring: refused before it is read to the end."""

from collections.abc import Collection, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import BODY_TOO_LARGE, UNKNOWN_HOST, problem_response


class BodyLimit:
    """ASGI middleware that refuses a body larger than a limit, whether its length is announced or not.

    Parameters
    ----------
    max_bytes
        Largest body.
    max_bytes_of
        Largest body of the paths that have a limit of their own, by how they end.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, max_bytes_of: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.max_bytes_of = max_bytes_of or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless its body is too large."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        own = (limit for ending, limit in self.max_bytes_of.items() if scope["path"].endswith(ending))
        max_bytes = next(own, self.max_bytes)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        too_large = problem_response(BODY_TOO_LARGE, f"a request may have at most {max_bytes:,} bytes")
        # int() would take digits of other scripts and underscores, and fail on a number of ten thousand digits.
        if not announced.isdigit() or len(announced) > 18 or int(announced) > max_bytes:
            await too_large(scope, receive, send)
            return
        read = 0

        async def receive_limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            return message if read <= max_bytes else {"type": "http.disconnect"}

        async def send_unless_too_large(message: Message) -> None:
            # What the application says of a body that broke off is not what the client should hear.
            if read <= max_bytes:
                await send(message)

        await self.app(scope, receive_limited, send_unless_too_large)
        if read > max_bytes:
            await too_large(scope, receive, send)


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
