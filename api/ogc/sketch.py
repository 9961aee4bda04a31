"""A sketch of features as SVG: what is on a page, to look at and nothing else."""

from math import cos, radians
from xml.etree.ElementTree import Element

import numpy as np
import numpy.typing as npt
import shapely

from api.ogc.html import element

WIDTH = 720.0
"""Of the drawing, in its own units."""
MOST_HEIGHT = 720.0


def draw(shapes: npt.NDArray[np.object_], title: str) -> Element | None:
    """Return areas as a drawing of the width of a page, each as one path; None where there is none.

    Parameters
    ----------
    shapes
        In longitude and latitude, shape (n,).
    title
        What a reader that sees no picture is told.
    """
    if not len(shapes):
        return None
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    narrow = cos(radians((south + north) / 2))
    scale = min(WIDTH / max((east - west) * narrow, 1e-9), MOST_HEIGHT / max(north - south, 1e-9))
    drawn = shapely.transform(
        shapes,
        lambda points: np.column_stack([(points[:, 0] - west) * narrow * scale, (north - points[:, 1]) * scale]),
    )
    # Half a unit is less than a pixel of most screens.
    paths = [element("path", d=_path(shape)) for shape in shapely.simplify(drawn, 0.5)]
    box = f"-2 -2 {(east - west) * narrow * scale + 4:.0f} {(north - south) * scale + 4:.0f}"
    return element("svg", element("title", title), *paths, viewBox=box, role="img")


def _path(shape: shapely.Geometry) -> str:
    rings = [ring for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors)]
    return "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(ring)[:-1].tolist()) + "Z"
        for ring in rings
        if len(ring.coords) > 3
    )
