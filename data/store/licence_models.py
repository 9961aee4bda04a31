"""The schema of sales: price books, quotes and their numbers, licences, and answers kept for repeated requests."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from data.store.models import CODE, Base, UtcDateTime

TOKEN = String(24)


class Money(TypeDecorator[Decimal]):
    """An amount, kept as an integer of cents: SQLite has no decimal numbers, and would make a binary one of it."""

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        cents = value.scaleb(2)
        if cents != cents.to_integral_value():
            raise ValueError(f"a stored amount has whole cents: {value}")
        return int(cents)

    @override
    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-2)


class PublishedBook(Base):
    """A published price book; the database refuses to change or delete one."""

    __tablename__ = "price_book"
    __table_args__ = (UniqueConstraint("valid_from"),)

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    valid_from: Mapped[date]
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[str] = mapped_column(String(40))
    """Identifier of a key, or `command-line`."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the canonical text."""
    text: Mapped[str] = mapped_column(Text)
    """What the book says, in canonical form."""
    source: Mapped[str] = mapped_column(Text)
    """The YAML as its author wrote it."""


class StoredQuote(Base):
    """A quote: its frozen record, which the database refuses to change, and where it stands as an offer."""

    __tablename__ = "quote"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("version > 0", name="version_positive"),
        CheckConstraint("(state = 'draft') = (number IS NULL)", name="number_at_issue"),
        CheckConstraint("(state = 'draft') = (issued IS NULL)", name="day_at_issue"),
        Index("ix_quote_created_at_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(TOKEN, primary_key=True)
    version: Mapped[int]
    """Goes up with every change of state: the entity tag."""
    state: Mapped[str] = mapped_column(String(16))
    """An `OfferState`, but never `expired`: that follows from the day."""
    number: Mapped[str | None] = mapped_column(String(13))
    issued: Mapped[date | None]
    valid_until: Mapped[date | None]
    origin: Mapped[str | None] = mapped_column(String(13))
    """Number of the quote that this one revises."""
    revision: Mapped[int]
    history: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(40))
    record: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """Canonical JSON of `licensing.frozen_quotes.FrozenQuote`: everything that the quote ever says."""
    record_sha256: Mapped[str] = mapped_column(String(64))
    quote_sha256: Mapped[str] = mapped_column(String(64))
    """Of the calculation in the record."""
    pdf: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """As it was first given out after issue."""
    price_book: Mapped[str] = mapped_column(ForeignKey("price_book.code", ondelete="RESTRICT"))
    country: Mapped[str] = mapped_column(String(2))
    language: Mapped[str] = mapped_column(String(2))
    start: Mapped[date]
    years: Mapped[int]
    households: Mapped[int]
    net: Mapped[Decimal] = mapped_column(Money)
    gross: Mapped[Decimal] = mapped_column(Money)


class QuotedMunicipality(Base):
    """A municipality of a quote, for searching."""

    __tablename__ = "quote_municipality"
    __table_args__ = (Index("ix_quote_municipality_municipality_code", "municipality_code"),)

    quote_id: Mapped[str] = mapped_column(ForeignKey("quote.id", ondelete="RESTRICT"), primary_key=True)
    municipality_code: Mapped[str] = mapped_column(CODE, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    households: Mapped[int]


class QuoteNumbers(Base):
    """The last number that was given in a year. Whoever issues a quote locks the year's row until the commit."""

    __tablename__ = "quote_numbers"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class StoredLicence(Base):
    """The licence of one municipality from an accepted quote; both days are included."""

    __tablename__ = "licence"
    __table_args__ = (
        CheckConstraint("last_day >= first_day", name="last_day_not_before_first"),
        Index("ix_licence_municipality_code", "municipality_code"),
        Index("ix_licence_last_day", "last_day"),
    )

    quote_id: Mapped[str] = mapped_column(ForeignKey("quote.id", ondelete="RESTRICT"), primary_key=True)
    municipality_code: Mapped[str] = mapped_column(CODE, primary_key=True)
    number: Mapped[str] = mapped_column(String(13))
    buurt_codes: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """NULL is the whole municipality; a pilot names its buurten."""
    programmes: Mapped[list[str]] = mapped_column(JSON)
    first_day: Mapped[date]
    last_day: Mapped[date]


class KeptAnswer(Base):
    """The answer to a request with an Idempotency-Key, given again when the request comes again."""

    __tablename__ = "kept_answer"
    __table_args__ = (Index("ix_kept_answer_created_at", "created_at"),)

    caller: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
