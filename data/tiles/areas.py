"""Tiles of sectors, municipalities and buurten: by PostGIS where it is the store, else in memory."""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import Select, and_, func, literal_column, select
from sqlalchemy.orm import Session

from data.store import Store
from data.store.models import Buurt, Municipality, Plan, Release, Sector
from data.store.tile_models import TileShape
from data.tiles.encoding import encode_areas
from data.tiles.grid import BUFFER, EXTENT, TILE_SRID, Tile
from data.tiles.layers import Layer, level_of
from data.tiles.shapes import has_release_shapes, plans_without_shapes, write_plan_shapes, write_release_shapes

LEVELS_HELD = 12
"""How many levels of layers a worker of the embedded store holds in memory: those asked for last."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a layer of areas shows."""

    layer: Layer
    releases: tuple[int, ...]
    """Numbers of the sectors releases."""
    plans: tuple[int, ...] = ()
    """Numbers of the plans, for buurten."""


class AreaTiles:
    """Makes tiles of areas from a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._in_postgis = store.engine.dialect.name == "postgresql"
        self._ready: set[tuple[str, int]] = set()
        self._held: OrderedDict[tuple[Shown, int], _Level] = OrderedDict()
        self._lock = Lock()

    def make(self, shown: Shown, tile: Tile) -> bytes:
        """Return a tile in Mapbox's format, empty where nothing is in it."""
        self.prepare(shown)
        if self._in_postgis:
            with self._store.reading() as session:
                return make_in_postgis(session, shown, tile)
        return self._level(shown, level_of(tile.z)).make(shown.layer, tile)

    def bounds(self, release_id: int) -> dict[str, tuple[float, float, float, float]]:
        """Return the bounds of a release's municipalities by code, in EPSG:3857, to some 150 m."""
        shown = Shown(Layer.MUNICIPALITIES, (release_id,))
        self.prepare(shown)
        level = self._level(shown, 8)
        boxes = shapely.bounds(level.shapes).tolist()
        return {said["code"]: tuple(box) for said, box in zip(level.properties, boxes, strict=True)}

    def prepare(self, shown: Shown) -> None:
        """Make the shapes that a layer is made of, where an import or a publish has not."""
        wanted = {("release", number) for number in shown.releases} | {("plan", number) for number in shown.plans}
        if wanted <= self._ready:
            return
        with self._store.reading() as session:
            releases = [number for number in shown.releases if not has_release_shapes(session, number)]
            plans = plans_without_shapes(session, shown.plans)
        if releases or plans:
            with self._store.writing() as session:
                for number in releases:
                    write_release_shapes(session, session.get_one(Release, number))
                write_plan_shapes(session, session.scalars(select(Plan).where(Plan.id.in_(sorted(plans)))).all())
        self._ready |= wanted

    def _level(self, shown: Shown, level: int) -> "_Level":
        with self._lock:
            held = self._held.get((shown, level))
            if held is None:
                with self._store.reading() as session:
                    held = _Level.read(session, shown, level)
                self._held[shown, level] = held
                while len(self._held) > LEVELS_HELD:
                    self._held.popitem(last=False)
            self._held.move_to_end((shown, level))
            return held


class _Level:
    """A layer at one level of detail in memory, with a tree over its shapes."""

    def __init__(self, shapes: npt.NDArray[np.object_], properties: Sequence[Mapping[str, Any]]) -> None:
        self.shapes = shapes
        self.properties = properties
        self._tree = shapely.STRtree(shapes)

    @classmethod
    def read(cls, session: Session, shown: Shown, level: int) -> "_Level":
        rows = session.execute(features_of(shown, level)).mappings().all()
        shapes = np.array([row["geometry"] for row in rows], dtype=object)
        return cls(
            shapely.set_srid(shapes, 0), [{name: row[name] for name in row if name != "geometry"} for row in rows]
        )

    def make(self, layer: Layer, tile: Tile) -> bytes:
        found = np.sort(self._tree.query(shapely.box(*tile.bounds_with_buffer)))
        return encode_areas(layer, tile, self.shapes[found], [self.properties[position] for position in found])


def make_in_postgis(session: Session, shown: Shown, tile: Tile) -> bytes:
    """Let PostGIS make a tile."""
    features = features_of(shown, level_of(tile.z)).subquery()
    shape = features.c.geometry
    bounds = func.ST_MakeEnvelope(*tile.bounds, TILE_SRID)
    in_tile = func.ST_AsMVTGeom(shape, bounds, EXTENT, BUFFER, True)
    others = [column for column in features.c if column is not shape]
    rows = (
        select(*others, in_tile.label("geom"))
        .where(shape.op("&&")(func.ST_MakeEnvelope(*tile.bounds_with_buffer, TILE_SRID)))
        .order_by(features.c.code)
        .subquery("shown")
    )
    made = select(func.ST_AsMVT(literal_column("shown"), str(shown.layer), EXTENT, "geom")).select_from(rows)
    return bytes(session.execute(made.where(rows.c.geom.is_not(None))).scalar_one())


def features_of(shown: Shown, level: int) -> Select[Any]:
    """Return the query for the features of a layer: their properties, and `geometry`."""
    wanted = [TileShape.layer == shown.layer, TileShape.level == level]
    if shown.layer == Layer.BUURTEN:
        of_buurt = and_(Buurt.plan_id == TileShape.plan_id, Buurt.code == TileShape.code)
        return (
            select(
                TileShape.code,
                *(getattr(Buurt, f"name_{language}") for language in ("nl", "fr", "de")),
                Plan.municipality_code.label("municipality"),
                Plan.id.label("plan"),
                Buurt.live,
                Buurt.colour,
                TileShape.geometry,
            )
            .join(Buurt, of_buurt)
            .join(Plan, Plan.id == TileShape.plan_id)
            .where(TileShape.plan_id.in_(shown.plans), *wanted)
            .order_by(TileShape.code)
        )
    owner = Sector if shown.layer == Layer.SECTORS else Municipality
    columns = [TileShape.code, *(getattr(owner, f"name_{language}") for language in ("nl", "fr", "de"))]
    if owner is Sector:
        columns.append(Sector.municipality_code.label("municipality"))
    of_owner = and_(owner.release_id == TileShape.release_id, owner.code == TileShape.code)
    return (
        select(*columns, TileShape.geometry)
        .join(owner, of_owner)
        .where(TileShape.release_id.in_(shown.releases), *wanted)
        .order_by(TileShape.code)
    )


def plan_numbers(plans: Collection[Plan]) -> tuple[int, ...]:
    """Return the numbers of plans, in order."""
    return tuple(sorted(plan.id for plan in plans))
