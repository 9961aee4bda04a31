"""SQL functions that both stores have: PostGIS's spatial predicates, and comparison of text without case and accents.

PostgreSQL has them; SQLite is given the same by shapely and Python, so that one query serves both. Text is compared by
its characters' code points on either, whatever the database's own collation.
"""

import re
import sqlite3
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import shapely
from sqlalchemy import Boolean, SQLColumnExpression, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import Function, FunctionElement

Predicate = Callable[..., Any]

PREDICATES: dict[str, Predicate] = {
    "ST_Contains": shapely.within,
    "ST_Crosses": shapely.crosses,
    "ST_Disjoint": shapely.disjoint,
    "ST_Equals": shapely.equals,
    "ST_Intersects": shapely.intersects,
    "ST_Overlaps": shapely.overlaps,
    "ST_Touches": shapely.touches,
    "ST_Within": shapely.contains,
}
"""By their names in SQL (OGC 06-104r4, Simple Feature Access), what GEOS is asked with the operands the other way
round: the second is that of the query, the same for all rows, and what comes first is read and prepared once."""
_MARKS = "\u0300-\u036f"
"""Combining diacritical marks: what is left of an accent when a letter is decomposed."""


class without_case(FunctionElement[str]):  # noqa: N801 -- a function in SQL
    """Text in small letters."""

    type = String()
    inherit_cache = True
    name = "without_case"


class without_accents(FunctionElement[str]):  # noqa: N801
    """Text whose letters have lost their accents."""

    type = String()
    inherit_cache = True
    name = "without_accents"


class matches(FunctionElement[bool]):  # noqa: N801
    r"""Whether text matches a pattern of LIKE, case and all.

    `%` is any text, `_` any character, and `\` takes the next one literally.
    """

    type = Boolean()
    inherit_cache = True
    name = "matches"


class by_code_point(FunctionElement[str]):  # noqa: N801
    """Text that is ordered by its code points."""

    type = String()
    inherit_cache = True
    name = "by_code_point"


Arguments = FunctionElement[str] | FunctionElement[bool]


def spatial(predicate: str, shape: SQLColumnExpression[Any], asked: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Return a predicate of `PREDICATES` on a stored shape and the one that is asked about, of one CRS."""
    return Function(predicate, shape, asked, type_=Boolean())


def _operands(element: Arguments, compiler: SQLCompiler) -> list[str]:
    return [compiler.process(argument) for argument in element.clauses]


@compiles(without_case, "postgresql")
def _lower(element: Arguments, compiler: SQLCompiler, **_: object) -> str:
    # The database's own collation may know no letters beyond ASCII; that of ICU has all of Unicode.
    [text] = _operands(element, compiler)
    return f'lower({text} COLLATE "und-x-icu") COLLATE "C"'


@compiles(without_accents, "postgresql")
def _unaccent(element: Arguments, compiler: SQLCompiler, **_: object) -> str:
    [text] = _operands(element, compiler)
    return f"""regexp_replace(normalize({text}, NFD), '[{_MARKS}]', '', 'g') COLLATE "C\""""


@compiles(matches, "postgresql")
def _like(element: Arguments, compiler: SQLCompiler, **_: object) -> str:
    text, pattern = _operands(element, compiler)
    return f"({text} LIKE {pattern})"


@compiles(by_code_point, "postgresql")
def _collate(element: Arguments, compiler: SQLCompiler, **_: object) -> str:
    [text] = _operands(element, compiler)
    return f'({text} COLLATE "C")'


@compiles(without_case, "sqlite")
@compiles(without_accents, "sqlite")
@compiles(matches, "sqlite")
def _call(element: Arguments, compiler: SQLCompiler, **_: object) -> str:
    return f"bw_{element.name}({', '.join(_operands(element, compiler))})"


@compiles(by_code_point, "sqlite")
def _as_it_is(element: Arguments, compiler: SQLCompiler, **_: object) -> str:
    # SQLite compares UTF-8 byte by byte, which is the order of code points.
    [text] = _operands(element, compiler)
    return text


def text_without_case(text: str | None) -> str | None:
    """Return what `without_case` gives."""
    return None if text is None else text.lower()


def text_without_accents(text: str | None) -> str | None:
    """Return what `without_accents` gives.

    Examples
    --------
    >>> text_without_accents("Liège, Ottignies-Louvain-la-Neuve, 's-Gravenbrakel")
    "Liege, Ottignies-Louvain-la-Neuve, 's-Gravenbrakel"
    """
    return None if text is None else re.sub(f"[{_MARKS}]", "", unicodedata.normalize("NFD", text))


def text_matches(text: str | None, pattern: str | None) -> bool | None:
    r"""Return what `matches` gives.

    Examples
    --------
    >>> text_matches("50 %", "5_ \\%"), text_matches("50", "5%"), text_matches("Gent", "g%")
    (True, True, False)
    """
    if text is None or pattern is None:
        return None
    return _pattern(pattern).fullmatch(text) is not None


@lru_cache(maxsize=64)
def _pattern(like: str) -> re.Pattern[str]:
    parts = re.findall(r"\\.|\\$|%|_|[^\\%_]+", like, re.DOTALL)
    special = {"%": ".*", "_": "."}
    return re.compile(
        "".join(special.get(part) or re.escape(part[1:] if part[0] == "\\" else part) for part in parts), re.DOTALL
    )


def add_functions(connection: sqlite3.Connection) -> None:
    """Give a connection to SQLite the functions that PostgreSQL has of its own."""
    for name, predicate in PREDICATES.items():
        connection.create_function(name, 2, _on_bytes(predicate), deterministic=True)
    connection.create_function("bw_without_case", 1, text_without_case, deterministic=True)
    connection.create_function("bw_without_accents", 1, text_without_accents, deterministic=True)
    connection.create_function("bw_matches", 2, text_matches, deterministic=True)


def _on_bytes(predicate: Predicate) -> Callable[[bytes | None, bytes | None], bool | None]:
    def compare(left: bytes | None, right: bytes | None) -> bool | None:
        if left is None or right is None:
            return None
        return bool(predicate(_prepared(right), shapely.from_wkb(left)))

    return compare


@lru_cache(maxsize=16)
def _prepared(shape: bytes) -> shapely.Geometry:
    read: shapely.Geometry = shapely.from_wkb(shape)
    shapely.prepare(read)
    return read
