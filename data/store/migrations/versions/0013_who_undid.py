"""Who undid or redid an operation of a draft, and when: another editor is told."""

import sqlalchemy as sa
from alembic import op

from data.store.models import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: of what was undone before nobody knows."""
    with op.batch_alter_table("draft_entry") as batch:
        batch.add_column(sa.Column("stepped_at", UtcDateTime(), nullable=True))
        batch.add_column(sa.Column("stepped_by", sa.String(length=16), nullable=True))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("draft_entry") as batch:
        batch.drop_column("stepped_by")
        batch.drop_column("stepped_at")
