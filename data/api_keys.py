"""API keys: made, listed, rotated and revoked; a key's secret is shown once and kept as a hash.

The secret has 192 random bits, so that a plain SHA-256 is enough: there is nothing to guess that a slow hash would
slow down (NIST SP 800-63B, 5.1.2.2, asks a salted hash of secrets below 112 bits).
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.members.audit import record
from data.store.access_models import ApiKey
from data.store.database import announce_change

_FORM = re.compile(r"bw_([0-9a-f]{8})_([0-9a-f]{48})", re.ASCII)

HIGHEST_RATE = 1_000_000_000


class Scope(StrEnum):
    """What a key may be used for; every route names the ones that it takes."""

    LOOKUP = "lookup"
    """Complete and verify addresses, and nothing else: for a web page, whose key everybody can read."""
    SIGNUP = "signup"
    """Ask for addresses, and sign residents up."""
    VIEWER = "viewer"
    """Look at plans, counts and reports."""
    OPS = "ops"
    """Redraw and publish buurten, send letters, review documents; may look."""
    SALES = "sales"
    """Quotes, licences and price books; may look."""
    ADMIN = "admin"
    """Everything."""


class UnknownKeyError(LookupError):
    """No key that can still be used has that identifier."""


class KeyFormError(ValueError):
    """A key was asked for that nobody could use."""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What a worker needs to know a caller by."""

    id: str
    name: str
    secret_sha256: str
    scopes: frozenset[Scope]
    expires_at: datetime | None
    rate_per_minute: int | None = None
    """Requests a minute; None is what the server allows its scopes."""

    def opens_with(self, secret_sha256: str, now: datetime) -> bool:
        """Whether a secret is this key's, and the key has not expired. Takes as long whatever the secret is."""
        return hmac.compare_digest(self.secret_sha256, secret_sha256) and (
            self.expires_at is None or now < self.expires_at
        )


def split_key(plain: str) -> tuple[str, str] | None:
    """Return a key's identifier and the hash of its secret, or None where it has not the form of a key.

    Examples
    --------
    >>> split_key("bw_0123abcd_" + "0" * 48)[0]
    '0123abcd'
    >>> split_key("secret") is None
    True
    """
    found = _FORM.fullmatch(plain)
    return None if found is None else (found[1], hashlib.sha256(found[2].encode()).hexdigest())


def create_key(
    session: Session,
    name: str,
    scopes: Collection[Scope],
    now: datetime,
    expires_at: datetime | None = None,
    rate_per_minute: int | None = None,
) -> tuple[ApiKey, str]:
    """Make a key.

    Parameters
    ----------
    rate_per_minute
        Requests a minute, from 1 to `HIGHEST_RATE`; None is what the server allows its scopes.

    Returns
    -------
    tuple
        The stored key, and the key in plain text: `bw_<id>_<secret>`. Nothing can show it again.

    Raises
    ------
    KeyFormError
        It has no name or no scope, expires before it is made, or may do nothing or without end.
    """
    name = name.strip()
    if not name or len(name) > 80 or not name.isprintable():
        raise KeyFormError("a key needs a name of 1 to 80 printable characters: what is it for?")
    if not scopes:
        raise KeyFormError(f"a key needs at least one scope: {', '.join(Scope)}")
    if expires_at is not None and expires_at <= now:
        raise KeyFormError(f"the key would expire at once: {expires_at:%Y-%m-%d %H:%M} is not later than now")
    if rate_per_minute is not None and not 1 <= rate_per_minute <= HIGHEST_RATE:
        raise KeyFormError(f"a key's rate is from 1 to {HIGHEST_RATE:,} requests a minute")
    secret = secrets.token_hex(24)
    key = ApiKey(
        id=secrets.token_hex(4),
        name=name,
        secret_sha256=hashlib.sha256(secret.encode()).hexdigest(),
        scopes=sorted(scopes),
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
        rate_per_minute=rate_per_minute,
    )
    session.add(key)
    record(session, "key-created", now, key=key.id, scopes=" ".join(key.scopes))
    announce_change(session)
    return key, f"bw_{key.id}_{secret}"


def list_keys(session: Session) -> Sequence[ApiKey]:
    """Return all keys, also those that cannot be used any more, oldest first."""
    return session.scalars(select(ApiKey).order_by(ApiKey.created_at, ApiKey.id)).all()


def usable_keys(session: Session) -> dict[str, KeyFacts]:
    """Return the keys that were not revoked, by identifier; whether one has expired is asked when it is used."""
    return {
        key.id: KeyFacts(
            key.id,
            key.name,
            key.secret_sha256,
            frozenset(map(Scope, key.scopes)),
            key.expires_at,
            key.rate_per_minute,
        )
        for key in session.scalars(select(ApiKey).where(ApiKey.revoked_at.is_(None)))
    }


def revoke_key(session: Session, key_id: str, now: datetime) -> ApiKey:
    """End a key at once.

    Raises
    ------
    UnknownKeyError
        There is none of that identifier, or it was revoked before.
    """
    key = _usable_key(session, key_id)
    key.revoked_at = now
    record(session, "key-revoked", now, key=key.id)
    announce_change(session)
    return key


def rotate_key(session: Session, key_id: str, now: datetime, overlap: timedelta) -> tuple[ApiKey, str]:
    """Make a key that may do the same, and let the present one expire after an overlap.

    Raises
    ------
    UnknownKeyError
        There is none of that identifier, or it was revoked or has expired: what is over has no successor.
    """
    key = _usable_key(session, key_id)
    if key.expires_at is not None and key.expires_at <= now:
        raise UnknownKeyError(f"the key {key_id} has expired; make another with `buurtwijzer keys create`")
    ends = max(now + overlap, key.created_at + timedelta(seconds=1))
    scopes = [Scope(scope) for scope in key.scopes]
    successor = create_key(session, key.name, scopes, now, _later(key, now), key.rate_per_minute)
    key.expires_at = ends if key.expires_at is None else min(key.expires_at, ends)
    record(session, "key-rotated", now, key=key.id, successor=successor[0].id)
    return successor


def _usable_key(session: Session, key_id: str) -> ApiKey:
    key = session.get(ApiKey, key_id)
    if key is None or key.revoked_at is not None:
        raise UnknownKeyError(f"no usable key has the identifier {key_id!r}; `buurtwijzer keys list` shows them")
    return key


def _later(key: ApiKey, now: datetime) -> datetime | None:
    """Return when a key's successor expires: after as long a life as the key was given."""
    return None if key.expires_at is None else now + (key.expires_at - key.created_at)
