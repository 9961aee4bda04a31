"""Reads the lines that buurten should not lie across: railways, canals, motorways."""

from pathlib import Path

import shapely

from data.readers.layers import read_layer
from data.tables import SourceError
from geo.crs import transform_shapes


def read_barriers(path: Path, crs: str) -> list[shapely.Geometry]:
    """Read a layer of lines from any file that GDAL reads.

    Parameters
    ----------
    path
        The file.
    crs
        Authority code of the CRS that the lines are wanted in.

    Raises
    ------
    SourceError
        `no-lines`, `no-crs`, or one of `data.readers.layers.read_layer`.
    """
    layer = read_layer(path)
    if layer.crs is None:
        raise SourceError("no-crs", "the layer does not say its CRS.", file=path.name, remedy="Export it with its CRS.")
    shapes = layer.geometry.array
    lines = [shape for shape in shapes if shape is not None and shape.geom_type in ("LineString", "MultiLineString")]
    if len(lines) != len(shapes):
        raise SourceError(
            "no-lines",
            f"{len(shapes) - len(lines)} of {len(shapes)} features are no lines.",
            file=path.name,
            remedy="Give the middle lines of railways, canals and motorways.",
        )
    return [transform_shapes(line, layer.crs.to_string(), crs) for line in lines]
