"""How deep JSON is nested, told while it comes in and before anything parses it."""

import re
from typing import Final

import numpy as np

_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_REST_OF_STRING: Final = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_STEPS: Final = np.zeros(256, dtype=np.int8)
_STEPS[list(b"[{")] = 1
_STEPS[list(b"]}")] = -1


class JsonDepth:
    r"""The nesting of a JSON text that comes in pieces.

    It need not be valid: what parses it afterwards says so. A parser that recurses ends with an error of its own on a
    text of a few kilobytes, which this tells before.

    Examples
    --------
    >>> depth = JsonDepth()
    >>> depth.feed(b'{"a": "[[[[", "b'), depth.feed(b'\\"[": [[1], {}]}'), depth.feed(b"")
    (1, 3, 0)
    """

    def __init__(self) -> None:
        self._open = 0
        self._unfinished = b""

    def feed(self, piece: bytes) -> int:
        """Take the next piece, and return the greatest depth in it.

        Parameters
        ----------
        piece
            Bytes of UTF-8, cut anywhere.
        """
        if self._unfinished:
            # Of the string that the last piece broke off in, no more is kept than whether an escape is open.
            piece = self._unfinished[1:] + piece
            end = _REST_OF_STRING.match(piece)
            if end is None:
                self._unfinished = b'"' + self._open_escape(piece)
                return self._open
            piece = piece[end.end() :]
        piece = _STRING.sub(b"", piece)
        quote = piece.find(b'"')
        self._unfinished = b"" if quote < 0 else b'"' + self._open_escape(piece[quote + 1 :])
        outside = piece if quote < 0 else piece[:quote]
        if not outside:
            return self._open
        depths = self._open + np.cumsum(_STEPS[np.frombuffer(outside, dtype=np.uint8)], dtype=np.int64)
        deepest = max(self._open, int(depths.max()))
        self._open = int(depths[-1])
        return deepest

    @staticmethod
    def _open_escape(text: bytes) -> bytes:
        """Return the backslash that a piece of a string ends with, unless it is escaped itself."""
        return b"\\" if (len(text) - len(text.rstrip(b"\\"))) % 2 else b""
