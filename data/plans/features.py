"""Blocks of a plan as GeoJSON features (RFC 7946), with their buurt and counts."""

import json
from collections.abc import Mapping
from typing import Any

import shapely

from boundaries.blocks import Block, Buurt, PlanState
from data.tables import LANGUAGES
from geo.crs import LONLAT, transform_shapes

Geometry = dict[str, Any]


def feature_collection(state: PlanState) -> dict[str, Any]:
    """Return the blocks of a plan as a FeatureCollection."""
    return {
        "type": "FeatureCollection",
        "features": [
            feature_of(block, state.buurten, state.buurt_of[block.code], state.crs) for block in state.blocks.values()
        ],
    }


def feature_of(block: Block, buurten: Mapping[str, Buurt], buurt: str | None, crs: str) -> dict[str, Any]:
    """Return a block as a feature, with its buurt and counts."""
    return {
        "type": "Feature",
        "id": block.code,
        "geometry": as_geojson(block.shape, crs),
        "properties": properties_of(block, buurten, buurt),
    }


def properties_of(block: Block, buurten: Mapping[str, Buurt], buurt: str | None) -> dict[str, Any]:
    """Return what a feature says of a block: its codes, its buurt's names and its counts."""
    return {
        "block": block.code,
        "sector": block.sector_code,
        "buurt": buurt,
        **names_of(buurten, buurt),
        "households": block.counts.households,
        "estimated": block.counts.estimated,
        "dwellings": block.counts.dwellings,
    }


def as_geojson(shape: shapely.Geometry, crs: str) -> Geometry:
    """Return a shape of a plan as a GeoJSON geometry."""
    geometry: Geometry = json.loads(shapely.to_geojson(transform_shapes(shape, crs, LONLAT)))
    return geometry


def names_of(buurten: Mapping[str, Buurt], code: str | None) -> dict[str, str | None]:
    """Return the names of a buurt, or of none, as columns."""
    names = {} if code is None else buurten[code].names
    return {f"name_{language}": names.get(language) for language in LANGUAGES}
