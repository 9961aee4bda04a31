"""Selects the dwellings of an area, a line, a street, a list of addresses or buurten, each with its buurt of a day.

Reach, letters and their round plan all select here, so that a message that was counted is the one that is sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from boundaries.blocks import Area
from boundaries.borders import BORDER_TOLERANCE_M
from data.block_counts import owning_parts
from data.directory import DataDirectory
from data.dwellings import DWELLING_SCHEMA, Dwellings
from data.household_counts import CountBasis, read_basis
from data.importing.sectors import SECTORS_FILE
from data.municipalities import UnknownMunicipalityError, list_municipalities, plain_name
from data.plans.published import PlacedBlock, PublishedPlan, plan_on, sector_shapes
from data.releases import active_releases
from data.store.models import Buurt, Plan, Sector
from data.tables import LANGUAGES, Country, Kind, country_of
from geo.crs import LONLAT, OFFICIAL_CRS, area_m2, in_crs_units, transform_points, transform_shapes
from households.selections import AtAddresses, InArea, InBuurten, NearLine, OnStreet, Wish

SELECTED_SCHEMA = DWELLING_SCHEMA.append(pa.field("buurt_code", pa.string(), nullable=False)).append(
    pa.field("part_code", pa.string(), nullable=False)
)
"""The columns of a dwelling, its buurt, and its part as `data.buurt_counts.CountedPart` names them: the sector, or the
block where the sector is divided between buurten."""
_QUARTER_SEGMENTS = 32
"""Of a circle around the end of a line: the area, though not its dwellings, is up to 0.03 % of the distance short."""


class SelectionError(LookupError):
    """What is wished for cannot be selected; the message says why, and what to do."""


class NothingThereError(SelectionError):
    """No active sector, no street or no dwelling is where somebody looks."""


class SeveralStreetsError(SelectionError):
    """Several streets of the municipality have that name; the message lists them."""


class NoRegisterError(SelectionError):
    """No addresses release is active, so that no dwelling is known."""


class NoSuchBuurtError(SelectionError):
    """No plan in force has a buurt of that code."""


@dataclass(frozen=True, slots=True)
class SelectedMunicipality:
    """What is selected in one municipality, by its plan of the day."""

    plan: PublishedPlan
    basis: CountBasis
    dwellings: pa.Table
    """`SELECTED_SCHEMA`, by sector and then in the register's order."""
    ground_m2: Mapping[str, float]
    """Selected ground in every block that has some; none where dwellings alone are selected."""
    buurt_codes: tuple[str, ...]
    """Of the buurten with a selected dwelling or ground, in order."""

    @property
    def code(self) -> str:
        """The municipality's code."""
        return self.plan.row.municipality_code


@dataclass(frozen=True, slots=True)
class Selection:
    """The dwellings that somebody wishes to reach."""

    municipalities: tuple[SelectedMunicipality, ...]
    """Those with a selected dwelling or ground, by code."""
    unknown_addresses: tuple[str, ...] = ()
    """Those of a list that are no dwelling of a register: no home, not current, or without a usable position."""


def select_dwellings(session: Session, directory: DataDirectory, wish: Wish, day: date) -> Selection:
    """Select the dwellings that somebody wishes to reach, from the active registers.

    Parameters
    ----------
    session
        A session on the store.
    directory
        Where the releases lie.
    wish
        What is wished for. Areas and lines are taken in the CRS of the sectors, distances in metres of the plane of
        that CRS (or of the country's official one, where the sectors are in degrees).
    day
        The day whose plans say which buurt a dwelling is in.

    Raises
    ------
    NothingThereError
        Nothing is there to be selected.
    SeveralStreetsError
        A street is named that there are several of.
    NoSuchBuurtError
        A buurt is in no plan in force.
    NoRegisterError
        Dwellings are asked for where no register is active.
    UnknownMunicipalityError
        The municipality of a street or a buurt is none of the active sectors.
    """
    match wish:
        case InArea() | NearLine():
            found = [
                municipality
                for country in _countries(session)
                for municipality in _on_ground(session, directory, wish, country, day)
            ]
            if not found:
                raise NothingThereError("no active sector lies there")
            return _sorted(found)
        case OnStreet():
            _require_municipality(session, wish.municipality_code)
            basis = read_basis(session, directory, country_of(wish.municipality_code))
            return _sorted(_by_municipality(session, basis, _of_street(session, basis, wish), day))
        case AtAddresses():
            return _at_addresses(session, directory, wish, day)
        case InBuurten():
            return _in_buurten(session, directory, wish, day)


def assign_buurten(table: pa.Table, blocks_of: Mapping[str, Sequence[PlacedBlock]]) -> pa.Table:
    """Give dwellings their buurt.

    Parameters
    ----------
    table
        Dwellings (`data.dwellings.DWELLING_SCHEMA`) of sectors of one plan.
    blocks_of
        The plan's blocks by sector.

    Returns
    -------
    pyarrow.Table
        `SELECTED_SCHEMA`.
    """
    sectors = table["sector_code"].to_numpy(zero_copy_only=False)
    x, y = table["x"].to_numpy(), table["y"].to_numpy()
    placed = np.empty((2, table.num_rows), dtype=object)
    for code in pc.unique(table["sector_code"]).to_pylist():
        here, blocks = np.flatnonzero(sectors == code), blocks_of[code]
        if len({block.buurt_code for block in blocks}) == 1:
            placed[:, here] = [[blocks[0].buurt_code], [code]]
            continue
        own = np.array([(block.buurt_code, block.code) for block in blocks], dtype=object).T
        placed[:, here] = own[:, owning_parts(x[here], y[here], [_shape(block) for block in blocks])]
    for field, column in zip(list(SELECTED_SCHEMA)[-2:], placed, strict=True):
        table = table.append_column(field, pa.array(column, pa.string()))
    return table


def _on_ground(
    session: Session, directory: DataDirectory, wish: InArea | NearLine, country: Country, day: date
) -> Iterable[SelectedMunicipality]:
    basis = read_basis(session, directory, country)
    crs = basis.releases.sectors.crs or ""
    try:
        ground = _ground(wish, country, crs)
    except ValueError:
        return []  # it has no image in this country's plane: it lies on another side of the earth
    # Read from the release, whose boxes say which sectors are near, on either store.
    folder = directory.release_folder(basis.releases.sectors.name)
    near = gpd.read_parquet(
        folder / SECTORS_FILE, columns=["sector_code", "municipality_code", "geometry"], bbox=ground.bounds
    )
    near = near[shapely.intersects(near.geometry.to_numpy(), ground)]
    if near.empty:
        return []
    table = DWELLING_SCHEMA.empty_table()
    if basis.dwellings is not None:
        table = basis.dwellings.in_sectors(near["sector_code"])
        table = table.filter(pa.array(_holds(wish, ground, table, country, crs)))
    return _by_municipality(session, basis, table, day, ground, sorted(set(near["municipality_code"])))


def _ground(wish: InArea | NearLine, country: Country, crs: str) -> Area:
    """Return the selected ground in a CRS.

    Raises
    ------
    ValueError
        It has no image there.
    """
    if isinstance(wish, InArea):
        return wish.area.in_crs(crs)
    plane = _plane(country, crs)
    line = wish.line.in_crs(plane)
    return transform_shapes(
        shapely.buffer(line, wish.distance_m, quad_segs=_QUARTER_SEGMENTS),
        plane,
        crs,
    )


def _plane(country: Country, crs: str) -> str:
    return OFFICIAL_CRS[country] if crs == LONLAT else crs


def _holds(wish: InArea | NearLine, ground: Area, table: pa.Table, country: Country, crs: str) -> npt.NDArray[np.bool_]:
    x, y = table["x"].to_numpy(), table["y"].to_numpy()
    if isinstance(wish, InArea):
        shapely.prepare(ground)
        return np.asarray(shapely.intersects_xy(ground, x, y))
    # A distance is measured, not read from the ground's round ends, which have corners.
    plane = _plane(country, crs)
    line = wish.line.in_crs(plane)
    shapely.prepare(line)
    return np.asarray(shapely.dwithin(line, shapely.points(*transform_points(x, y, crs, plane)), wish.distance_m))


def _of_street(session: Session, basis: CountBasis, wish: OnStreet) -> pa.Table:
    dwellings = _dwellings(basis)
    sectors = session.scalars(
        select(Sector.code).where(
            Sector.release_id == basis.releases.sectors.id, Sector.municipality_code == wish.municipality_code
        )
    ).all()
    table = dwellings.in_sectors(sectors)
    # A street's name is that of the register's municipality, whichever sector a house by its border lies in.
    table = table.filter(pc.equal(table["municipality_code"], wish.municipality_code))
    if wish.postcode is not None:
        table = table.filter(pc.equal(table["postcode"], wish.postcode))
    if wish.street_id is not None:
        table = table.filter(pc.equal(table["street_id"], wish.street_id))
    if wish.name is not None:
        table = table.filter(pa.array(_called(table, wish.name)))
    told = " ".join(part for part in (wish.name, wish.street_id, wish.postcode) if part)
    if not table.num_rows:
        raise NothingThereError(f"no street {told} of {wish.municipality_code} has a dwelling")
    ids = pc.unique(table["street_id"]).to_pylist()
    if len(ids) > 1:
        raise SeveralStreetsError(_told_apart(table, wish))
    if ids[0] is None:
        return table
    # Its houses beyond the municipality's border too.
    everywhere = dwellings.where("street_id", [ids[0]])
    return everywhere if wish.postcode is None else everywhere.filter(pc.equal(everywhere["postcode"], wish.postcode))


def _called(table: pa.Table, name: str) -> npt.NDArray[np.bool_]:
    wanted = plain_name(name)
    called = np.zeros(table.num_rows, np.bool_)
    for language in LANGUAGES:
        names = table[f"street_{language}"]
        alike = [one for one in pc.unique(names).to_pylist() if one is not None and plain_name(one) == wanted]
        called |= pc.is_in(names, value_set=pa.array(alike, pa.string())).to_numpy(zero_copy_only=False)
    return called


def _told_apart(table: pa.Table, wish: OnStreet) -> str:
    streets = table.group_by(["street_id", "postcode"]).aggregate([]).sort_by("street_id").to_pylist()
    listed = ", ".join(f"{row['street_id'] or 'without identifier'} ({row['postcode'] or '?'})" for row in streets[:10])
    return f"{wish.municipality_code} has several streets {wish.name}: {listed}; give street_id or postcode"


def _at_addresses(session: Session, directory: DataDirectory, wish: AtAddresses, day: date) -> Selection:
    found: list[SelectedMunicipality] = []
    unknown = set(wish.address_ids)
    bases = [read_basis(session, directory, country) for country in _countries(session)]
    if all(basis.dwellings is None for basis in bases):
        raise NoRegisterError("no addresses release is active; import one first")
    for basis in bases:
        if basis.dwellings is not None:
            table = basis.dwellings.where("address_id", set(wish.address_ids))
            unknown -= set(table["address_id"].to_pylist())
            found += _by_municipality(session, basis, table, day)
    return _sorted(found, tuple(one for one in dict.fromkeys(wish.address_ids) if one in unknown))


def find_buurt(session: Session, buurt_code: str, day: date) -> PublishedPlan:
    """Return the plan of the active sectors that is in force on a day and has a buurt.

    Raises
    ------
    NoSuchBuurtError
        There is none.
    """
    for release in active_releases(session):
        if release.table == Kind.SECTORS:
            # A buurt keeps its code where its municipality has merged into another.
            of = select(Plan.municipality_code).join(Buurt, Buurt.plan_id == Plan.id)
            for municipality_code in session.scalars(
                of.where(Buurt.code == buurt_code, Plan.release_id == release.id).distinct()
            ).all():
                plan = plan_on(session, municipality_code, day, release)
                if buurt_code in plan.buurten:
                    return plan
    raise NoSuchBuurtError(f"there is no buurt {buurt_code!r} in a plan that is in force on {day:%Y-%m-%d}")


def _in_buurten(session: Session, directory: DataDirectory, wish: InBuurten, day: date) -> Selection:
    plans: dict[str, tuple[PublishedPlan, set[str]]] = {}
    for code in wish.buurt_codes:
        plan = find_buurt(session, code, day)
        plans.setdefault(plan.row.municipality_code, (plan, set()))[1].add(code)
    found = []
    for plan, codes in plans.values():
        basis = read_basis(session, directory, country_of(plan.row.municipality_code))
        sectors = {block.sector_code for block in plan.blocks if block.buurt_code in codes}
        table = assign_buurten(_dwellings(basis).in_sectors(sectors), plan.by_sector())
        table = table.filter(pc.is_in(table["buurt_code"], value_set=pa.array(sorted(codes))))
        found.append(SelectedMunicipality(plan, basis, table, {}, tuple(sorted(codes))))
    return _sorted(found)


def _by_municipality(
    session: Session,
    basis: CountBasis,
    table: pa.Table,
    day: date,
    ground: Area | None = None,
    municipality_codes: Sequence[str] = (),
) -> list[SelectedMunicipality]:
    """Divide selected dwellings and ground by the municipality of their sectors."""
    release = basis.releases.sectors
    sectors = pc.unique(table["sector_code"]).to_pylist()
    municipality_of: dict[str, str] = {}
    for start in range(0, len(sectors), 1_000):
        some = select(Sector.code, Sector.municipality_code).where(
            Sector.release_id == release.id, Sector.code.in_(sectors[start : start + 1_000])
        )
        municipality_of |= {row.code: row.municipality_code for row in session.execute(some)}
    found = []
    for code in sorted({*municipality_of.values(), *municipality_codes}):
        plan = plan_on(session, code, day, release)
        own = pa.array([sector for sector, of in municipality_of.items() if of == code], pa.string())
        here = assign_buurten(table.filter(pc.is_in(table["sector_code"], value_set=own)), plan.by_sector())
        ground_m2 = {} if ground is None else _ground_in_blocks(session, plan, ground)
        buurten = set(pc.unique(here["buurt_code"]).to_pylist())
        buurten |= {block.buurt_code for block in plan.blocks if block.code in ground_m2}
        if buurten:
            found.append(SelectedMunicipality(plan, basis, here, ground_m2, tuple(sorted(buurten))))
    return found


def block_shapes(session: Session, plan: PublishedPlan, blocks: Sequence[PlacedBlock]) -> npt.NDArray[np.object_]:
    """Return the shapes of some blocks of a plan, shape (n,), in its CRS."""
    official = sector_shapes(session, plan.release, {block.sector_code for block in blocks if block.shape is None})
    return np.array([block.shape or official[block.sector_code] for block in blocks], dtype=object)


def _ground_in_blocks(session: Session, plan: PublishedPlan, ground: Area) -> dict[str, float]:
    crs = plan.release.crs or ""
    inside = shapely.intersection(block_shapes(session, plan, plan.blocks), ground)
    # An area drawn along a border is not meant to touch what is beyond it, and never lies on it exactly.
    real = ~shapely.is_empty(shapely.buffer(inside, -in_crs_units(BORDER_TOLERANCE_M, crs)))
    sizes = area_m2(inside, crs)
    return {block.code: float(size) for block, size, is_real in zip(plan.blocks, sizes, real, strict=True) if is_real}


def _shape(block: PlacedBlock) -> Area:
    if block.shape is None:
        raise ValueError(f"block {block.code} of a divided sector has no shape of its own")
    return block.shape


def _dwellings(basis: CountBasis) -> Dwellings:
    if basis.dwellings is None:
        raise NoRegisterError(f"no addresses release is active in {basis.releases.sectors.country}; import one first")
    return basis.dwellings


def _countries(session: Session) -> list[Country]:
    active = {release.country for release in active_releases(session) if release.table == Kind.SECTORS}
    countries: tuple[Country, ...] = ("BE", "NL")
    return [country for country in countries if country in active]


def _require_municipality(session: Session, code: str) -> None:
    if all(place.code != code for place in list_municipalities(session, country_of(code))):
        raise UnknownMunicipalityError(f"no municipality of the active sectors has the code {code}")


def _sorted(found: Iterable[SelectedMunicipality], unknown: tuple[str, ...] = ()) -> Selection:
    return Selection(tuple(sorted(found, key=lambda one: one.code)), unknown)
