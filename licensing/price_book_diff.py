"""A price book as canonical text, its digest, and the difference of two books."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from licensing.price_book import BookReference, PriceBook

_BOOK = TypeAdapter(PriceBook)


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; None where a book does not have it."""

    path: str
    before: str | None
    after: str | None


def canonical_text(book: PriceBook) -> str:
    """Return what a book says as JSON with sorted keys, whatever its YAML looks like.

    Examples
    --------
    >>> from licensing.price_book_reader import read_example
    >>> canonical_text(read_example().book)[:23]
    '{"code":"example-2026",'
    """
    return json.dumps(_plain(book), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read_canonical(text: str) -> PriceBook:
    """Read a book back from its canonical text.

    Raises
    ------
    ValueError
        The text says no book, or is not in canonical form.

    Examples
    --------
    >>> from licensing.price_book_reader import read_example
    >>> book = read_example().book
    >>> refer_to(read_canonical(canonical_text(book))) == refer_to(book)
    True
    """
    book = _BOOK.validate_json(text)
    if canonical_text(book) != text:
        raise ValueError("this is not the canonical text of a price book")
    return book


def refer_to(book: PriceBook) -> BookReference:
    """Return the reference that a quote holds of its price book."""
    digest = hashlib.sha256(canonical_text(book).encode()).hexdigest()
    return BookReference(book.code, book.title, book.valid_from, digest, book.example)


def diff_books(before: PriceBook, after: PriceBook) -> tuple[Change, ...]:
    """Return what changes from one book to another, each value by its path.

    Numbers are compared as numbers: `0.30` and `0.3` are one price.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from licensing.price_book_reader import read_example
    >>> book = read_example().book
    >>> diff_books(book, replace(book, code="example-2027"))
    (Change(path='code', before='example-2026', after='example-2027'),)
    """
    old, new = dict(_leaves(_plain(before))), dict(_leaves(_plain(after)))
    paths = [*old, *(path for path in new if path not in old)]
    return tuple(Change(path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path))


def _plain(value: Any) -> Any:
    """Return a value of a book as JSON can hold it; a decimal as its shortest text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else value


def _leaves(value: Any, path: str = "") -> list[tuple[str, str | None]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in _leaves(item, f"{path}.{key}" if path else key)]
    if isinstance(value, list):
        return [leaf for place, item in enumerate(value, start=1) for leaf in _leaves(item, f"{path}[{place}]")]
    return [(path, None if value is None else str(value))]
