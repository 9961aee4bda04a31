"""What a server that others reach may not have: secrets that everybody knows, or that can be guessed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from ipaddress import ip_address
from itertools import pairwise
from typing import Final

from sqlalchemy import URL

from api.settings import StoreSettings
from data.api_keys import KeyFacts
from data.store import parse_url
from households.dwelling_keys import HouseholdKeys

DEMO_KEY_NAME: Final = "demo (made by serve --with-demo-key)"
FEWEST_DISTINCT_BYTES: Final = 16
"""Of 32 random bytes 30 are distinct on average; fewer than 16 come about in less than one of 10¹² cases."""
SHORTEST_PASSWORD: Final = 8
KNOWN_PASSWORDS: Final = frozenset(
    [
        "administrator",
        "buurtwijzer",
        "changeit",
        "changeme",
        "database",
        "password",
        "password1",
        "postgres",
        "postgresql",
        "please-change",
        "12345678",
        "123456789",
        "1234567890",
        "letmein1",
        "qwertyui",
        "qwerty123",
    ]
)


class DefaultSecretError(RuntimeError):
    """A server in production has a secret that is none; the message names the setting and does not repeat it."""


def is_production(database_url: str | None, host: str) -> bool:
    """Whether others can reach the server or its data: its store is PostgreSQL, or it listens beyond this machine.

    Examples
    --------
    >>> is_production(None, "127.0.0.1"), is_production(None, "0.0.0.0"), is_production("postgresql+psycopg://", "::1")
    (False, True, True)
    """
    if database_url is not None:
        return True
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def refuse_default_secrets(
    settings: StoreSettings, host: str, households: HouseholdKeys | None, keys: Mapping[str, KeyFacts], now: datetime
) -> None:
    """Refuse to serve in production with a secret that is none; elsewhere take whatever there is.

    A database URL without a password is left alone: the server is known by its socket's peer, a certificate or
    `.pgpass`.

    Raises
    ------
    DefaultSecretError
        A database password or a key of households can be guessed, or the demo's key still opens everything.
    """
    if not is_production(settings.database_url, host):
        return
    for setting, url in (
        ("BUURTWIJZER_DATABASE_URL", settings.database_url),
        ("BUURTWIJZER_REPLICA_URL", settings.replica_url),
    ):
        if url is not None and _is_known(parse_url(url)):
            raise DefaultSecretError(
                f"the password in {setting} is short or one that everybody knows; give the role another"
            )
    for key in households.all if households is not None else ():
        if _is_made_up(key.secret):
            raise DefaultSecretError(
                f"the key {key.id} of BUURTWIJZER_HOUSEHOLDS_KEYS was made up, not drawn: make one with "
                "`openssl rand -hex 32`, put it first, and run `buurtwijzer rotate-keys` where there are members"
            )
    _refuse_demo_key(keys, now)


def _is_known(url: URL) -> bool:
    password = url.password
    if not isinstance(password, str):
        return False
    return len(password) < SHORTEST_PASSWORD or password.lower() in {*KNOWN_PASSWORDS, (url.username or "").lower()}


def _refuse_demo_key(keys: Mapping[str, KeyFacts], now: datetime) -> None:
    for key in keys.values():
        if key.name == DEMO_KEY_NAME and (key.expires_at is None or now < key.expires_at):
            raise DefaultSecretError(f"the demo's key {key.id} is still good: `buurtwijzer keys revoke {key.id}`")


def _is_made_up(secret: Iterable[int]) -> bool:
    values = list(secret)
    steps = {(after - before) % 256 for before, after in pairwise(values)}
    return len(set(values)) < FEWEST_DISTINCT_BYTES or len(steps) < FEWEST_DISTINCT_BYTES // 2
