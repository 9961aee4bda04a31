"""A release that is written to a folder and checked, but that nobody can see yet."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session

from data.store.models import Release
from data.tables import Country, Finding, Kind


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
