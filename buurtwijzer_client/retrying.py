"""When a request is sent again, and after how long: only where it cannot happen twice by that."""

import random
from dataclasses import dataclass

import httpx2

NOT_CARRIED_OUT = 429
"""Refused before anything was done, so that any request may be sent again."""
PASSING = frozenset((502, 503, 504))


@dataclass(frozen=True, slots=True)
class Retries:
    """How patient a client is.

    Attributes
    ----------
    most
        How often a request is sent again.
    longest_s
        Seconds that are waited at most for one; where Retry-After asks for more, the refusal is raised at once.
    """

    most: int = 4
    longest_s: float = 30.0

    def wait_after(self, answer: httpx2.Response | None, tried: int, *, repeatable: bool) -> float | None:
        """Return the seconds to wait before a request is sent again; None where it is not.

        Parameters
        ----------
        answer
            What came; None where the connection failed.
        tried
            How often the request was sent again already.
        repeatable
            Whether sending it twice does no more than once: it reads, or it carries an idempotency key.
        """
        if tried >= self.most:
            return None
        status = None if answer is None else answer.status_code
        if not (status == NOT_CARRIED_OUT or (repeatable and (status is None or status in PASSING))):
            return None
        # Twice as long each time, and not all clients at once.
        wait = 0.25 * 2**tried * random.uniform(0.5, 1.0)  # nosec B311  # noqa: S311 -- no secret
        asked = None if answer is None else answer.headers.get("retry-after", "")
        if asked and asked.isdecimal():
            wait = max(wait, float(asked))
        return wait if wait <= self.longest_s else None
