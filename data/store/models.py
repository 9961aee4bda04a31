"""The schema, one definition for PostGIS and SQLite: releases, what is active, sectors, counts, plans."""

from datetime import UTC, date, datetime
from typing import Any

from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from data.store.shape import Shape
from data.tables import Kind

CODE = String(32).with_variant(String(32, collation="C"), "postgresql")
"""Official codes compare byte by byte, so that "the lowest code" is the same in SQL, in Python and in the index."""
BLOCK_CODE = String(80).with_variant(String(80, collation="C"), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. SQLite keeps no time zone, so values go in as UTC and come out as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a stored instant needs a time zone: {value!r}")
        return value.astimezone(UTC) if value is not None else None

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Constraints carry names, so that a violated one can be told to the person who caused it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class StoreState(Base):
    """One row whose version goes up with every change that answers must follow; workers watch it."""

    __tablename__ = "store_state"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger, default=0)


class Release(Base):
    """One dated, checksummed import of one kind of table from one official file."""

    __tablename__ = "release"
    __table_args__ = (
        UniqueConstraint("name"),
        UniqueConstraint("fingerprint", "kind"),
        CheckConstraint("rows >= 0", name="rows_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(32))
    country: Mapped[str] = mapped_column(String(2))
    source: Mapped[str] = mapped_column(String(32))
    reference_date: Mapped[date]
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    source_file: Mapped[str] = mapped_column(String(255))
    source_sha256: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64))
    """SHA-256 over the file's own checksum, the source and its options: the same file read in the same way."""
    rows: Mapped[int] = mapped_column(BigInteger)
    crs: Mapped[str | None] = mapped_column(String(32))
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    files: Mapped[dict[str, str]] = mapped_column(JSON)
    """SHA-256 of every file in the release's folder, by its name."""

    @property
    def table(self) -> Kind:
        """The kind as the enumeration that readers and rules use."""
        return Kind(self.kind)


class ActiveRelease(Base):
    """The release of a kind that answers use in a country."""

    __tablename__ = "active_release"

    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id", ondelete="RESTRICT"))
    activated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    release: Mapped[Release] = relationship(lazy="joined")


class Municipality(Base):
    """A municipality as a sectors release names it."""

    __tablename__ = "municipality"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str] = mapped_column(CODE, primary_key=True)
    name_nl: Mapped[str | None] = mapped_column(String(200))
    name_fr: Mapped[str | None] = mapped_column(String(200))
    name_de: Mapped[str | None] = mapped_column(String(200))


class Sector(Base):
    """An official statistical sector of a release, with its geometry in the release's CRS."""

    __tablename__ = "sector"
    __table_args__ = (
        ForeignKeyConstraint(
            ["release_id", "municipality_code"],
            ["municipality.release_id", "municipality.code"],
            ondelete="CASCADE",
        ),
        Index("ix_sector_release_id_municipality_code", "release_id", "municipality_code"),
        Index("ix_sector_geometry", "geometry", postgresql_using="gist").ddl_if(dialect="postgresql"),
    )

    release_id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(CODE, primary_key=True)
    name_nl: Mapped[str | None] = mapped_column(String(200))
    name_fr: Mapped[str | None] = mapped_column(String(200))
    name_de: Mapped[str | None] = mapped_column(String(200))
    municipality_code: Mapped[str] = mapped_column(CODE)
    geometry: Mapped[BaseGeometry] = mapped_column(Shape)


class AreaCount(Base):
    """The official households and population of a sector or a municipality; NULL is unknown, never zero."""

    __tablename__ = "area_count"
    __table_args__ = (
        CheckConstraint("households >= 0", name="households_not_negative"),
        CheckConstraint("population >= 0", name="population_not_negative"),
    )

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id", ondelete="CASCADE"), primary_key=True)
    area_code: Mapped[str] = mapped_column(CODE, primary_key=True)
    households: Mapped[int | None]
    population: Mapped[int | None]


class Plan(Base):
    """One published partition of a municipality's blocks into buurten; it never changes."""

    __tablename__ = "plan"
    __table_args__ = (
        UniqueConstraint("release_id", "municipality_code", "version"),
        ForeignKeyConstraint(
            ["release_id", "municipality_code"],
            ["municipality.release_id", "municipality.code"],
            ondelete="CASCADE",
        ),
        CheckConstraint("version > 0", name="version_positive"),
        Index("ix_plan_municipality_code_valid_from", "municipality_code", "valid_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int]
    municipality_code: Mapped[str] = mapped_column(CODE)
    version: Mapped[int]
    """Of drawn plans it goes up with each of the municipality, whatever release they are on."""
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_from: Mapped[date]
    drawn: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Published by ops staff. Else it is the plan that an import makes, which holds where none was drawn."""
    reason: Mapped[str | None] = mapped_column(String(1_000))
    published_by: Mapped[str | None] = mapped_column(String(16))
    """Identifier of the key that published it."""
    follows_id: Mapped[int | None]
    """The plan that it was drawn from; it may have gone with its release."""


class Buurt(Base):
    """A neighbourhood of the network in a plan."""

    __tablename__ = "buurt"

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str] = mapped_column(CODE, primary_key=True)
    name_nl: Mapped[str | None] = mapped_column(String(200))
    name_fr: Mapped[str | None] = mapped_column(String(200))
    name_de: Mapped[str | None] = mapped_column(String(200))
    live: Mapped[bool] = mapped_column(default=True, server_default=true())
    colour: Mapped[str | None] = mapped_column(String(7))
    locked: Mapped[bool] = mapped_column(default=False, server_default=false())


class Block(Base):
    """A block of a plan: a sector or a part of one, in exactly one buurt."""

    __tablename__ = "block"
    __table_args__ = (
        ForeignKeyConstraint(["plan_id", "buurt_code"], ["buurt.plan_id", "buurt.code"], ondelete="CASCADE"),
    )

    plan_id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(BLOCK_CODE, primary_key=True)
    sector_code: Mapped[str] = mapped_column(CODE)
    buurt_code: Mapped[str] = mapped_column(CODE)
    geometry: Mapped[BaseGeometry | None] = mapped_column(Shape)
    """Of a part of a sector, or of a sector into whose border a neighbour's cut has put a vertex; None is the
    sector's own."""


class DraftRow(Base):
    """A plan under edit: the plan that it began from, the counts of that moment, and its log."""

    __tablename__ = "draft"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'in_review', 'published', 'discarded')", name="state_known"),
        Index("ix_draft_municipality_code", "municipality_code"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    municipality_code: Mapped[str] = mapped_column(CODE)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16))
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    """By block of the plan that it began from, so that the log plays on what it was made on."""
    revision: Mapped[int]
    """Goes up with every change, also with undo and redo."""
    played: Mapped[int]
    """How many entries of the log are in force; those after it were undone."""
    highest_number: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(16))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id", ondelete="CASCADE"))


class DraftEntry(Base):
    """One operation of a draft's log, and what it did."""

    __tablename__ = "draft_entry"
    __table_args__ = (CheckConstraint("number > 0", name="number_positive"),)

    draft_id: Mapped[str] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    revision: Mapped[int]
    """The draft's revision that it led to, when it was carried out, undone or redone last."""
    operation: Mapped[dict[str, Any]] = mapped_column(JSON)
    change: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(16))
    """Identifier of the caller's key."""
    stepped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was undone or redone last; None where it never was."""
    stepped_by: Mapped[str | None] = mapped_column(String(16))
    """By whose key."""
