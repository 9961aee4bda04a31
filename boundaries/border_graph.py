"""How large the pieces of blocks are and which borders they share, in metres, kept while blocks come, go and are cut.

Areas, perimeters and shared borders add up: what a buurt measures follows from them without joining a shape. A piece
is one polygon of a block: an official sector may lie in several.
"""

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from boundaries.blocks import Area
from boundaries.borders import BORDER_TOLERANCE_M, share_borders
from boundaries.measures import metric_crs
from geo.crs import transform_shapes

Shapes = npt.NDArray[np.object_]
Piece = tuple[str, int]
"""Code of a block, and the number of one of its polygons."""

FREE_M = 1.0
"""Length of border that nobody shares from which a block lies at the edge: borders that are not drawn vertex for
vertex are measured to about this."""

_NO_BARRIERS: Shapes = np.array([], dtype=object)


@dataclass(frozen=True, slots=True, eq=False)
class BlockMeasures:
    """What a block measures by itself."""

    areas_m2: tuple[float, ...]
    """Of its pieces."""
    perimeters_m: tuple[float, ...]
    """Of its pieces, holes included."""
    main: int
    """Its largest piece."""
    place: shapely.Point
    """A point in its largest piece, in the plan's CRS."""
    hull: npt.NDArray[np.float64]
    """Vertices of its convex hull, shape (k, 2), in the metric CRS."""


class BorderGraph:
    """The measures of blocks and the borders between them.

    Parameters
    ----------
    shapes
        All blocks of a plan by code.
    crs
        Authority code of their CRS.
    """

    def __init__(self, shapes: Mapping[str, Area], crs: str) -> None:
        self._crs = crs
        self._metric = metric_crs(np.array(list(shapes.values()), dtype=object), crs)
        self._flat: dict[str, Area] = {}
        self._measures: dict[str, BlockMeasures] = {}
        self._borders: dict[Piece, dict[Piece, float]] = {}
        self._neighbours: dict[str, dict[str, float]] = {}
        self._at_edge: set[str] = set()
        self._measure(shapes)
        self._link(list(shapes), shapes.keys())
        self._find_edge(shapes)

    @property
    def neighbours(self) -> Mapping[str, Mapping[str, float]]:
        """By block, the blocks with which it shares a border and that border's length in metres; a corner is none."""
        return self._neighbours

    def measures_of(self, block: str) -> BlockMeasures:
        """Return what a block measures."""
        return self._measures[block]

    def borders_of(self, piece: Piece) -> Mapping[Piece, float]:
        """Return the pieces with which one shares a border, and that border's length in metres."""
        return self._borders[piece]

    @property
    def at_edge(self) -> Set[str]:
        """The blocks with a border that no other shares: the municipality's, or a gap's."""
        return self._at_edge

    def pieces_of(self, blocks: Iterable[str]) -> list[Piece]:
        """Return the pieces of blocks."""
        return [(code, number) for code in blocks for number in range(len(self._measures[code].areas_m2))]

    def replace(
        self,
        gone: Collection[str],
        come: Mapping[str, Area],
        revertexed: Mapping[str, Area],
        near: Collection[str],
    ) -> None:
        """Take blocks away and put others in.

        Parameters
        ----------
        gone, come
            Blocks; one whose shape has changed is in both.
        revertexed
            Blocks that only have a vertex more or less in their border: what they measure stays.
        near
            Blocks whose bounding boxes come within a border's tolerance of one that comes.
        """
        self._at_edge.difference_update(gone)
        beside = {other for code in gone for other in self._neighbours[code]}
        for code in gone:
            for piece in self.pieces_of([code]):
                for other in self._borders.pop(piece):
                    self._borders.get(other, {}).pop(piece, None)
            for neighbour in self._neighbours.pop(code):
                self._neighbours.get(neighbour, {}).pop(code, None)
            del self._measures[code], self._flat[code]
        for code, shape in revertexed.items():
            self._flat[code] = transform_shapes(shape, self._crs, self._metric)
        self._measure(come)
        # Whatever shares a segment with a border this close is as close itself.
        self._link(sorted({*near, *come}), come.keys())
        self._find_edge((beside & self._measures.keys()).union(*(self._neighbours[code] for code in come), come))

    def _find_edge(self, blocks: Iterable[str]) -> None:
        """Look again at which of some blocks have a border that no other shares."""
        for code in blocks:
            free = sum(self._measures[code].perimeters_m) - sum(self._neighbours[code].values())
            (self._at_edge.add if free > FREE_M else self._at_edge.discard)(code)

    def _measure(self, shapes: Mapping[str, Area]) -> None:
        if not shapes:
            return
        flat = transform_shapes(np.array(list(shapes.values()), dtype=object), self._crs, self._metric)
        hulls = shapely.convex_hull(flat)
        for code, shape, metric, hull in zip(shapes, shapes.values(), flat, hulls, strict=True):
            pieces = shapely.get_parts(metric)
            areas = shapely.area(pieces)
            main = int(np.argmax(areas))
            self._flat[code] = metric
            self._measures[code] = BlockMeasures(
                tuple(areas.tolist()),
                tuple(shapely.length(pieces).tolist()),
                main,
                point_in(shape, main),
                shapely.get_coordinates(hull)[:-1],
            )
            self._neighbours[code] = {}
            for number in range(len(pieces)):
                self._borders[code, number] = {}

    def _link(self, codes: list[str], wanted: Collection[str]) -> None:
        """Find the borders among blocks, and keep those of the wanted ones."""
        if not wanted:
            return
        pieces = self.pieces_of(codes)
        shapes = shapely.get_parts(np.array([self._flat[code] for code in codes], dtype=object))
        new = set(wanted)
        asked = np.array([code in new for code, _ in pieces])
        found = share_borders(shapes, _NO_BARRIERS, tolerance_m=BORDER_TOLERANCE_M, wanted=asked)
        for position, one in enumerate(pieces):
            for at in range(found.starts[position], found.starts[position + 1]):
                other = pieces[int(found.neighbours[at])]
                if one[0] != other[0] and (one[0] in new or other[0] in new):
                    length = float(found.length_m[at])
                    self._borders[one][other] = length
                    beside = self._neighbours[one[0]]
                    beside[other[0]] = beside.get(other[0], 0.0) + length


def point_in(shape: Area, number: int) -> shapely.Point:
    """Return a point inside the polygon of that number of an area."""
    point = shapely.point_on_surface(shapely.get_geometry(shape, number))
    assert isinstance(point, shapely.Point)  # noqa: S101 -- an area has one
    return point
