"""The store: what must be consistent and durable, in PostgreSQL with PostGIS or in an embedded SQLite file."""

from data.store.database import Store, StoreError, open_store

__all__ = ["Store", "StoreError", "open_store"]
