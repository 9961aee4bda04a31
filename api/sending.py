"""How answers are sent that a browser keeps: by gzip where it is taken, and not again where the browser has them."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Response

WORTH_COMPRESSING = 1_000
"""Bytes below which an answer is not compressed: the headers would be larger than the gain."""
FAST = 4
"""Level of gzip for what is made anew for each answer: a third of the time of the usual level, 3 % larger."""
REVALIDATED = "private, no-cache"
"""A browser keeps the answer, and asks each time whether it still holds."""
LASTING = "private, max-age=31536000, immutable"
"""Of an address that names the edition: another edition has another address."""
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "The client has it already."}}


@dataclass(frozen=True, slots=True)
class Packed:
    """A body, plain and by gzip."""

    content: bytes
    compressed: bytes | None
    """None where gzip does not pay."""

    @classmethod
    def of(cls, content: bytes, *, level: int = 6) -> "Packed":
        """Compress a body where that pays."""
        # The time that gzip writes into its header would make equal bodies differ.
        packed = gzip.compress(content, compresslevel=level, mtime=0) if len(content) >= WORTH_COMPRESSING else None
        return cls(content, packed if packed is not None and len(packed) < len(content) else None)

    @property
    def size(self) -> int:
        """Bytes that it takes in memory."""
        return len(self.content) + len(self.compressed or b"")

    def response(self, accept_encoding: str, media_type: str, headers: Mapping[str, str]) -> Response:
        """Return the response for a request that takes these encodings."""
        sent = {**headers, "Vary": "Accept-Encoding, Authorization"}
        if self.compressed is not None and takes_gzip(accept_encoding):
            return Response(self.compressed, media_type=media_type, headers=sent | {"Content-Encoding": "gzip"})
        return Response(self.content, media_type=media_type, headers=sent)


def unchanged(etag: str, cache_control: str = REVALIDATED) -> Response:
    """Return the response to a client that has the answer already."""
    return Response(status_code=304, headers={"ETag": etag, "Cache-Control": cache_control})


def is_known(etag: str, if_none_match: str | None) -> bool:
    """Whether an If-None-Match header names an ETag, by weak comparison (RFC 9110, 8.8.3.2).

    Examples
    --------
    >>> is_known('W/"a"', '"b", "a"'), is_known('W/"a"', "*"), is_known('W/"a"', None)
    (True, True, False)
    """
    known = [one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")]
    return "*" in known or etag.removeprefix("W/") in known


def takes_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header takes gzip.

    Examples
    --------
    >>> takes_gzip("gzip, deflate, br"), takes_gzip("br;q=1.0, gzip;q=0"), takes_gzip("")
    (True, False, False)
    """
    for one in accept_encoding.split(","):
        name, _, weight = one.partition(";")
        if name.strip().lower() in ("gzip", "*"):
            return weight.replace(" ", "").removeprefix("q=") not in ("0", "0.0", "0.00", "0.000")
    return False
