"""What OGC API's resources say as JSON (OGC 19-072, 17-069r4, 18-058r1, 19-079r2)."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from data.features.collections import FieldType


class Link(BaseModel):
    """A link (RFC 8288)."""

    href: str
    rel: str
    type: str | None = Field(None, description="Media type of what is there.")
    title: str | None = None
    hreflang: str | None = None
    templated: bool | None = None
    """Whether `href` has places for values in braces."""


class LandingPage(BaseModel):
    """Where everything else is linked from."""

    title: str
    description: str
    links: list[Link]


class Conformance(BaseModel):
    """What holds."""

    conformsTo: list[str] = Field(description="URIs of conformance classes.")  # noqa: N815 -- as the standard has it


class SpatialExtent(BaseModel):
    """Where features are."""

    bbox: list[list[float]] = Field(description="West, south, east, north in CRS84.")
    crs: str


class TemporalExtent(BaseModel):
    """Of which days features are."""

    interval: list[list[str | None]] = Field(description="First and last day; null is open.")
    trs: str = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"


class Extent(BaseModel):
    """Where and of which days features are."""

    spatial: SpatialExtent
    temporal: TemporalExtent | None = None


class CollectionAnswer(BaseModel):
    """A collection of features."""

    id: str
    title: str
    description: str
    links: list[Link]
    extent: Extent | None = Field(None, description="Absent where there is nothing yet.")
    itemType: str = "feature"  # noqa: N815
    dataType: str = "vector"  # noqa: N815
    crs: list[str] = Field(description="URIs of the CRS that answers come in.")
    storageCrs: str | None = Field(  # noqa: N815
        None, description="URI of the CRS that coordinates are stored in; absent where that differs by country."
    )


class CollectionList(BaseModel):
    """All collections."""

    links: list[Link]
    collections: list[CollectionAnswer]


class FeatureAnswer(BaseModel):
    """A feature (RFC 7946), with links."""

    model_config = ConfigDict(extra="allow")

    type: Literal["Feature"]
    id: str
    geometry: dict[str, Any]
    properties: dict[str, Any]
    links: list[Link]


class FeatureList(BaseModel):
    """A page of features (RFC 7946)."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]
    links: list[Link]
    timeStamp: str  # noqa: N815
    numberMatched: int = Field(description="Features on all pages.")  # noqa: N815
    numberReturned: int  # noqa: N815


JSON_TYPES: dict[FieldType, dict[str, str]] = {
    FieldType.TEXT: {"type": "string"},
    FieldType.WHOLE: {"type": "integer"},
    FieldType.NUMBER: {"type": "number"},
    FieldType.TRUTH: {"type": "boolean"},
    FieldType.DAY: {"type": "string", "format": "date"},
    FieldType.AREA: {"format": "geometry-any"},
}
"""Of fields, as JSON Schema has them; a geometry as OGC API – Features Part 3 has it."""
