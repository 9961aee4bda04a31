"""Who is calling, and what they may do: API keys as bearer tokens, with a scope for every route."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from data.api_keys import KeyFacts, Scope, split_key

IMPLIED: Mapping[Scope, frozenset[Scope]] = {
    Scope.SIGNUP: frozenset({Scope.SIGNUP}),
    Scope.VIEWER: frozenset({Scope.VIEWER, Scope.SIGNUP}),
    Scope.OPS: frozenset({Scope.OPS, Scope.VIEWER, Scope.SIGNUP}),
    Scope.SALES: frozenset({Scope.SALES, Scope.VIEWER, Scope.SIGNUP}),
    Scope.ADMIN: frozenset(Scope),
}
"""What a scope may do besides its own."""

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="api-key",
    description="`Authorization: Bearer bw_…`: a key made by `buurtwijzer keys create`.",
)


class NotAuthenticatedError(PermissionError):
    """No key, or none that can be used."""


class NotAllowedError(PermissionError):
    """The key may not do this."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling."""

    key_id: str
    """Identifier of the key; no secret."""
    name: str
    scopes: frozenset[Scope]
    """Everything that the caller may do, what its scopes imply included."""


def install_access(app: FastAPI, keys: Callable[[], Mapping[str, KeyFacts]]) -> None:
    """Let an application's routes know callers by the keys of the store."""
    app.state.keys = keys


async def authenticate(
    wanted: SecurityScopes,
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Return the caller of a request.

    Raises
    ------
    NotAuthenticatedError
        It brings no key, or one that is unknown, revoked or expired.
    NotAllowedError
        Its key has none of the scopes that the route takes.
    """
    if credentials is None:
        raise NotAuthenticatedError("this needs a key, as `Authorization: Bearer bw_…`")
    parts = split_key(credentials.credentials)
    facts = None if parts is None else request.app.state.keys().get(parts[0])
    if parts is None or facts is None or not facts.opens_with(parts[1], datetime.now(UTC)):
        raise NotAuthenticatedError("the key is unknown, revoked or expired")
    scopes = frozenset[Scope]().union(*(IMPLIED[scope] for scope in facts.scopes))
    if scopes.isdisjoint(wanted.scopes):
        raise NotAllowedError(f"this needs a key with the scope {wanted.scope_str}; {facts.id} has not")
    return Caller(facts.id, facts.name, scopes)


def needs(scope: Scope) -> Any:
    """Return the dependency of a router or a route that takes callers of a scope, and need not know who it is."""
    return Security(authenticate, scopes=[scope])


SignUpCaller = Annotated[Caller, Security(authenticate, scopes=[Scope.SIGNUP])]
ViewerCaller = Annotated[Caller, Security(authenticate, scopes=[Scope.VIEWER])]
OpsCaller = Annotated[Caller, Security(authenticate, scopes=[Scope.OPS])]
SalesCaller = Annotated[Caller, Security(authenticate, scopes=[Scope.SALES])]
AdminCaller = Annotated[Caller, Security(authenticate, scopes=[Scope.ADMIN])]
