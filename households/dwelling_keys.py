"""Keyed hashes that stand for a dwelling, an e-mail address or a code: equal when the thing is, and not to be undone.

Each is an HMAC (RFC 2104) with SHA-256. A dwelling's identifier is public and there are few million of them, so that
a plain hash could be undone by trying them all; with the key it cannot. What is hashed names its purpose first, so that
no hash of one purpose ever equals one of another.

Keys come from the environment, never from the store, so that a stolen copy of the store names nobody:

    BUURTWIJZER_HOUSEHOLDS_KEYS="2026a:<64 hexadecimal digits>"

**Rotation.** A hash cannot be turned into that of another key, but whoever names a dwelling can hash it with both.
So put the new key first, keep the old one after it (`2026b:…,2026a:…`), and restart the workers. A household is then
found under either key, and rewritten under the new one whenever somebody signs up at its dwelling; a sign-up that was
asked under the old key expires and is asked again; codes printed under the old key stay valid while it is listed. Rows
name their key (`key_id`): take the old key away once no household, account or valid code has it, or when those that are
left may be forgotten.
"""

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass, field

FEWEST_SECRET_BYTES = 32
_KEY = re.compile(r"(?P<id>[a-z0-9-]{1,16}):(?P<secret>[0-9a-f]+)", re.IGNORECASE)


class HouseholdKeyError(ValueError):
    """The keys of the environment cannot be used, or there are none; the message does not repeat them."""


@dataclass(frozen=True, slots=True)
class HouseholdKey:
    """One secret with its public name."""

    id: str
    secret: bytes = field(repr=False)

    def hash(self, purpose: str, *parts: str) -> str:
        """Return 64 hexadecimal digits for a purpose and what is hashed."""
        # Lengths go before the parts: ("ab", "c") and ("a", "bc") must differ.
        message = b"".join(
            len(encoded).to_bytes(4, "big") + encoded for encoded in (part.encode() for part in (purpose, *parts))
        )
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class HouseholdKeys:
    """The key that new hashes are made with, and older ones that are still recognised."""

    current: HouseholdKey
    older: tuple[HouseholdKey, ...] = ()

    @property
    def all(self) -> tuple[HouseholdKey, ...]:
        """Every key, the current one first."""
        return (self.current, *self.older)


def read_keys(text: str | None) -> HouseholdKeys:
    """Read keys as `id:hex,id:hex`, the current one first.

    Raises
    ------
    HouseholdKeyError
        There is none, or one is malformed, too short or named twice.

    Examples
    --------
    >>> keys = read_keys("2026b:" + "1f" * 32 + ",2026a:" + "2e" * 32)
    >>> keys.current.id, [key.id for key in keys.older]
    ('2026b', ['2026a'])
    """
    remedy = "set BUURTWIJZER_HOUSEHOLDS_KEYS to ID:HEX, with HEX from `openssl rand -hex 32`"
    if not text or not text.strip():
        raise HouseholdKeyError(f"there is no key for households; {remedy}")
    keys = []
    for position, part in enumerate(text.split(","), start=1):
        if not (match := _KEY.fullmatch(part.strip())) or len(match["secret"]) % 2:
            raise HouseholdKeyError(f"key {position} for households cannot be read; {remedy}")
        key = HouseholdKey(match["id"], bytes.fromhex(match["secret"]))
        if len(key.secret) < FEWEST_SECRET_BYTES:
            raise HouseholdKeyError(
                f"key {key.id!r} for households is shorter than {FEWEST_SECRET_BYTES} bytes; {remedy}"
            )
        keys.append(key)
    if len({key.id for key in keys}) < len(keys):
        raise HouseholdKeyError(f"two keys for households have the same name; {remedy}")
    return HouseholdKeys(keys[0], tuple(keys[1:]))


def dwelling_key(key: HouseholdKey, country: str, address_id: str) -> str:
    """Return the pseudonym of a dwelling, from its official identifier (the box's own where it has one).

    Examples
    --------
    >>> len(dwelling_key(HouseholdKey("2026a", bytes(range(32))), "BE", "https://data.vlaanderen.be/id/adres/1"))
    64
    """
    return key.hash("dwelling", country, address_id)


def email_key(key: HouseholdKey, email: str) -> str:
    """Return the pseudonym of an e-mail address; letter case, Unicode form and spaces around it make no difference.

    Examples
    --------
    >>> key = HouseholdKey("2026a", bytes(range(32)))
    >>> email_key(key, " Ann@Example.org") == email_key(key, "ann@example.ORG")
    True
    """
    return key.hash("email", unicodedata.normalize("NFKC", email).strip().casefold())
