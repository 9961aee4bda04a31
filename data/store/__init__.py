"""The store: what must be consistent and durable, in PostgreSQL with PostGIS or in an embedded SQLite file."""

from data.store.database import Store, StoreError, UnstorableValueError, open_store, parse_url

__all__ = ["Store", "StoreError", "UnstorableValueError", "open_store", "parse_url"]
