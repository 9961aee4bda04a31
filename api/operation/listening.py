"""The socket that workers share: bound once, before any of them starts."""

import socket
from typing import Final

from typing_extensions import override

WAITING: Final = 2048
"""Connections that the kernel keeps until a worker accepts them."""
ACCEPTED_AT_ONCE: Final = 1
"""How many a worker accepts in one turn of its event loop.

By itself asyncio takes as many as may wait: the worker that wakes first would get a whole burst of connections, and
serve it alone for as long as they are kept open.
"""


class SharedSocket(socket.socket):
    """A socket whose queue is as long as it should be, whatever asyncio, which has one number for both, asks for."""

    @override
    def listen(self, backlog: int = WAITING, /) -> None:
        """Begin to listen."""
        super().listen(WAITING)


class ListeningError(RuntimeError):
    """Nobody can listen there; the message says where and why."""


def bound_socket(host: str, port: int) -> SharedSocket:
    """Return a socket that is bound to an address and does not listen yet: until somebody serves, nobody waits.

    Raises
    ------
    ListeningError
        The address is not this machine's, or the port is taken or not allowed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = SharedSocket(family, kind, protocol)
    except OSError as error:
        raise ListeningError(f"cannot listen on {host}: {error.strerror}") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise ListeningError(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another with --port"
        ) from error
    return bound
