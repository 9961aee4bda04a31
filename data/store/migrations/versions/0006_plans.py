"""Plans drawn by hand: parts of sectors as blocks, what is said of buurten, drafts with their log."""

import sqlalchemy as sa
from alembic import op

from data.store.models import UtcDateTime
from data.store.shape import Shape

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CODE = sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql")
BLOCK_CODE = sa.String(length=80).with_variant(sa.String(length=80, collation="C"), "postgresql")


def upgrade() -> None:
    """Let a block be a part of a sector, and add drafts."""
    # Column by column: making a table anew, as batches do on SQLite, would delete what refers to its rows.
    op.add_column("plan", sa.Column("drawn", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("plan", sa.Column("reason", sa.String(length=1_000), nullable=True))
    op.add_column("plan", sa.Column("published_by", sa.String(length=16), nullable=True))
    op.add_column("plan", sa.Column("follows_id", sa.Integer(), nullable=True))
    op.create_index("ix_plan_municipality_code_valid_from", "plan", ["municipality_code", "valid_from"])
    op.add_column("buurt", sa.Column("live", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("buurt", sa.Column("colour", sa.String(length=7), nullable=True))
    op.add_column("buurt", sa.Column("locked", sa.Boolean(), nullable=False, server_default=sa.false()))
    _make_blocks_anew(
        sa.Column("code", BLOCK_CODE, nullable=False),
        sa.Column("geometry", Shape(), nullable=True),
        key="code",
        columns="plan_id, code, sector_code, buurt_code",
        rows="SELECT plan_id, sector_code, sector_code, buurt_code FROM block_before",
    )
    op.create_table(
        "draft",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("municipality_code", CODE, nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("played", sa.Integer(), nullable=False),
        sa.Column("highest_number", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=16), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("published_plan_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'in_review', 'published', 'discarded')", name=op.f("ck_draft_state_known")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_draft_plan_id_plan"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["published_plan_id"], ["plan.id"], name=op.f("fk_draft_published_plan_id_plan"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
    )
    op.create_index("ix_draft_municipality_code", "draft", ["municipality_code"])
    op.create_table(
        "draft_entry",
        sa.Column("draft_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("operation", sa.JSON(), nullable=False),
        sa.Column("change", sa.JSON(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=16), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_draft_entry_number_positive")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_draft_entry_draft_id_draft"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("draft_id", "number", name=op.f("pk_draft_entry")),
    )


def downgrade() -> None:
    """Drop drafts; a divided sector goes to the first of its buurten as a whole."""
    op.drop_table("draft_entry")
    op.drop_table("draft")
    _make_blocks_anew(
        key="sector_code",
        columns="plan_id, sector_code, buurt_code",
        rows="SELECT plan_id, sector_code, MIN(buurt_code) FROM block_before GROUP BY plan_id, sector_code",
    )
    for column in ("live", "colour", "locked"):
        op.drop_column("buurt", column)
    op.drop_index("ix_plan_municipality_code_valid_from", "plan")
    for column in ("drawn", "reason", "published_by", "follows_id"):
        op.drop_column("plan", column)


def _make_blocks_anew(*more: sa.Column[object], key: str, columns: str, rows: str) -> None:
    """Give the table of blocks another key: neither database can do that in place under the same names."""
    op.execute("CREATE TABLE block_before AS SELECT * FROM block")
    op.drop_table("block")
    op.create_table(
        "block",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("sector_code", CODE, nullable=False),
        sa.Column("buurt_code", CODE, nullable=False),
        *more,
        sa.ForeignKeyConstraint(
            ["plan_id", "buurt_code"],
            ["buurt.plan_id", "buurt.code"],
            name=op.f("fk_block_plan_id_buurt_code_buurt"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("plan_id", key, name=op.f("pk_block")),
    )
    op.execute(f"INSERT INTO block ({columns}) {rows}")
    op.drop_table("block_before")
