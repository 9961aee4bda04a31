"""What moves between two plans of a municipality, per pair of buurten: areas, households, dwellings.

Blocks are compared by their ground, never by their code alone: a cut that was made anew gives its parts the codes of
the parts before, and a sector of another year may keep its code on other ground.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from boundaries.blocks import Area, Block, BlockCounter, BlockCounts, PlanState
from boundaries.borders import BORDER_TOLERANCE_M
from boundaries.buurt_counts import BuurtCounts, sum_counts
from boundaries.measures import shapes_in_metres
from geo.crs import LONLAT, area_m2, transform_shapes

Shapes = npt.NDArray[np.object_]
Pair = tuple[str | None, str | None]
"""The buurt before and the buurt afterwards."""

_SAME_AREA = 1e-9
"""Share of an area by which a vertex in its border may move it, by rounding (`boundaries.cutting`)."""


class PlansDifferError(ValueError):
    """Two plans that cannot be compared: another municipality or CRS, or a cut that nobody can count."""


@dataclass(frozen=True, slots=True)
class MovedPiece:
    """A block, or a part of one, that is in another buurt afterwards."""

    sector_code: str
    shape: Area
    counts: BlockCounts


@dataclass(frozen=True, slots=True)
class Move:
    """What goes from one buurt to another; None is no buurt: not assigned, or a sector that one plan lacks."""

    origin: str | None
    destination: str | None
    pieces: tuple[MovedPiece, ...]

    @property
    def counts(self) -> BuurtCounts:
        """Sums over the pieces; `blocks` is the number of pieces."""
        return sum_counts(piece.counts for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """The difference of two plans, in the CRS of both."""

    municipality_code: str
    crs: str
    moves: tuple[Move, ...]
    appeared: tuple[str, ...]
    vanished: tuple[str, ...]
    renamed: Mapping[str, tuple[Mapping[str, str | None], Mapping[str, str | None]]]
    """Names before and after, by buurt code."""

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per move, for a table."""
        return [
            {
                "from": move.origin,
                "to": move.destination,
                "pieces": len(move.pieces),
                "households": move.counts.households,
                "households_unknown": move.counts.unknown,
                "dwellings": move.counts.dwellings,
                "area_m2": float(
                    area_m2(np.array([piece.shape for piece in move.pieces], dtype=object), self.crs).sum()
                ),
            }
            for move in self.moves
        ]

    def features(self) -> dict[str, Any]:
        """Return a GeoJSON FeatureCollection (RFC 7946, EPSG:4326) with one feature per moved piece."""
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": json.loads(shapely.to_geojson(transform_shapes(piece.shape, self.crs, LONLAT))),
                    "properties": {
                        "from": move.origin,
                        "to": move.destination,
                        "sector": piece.sector_code,
                        "households": piece.counts.households,
                        "dwellings": piece.counts.dwellings,
                    },
                }
                for move in self.moves
                for piece in move.pieces
            ],
        }


def diff_plans(before: PlanState, after: PlanState, counter: BlockCounter | None = None) -> PlanDiff:
    """Compare two plans of one municipality.

    Parameters
    ----------
    before, after
        The plans, with their shapes in the same CRS.
    counter
        Counts the pieces of the sectors of `after` that the two plans divide differently; without one, blocks may only
        move whole.

    Returns
    -------
    PlanDiff
        Moves in order of their buurten, no buurt last. A block moves with its counts in `after`; what is not in `after`
        at all, with its share by area of those that it had. Pieces narrower than the tolerance of borders are rounding,
        and left out.

    Raises
    ------
    PlansDifferError
        The plans are of two municipalities or CRS, or a block comes from several buurten and there is no counter.
    """
    if (before.municipality_code, before.crs) != (after.municipality_code, after.crs):
        raise PlansDifferError(
            f"plans of {before.municipality_code} in {before.crs} and of {after.municipality_code} in {after.crs} "
            "cannot be compared"
        )
    olds, news = _by_sector(before), _by_sector(after)
    redrawn = {code for code in olds.keys() | news.keys() if not _is_alike(olds.get(code, []), news.get(code, []))}
    moved: dict[Pair, list[MovedPiece]] = {}
    for sector in sorted(news.keys() - redrawn):
        for block in news[sector]:
            pair = before.buurt_of.get(block.code), after.buurt_of.get(block.code)
            if pair[0] != pair[1]:
                moved.setdefault(pair, []).append(MovedPiece(sector, block.shape, block.counts))
    was = [block for sector in sorted(olds.keys() & redrawn) for block in olds[sector]]
    now = [block for sector in sorted(news.keys() & redrawn) for block in news[sector]]
    came = _Ground(was, before)
    for sector in sorted(news.keys() & redrawn):
        for pair, piece in _arrived(sector, news[sector], came, after, counter):
            moved.setdefault(pair, []).append(piece)
    for pair, piece in _lost(was, before, now):
        moved.setdefault(pair, []).append(piece)
    order = sorted((pair for pair in moved), key=lambda pair: [(code is None, code or "") for code in pair])
    both = before.buurten.keys() & after.buurten.keys()
    return PlanDiff(
        municipality_code=after.municipality_code,
        crs=after.crs,
        moves=tuple(Move(*pair, tuple(moved[pair])) for pair in order),
        appeared=tuple(sorted(after.buurten.keys() - before.buurten.keys())),
        vanished=tuple(sorted(before.buurten.keys() - after.buurten.keys())),
        renamed={
            code: (before.buurten[code].names, after.buurten[code].names)
            for code in sorted(both)
            if dict(before.buurten[code].names) != dict(after.buurten[code].names)
        },
    )


class _Ground:
    """Which buurt of a plan some ground is in."""

    def __init__(self, blocks: list[Block], state: PlanState) -> None:
        self._crs = state.crs
        self._buurten = [state.buurt_of.get(block.code) for block in blocks]
        self._shapes: Shapes = np.array([block.shape for block in blocks], dtype=object)
        self._tree = shapely.STRtree(self._shapes)

    def divide(self, shape: Area) -> list[tuple[str | None, Area]]:
        """Return the pieces of an area by buurt, with what no block covers as one of no buurt; without slivers."""
        near = np.sort(self._tree.query(shape, predicate="intersects"))
        held: dict[str | None, list[shapely.Geometry]] = {}
        for place in near:
            held.setdefault(self._buurten[place], []).append(self._shapes[place])
        pieces = [(buurt, shapely.intersection(shape, shapely.union_all(of))) for buurt, of in held.items()]
        covered = shapely.union_all(self._shapes[near])
        pieces.append((None, shapely.difference(shape, covered)))
        return [(buurt, area) for buurt, piece in pieces if (area := _without_slivers(piece, self._crs)) is not None]


def _arrived(
    sector: str, news: list[Block], came: _Ground, after: PlanState, counter: BlockCounter | None
) -> Iterator[tuple[Pair, MovedPiece]]:
    """Give the pieces of a redrawn sector that were in another buurt."""
    divided = {block.code: came.divide(block.shape) for block in news}
    if all(len({origin for origin, _ in pieces}) <= 1 for pieces in divided.values()):
        counted = [
            (pieces[0][0], block, block.shape, block.counts) for block in news if (pieces := divided[block.code])
        ]
    elif counter is None:
        raise PlansDifferError(
            f"sector {sector} is divided differently in the two plans: counting its pieces needs a counter"
        )
    else:
        flat = [(origin, block, shape) for block in news for origin, shape in divided[block.code]]
        counts = counter.count(sector, [shape for _, _, shape in flat])
        counted = [(*piece, of) for piece, of in zip(flat, counts, strict=True)]
    for origin, block, shape, counts_of in counted:
        destination = after.buurt_of.get(block.code)
        if origin != destination:
            yield (origin, destination), MovedPiece(sector, shape, counts_of)


def _lost(was: list[Block], before: PlanState, now: list[Block]) -> Iterator[tuple[Pair, MovedPiece]]:
    """Give what no block covers any more."""
    shapes: Shapes = np.array([block.shape for block in now], dtype=object)
    tree = shapely.STRtree(shapes)
    for block in was:
        near = shapes[tree.query(block.shape, predicate="intersects")]
        left = _without_slivers(shapely.difference(block.shape, shapely.union_all(near)), before.crs)
        origin = before.buurt_of.get(block.code)
        if left is None or origin is None:
            continue
        yield (origin, None), MovedPiece(block.sector_code, left, _share(block, left))


def _share(block: Block, left: Area) -> BlockCounts:
    """Return a block's counts by the share of its area that is left."""
    share, counts = left.area / block.shape.area, block.counts
    if share > 1 - _SAME_AREA:
        return counts
    households = None if counts.households is None else round(share * counts.households)
    return BlockCounts(households, round(share * counts.dwellings), estimated=True)


def _by_sector(state: PlanState) -> dict[str, list[Block]]:
    blocks: dict[str, list[Block]] = {}
    for code in sorted(state.blocks):
        blocks.setdefault(state.blocks[code].sector_code, []).append(state.blocks[code])
    return blocks


def _is_alike(olds: list[Block], news: list[Block]) -> bool:
    """Whether a sector is divided in the same way, under the same codes.

    A neighbour's cut may have put vertices into a border: the same area, not the same coordinates.
    """
    if [block.code for block in olds] != [block.code for block in news]:
        return False
    return all(_is_same(one.shape, other.shape) for one, other in zip(olds, news, strict=True))


def _is_same(one: Area, other: Area) -> bool:
    if one is other or shapely.equals_exact(one, other):
        return True
    if abs(one.area - other.area) > _SAME_AREA * one.area:
        return False
    return bool(shapely.symmetric_difference(one, other).area <= _SAME_AREA * one.area)


def _without_slivers(shape: shapely.Geometry, crs: str) -> Area | None:
    """Return the polygons that are wider than rounding makes them; None where there is none.

    Lines and points, where areas merely touch, go too.
    """
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 0]
    if not polygons:
        return None
    flat = shapes_in_metres(np.array(polygons, dtype=object), crs)
    wide = 2 * shapely.area(flat) > BORDER_TOLERANCE_M * shapely.length(flat)
    kept = [polygon for polygon, is_wide in zip(polygons, wide, strict=True) if is_wide]
    if not kept:
        return None
    return kept[0] if len(kept) == 1 else shapely.MultiPolygon(kept)
