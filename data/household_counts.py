"""Reads the households of a municipality from the store: official counts, estimates and members by sector."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.store.household_models import Household
from data.store.models import AreaCount, Release, Sector
from geo.crs import area_m2
from households.estimates import MunicipalityCount, SectorFacts, complete_counts, published_rounding


@dataclass(frozen=True, slots=True)
class CountReleases:
    """The releases that counts come from; None where none is active."""

    sectors: Release
    sector_counts: Release | None
    municipality_counts: Release | None
    addresses: Release | None


def read_municipality_count(
    session: Session, releases: CountReleases, municipality_code: str, dwellings: Mapping[str, int] | None
) -> MunicipalityCount:
    """Return the households of a municipality's sectors: official where there is a count, else estimated.

    Parameters
    ----------
    session
        A session on the store.
    releases
        What to count from.
    municipality_code
        The municipality; one that has no sectors gives an empty count.
    dwellings
        Dwellings by sector (`Dwellings.counts`), or None where no register is active.
    """
    counts = _area_counts(session, releases.sector_counts)
    rows = session.execute(
        select(Sector.code, Sector.geometry)
        .where(Sector.release_id == releases.sectors.id, Sector.municipality_code == municipality_code)
        .order_by(Sector.code)
    ).all()
    shapes = np.array([geometry for _, geometry in rows], dtype=object)
    areas = area_m2(shapes, releases.sectors.crs or "") if rows else np.empty(0)
    sectors = {}
    for (code, _), area in zip(rows, areas, strict=True):
        households, population = counts.get(code, (None, None))
        sectors[code] = SectorFacts(
            households, None if dwellings is None else dwellings.get(code, 0), population, float(area)
        )
    official, _ = _area_counts(session, releases.municipality_counts, municipality_code).get(
        municipality_code, (None, None)
    )
    # Rounding is a habit of the publisher, so it is read from all its counts.
    rounding = published_rounding(households for households, _ in counts.values())
    return complete_counts(official, sectors, rounding=rounding)


def members_by_sector(session: Session, municipality_code: str, at: datetime) -> dict[str, int]:
    """Return the member households by sector at an instant, as far as retention has kept those that left."""
    rows = session.execute(
        select(Household.sector_code, func.count().label("members"))
        .where(
            Household.municipality_code == municipality_code,
            Household.joined_at <= at,
            Household.left_at.is_(None) | (Household.left_at > at),
        )
        .group_by(Household.sector_code)
    )
    return {row.sector_code: row.members for row in rows}


def _area_counts(
    session: Session, release: Release | None, area_code: str | None = None
) -> dict[str, tuple[int | None, int | None]]:
    if release is None:
        return {}
    wanted = select(AreaCount.area_code, AreaCount.households, AreaCount.population).where(
        AreaCount.release_id == release.id
    )
    if area_code is not None:
        wanted = wanted.where(AreaCount.area_code == area_code)
    return {code: (households, population) for code, households, population in session.execute(wanted)}
