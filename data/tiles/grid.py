"""The grid of tiles: the square of spherical Mercator (EPSG:3857), halved zoom by zoom, `y` from the north."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

TILE_CRS = "EPSG:3857"
TILE_SRID = 3857
EXTENT = 4096
"""Units of a tile's own coordinates along a side."""
BUFFER = 64
"""Units beyond its sides that a tile has as well, so that lines on a side are drawn whole."""
HALF_WORLD = 20_037_508.342789244
"""Half the side of the square in EPSG:3857: pi times the radius of its sphere."""
MAX_ZOOM = 22


class NoSuchTileError(LookupError):
    """A zoom that a layer has no tiles of, or a column or row that the zoom does not have."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile.

    Examples
    --------
    >>> [round(edge) for edge in Tile(1, 1, 0).bounds]
    [0, 0, 20037508, 20037508]
    """

    z: int
    x: int
    y: int

    @property
    def size(self) -> float:
        """Length of a side in EPSG:3857."""
        return 2 * HALF_WORLD / (1 << self.z)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north in EPSG:3857."""
        west, north = self.x * self.size - HALF_WORLD, HALF_WORLD - self.y * self.size
        return west, north - self.size, west + self.size, north

    @property
    def bounds_with_buffer(self) -> tuple[float, float, float, float]:
        """The same with the buffer."""
        west, south, east, north = self.bounds
        margin = self.size * BUFFER / EXTENT
        return west - margin, south - margin, east + margin, north + margin

    def refuse_outside(self, least: int, most: int) -> None:
        """Refuse a tile that is not there.

        Raises
        ------
        NoSuchTileError
            Its zoom is not from `least` to `most`, or its column or row is beyond the last.
        """
        if not least <= self.z <= most:
            raise NoSuchTileError(f"this layer has tiles of zoom {least} to {most}, not {self.z}")
        last = (1 << self.z) - 1
        if not (0 <= self.x <= last and 0 <= self.y <= last):
            raise NoSuchTileError(f"zoom {self.z} has columns and rows 0 to {last}, not {self.x}, {self.y}")

    def to_units(self, shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
        """Convert shapes from EPSG:3857 to the tile's own units, `y` down, not rounded."""
        west, _, _, north = self.bounds
        scale = EXTENT / self.size
        moved: npt.NDArray[np.object_] = shapely.transform(
            shapes, lambda points: np.column_stack([(points[:, 0] - west) * scale, (north - points[:, 1]) * scale])
        )
        return moved
