"""The head of an answer leaves together with what follows it: uvicorn writes them one by one, in two packets.

A packet of its own for the head costs a system call, and a client that waits for both is woken twice.
"""

import asyncio
from typing import Any, Final

from typing_extensions import override

_HEAD: Final = b"HTTP/1.1 "
_GO_ON: Final = b"HTTP/1.1 100 "
"""For the client to send its body: no head of an answer."""


class WholeAnswers(asyncio.Transport):
    """A transport that keeps the head of an answer until its first piece, or until it is told that there is none.

    What only looks like a head is kept as long, which changes nothing but when it leaves.

    Parameters
    ----------
    transport
        Sends, and does all the rest.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._kept = b""

    @override
    def write(self, data: "bytes | bytearray | memoryview[Any]") -> None:
        """Send what was kept, and the data; or keep them."""
        if self._kept:
            kept, self._kept = self._kept, b""
            self._transport.write(kept + data)
        elif data[: len(_HEAD)] == _HEAD and data[: len(_GO_ON)] != _GO_ON:
            self._kept = bytes(data)
        else:
            self._transport.write(data)

    def send_kept(self) -> None:
        """Send what was kept: nothing follows it."""
        if self._kept:
            kept, self._kept = self._kept, b""
            self._transport.write(kept)

    @override
    def close(self) -> None:
        """Send what was kept, and close."""
        self.send_kept()
        self._transport.close()

    @override
    def abort(self) -> None:
        """Close at once."""
        self._kept = b""
        self._transport.abort()

    @override
    def is_closing(self) -> bool:
        """Whether it is closed, or about to be."""
        return self._transport.is_closing()

    @override
    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what is known of the connection."""
        return self._transport.get_extra_info(name, default)

    @override
    def pause_reading(self) -> None:
        """Take nothing in for now."""
        self._transport.pause_reading()

    @override
    def resume_reading(self) -> None:
        """Take in again."""
        self._transport.resume_reading()
