"""Price books, quotes, licences, and answers kept for repeated requests."""

import sqlalchemy as sa
from alembic import op

from data.store.licence_models import TOKEN, Money
from data.store.models import CODE, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FROZEN_QUOTE = ("record", "record_sha256", "quote_sha256", "price_book", "net", "gross", "origin", "created_at")
"""Columns of a quote that never change; a number, a day of issue and a PDF are given once."""
GIVEN_ONCE = ("number", "issued", "valid_until", "pdf")

SQLITE = (
    """
CREATE TRIGGER price_book_no_update BEFORE UPDATE ON price_book
BEGIN SELECT RAISE(ABORT, 'a published price book never changes'); END
""",
    """
CREATE TRIGGER price_book_no_delete BEFORE DELETE ON price_book
BEGIN SELECT RAISE(ABORT, 'a published price book never changes'); END
""",
    f"""
CREATE TRIGGER quote_frozen BEFORE UPDATE ON quote
WHEN {" OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in FROZEN_QUOTE)}
  OR {" OR ".join(f"(OLD.{name} IS NOT NULL AND NEW.{name} IS NOT OLD.{name})" for name in GIVEN_ONCE)}
BEGIN SELECT RAISE(ABORT, 'what a quote says never changes'); END
""",
    """
CREATE TRIGGER quote_kept BEFORE DELETE ON quote WHEN OLD.number IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an issued quote is never deleted'); END
""",
)
POSTGRESQL = (
    """
CREATE FUNCTION refuse_price_book_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a published price book never changes'; END $$
""",
    """
CREATE TRIGGER price_book_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON price_book
FOR EACH STATEMENT EXECUTE FUNCTION refuse_price_book_change()
""",
    f"""
CREATE FUNCTION refuse_quote_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.number IS NOT NULL THEN RAISE EXCEPTION 'an issued quote is never deleted'; END IF;
    RETURN OLD;
  END IF;
  IF {" OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in FROZEN_QUOTE)}
    OR {" OR ".join(f"(OLD.{name} IS NOT NULL AND NEW.{name} IS DISTINCT FROM OLD.{name})" for name in GIVEN_ONCE)}
  THEN RAISE EXCEPTION 'what a quote says never changes'; END IF;
  RETURN NEW;
END $$
""",
    """
CREATE TRIGGER quote_frozen BEFORE UPDATE OR DELETE ON quote
FOR EACH ROW EXECUTE FUNCTION refuse_quote_change()
""",
)


def upgrade() -> None:
    """Create the tables, and the triggers that keep books and quotes as they are."""
    op.create_table(
        "price_book",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("published_by", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_price_book")),
        sa.UniqueConstraint("valid_from", name=op.f("uq_price_book_valid_from")),
    )
    op.create_table(
        "quote",
        sa.Column("id", TOKEN, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=13), nullable=True),
        sa.Column("issued", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("origin", sa.String(length=13), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("history", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("record_sha256", sa.String(length=64), nullable=False),
        sa.Column("quote_sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=True),
        sa.Column("price_book", sa.String(length=60), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("net", Money(), nullable=False),
        sa.Column("gross", Money(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_quote_version_positive")),
        sa.CheckConstraint("(state = 'draft') = (number IS NULL)", name=op.f("ck_quote_number_at_issue")),
        sa.CheckConstraint("(state = 'draft') = (issued IS NULL)", name=op.f("ck_quote_day_at_issue")),
        sa.ForeignKeyConstraint(
            ["price_book"], ["price_book.code"], name=op.f("fk_quote_price_book_price_book"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote")),
        sa.UniqueConstraint("number", name=op.f("uq_quote_number")),
    )
    op.create_index("ix_quote_created_at_id", "quote", ["created_at", "id"])
    op.create_table(
        "quote_municipality",
        sa.Column("quote_id", TOKEN, nullable=False),
        sa.Column("municipality_code", CODE, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["quote_id"], ["quote.id"], name=op.f("fk_quote_municipality_quote_id_quote"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("quote_id", "municipality_code", name=op.f("pk_quote_municipality")),
    )
    op.create_index("ix_quote_municipality_municipality_code", "quote_municipality", ["municipality_code"])
    op.create_table(
        "quote_numbers",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_quote_numbers")),
    )
    op.create_table(
        "licence",
        sa.Column("quote_id", TOKEN, nullable=False),
        sa.Column("municipality_code", CODE, nullable=False),
        sa.Column("number", sa.String(length=13), nullable=False),
        sa.Column("buurt_codes", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("programmes", sa.JSON(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_licence_last_day_not_before_first")),
        sa.ForeignKeyConstraint(
            ["quote_id"], ["quote.id"], name=op.f("fk_licence_quote_id_quote"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("quote_id", "municipality_code", name=op.f("pk_licence")),
    )
    op.create_index("ix_licence_municipality_code", "licence", ["municipality_code"])
    op.create_index("ix_licence_last_day", "licence", ["last_day"])
    op.create_table(
        "kept_answer",
        sa.Column("caller", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_kept_answer")),
    )
    op.create_index("ix_kept_answer_created_at", "kept_answer", ["created_at"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Drop the tables, and with them their triggers."""
    for table in ("kept_answer", "licence", "quote_numbers", "quote_municipality", "quote", "price_book"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("DROP FUNCTION refuse_quote_change()"))
        op.execute(sa.text("DROP FUNCTION refuse_price_book_change()"))
