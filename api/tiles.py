"""The tiles that a worker gives out: made from its atlas, kept while they fit, named by what they are made from."""

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date
from threading import Lock

import numpy as np

from api.atlas import Atlas
from api.sending import Packed
from data.plans.published import plans_in_force
from data.store import Store
from data.store.models import Release
from data.tables import Country, Kind
from data.tiles.areas import AreaTiles, Shown, plan_numbers
from data.tiles.grid import TILE_CRS, Tile
from data.tiles.layers import LAYERS, Layer
from data.tiles.points import PointTiles, make_points
from geo.crs import LONLAT, transform_points

KEPT_BYTES = 32 << 20
"""How much a worker keeps of the tiles that it made, the last asked for."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Edition:
    """What a layer is made from at one time."""

    layer: Layer
    atlas: Atlas
    shown: Shown
    version: str
    """Names the edition: another one has another version."""


class TileDesk:
    """Makes tiles and keeps them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._areas = AreaTiles(store)
        self._points: dict[int, PointTiles] = {}
        self._plans: OrderedDict[tuple[int, date], tuple[int, ...]] = OrderedDict()
        self._kept: OrderedDict[tuple[str, Tile], Packed] = OrderedDict()
        self._kept_bytes = 0
        self._lock = Lock()

    def edition(self, atlas: Atlas, layer: Layer, day: date) -> Edition:
        """Return what a layer is made from: the active releases, and for buurten the plans that hold on a day."""
        kind = Kind.SECTORS if LAYERS[layer].geometry == "polygon" else Kind.ADDRESSES
        releases = tuple(
            sorted(facts.releases[kind].id for facts in atlas.countries.values() if kind in facts.releases)
        )
        plans = self._plans_on(atlas, day) if layer == Layer.BUURTEN else ()
        named = json.dumps([layer, releases, plans])
        version = hashlib.sha256(named.encode()).hexdigest()[:16]
        return Edition(layer, atlas, Shown(layer, releases, plans), version)

    def make(self, edition: Edition, tile: Tile) -> Packed:
        """Return a tile of an edition, from memory where it is there."""
        key = (edition.version, tile)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        if LAYERS[edition.layer].geometry == "polygon":
            content = self._areas.make(edition.shown, tile)
        else:
            content = make_points(edition.layer, tile, self._registers(edition.atlas))
        made = Packed.of(content)
        self._keep(key, made)
        return made

    def municipality_boxes(self, atlas: Atlas, country: Country) -> dict[str, Box]:
        """Return west, south, east and north in EPSG:4326 of a country's municipalities by code, to some 100 m."""
        release = atlas.countries[country].releases.get(Kind.SECTORS)
        if release is None:
            return {}
        found = self._areas.bounds(release.id)
        corners = np.array(list(found.values())).reshape(-1, 2)
        lon, lat = transform_points(corners[:, 0], corners[:, 1], TILE_CRS, LONLAT)
        boxes = np.column_stack([lon, lat]).reshape(-1, 4).round(6).tolist()
        return {code: (box[0], box[1], box[2], box[3]) for code, box in zip(found, boxes, strict=True)}

    def _plans_on(self, atlas: Atlas, day: date) -> tuple[int, ...]:
        key = (atlas.version, day)
        with self._lock:
            known = self._plans.get(key)
        if known is not None:
            return known
        with self._store.reading() as session:
            numbers = plan_numbers(
                [
                    plan
                    for facts in atlas.countries.values()
                    if (release := facts.releases.get(Kind.SECTORS)) is not None
                    for plan in plans_in_force(session, session.get_one(Release, release.id), day).values()
                ]
            )
        with self._lock:
            self._plans[key] = numbers
            while len(self._plans) > 64:
                self._plans.popitem(last=False)
        return numbers

    def _registers(self, atlas: Atlas) -> list[PointTiles]:
        indexes = {
            facts.releases[Kind.ADDRESSES].id: index
            for facts in atlas.countries.values()
            if (index := facts.address_index) is not None
        }
        with self._lock:
            # What was made of a release that is no longer active goes with it.
            self._points = {number: self._points.get(number) or PointTiles(index) for number, index in indexes.items()}
            return list(self._points.values())

    def _keep(self, key: tuple[str, Tile], made: Packed) -> None:
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = made
            self._kept_bytes += made.size
            while self._kept_bytes > KEPT_BYTES:
                _, dropped = self._kept.popitem(last=False)
                self._kept_bytes -= dropped.size
