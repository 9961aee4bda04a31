"""CQL2 text (OGC 21-065r2, annex B) into CQL2 JSON, by a grammar of our own for Lark.

pygeofilter reads `a OR b AND c` as `(a OR b) AND c`, and ends a text at an apostrophe that is doubled, so that it would
answer other questions than the standard's.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Transformer, UnexpectedInput, v_args
from lark.lexer import Token
from pydantic_core import from_json

from data.features.filters import MOST_CHARACTERS, MOST_DEPTH, FilterError

GRAMMAR = Path(__file__).with_name("cql2.lark")
Json = Any


def read_text(text: str) -> Json:
    """Return a filter in CQL2 text as CQL2 JSON.

    Raises
    ------
    FilterError
        It is longer or deeper than is taken, or no CQL2 that is carried out here; with the place.

    Examples
    --------
    >>> read_text("live = TRUE AND name_nl LIKE 'D%'")["args"][1]
    {'op': 'like', 'args': [{'property': 'name_nl'}, 'D%']}
    """
    _refuse_long(text)
    try:
        found = _parser().parse(text)
    except UnexpectedInput as error:
        place = f"{error.line}:{error.column}" if error.line > 0 else "the end"
        raise FilterError(f"this is no CQL2 text that is carried out here, at {place}") from None
    return _not_deep(found)


def read_json(text: str) -> Json:
    """Return a filter in CQL2 JSON.

    Raises
    ------
    FilterError
        It is longer or deeper than is taken, or no JSON.
    """
    _refuse_long(text)
    try:
        found = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise FilterError(f"this is no JSON: {error}") from None
    return _not_deep(found)


def _refuse_long(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise FilterError(f"a filter has at most {MOST_CHARACTERS:,} characters")


def _not_deep(node: Json) -> Json:
    level, depth = [node], 0
    while level:
        if depth > MOST_DEPTH:
            raise FilterError(f"a filter is nested at most {MOST_DEPTH} deep")
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        depth += 1
    return node


@v_args(inline=True)
class _ToJson(Transformer[Token, Json]):
    """Makes JSON while the parser goes, so that no text is so deep that it would exhaust the stack."""

    def start(self, condition: Json) -> Json:
        return condition

    def condition(self, *terms: Json) -> Json:
        return _operation("or", *terms)

    def term(self, *factors: Json) -> Json:
        return _operation("and", *factors)

    def not_(self, _not: Token, condition: Json) -> Json:
        return _operation("not", condition)

    def compare(self, left: Json, comparison: Token, right: Json) -> Json:
        return _operation(str(comparison), left, right)

    def like(self, text: Json, negation: Token | None, pattern: Json) -> Json:
        return _negated(negation, _operation("like", text, pattern))

    def between(self, one: Json, negation: Token | None, low: Json, high: Json) -> Json:
        return _negated(negation, _operation("between", one, low, high))

    def in_(self, one: Json, negation: Token | None, *values: Json) -> Json:
        return _negated(negation, _operation("in", one, list(values)))

    def is_null(self, one: Json, negation: Token | None) -> Json:
        return _negated(negation, _operation("isNull", one))

    def spatial(self, predicate: Token, left: Json, right: Json) -> Json:
        return _operation(predicate.lower(), left, right)

    def fold(self, name: Token, text: Json) -> Json:
        return _operation(name.lower(), text)

    def property(self, name: Token) -> Json:
        return {"property": name[1:-1] if name.startswith('"') else str(name)}

    def text(self, quoted: Token) -> str:
        return _unquoted(quoted)

    def number(self, digits: Token) -> float:
        return float(digits)

    def true(self, *_: Token) -> bool:
        return True

    def false(self, *_: Token) -> bool:
        return False

    def date(self, quoted: Token) -> Json:
        return {"date": _unquoted(quoted)}

    def timestamp(self, quoted: Token) -> Json:
        return {"timestamp": _unquoted(quoted)}

    def bbox(self, *numbers: float) -> Json:
        return {"bbox": list(numbers)}

    def position(self, first: float, second: float, height: float | None) -> Json:
        return [first, second] if height is None else [first, second, height]

    def position_text(self, position: Json) -> Json:
        return position

    def positions(self, *positions: Json) -> Json:
        return list(positions)

    def rings(self, *rings: Json) -> Json:
        return list(rings)

    def point(self, _z: Token | None, position: Json) -> Json:
        return {"type": "Point", "coordinates": position}

    def line(self, _z: Token | None, positions: Json) -> Json:
        return {"type": "LineString", "coordinates": positions}

    def polygon(self, _z: Token | None, rings: Json) -> Json:
        return {"type": "Polygon", "coordinates": rings}

    def multipoint(self, _z: Token | None, *positions: Json) -> Json:
        return {"type": "MultiPoint", "coordinates": list(positions)}

    def multiline(self, _z: Token | None, *lines: Json) -> Json:
        return {"type": "MultiLineString", "coordinates": list(lines)}

    def multipolygon(self, _z: Token | None, *polygons: Json) -> Json:
        return {"type": "MultiPolygon", "coordinates": list(polygons)}

    def collection(self, _z: Token | None, *geometries: Json) -> Json:
        return {"type": "GeometryCollection", "geometries": list(geometries)}


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(GRAMMAR.read_text(encoding="utf-8"), parser="lalr", transformer=_ToJson())


def _operation(name: str, *arguments: Json) -> Json:
    return {"op": name, "args": list(arguments)}


def _negated(negation: Token | None, condition: Json) -> Json:
    return condition if negation is None else _operation("not", condition)


def _unquoted(quoted: Token) -> str:
    return quoted[1:-1].replace("\\'", "'").replace("''", "'")
