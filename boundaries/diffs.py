"""What moves between two plans of a municipality, per pair of buurten: areas, households, dwellings, letters."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from boundaries.blocks import Area, Block, BlockCounter, BlockCounts, PlanState
from boundaries.buurt_counts import BuurtCounts, sum_counts
from geo.crs import LONLAT, area_m2, transform_shapes


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
                "members": move.counts.members,
                "letters": move.counts.letters,
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
                        "members": piece.counts.members,
                        "letters": piece.counts.letters,
                    },
                }
                for move in self.moves
                for piece in move.pieces
            ],
        }


def diff_plans(before: PlanState, after: PlanState, counter: BlockCounter | None = None) -> PlanDiff:
    """Compare two plans of one municipality on one sectors release.

    Parameters
    ----------
    before, after
        The plans, with their shapes in the same CRS.
    counter
        Counts the pieces of sectors that the two plans cut differently; without one, blocks may only move whole.

    Returns
    -------
    PlanDiff
        Moves in order of their buurten, no buurt last. Where a sector is cut alike in both plans, its blocks move
        with their own counts (those of `after` where the block is there).

    Raises
    ------
    PlansDifferError
        The plans are of two municipalities or CRS, or a sector is cut differently and there is no counter.
    """
    if (before.municipality_code, before.crs) != (after.municipality_code, after.crs):
        raise PlansDifferError(
            f"plans of {before.municipality_code} in {before.crs} and of {after.municipality_code} in {after.crs} "
            "cannot be compared"
        )
    moved: dict[tuple[str | None, str | None], list[MovedPiece]] = {}
    olds, news = _by_sector(before), _by_sector(after)
    for sector in sorted(olds.keys() | news.keys()):
        for origin, destination, piece in _pieces(
            sector, olds.get(sector, []), news.get(sector, []), before, after, counter
        ):
            if origin != destination:
                moved.setdefault((origin, destination), []).append(piece)
    order = sorted(moved, key=lambda pair: [(code is None, code or "") for code in pair])
    both = before.buurten.keys() & after.buurten.keys()
    return PlanDiff(
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


def _by_sector(state: PlanState) -> dict[str, list[Block]]:
    blocks: dict[str, list[Block]] = {}
    for code in sorted(state.blocks):
        blocks.setdefault(state.blocks[code].sector_code, []).append(state.blocks[code])
    return blocks


def _pieces(
    sector: str,
    olds: Sequence[Block],
    news: Sequence[Block],
    before: PlanState,
    after: PlanState,
    counter: BlockCounter | None,
) -> Iterator[tuple[str | None, str | None, MovedPiece]]:
    if not olds or not news:
        for block in (*olds, *news):
            yield (
                before.buurt_of.get(block.code) if olds else None,
                after.buurt_of.get(block.code) if news else None,
                MovedPiece(sector, block.shape, block.counts),
            )
        return
    # A neighbour's cut may have put vertices into a border: the same area, not the same coordinates.
    shapes_before = {block.code: block.shape for block in olds}
    is_alike = shapes_before.keys() == {block.code for block in news} and (
        len(news) == 1 or all(shapely.equals(shapes_before[block.code], block.shape) for block in news)
    )
    if is_alike:
        for block in news:
            piece = MovedPiece(sector, block.shape, block.counts)
            yield before.buurt_of.get(block.code), after.buurt_of.get(block.code), piece
        return
    if counter is None:
        raise PlansDifferError(
            f"sector {sector} is cut differently in the two plans: counting its pieces needs a counter"
        )
    cuts = [(old, new, _areas_of(shapely.intersection(old.shape, new.shape))) for old in olds for new in news]
    cuts = [cut for cut in cuts if not cut[2].is_empty]
    counts = counter.count(sector, [shape for _, _, shape in cuts])
    for (old, new, shape), counted in zip(cuts, counts, strict=True):
        yield before.buurt_of.get(old.code), after.buurt_of.get(new.code), MovedPiece(sector, shape, counted)


def _areas_of(shape: shapely.Geometry) -> Area:
    """Return the polygons of an intersection, without the lines and points where its sides merely touch."""
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 0]
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
