"""Dwellings per sector come from the file of a pair of releases; their table has no reader."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CODE = sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql")


def upgrade() -> None:
    """Drop the table."""
    op.drop_table("sector_dwellings")


def downgrade() -> None:
    """Create it, empty: what it held can be counted again."""
    releases = ("sectors_release_id", "addresses_release_id")
    op.create_table(
        "sector_dwellings",
        *(sa.Column(name, sa.Integer(), nullable=False) for name in releases),
        sa.Column("sector_code", CODE, nullable=False),
        sa.Column("dwellings", sa.Integer(), nullable=False),
        sa.CheckConstraint("dwellings >= 0", name=op.f("ck_sector_dwellings_dwellings_not_negative")),
        *(
            sa.ForeignKeyConstraint(
                [name], ["release.id"], name=op.f(f"fk_sector_dwellings_{name}_release"), ondelete="CASCADE"
            )
            for name in releases
        ),
        sa.PrimaryKeyConstraint(*releases, "sector_code", name=op.f("pk_sector_dwellings")),
    )
