"""Parameters of OGC API – Features: read, checked and limited; one that is wrong or unknown is a 400."""

import math
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from api.negotiation import Form, choose
from api.ogc.models import JSON_TYPES
from api.problems import FieldProblem, Kind, install_table, problem_response
from api.query_names import repeated_names
from data.features.collections import COLLECTIONS, Collection, FieldType
from data.features.collections import Field as FeatureField
from data.features.cql2_text import read_json, read_text
from data.features.filters import MOST_CHARACTERS, Filter, FilterError
from data.features.reading import Box, FeatureQuery, Key, Value
from data.features.spans import Span
from geo.crs_uris import CRS84, OFFERED, NamedCrs, UnknownCrsError, find_crs

USUAL_LIMIT = 100
CollectionId = Annotated[Collection, Path(description="Identifier of the collection.")]
FeatureId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,32}$", description="Identifier of the feature.")]


class ParameterError(ValueError):
    """A parameter that cannot be used.

    Attributes
    ----------
    field
        Its name.
    """

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail


class NoSuchCollectionError(LookupError):
    """No collection has that identifier."""


class NoSuchFeatureError(LookupError):
    """The collection has no feature of that identifier, on that day."""


class NoSuchTileError(LookupError):
    """The tile matrix set has no such tile."""


INVALID_PARAMETER = Kind("invalid-parameter", "A parameter cannot be used", 400, "Correct the one that is named.")
_ABSENT: Mapping[type[Exception], Kind] = {
    NoSuchCollectionError: Kind("no-such-collection", "No such collection", 404, "GET /ogc/collections lists them."),
    NoSuchFeatureError: Kind(
        "no-such-feature", "No such feature", 404, "GET the collection's items, or give another datetime."
    ),
    NoSuchTileError: Kind(
        "no-such-tile", "There is no such tile", 404, "GET /ogc/tileMatrixSets/WebMercatorQuad has the matrices."
    ),
}


class OgcRoute(APIRoute):
    """A route whose parameters are refused as OGC API has it: 400, and 404 for a collection that is not there."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            _refuse_repeated(request)
            try:
                return await handler(request)
            except RequestValidationError as error:
                raise _refusal(error) from None

        return handle


_FORM: Any = Field(None, description="Form of the answer; goes before the Accept header.")
_DATETIME: Any = Field(
    None,
    max_length=100,
    description="Day (YYYY-MM-DD) or instant whose plans count; for items a span as well (`2024-01-01/..`).",
)


def _crs(whose: str, alias: str | None = None) -> Any:
    told = f"URI of the CRS {whose}; by default CRS84."
    return Field(None, max_length=100, alias=alias, description=told, json_schema_extra={"enum": list(OFFERED)})


class PlainQuery(BaseModel):
    """Parameters of every resource."""

    model_config = ConfigDict(extra="forbid")

    f: Literal["json", "html"] | None = _FORM


class TileParameters(BaseModel):
    """Parameters of a tile."""

    model_config = ConfigDict(extra="forbid")

    f: Literal["mvt"] | None = _FORM
    datetime: str | None = _DATETIME


class FeatureParameters(BaseModel):
    """Parameters of one feature."""

    model_config = ConfigDict(extra="forbid")

    f: Literal["geojson", "html", "json"] | None = _FORM
    crs: str | None = _crs("of the answer")
    datetime: str | None = _DATETIME


class ItemsParameters(BaseModel):
    """Parameters of the features of a collection; the name of a field is one as well, for its value."""

    model_config = ConfigDict(extra="allow")

    f: Literal["geojson", "html", "fgb", "parquet", "csv", "json"] | None = _FORM
    crs: str | None = _crs("of the answer")
    datetime: str | None = _DATETIME
    limit: int = Field(
        USUAL_LIMIT, ge=1, le=2**31 - 1, description="Features of an answer, at most; a collection may give fewer."
    )
    after: str | None = Field(
        None, pattern=r"^[A-Za-z0-9_-]{1,32}$", description="Where the page begins: as the link to it says."
    )
    bbox: str | None = Field(
        None, max_length=300, description="Four numbers, or six with heights, that features must meet; as `bbox-crs`."
    )
    bbox_crs: str | None = _crs("of `bbox`", alias="bbox-crs")
    filter: str | None = Field(None, max_length=MOST_CHARACTERS, description="Filter in CQL2.")
    filter_lang: Literal["cql2-text", "cql2-json"] = Field("cql2-text", alias="filter-lang")
    filter_crs: str | None = _crs("of shapes in `filter`", alias="filter-crs")


def wanted_form(request: Request, f: str | None, forms: tuple[Form, ...]) -> Form:
    """Return the form of an answer, by the name that `f` gives or by the Accept header.

    Raises
    ------
    NotAcceptableError
        The Accept header takes none.
    """
    if f is None:
        return choose(request.headers.getlist("accept"), forms)
    return next(form for form in forms if form.name == f)


def described_fields() -> list[dict[str, Any]]:
    """Return the OpenAPI parameters of the fields of all collections."""
    fields = {field.name: field for facts in COLLECTIONS.values() for field in facts.queryables.values()}
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": f"Value of `{name}`, where the collection has that field.",
            "schema": JSON_TYPES[field.type],
        }
        for name, field in fields.items()
        if field.type != FieldType.AREA
    ]


def read_query(collection: Collection, given: ItemsParameters, now: datetime) -> FeatureQuery:
    """Return which features are wanted.

    Raises
    ------
    ParameterError
        A parameter cannot be used.
    """
    return FeatureQuery(
        collection,
        read_span(given.datetime, now),
        box=_read_box(given),
        equal=_read_equal(collection, given),
        filter=_read_filter(collection, given),
        after=_read_after(collection, given.after),
        # A limit beyond the largest is taken for that (Core, requirement 22).
        limit=min(given.limit, COLLECTIONS[collection].most),
    )


def read_crs(name: str | None, field: str) -> NamedCrs:
    """Return the CRS of a parameter, CRS84 where it is not given."""
    try:
        return CRS84 if name is None else find_crs(name)
    except UnknownCrsError as error:
        raise ParameterError(field, str(error)) from None


def read_span(text: str | None, now: datetime) -> Span:
    """Return the days that a `datetime` parameter names; today where it is not given.

    Examples
    --------
    >>> now = datetime(2026, 11, 24, tzinfo=UTC)
    >>> read_span("2024-05-01T12:00:00Z/..", now)
    Span(first=datetime.date(2024, 5, 1), last=None)
    """
    if text is None:
        return Span(now.date(), now.date())
    ends = text.split("/")
    if len(ends) > 2 or all(end in ("", "..") for end in ends):
        raise ParameterError("datetime", "a day (2024-05-01), an instant, or two of them with `/` between")
    days = [None if len(ends) == 2 and end in ("", "..") else _read_day(end) for end in ends]
    span = Span(days[0], days[-1])
    if span.first is not None and span.last is not None and span.first > span.last:
        raise ParameterError("datetime", "the span ends before it begins")
    return span


def read_key(collection: Collection, text: str) -> Key | None:
    """Return the key of a feature from its identifier; None where none can have that."""
    if COLLECTIONS[collection].key != "plan":
        return text
    return int(text) if text.isdecimal() and len(text) < 10 else None


def install_ogc_problems(app: FastAPI) -> None:
    """Answer the refusals of OGC API with problem details."""
    install_table(app, _ABSENT)
    app.add_exception_handler(ParameterError, _invalid_parameter)
    app.add_exception_handler(FilterError, _invalid_filter)


async def _invalid_parameter(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ParameterError)  # noqa: S101 -- registered for this class alone
    return problem_response(
        INVALID_PARAMETER, str(error), errors=[FieldProblem(field=error.field, detail=error.detail)]
    )


async def _invalid_filter(_request: Request, error: Exception) -> JSONResponse:
    fields = [FieldProblem(field="filter", detail=str(error))]
    return problem_response(INVALID_PARAMETER, f"filter: {error}", errors=fields)


def _refusal(error: RequestValidationError) -> Exception:
    found = error.errors()[0]
    place, *path = found["loc"]
    name = ".".join(map(str, path))
    if place == "path" and name == "collection":
        return NoSuchCollectionError(f"there is no such collection; there are {', '.join(Collection)}")
    if place == "path" and name in ("matrix", "row", "column"):
        return NoSuchTileError("there is no tile of that matrix, row and column")
    if place == "path":
        return NoSuchFeatureError("there is nothing of that identifier")
    unknown = found["type"] == "extra_forbidden"
    return ParameterError(name, "there is no such parameter" if unknown else found["msg"])


def _refuse_repeated(request: Request) -> None:
    """Refuse a parameter that is given twice: of two filters one would count, and nobody would be told which."""
    # Who brings no key is told that first.
    if request.state.caller is None:
        return
    for name in repeated_names(request):
        raise ParameterError(name, "one value is taken; a filter takes several")


def _read_day(text: str) -> date:
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ParameterError("datetime", f"{text!r} is no day (YYYY-MM-DD) and no instant (RFC 3339)") from None
    if instant.tzinfo is None:
        raise ParameterError("datetime", f"the instant {text!r} needs a time zone, such as Z")
    try:
        return instant.astimezone(UTC).date()
    except OverflowError:
        raise ParameterError("datetime", f"{text!r} lies beyond the calendar") from None


def _read_after(collection: Collection, text: str | None) -> Key | None:
    if text is None:
        return None
    key = read_key(collection, text)
    if key is None:
        raise ParameterError("after", "follow the link to the page")
    return key


def _read_box(given: ItemsParameters) -> Box | None:
    crs = read_crs(given.bbox_crs, "bbox-crs")
    if given.bbox is None:
        return None
    try:
        numbers = [float(number) for number in given.bbox.split(",")]
    except ValueError:
        raise ParameterError("bbox", "numbers with commas between them are expected") from None
    if len(numbers) not in (4, 6) or not all(map(math.isfinite, numbers)):
        raise ParameterError("bbox", "four finite numbers are expected, or six with heights")
    half = len(numbers) // 2
    west, south, east, north = crs.box((numbers[0], numbers[1], numbers[half], numbers[half + 1]))
    is_geographic = crs.code == CRS84.code
    # West of its east in degrees a box goes over the antimeridian.
    if south > north or (west > east and not is_geographic):
        raise ParameterError("bbox", "the lower corner comes first, then the upper one")
    if is_geographic and not (min(west, east) >= -180 and max(west, east) <= 180 and south >= -90 and north <= 90):
        raise ParameterError("bbox", "longitude is from -180 to 180 and latitude from -90 to 90 degrees")
    return Box((west, south, east, north), crs.code)


def _read_equal(collection: Collection, given: ItemsParameters) -> dict[str, Value]:
    queryables = COLLECTIONS[collection].queryables
    equal: dict[str, Value] = {}
    for name, text in (given.model_extra or {}).items():
        field = queryables.get(name)
        if field is None or field.type == FieldType.AREA:
            raise ParameterError(name, f"{collection} have no such parameter and no such field to filter by")
        equal[name] = _read_value(field, text)
    return equal


def _read_value(field: FeatureField, text: str) -> Value:
    try:
        if field.type == FieldType.WHOLE:
            number = int(text) if text.isascii() and len(text) <= 12 else None
            if number is None or abs(number) > 2**31 - 1:
                raise ParameterError(field.name, "a whole number is expected")
            return number
        if field.type == FieldType.DAY:
            return date.fromisoformat(text)
    except ValueError:
        raise ParameterError(field.name, f"a {field.type} is expected") from None
    if field.type == FieldType.TRUTH:
        if text not in ("true", "false"):
            raise ParameterError(field.name, "true or false is expected")
        return text == "true"
    return text


def _read_filter(collection: Collection, given: ItemsParameters) -> Filter | None:
    crs = read_crs(given.filter_crs, "filter-crs")
    if given.filter is None:
        return None
    expression = (read_text if given.filter_lang == "cql2-text" else read_json)(given.filter)
    return Filter(expression, crs, COLLECTIONS[collection].queryables)
