"""Blocks of a plan as one GeoJSON text for the map: all shapes are converted at once and rounded to a centimetre."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from boundaries.blocks import Block, Buurt, PlanState
from data.plans.features import properties_of
from geo.crs import LONLAT, transform_shapes

DECIMALS = 7
"""Of a degree: a centimetre. What is drawn on the map is snapped to the exact shapes, which stay on the server."""


def write_map_features(state: PlanState) -> bytes:
    """Return the blocks of a plan as a FeatureCollection (RFC 7946, UTF-8), for looking only.

    Every vertex is rounded alike, so that neighbours still meet.
    """
    blocks = list(state.blocks.values())
    shapes = np.array([block.shape for block in blocks], dtype=object)
    in_degrees = shapely.transform(transform_shapes(shapes, state.crs, LONLAT), _rounded)
    geometries = shapely.to_geojson(in_degrees).tolist()
    features = [
        f'{{"type":"Feature","id":{json.dumps(block.code)},"geometry":{geometry},'
        f'"properties":{json.dumps(properties_of(block, state.buurten, state.buurt_of[block.code]))}}}'
        for block, geometry in zip(blocks, geometries, strict=True)
    ]
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'.encode()


def map_feature(block: Block, buurten: Mapping[str, Buurt], buurt: str | None, crs: str) -> dict[str, Any]:
    """Return a block as `write_map_features` writes it: the map finds neighbours by equal vertices."""
    shape = shapely.transform(transform_shapes(block.shape, crs, LONLAT), _rounded)
    return {
        "type": "Feature",
        "id": block.code,
        "geometry": json.loads(shapely.to_geojson(shape)),
        "properties": properties_of(block, buurten, buurt),
    }


def _rounded(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return points.round(DECIMALS)
