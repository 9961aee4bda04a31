"""What answers are made from: the active releases of every country, read once into memory, never changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from boundaries.blocks import Area, part_at
from data.directory import DataDirectory
from data.importing.addresses import INDEX_FOLDER
from data.importing.sectors import INDEX_FILE
from data.plans.published import plans_in_force
from data.releases import active_releases
from data.store import Store
from data.store.models import AreaCount, Block, Buurt, Municipality, Plan, Release, Sector, StoreState
from data.tables import LANGUAGES, Country, Kind
from geo.addresses import AddressIndex
from geo.crs import LONLAT, transform_point
from geo.sector_index import SectorIndex
from households.counts import HouseholdSum, sum_households

Names = Mapping[str, str | None]
INDEXES: Mapping[Kind, str] = {Kind.SECTORS: "sector_index", Kind.ADDRESSES: "address_index"}
"""Kinds of releases that have an index, and the attribute of `CountryAtlas` that opens it."""


class OutsideCoverageError(LookupError):
    """A point that lies in no active sector."""


class NothingActiveError(LookupError):
    """A question that no active release can answer."""


@dataclass(frozen=True, slots=True)
class BuurtFacts:
    """A buurt of the plan in force."""

    code: str
    names: Names
    plan_version: int
    valid_from: date
    live: bool
    """Whether households may join."""


@dataclass(frozen=True, slots=True)
class MunicipalityFacts:
    """A municipality of the active sectors, with its counts as far as they are known."""

    code: str
    names: Names
    country: Country
    sectors: int
    buurten: int
    households: int | None
    """The official count of the municipality as a whole; None is unknown."""
    sector_households: HouseholdSum | None
    """The sum of its sectors' counts; None where no counts per sector are active."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a point lies."""

    country: Country
    sector_code: str
    sector_names: Names
    municipality: MunicipalityFacts
    buurt: BuurtFacts


@dataclass(frozen=True, slots=True)
class _BlockFacts:
    buurt: BuurtFacts
    shape: Area | None
    """None is the whole sector."""


@dataclass(frozen=True, slots=True)
class _SectorFacts:
    names: Names
    municipality_code: str
    blocks: tuple[_BlockFacts, ...]
    """At least one; in order of their codes."""

    def block_at(self, x: float, y: float) -> int:
        """Return the number of the block of a point that lies in the sector, in the sectors' CRS."""
        if len(self.blocks) == 1:
            return 0
        return part_at([block.shape for block in self.blocks if block.shape is not None], x, y)


class CountryAtlas:
    """The active releases of one country."""

    def __init__(self, country: Country, releases: Mapping[Kind, Release], directory: DataDirectory) -> None:
        self.country = country
        self.releases = releases
        self._directory = directory
        addresses = releases.get(Kind.ADDRESSES)
        self.address_crs = None if addresses is None else addresses.crs
        """The CRS of the active addresses' own positions; None where they have none."""
        self.answer_releases = tuple(releases[kind].name for kind in (Kind.ADDRESSES, Kind.SECTORS) if kind in releases)
        """Names of the releases that an answer about an address comes from."""
        self._sectors: Mapping[str, _SectorFacts] = {}
        self._places: dict[tuple[str, int], Place] = {}
        """Places that were asked for, by sector and number of the block: the next one there is the same."""
        self.municipalities: Mapping[str, MunicipalityFacts] = {}

    def read_store(self, session: Session, day: date) -> None:
        """Read names, counts and the plans that hold on a day, of the active sectors."""
        release = self.releases.get(Kind.SECTORS)
        if release is None:
            return
        blocks = _read_blocks(session, release, day)
        self._sectors = {
            row.code: _SectorFacts(_names(row), row.municipality_code, blocks[row.code])
            for row in session.execute(
                select(Sector.code, Sector.name_nl, Sector.name_fr, Sector.name_de, Sector.municipality_code).where(
                    Sector.release_id == release.id
                )
            )
        }
        self.municipalities = self._read_municipalities(session, release)

    def _read_municipalities(self, session: Session, release: Release) -> Mapping[str, MunicipalityFacts]:
        of_sectors = _read_households(session, self.releases.get(Kind.SECTOR_COUNTS))
        official = _read_households(session, self.releases.get(Kind.MUNICIPALITY_COUNTS)) or {}
        members: dict[str, list[str]] = {}
        for code, facts in self._sectors.items():
            members.setdefault(facts.municipality_code, []).append(code)
        columns = (Municipality.code, Municipality.name_nl, Municipality.name_fr, Municipality.name_de)
        rows = session.execute(
            select(*columns).where(Municipality.release_id == release.id).order_by(Municipality.code)
        )
        return {
            row.code: MunicipalityFacts(
                code=row.code,
                names=_names(row),
                country=self.country,
                sectors=len(members[row.code]),
                buurten=len(
                    {block.buurt.code for sector in members[row.code] for block in self._sectors[sector].blocks}
                ),
                households=official.get(row.code),
                sector_households=None
                if of_sectors is None
                else sum_households(of_sectors.get(sector) for sector in members[row.code]),
            )
            for row in rows
        }

    def take_over(self, previous: "CountryAtlas") -> None:
        """Keep the indexes open that a previous atlas has of the same releases: they never change."""
        for kind, name in INDEXES.items():
            mine, before = self.releases.get(kind), previous.releases.get(kind)
            if mine is not None and before is not None and _same(mine, before) and name in vars(previous):
                vars(self)[name] = vars(previous)[name]

    @cached_property
    def sector_index(self) -> SectorIndex | None:
        """The index of the active sectors, opened when first needed."""
        release = self.releases.get(Kind.SECTORS)
        return None if release is None else SectorIndex.open(self._directory.release_folder(release.name) / INDEX_FILE)

    @cached_property
    def address_index(self) -> AddressIndex | None:
        """The index of the active addresses, opened when first needed."""
        release = self.releases.get(Kind.ADDRESSES)
        if release is None:
            return None
        return AddressIndex.open(self._directory.release_folder(release.name) / INDEX_FOLDER)

    def buurt_today(self, sector_code: str, buurt_code: str) -> str | None:
        """Return the buurt of the plan in force that holds somebody who was found in a sector and a buurt before.

        A cut sector does not tell on which side of the cut that was: the buurt of then stays where it still has a part
        of the sector, else it is None, as in a sector that is no more.
        """
        sector = self._sectors.get(sector_code)
        now = set() if sector is None else {block.buurt.code for block in sector.blocks}
        if len(now) == 1:
            return now.pop()
        return buurt_code if buurt_code in now else None

    def place(self, x: float, y: float, crs: str) -> Place | None:
        """Return where a point in any CRS lies, or None outside the country's sectors."""
        index = self.sector_index
        if index is None:
            return None
        x, y = transform_point(x, y, crs, index.crs)
        code = index.locate(x, y)
        if code is None:
            return None
        sector = self._sectors[code]
        block = sector.block_at(x, y)
        place = self._places.get((code, block))
        if place is None:
            place = self._places[code, block] = Place(
                country=self.country,
                sector_code=code,
                sector_names=sector.names,
                municipality=self.municipalities[sector.municipality_code],
                buurt=sector.blocks[block].buurt,
            )
        return place


class Atlas:
    """The active releases of all countries and the plans of one day, as the store had them at one version."""

    def __init__(self, version: int, day: date, countries: Mapping[Country, CountryAtlas]) -> None:
        self.version = version
        self.day = day
        self.countries = countries

    @classmethod
    def read(cls, store: Store, directory: DataDirectory, day: date, previous: "Atlas | None" = None) -> "Atlas":
        """Read the active releases and the plans that hold on a day, in one transaction.

        Parameters
        ----------
        previous
            An atlas whose open indexes are kept where they are of the same releases.
        """
        with store.reading() as session:
            version = session.scalars(select(StoreState.version)).one()
            by_country: dict[Country, dict[Kind, Release]] = {}
            for release in active_releases(session):
                country: Country = "BE" if release.country == "BE" else "NL"
                by_country.setdefault(country, {})[release.table] = release
            countries = {
                country: CountryAtlas(country, releases, directory) for country, releases in by_country.items()
            }
            for country_atlas in countries.values():
                country_atlas.read_store(session, day)
                if previous is not None and (before := previous.countries.get(country_atlas.country)):
                    country_atlas.take_over(before)
        return cls(version, day, countries)

    def open_indexes(self) -> None:
        """Open every index now, so that the first question does not wait for it."""
        for country in self.countries.values():
            _ = country.sector_index, country.address_index

    @property
    def has_sectors(self) -> bool:
        """Whether the sectors of any country are active."""
        return any(Kind.SECTORS in country.releases for country in self.countries.values())

    def closed_indexes(self) -> list[str]:
        """Return the names of active releases whose index is not open."""
        return [
            country.releases[kind].name
            for country in self.countries.values()
            for kind, name in INDEXES.items()
            if kind in country.releases and vars(country).get(name) is None
        ]

    def locate(self, lon: float, lat: float) -> Place:
        """Return where a point in EPSG:4326 lies.

        Raises
        ------
        NothingActiveError
            No sectors are active.
        OutsideCoverageError
            The point lies in no active sector.
        """
        searched = [country for country in self.countries.values() if Kind.SECTORS in country.releases]
        if not searched:
            raise NothingActiveError("no sectors release is active")
        for country in searched:
            if place := country.place(lon, lat, LONLAT):
                return place
        raise OutsideCoverageError(f"no active sector covers longitude {lon}, latitude {lat}")

    def buurt_today(self, country: str, sector_code: str, buurt_code: str) -> str | None:
        """Return the buurt that holds today who was found in a sector and a buurt before; None where it cannot be told.

        See `CountryAtlas.buurt_today`.
        """
        of_country = next((each for each in self.countries.values() if each.country == country), None)
        return None if of_country is None else of_country.buurt_today(sector_code, buurt_code)

    def municipalities(self) -> Iterator[MunicipalityFacts]:
        """Give all municipalities, by country and code."""
        for country in self.countries.values():
            yield from country.municipalities.values()


def _same(one: Release, other: Release) -> bool:
    # After a restore another release may have a number that was one's before.
    return (one.id, one.name, one.files) == (other.id, other.name, other.files)


def _names(row: Row[*tuple[Any, ...]]) -> Names:
    return {language: getattr(row, f"name_{language}") for language in LANGUAGES}


def _read_blocks(session: Session, release: Release, day: date) -> Mapping[str, tuple[_BlockFacts, ...]]:
    """Read the blocks of every sector, in the plan of its municipality that holds on a day."""
    plans = {plan.id: plan for plan in plans_in_force(session, release, day).values()}
    buurten = {
        (row.plan_id, row.code): BuurtFacts(
            row.code, _names(row), plans[row.plan_id].version, plans[row.plan_id].valid_from, row.live
        )
        for row in session.execute(
            select(Buurt.plan_id, Buurt.code, Buurt.name_nl, Buurt.name_fr, Buurt.name_de, Buurt.live)
            .join(Plan, Plan.id == Buurt.plan_id)
            .where(Plan.release_id == release.id)
        )
        if row.plan_id in plans
    }
    rows = session.execute(
        select(Block.plan_id, Block.sector_code, Block.buurt_code, Block.geometry)
        .join(Plan, Plan.id == Block.plan_id)
        .where(Plan.release_id == release.id)
        .order_by(Block.sector_code, Block.code)
    )
    blocks: dict[str, tuple[_BlockFacts, ...]] = {}
    for row in rows:
        if row.plan_id in plans:
            block = _BlockFacts(buurten[row.plan_id, row.buurt_code], row.geometry)
            blocks[row.sector_code] = (*blocks.get(row.sector_code, ()), block)
    return blocks


def _read_households(session: Session, release: Release | None) -> dict[str, int | None] | None:
    if release is None:
        return None
    rows = session.execute(select(AreaCount.area_code, AreaCount.households).where(AreaCount.release_id == release.id))
    return {row.area_code: row.households for row in rows}
