"""A release that is written to a folder and checked, but that nobody can see yet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import insert
from sqlalchemy.orm import Session

from data.store.models import Base, Release
from data.tables import Country, Finding, Kind

ROWS_PER_INSERT = 2_000


class Progress(Protocol):
    """Told how far a long piece of work is, in units of its own."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take note that `done` of `total` units of a stage are done."""


@dataclass(frozen=True, slots=True)
class StagedRelease:
    """What the store needs to know of a staged release, and what it puts into tables of its own."""

    kind: Kind
    country: Country
    crs: str | None
    rows: int
    reference_date: date | None
    findings: tuple[Finding, ...]
    folder: Path
    fill_store: Callable[[Session, Release], None]


def fill_nothing(_session: Session, _release: Release) -> None:
    """Put nothing into the store: the release lives in its files alone."""


def insert_rows(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows by the thousand, so that a statement stays small whatever the table's size."""
    for start in range(0, len(rows), ROWS_PER_INSERT):
        session.execute(insert(table), rows[start : start + ROWS_PER_INSERT])
