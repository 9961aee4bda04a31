"""Writes a tile in Python: shapes are clipped and rounded to the tile's grid and put into Mapbox's format.

The format is that of the Mapbox Vector Tile Specification 2.1 (https://github.com/mapbox/vector-tile-spec).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import mapbox_vector_tile  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt
import shapely

from data.tiles.grid import BUFFER, EXTENT, Tile

_AREA = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def encode_areas(
    layer: str, tile: Tile, shapes: npt.NDArray[np.object_], properties: Sequence[Mapping[str, Any]]
) -> bytes:
    """Return a tile of areas.

    Parameters
    ----------
    layer
        The layer's name in the tile.
    shapes
        Array of shape (n,) of valid polygons and multipolygons in EPSG:3857; those that collapse on the grid are left
        out.
    properties
        What is said of each; None is left out.

    Returns
    -------
    bytes
        The tile; empty where nothing is in it.
    """
    in_tile = shapely.clip_by_rect(tile.to_units(shapes), -BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
    # Neighbours are rounded alike, vertex by vertex; what then crosses itself is noded where it does.
    rounded = shapely.set_precision(shapely.make_valid(in_tile), 1.0)
    return _encode(layer, [_areas_of(shape) for shape in rounded], properties)


def encode_points(
    layer: str, tile: Tile, points: npt.NDArray[np.float64], properties: Sequence[Mapping[str, Any]]
) -> bytes:
    """Return a tile of points.

    Parameters
    ----------
    layer
        The layer's name in the tile.
    points
        Array of shape (n, 2) of positions in EPSG:3857.
    properties
        What is said of each; None is left out.

    Returns
    -------
    bytes
        The tile; empty where nothing is in it.
    """
    shapes = np.asarray(shapely.points(points), dtype=object)
    return _encode(layer, tile.to_units(shapes).tolist(), properties)


def _areas_of(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the areas of a shape, without the points and lines that parts of it have collapsed to."""
    if shapely.get_type_id(shape) in _AREA:
        return shape
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[np.isin(shapely.get_type_id(parts), _AREA)])


def _encode(layer: str, shapes: Sequence[shapely.Geometry], properties: Sequence[Mapping[str, Any]]) -> bytes:
    features = [
        {"geometry": shape, "properties": {name: value for name, value in said.items() if value is not None}}
        for shape, said in zip(shapes, properties, strict=True)
        if not shapely.is_empty(shape)
    ]
    if not features:
        return b""
    encoded: bytes = mapbox_vector_tile.encode(
        [{"name": layer, "features": features}], default_options={"y_coord_down": True, "extents": EXTENT}
    )
    return encoded
