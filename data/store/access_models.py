"""The schema of who may call, and how often: API keys, as hashes, and what they have used of their budgets."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from data.store.models import Base, UtcDateTime


class ApiKey(Base):
    """A key of a calling program or person; its secret is kept as a hash alone."""

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("expires_at > created_at", name="expires_later"),
        CheckConstraint("rate_per_minute > 0", name="rate_positive"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    """The part of the key that is no secret; logs and the audit trail name it."""
    name: Mapped[str] = mapped_column(String(80))
    """What it is for, as its maker called it."""
    secret_sha256: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rate_per_minute: Mapped[int | None]
    """Requests a minute; NULL is what the server allows its scopes."""


class RateBudget(Base):
    """How many requests of a key were handed out to workers in a window of time."""

    __tablename__ = "rate_budget"

    subject: Mapped[str] = mapped_column(String(16), primary_key=True)
    """Identifier of the key."""
    window_start: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    taken: Mapped[int] = mapped_column(BigInteger)
    granted: Mapped[int] = mapped_column(BigInteger)
    """The block that was handed out last: who has asked for it reads it here."""
