"""The socket that workers share: bound once, before any of them starts."""

import socket


class ListeningError(RuntimeError):
    """Nobody can listen there; the message says where and why."""


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address and does not listen yet: until somebody serves, nobody waits.

    Raises
    ------
    ListeningError
        The address is not this machine's, or the port is taken or not allowed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
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
