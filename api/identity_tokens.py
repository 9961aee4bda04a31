"""Tokens of an identity provider as the other way in: OpenID Connect discovery, its keys, and who a token stands for.

Sources: OpenID Connect Discovery 1.0, sections 3 and 4; RFC 7517 (JWK); RFC 8725 (best practices of JWT), whose advice
is followed: algorithms are named by the setting and asymmetric, a key's type must fit, issuer and audience are checked.
"""

import asyncio
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import jwt
from jwt.types import Options

from api.access import Caller
from api.settings import OidcSettings, is_trustworthy

LONGEST_TOKEN: Final = 8_192
LARGEST_DOCUMENT: Final = 1_048_576
TIMEOUT_S: Final = 5.0
RETRY_S: Final = 10.0
"""A provider is asked no more often, whatever keys tokens name."""
KEY_TYPES: Final[Mapping[str, tuple[str, ...]]] = {"RSA": ("RS", "PS"), "EC": ("ES",), "OKP": ("Ed",)}
"""Kinds of public keys, and how the algorithms begin that they are for. A shared secret (`oct`) is none of them."""


class IdentityProviderError(RuntimeError):
    """The identity provider cannot be asked, so that nobody can tell whether the token is good."""


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A public key of the provider."""

    key: Any
    """As the cryptography library has it."""
    key_type: str
    algorithm: str | None
    """The only one that it is for, where the provider says so."""

    def fits(self, algorithm: str) -> bool:
        """Whether it is for an algorithm."""
        return algorithm.startswith(KEY_TYPES[self.key_type]) and self.algorithm in (None, algorithm)


class ProviderKeys:
    """The public keys of an identity provider, asked anew when they are old or one is unknown.

    Parameters
    ----------
    issuer
        The provider, whose discovery document names the address of its keys.
    fresh_seconds
        How long they are used without asking. When the provider cannot be asked then, the known ones go on.
    """

    def __init__(self, issuer: str, fresh_seconds: float) -> None:
        self._issuer = issuer
        self._fresh_seconds = fresh_seconds
        self._keys: dict[str | None, ProviderKey] = {}
        self._asked_at = self._got_at = float("-inf")
        self._asking = asyncio.Lock()

    async def find(self, key_id: str | None) -> ProviderKey | None:
        """Return a key, None where the provider has none of that identifier.

        Parameters
        ----------
        key_id
            The token's `kid`; without one, the provider must have a single key.

        Raises
        ------
        IdentityProviderError
            The key is not known, and the provider cannot be asked.
        """
        known = self._known(key_id)
        if known is not None and (time.monotonic() < self._got_at + self._fresh_seconds or self._asking.locked()):
            return known
        async with self._asking:
            if time.monotonic() >= self._asked_at + RETRY_S:
                self._asked_at = time.monotonic()
                try:
                    self._keys = await self._ask()
                    self._got_at = time.monotonic()
                except (httpx2.HTTPError, ValueError, KeyError, TypeError, jwt.PyJWTError):
                    pass
        known = self._known(key_id)
        if known is None and self._got_at < self._asked_at:
            raise IdentityProviderError("the identity provider cannot be reached")
        return known

    def _known(self, key_id: str | None) -> ProviderKey | None:
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    async def _ask(self) -> dict[str | None, ProviderKey]:
        async with httpx2.AsyncClient(timeout=TIMEOUT_S) as client:
            discovery = await _read(client, f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            # Section 4.3: another issuer's document is no answer.
            if discovery["issuer"] != self._issuer or not is_trustworthy(discovery["jwks_uri"]):
                raise ValueError("the discovery document is another issuer's, or its keys are not on HTTPS")
            found = await _read(client, discovery["jwks_uri"])
        usable = [key for key in found["keys"] if key.get("kty") in KEY_TYPES and key.get("use", "sig") == "sig"]
        return {key.get("kid"): ProviderKey(jwt.PyJWK(key).key, key["kty"], key.get("alg")) for key in usable}


async def _read(client: httpx2.AsyncClient, url: str) -> Any:
    answer = await client.get(url)
    answer.raise_for_status()
    if len(answer.content) > LARGEST_DOCUMENT:
        raise ValueError("the document is too large")
    return answer.json()


class TokenReader:
    """Knows callers by tokens of the identity provider that the settings name."""

    def __init__(self, settings: OidcSettings, issuer: str) -> None:
        self._settings = settings
        self._issuer = issuer
        self._keys = ProviderKeys(issuer, settings.keys_seconds)

    async def identify(self, authorization: str | None) -> Caller | None:
        """Return whom an Authorization header stands for, None where it has no token that is good.

        Raises
        ------
        IdentityProviderError
            Nobody can tell, since the provider is away.
        """
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or token.count(".") != 2 or len(token) > LONGEST_TOKEN:
            return None
        try:
            header = jwt.get_unverified_header(token)
            algorithm, key_id = header["alg"], header.get("kid")
            if algorithm not in self._settings.algorithms:
                return None
            key = await self._keys.find(key_id)
            if key is None or not key.fits(algorithm):
                return None
            options: Options = {"require": ["exp", "iss", "aud", "sub"]}
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[algorithm],
                issuer=self._issuer,
                audience=self._settings.audience,
                leeway=self._settings.leeway_seconds,
                options=options,
            )
        except (jwt.PyJWTError, KeyError, TypeError, ValueError):
            return None
        return self._caller(claims)

    def _caller(self, claims: Mapping[str, Any]) -> Caller | None:
        scopes = frozenset(
            scope
            for value in _values(claims, self._settings.scopes_claim)
            for scope in self._settings.scopes.get(value, ())
        )
        if not scopes:
            return None
        return Caller(token_caller_id(self._issuer, claims["sub"]), str(claims.get("name", ""))[:80], scopes)


def token_caller_id(issuer: str, subject: str) -> str:
    """Return the identifier under which logs, drafts and the audit trail know a person of an identity provider.

    It is a hash: those do not hold the provider's own name of a person, which can be an e-mail address. Who knows the
    name finds the identifier, so that an audit can ask for it.

    Examples
    --------
    >>> token_caller_id("https://id.example", "7")
    'oidc-3148fa9c600'
    """
    named = hashlib.sha256("\0".join((issuer, subject)).encode()).hexdigest()
    return f"oidc-{named[:11]}"


def _values(claims: Mapping[str, Any], path: str) -> list[str]:
    """Return the values of a claim: a list, or words of a text (RFC 8693, 4.2); dots lead into objects."""
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return value.split()
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def token_reader(settings: OidcSettings) -> TokenReader | None:
    """Return what reads tokens, None where no provider is set."""
    return None if settings.issuer is None else TokenReader(settings, settings.issuer)
