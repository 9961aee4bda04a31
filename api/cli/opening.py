"""What commands open: the store and the data directory that the environment names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from api.settings import StoreSettings
from data.directory import DataDirectory
from data.store import Store, open_store

Place = Annotated[str, typer.Argument(help="Code or name of a municipality.", metavar="MUNICIPALITY")]


@contextmanager
def opened(*, migrating: bool | None = None) -> Iterator[tuple[Store, DataDirectory]]:
    """Give the store and the data directory, and close the store afterwards.

    Parameters
    ----------
    migrating
        Whether an older schema is migrated; by default as the environment says.
    """
    settings = StoreSettings()
    directory = DataDirectory(settings.data_dir)
    store = open_store(settings.store_url, migrating=settings.migrate if migrating is None else migrating)
    try:
        yield store, directory
    finally:
        store.close()
