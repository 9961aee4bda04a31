"""Keeps a worker's atlas and keys current: hears or sees that the store has changed, and swaps in new ones."""

import asyncio
import logging
from asyncio import FIRST_COMPLETED
from collections.abc import Callable
from datetime import date
from time import monotonic, time

from sqlalchemy.exc import SQLAlchemyError

from api.atlas import Atlas
from data.api_keys import usable_keys
from data.directory import DataDirectory
from data.store import Store
from data.store.listening import ChangeListener

LISTENING_LOOK_S = 2.0
"""How often the store is looked at although its changes are heard."""

logger = logging.getLogger(__name__)


class AtlasKeeper:
    """Owns the current atlas of a process.

    A request takes `current` once and answers from it alone, so that it never sees half of a change.
    """

    def __init__(
        self, store: Store, directory: DataDirectory, reload_seconds: float, today: Callable[[], date]
    ) -> None:
        self.store = store
        self._directory = directory
        self._reload_seconds = reload_seconds
        self._today = today
        self._take_in(None)
        self.store_reachable = True

    def _take_in(self, previous: Atlas | None) -> None:
        atlas = Atlas.read(self.store, self._directory, self._today(), previous)
        atlas.open_indexes()
        # Keys are read after the atlas and never older than it: a change between the two is taken in by the next look.
        with self.store.reading() as session:
            self.keys = usable_keys(session)
        self.store.followed = atlas.version
        self.current = atlas
        self.taken_in_at = time()

    def refresh(self) -> None:
        """Swap in a new atlas if the store has changed; keep the present one while the store cannot be reached."""
        try:
            # A plan may hold from today on that did not yesterday.
            if self.store.version() != self.current.version or self._today() != self.current.day:
                self._take_in(self.current)
                logger.info("answers now follow store version %s", self.current.version)
            self.store_reachable = True
        except (SQLAlchemyError, OSError, ValueError) as error:
            # What is open goes on answering: a lookup needs neither the store nor the release that failed to open.
            if self.store_reachable:
                reason = str(getattr(error, "orig", error))
                logger.exception(
                    "the store or a new release cannot be read; answers stay as they are", extra={"reason": reason}
                )
            self.store_reachable = False

    async def watch(self, stop: asyncio.Event) -> None:
        """Refresh until told to stop; a refresh that is under way is finished, so that it leaves no connection open.

        Where changes of the store are heard, it is asked when there is one, and seldom besides; else, and while it
        cannot be read, every time.
        """
        woken = asyncio.Event()
        listener = ChangeListener(self.store, woken.set)
        tasks = [asyncio.create_task(work) for work in (listener.run(), stop.wait())]
        looked = monotonic()
        try:
            while not stop.is_set():
                changed = asyncio.create_task(woken.wait())
                await asyncio.wait([changed, tasks[1]], timeout=self._reload_seconds, return_when=FIRST_COMPLETED)
                changed.cancel()
                if stop.is_set():
                    return
                heard = woken.is_set()
                woken.clear()
                overdue = monotonic() - looked >= LISTENING_LOOK_S
                # What was heard while the store could not be read is not told again.
                unsure = not (listener.listening and self.store_reachable)
                if heard or overdue or unsure or self._today() != self.current.day:
                    looked = monotonic()
                    await asyncio.to_thread(self.refresh)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
