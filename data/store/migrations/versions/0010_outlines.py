"""Exact outlines of municipalities and buurten; what is there already is made when first asked for."""

import sqlalchemy as sa
from alembic import op

from data.store.shape import Shape

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CODE = sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table, empty."""
    op.create_table(
        "outline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.Column("code", CODE, nullable=False),
        sa.Column("geometry", Shape(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_outline_release_id_release"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_outline_plan_id_plan"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outline")),
    )
    op.create_index("ix_outline_release_id_code", "outline", ["release_id", "code"])
    op.create_index("ix_outline_plan_id_code", "outline", ["plan_id", "code"])
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_outline_geometry", "outline", ["geometry"], postgresql_using="gist")


def downgrade() -> None:
    """Drop it."""
    op.drop_table("outline")
