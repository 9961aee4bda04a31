"""Rates of keys, and what is used of them."""

import sqlalchemy as sa
from alembic import op

from data.store.models import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of budgets, and the column of keys that have a rate of their own: none has yet."""
    op.create_table(
        "rate_budget",
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("window_start", UtcDateTime(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "window_start", name=op.f("pk_rate_budget")),
    )
    with op.batch_alter_table("api_key") as batch:
        batch.add_column(sa.Column("rate_per_minute", sa.Integer(), nullable=True))
        batch.create_check_constraint(op.f("ck_api_key_rate_positive"), "rate_per_minute > 0")


def downgrade() -> None:
    """Drop them: every key has the rate of its scopes again."""
    with op.batch_alter_table("api_key") as batch:
        batch.drop_constraint(op.f("ck_api_key_rate_positive"), type_="check")
        batch.drop_column("rate_per_minute")
    op.drop_table("rate_budget")
