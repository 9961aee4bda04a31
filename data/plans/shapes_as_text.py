"""An exact shape as text in a file: hexadecimal WKB, which keeps every bit of its coordinates."""

import shapely

from boundaries.blocks import Area
from boundaries.operations import MAX_SHAPE
from data.plans.plan_file import PlanFileError


def write_shape(shape: Area) -> str:
    """Return a shape as text.

    Examples
    --------
    >>> read_shape(write_shape(shapely.box(0, 0, 1 / 3, 1)), "line 1") == shapely.box(0, 0, 1 / 3, 1)
    True
    """
    return shapely.to_wkb(shape, hex=True, byte_order=1)


def read_shape(text: str, place: str) -> Area:
    """Read a shape.

    Parameters
    ----------
    place
        Where in the file it is, for the error.

    Raises
    ------
    PlanFileError
        It is none.
    """
    if len(text) > MAX_SHAPE:
        raise PlanFileError(f"{place}: the shape has more than {MAX_SHAPE:,} digits")
    try:
        shape = shapely.from_wkb(text)
    except (shapely.GEOSException, ValueError) as error:
        raise PlanFileError(f"{place}: the shape is no hexadecimal WKB") from error
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
        raise PlanFileError(f"{place}: the shape is no area")
    return shape
