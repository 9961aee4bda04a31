"""Reads features page by page, in the order of their key: a page begins after the last feature of the one before it.

So every feature is on exactly one page, whatever is published between two requests about the same day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from data.features.collections import COLLECTIONS, Collection
from data.features.filters import Filter
from data.features.sources import Source, find_sources
from data.features.spans import Span
from data.outlines import prepare_outlines
from data.store import Store
from data.store.functions import spatial
from data.store.models import Release
from data.store.outline_models import Outline
from geo.crs import transform_shapes
from geo.crs_uris import Bounds, box_as_shape

Key = str | int
Value = str | int | float | bool | date | None


@dataclass(frozen=True, slots=True)
class Box:
    """Bounds that features must meet."""

    bounds: Bounds
    """In `crs`, in the order east, north."""
    crs: str
    """Authority code."""


@dataclass(frozen=True, slots=True)
class FeatureQuery:
    """Which features are wanted."""

    collection: Collection
    span: Span
    box: Box | None = None
    equal: Mapping[str, Value] = field(default_factory=dict)
    """Fields and the values that they must have."""
    filter: Filter | None = None
    after: Key | None = None
    """The key of the last feature that is known already."""
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Features:
    """Features in the order of their keys.

    Attributes
    ----------
    rows
        By field.
    shapes
        Areas of the rows, shape (n,), in the order east, north.
    crs
        Authority code of the CRS of the shapes.
    """

    collection: Collection
    rows: list[dict[str, Any]]
    shapes: npt.NDArray[np.object_]
    crs: str

    @property
    def keys(self) -> list[str]:
        """Identifiers of the features."""
        key = COLLECTIONS[self.collection].key
        return [str(row[key]) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of an answer."""

    features: Features
    matched: int
    """How many features there are on all pages."""
    last: Key | None
    """The key of the last feature where there are more after it."""


@dataclass(frozen=True, slots=True)
class _MunicipalityBounds:
    """Around which boxes the municipalities of a release lie, in its own CRS."""

    codes: npt.NDArray[np.str_]
    boxes: npt.NDArray[np.object_]

    def against(self, shape: shapely.Geometry) -> tuple[list[str], list[str]]:
        """Return the municipalities that lie within a shape, and the others that may meet it."""
        within = shapely.within(self.boxes, shape)
        beside = shapely.intersects(self.boxes, shape) & ~within
        return self.codes[within].tolist(), self.codes[beside].tolist()


class FeatureReader:
    """Reads features from a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._bounds: dict[int, _MunicipalityBounds] = {}
        self._lock = Lock()

    def page(self, query: FeatureQuery, crs: str) -> Page:
        """Return a page of the features that are wanted.

        Parameters
        ----------
        crs
            Authority code of the CRS that the shapes are wanted in.

        Raises
        ------
        FilterError
            The filter cannot be carried out.
        """
        key = COLLECTIONS[query.collection].key
        found: list[tuple[dict[str, Any], str]] = []
        matched = 0
        for source in find_sources(self._store, query.collection, query.span):
            wanted = self._conditions(query, source)
            if wanted is None:
                continue
            rows = source.rows.where(*wanted)
            with self._store.reading() as session:
                matched += session.scalar(rows.add_columns(func.count())) or 0
                if query.after is not None:
                    rows = rows.where(source.columns[key] > query.after)
                page = rows.order_by(source.columns[key]).limit(query.limit + 1)
                found += [(row, source.crs) for row in _read(session, source, page)]
        found.sort(key=lambda each: each[0][key])
        shown = found[: query.limit]
        return Page(
            _features(query.collection, shown, crs),
            matched,
            shown[-1][0][key] if len(found) > len(shown) and shown else None,
        )

    def one(self, collection: Collection, key: Key, span: Span, crs: str) -> Features | None:
        """Return a feature by its key; None where there is none in the span."""
        name = COLLECTIONS[collection].key
        for source in find_sources(self._store, collection, span):
            with self._store.reading() as session:
                found = _read(session, source, source.rows.where(source.columns[name] == key))
            if found:
                return _features(collection, [(found[0], source.crs)], crs)
        return None

    def bounds(self, release: Release) -> Bounds:
        """Return the bounds of a release's municipalities in its own CRS."""
        west, south, east, north = shapely.total_bounds(self._municipalities(release).boxes).tolist()
        return west, south, east, north

    def _municipalities(self, release: Release) -> "_MunicipalityBounds":
        with self._lock:
            known = self._bounds.get(release.id)
        if known is None:
            prepare_outlines(self._store, [release.id], [])
            of_release = select(Outline.code, Outline.geometry).where(
                Outline.release_id == release.id, Outline.plan_id.is_(None)
            )
            with self._store.reading() as session:
                rows = session.execute(of_release).all()
            shapes = np.array([row.geometry for row in rows], dtype=object)
            boxes = [shapely.box(*bounds) for bounds in shapely.bounds(shapes)]
            known = _MunicipalityBounds(np.array([row.code for row in rows]), np.array(boxes, dtype=object))
            with self._lock:
                self._bounds[release.id] = known
        return known

    def _conditions(self, query: FeatureQuery, source: Source) -> list[ColumnElement[bool]] | None:
        """Return what a feature must fulfil; None where none of the source can."""
        wanted = [source.columns[name] == value for name, value in query.equal.items()]
        if query.box is not None:
            asked = box_as_shape(query.box.bounds, query.box.crs, source.crs, self.bounds(source.release))
            if asked is None:
                return None
            meets = spatial("ST_Intersects", source.columns["geometry"], source.parameter(asked))
            if query.collection == Collection.SECTORS:
                # SQLite has no index of shapes: only sectors of municipalities on the edge are looked at themselves.
                within, beside = self._municipalities(source.release).against(asked)
                municipality = source.columns["municipality"]
                meets = or_(municipality.in_(within), and_(municipality.in_(beside), meets))
            wanted.append(meets)
        if query.filter is not None:
            wanted.append(query.filter.clause(source, self.bounds(source.release)))
        return wanted


def _read(session: Session, source: Source, rows: Select[Any]) -> list[dict[str, Any]]:
    columns: list[Any] = [column.label(name) for name, column in source.columns.items()]
    return [dict(row) for row in session.execute(rows.add_columns(*columns)).mappings()]


def _features(collection: Collection, found: Sequence[tuple[dict[str, Any], str]], crs: str) -> Features:
    shapes = np.empty(len(found), dtype=object)
    stored = np.array([stored_in for _, stored_in in found], dtype=object)
    shapes[:] = [row.pop("geometry") for row, _ in found]
    shapes = shapely.set_srid(shapes, 0)
    for one in dict.fromkeys(stored.tolist()):
        shapes[stored == one] = transform_shapes(shapes[stored == one], one, crs)
    return Features(collection, [row for row, _ in found], shapes, crs)
