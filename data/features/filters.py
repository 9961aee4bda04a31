"""Filters in CQL2 (OGC 21-065r2) as conditions of a query: declared fields alone, every value bound.

A filter is the JSON form of CQL2, which the text form is read into (`data/features/cql2_text.py`). What is carried out
is the class Basic CQL2 with advanced comparison, comparison without case and accents, property to property, and the
spatial functions; anything else is refused and named.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import shapely
import shapely.geometry
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Float,
    SQLColumnExpression,
    String,
    and_,
    bindparam,
    false,
    not_,
    or_,
    true,
)
from sqlalchemy.types import TypeEngine

from data.features.collections import Field, FieldType
from data.features.sources import Source
from data.store.functions import (
    by_code_point,
    matches,
    spatial,
    text_without_accents,
    text_without_case,
    without_accents,
    without_case,
)
from geo.crs import METRES_PER_DEGREE, transform_straight
from geo.crs_uris import Bounds, NamedCrs, box_as_shape

MOST_CHARACTERS: Final = 8_000
"""Of a filter: proxies and servers refuse much longer URLs."""
MOST_DEPTH: Final = 24
"""Of what stands in what; the position of a multipolygon is at depth 5."""
MOST_LENGTH_KM: Final = 20_000
"""Of the edges of a shape together: they are cut to pieces before they are converted."""

Json = Any
Comparison = Callable[[Any, Any], Any]


class FilterError(ValueError):
    """A filter that cannot be read or carried out."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter on the features of a collection."""

    expression: Json
    """CQL2 as JSON."""
    crs: NamedCrs
    """Of the shapes that it names."""
    queryables: Mapping[str, Field]

    def clause(self, source: Source, bounds: Bounds) -> ColumnElement[bool]:
        """Return the filter as a condition on the rows of a source.

        Parameters
        ----------
        bounds
            Of all features of the source, in its CRS.

        Raises
        ------
        FilterError
            It names what is not there, compares what cannot be compared, or asks for what is not carried out.
        """
        return _Clauses(self, source, bounds).condition(self.expression)


@dataclass(frozen=True, slots=True)
class _Operand:
    type: FieldType
    column: SQLColumnExpression[Any] | None
    """None is a value of the filter's own."""
    value: Any = None

    @property
    def sql(self) -> SQLColumnExpression[Any]:
        if self.column is not None:
            return self.column
        return bindparam(None, self.value, type_=_SQL_TYPES[self.type], unique=True)


_NUMBERS = (FieldType.WHOLE, FieldType.NUMBER)
_SQL_TYPES: Mapping[FieldType, TypeEngine[Any]] = {
    FieldType.TEXT: String(),
    FieldType.NUMBER: Float(),
    FieldType.TRUTH: Boolean(),
    FieldType.DAY: Date(),
}
_COMPARISONS: Mapping[str, Comparison] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_SPATIAL: Mapping[str, tuple[str, str]] = {
    "s_contains": ("ST_Contains", "ST_Within"),
    "s_crosses": ("ST_Crosses", "ST_Crosses"),
    "s_disjoint": ("ST_Disjoint", "ST_Disjoint"),
    "s_equals": ("ST_Equals", "ST_Equals"),
    "s_intersects": ("ST_Intersects", "ST_Intersects"),
    "s_overlaps": ("ST_Overlaps", "ST_Overlaps"),
    "s_touches": ("ST_Touches", "ST_Touches"),
    "s_within": ("ST_Within", "ST_Contains"),
}
"""Predicates in SQL with the field as the first operand: where it comes first, and where it comes second."""


@dataclass(frozen=True, slots=True)
class _Clauses:
    """Makes conditions for one source."""

    filter: Filter
    source: Source
    bounds: Bounds

    def condition(self, node: Json) -> ColumnElement[bool]:
        if isinstance(node, bool):
            return true() if node else false()
        name, arguments = _operation(node)
        if name in ("and", "or"):
            _need(len(arguments) >= 2, f"`{name}` joins two conditions or more")
            return (and_ if name == "and" else or_)(*map(self.condition, arguments))
        if name == "not":
            [negated] = _take(arguments, 1, name)
            return not_(self.condition(negated))
        if name in _SPATIAL:
            return self._spatial(name, arguments)
        if name in _COMPARISONS:
            left, right = map(self.operand, _take(arguments, 2, name))
            return _compared(name, left, right)
        other = {"isNull": self._is_null, "between": self._between, "in": self._in, "like": self._like}.get(name)
        if other is None:
            raise FilterError(f"`{name}` is not carried out here; the conformance page names what is")
        return other(arguments)

    def operand(self, node: Json) -> _Operand:
        """Return what a scalar expression gives."""
        if isinstance(node, dict) and set(node) == {"property"}:
            field = self._field(node["property"])
            _need(field.type != FieldType.AREA, f"{field.name} is compared by spatial functions")
            return _Operand(field.type, self.source.columns[field.name])
        if isinstance(node, dict) and "op" in node:
            return self._folded(*_operation(node))
        return _value(node)

    def _field(self, name: Json) -> Field:
        found = self.filter.queryables.get(name) if isinstance(name, str) else None
        if found is None:
            raise FilterError(f"there is no {name!r} to filter by; there are {', '.join(self.filter.queryables)}")
        return found

    def _folded(self, name: str, arguments: Sequence[Json]) -> _Operand:
        _need(name in ("casei", "accenti"), f"`{name}` is not carried out here; the conformance page names what is")
        [inner] = map(self.operand, _take(arguments, 1, name))
        _need(inner.type == FieldType.TEXT, f"`{name}` takes text")
        if inner.column is None:
            fold = text_without_case if name == "casei" else text_without_accents
            return _Operand(FieldType.TEXT, None, fold(inner.value))
        return _Operand(FieldType.TEXT, (without_case if name == "casei" else without_accents)(inner.column))

    def _is_null(self, arguments: Sequence[Json]) -> ColumnElement[bool]:
        [node] = _take(arguments, 1, "isNull")
        _need(isinstance(node, dict) and set(node) == {"property"}, "`isNull` takes a field")
        return self.source.columns[self._field(node["property"]).name].is_(None)

    def _between(self, arguments: Sequence[Json]) -> ColumnElement[bool]:
        one, low, high = map(self.operand, _take(arguments, 3, "between"))
        return and_(_compared(">=", one, low), _compared("<=", one, high))

    def _in(self, arguments: Sequence[Json]) -> ColumnElement[bool]:
        node, values = _take(arguments, 2, "in")
        _need(isinstance(values, list) and bool(values), "`in` takes a list of values")
        one = self.operand(node)
        return or_(*(_compared("=", one, self.operand(value)) for value in values))

    def _like(self, arguments: Sequence[Json]) -> ColumnElement[bool]:
        text, pattern = map(self.operand, _take(arguments, 2, "like"))
        _need(text.type == FieldType.TEXT, "`like` compares text")
        _need(pattern.type == FieldType.TEXT and pattern.column is None, "the pattern of `like` is a text of its own")
        escapes = len(pattern.value) - len(pattern.value.rstrip("\\"))
        _need(escapes % 2 == 0, "the pattern of `like` ends with a backslash that escapes nothing")
        return matches(text.sql, pattern.sql)

    def _spatial(self, name: str, arguments: Sequence[Json]) -> ColumnElement[bool]:
        first, second = _take(arguments, 2, name)
        is_field = [isinstance(node, dict) and "property" in node for node in (first, second)]
        _need(is_field[0] != is_field[1], f"`{name}` takes the field `geometry` and a shape")
        field_node, shape_node = (first, second) if is_field[0] else (second, first)
        field = self._field(field_node["property"])
        _need(field.type == FieldType.AREA, f"`{name}` takes the field `geometry` and a shape")
        shape = self._shape(shape_node)
        if shape is None:
            # Nothing of the source is there.
            return true() if name == "s_disjoint" else false()
        predicate = _SPATIAL[name][0 if is_field[0] else 1]
        return spatial(predicate, self.source.columns[field.name], self.source.parameter(shape))

    def _shape(self, node: Json) -> shapely.Geometry | None:
        """Return a shape in the CRS of the source; None of a box beyond everything."""
        crs = self.filter.crs
        if isinstance(node, dict) and set(node) == {"bbox"}:
            return box_as_shape(crs.box(read_corners(node["bbox"])), crs.code, self.source.crs, self.bounds)
        shape = crs.in_its_order(_read_shape(node))
        if crs.code == "EPSG:4326":
            west, south, east, north = shapely.bounds(shape).tolist()
            _need(-180 <= west <= east <= 180 and -90 <= south <= north <= 90, "a position is not on the earth")
        scale = METRES_PER_DEGREE if crs.code == "EPSG:4326" else 1.0
        _need(bool(shapely.length(shape) * scale <= MOST_LENGTH_KM * 1e3), "the shape is larger than anything here")
        try:
            moved = transform_straight(shape, crs.code, self.source.crs)
        except ValueError as error:
            raise FilterError(f"the shape lies where nothing is: {error}") from None
        # Where edges all but touch, those of the other CRS may cross.
        return moved if shapely.is_valid(moved) else shapely.make_valid(moved)


def read_corners(values: Json) -> tuple[float, float, float, float]:
    """Return the corners of a box; heights are left out, as nothing here has one.

    Raises
    ------
    FilterError
        They are not four or six finite numbers, or the box is upside down.

    Examples
    --------
    >>> read_corners([4, 50, 0, 5, 51, 100])
    (4.0, 50.0, 5.0, 51.0)
    """
    _need(isinstance(values, list) and len(values) in (4, 6), "a box has four numbers, or six with heights")
    _need(all(_is_number(value) for value in values), "a box has four finite numbers, or six with heights")
    half = len(values) // 2
    return float(values[0]), float(values[1]), float(values[half]), float(values[half + 1])


def _compared(name: str, left: _Operand, right: _Operand) -> ColumnElement[bool]:
    comparable = left.type == right.type or (left.type in _NUMBERS and right.type in _NUMBERS)
    _need(comparable, f"`{name}` cannot compare a {left.type} with a {right.type}")
    _need(left.type != FieldType.TRUTH or name in ("=", "<>"), "truth values are equal or not")
    one, other = left.sql, right.sql
    if left.type == FieldType.TEXT and not (name in ("=", "<>") and (left.column is None or right.column is None)):
        one, other = by_code_point(one), by_code_point(other)
    condition: ColumnElement[bool] = _COMPARISONS[name](one, other)
    return condition


def _value(node: Json) -> _Operand:
    if isinstance(node, bool):
        return _Operand(FieldType.TRUTH, None, node)
    if isinstance(node, str):
        _need("\0" not in node, "text has no NUL")
        return _Operand(FieldType.TEXT, None, node)
    if _is_number(node):
        return _Operand(FieldType.NUMBER, None, float(node))
    if isinstance(node, dict) and set(node) == {"date"} and isinstance(node["date"], str):
        try:
            return _Operand(FieldType.DAY, None, date.fromisoformat(node["date"]))
        except ValueError:
            raise FilterError(f"{node['date']!r} is no day as YYYY-MM-DD") from None
    if isinstance(node, dict) and set(node) == {"timestamp"}:
        raise FilterError("the fields here are days: compare them with DATE('YYYY-MM-DD')")
    raise FilterError("a text, a number, a truth value, a day or a field is expected")


def _read_shape(node: Json) -> shapely.Geometry:
    _need(isinstance(node, dict) and isinstance(node.get("type"), str), "a shape is GeoJSON, WKT or a BBOX")
    try:
        shape: shapely.Geometry = shapely.geometry.shape(node)
        positions = shapely.get_coordinates(shape)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, shapely.errors.ShapelyError):
        raise FilterError("the shape cannot be read: rings are closed and have four positions at least") from None
    _need(not bool(shapely.is_empty(shape)) and bool(np.isfinite(positions).all()), "the shape has no finite positions")
    _need(bool(shapely.is_valid(shape)), f"the shape is not valid: {shapely.is_valid_reason(shape)}")
    plain: shapely.Geometry = shapely.force_2d(shape)
    return plain


def _operation(node: Json) -> tuple[str, list[Json]]:
    _need(
        isinstance(node, dict) and isinstance(node.get("op"), str) and isinstance(node.get("args"), list),
        "a condition is a comparison or a predicate, with `op` and `args`",
    )
    return node["op"], node["args"]


def _take(arguments: Sequence[Json], count: int, name: str) -> Sequence[Json]:
    _need(len(arguments) == count, f"`{name}` takes {count} operand{'s' if count > 1 else ''}")
    return arguments


def _is_number(value: Json) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300 and math.isfinite(value)
    )


def _need(holds: bool, message: str) -> None:
    if not holds:
        raise FilterError(message)
