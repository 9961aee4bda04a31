"""The schema of what tiles are made from: borders simplified for the map, derived anew at any time."""

from shapely.geometry.base import BaseGeometry
from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from data.store.models import CODE, Base
from data.store.shape import Shape


class TileShape(Base):
    """What a map shows of a sector, a municipality or a buurt at one level of detail, in EPSG:3857."""

    __tablename__ = "tile_shape"
    __table_args__ = (
        Index("ix_tile_shape_release_id_layer_level", "release_id", "layer", "level"),
        Index("ix_tile_shape_plan_id_level", "plan_id", "level"),
        Index("ix_tile_shape_geometry", "geometry", postgresql_using="gist").ddl_if(dialect="postgresql"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id", ondelete="CASCADE"))
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id", ondelete="CASCADE"))
    """Of a buurt; None for what the release itself has."""
    layer: Mapped[str] = mapped_column(String(16))
    level: Mapped[int]
    code: Mapped[str] = mapped_column(CODE)
    geometry: Mapped[BaseGeometry] = mapped_column(Shape)
