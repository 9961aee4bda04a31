"""Households by buurt in every form that an answer can have: JSON, CSV, GeoJSON (RFC 7946) and GeoParquet 1.1."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, get_args

import geopandas as gpd
import shapely
from fastapi import Response
from pydantic import BaseModel

from api.counting import BuurtShapes
from api.household_models import (
    AreaHouseholds,
    BuurtHouseholds,
    CountedAnswer,
    MunicipalityHouseholds,
    OneBuurtHouseholds,
    WithinHouseholds,
)
from api.negotiation import CSV, GEOJSON, JSON, PARQUET, Form, answer
from geo.crs import LONLAT
from households.counts import Method

FORMS = (JSON, CSV, GEOJSON, PARQUET)


class Row(BaseModel):
    """A row of a table by area; what is unknown or withheld is empty."""

    level: str
    """`buurt`, or the sum over them: `municipality`, or `within` a drawn area."""
    municipality: str | None
    code: str | None


class HouseholdRow(Row):
    """The households of an area."""

    name_nl: str | None
    name_fr: str | None
    name_de: str | None
    households: int | None
    households_estimated: int
    methods: str
    low: int
    high: int
    dwellings: int | None
    members: int | None
    members_estimated: bool
    adoption: Decimal | None
    plan_version: int | None
    as_of: date
    releases: str


def rows_of(found: OneBuurtHouseholds | MunicipalityHouseholds | WithinHouseholds) -> list[HouseholdRow]:
    """Return an answer as rows, by buurt, the sum last; one buurt has no sum."""
    if isinstance(found, OneBuurtHouseholds):
        return [_row(found, "buurt", found, found)]
    rows = [_row(found, "buurt", buurt, buurt) for buurt in found.buurten]
    if isinstance(found, WithinHouseholds):
        return [*rows, _row(found, "within", found.total, None)]
    total = _row(found, "municipality", found.total, None)
    return [*rows, total.model_copy(update={"municipality": found.code, "code": found.code})]


def respond(
    found: OneBuurtHouseholds | MunicipalityHouseholds | WithinHouseholds, shapes: BuurtShapes, form: Form
) -> Response:
    """Return the response in the form that was wanted, one of `FORMS`."""
    return answer(form, found if form is JSON else write_rows(rows_of(found), shapes, form), "households")


def write_rows(rows: Sequence[Row], shapes: BuurtShapes, form: Form) -> str | bytes:
    """Return rows as CSV (RFC 4180), GeoJSON or GeoParquet.

    Parameters
    ----------
    rows
        Of one model.
    shapes
        Gives the shapes by the rows' codes; a row whose code has none (a sum) has no geometry.
    form
        The form.
    """
    if form is CSV:
        return _csv(rows)
    return _geojson(rows, shapes()) if form is GEOJSON else _parquet(rows, shapes())


def _row(found: CountedAnswer, level: str, counted: AreaHouseholds, buurt: BuurtHouseholds | None) -> HouseholdRow:
    estimated = {method: number for method, number in counted.by_method.items() if method != Method.OFFICIAL}
    return HouseholdRow(
        level=level,
        municipality=buurt.municipality if buurt else None,
        code=buurt.code if buurt else None,
        name_nl=buurt.names["nl"] if buurt else None,
        name_fr=buurt.names["fr"] if buurt else None,
        name_de=buurt.names["de"] if buurt else None,
        households=counted.households,
        households_estimated=sum(estimated.values()),
        methods=" ".join(counted.by_method),
        low=counted.low,
        high=counted.high,
        dwellings=counted.dwellings,
        members=counted.members,
        members_estimated=counted.members_estimated,
        adoption=counted.adoption,
        plan_version=buurt.plan_version if buurt else getattr(found, "plan_version", None),
        as_of=found.as_of,
        releases=" ".join(found.releases),
    )


def _csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(type(rows[0]).model_fields), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(row.model_dump() for row in rows)
    return text.getvalue()


def _geojson(rows: Sequence[Row], shapes: Mapping[str, shapely.Geometry]) -> str:
    features: list[dict[str, Any]] = []
    for row in rows:
        shape = shapes.get(row.code or "")
        features.append(
            {
                "type": "Feature",
                "id": row.code or row.level,
                "geometry": None if shape is None else json.loads(shapely.to_geojson(shape)),
                "properties": row.model_dump(mode="json"),
            }
        )
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def _parquet(rows: Sequence[Row], shapes: Mapping[str, shapely.Geometry]) -> bytes:
    # A column of empty cells alone has its type too.
    types: dict[str, Any] = {}
    for name, field in type(rows[0]).model_fields.items():
        kinds = set(get_args(field.annotation)) or {field.annotation}
        types |= {name: "Int64"} if int in kinds else {name: "Float64"} if Decimal in kinds else {}
        types |= {name: "string"} if str in kinds else {}
    cells = [
        {name: float(value) if isinstance(value, Decimal) else value for name, value in row.model_dump().items()}
        for row in rows
    ]
    table = gpd.GeoDataFrame(cells, geometry=[shapes.get(row.code or "") for row in rows], crs=LONLAT).astype(types)
    written = io.BytesIO()
    table.to_parquet(written, index=False, compression="zstd", schema_version="1.1.0")
    return written.getvalue()
