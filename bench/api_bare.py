"""The peer of bench/api.py: a FastAPI application that answers every question with the same bytes.

    python bench/api_bare.py PORT WORKERS BYTES

Its workers share a socket that is made for TCP by name: on uvicorn's own, whose protocol is 0, asyncio does not turn
off Nagle's algorithm, and every answer would wait 40 ms for an acknowledgement.
"""

import multiprocessing
import socket
import sys

import uvicorn
from fastapi import FastAPI, Response

PORT, WORKERS, BYTES = map(int, sys.argv[1:])
CONSTANT = b"x" * BYTES

app = FastAPI()


@app.post("/v1/verifications")
async def answer() -> Response:
    """Give the constant."""
    return Response(CONSTANT, media_type="application/json")


def work(listening: socket.socket) -> None:
    """Serve until told to stop."""
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listening])


if __name__ == "__main__":
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", PORT))
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=work, args=(bound,), daemon=True) for _ in range(WORKERS - 1)]
    for other in others:
        other.start()
    work(bound)
