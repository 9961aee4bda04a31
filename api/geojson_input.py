"""Areas and lines that a caller draws, as GeoJSON (RFC 7946): read, checked and limited, refusals with their place.

Coordinates are CRS84 (longitude and latitude, in degrees), as RFC 7946 has it, and edges are straight in degrees (its
section 3.1.1). A position's altitude and foreign members are ignored; `crs`, which RFC 7946 took away, is refused,
because its coordinates would be read as something else than they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import shapely
from pydantic import Field, TypeAdapter, ValidationError, WithJsonSchema
from pydantic_core import from_json

from boundaries.blocks import Area
from geo.crs import LONLAT, METRES_PER_DEGREE, area_m2, transform_straight

Line = shapely.LineString | shapely.MultiLineString

MOST_VERTICES = 2_000
"""Of all rings together."""
MOST_AREA_KM2 = 1_000
"""More than any municipality of Belgium or the Netherlands has of land."""
MOST_EXTENT_KM = 100
"""Of width and of height: a comb that is thin enough has little area and touches a whole country."""
MOST_TEXT = 8_000
"""Characters of an area in a URL; proxies and servers refuse much longer ones. A body takes more."""

_POSITION_SCHEMA: dict[str, Any] = {
    "type": "array",
    "prefixItems": [
        {"type": "number", "minimum": -180, "maximum": 180},
        {"type": "number", "minimum": -90, "maximum": 90},
    ],
    "items": {"type": "number"},
    "minItems": 2,
    "maxItems": 3,
}
_RINGS_SCHEMA: dict[str, Any] = {
    "type": "array",
    "minItems": 1,
    "items": {"type": "array", "minItems": 4, "maxItems": MOST_VERTICES, "items": _POSITION_SCHEMA},
}
_LINE_SCHEMA: dict[str, Any] = {
    "type": "array",
    "minItems": 2,
    "maxItems": MOST_VERTICES,
    "items": _POSITION_SCHEMA,
}
_EXAMPLE = {
    "type": "Polygon",
    "coordinates": [[[3.99, 50.79], [4.01, 50.79], [4.01, 50.81], [3.99, 50.81], [3.99, 50.79]]],
}
AREA_SCHEMA: dict[str, Any] = {
    "description": "Polygon or MultiPolygon of GeoJSON (RFC 7946): longitude and latitude, closed rings, valid, "
    f"at most {MOST_VERTICES:,} vertices, {MOST_AREA_KM2:,} km² and {MOST_EXTENT_KM} km from side to side.",
    "type": "object",
    "oneOf": [
        {"properties": {"type": {"const": "Polygon"}, "coordinates": _RINGS_SCHEMA}},
        {
            "properties": {
                "type": {"const": "MultiPolygon"},
                "coordinates": {"type": "array", "minItems": 1, "items": _RINGS_SCHEMA},
            }
        },
    ],
    "required": ["type", "coordinates"],
    "examples": [_EXAMPLE],
}
GeoJsonArea = Annotated[dict[str, Any], WithJsonSchema(AREA_SCHEMA)]
"""The field of a body that `read_area` reads: described here, and judged there, so that a refusal names the place."""
LINE_SCHEMA: dict[str, Any] = {
    "description": "LineString or MultiLineString of GeoJSON (RFC 7946): longitude and latitude, "
    f"at most {MOST_VERTICES:,} vertices and {MOST_EXTENT_KM} km from end to end.",
    "type": "object",
    "oneOf": [
        {"properties": {"type": {"const": "LineString"}, "coordinates": _LINE_SCHEMA}},
        {
            "properties": {
                "type": {"const": "MultiLineString"},
                "coordinates": {"type": "array", "minItems": 1, "items": _LINE_SCHEMA},
            }
        },
    ],
    "required": ["type", "coordinates"],
    "examples": [{"type": "LineString", "coordinates": [[3.99, 50.79], [4.01, 50.81]]}],
}
GeoJsonLine = Annotated[dict[str, Any], WithJsonSchema(LINE_SCHEMA)]
"""The field of a body that `read_line` reads."""

_Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
_Position = Annotated[list[_Number], Field(min_length=2, max_length=3)]
_Ring = Annotated[list[_Position], Field(min_length=4, max_length=MOST_VERTICES)]
_Rings = Annotated[list[_Ring], Field(min_length=1, max_length=MOST_VERTICES)]
_Line = Annotated[list[_Position], Field(min_length=2, max_length=MOST_VERTICES)]
_AREAS: Mapping[str, TypeAdapter[Any]] = {
    "Polygon": TypeAdapter(_Rings),
    "MultiPolygon": TypeAdapter(Annotated[list[_Rings], Field(min_length=1, max_length=MOST_VERTICES)]),
}
_LINES: Mapping[str, TypeAdapter[Any]] = {
    "LineString": TypeAdapter(_Line),
    "MultiLineString": TypeAdapter(Annotated[list[_Line], Field(min_length=1, max_length=MOST_VERTICES)]),
}


class DrawnAreaError(ValueError):
    """A drawn area that cannot be used.

    Parameters
    ----------
    field
        Where: the parameter or the field, and a JSON pointer from there on, such as `/within/coordinates/0/3`.
    detail
        What is wrong there, and what would be right.
    """

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail


@dataclass(frozen=True, slots=True)
class DrawnArea:
    """An area as it was drawn, valid and within the limits."""

    shape: Area
    """In EPSG:4326, longitude first."""
    area_m2: float
    """On the ellipsoid."""

    def in_crs(self, crs: str) -> Area:
        """Return the area in another CRS, its edges as straight in degrees as they were drawn, to within 1 cm.

        Raises
        ------
        ValueError
            A position has no image there.
        """
        if crs == LONLAT:
            return self.shape
        moved = transform_straight(self.shape, LONLAT, crs)
        # Where edges all but touch, those of the other CRS may cross.
        return moved if moved.is_valid else _areas_of(shapely.make_valid(moved))


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line as it was drawn, within the limits."""

    shape: Line
    """In EPSG:4326, longitude first."""

    def in_crs(self, crs: str) -> Line:
        """Return the line in another CRS, as straight in degrees as it was drawn, to within 1 cm.

        Raises
        ------
        ValueError
            A position has no image there.
        """
        return transform_straight(self.shape, LONLAT, crs)


def read_area(value: object, field: str) -> DrawnArea:
    """Read a GeoJSON geometry.

    Parameters
    ----------
    value
        What the JSON says.
    field
        Where it stands, for what refusals say: `/within` of a body, `within` of a query.

    Raises
    ------
    DrawnAreaError
        It is no Polygon or MultiPolygon, or one that is malformed, invalid or beyond the limits.

    Examples
    --------
    >>> square = [[[4.0, 50.0], [4.1, 50.0], [4.1, 50.1], [4.0, 50.1], [4.0, 50.0]]]
    >>> round(read_area({"type": "Polygon", "coordinates": square}, "/within").area_m2 / 1e6, 1)
    79.7
    >>> read_area({"type": "Polygon", "coordinates": [square[0][:4]]}, "/within")
    Traceback (most recent call last):
    api.geojson_input.DrawnAreaError: /within/coordinates/0: a ring ends where it begins
    """
    kind, coordinates = _read_coordinates(value, field, _AREAS, "an area is a Polygon or a MultiPolygon")
    where = f"{field}/coordinates"
    polygons = [coordinates] if kind == "Polygon" else coordinates
    _check_positions(polygons, where, kind == "Polygon")
    made = [shapely.Polygon(_flat(shell), [_flat(hole) for hole in holes]) for shell, *holes in polygons]
    return _checked(made[0] if kind == "Polygon" else shapely.MultiPolygon(made), field)


def read_line(value: object, field: str) -> DrawnLine:
    """Read a GeoJSON geometry of lines.

    Parameters
    ----------
    value
        What the JSON says.
    field
        Where it stands, for what refusals say.

    Raises
    ------
    DrawnAreaError
        It is no LineString or MultiLineString, or one that is malformed or beyond the limits.

    Examples
    --------
    >>> read_line({"type": "LineString", "coordinates": [[4.0, 50.0], [4.1, 50.1]]}, "/line").shape.length > 0.14
    True
    """
    kind, coordinates = _read_coordinates(value, field, _LINES, "a line is a LineString or a MultiLineString")
    lines = [coordinates] if kind == "LineString" else coordinates
    where = f"{field}/coordinates"
    _check_vertices(sum(map(len, lines)), where, "a line")
    for number, line in enumerate(lines):
        at = where if kind == "LineString" else f"{where}/{number}"
        _check_degrees(line, at)
        if len({tuple(position[:2]) for position in line}) == 1:
            raise DrawnAreaError(at, "a line has at least two different positions")
    shape = (
        shapely.LineString(_flat(lines[0]))
        if kind == "LineString"
        else shapely.MultiLineString([_flat(line) for line in lines])
    )
    _check_extent(shape, where, "the line")
    return DrawnLine(shape)


def read_area_text(text: str, field: str) -> DrawnArea:
    """Read a GeoJSON geometry from its text, as `read_area` does.

    Raises
    ------
    DrawnAreaError
        As `read_area`; and where the text is no JSON, or nested deeper than any geometry.
    """
    if len(text) > MOST_TEXT:
        raise DrawnAreaError(field, f"an area of more than {MOST_TEXT:,} characters goes into the body of a POST")
    try:
        value = from_json(text)
    except ValueError as error:
        raise DrawnAreaError(field, f"this is no JSON: {error}") from None
    return read_area(value, field)


def _read_coordinates(
    value: object, field: str, adapters: Mapping[str, TypeAdapter[Any]], wanted: str
) -> tuple[str, list[Any]]:
    if not isinstance(value, dict):
        raise DrawnAreaError(field, "a GeoJSON geometry is an object with `type` and `coordinates`")
    kind = value.get("type")
    adapter = adapters.get(kind) if isinstance(kind, str) else None
    if not isinstance(kind, str) or adapter is None:
        hint = "; send its geometry alone" if kind in ("Feature", "FeatureCollection") else ""
        raise DrawnAreaError(f"{field}/type", f"{wanted}{hint}")
    if "crs" in value:
        raise DrawnAreaError(
            f"{field}/crs",
            "coordinates are longitude and latitude (RFC 7946, section 4); convert them, and leave out crs",
        )
    try:
        return kind, adapter.validate_python(value.get("coordinates"))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise DrawnAreaError("/".join([f"{field}/coordinates", *map(str, first["loc"])]), first["msg"]) from None


def _check_positions(polygons: list[list[list[list[float]]]], where: str, single: bool) -> None:
    _check_vertices(sum(len(ring) for rings in polygons for ring in rings), where, "an area")
    for number, rings in enumerate(polygons):
        for place, ring in enumerate(rings):
            at = f"{where}/{place}" if single else f"{where}/{number}/{place}"
            _check_degrees(ring, at)
            if ring[0][:2] != ring[-1][:2]:
                raise DrawnAreaError(at, "a ring ends where it begins")


def _check_vertices(vertices: int, where: str, what: str) -> None:
    if vertices > MOST_VERTICES:
        raise DrawnAreaError(where, f"{what} has at most {MOST_VERTICES:,} vertices, and this has {vertices:,}")


def _check_degrees(positions: list[list[float]], where: str) -> None:
    for number, (lon, lat, *_) in enumerate(positions):
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise DrawnAreaError(
                f"{where}/{number}",
                "a position is longitude (-180 to 180) and latitude (-90 to 90) in degrees, in that order",
            )


def _flat(ring: list[list[float]]) -> list[list[float]]:
    return [position[:2] for position in ring]


def _checked(shape: Area, field: str) -> DrawnArea:
    if not shape.is_valid:
        raise DrawnAreaError(f"{field}/coordinates", f"the area is not valid: {shapely.is_valid_reason(shape)}")
    _check_extent(shape, f"{field}/coordinates", "the area")
    [size] = area_m2(np.array([shape], dtype=object), LONLAT)
    if size > MOST_AREA_KM2 * 1e6:
        raise DrawnAreaError(
            f"{field}/coordinates", f"the area is {size / 1e6:,.0f} km², and at most {MOST_AREA_KM2:,} are taken"
        )
    return DrawnArea(shape, float(size))


def _check_extent(shape: Area | Line, where: str, what: str) -> None:
    west, south, east, north = shape.bounds
    widest = METRES_PER_DEGREE / 1_000 * max(north - south, (east - west) * np.cos(np.radians((south + north) / 2)))
    if widest > MOST_EXTENT_KM:
        raise DrawnAreaError(
            where, f"{what} is {widest:,.0f} km from side to side, and at most {MOST_EXTENT_KM} are taken"
        )


def _areas_of(shape: shapely.Geometry) -> Area:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    union = shapely.union_all(parts)
    if not isinstance(union, shapely.Polygon | shapely.MultiPolygon):
        raise TypeError("an area that was valid in degrees has become none")
    return union
