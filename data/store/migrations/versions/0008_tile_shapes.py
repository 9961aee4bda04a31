"""Shapes for the map's tiles, simplified per level of detail; what is there already is made when first asked for."""

import sqlalchemy as sa
from alembic import op

from data.store.shape import Shape

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CODE = sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table, empty."""
    op.create_table(
        "tile_shape",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.Column("layer", sa.String(length=16), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("code", CODE, nullable=False),
        sa.Column("geometry", Shape(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_tile_shape_release_id_release"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_tile_shape_plan_id_plan"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tile_shape")),
    )
    op.create_index("ix_tile_shape_release_id_layer_level", "tile_shape", ["release_id", "layer", "level"])
    op.create_index("ix_tile_shape_plan_id_level", "tile_shape", ["plan_id", "level"])
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_tile_shape_geometry", "tile_shape", ["geometry"], postgresql_using="gist")


def downgrade() -> None:
    """Drop it."""
    op.drop_table("tile_shape")
