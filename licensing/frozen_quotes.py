"""The record of a quote that never changes: calculation, parties, map and wording, as canonical JSON."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import shapely
from pydantic import TypeAdapter, ValidationError

from licensing.offers import Offer
from licensing.parties import Party, Seller
from licensing.quote_map import MapShape
from licensing.quote_pdf import QuoteDocument
from licensing.quote_request import QuoteError
from licensing.quotes import Quote

MAP_DETAIL = 4_000
"""Bends smaller than this fraction of the longer side are left out of a frozen map: it is printed a hand wide."""


@dataclass(frozen=True, slots=True)
class FrozenArea:
    """A buurt of a map."""

    code: str
    number: int | None
    """Its number in the table of households; None for a buurt that is not in the quote."""
    polygons: tuple[tuple[tuple[int, ...], ...], ...]
    """Polygons as their rings, the outer one first; a ring is x, y, x, y, … in whole decimetres."""


@dataclass(frozen=True, slots=True)
class FrozenMap:
    """The buurten of a municipality, simplified together for a picture, in a projected CRS."""

    municipality: str
    crs: str
    """Authority code, such as `EPSG:31370`."""
    areas: tuple[FrozenArea, ...]


@dataclass(frozen=True, slots=True)
class FrozenQuote:
    """All that a quote ever says. Its PDF, CSV and invoices are made of it, of its offer and of the templates."""

    version: Literal[1]
    """Of this form."""
    day: date
    """When it was calculated."""
    quote: Quote
    seller: Seller
    customer: Party
    maps: tuple[FrozenMap, ...]
    wording: Mapping[str, str | tuple[str, ...]]
    """Every text of the document, its terms among them."""


_RECORD = TypeAdapter(FrozenQuote)


def write_record(record: FrozenQuote) -> bytes:
    """Return a record as canonical JSON, in the form of `quote_formats.write_quote`."""
    plain = _RECORD.dump_python(record, mode="json")
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def read_record(data: bytes) -> FrozenQuote:
    """Read a record back.

    Raises
    ------
    QuoteError
        `unreadable-quote`, where the bytes are no record, or would not be written back as they are.
    """
    try:
        record = _RECORD.validate_json(data)
    except (ValidationError, QuoteError) as error:
        raise QuoteError("unreadable-quote", "record", f"these bytes are no record of a quote: {error}") from error
    if write_record(record) != data:
        raise QuoteError("unreadable-quote", "record", "these bytes are not the canonical form of a record")
    return record


def digest_record(data: bytes) -> str:
    """Return the SHA-256 of a record, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def document_of(record: FrozenQuote, offer: Offer) -> QuoteDocument:
    """Return what the PDF of a record is made of."""
    shapes = {drawn.municipality: thaw_map(drawn) for drawn in record.maps}
    return QuoteDocument(record.quote, offer, record.day, record.seller, record.customer, shapes, record.wording)


def freeze_map(municipality: str, shapes: Iterable[MapShape], crs: str) -> FrozenMap:
    """Simplify the buurten of a municipality together, and write them in whole decimetres.

    Parameters
    ----------
    municipality
        Its code.
    shapes
        All its buurten, in `crs`.
    crs
        A projected CRS in metres.

    Examples
    --------
    >>> frozen = freeze_map("25110", [MapShape("25110-01", shapely.box(0, 0, 100, 50), 1)], "EPSG:31370")
    >>> frozen.areas[0].polygons
    (((0, 0, 0, 500, 1000, 500, 1000, 0),),)
    """
    drawn = sorted((shape for shape in shapes if not shape.geometry.is_empty), key=lambda shape: shape.code)
    geometries = np.array([shape.geometry for shape in drawn], dtype=object)
    if drawn:
        left, bottom, right, top = shapely.total_bounds(geometries)
        geometries = shapely.normalize(
            shapely.coverage_simplify(geometries, max(right - left, top - bottom) / MAP_DETAIL)
        )
    areas = (
        FrozenArea(shape.code, shape.number, _rings(geometry))
        for shape, geometry in zip(drawn, geometries, strict=True)
    )
    return FrozenMap(municipality, crs, tuple(areas))


def thaw_map(drawn: FrozenMap) -> list[MapShape]:
    """Return the buurten of a frozen map, in decimetres of its CRS."""
    return [MapShape(area.code, _multipolygon(area), area.number) for area in drawn.areas]


def _rings(geometry: Any) -> tuple[tuple[tuple[int, ...], ...], ...]:
    polygons = []
    for polygon in shapely.get_parts(shapely.get_parts(geometry)):
        if polygon.geom_type != "Polygon":
            continue
        rings = [_ring(ring) for ring in (polygon.exterior, *polygon.interiors)]
        if len(rings[0]) >= 6:
            polygons.append(tuple(ring for ring in rings if len(ring) >= 6))
    return tuple(polygons)


def _ring(ring: Any) -> tuple[int, ...]:
    points = np.rint(shapely.get_coordinates(ring)[:-1] * 10).astype(np.int64)
    # Points that fall together on the grid are one.
    kept = points[np.any(points != np.roll(points, 1, axis=0), axis=1)]
    return tuple(kept.ravel().tolist())


def _multipolygon(area: FrozenArea) -> shapely.MultiPolygon:
    return shapely.MultiPolygon(
        [
            (np.array(rings[0]).reshape(-1, 2), [np.array(hole).reshape(-1, 2) for hole in rings[1:]])
            for rings in area.polygons
        ]
    )
