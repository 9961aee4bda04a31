"""A small map of buurten as SVG, drawn from their polygons; the same polygons give the same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

SCALE = 10_000
"""Units of the drawing along its longer side."""
TOLERANCE = 12
"""Bends smaller than this many units are left out: a tenth of a millimetre on paper."""
MAX_LABELS = 60
SURROUNDINGS = 1
"""What is shown around the buurten of a pilot, on each side, by the longer side of their own bounds."""
_INK, _FILL, _REST = "#0b5563", "#cfe3e4", "#f6f8f8"


@dataclass(frozen=True, slots=True)
class MapShape:
    """A buurt of the map: its polygon in a projected CRS (x to the east, y to the north, one CRS for all shapes)."""

    code: str
    geometry: BaseGeometry
    number: int | None
    """Its number in the table of households; None for a buurt that is not in the quote."""


@dataclass(frozen=True, slots=True)
class QuoteMap:
    """A drawing, and its width by its height."""

    svg: str
    width: int
    height: int


def draw_map(shapes: Sequence[MapShape]) -> QuoteMap | None:
    """Draw buurten, those of the quote filled and numbered.

    The borders are simplified together, so that neighbours keep one border. It is a picture, and decides nothing.

    Parameters
    ----------
    shapes
        Any number of buurten, in any order; empty geometries are left out.

    Returns
    -------
    QuoteMap or None
        None where there is nothing to draw.

    Examples
    --------
    >>> drawing = draw_map([MapShape("a", shapely.box(0, 0, 200, 100), 1)])
    >>> drawing.width, drawing.height
    (10000, 5000)
    """
    drawn = sorted((shape for shape in shapes if not shape.geometry.is_empty), key=lambda shape: shape.code)
    if not drawn:
        return None
    geometries = np.array([shape.geometry for shape in drawn], dtype=object)
    left, bottom, right, top = _view(drawn, geometries)
    longer = max(right - left, top - bottom)
    if not longer > 0:
        return None

    def to_drawing(points: Any) -> Any:
        return np.column_stack([points[:, 0] - left, top - points[:, 1]]) * SCALE / longer

    scaled = shapely.transform(geometries, to_drawing)
    simple = shapely.coverage_simplify(scaled, TOLERANCE)
    width, height = (max(1, int(np.ceil(side * SCALE / longer))) for side in (right - left, top - bottom))
    simple = shapely.clip_by_rect(simple, 0, 0, width, height)
    # The quote's buurten last, so that their borders lie over the others'.
    shown = np.flatnonzero(~shapely.is_empty(simple)).tolist()
    order = sorted(shown, key=lambda at: (drawn[at].number is not None, drawn[at].code))
    stroke = 28 if len(shown) <= MAX_LABELS else 12
    paths = [_path(drawn[at], simple[at], stroke) for at in order]
    labelled = [at for at in order if drawn[at].number is not None]
    labels = [_label(drawn[at], scaled[at]) for at in labelled] if 1 < len(labelled) <= MAX_LABELS else []
    margin = SCALE // 60
    box = f"{-margin} {-margin} {width + 2 * margin} {height + 2 * margin}"
    svg = "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" ',
            f'width="{width + 2 * margin}" height="{height + 2 * margin}">',
            *paths,
            *labels,
            "</svg>",
        )
    )
    return QuoteMap(svg, width, height)


def _view(drawn: Sequence[MapShape], geometries: Any) -> Any:
    """Return the bounds of the picture: of everything, or of the quote's buurten with what lies around them."""
    everything = shapely.total_bounds(geometries)
    numbered = [shape.number is not None for shape in drawn]
    if not any(numbered):
        return everything
    named = shapely.total_bounds(geometries[numbered])
    room = max(named[2:] - named[:2]) * SURROUNDINGS
    return np.concatenate([np.maximum(everything[:2], named[:2] - room), np.minimum(everything[2:], named[2:] + room)])


def _path(shape: MapShape, geometry: BaseGeometry, stroke_width: int) -> str:
    rings = []
    for polygon in shapely.get_parts(shapely.get_parts(geometry)):
        if polygon.geom_type != "Polygon":
            continue
        for ring in (polygon.exterior, *polygon.interiors):
            points = np.rint(shapely.get_coordinates(ring)[:-1]).astype(np.int64).tolist()
            rings.append("M" + "L".join(f"{x} {y}" for x, y in points) + "Z")
    inside = shape.number is not None
    fill, stroke, width = (_FILL, _INK, stroke_width) if inside else (_REST, "#a9b8ba", stroke_width // 2)
    style = f'fill="{fill}" stroke="{stroke}" stroke-width="{width}" stroke-linejoin="round" fill-rule="evenodd"'
    return f"<path id={quoteattr(shape.code)} d={quoteattr(''.join(rings))} {style}/>"


def _label(shape: MapShape, geometry: Any) -> str:
    circle = shapely.maximum_inscribed_circle(geometry, tolerance=20)
    (x, y), (edge_x, edge_y) = shapely.get_coordinates(circle).tolist()
    room = int(np.hypot(edge_x - x, edge_y - y))
    size = min(520, room * 12 // 10)
    if size < 190:
        return ""
    place = f'x="{round(x)}" y="{round(y) + size * 35 // 100}"'
    look = f'font-family="Libertinus Serif" font-weight="600" font-size="{size}" text-anchor="middle" fill="{_INK}"'
    return f"<text {place} {look}>{shape.number}</text>"


def map_height_mm(drawing: QuoteMap, width_mm: int, max_height_mm: int) -> int:
    """Return the height on paper of a map that is so wide, in whole millimetres.

    Examples
    --------
    >>> map_height_mm(QuoteMap("", 10_000, 5_000), 68, 90)
    34
    """
    return min(max_height_mm, int(Decimal(width_mm) * drawing.height / drawing.width))
