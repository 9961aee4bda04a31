"""The schema of who may call: API keys, as hashes."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from data.store.models import Base, UtcDateTime


class ApiKey(Base):
    """A key of a calling program or person; its secret is kept as a hash alone."""

    __tablename__ = "api_key"
    __table_args__ = (CheckConstraint("expires_at > created_at", name="expires_later"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    """The part of the key that is no secret; logs and the audit trail name it."""
    name: Mapped[str] = mapped_column(String(80))
    """What it is for, as its maker called it."""
    secret_sha256: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
