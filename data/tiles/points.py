"""Tiles of house numbers and of street names, from the register's index: it is in memory on either store."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from data.tiles.encoding import encode_points
from data.tiles.grid import TILE_CRS, Tile
from data.tiles.layers import LAYERS, Layer
from geo.addresses import AddressIndex
from geo.addresses.within import StreetPlaces
from geo.crs import LONLAT, transform_points

MOST_FEATURES = 2_000
"""Points in one tile at most: a map cannot show more labels, and a tile stays below some 100 kB."""
FEWEST_ADDRESSES = {14: 12, 15: 4}
"""By zoom, how many addresses a street has at least whose name is in the tiles."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _PlacedStreets:
    places: StreetPlaces
    points: Floats
    """Shape (n, 2), EPSG:3857, in the order of `cells`."""
    cells: npt.NDArray[np.int64]
    """Number of the tile of the layer's first zoom that each is in, rising."""


class PointTiles:
    """Makes the tiles of one register.

    Parameters
    ----------
    index
        The open index; what is made of it lives as long as this.
    """

    def __init__(self, index: AddressIndex) -> None:
        self._index = index

    def features(self, layer: Layer, tile: Tile) -> Iterator[tuple[float, float, dict[str, Any]]]:
        """Give position in EPSG:3857 and properties of what a tile shows, at most `MOST_FEATURES`."""
        return self._houses(tile) if layer == Layer.ADDRESSES else self._streets(tile)

    def _houses(self, tile: Tile) -> Iterator[tuple[float, float, dict[str, Any]]]:
        houses = self._index.houses_within(*_around(tile, self._index.crs))
        x, y = transform_points(houses.lon, houses.lat, LONLAT, TILE_CRS)
        shown = np.flatnonzero(_in_tile(tile, x, y))
        # Where there are more, every so-manieth is shown, the same ones each time.
        for position in shown[:: -(-len(shown) // MOST_FEATURES) or 1]:
            said = {"id": houses.identifiers[position], "number": houses.numbers[position]}
            yield float(x[position]), float(y[position]), said

    def _streets(self, tile: Tile) -> Iterator[tuple[float, float, dict[str, Any]]]:
        placed = self._placed_streets
        least = LAYERS[Layer.STREETS].min_zoom
        cell = ((tile.y >> (tile.z - least)) << least) + (tile.x >> (tile.z - least))
        first, last = placed.cells.searchsorted([cell, cell + 1])
        x, y = placed.points[first:last].T
        count = placed.places.addresses[first:last]
        shown = np.flatnonzero(_in_tile(tile, x, y) & (count >= FEWEST_ADDRESSES.get(tile.z, 1)))
        for position in shown[np.argsort(-count[shown], kind="stable")][:MOST_FEATURES]:
            names, municipality = self._index.street_row(int(placed.places.rows[first + position]))
            said: dict[str, Any] = {f"name_{language}": name for language, name in names.items()}
            said |= {
                "municipality": municipality,
                "angle": round(float(placed.places.angle[first + position])),
                "addresses": int(count[position]),
            }
            yield float(x[position]), float(y[position]), said

    @cached_property
    def _placed_streets(self) -> _PlacedStreets:
        places = self._index.place_streets()
        x, y = transform_points(places.lon, places.lat, LONLAT, TILE_CRS)
        least = LAYERS[Layer.STREETS].min_zoom
        world = Tile(0, 0, 0)
        cells_a_side = 1 << least
        column = ((x - world.bounds[0]) / world.size * cells_a_side).astype(np.int64)
        row = ((world.bounds[3] - y) / world.size * cells_a_side).astype(np.int64)
        cells = row * cells_a_side + column
        order = np.argsort(cells, kind="stable")
        in_order = StreetPlaces(
            *(getattr(places, name)[order] for name in ("rows", "lon", "lat", "angle", "addresses"))
        )
        return _PlacedStreets(in_order, np.column_stack([x, y])[order], cells[order])


def make_points(layer: Layer, tile: Tile, registers: Sequence[PointTiles]) -> bytes:
    """Return a tile of house numbers or street names in Mapbox's format, empty where nothing is in it."""
    found = [feature for register in registers for feature in register.features(layer, tile)]
    points = np.array([(x, y) for x, y, _ in found], dtype=np.float64).reshape(-1, 2)
    return encode_points(layer, tile, points, [said for _, _, said in found])


def _in_tile(tile: Tile, x: Floats, y: Floats) -> npt.NDArray[np.bool_]:
    """Say which points are in a tile: each is in one tile of a zoom alone, else its label would show twice."""
    west, south, east, north = tile.bounds
    inside: npt.NDArray[np.bool_] = (x >= west) & (x < east) & (y > south) & (y <= north)
    return inside


def _around(tile: Tile, crs: str) -> tuple[float, float, float, float]:
    """Return a rectangle in another CRS that covers a tile: its sides are curves there, so it is somewhat larger."""
    west, south, east, north = tile.bounds_with_buffer
    x = np.array([west, (west + east) / 2, east] * 3)
    y = np.repeat([south, (south + north) / 2, north], 3)
    x, y = transform_points(x, y, TILE_CRS, crs)
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())
