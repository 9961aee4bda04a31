"""Outlines: the exact areas of municipalities and buurten, put together from official sectors and blocks.

They are what a GIS is given, so nothing is simplified or converted: every vertex is one of a sector or a block, but for
where official sectors overlap, whose borders cross in new ones.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from boundaries.tiling import Shapes, join_areas
from data.plans.published import sector_shapes
from data.releases import lock_release
from data.store import Store
from data.store.models import Block, Plan, Release, Sector
from data.store.outline_models import Outline
from data.store.rows import insert_rows


def join_municipalities(shapes: Shapes, owners: Sequence[str]) -> dict[str, shapely.Geometry]:
    """Return the outlines of municipalities by code, in the CRS of their sectors.

    Parameters
    ----------
    shapes
        Of the sectors, shape (n,).
    owners
        Codes of the municipalities that they are in.
    """
    order = np.argsort(np.array(owners), kind="stable")
    codes, starts = np.unique(np.array(owners)[order], return_index=True)
    return {
        code: join_areas(shapes[part]) for code, part in zip(codes.tolist(), np.split(order, starts[1:]), strict=True)
    }


def insert_outlines(
    session: Session, release: Release, plan_id: int | None, outlines: Mapping[str, shapely.Geometry]
) -> None:
    """Write outlines by code: of the buurten of a plan, or of the municipalities of a release."""
    srid = int((release.crs or "EPSG:0").removeprefix("EPSG:"))
    insert_rows(
        session,
        Outline,
        [
            {
                "release_id": release.id,
                "plan_id": plan_id,
                "code": code,
                "geometry": shapely.set_srid(shape, srid),
            }
            for code, shape in sorted(outlines.items())
        ],
    )


def write_plan_outlines(session: Session, plan: Plan) -> None:
    """Write the outlines of the buurten of a plan that has none yet."""
    release = session.get_one(Release, plan.release_id)
    blocks = session.execute(
        select(Block.sector_code, Block.buurt_code, Block.geometry).where(Block.plan_id == plan.id).order_by(Block.code)
    ).all()
    official = sector_shapes(session, release, {block.sector_code for block in blocks})
    parts: dict[str, list[shapely.Geometry]] = {}
    for block in blocks:
        whole = official[block.sector_code]
        own = whole if block.geometry is None else shapely.set_srid(block.geometry, 0)
        parts.setdefault(block.buurt_code, []).append(own)
    insert_outlines(
        session, release, plan.id, {code: join_areas(np.array(own, dtype=object)) for code, own in parts.items()}
    )


def prepare_outlines(store: Store, release_ids: Iterable[int], plan_ids: Iterable[int]) -> None:
    """Write the outlines of releases and plans that an older import or publish has not.

    The releases' rows are locked meanwhile, so that of several workers one writes.
    """
    with store.reading() as session:
        releases = _without_municipalities(session, frozenset(release_ids))
        plans = _without_buurten(session, frozenset(plan_ids))
    if not releases and not plans:
        return
    with store.writing() as session:
        of_plans = session.scalars(select(Plan).where(Plan.id.in_(sorted(plans)))).all()
        for number in sorted(releases | {plan.release_id for plan in of_plans}):
            lock_release(session, number)
        for number in sorted(_without_municipalities(session, releases)):
            _write_municipalities(session, session.get_one(Release, number))
        still = _without_buurten(session, plans)
        for plan in of_plans:
            if plan.id in still:
                write_plan_outlines(session, plan)


def _write_municipalities(session: Session, release: Release) -> None:
    rows = session.execute(
        select(Sector.municipality_code, Sector.geometry).where(Sector.release_id == release.id).order_by(Sector.code)
    ).all()
    shapes = shapely.set_srid(np.array([row.geometry for row in rows], dtype=object), 0)
    insert_outlines(session, release, None, join_municipalities(shapes, [row.municipality_code for row in rows]))


def _without_municipalities(session: Session, release_ids: Collection[int]) -> frozenset[int]:
    there = select(Outline.release_id).where(Outline.plan_id.is_(None), Outline.release_id.in_(release_ids)).distinct()
    return frozenset(release_ids) - frozenset(session.scalars(there))


def _without_buurten(session: Session, plan_ids: Collection[int]) -> frozenset[int]:
    there = frozenset(session.scalars(select(Outline.plan_id).where(Outline.plan_id.in_(plan_ids)).distinct()))
    return frozenset(plan_ids) - there
