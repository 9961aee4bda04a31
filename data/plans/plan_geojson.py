"""A plan as GeoJSON (RFC 7946): features that any program shows, with the exact plan in foreign members.

GeoJSON is in longitude and latitude, which no exact shape survives. So a block that is not its whole sector carries
its shape to the bit (hexadecimal WKB in the sectors' CRS) as a property, and what is drawn must agree with it.
"""

import json
from typing import Any

import shapely
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from boundaries.blocks import Buurt, PlanState
from boundaries.operations import MAX_BLOCKS, AdoptedBuurt
from data.plans.features import feature_collection
from data.plans.plan_file import FORMAT_VERSION, FileBlock, PlanFile, PlanFileError
from data.plans.shapes_as_text import read_shape, write_shape

MEMBER = "buurtwijzer_plan"


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: int
    municipality: str
    release: str
    crs: str
    buurten: list[AdoptedBuurt]


class _Properties(BaseModel):
    model_config = ConfigDict(extra="ignore")

    block: str
    buurt: str | None
    shape: str | None


class _Feature(BaseModel):
    model_config = ConfigDict(extra="ignore")

    geometry: dict[str, Any]
    properties: _Properties


class _Collection(BaseModel):
    model_config = ConfigDict(extra="ignore")

    buurtwijzer_plan: _Head
    features: list[_Feature] = Field(max_length=MAX_BLOCKS)


def write_geojson(state: PlanState, file: PlanFile) -> bytes:
    """Return a plan as GeoJSON."""
    collection = feature_collection(state)
    features = sorted(collection["features"], key=lambda feature: str(feature["id"]))
    for feature in features:
        shape = file.blocks[feature["properties"]["block"]].shape
        feature["properties"]["shape"] = None if shape is None else write_shape(shape)
    head = {
        "version": FORMAT_VERSION,
        "municipality": file.municipality_code,
        "release": file.release,
        "crs": file.crs,
        "buurten": [
            {"code": code, "names": dict(of.names), "live": of.live, "colour": of.colour, "locked": of.locked}
            for code, of in file.buurten.items()
        ],
    }
    return json.dumps({"type": "FeatureCollection", MEMBER: head, "features": features}).encode()


def read_geojson(content: bytes) -> PlanFile:
    """Read what `write_geojson` wrote.

    Raises
    ------
    PlanFileError
        It is not that.
    """
    try:
        collection = _Collection.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(str(part) for part in first["loc"]) or "the file"
        hint = "" if place != MEMBER else ". A layer of another program is imported as areas drawn elsewhere"
        raise PlanFileError(f"{place}: {first['msg']}: this is no plan as GeoJSON{hint}") from error
    head = collection.buurtwijzer_plan
    if head.version != FORMAT_VERSION:
        raise PlanFileError(f"{MEMBER}/version: this is version {head.version}; version {FORMAT_VERSION} can be read")
    blocks: dict[str, FileBlock] = {}
    for number, feature in enumerate(collection.features, start=1):
        place, of = f"feature {number}", feature.properties
        if of.block in blocks:
            raise PlanFileError(f"{place}: block {of.block} is there twice")
        try:
            drawn = shapely.from_geojson(json.dumps(feature.geometry))
        except (shapely.GEOSException, ValueError) as error:
            raise PlanFileError(f"{place}: the geometry cannot be read") from error
        shape = None if of.shape is None else read_shape(of.shape, place)
        blocks[of.block] = FileBlock(of.buurt, shape, place, drawn)
    buurten = {buurt.code: Buurt(**buurt.model_dump()) for buurt in head.buurten}
    return PlanFile(head.municipality, head.release, head.crs, buurten, blocks)
