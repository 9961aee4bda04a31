"""Boxes, filters and pages of any kind are answered as shapely and pandas answer them, on both stores."""

import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.store.functions import text_matches, text_without_accents, text_without_case
from geo.crs import LONLAT, transform_shapes
from geo.crs_uris import CRS84, OFFERED, NamedCrs
from tests.api.ogc.conftest import Follow, Stored

WEST, SOUTH, EAST, NORTH = 150_000.0, 125_000.0, 167_000.0, 141_000.0
"""A little more than the demo region, in EPSG:31370."""
NEAR_M = 0.02
"""How near a border may lie to a box that is given in another CRS, for an answer to be either."""
Mask = Any
"""A nullable boolean for each sector."""

places = st.tuples(st.floats(WEST, EAST), st.floats(SOUTH, NORTH))
sizes = st.sampled_from([0.0, 50.0, 900.0, 6_000.0, 40_000.0])
FIELDS = {"name_nl": "text", "name_fr": "text", "name_de": "text", "municipality": "text", "households": "number"}


class Condition:
    """A condition of CQL2: as text, as JSON, and as brute force has it."""

    def __init__(self, text: str, json: Any, mask: Any) -> None:
        self.text = text
        self.json = json
        self.mask = mask

    def __repr__(self) -> str:
        return self.text


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def on_text(field: str, text: str, operation: str, *folds: str) -> Condition:
    def folded(value: Any) -> Any:
        for fold in folds:
            value = text_without_case(value) if fold == "casei" else text_without_accents(value)
        return value

    def mask(sectors: pd.DataFrame) -> Mask:
        other = folded(text)
        compare = {
            "=": lambda value: value == other,
            "<>": lambda value: value != other,
            "<": lambda value: value < other,
            ">=": lambda value: value >= other,
            "like": lambda value: text_matches(value, other),
        }[operation]
        known = [None if value is None else compare(folded(value)) for value in sectors[field]]
        return pd.array(known, dtype="boolean")

    shown, said = field, {"property": field}
    literal, value = quoted(text), text
    for fold in folds:
        shown, said = f"{fold.upper()}({shown})", {"op": fold, "args": [said]}
        literal, value = f"{fold.upper()}({literal})", {"op": fold, "args": [value]}
    return Condition(f"{shown} {operation.upper()} {literal}", {"op": operation, "args": [said, value]}, mask)


def on_number(operation: str, number: float) -> Condition:
    compare = {"<": "__lt__", ">=": "__ge__", "=": "__eq__", "<>": "__ne__"}[operation]
    return Condition(
        f"households {operation} {number}",
        {"op": operation, "args": [{"property": "households"}, number]},
        lambda sectors: getattr(sectors.households.array, compare)(number),
    )


def between(low: int, high: int) -> Condition:
    return Condition(
        f"households BETWEEN {low} AND {high}",
        {"op": "between", "args": [{"property": "households"}, low, high]},
        lambda sectors: (sectors.households.array >= low) & (sectors.households.array <= high),
    )


def unknown(field: str) -> Condition:
    return Condition(
        f"{field} IS NULL",
        {"op": "isNull", "args": [{"property": field}]},
        lambda sectors: pd.array(sectors[field].isna().to_numpy(), dtype="boolean"),
    )


def one_of(values: list[str]) -> Condition:
    return Condition(
        f"municipality IN ({', '.join(map(quoted, values))})",
        {"op": "in", "args": [{"property": "municipality"}, values]},
        lambda sectors: pd.array(sectors.municipality.isin(values).to_numpy(), dtype="boolean"),
    )


def spatial(predicate: str, place: tuple[float, float], size: float, *, swapped: bool) -> Condition:
    shape = shapely.box(*place, place[0] + size, place[1] + size) if size else shapely.Point(place)
    operands = ["geometry", shape.wkt] if not swapped else [shape.wkt, "geometry"]
    nodes = [{"property": "geometry"}, shapely.geometry.mapping(shape)]

    def mask(sectors: gpd.GeoDataFrame) -> Mask:
        shapes = sectors.geometry.to_numpy()
        found = getattr(shapely, predicate)(*((shape, shapes) if swapped else (shapes, shape)))
        return pd.array(found, dtype="boolean")

    name = f"s_{predicate}"
    return Condition(
        f"{name.upper()}({', '.join(operands)})",
        {"op": name, "args": nodes[::-1] if swapped else nodes},
        mask,
    )


def negated(inner: Condition) -> Condition:
    return Condition(f"NOT ({inner.text})", {"op": "not", "args": [inner.json]}, lambda sectors: ~inner.mask(sectors))


def joined(operation: str, left: Condition, right: Condition) -> Condition:
    both = {"and": "__and__", "or": "__or__"}[operation]
    return Condition(
        f"({left.text}) {operation.upper()} ({right.text})",
        {"op": operation, "args": [left.json, right.json]},
        lambda sectors: getattr(left.mask(sectors), both)(right.mask(sectors)),
    )


words = st.sampled_from(
    ["CENTRUM", "Demodorp", "99001", "99002", "K%", "%é%", "%E_", "h", "O'BRIEN", "100 %", "\\%", ""]
)
texts = st.builds(
    on_text, st.sampled_from(["name_nl", "name_fr", "name_de"]), words, st.sampled_from(["=", "<>", "<", ">=", "like"])
)
folded = st.builds(
    lambda field, word, operation, folds: on_text(field, word, operation, *folds),
    st.sampled_from(["name_nl", "name_fr"]),
    words,
    st.sampled_from(["=", "like"]),
    st.sampled_from([("casei",), ("accenti",), ("casei", "accenti"), ("accenti", "casei")]),
)
leaves = st.one_of(
    texts,
    folded,
    st.builds(on_number, st.sampled_from(["<", ">=", "=", "<>"]), st.integers(0, 900)),
    st.builds(between, st.integers(0, 400), st.integers(0, 400)),
    st.builds(unknown, st.sampled_from([*FIELDS])),
    st.builds(one_of, st.lists(st.sampled_from(["99001", "99003", "GM0363"]), min_size=1, max_size=3)),
    st.builds(
        spatial,
        st.sampled_from(["intersects", "disjoint", "within", "contains", "touches", "overlaps", "crosses", "equals"]),
        places,
        sizes,
        swapped=st.booleans(),
    ),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(st.builds(negated, inner), st.builds(joined, st.sampled_from(["and", "or"]), inner, inner)),
    max_leaves=5,
)


def box_in(crs: NamedCrs, place: tuple[float, float], width: float, height: float) -> tuple[float, float, float, float]:
    """Return a box in a CRS, in the order east, north."""
    corner = shapely.Point(place)
    other = shapely.Point(place[0] + width, place[1] + height)
    low, high = transform_shapes(np.array([corner, other], dtype=object), "EPSG:31370", crs.code)
    return min(low.x, high.x), min(low.y, high.y), max(low.x, high.x), max(low.y, high.y)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    crs=st.sampled_from([*OFFERED.values()]),
    place=places,
    width=sizes,
    height=sizes,
    limit=st.sampled_from([20, 2_000]),
)
def test_a_box_in_any_crs_finds_what_meets_it(
    follow: Follow, stored: Stored, crs: NamedCrs, place: tuple[float, float], width: float, height: float, limit: int
) -> None:
    box = box_in(crs, place, width, height)
    west, south, east, north = box
    corners = (south, west, north, east) if crs.north_first else box
    found = [
        feature["id"]
        for feature in follow("sectors", bbox=",".join(map(repr, corners)), limit=limit, **{"bbox-crs": crs.uri})
    ]
    assert found == sorted(set(found))
    # As the CRS of the box has the sectors, their edges straight between their vertices.
    shapes = transform_shapes(stored.sectors.geometry.to_numpy(), "EPSG:31370", crs.code)
    near = NEAR_M / (71_000 if crs.code == LONLAT else 1.0)
    distances = shapely.distance(shapes, shapely.box(*box))
    surely = {code for code, at in zip(stored.sectors.code, distances, strict=True) if at == 0}
    border = shapely.distance(shapely.boundary(shapes), shapely.box(*box).boundary)
    doubtful = {
        code
        for code, at, on in zip(stored.sectors.code, distances, border, strict=True)
        if 0 < at <= near or on <= near
    }
    assert surely - doubtful <= set(found) <= surely | doubtful


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=conditions, limit=st.sampled_from([60, 2_000]), as_json=st.booleans())
def test_a_filter_finds_what_fulfils_it(
    follow: Follow, stored: Stored, condition: Condition, limit: int, as_json: bool
) -> None:
    given_as = (
        {"filter": json.dumps(condition.json), "filter-lang": "cql2-json"} if as_json else {"filter": condition.text}
    )
    uri = "http://www.opengis.net/def/crs/EPSG/0/31370"
    found = [feature["id"] for feature in follow("sectors", limit=limit, **given_as, **{"filter-crs": uri})]
    fulfilled = condition.mask(stored.sectors).fillna(False).to_numpy(dtype=bool)
    assert found == stored.sectors.code[fulfilled].tolist()


@pytest.mark.parametrize(
    ("filter_", "lang"),
    [
        ("password = 'x'", "cql2-text"),
        ("members > 3", "cql2-text"),
        ("code = 1", "cql2-text"),
        ("households = 'many'", "cql2-text"),
        ("geometry = 'x'", "cql2-text"),
        ("S_INTERSECTS(code, POINT(4 50))", "cql2-text"),
        ("S_INTERSECTS(geometry, POLYGON((4 50, 5 51, 5 50, 4 51, 4 50)))", "cql2-text"),
        ("S_INTERSECTS(geometry, POINT(400 50))", "cql2-text"),
        ("S_INTERSECTS(geometry, LINESTRING(-180 0, 180 0, -180 1, 180 1))", "cql2-text"),
        ("code LIKE 'x\\'", "cql2-text"),
        ("code = 'x'; DROP TABLE sector", "cql2-text"),
        ("households + 1 = 2", "cql2-text"),
        ("T_AFTER(code, DATE('2024-01-01'))", "cql2-text"),
        ("(" * 3_000 + "code = 'x'", "cql2-text"),
        ("NOT " * 1_500 + "code = 'x'", "cql2-text"),
        ("code = '" + "x" * 9_000 + "'", "cql2-text"),
        ("[" * 7_000, "cql2-json"),
        ('{"op": "=", "args": [{"property": "code"}, "\\ud800"]}', "cql2-json"),
        ('{"op": "=", "args": [{"property": "code"}, {"date": "2024-13-01"}]}', "cql2-json"),
        ('{"op": "pg_sleep", "args": [10]}', "cql2-json"),
        (
            '{"op": "s_within", "args": [{"property": "geometry"}, {"type": "Polygon", "coordinates": "x"}]}',
            "cql2-json",
        ),
        ('{"op": "s_within", "args": [{"property": "geometry"}, {"bbox": [1, 2, "3", 4]}]}', "cql2-json"),
        ('{"op": "=", "args": [{"property": "households"}, 1e999]}', "cql2-json"),
        ("null", "cql2-json"),
    ],
)
def test_a_filter_that_cannot_be_carried_out_is_refused(client: TestClient, filter_: str, lang: str) -> None:
    answer = client.get("/ogc/collections/sectors/items", params={"filter": filter_, "filter-lang": lang})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "invalid-parameter")
    assert answer.json()["errors"][0]["field"] == "filter"


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["op", "args", "property", "type", "coordinates", "bbox", "date"]), inner, max_size=3
        ),
        st.fixed_dictionaries(
            {
                "op": st.sampled_from(["and", "=", "like", "in", "between", "s_intersects", "casei", "isNull"]),
                "args": st.lists(inner, max_size=3),
            }
        ),
        st.fixed_dictionaries(
            {"type": st.sampled_from(["Point", "Polygon", "MultiPolygon", "Feature"]), "coordinates": inner}
        ),
        st.fixed_dictionaries({"property": st.sampled_from(["code", "geometry", "households", "x"])}),
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=json_values)
def test_whatever_json_a_filter_is_it_is_answered_or_refused(client: TestClient, value: Any) -> None:
    params = {"filter": json.dumps(value), "filter-lang": "cql2-json", "limit": "1"}
    assert client.get("/ogc/collections/sectors/items", params=params).status_code in (200, 400)


def test_crs84_is_what_is_meant_without_a_crs() -> None:
    assert next(iter(OFFERED.values())) is CRS84
