"""The schema of members: verifications, member households and accounts, staff, codes, attempts, rules, the audit trail.

No table holds an address, an e-mail address, a name or a code: dwellings, e-mail addresses and codes are keyed hashes
(`households.dwelling_keys`).
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from data.store.models import CODE, Base, UtcDateTime

HASH = String(64)
TOKEN = String(32)
KEY_ID = String(16)
_STILL_THERE = text("left_at IS NULL")


class EligibilityRules(Base):
    """The rules of a municipality, where they differ from the network's."""

    __tablename__ = "eligibility_rules"

    municipality_code: Mapped[str] = mapped_column(CODE, primary_key=True)
    rules: Mapped[dict[str, Any]] = mapped_column(JSON)
    version: Mapped[int]
    """Goes up with every change, so that two editors cannot overwrite each other unseen."""
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Household(Base):
    """A member household: one pseudonym per dwelling, as long as somebody of it is a member.

    The partial unique index is what makes it one household per dwelling, whatever runs at the same time; a
    municipality that admits several numbers them by `place`.
    """

    __tablename__ = "household"
    __table_args__ = (
        Index(
            "uq_household_dwelling_key_place",
            "dwelling_key",
            "place",
            unique=True,
            sqlite_where=_STILL_THERE,
            postgresql_where=_STILL_THERE,
        ),
        Index("ix_household_municipality_code", "municipality_code"),
        Index("ix_household_left_at", "left_at"),
        CheckConstraint("place > 0", name="place_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dwelling_key: Mapped[str] = mapped_column(HASH)
    key_id: Mapped[str] = mapped_column(KEY_ID)
    place: Mapped[int]
    country: Mapped[str] = mapped_column(String(2))
    municipality_code: Mapped[str] = mapped_column(CODE)
    sector_code: Mapped[str] = mapped_column(CODE)
    buurt_code: Mapped[str] = mapped_column(CODE)
    """The buurt on the day of joining; reports use the sector and the plan of their day."""
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Account(Base):
    """An account of a member household: counted, never named."""

    __tablename__ = "account"
    __table_args__ = (
        Index(
            "uq_account_email_key",
            "email_key",
            unique=True,
            sqlite_where=_STILL_THERE,
            postgresql_where=_STILL_THERE,
        ),
        Index("ix_account_household_id", "household_id"),
    )

    id: Mapped[str] = mapped_column(TOKEN, primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id", ondelete="CASCADE"))
    email_key: Mapped[str] = mapped_column(HASH)
    key_id: Mapped[str] = mapped_column(KEY_ID)
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignUp(Base):
    """A verification under way or settled."""

    __tablename__ = "sign_up"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'needs_proof', 'verified', 'refused', 'expired')", name="state_known"),
        Index("ix_sign_up_expires_at", "expires_at"),
        Index("ix_sign_up_dwelling_key", "dwelling_key"),
    )

    id: Mapped[str] = mapped_column(TOKEN, primary_key=True)
    dwelling_key: Mapped[str] = mapped_column(HASH)
    email_key: Mapped[str] = mapped_column(HASH)
    key_id: Mapped[str] = mapped_column(KEY_ID)
    country: Mapped[str] = mapped_column(String(2))
    municipality_code: Mapped[str] = mapped_column(CODE)
    sector_code: Mapped[str | None] = mapped_column(CODE)
    buurt_code: Mapped[str | None] = mapped_column(CODE)
    own_household: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16))
    proof: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(32))
    """Code of the rule that refused it."""
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))


class CodeBatchRow(Base):
    """Codes that were made together."""

    __tablename__ = "code_batch"
    __table_args__ = (
        CheckConstraint("uses IN ('once', 'many')", name="uses_known"),
        CheckConstraint("expires_at > made_at", name="expires_later"),
        Index("ix_code_batch_run", "run"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    municipality_code: Mapped[str] = mapped_column(CODE)
    buurt_code: Mapped[str] = mapped_column(CODE)
    uses: Mapped[str] = mapped_column(String(8))
    codes: Mapped[int]
    run: Mapped[str | None] = mapped_column(TOKEN)
    """The run that wrote them to files; the files of a run that was interrupted are settled by it."""
    key_id: Mapped[str] = mapped_column(KEY_ID)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Buurtcode(Base):
    """A code, as the keyed hash that it is compared by."""

    __tablename__ = "buurtcode"
    __table_args__ = (Index("ix_buurtcode_scope", "scope"),)

    batch_id: Mapped[int] = mapped_column(ForeignKey("code_batch.id", ondelete="CASCADE"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(HASH, primary_key=True)
    scope: Mapped[str] = mapped_column(HASH)
    """The buurt's code, or the dwelling's key under the current key, by which the code is found."""
    hashed_for: Mapped[str] = mapped_column(HASH)
    """The scope that went into the hash: it stays, whatever key the dwelling is known by later."""
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StaffAccount(Base):
    """Somebody whom a municipality lets work in some of its buurten; never a member household."""

    __tablename__ = "staff_account"
    __table_args__ = (
        CheckConstraint("role IN ('neighbourhood-worker', 'association', 'municipality')", name="role_known"),
        Index(
            "uq_staff_account_email_key_municipality_code",
            "email_key",
            "municipality_code",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
        Index("ix_staff_account_municipality_code", "municipality_code"),
    )

    id: Mapped[str] = mapped_column(TOKEN, primary_key=True)
    email_key: Mapped[str] = mapped_column(HASH)
    key_id: Mapped[str] = mapped_column(KEY_ID)
    municipality_code: Mapped[str] = mapped_column(CODE)
    role: Mapped[str] = mapped_column(String(24))
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StaffArea(Base):
    """A buurt in which a staff account works, and on which days."""

    __tablename__ = "staff_area"
    __table_args__ = (CheckConstraint("last_day >= first_day", name="last_day_not_before_first"),)

    staff_id: Mapped[str] = mapped_column(ForeignKey("staff_account.id", ondelete="CASCADE"), primary_key=True)
    buurt_code: Mapped[str] = mapped_column(CODE, primary_key=True)
    first_day: Mapped[date]
    last_day: Mapped[date | None]


class Attempt(Base):
    """Attempts at codes in a window of time, by the keyed hash of a dwelling or a caller."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_window_start", "window_start"),)

    subject: Mapped[str] = mapped_column(HASH, primary_key=True)
    window_start: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    count: Mapped[int]


class AuditEntry(Base):
    """One line of the audit trail; the database refuses to change or delete one, so it holds nothing personal."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    action: Mapped[str] = mapped_column(String(32))
    municipality_code: Mapped[str | None] = mapped_column(CODE)
    buurt_code: Mapped[str | None] = mapped_column(CODE)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Codes and counts alone."""
    actor: Mapped[str | None] = mapped_column(String(16))
    """Identifier of the key; NULL where nobody's act was known, as in lines from before."""
    route: Mapped[str | None] = mapped_column(String(160))
    subject: Mapped[str | None] = mapped_column(String(80))
    """What the path names, where it is nobody's."""
    request_id: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(16))
    """`done`, or the status of a refusal."""
