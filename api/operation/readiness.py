"""Whether a worker should be sent requests: it can answer them, and is not about to stop."""

from collections.abc import Callable

from api.atlas import Atlas


class NotReadyError(RuntimeError):
    """Requests should go to another worker or machine for now; the message says why."""


class Readiness:
    """Readiness of a process.

    A store that cannot be reached is no reason: lookups go on, and no other worker could do better.

    Attributes
    ----------
    stopping
        Whether the process was told to stop. Running requests, and those that still come, are answered.
    """

    def __init__(self, atlas: Callable[[], Atlas]) -> None:
        self._atlas = atlas
        self.stopping = False

    def check(self) -> None:
        """Return where requests may come.

        Raises
        ------
        NotReadyError
            The process is stopping, nothing is active that could answer, or an index of an active release is not open.
        """
        if self.stopping:
            raise NotReadyError("this worker is stopping")
        atlas = self._atlas()
        if not atlas.has_sectors:
            raise NotReadyError("no sectors release is active")
        if closed := atlas.closed_indexes():
            raise NotReadyError(f"the index of {closed[0]} is not open")
