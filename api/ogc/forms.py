"""Features in every form that an answer can have: GeoJSON (RFC 7946), FlatGeobuf, GeoParquet 1.1 and CSV (RFC 4180)."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import shapely

from api.negotiation import CSV, GEOJSON, JSON, PARQUET, Form
from api.ogc.models import Link
from data.features.collections import COLLECTIONS, FieldType
from data.features.reading import Features, Page
from geo.crs_uris import NamedCrs

HTML = Form("html", "text/html", {"type": "string"}, charset=True)
FLATGEOBUF = Form("fgb", "application/flatgeobuf", {"type": "string", "format": "binary"})
FEATURES = Form("geojson", GEOJSON.media_type, {"$ref": "#/components/schemas/FeatureList"})
FEATURE = Form("geojson", GEOJSON.media_type, {"$ref": "#/components/schemas/FeatureAnswer"})
PLAIN_FORMS = (JSON, HTML)
ITEMS_FORMS = (FEATURES, HTML, FLATGEOBUF, PARQUET, CSV, JSON)
"""GeoJSON is JSON as well, for callers that accept no more than that."""
ITEM_FORMS = (FEATURE, HTML, JSON)

_ARROW_TYPES: Mapping[FieldType, pa.DataType] = {
    FieldType.TEXT: pa.string(),
    FieldType.WHOLE: pa.int64(),
    FieldType.NUMBER: pa.float64(),
    FieldType.TRUTH: pa.bool_(),
    FieldType.DAY: pa.date32(),
}


def write_geojson(page: Page, crs: NamedCrs, links: Sequence[Link], now: datetime) -> str:
    """Return a page as a FeatureCollection, its coordinates in the order of the CRS and to the last bit."""
    head = {
        "type": "FeatureCollection",
        "links": _links(links),
        "timeStamp": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "numberMatched": page.matched,
        "numberReturned": len(page.features.rows),
    }
    features = ",".join(_features(page.features, crs))
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "features": [{features}]}}'


def write_feature(features: Features, crs: NamedCrs, links: Sequence[Link]) -> str:
    """Return a feature with its links."""
    [feature] = _features(features, crs)
    return f'{feature[:-1]}, "links": {json.dumps(_links(links), ensure_ascii=False)}}}'


def write_table(features: Features, form: Form, crs: NamedCrs) -> str | bytes:
    """Return features as CSV, FlatGeobuf or GeoParquet.

    CSV has the shapes as WKT in the order of the CRS; the two others always have east before north, as they define.
    """
    if form is CSV:
        return _csv(features, crs)
    table = _frame(features)
    written = io.BytesIO()
    if form is PARQUET:
        table.to_parquet(written, index=False, compression="zstd", schema_version="1.1.0")
    else:
        table.to_file(
            written,
            driver="FlatGeobuf",
            engine="pyogrio",
            use_arrow=True,
            layer=str(features.collection),
            geometry_type="MultiPolygon",
        )
    return written.getvalue()


def _features(features: Features, crs: NamedCrs) -> list[str]:
    shapes = shapely.to_geojson(crs.in_its_order(_outward(features.shapes))).tolist()
    return [
        f'{{"type": "Feature", "id": {json.dumps(key)}, "geometry": {shape}, '
        f'"properties": {json.dumps(row, ensure_ascii=False)}}}'
        for key, shape, row in zip(features.keys, shapes, plain_rows(features), strict=True)
    ]


def plain_rows(features: Features) -> list[dict[str, Any]]:
    """Return rows in the order of the fields, with days as text."""
    names = [field.name for field in COLLECTIONS[features.collection].fields]
    return [
        {name: row[name].isoformat() if isinstance(row[name], date) else row[name] for name in names}
        for row in features.rows
    ]


def _outward(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return areas with their shells counter-clockwise, as RFC 7946 has them."""
    oriented: npt.NDArray[np.object_] = shapely.orient_polygons(shapes)
    return oriented


def _csv(features: Features, crs: NamedCrs) -> str:
    wkt = shapely.to_wkt(crs.in_its_order(features.shapes), rounding_precision=-1).tolist()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*(field.name for field in COLLECTIONS[features.collection].fields), "wkt"])
    for row, shape in zip(plain_rows(features), wkt, strict=True):
        writer.writerow([*map(_cell, row.values()), shape])
    return text.getvalue()


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _frame(features: Features) -> gpd.GeoDataFrame:
    fields = COLLECTIONS[features.collection].fields
    columns = {
        field.name: pa.array([row[field.name] for row in features.rows], _ARROW_TYPES[field.type]) for field in fields
    }
    frame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
    # FlatGeobuf has one type of geometry for all.
    several = np.array([shapely.MultiPolygon(shapely.get_parts(shape)) for shape in features.shapes], dtype=object)
    return gpd.GeoDataFrame(frame, geometry=several, crs=features.crs)


def _links(links: Sequence[Link]) -> list[dict[str, Any]]:
    return [link.model_dump(exclude_none=True) for link in links]
