"""Staff accounts and their work areas; what ties a code to its letter, and keeps it valid when keys change."""

import sqlalchemy as sa
from alembic import op

from data.store.models import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CODE = sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql")
HASH = sa.String(length=64)
TOKEN = sa.String(length=32)
KEY_ID = sa.String(length=16)
IN_FORCE = sa.text("revoked_at IS NULL")


def upgrade() -> None:
    """Create the tables of staff, and the columns of letters."""
    op.create_table(
        "staff_account",
        sa.Column("id", TOKEN, nullable=False),
        sa.Column("email_key", HASH, nullable=False),
        sa.Column("key_id", KEY_ID, nullable=False),
        sa.Column("municipality_code", CODE, nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "role IN ('neighbourhood-worker', 'association', 'municipality')",
            name=op.f("ck_staff_account_role_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_account")),
    )
    op.create_index(
        "uq_staff_account_email_key_municipality_code",
        "staff_account",
        ["email_key", "municipality_code"],
        unique=True,
        sqlite_where=IN_FORCE,
        postgresql_where=IN_FORCE,
    )
    op.create_index("ix_staff_account_municipality_code", "staff_account", ["municipality_code"])
    op.create_table(
        "staff_area",
        sa.Column("staff_id", TOKEN, nullable=False),
        sa.Column("buurt_code", CODE, nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_staff_area_last_day_not_before_first")),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff_account.id"],
            name=op.f("fk_staff_area_staff_id_staff_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("staff_id", "buurt_code", name=op.f("pk_staff_area")),
    )
    with op.batch_alter_table("code_batch") as batch:
        batch.add_column(sa.Column("run", TOKEN, nullable=True))
        batch.create_index("ix_code_batch_run", ["run"])
    op.add_column("buurtcode", sa.Column("hashed_for", HASH, nullable=True))
    op.execute("UPDATE buurtcode SET hashed_for = scope")
    with op.batch_alter_table("buurtcode") as batch:
        batch.alter_column("hashed_for", existing_type=HASH, nullable=False)


def downgrade() -> None:
    """Drop them; codes of dwellings whose key was rotated since are lost."""
    with op.batch_alter_table("buurtcode") as batch:
        batch.drop_column("hashed_for")
    with op.batch_alter_table("code_batch") as batch:
        batch.drop_index("ix_code_batch_run")
        batch.drop_column("run")
    op.drop_table("staff_area")
    op.drop_table("staff_account")
