"""Which municipality of a new sectors release stands on the ground of which older plans.

Municipalities merge and are recoded, so a code alone says nothing: what counts is where most of the ground lies.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.store.models import Plan, Release, Sector
from geo.crs import transform_shapes

_LEAST_SHARE = 0.5
"""More than this of an older municipality's ground must lie in a new one for its plan to go there."""


@dataclass(frozen=True, slots=True)
class Succession:
    """A municipality of the new release, and the plans that hold on its ground until it is activated."""

    municipality_code: str
    plans: tuple[Plan, ...]
    """Of every municipality whose ground went into it, drawn by ops staff or made by the import; by code."""
    days: tuple[date, ...]
    """The day asked for, and those from which other plans of these municipalities are to hold."""


class NoSuccessorError(ValueError):
    """Municipalities with drawn plans most of whose ground lies in no single municipality of the release."""


def find_successions(session: Session, release: Release, day: date) -> list[Succession]:
    """Return what must be carried over for a sectors release to be activated, by municipality of the release.

    Parameters
    ----------
    release
        The sectors release that plans are carried over to.
    day
        The day on which it is to hold.

    Returns
    -------
    list of Succession
        Municipalities whose ground has a drawn plan that is on another release. One whose own last plan is drawn on
        `release` already needs nothing.

    Raises
    ------
    NoSuccessorError
        A drawn plan has nowhere to go.
    """
    drawn = _last_drawn(session, release.country, day)
    waiting = {code: plan for code, plan in drawn.items() if plan.release_id != release.id}
    if not waiting:
        return []
    new_codes, new_shapes = _sectors_of(session, release)
    went_to: dict[str, str | None] = {}
    of_release: dict[str, Release] = {}
    for older in _releases(session, waiting.values()):
        codes, shapes = _sectors_of(session, older)
        where = _successors(codes, transform_shapes(shapes, older.crs or "", release.crs or ""), new_codes, new_shapes)
        for code, successor in where.items():
            if code not in waiting or waiting[code].release_id == older.id:
                went_to[code], of_release[code] = successor, older
    if lost := sorted(code for code in waiting if went_to.get(code) is None):
        raise NoSuccessorError(
            f"{', '.join(lost)}: no municipality of {release.name} holds most of the ground of these drawn plans: "
            "is the release complete?"
        )
    wanted = {went_to[code] for code in waiting} - {
        code for code, plan in drawn.items() if plan not in waiting.values()
    }
    successions = []
    for code in sorted(each for each in wanted if each is not None):
        sources = sorted(old for old, new in went_to.items() if new == code)
        plans = [waiting[old] if old in waiting else _made(session, old, of_release[old]) for old in sources]
        later = session.scalars(
            select(Plan.valid_from).where(
                Plan.drawn, Plan.municipality_code.in_(sources), Plan.valid_from > day, Plan.release_id != release.id
            )
        )
        successions.append(Succession(code, tuple(plans), tuple(sorted({day, *later}))))
    return successions


def plans_on(session: Session, succession: Succession, day: date) -> tuple[Plan, ...]:
    """Return the plans of a succession that hold on one of its days."""
    found = []
    for plan in succession.plans:
        last = session.scalars(
            select(Plan)
            .where(
                Plan.drawn,
                Plan.municipality_code == plan.municipality_code,
                Plan.release_id == plan.release_id,
                Plan.valid_from <= day,
            )
            .order_by(Plan.valid_from.desc(), Plan.version.desc())
            .limit(1)
        ).first()
        if last is None:
            last = _made(session, plan.municipality_code, session.get_one(Release, plan.release_id))
        found.append(last)
    return tuple(found)


def _last_drawn(session: Session, country: str, day: date) -> dict[str, Plan]:
    """Return the drawn plan of every municipality that holds on a day, or else the first that will."""
    rows = session.scalars(
        select(Plan)
        .join(Release, Release.id == Plan.release_id)
        .where(Plan.drawn, Release.country == country)
        .order_by(Plan.valid_from, Plan.version)
    )
    last: dict[str, Plan] = {}
    for plan in rows:
        if plan.municipality_code not in last or plan.valid_from <= day:
            last[plan.municipality_code] = plan
    return last


def _releases(session: Session, plans: Iterable[Plan]) -> Sequence[Release]:
    ids = {plan.release_id for plan in plans}
    return session.scalars(
        select(Release).where(Release.id.in_(ids)).order_by(Release.reference_date, Release.id)
    ).all()


def _made(session: Session, code: str, release: Release) -> Plan:
    """Return the plan that the import of a release made for a municipality."""
    made = select(Plan).where(Plan.municipality_code == code, Plan.release_id == release.id, ~Plan.drawn)
    return session.scalars(made.order_by(Plan.version.desc()).limit(1)).one()


def _sectors_of(session: Session, release: Release) -> tuple[list[str], npt.NDArray[np.object_]]:
    """Return the municipality and the shape of every sector of a release."""
    rows = session.execute(
        select(Sector.municipality_code, Sector.geometry).where(Sector.release_id == release.id).order_by(Sector.code)
    ).all()
    shapes = np.array([row.geometry for row in rows], dtype=object)
    return [row.municipality_code for row in rows], shapely.set_srid(shapes, 0)


def _successors(
    old_codes: Sequence[str],
    old_shapes: npt.NDArray[np.object_],
    new_codes: Sequence[str],
    new_shapes: npt.NDArray[np.object_],
) -> dict[str, str | None]:
    """Return the new municipality that has most of every old one's ground, each sector counted at a point inside it."""
    areas = shapely.area(old_shapes)
    old, new = shapely.STRtree(new_shapes).query(shapely.point_on_surface(old_shapes), predicate="intersects")
    votes: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    seen = set()
    for one, other in zip(old.tolist(), new.tolist(), strict=True):
        if one not in seen:
            seen.add(one)
            votes[old_codes[one]][new_codes[other]] += areas[one]
    total: dict[str, float] = defaultdict(float)
    for code, area in zip(old_codes, areas.tolist(), strict=True):
        total[code] += area
    found: dict[str, str | None] = {}
    for code in sorted(total):
        successor = max(sorted(votes[code]), key=votes[code].__getitem__, default=None)
        is_most = successor is not None and votes[code][successor] > _LEAST_SHARE * total[code]
        found[code] = successor if is_most else None
    return found
