"""Published plans: which one holds on a day, and what is in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import shapely
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from boundaries.blocks import Area, Block, BlockCounter, BlockCounts, Buurt, PlanState
from data.store.models import ActiveRelease, Plan, Release, Sector
from data.store.models import Block as BlockRow
from data.store.models import Buurt as BuurtRow
from data.tables import LANGUAGES, Kind


class NoPlanError(LookupError):
    """No plan of the municipality holds on that day, or none is of that number."""


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """A block of a published plan."""

    code: str
    sector_code: str
    buurt_code: str
    shape: Area | None
    """In the CRS of the plan's release; None is the shape of the whole sector as the release has it."""


@dataclass(frozen=True, slots=True)
class PublishedPlan:
    """A plan that was published, or that an import made."""

    row: Plan
    release: Release
    """The sectors that it is drawn on."""
    buurten: Mapping[str, Buurt]
    blocks: tuple[PlacedBlock, ...]
    """By sector and code."""

    def by_sector(self) -> dict[str, list[PlacedBlock]]:
        """Return the blocks of every sector, in order."""
        found: dict[str, list[PlacedBlock]] = {}
        for block in self.blocks:
            found.setdefault(block.sector_code, []).append(block)
        return found


def find_plan(session: Session, plan_id: int) -> Plan:
    """Return a published plan.

    Raises
    ------
    NoPlanError
        There is none of that number.
    """
    plan = session.get(Plan, plan_id) if plan_id < 2**31 else None
    if plan is None:
        raise NoPlanError(f"there is no plan {plan_id}")
    return plan


def plan_on(session: Session, municipality_code: str, day: date, release: Release | None = None) -> PublishedPlan:
    """Return the plan of a municipality that holds on a day.

    That is the newest of the drawn plans that hold from that day or before; where none was drawn, the plan that the
    import of the sectors made.

    Parameters
    ----------
    release
        The sectors that the plan must be drawn on. None takes a drawn plan on whatever release, and else the plan of
        the active one.

    Raises
    ------
    NoPlanError
        There is none.
    """
    drawn = _drawn_until(day).where(Plan.municipality_code == municipality_code)
    made = select(Plan).where(Plan.municipality_code == municipality_code, ~Plan.drawn)
    if release is None:
        made = made.join(ActiveRelease, ActiveRelease.release_id == Plan.release_id)
        made = made.where(ActiveRelease.kind == Kind.SECTORS)
    else:
        drawn = drawn.where(Plan.release_id == release.id)
        made = made.where(Plan.release_id == release.id)
    plan = session.scalars(drawn.order_by(Plan.valid_from.desc(), Plan.version.desc()).limit(1)).first()
    if plan is None:
        plan = session.scalars(made.order_by(Plan.version.desc()).limit(1)).first()
    if plan is None:
        raise NoPlanError(
            f"no plan of {municipality_code!r} holds on {day}: the active sectors have no such municipality"
        )
    return read_plan(session, plan)


def last_published(session: Session, municipality_code: str) -> Plan:
    """Return the plan of a municipality on the active sectors that was published last: no other holds later.

    It may hold from a later day than today. Where none was drawn, it is the plan that the import made.

    Raises
    ------
    NoPlanError
        The active sectors have no such municipality.
    """
    plans = (
        select(Plan)
        .join(ActiveRelease, ActiveRelease.release_id == Plan.release_id)
        .where(ActiveRelease.kind == Kind.SECTORS, Plan.municipality_code == municipality_code)
    )
    plan = session.scalars(plans.order_by(Plan.drawn.desc(), Plan.version.desc()).limit(1)).first()
    if plan is None:
        raise NoPlanError(f"the active sectors have no municipality {municipality_code!r}")
    return plan


def plans_in_force(session: Session, release: Release, day: date) -> dict[str, Plan]:
    """Return the plan that holds on a day in every municipality of a sectors release, among those drawn on it."""
    on_release = Plan.release_id == release.id
    made = session.scalars(select(Plan).where(on_release, ~Plan.drawn).order_by(Plan.version))
    drawn = session.scalars(_drawn_until(day).where(on_release).order_by(Plan.valid_from, Plan.version))
    return {plan.municipality_code: plan for plan in (*made, *drawn)}


def last_drawn(session: Session, country: str, day: date) -> dict[int, dict[str, Plan]]:
    """Return the last drawn plan that holds from a day or before, by sectors release and municipality."""
    drawn = _drawn_until(day).join(Release, Release.id == Plan.release_id).where(Release.country == country)
    last: dict[int, dict[str, Plan]] = {}
    for plan in session.scalars(drawn.order_by(Plan.valid_from, Plan.version)):
        last.setdefault(plan.release_id, {})[plan.municipality_code] = plan
    return last


def list_plans(session: Session, municipality_code: str) -> Sequence[Plan]:
    """Return the plans of a municipality, those that hold last first."""
    return session.scalars(
        select(Plan)
        .where(Plan.municipality_code == municipality_code)
        .order_by(Plan.drawn.desc(), Plan.valid_from.desc(), Plan.version.desc(), Plan.id.desc())
    ).all()


def read_plan(session: Session, plan: Plan) -> PublishedPlan:
    """Read what is in a plan."""
    release = session.get_one(Release, plan.release_id)
    buurten = session.scalars(select(BuurtRow).where(BuurtRow.plan_id == plan.id).order_by(BuurtRow.code))
    blocks = session.execute(
        select(BlockRow.code, BlockRow.sector_code, BlockRow.buurt_code, BlockRow.geometry)
        .where(BlockRow.plan_id == plan.id)
        .order_by(BlockRow.sector_code, BlockRow.code)
    )
    return PublishedPlan(
        plan,
        release,
        {row.code: read_buurt(row) for row in buurten},
        tuple(PlacedBlock(row.code, row.sector_code, row.buurt_code, _area(row.geometry)) for row in blocks),
    )


def sector_shapes(session: Session, release: Release, sector_codes: Iterable[str]) -> dict[str, Area]:
    """Return the shapes of a municipality's sectors as the release has them, without an SRID."""
    rows = session.execute(
        select(Sector.code, Sector.geometry).where(
            Sector.release_id == release.id, Sector.code.in_(sorted(sector_codes))
        )
    )
    found = {row.code: _area(row.geometry) for row in rows}
    return {code: shape for code, shape in found.items() if shape is not None}


def sector_names(session: Session, release: Release, sector_codes: Iterable[str]) -> dict[str, dict[str, str | None]]:
    """Return the names of a municipality's sectors by language, as the release has them."""
    rows = session.scalars(
        select(Sector).where(Sector.release_id == release.id, Sector.code.in_(sorted(sector_codes)))
    ).all()
    return {row.code: {language: getattr(row, f"name_{language}") for language in LANGUAGES} for row in rows}


def read_state(session: Session, plan: PublishedPlan, counts: BlockCounter | Mapping[str, BlockCounts]) -> PlanState:
    """Return a plan complete with shapes and counts.

    Parameters
    ----------
    counts
        What to count the blocks with, or their counts by code.
    """
    by_sector = plan.by_sector()
    official = sector_shapes(session, plan.release, by_sector)
    blocks = {}
    for sector_code, placed in by_sector.items():
        shapes = [official[sector_code] if block.shape is None else block.shape for block in placed]
        counted = (
            [counts[block.code] for block in placed]
            if isinstance(counts, Mapping)
            else counts.count(sector_code, shapes)
        )
        for block, shape, of_block in zip(placed, shapes, counted, strict=True):
            blocks[block.code] = Block(block.code, sector_code, shape, of_block)
    return PlanState(
        plan.row.municipality_code,
        plan.release.crs or "",
        blocks,
        dict(plan.buurten),
        {block.code: block.buurt_code for block in plan.blocks},
    )


def read_buurt(row: BuurtRow) -> Buurt:
    """Return a stored buurt as a value."""
    names = {language: getattr(row, f"name_{language}") for language in LANGUAGES}
    return Buurt(row.code, names, live=row.live, colour=row.colour, locked=row.locked)


def _drawn_until(day: date) -> Select[Plan]:
    return select(Plan).where(Plan.drawn, Plan.valid_from <= day)


def _area(shape: shapely.Geometry | None) -> Area | None:
    if shape is None:
        return None
    # The SRID that the store keeps is not part of a shape's value here: the plan's CRS says it.
    plain = shapely.set_srid(shape, 0)
    if not isinstance(plain, shapely.Polygon | shapely.MultiPolygon):
        raise TypeError("a stored block has no area as its shape")
    return plain
