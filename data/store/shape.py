"""The column type that holds a geometry in both stores: PostGIS `geometry`, or WKB in SQLite."""

from typing import Any

import shapely
from geoalchemy2 import Geometry
from geoalchemy2.elements import WKBElement
from geoalchemy2.shape import from_shape, to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator, TypeEngine
from typing_extensions import override


class Shape(TypeDecorator[BaseGeometry]):
    """A shapely geometry with its SRID, stored double for double: neither path goes through decimal text.

    One column holds layers of several official CRS (a release has one each), so the column itself is not bound
    to an SRID; on PostgreSQL every value carries its own. Queries filter on the release before they compare.
    """

    impl = Geometry
    cache_ok = True

    def __init__(self) -> None:
        # The GiST index is named in the model, as every other index is.
        super().__init__("GEOMETRY", srid=-1, spatial_index=False)

    @override
    def load_dialect_impl(self, dialect: Dialect | None) -> TypeEngine[Any]:
        # GeoAlchemy2's hooks on CREATE TABLE ask without a dialect, and mean PostgreSQL.
        if dialect is None or dialect.name == "postgresql":
            postgis: TypeEngine[Any] = self.impl_instance
            return postgis
        return LargeBinary()

    @override
    def process_bind_param(self, value: BaseGeometry | None, dialect: Dialect) -> WKBElement | bytes | None:
        if value is None:
            return None
        if dialect.name == "postgresql":
            return from_shape(value, srid=int(shapely.get_srid(value)), extended=True)
        return shapely.to_wkb(value, include_srid=True)

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> BaseGeometry | None:
        if value is None:
            return None
        if dialect.name == "postgresql":
            return to_shape(value)
        geometry: BaseGeometry = shapely.from_wkb(value)
        return geometry
