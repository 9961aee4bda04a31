"""The peer of bench/api.py: a FastAPI application that answers every question with the same JSON.

    python -P bench/api_bare.py PORT WORKERS ANSWER

Its workers share a socket as ours do: on uvicorn's own, whose protocol is 0, asyncio does not turn off Nagle's
algorithm, and every answer would wait 40 ms for an acknowledgement; and the worker that wakes first would take all the
connections of a burst.
"""

import json
import multiprocessing
import socket
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI, Response

from api.operation.listening import ACCEPTED_AT_ONCE, bound_socket

PORT, WORKERS = map(int, sys.argv[1:3])
ENCODED = sys.argv[3].encode()
ANSWER = json.loads(ENCODED)

app = FastAPI()


@app.post("/answer")
async def answer():  # as FastAPI's "First Steps" write it
    """Give the constant."""
    return ANSWER


@app.post("/declared")
async def declared() -> dict[str, Any]:
    """Give it as what it is said to be."""
    return ANSWER


@app.post("/encoded")
async def encoded() -> Response:
    """Give it as it was encoded beforehand, past what FastAPI does with answers."""
    return Response(ENCODED, media_type="application/json")


def work(listening: socket.socket) -> None:
    """Serve until told to stop."""
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, backlog=ACCEPTED_AT_ONCE)).run(
        sockets=[listening]
    )


if __name__ == "__main__":
    bound = bound_socket("127.0.0.1", PORT)
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=work, args=(bound,), daemon=True) for _ in range(WORKERS - 1)]
    for other in others:
        other.start()
    work(bound)
