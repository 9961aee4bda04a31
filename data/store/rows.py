"""Writes many rows of a table at once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from data.store.models import Base

ROWS_PER_INSERT = 2_000


def insert_rows(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows by the thousand, so that a statement stays small whatever the table's size."""
    for start in range(0, len(rows), ROWS_PER_INSERT):
        session.execute(insert(table), rows[start : start + ROWS_PER_INSERT])
