"""Content negotiation: which form of an answer a caller wants, by `f` or by `Accept` (RFC 9110, section 12.5.1).

`f` goes before `Accept`, because a link in a page cannot set a header. Without either, or with `*/*`, the first form
of a route is given. What is negotiated says `Vary: Accept`, so that no cache gives one caller's form to another.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.problems import FieldProblem, problem_response
from api.problems import Kind as ProblemKind

_BINARY: dict[str, Any] = {"type": "string", "format": "binary"}
_QUALITY = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.ASCII)

_MEDIA_RANGE = re.compile(r"[^\s/]+/[^\s/]+")


@dataclass(frozen=True, slots=True)
class Form:
    """A form that an answer can have."""

    name: str
    """As `f` and file names say it."""
    media_type: str
    schema: Mapping[str, Any] | None = None
    """Of the OpenAPI document; None is the route's own model."""
    charset: bool = False


JSON = Form("json", "application/json")
CSV = Form("csv", "text/csv", {"type": "string"}, charset=True)
GEOJSON = Form("geojson", "application/geo+json", {"type": "object"})
PARQUET = Form("parquet", "application/vnd.apache.parquet", _BINARY)
SVG = Form("svg", "image/svg+xml", {"type": "string"})


class NotAcceptableError(LookupError):
    """A caller wants an answer in a form that it has not.

    Parameters
    ----------
    forms
        Those that there are.
    """

    def __init__(self, forms: Sequence[Form]) -> None:
        listed = ", ".join(f"{form.media_type} (f={form.name})" for form in forms)
        super().__init__(f"this answer comes as {listed}")
        self.forms = tuple(forms)


NOT_ACCEPTABLE = ProblemKind(
    "not-acceptable", "Not in that form", 406, "Accept one of the media types that are listed, or name one by f."
)


def negotiate(*forms: Form) -> Callable[..., Form]:
    """Return the dependency that gives a route the form that its caller wants.

    Parameters
    ----------
    forms
        What there is, what is given without a wish first.
    """
    by_name = {form.name: form for form in forms}
    names = "|".join(by_name)

    def wanted(
        request: Request,
        f: str | None = Query(
            None, pattern=f"^({names})$", description="Form of the answer; goes before the Accept header."
        ),
    ) -> Form:
        return by_name[f] if f is not None else choose(request.headers.getlist("accept"), forms)

    return wanted


def choose(accept: Sequence[str], forms: Sequence[Form]) -> Form:
    """Return the form that Accept headers want most; of forms wanted as much, the first.

    Parameters
    ----------
    accept
        Values of the headers; none accepts everything.
    forms
        What there is.

    Raises
    ------
    NotAcceptableError
        None of them is accepted.

    Examples
    --------
    >>> choose(["text/csv;q=0.5, application/geo+json"], [JSON, CSV, GEOJSON]).name
    'geojson'
    >>> choose(["text/*, */*;q=0.1"], [JSON, CSV]).name
    'csv'
    """
    ranges = [found for value in accept for found in preferences(value) if _MEDIA_RANGE.fullmatch(found[0])]
    if not any(value.strip() for value in accept):
        return forms[0]
    best = max(forms, key=lambda form: _quality(form.media_type, ranges))
    if _quality(best.media_type, ranges) <= 0:
        raise NotAcceptableError(forms)
    return best


def answer(form: Form, body: BaseModel | str | bytes, file_name: str | None = None) -> Response:
    """Return an answer in the form that was wanted.

    Parameters
    ----------
    form
        Its form.
    body
        A model for JSON, else the text or the bytes.
    file_name
        Name, without ending, under which a browser keeps what it cannot show.
    """
    headers = {"Vary": "Accept"}
    if file_name is not None and form is not JSON:
        headers["Content-Disposition"] = f'attachment; filename="{file_name}.{form.name}"'
    content = body.model_dump_json(by_alias=True) if isinstance(body, BaseModel) else body
    media_type = f"{form.media_type}; charset=utf-8" if form.charset else form.media_type
    # Starlette would add a charset to text of its own accord; what it is given, it leaves.
    return Response(content, media_type=media_type, headers=headers)


def described_forms(*forms: Form, description: str) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of an answer that comes in several forms, and of the refusal of others."""
    content = {form.media_type: {"schema": dict(form.schema)} for form in forms if form.schema is not None}
    vary = {"Vary": {"description": "`Accept`.", "schema": {"type": "string"}}}
    return {200: {"content": content, "description": description, "headers": vary}}


def install_negotiation(app: FastAPI) -> None:
    """Answer wishes for a form that there is not with problem details that list those that there are."""
    app.add_exception_handler(NotAcceptableError, _not_acceptable)


async def _not_acceptable(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, NotAcceptableError)  # noqa: S101 -- registered for this class alone
    forms = [FieldProblem(field="Accept", detail=form.media_type) for form in error.forms]
    return problem_response(NOT_ACCEPTABLE, str(error), errors=forms, headers={"Vary": "Accept"})


def preferences(header: str) -> list[tuple[str, float]]:
    """Return what a header such as Accept lists, in small letters, each with its quality (RFC 9110, section 12.4.2).

    What cannot be read is left out, as if it were not there.

    Examples
    --------
    >>> preferences("nl-BE, fr;q=0.8, en;q=2")
    [('nl-be', 1.0), ('fr', 0.8)]
    """
    listed = []
    for item in header.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        qualities = [
            value.strip() for key, _, value in (part.partition("=") for part in parameters) if key.strip() == "q"
        ]
        if name and all(map(_QUALITY.fullmatch, qualities)):
            listed.append((name, float(qualities[-1]) if qualities else 1.0))
    return listed


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Return how much a media type is wanted: by the most exact range that it falls under."""
    main = media_type.partition("/")[0]
    for wanted in (media_type, f"{main}/*", "*/*"):
        found = [quality for media, quality in ranges if media == wanted]
        if found:
            return max(found)
    return 0.0
