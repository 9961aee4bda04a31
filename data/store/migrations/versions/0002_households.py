"""Members: rules, verifications, households and accounts, codes, attempts, dwellings per sector, the audit trail."""

import sqlalchemy as sa
from alembic import op

from data.store.models import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CODE = sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql")
HASH = sa.String(length=64)
TOKEN = sa.String(length=32)
KEY_ID = sa.String(length=16)
STILL_THERE = sa.text("left_at IS NULL")

APPEND_ONLY_SQLITE = """
CREATE TRIGGER audit_entry_no_{verb} BEFORE {VERB} ON audit_entry
BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END
"""
APPEND_ONLY_FUNCTION = """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'audit_entry is append-only'; END $$
"""
APPEND_ONLY_POSTGRESQL = """
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
"""


def upgrade() -> None:
    """Create the tables, and the triggers that keep the audit trail append-only."""
    op.create_table(
        "eligibility_rules",
        sa.Column("municipality_code", CODE, nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("municipality_code", name=op.f("pk_eligibility_rules")),
    )
    op.create_table(
        "household",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dwelling_key", HASH, nullable=False),
        sa.Column("key_id", KEY_ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("municipality_code", CODE, nullable=False),
        sa.Column("sector_code", CODE, nullable=False),
        sa.Column("buurt_code", CODE, nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("place > 0", name=op.f("ck_household_place_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household")),
    )
    op.create_index(
        "uq_household_dwelling_key_place",
        "household",
        ["dwelling_key", "place"],
        unique=True,
        sqlite_where=STILL_THERE,
        postgresql_where=STILL_THERE,
    )
    op.create_index("ix_household_municipality_code", "household", ["municipality_code"])
    op.create_index("ix_household_left_at", "household", ["left_at"])
    op.create_table(
        "account",
        sa.Column("id", TOKEN, nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("email_key", HASH, nullable=False),
        sa.Column("key_id", KEY_ID, nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_account_household_id_household"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_index(
        "uq_account_email_key",
        "account",
        ["email_key"],
        unique=True,
        sqlite_where=STILL_THERE,
        postgresql_where=STILL_THERE,
    )
    op.create_index("ix_account_household_id", "account", ["household_id"])
    op.create_table(
        "sign_up",
        sa.Column("id", TOKEN, nullable=False),
        sa.Column("dwelling_key", HASH, nullable=False),
        sa.Column("email_key", HASH, nullable=False),
        sa.Column("key_id", KEY_ID, nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("municipality_code", CODE, nullable=False),
        sa.Column("sector_code", CODE, nullable=True),
        sa.Column("buurt_code", CODE, nullable=True),
        sa.Column("own_household", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("proof", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("account_id", TOKEN, nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'needs_proof', 'verified', 'refused', 'expired')",
            name=op.f("ck_sign_up_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_sign_up_account_id_account"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_up")),
    )
    op.create_index("ix_sign_up_expires_at", "sign_up", ["expires_at"])
    op.create_index("ix_sign_up_dwelling_key", "sign_up", ["dwelling_key"])
    op.create_table(
        "code_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("municipality_code", CODE, nullable=False),
        sa.Column("buurt_code", CODE, nullable=False),
        sa.Column("uses", sa.String(length=8), nullable=False),
        sa.Column("codes", sa.Integer(), nullable=False),
        sa.Column("key_id", KEY_ID, nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("uses IN ('once', 'many')", name=op.f("ck_code_batch_uses_known")),
        sa.CheckConstraint("expires_at > made_at", name=op.f("ck_code_batch_expires_later")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_batch")),
    )
    op.create_table(
        "buurtcode",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", HASH, nullable=False),
        sa.Column("scope", HASH, nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["code_batch.id"], name=op.f("fk_buurtcode_batch_id_code_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "code_hash", name=op.f("pk_buurtcode")),
    )
    op.create_index("ix_buurtcode_scope", "buurtcode", ["scope"])
    op.create_table(
        "attempt",
        sa.Column("subject", HASH, nullable=False),
        sa.Column("window_start", UtcDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "window_start", name=op.f("pk_attempt")),
    )
    op.create_index("ix_attempt_window_start", "attempt", ["window_start"])
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("municipality_code", CODE, nullable=True),
        sa.Column("buurt_code", CODE, nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_table(
        "sector_dwellings",
        sa.Column("sectors_release_id", sa.Integer(), nullable=False),
        sa.Column("addresses_release_id", sa.Integer(), nullable=False),
        sa.Column("sector_code", CODE, nullable=False),
        sa.Column("dwellings", sa.Integer(), nullable=False),
        sa.CheckConstraint("dwellings >= 0", name=op.f("ck_sector_dwellings_dwellings_not_negative")),
        sa.ForeignKeyConstraint(
            ["sectors_release_id"],
            ["release.id"],
            name=op.f("fk_sector_dwellings_sectors_release_id_release"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["addresses_release_id"],
            ["release.id"],
            name=op.f("fk_sector_dwellings_addresses_release_id_release"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "sectors_release_id", "addresses_release_id", "sector_code", name=op.f("pk_sector_dwellings")
        ),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(APPEND_ONLY_FUNCTION)
        op.execute(APPEND_ONLY_POSTGRESQL)
    else:
        for verb in ("update", "delete"):
            op.execute(APPEND_ONLY_SQLITE.format(verb=verb, VERB=verb.upper()))


def downgrade() -> None:
    """Drop the tables, with their triggers."""
    op.drop_table("sector_dwellings")
    op.drop_table("audit_entry")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_audit_change()")
    op.drop_table("attempt")
    op.drop_table("buurtcode")
    op.drop_table("code_batch")
    op.drop_table("sign_up")
    op.drop_table("account")
    op.drop_table("household")
    op.drop_table("eligibility_rules")
