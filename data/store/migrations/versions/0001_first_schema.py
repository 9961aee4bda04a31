"""The first schema: releases, what is active, sectors, counts and plans."""

import sqlalchemy as sa
from alembic import op

from data.store.models import UtcDateTime
from data.store.shape import Shape

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CODE = sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql")
NAME = sa.String(length=200)


def upgrade() -> None:
    """Create every table; on PostgreSQL PostGIS too, where the role may."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    op.create_table(
        "release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("reference_date", sa.Date(), nullable=False),
        sa.Column("imported_at", UtcDateTime(), nullable=False),
        sa.Column("source_file", sa.String(length=255), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("crs", sa.String(length=32), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.CheckConstraint("rows >= 0", name=op.f("ck_release_rows_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("fingerprint", "kind", name=op.f("uq_release_fingerprint_kind")),
        sa.UniqueConstraint("name", name=op.f("uq_release_name")),
    )
    op.create_table(
        "store_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_store_state_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_state")),
    )
    op.create_table(
        "active_release",
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("activated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["release.id"],
            name=op.f("fk_active_release_release_id_release"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("country", "kind", name=op.f("pk_active_release")),
    )
    op.create_table(
        "area_count",
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("area_code", CODE, nullable=False),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.CheckConstraint("households >= 0", name=op.f("ck_area_count_households_not_negative")),
        sa.CheckConstraint("population >= 0", name=op.f("ck_area_count_population_not_negative")),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_area_count_release_id_release"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("release_id", "area_code", name=op.f("pk_area_count")),
    )
    op.create_table(
        "municipality",
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("code", CODE, nullable=False),
        sa.Column("name_nl", NAME, nullable=True),
        sa.Column("name_fr", NAME, nullable=True),
        sa.Column("name_de", NAME, nullable=True),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["release.id"],
            name=op.f("fk_municipality_release_id_release"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("release_id", "code", name=op.f("pk_municipality")),
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("municipality_code", CODE, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_plan_version_positive")),
        sa.ForeignKeyConstraint(
            ["release_id", "municipality_code"],
            ["municipality.release_id", "municipality.code"],
            name=op.f("fk_plan_release_id_municipality_code_municipality"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint(
            "release_id",
            "municipality_code",
            "version",
            name=op.f("uq_plan_release_id_municipality_code_version"),
        ),
    )
    op.create_table(
        "sector",
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("code", CODE, nullable=False),
        sa.Column("name_nl", NAME, nullable=True),
        sa.Column("name_fr", NAME, nullable=True),
        sa.Column("name_de", NAME, nullable=True),
        sa.Column("municipality_code", CODE, nullable=False),
        sa.Column("geometry", Shape(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id", "municipality_code"],
            ["municipality.release_id", "municipality.code"],
            name=op.f("fk_sector_release_id_municipality_code_municipality"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("release_id", "code", name=op.f("pk_sector")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_sector_geometry", "sector", ["geometry"], postgresql_using="gist")
    op.create_index(
        "ix_sector_release_id_municipality_code", "sector", ["release_id", "municipality_code"], unique=False
    )
    op.create_table(
        "buurt",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("code", CODE, nullable=False),
        sa.Column("name_nl", NAME, nullable=True),
        sa.Column("name_fr", NAME, nullable=True),
        sa.Column("name_de", NAME, nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_buurt_plan_id_plan"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("plan_id", "code", name=op.f("pk_buurt")),
    )
    op.create_table(
        "block",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("sector_code", CODE, nullable=False),
        sa.Column("buurt_code", CODE, nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id", "buurt_code"],
            ["buurt.plan_id", "buurt.code"],
            name=op.f("fk_block_plan_id_buurt_code_buurt"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("plan_id", "sector_code", name=op.f("pk_block")),
    )
    op.bulk_insert(sa.table("store_state", sa.column("id"), sa.column("version")), [{"id": 1, "version": 0}])


def downgrade() -> None:
    """Drop every table; the PostGIS extension stays, since others may use it."""
    op.drop_table("block")
    op.drop_table("buurt")
    op.drop_table("sector")
    op.drop_table("plan")
    op.drop_table("municipality")
    op.drop_table("area_count")
    op.drop_table("active_release")
    op.drop_table("store_state")
    op.drop_table("release")
