"""Makes the shapes that tiles show: sectors, municipalities and buurten in EPSG:3857, at every level of detail.

Sectors are simplified together as one coverage (Visvalingam and Whyatt 1993, doi:10.1179/000870493786962263, on the
edges that neighbours share, as GEOS's CoverageSimplifier does), so that no gap shows between them. Municipalities and
buurten are put together from the simplified sectors, so their borders are the sectors' own. No decision uses these
shapes.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.releases import lock_release
from data.store.models import Block, Plan, Release, Sector
from data.store.rows import insert_rows
from data.store.tile_models import TileShape
from data.tiles.grid import TILE_CRS, TILE_SRID
from data.tiles.layers import TOLERANCES_M, Layer
from geo.crs import transform_shapes

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class ReleaseShapes:
    """What a map shows of a release's sectors and municipalities.

    Attributes
    ----------
    sectors, municipalities
        Codes.
    levels
        By level of detail, the shapes of the sectors and of the municipalities in the order of their codes, in
        EPSG:3857.
    """

    sectors: tuple[str, ...]
    municipalities: tuple[str, ...]
    levels: Mapping[int, tuple[Shapes, Shapes]]

    @classmethod
    def make(
        cls,
        exact: Shapes,
        sectors: Sequence[str],
        owners: Sequence[str],
        crs: str,
        level_done: Callable[[int], None] | None = None,
    ) -> "ReleaseShapes":
        """Simplify sectors, and put municipalities together from them.

        Parameters
        ----------
        exact
            Shapes of the sectors in `crs`, shape (n,).
        sectors, owners
            Codes of the sectors and of the municipalities that they are in.
        crs
            EPSG code of the shapes.
        level_done
            Told how many levels of detail are done.
        """
        order = np.lexsort((np.array(sectors), np.array(owners)))
        in_mercator = transform_shapes(shapely.set_srid(exact[order], 0), crs, TILE_CRS)
        codes, starts = np.unique(np.array(owners)[order], return_index=True)
        levels = {}
        for done, (level, tolerance_m) in enumerate(TOLERANCES_M.items()):
            simpler = shapely.coverage_simplify(in_mercator, tolerance_m)
            joined = [join_areas(part) for part in np.split(simpler, starts[1:])]
            levels[level] = (simpler, np.array(joined, dtype=object))
            if level_done is not None:
                level_done(done + 1)
        return cls(tuple(sectors[position] for position in order), tuple(codes.tolist()), levels)


def insert_release_shapes(
    session: Session, release_id: int, shapes: ReleaseShapes, whole: Mapping[str, tuple[int, str]]
) -> None:
    """Write the shapes of a release that has none yet.

    Parameters
    ----------
    whole
        By municipality, the number of a plan that has it as a single buurt, and the code of that buurt.
    """
    for level, (sectors, municipalities) in shapes.levels.items():
        by_code = dict(zip(shapes.municipalities, municipalities, strict=True))
        for layer, drawn in (
            (Layer.SECTORS, [(None, *each) for each in zip(shapes.sectors, sectors, strict=True)]),
            (Layer.MUNICIPALITIES, [(None, *each) for each in by_code.items()]),
            (Layer.BUURTEN, [(plan_id, buurt, by_code[code]) for code, (plan_id, buurt) in whole.items()]),
        ):
            _insert(session, release_id, layer, level, drawn)


def write_release_shapes(session: Session, release: Release) -> None:
    """Write the shapes of a release that was imported without them.

    The release's row is locked meanwhile, so that of several workers one writes.
    """
    lock_release(session, release.id)
    if has_release_shapes(session, release.id):
        return
    rows = session.execute(
        select(Sector.code, Sector.municipality_code, Sector.geometry)
        .where(Sector.release_id == release.id)
        .order_by(Sector.code)
    ).all()
    exact = np.array([row.geometry for row in rows], dtype=object)
    codes, owners = [row.code for row in rows], [row.municipality_code for row in rows]
    insert_release_shapes(session, release.id, ReleaseShapes.make(exact, codes, owners, release.crs or TILE_CRS), {})


def write_new_plan_shapes(session: Session, plan: Plan) -> None:
    """Write the shapes of the buurten of a plan that the same transaction publishes: nobody else sees it yet.

    Where the release was imported without shapes, the first tile makes the plan's too.
    """
    if has_release_shapes(session, plan.release_id):
        _write_plan(session, plan, session.get_one(Release, plan.release_id))


def write_plan_shapes(session: Session, plans: Collection[Plan]) -> None:
    """Write the shapes of the buurten of published plans, where they are not there yet.

    The shapes of the plans' releases are there already. The releases' rows are locked meanwhile.
    """
    for release_id in sorted({plan.release_id for plan in plans}):
        release = lock_release(session, release_id)
        of_release = [plan for plan in plans if plan.release_id == release_id]
        missing = plans_without_shapes(session, [plan.id for plan in of_release])
        for plan in sorted(of_release, key=lambda plan: plan.id):
            if plan.id in missing:
                _write_plan(session, plan, release)


def has_release_shapes(session: Session, release_id: int) -> bool:
    """Whether the shapes of a release's sectors are there."""
    first = select(TileShape.id).where(TileShape.release_id == release_id, TileShape.layer == Layer.SECTORS).limit(1)
    return session.scalars(first).first() is not None


def plans_without_shapes(session: Session, plan_ids: Collection[int]) -> frozenset[int]:
    """Return those of some plans whose buurten have no shapes yet."""
    there = session.scalars(select(TileShape.plan_id).where(TileShape.level == min(TOLERANCES_M)).distinct())
    return frozenset(plan_ids) - frozenset(there)


def join_areas(shapes: Shapes) -> shapely.Geometry:
    """Return the union of areas that share their borders vertex by vertex, or else nearly."""
    try:
        return shapely.coverage_union_all(shapes)
    except shapely.GEOSException:
        # Sectors that overlap are no coverage; the general union takes longer and them as well.
        return shapely.union_all(shapely.make_valid(shapes))


def _write_plan(session: Session, plan: Plan, release: Release) -> None:
    blocks = session.execute(
        select(Block.sector_code, Block.buurt_code, Block.geometry).where(Block.plan_id == plan.id).order_by(Block.code)
    ).all()
    in_buurten: dict[str, set[str]] = {}
    for block in blocks:
        in_buurten.setdefault(block.sector_code, set()).add(block.buurt_code)
    whole = {sector: min(buurten) for sector, buurten in in_buurten.items() if len(buurten) == 1}
    parts: dict[str, list[tuple[str, shapely.Geometry]]] = {}
    for block in blocks:
        if block.sector_code not in whole:
            shape = transform_shapes(shapely.set_srid(block.geometry, 0), release.crs or TILE_CRS, TILE_CRS)
            parts.setdefault(block.sector_code, []).append((block.buurt_code, shape))
    for level in TOLERANCES_M:
        sectors = _sectors_at(session, release.id, level, in_buurten)
        held: dict[str, list[shapely.Geometry]] = {}
        for sector, buurt in whole.items():
            held.setdefault(buurt, []).append(sectors[sector])
        for sector, of_sector in parts.items():
            for buurt, shape in divide(sectors[sector], of_sector):
                held.setdefault(buurt, []).append(shape)
        divided = {buurt for of_sector in parts.values() for buurt, _ in of_sector}
        joined = [
            (
                plan.id,
                buurt,
                shapely.union_all(shapes) if buurt in divided else join_areas(np.array(shapes, dtype=object)),
            )
            for buurt, shapes in sorted(held.items())
        ]
        _insert(session, release.id, Layer.BUURTEN, level, joined)


def divide(sector: shapely.Geometry, parts: list[tuple[str, shapely.Geometry]]) -> list[tuple[str, shapely.Geometry]]:
    """Share a simplified sector out over its exact parts: what simplifying has added goes to the largest of them.

    Examples
    --------
    >>> shared = divide(shapely.box(0, 0, 10, 11), [("a", shapely.box(0, 0, 4, 10)), ("b", shapely.box(4, 0, 10, 10))])
    >>> [(buurt, shape.area) for buurt, shape in shared]
    [('b', 70.0), ('a', 40.0)]
    """
    *smaller, (largest, _) = sorted(parts, key=lambda part: (shapely.area(part[1]), part[0]))
    shared = [(buurt, shapely.intersection(sector, shape)) for buurt, shape in smaller]
    rest = shapely.difference(sector, shapely.union_all([shape for _, shape in shared]))
    return [(largest, rest), *shared]


def _sectors_at(session: Session, release_id: int, level: int, codes: Iterable[str]) -> Mapping[str, shapely.Geometry]:
    rows = session.execute(
        select(TileShape.code, TileShape.geometry).where(
            TileShape.release_id == release_id,
            TileShape.layer == Layer.SECTORS,
            TileShape.level == level,
            TileShape.code.in_(sorted(codes)),
        )
    )
    return {row.code: shapely.set_srid(row.geometry, 0) for row in rows}


def _insert(
    session: Session,
    release_id: int,
    layer: Layer,
    level: int,
    shapes: Iterable[tuple[int | None, str, shapely.Geometry]],
) -> None:
    rows = [
        {
            "release_id": release_id,
            "plan_id": plan_id,
            "layer": layer,
            "level": level,
            "code": code,
            "geometry": shapely.set_srid(shape, TILE_SRID),
        }
        for plan_id, code, shape in shapes
    ]
    insert_rows(session, TileShape, rows)
