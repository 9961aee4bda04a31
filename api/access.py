"""Who is calling, and what they may do: API keys as bearer tokens, with a scope for every route."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer, SecurityScopes
from typing_extensions import override

from data.api_keys import KeyFacts, Scope, split_key

IMPLIED: Mapping[Scope, frozenset[Scope]] = {
    Scope.LOOKUP: frozenset({Scope.LOOKUP}),
    Scope.SIGNUP: frozenset({Scope.SIGNUP, Scope.LOOKUP}),
    Scope.VIEWER: frozenset({Scope.VIEWER, Scope.SIGNUP, Scope.LOOKUP}),
    Scope.OPS: frozenset({Scope.OPS, Scope.VIEWER, Scope.SIGNUP, Scope.LOOKUP}),
    Scope.SALES: frozenset({Scope.SALES, Scope.VIEWER, Scope.SIGNUP, Scope.LOOKUP}),
    Scope.ADMIN: frozenset(Scope),
}
"""What a scope may do besides its own."""

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="api-key",
    description="`Authorization: Bearer bw_…`: a key made by `buurtwijzer keys create`, or a token of the identity "
    "provider that the server names.",
)


class _KeyAsPassword(HTTPBasic):
    """HTTP Basic as far as a route needs it: whether it is there. `identify` has read the password by then.

    The framework's own takes ASCII alone, and would refuse a user name with an accent.
    """

    @override
    async def __call__(self, request: Request) -> HTTPBasicCredentials | None:  # type: ignore[override]
        scheme = request.headers.get("authorization", "").partition(" ")[0]
        # Nobody's: it says no more than that one is there.
        return HTTPBasicCredentials(username="", password="") if scheme.lower() == "basic" else None  # nosec B106


_basic = _KeyAsPassword(
    auto_error=False,
    scheme_name="api-key-as-password",
    description="HTTP Basic with the key as the password and any user name, for GIS and browsers.",
)


class NotAuthenticatedError(PermissionError):
    """No key, or none that can be used."""

    challenge = "Bearer"
    """How a key can be sent, as WWW-Authenticate says it (RFC 9110, section 11.6.1)."""


class NoKeyOrPasswordError(NotAuthenticatedError):
    """No key where it may come as a password too."""

    challenge = 'Bearer, Basic realm="Buurtwijzer", charset="UTF-8"'


class NotAllowedError(PermissionError):
    """The key may not do this."""


class Caller(NamedTuple):
    """Who is calling."""

    key_id: str
    """Identifier of the key; no secret."""
    name: str
    own_scopes: frozenset[Scope]
    """The scopes that were given."""
    rate_per_minute: int | None = None
    """Requests a minute; None is what the server allows the scopes."""

    @property
    def scopes(self) -> frozenset[Scope]:
        """Everything that the caller may do, what its scopes imply included."""
        return _implied(self.own_scopes)


@cache
def _implied(scopes: frozenset[Scope]) -> frozenset[Scope]:
    return frozenset[Scope]().union(*(IMPLIED[scope] for scope in scopes))


def identify(authorization: str | None, keys: Mapping[str, KeyFacts], now: datetime) -> Caller | None:
    """Return whom an Authorization header stands for, None where it has no key that can be used.

    Parameters
    ----------
    authorization
        `Bearer bw_…`, or `Basic …` with the key as the password; whether a route takes the latter is for the route.
    keys
        The keys that were not revoked.
    now
        The instant, in UTC.
    """
    scheme, _, credentials = (authorization or "").partition(" ")
    key = credentials.strip() if scheme.lower() == "bearer" else _password(scheme, credentials)
    parts = split_key(key)
    facts = None if parts is None else keys.get(parts[0])
    if parts is None or facts is None or not facts.opens_with(parts[1], now):
        return None
    return Caller(facts.id, facts.name, facts.scopes, facts.rate_per_minute)


def _password(scheme: str, credentials: str) -> str:
    """Return the password of HTTP Basic (RFC 7617), empty where there is none."""
    if scheme.lower() != "basic":
        return ""
    try:
        # The user name may be in any encoding: nobody looks at it.
        return b64decode(credentials.strip(), validate=True).partition(b":")[2].decode("ascii")
    except ValueError:
        return ""


async def authenticate(
    wanted: SecurityScopes,
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Return the caller of a request, whom the middleware before the routes has identified.

    Raises
    ------
    NotAuthenticatedError
        It brings no key, or one that is unknown, revoked or expired.
    NotAllowedError
        Its key has none of the scopes that the route takes.
    """
    if credentials is None:
        raise NotAuthenticatedError("this needs a key, as `Authorization: Bearer bw_…`")
    return _admit(request, wanted)


async def authenticate_with_password(
    wanted: SecurityScopes,
    request: Request,
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    password: Annotated[HTTPBasicCredentials | None, Depends(_basic)],
) -> Caller:
    """Return the caller of a request that may bring its key as a password as well.

    A browser sends a password of itself once it knows it, for a page of another site too. So this is for routes that
    change nothing.

    Raises
    ------
    NoKeyOrPasswordError, NotAllowedError
        As `authenticate` does.
    """
    if token is None and password is None:
        raise NoKeyOrPasswordError("this needs a key, as a bearer token or as the password of HTTP Basic")
    try:
        return _admit(request, wanted)
    except NotAuthenticatedError as error:
        raise NoKeyOrPasswordError(str(error)) from None


def _admit(request: Request, wanted: SecurityScopes) -> Caller:
    caller: Caller | None = request.state.caller
    if caller is None:
        raise NotAuthenticatedError("the key or token is unknown, revoked or expired, or gives no scope here")
    if caller.scopes.isdisjoint(wanted.scopes):
        raise NotAllowedError(f"this needs a key with the scope {wanted.scope_str}; {caller.key_id} has not")
    return caller


def needs(scope: Scope) -> Any:
    """Return the dependency of a router or a route that takes callers of a scope, and need not know who it is."""
    return Security(authenticate, scopes=[scope])


def needs_key_or_password(scope: Scope) -> Any:
    """Return the same for a router that changes nothing and whose callers may bring their key as a password."""
    return Security(authenticate_with_password, scopes=[scope])


LookupCaller = Annotated[Caller, Security(authenticate, scopes=[Scope.LOOKUP])]
SignUpCaller = Annotated[Caller, Security(authenticate, scopes=[Scope.SIGNUP])]
ViewerCaller = Annotated[Caller, Security(authenticate, scopes=[Scope.VIEWER])]
OpsCaller = Annotated[Caller, Security(authenticate, scopes=[Scope.OPS])]
SalesCaller = Annotated[Caller, Security(authenticate, scopes=[Scope.SALES])]
AdminCaller = Annotated[Caller, Security(authenticate, scopes=[Scope.ADMIN])]
