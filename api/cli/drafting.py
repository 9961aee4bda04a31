"""What commands that change plans open and name: the desk of drafts, the instant, who did it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from api.cli.opening import opened
from api.drafting import DraftDesk
from api.settings import HouseholdSettings
from data.store import Store
from households.dwelling_keys import read_keys

BY_COMMAND = "command-line"


def right_now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


@contextmanager
def open_desk() -> Iterator[tuple[Store, DraftDesk]]:
    """Give the store and the desk of drafts, and close the store afterwards."""
    settings = HouseholdSettings()
    with opened() as (store, directory):
        keys = read_keys(settings.keys) if settings.keys else None
        yield store, DraftDesk(store, directory, keys, settings.smallest_shown, right_now)
