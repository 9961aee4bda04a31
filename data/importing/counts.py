"""Stages a release of household counts: writes Parquet and fills the store's table."""

from pathlib import Path

import pandas as pd
from sqlalchemy.orm import Session

from data.importing.staged import StagedRelease
from data.store.models import AreaCount, Release
from data.store.rows import insert_rows
from data.tables import COUNT_COLUMNS, Kind, SourceFacts

COUNTS_FILE = "counts.parquet"


def stage_counts(counts: pd.DataFrame, kind: Kind, facts: SourceFacts, folder: Path) -> StagedRelease:
    """Write the files of a release of counts.

    Parameters
    ----------
    counts
        Columns `area_code`, `households` and `population`; <NA> is unknown.
    kind
        Counts of sectors, or of municipalities.
    facts
        What the reader learned of the file.
    folder
        Empty folder to write to.
    """
    counts = counts.sort_values("area_code", ignore_index=True)
    counts.to_parquet(folder / COUNTS_FILE, index=False, compression="zstd")
    return StagedRelease(
        kind=kind,
        country=facts.country,
        crs=None,
        rows=len(counts),
        reference_date=facts.reference_date,
        findings=facts.findings,
        folder=folder,
        fill_store=lambda session, release: _fill_store(session, release, counts),
    )


def _fill_store(session: Session, release: Release, counts: pd.DataFrame) -> None:
    plain = counts.astype(object)
    plain = plain.where(plain.notna(), None)
    rows = [
        {"release_id": release.id, "area_code": code, "households": households, "population": population}
        for code, households, population in plain[list(COUNT_COLUMNS)].itertuples(index=False)
    ]
    insert_rows(session, AreaCount, rows)
