"""Where the features of a collection come from: one query for each sectors release that they lie on.

Releases have a CRS each, so what is compared with a shape differs from one to the next.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from sqlalchemy import ColumnElement, Select, SQLColumnExpression, String, and_, bindparam, cast, func, select
from sqlalchemy.orm import aliased

from data.features.collections import Collection
from data.features.spans import Span, plans_holding, superseded_on
from data.outlines import prepare_outlines
from data.releases import active_releases
from data.store import Store
from data.store.models import AreaCount, Buurt, Municipality, Plan, Release, Sector
from data.store.outline_models import Outline
from data.store.shape import Shape
from data.tables import LANGUAGES, Kind

Columns = Mapping[str, SQLColumnExpression[Any]]


@dataclass(frozen=True, slots=True)
class Source:
    """The features of a collection on one release."""

    release: Release
    columns: Columns
    """By field, `geometry` among them."""
    rows: Select[Any]
    """Without columns."""

    @property
    def crs(self) -> str:
        """Authority code of the CRS that the shapes are stored in."""
        return self.release.crs or ""

    def parameter(self, shape: shapely.Geometry) -> SQLColumnExpression[Any]:
        """Return a shape in the CRS of the source as the parameter of a query."""
        srid = int(self.crs.removeprefix("EPSG:") or 0)
        return bindparam(None, shapely.set_srid(shape, srid), type_=Shape())


def find_sources(store: Store, collection: Collection, span: Span) -> list[Source]:
    """Return where the features of a collection come from.

    Parameters
    ----------
    span
        The days whose plans count, for buurten and plans.
    """
    with store.reading() as session:
        active = active_releases(session)
        plans = plans_holding(session, span) if collection in (Collection.BUURTEN, Collection.PLANS) else []
        releases = {release.id: release for release in active if release.kind == Kind.SECTORS}
        for number in {plan.release_id for plan in plans} - releases.keys():
            releases[number] = session.get_one(Release, number)
    if collection == Collection.SECTORS:
        return [_sectors(release, _counts(active, release, Kind.SECTOR_COUNTS)) for release in releases.values()]
    prepare_outlines(store, releases, [plan.id for plan in plans] if collection == Collection.BUURTEN else [])
    if collection == Collection.MUNICIPALITIES:
        return [
            _municipalities(release, _counts(active, release, Kind.MUNICIPALITY_COUNTS))
            for release in releases.values()
        ]
    of = _buurten if collection == Collection.BUURTEN else _plans
    by_release: dict[int, list[Plan]] = {}
    for plan in plans:
        by_release.setdefault(plan.release_id, []).append(plan)
    return [of(releases[number], on_release, plans) for number, on_release in sorted(by_release.items())]


def _sectors(release: Release, counts: int | None) -> Source:
    counted = _counted(counts, Sector.code)
    columns = {
        "code": Sector.code,
        **_names(Sector),
        "municipality": Sector.municipality_code,
        "households": AreaCount.households,
        "population": AreaCount.population,
        **_constants(release),
        "geometry": Sector.geometry,
    }
    rows = select().select_from(Sector).outerjoin(AreaCount, counted).where(Sector.release_id == release.id)
    return Source(release, columns, rows)


def _municipalities(release: Release, counts: int | None) -> Source:
    counted = _counted(counts, Municipality.code)
    columns = {
        "code": Municipality.code,
        **_names(Municipality),
        "official_households": AreaCount.households,
        **_constants(release),
        "geometry": Outline.geometry,
    }
    rows = (
        select()
        .select_from(Municipality)
        .join(Outline, _outline_of(Municipality.release_id, Municipality.code))
        .outerjoin(AreaCount, counted)
        .where(Municipality.release_id == release.id)
    )
    return Source(release, columns, rows)


def _buurten(release: Release, plans: Sequence[Plan], all_plans: Sequence[Plan]) -> Source:
    columns = {
        "code": Buurt.code,
        **_names(Buurt),
        "municipality": Plan.municipality_code,
        "live": Buurt.live,
        "colour": Buurt.colour,
        **_plan_columns(),
        **_constants(release),
        "geometry": Outline.geometry,
    }
    rows = (
        select()
        .select_from(Buurt)
        .join(Plan, Plan.id == Buurt.plan_id)
        .join(Outline, and_(Outline.plan_id == Buurt.plan_id, Outline.code == Buurt.code))
        .where(Buurt.plan_id.in_([plan.id for plan in plans]))
    )
    if len({plan.municipality_code for plan in all_plans}) < len(all_plans):
        # In a span of days a buurt can be in several plans of its municipality: the last of them shows it.
        rows = rows.where(Buurt.plan_id == _last_with_buurt([plan.id for plan in all_plans]))
    return Source(release, columns, rows)


def _plans(release: Release, plans: Sequence[Plan], _all: Sequence[Plan]) -> Source:
    buurten = select(func.count()).where(Buurt.plan_id == Plan.id).correlate(Plan).scalar_subquery()
    columns = {
        **_plan_columns(),
        "municipality": Plan.municipality_code,
        **_names(Municipality),
        "drawn": Plan.drawn,
        "buurten": buurten,
        **_constants(release),
        "geometry": Outline.geometry,
    }
    of_municipality = and_(Municipality.release_id == Plan.release_id, Municipality.code == Plan.municipality_code)
    rows = (
        select()
        .select_from(Plan)
        .join(Municipality, of_municipality)
        .join(Outline, _outline_of(Plan.release_id, Plan.municipality_code))
        .where(Plan.id.in_([plan.id for plan in plans]))
    )
    return Source(release, columns, rows)


def _last_with_buurt(plan_ids: Sequence[int]) -> ColumnElement[int]:
    other, same = aliased(Plan), aliased(Buurt)
    return (
        select(other.id)
        .join(same, same.plan_id == other.id)
        .where(same.code == Buurt.code, other.id.in_(plan_ids))
        .order_by(other.drawn.desc(), other.valid_from.desc(), other.version.desc())
        .limit(1)
        .correlate(Buurt)
        .scalar_subquery()
    )


def _plan_columns() -> Columns:
    return {
        "plan": Plan.id,
        "plan_version": Plan.version,
        "valid_from": Plan.valid_from,
        "superseded_on": superseded_on(),
    }


def _names(table: type[Sector] | type[Municipality] | type[Buurt]) -> Columns:
    return {f"name_{language}": getattr(table, f"name_{language}") for language in LANGUAGES}


def _constants(release: Release) -> Columns:
    return {"country": cast(release.country, String()), "release": cast(release.name, String())}


def _outline_of(release_id: Any, code: Any) -> ColumnElement[bool]:
    return and_(Outline.release_id == release_id, Outline.plan_id.is_(None), Outline.code == code)


def _counted(counts: int | None, code: Any) -> ColumnElement[bool]:
    """Join the counts of a release, if there are any."""
    # No release has the number 0. For NULL, or for what is never true, SQLite would walk through all counts.
    return and_(AreaCount.release_id == (counts or 0), AreaCount.area_code == code)


def _counts(active: Iterable[Release], of: Release, kind: Kind) -> int | None:
    """Return the number of the active counts of a release's country."""
    return next((each.id for each in active if each.kind == kind and each.country == of.country), None)
