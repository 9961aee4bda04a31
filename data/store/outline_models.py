"""The schema of outlines: the exact areas of municipalities and buurten, derived anew at any time."""

from shapely.geometry.base import BaseGeometry
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from data.store.models import CODE, Base
from data.store.shape import Shape


class Outline(Base):
    """The union of the sectors or blocks of a municipality or a buurt, in the CRS of the release."""

    __tablename__ = "outline"
    __table_args__ = (
        Index("ix_outline_release_id_code", "release_id", "code"),
        Index("ix_outline_plan_id_code", "plan_id", "code"),
        Index("ix_outline_geometry", "geometry", postgresql_using="gist").ddl_if(dialect="postgresql"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id", ondelete="CASCADE"))
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id", ondelete="CASCADE"))
    """Of a buurt; None is a municipality of the release."""
    code: Mapped[str] = mapped_column(CODE)
    geometry: Mapped[BaseGeometry] = mapped_column(Shape)
