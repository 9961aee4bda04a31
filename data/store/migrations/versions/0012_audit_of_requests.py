"""Who made a line of the audit trail, by which request, and what came of it; lines from before do not say."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COLUMNS = {"actor": 16, "route": 160, "subject": 80, "request_id": 64, "outcome": 16}


def upgrade() -> None:
    """Add the columns; not by a copy of the table, which would lose the triggers that keep it append-only."""
    for name, length in COLUMNS.items():
        op.add_column("audit_entry", sa.Column(name, sa.String(length=length), nullable=True))


def downgrade() -> None:
    """Drop them."""
    for name in reversed(COLUMNS):
        op.drop_column("audit_entry", name)
