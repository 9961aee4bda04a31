"""The socket that workers share: a burst of connections waits in its queue, and is not for the first who wakes."""

import asyncio
import socket
from contextlib import ExitStack
from itertools import pairwise

from typing_extensions import override

from api.operation.listening import ACCEPTED_AT_ONCE, bound_socket

BURST = 40


async def accept_by_turns(shared: socket.socket) -> list[int]:
    """Serve until the burst is in; return how many connections there were after each turn of the loop."""
    made: list[asyncio.BaseTransport] = []

    class Counting(asyncio.Protocol):
        @override
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            made.append(transport)

    server = await asyncio.get_running_loop().create_server(Counting, sock=shared, backlog=ACCEPTED_AT_ONCE)
    counts = [len(made)]
    async with server, asyncio.timeout(30):
        while len(made) < BURST:
            await asyncio.sleep(0)
            counts.append(len(made))
        for transport in made:
            transport.close()
        await asyncio.sleep(0)
    return counts


def test_a_burst_is_accepted_a_few_a_turn_and_none_is_lost() -> None:
    with ExitStack() as opened:
        shared = opened.enter_context(bound_socket("127.0.0.1", 0))
        shared.listen()
        for _ in range(BURST):
            # They are connected while nobody accepts: the queue holds them, whatever asyncio asks for.
            client = opened.enter_context(socket.create_connection(shared.getsockname(), timeout=10))
            client.setblocking(False)
        counts = asyncio.run(accept_by_turns(shared))
    assert counts[-1] == BURST
    assert max(after - before for before, after in pairwise(counts)) <= ACCEPTED_AT_ONCE
