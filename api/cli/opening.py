"""What commands open: the store and the data directory that the environment names."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.settings import StoreSettings
from data.directory import DataDirectory
from data.store import Store, open_store


@contextmanager
def opened() -> Iterator[tuple[Store, DataDirectory]]:
    """Give the store and the data directory, and close the store afterwards."""
    settings = StoreSettings()
    directory = DataDirectory(settings.data_dir)
    store = open_store(settings.store_url)
    try:
        yield store, directory
    finally:
        store.close()
