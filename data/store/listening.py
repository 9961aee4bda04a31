"""Hears at once that the store has changed, where it is PostgreSQL: LISTEN on a connection of its own."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from data.store.database import CHANGES, Store

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0
"""Between two attempts to connect; each wait is twice the one before."""
CONNECTING: dict[str, Any] = {
    "autocommit": True,
    "connect_timeout": 5,
    # A server that vanished without a word is noticed within a minute.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}

logger = logging.getLogger(__name__)


class ChangeListener:
    """Listens for changes of a store until it is cancelled, and connects anew whenever it has lost the server.

    Parameters
    ----------
    store
        An SQLite store has nothing to listen to.
    woken
        Called in the event loop at every change, and after every connect: what happened before it was not heard.

    Attributes
    ----------
    listening
        Whether a change would be heard now; else whoever wants to follow has to look.
    """

    def __init__(self, store: Store, woken: Callable[[], None]) -> None:
        self._store = store
        self._woken = woken
        self.listening = False

    async def run(self) -> None:
        """Listen; return at once where there is nothing to listen to."""
        engine = self._store.engine
        if engine.dialect.name != "postgresql":
            return
        _, address = engine.dialect.create_connect_args(engine.url)
        wait_s = FIRST_WAIT_S
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**{**address, **CONNECTING}) as connection:
                    await connection.execute(SQL("LISTEN {}").format(Identifier(CHANGES)))
                    self.listening, wait_s = True, FIRST_WAIT_S
                    self._woken()
                    async for _ in connection.notifies():
                        self._woken()
            except (psycopg.Error, OSError) as error:
                if self.listening:
                    logger.warning("changes of the store are not heard any more, so it is polled: %s", error)
            finally:
                self.listening = False
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
