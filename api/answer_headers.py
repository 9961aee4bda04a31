"""What every answer tells a browser to keep it from doing, and the pages of other origins that may read answers."""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""For answers that are data (OWASP REST Security Cheat Sheet); a route's own headers, such as the editor's, stay."""
_ENCODED: Final = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
HSTS: Final = "max-age=31536000"
"""Sent over HTTPS alone (RFC 6797, 7.2): a year."""
EXPOSED: Final = ("ETag", "Link", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID")
"""Headers of answers that a page of another origin may read."""


class AnswerHeaders:
    """ASGI middleware that gives every answer the headers that it lacks.

    Parameters
    ----------
    closing
        Whether clients should take their next request to another connection: the server is stopping.
    """

    def __init__(self, app: ASGIApp, closing: Callable[[], bool] = lambda: False) -> None:
        self.app = app
        self.closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and complete the headers of its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                present = {name for name, _ in headers}
                headers += [header for header in _ENCODED if header[0] not in present]
                # An answer with a version may be kept by who asked, and is asked for anew; any other is not kept.
                if b"cache-control" not in present:
                    headers.append((b"cache-control", b"private, no-cache" if b"etag" in present else b"no-store"))
                if scope["scheme"] == "https" and b"strict-transport-security" not in present:
                    headers.append((b"strict-transport-security", HSTS.encode()))
                if self.closing():
                    headers = [header for header in headers if header[0] != b"connection"] + [(b"connection", b"close")]
                message["headers"] = headers
            await send(message)

        await self.app(scope, receive, send_completed)


def open_to_origins(app: FastAPI, origins: Collection[str]) -> None:
    """Let pages of other origins call an application (CORS, the Fetch standard); without any it stays closed.

    Keys are sent as a header, never by the browser of itself, so credentials are not allowed.
    """
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=sorted(origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "X-Request-ID"],
            expose_headers=EXPOSED,
            max_age=600,
        )
