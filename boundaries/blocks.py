"""What a plan is made of, as values: blocks with their counts, buurten, and which block is in which buurt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import shapely

Area = shapely.Polygon | shapely.MultiPolygon


@dataclass(frozen=True, slots=True)
class BlockCounts:
    """How many live in a block. Members are not counted: a block may be a single home (`households.member_rates`)."""

    households: int | None
    """None is unknown, never zero."""
    dwellings: int
    estimated: bool = field(default=False, kw_only=True)
    """The households are an estimate: the official release has none for this sector."""


@dataclass(frozen=True, slots=True)
class Block:
    """A sector, or a part of a sector that was cut off.

    The code of a whole sector is the sector's own; parts add `/1`, `/2`, … and the parts of a part once more:
    `25110A00-/2/1`.
    """

    code: str
    sector_code: str
    shape: Area
    """In the plan's CRS. A neighbour's cut may have put a vertex into the border of a whole sector."""
    counts: BlockCounts


def part_at(parts: Sequence[Area], x: float, y: float) -> int:
    """Return the position of the part of a sector that a point in the sector lies in.

    On the border between parts the first owns it, as among sectors. The vertices of a cut are rounded, so that a point
    by the sector's border can be in no part: it is in the nearest then.

    Examples
    --------
    >>> part_at([shapely.box(0, 0, 5, 9), shapely.box(5, 0, 9, 9)], 5, 3)
    0
    """
    return int(np.argmin(shapely.distance(np.array(parts, dtype=object), shapely.Point(x, y))))


@dataclass(frozen=True, slots=True)
class Buurt:
    """A neighbourhood of the network in a plan."""

    code: str
    names: Mapping[str, str | None]
    """By language (nl, fr, de)."""
    live: bool = True
    """Households may join."""
    colour: str | None = None
    """`#rrggbb`; None leaves the choice to the map."""
    locked: bool = False
    """No edit may change which blocks it holds."""


@dataclass(frozen=True, slots=True)
class PlanState:
    """One partition of a municipality's blocks into buurten, complete with shapes and counts."""

    municipality_code: str
    crs: str
    """Authority code of the shapes' CRS, the sectors release's own: `EPSG:31370`."""
    blocks: Mapping[str, Block]
    buurten: Mapping[str, Buurt]
    buurt_of: Mapping[str, str | None]
    """The buurt of every block; None is not assigned yet."""


class BlockCounter(Protocol):
    """Counts what is in the parts of a sector."""

    def count(self, sector_code: str, parts: Sequence[Area]) -> Sequence[BlockCounts]:
        """Share a sector's counts over its parts, in whole numbers that add up to the sector's.

        Parameters
        ----------
        sector_code
            A sector of the plan's municipality.
        parts
            All parts of the sector, in the plan's CRS; one part is the whole sector.
        """
        ...
