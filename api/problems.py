"""Refusals as RFC 9457 problem details, and the one table from an error's class to what a client sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api.access import NotAllowedError, NotAuthenticatedError
from api.atlas import NothingActiveError, OutsideCoverageError
from api.finding import NoAddressNearError
from api.operation.observing import current_request_id
from api.operation.readiness import NotReadyError
from data.municipalities import UnknownMunicipalityError
from data.releases import UnknownReleaseError
from data.store import StoreError, UnstorableValueError
from data.tiles.grid import NoSuchTileError

MEDIA_TYPE = "application/problem+json"
MOST_FIELD_PROBLEMS = 100
"""More fields than that are not named: a batch can have millions."""
BASE = "https://buurtwijzer.example/problems/"
"""Problem types are names, not addresses: RFC 9457 lets them be stable without a page behind them."""


class FieldProblem(BaseModel):
    """One field of a request that cannot be used."""

    field: str = Field(description="JSON pointer into the body, or the name of the parameter.")
    detail: str


class Problem(BaseModel):
    """Problem details (RFC 9457), with what to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": BASE + "outside-coverage",
                "title": "No sector there",
                "status": 404,
                "detail": "no active sector covers longitude 0.0, latitude 51.5",
                "remedy": "Check the order (longitude, latitude), or import sectors of that area.",
            }
        }
    )

    type: str = Field(description="Stable name of the problem.")
    title: str
    status: int
    detail: str
    remedy: str = Field(description="What the caller can do.")
    errors: list[FieldProblem] = Field(default=[], description="The fields to blame, where there are any.")
    request_id: str | None = Field(
        default=None, description="Identifier of the request, as in X-Request-ID: what to tell us with a question."
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """How a class of errors is told to a client."""

    slug: str
    title: str
    status: int
    remedy: str


STORE_UNREACHABLE = Kind("store-unreachable", "The store cannot be reached", 503, "Try again in a moment.")
PROBLEMS: Mapping[type[Exception], Kind] = {
    OutsideCoverageError: Kind(
        "outside-coverage",
        "No sector there",
        404,
        "Check the order (longitude, latitude), or import sectors of that area.",
    ),
    NoAddressNearError: Kind(
        "no-address-near",
        "No address near there",
        404,
        "Check the order (longitude, latitude), or allow a greater max_distance_m.",
    ),
    NothingActiveError: Kind(
        "nothing-active",
        "No data to answer from",
        404,
        "Import a release (buurtwijzer import) or activate one (buurtwijzer activate).",
    ),
    UnknownMunicipalityError: Kind(
        "unknown-municipality", "No such municipality", 404, "GET /v1/municipalities lists them."
    ),
    NoSuchTileError: Kind("no-such-tile", "There is no such tile", 404, "GET /tiles/{layer}.json names the zooms."),
    UnknownReleaseError: Kind("unknown-release", "No such release", 404, "GET /v1/releases lists them."),
    NotAuthenticatedError: Kind(
        "not-authenticated",
        "A key is needed",
        401,
        "Send a key of `buurtwijzer keys create` as a bearer token.",
    ),
    NotAllowedError: Kind("not-allowed", "This key may not do that", 403, "Use a key with the scope that is named."),
    UnstorableValueError: Kind(
        "unstorable-value",
        "A value is out of range",
        422,
        "Correct the number that is too large, or the text that is too long or has characters that nobody writes.",
    ),
    NotReadyError: Kind("not-ready", "Not ready for requests", 503, "Ask another worker, or this one again later."),
    StoreError: STORE_UNREACHABLE,
}
HEADERS: Mapping[int, Mapping[str, str]] = {503: {"Retry-After": "1"}}
"""Headers that a status asks for."""
INVALID_REQUEST = Kind("invalid-request", "The request cannot be read", 422, "Correct the fields that are named.")
TOO_MANY_REQUESTS = Kind(
    "too-many-requests",
    "Too many requests",
    429,
    "Wait as long as Retry-After says, verify in batches, or ask for a key with a higher rate.",
)
PROVIDER_AWAY = Kind(
    "identity-provider-unreachable", "The identity provider cannot be reached", 503, "Try again later, or use a key."
)
BODY_TOO_LARGE = Kind("body-too-large", "The request is too large", 413, "Send less in one request.")
UNKNOWN_HOST = Kind(
    "unknown-host", "Not a name of this server", 421, "Call it by a name in BUURTWIJZER_SERVER_ALLOWED_HOSTS."
)
HTTP_PROBLEMS: Mapping[int, Kind] = {
    401: PROBLEMS[NotAuthenticatedError],
    400: Kind("bad-request", "The request cannot be read", 400, "See the description of the API in /openapi.json."),
    404: Kind("no-such-resource", "There is nothing here", 404, "The routes are described in /openapi.json."),
    405: Kind("method-not-allowed", "This method is not allowed here", 405, "The Allow header names those that are."),
}
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
INTERNAL = Kind(
    "internal-error", "Something went wrong on our side", 500, "Try again; if it stays, tell us the request_id."
)


def problem_response(
    kind: Kind, detail: str, *, errors: Sequence[FieldProblem] = (), headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return the response for a problem."""
    problem = Problem(
        type=BASE + kind.slug,
        title=kind.title,
        status=kind.status,
        detail=detail,
        remedy=kind.remedy,
        errors=list(errors),
        request_id=current_request_id(),
    )
    body = problem.model_dump(exclude_defaults=True)
    return JSONResponse(body, status_code=kind.status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def described(*statuses: int, titles_of: Mapping[int, str] | None = None) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI descriptions of the problems that a route can answer with, beside those of every request.

    Parameters
    ----------
    titles_of
        Titles of statuses that mean something of their own to a group of routes.
    """
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    statuses = (400, 401, 403, 429, 503, *statuses)
    titles = {status: HTTPStatus(status).phrase for status in statuses}
    titles |= {kind.status: kind.title for kind in (*HTTP_PROBLEMS.values(), *PROBLEMS.values(), INVALID_REQUEST)}
    titles |= {kind.status: kind.title for kind in (BODY_TOO_LARGE, TOO_MANY_REQUESTS)} | dict(titles_of or {})
    return {status: {"description": titles[status], "content": content, "model": Problem} for status in statuses}


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every refusal of an application, its own and the framework's, with problem details."""
    install_table(app, PROBLEMS)
    for error_class in (OperationalError, InterfaceError, NoConnectionFreeError):
        app.add_exception_handler(error_class, _store_unreachable)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(Exception, _internal_error)


def install_table(app: FastAPI, table: Mapping[type[Exception], Kind]) -> None:
    """Answer errors with problem details by a table from their class."""
    for error_class, kind in table.items():
        app.add_exception_handler(error_class, _handler(kind))


def _handler(kind: Kind) -> Any:
    async def handle(_request: Request, error: Exception) -> JSONResponse:
        headers = HEADERS.get(kind.status)
        if isinstance(error, NotAuthenticatedError):
            headers = {"WWW-Authenticate": error.challenge}
        return problem_response(kind, str(error), headers=headers)

    return handle


async def _store_unreachable(_request: Request, _error: Exception) -> JSONResponse:
    # The error's own words hold the statement and its values.
    detail = "the store is stopped, busy or out of reach; nothing of this request was kept"
    return problem_response(STORE_UNREACHABLE, detail, headers=HEADERS[STORE_UNREACHABLE.status])


async def _invalid_request(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for this class alone
    errors = []
    for found in error.errors()[:MOST_FIELD_PROBLEMS]:
        place, *path = found["loc"]
        pointer = _pointer(path, error.body) if place == "body" else ".".join(map(str, path))
        # The value itself is not repeated: it may be an address.
        detail = found["msg"].removeprefix("Value error, ")
        if place == "body" and not path and isinstance(error.body, bytes):
            # The framework reads JSON only where it is said to be some.
            detail = "this takes JSON: send it with `Content-Type: application/json`"
        errors.append(FieldProblem(field=pointer, detail=detail))
    first = errors[0]
    return problem_response(INVALID_REQUEST, f"{first.field or '/'}: {first.detail}", errors=errors)


def _pointer(path: Sequence[int | str], body: Any) -> str:
    """Return the JSON pointer to a place in a body, without the names that pydantic puts in for a union's kinds."""
    steps: list[str] = []
    for at, step in enumerate(path):
        is_there = step in body if isinstance(body, dict) else isinstance(body, list) and isinstance(step, int)
        if is_there:
            body = body[step] if isinstance(body, dict) or int(step) < len(body) else None
        elif at < len(path) - 1 or step == "[key]":
            continue
        steps.append(str(step))
    return "/" + "/".join(steps)


async def _http_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for this class alone
    kind = HTTP_PROBLEMS.get(error.status_code)
    if kind is None:
        kind = Kind(
            "http-error", str(error.detail), error.status_code, "See the description of the API in /openapi.json."
        )
    headers = error.headers
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {**(headers or {}), "Allow": ", ".join(_allowed_methods(request))}
    return problem_response(kind, str(error.detail), headers=headers)


def _allowed_methods(request: Request) -> list[str]:
    """Return the methods that a path takes, over all of its routes (RFC 9110, 15.5.6); a route knows its own alone."""
    routes = request.app.router.routes
    return [
        method
        for method in METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]


async def _internal_error(_request: Request, _error: Exception) -> JSONResponse:
    return problem_response(INTERNAL, "the request was not carried out")
