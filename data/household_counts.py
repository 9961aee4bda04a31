"""Reads the households of a municipality from the store: official counts, estimates and members by sector."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import nan
from typing import TypeVarTuple

import numpy as np
from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session

from data.directory import DataDirectory
from data.dwellings import Dwellings
from data.importing.staged import Progress
from data.municipalities import UnknownMunicipalityError
from data.releases import active_releases
from data.store.household_models import Household
from data.store.models import AreaCount, Release, Sector
from data.tables import Country, Kind
from geo.crs import area_m2
from households.estimates import (
    ROUNDINGS,
    MunicipalityCount,
    SectorFacts,
    complete_counts,
    published_rounding,
)

Columns = TypeVarTuple("Columns")


@dataclass(frozen=True, slots=True)
class CountReleases:
    """The releases that counts come from; None where none is active."""

    sectors: Release
    sector_counts: Release | None = None
    municipality_counts: Release | None = None
    addresses: Release | None = None

    @classmethod
    def of(cls, releases: Mapping[Kind, Release]) -> "CountReleases":
        """Take them from a country's active releases, which have sectors among them."""
        return cls(
            releases[Kind.SECTORS],
            releases.get(Kind.SECTOR_COUNTS),
            releases.get(Kind.MUNICIPALITY_COUNTS),
            releases.get(Kind.ADDRESSES),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of those that there are."""
        found = (self.sectors, self.sector_counts, self.municipality_counts, self.addresses)
        return tuple(release.name for release in found if release is not None)


@dataclass(frozen=True, slots=True)
class CountBasis:
    """What households are counted from."""

    releases: CountReleases
    dwellings: Dwellings | None = None
    """Those of the pair of sectors and addresses; None where no register is active."""


def read_basis(
    session: Session, directory: DataDirectory, country: Country, sectors: Release | None = None
) -> CountBasis:
    """Return what the households of a country are counted from.

    Parameters
    ----------
    sectors
        Sectors to count that need not be the active ones: a draft may be drawn on a former or a coming release. Their
        counts are those of the same file, where it had any, else the active ones.

    Raises
    ------
    UnknownMunicipalityError
        It has no active sectors.
    """
    releases = {release.table: release for release in active_releases(session) if release.country == country}
    active = releases.get(Kind.SECTORS)
    if sectors is not None and (active is None or sectors.id != active.id):
        of_file = select(Release).where(
            Release.source_sha256 == sectors.source_sha256, Release.kind == Kind.SECTOR_COUNTS
        )
        own = session.scalars(of_file.order_by(Release.id).limit(1)).first()
        releases |= {Kind.SECTORS: sectors} | ({} if own is None else {Kind.SECTOR_COUNTS: own})
    if Kind.SECTORS not in releases:
        raise UnknownMunicipalityError(f"no sectors of {country} are active, so that it has no municipalities")
    addresses = releases.get(Kind.ADDRESSES)
    dwellings = None if addresses is None else Dwellings.open(directory, releases[Kind.SECTORS], addresses)
    return CountBasis(CountReleases.of(releases), dwellings)


def prepare_dwellings(session: Session, directory: DataDirectory, release: Release, progress: Progress) -> None:
    """Make the dwellings of the pair that there is once a release is active, so that no request waits for it.

    Parameters
    ----------
    session
        A session on the store.
    directory
        Where the releases lie.
    release
        Any release; only sectors and addresses are one of a pair.
    progress
        Told how far the work is, where there is any.
    """
    releases = {found.table: found for found in active_releases(session) if found.country == release.country}
    releases[release.table] = release
    pair = {Kind.SECTORS, Kind.ADDRESSES}
    if release.table in pair and pair <= releases.keys():
        Dwellings.open(directory, releases[Kind.SECTORS], releases[Kind.ADDRESSES], progress)


def read_municipality_count(session: Session, basis: CountBasis, municipality_code: str) -> MunicipalityCount:
    """Return the households of a municipality's sectors: official where there is a count, else estimated.

    Parameters
    ----------
    session
        A session on the store.
    basis
        What to count from.
    municipality_code
        The municipality; one that has no sectors gives an empty count.
    """
    return read_municipality_counts(session, basis, [municipality_code])[municipality_code]


def read_municipality_counts(
    session: Session, basis: CountBasis, municipality_codes: Collection[str]
) -> dict[str, MunicipalityCount]:
    """Return the households of the sectors of several municipalities, by municipality, in a few queries for all.

    Parameters
    ----------
    session, basis
        As for `read_municipality_count`.
    municipality_codes
        The municipalities; one that has no sectors gives an empty count.
    """
    releases = basis.releases
    officials = _area_counts(session, releases.municipality_counts, municipality_codes)
    areas = _uncounted_areas_m2(session, releases, municipality_codes)
    sectors: dict[str, dict[str, SectorFacts]] = {code: {} for code in municipality_codes}
    wanted = _with_counts(
        select(Sector.municipality_code, Sector.code, AreaCount.households, AreaCount.population), releases
    )
    # Asked for in order, SQLite would walk through all sectors of the release, which are in order.
    chosen = session.execute(wanted.where(Sector.municipality_code.in_(municipality_codes))).all()
    for municipality_code, code, households, population in sorted(chosen, key=lambda row: row.code):
        dwellings = None if basis.dwellings is None else basis.dwellings.counts.get(code, 0)
        # No estimate asks for the area of a sector that is counted.
        sectors[municipality_code][code] = SectorFacts(households, dwellings, population, areas.get(code, nan))
    rounding = _rounding(session, releases.sector_counts)
    return {code: complete_counts(officials.get(code), own, rounding=rounding) for code, own in sectors.items()}


def is_member(at: datetime) -> ColumnElement[bool]:
    """Return the condition that a household is a member at an instant, as far as retention has kept those that left."""
    return (Household.joined_at <= at) & (Household.left_at.is_(None) | (Household.left_at > at))


def member_households(session: Session, municipality_code: str, at: datetime) -> dict[str, Counter[tuple[str, str]]]:
    """Return the member households by sector at an instant, as far as retention has kept those that left.

    Returns
    -------
    dict
        By the sector that they were found in when they joined: how many there are (more than one where a municipality
        admits several to a dwelling) by the name of their key and the pseudonym of their dwelling.
    """
    rows = session.execute(
        select(Household.sector_code, Household.key_id, Household.dwelling_key).where(
            Household.municipality_code == municipality_code,
            is_member(at),
        )
    )
    found: dict[str, Counter[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(row.sector_code, Counter())[row.key_id, row.dwelling_key] += 1
    return found


def _area_counts(session: Session, release: Release | None, area_codes: Collection[str]) -> dict[str, int | None]:
    if release is None:
        return {}
    wanted = select(AreaCount.area_code, AreaCount.households).where(
        AreaCount.release_id == release.id, AreaCount.area_code.in_(area_codes)
    )
    return {row.area_code: row.households for row in session.execute(wanted)}


def _rounding(session: Session, release: Release | None) -> int:
    """Return what a publisher rounds to: a habit, so that it is read from all its counts."""
    if release is None:
        return published_rounding(())
    of_release = AreaCount.release_id == release.id
    # One count that is no multiple of the smallest rounding says enough, and most releases have one at once.
    unrounded = select(AreaCount.area_code).where(of_release, AreaCount.households % ROUNDINGS[0] != 0).limit(1)
    if session.scalar(unrounded) is not None:
        return 1
    return published_rounding(session.scalars(select(AreaCount.households).where(of_release)))


def _with_counts(wanted: Select[*Columns], releases: CountReleases) -> Select[*Columns]:
    """Join the counts to a question about the sectors; where there is none, they are NULL."""
    # No release has the number 0. For NULL, SQLite would walk through all counts.
    release_id = 0 if releases.sector_counts is None else releases.sector_counts.id
    of_sector = and_(AreaCount.release_id == release_id, AreaCount.area_code == Sector.code)
    return wanted.select_from(Sector).outerjoin(AreaCount, of_sector).where(Sector.release_id == releases.sectors.id)


def _uncounted_areas_m2(
    session: Session, releases: CountReleases, municipality_codes: Collection[str]
) -> dict[str, float]:
    wanted = _with_counts(select(Sector.code, Sector.geometry), releases)
    rows = session.execute(
        wanted.where(Sector.municipality_code.in_(municipality_codes), AreaCount.households.is_(None))
    ).all()
    shapes = np.array([geometry for _, geometry in rows], dtype=object)
    areas = area_m2(shapes, releases.sectors.crs or "") if rows else np.empty(0)
    return dict(zip((code for code, _ in rows), areas.tolist(), strict=True))
