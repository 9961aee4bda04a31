"""`/ogc/collections/{collection}/items`: features, page by page or one by one, in the form and the CRS asked for."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from api.access import needs_key_or_password
from api.negotiation import JSON, Form, described_forms
from api.ogc import pages
from api.ogc.desk import FeatureDesk
from api.ogc.documents import own_links, root_of
from api.ogc.forms import FEATURES, HTML, ITEM_FORMS, ITEMS_FORMS, write_feature, write_geojson, write_table
from api.ogc.html import POLICY
from api.ogc.models import FeatureAnswer, FeatureList, Link
from api.ogc.parameters import (
    CollectionId,
    FeatureId,
    FeatureParameters,
    ItemsParameters,
    NoSuchFeatureError,
    OgcRoute,
    ParameterError,
    described_fields,
    read_crs,
    read_key,
    read_query,
    read_span,
    wanted_form,
)
from api.ogc.texts import Texts, WantedTexts
from api.routes.ogc import described_ogc
from api.sending import Packed, takes_gzip
from data.api_keys import Scope
from geo.crs_uris import CRS84, NamedCrs

_FAST = 1
"""Level of gzip: features are packed anew for every answer."""
_CRS_HEADER = {"Content-Crs": {"description": "URI of the CRS of the coordinates.", "schema": {"type": "string"}}}
_LINK_HEADER = {"Link": {"description": "The next page (RFC 8288).", "schema": {"type": "string"}}}


def ogc_items_router(desk: FeatureDesk) -> APIRouter:
    """Build the routes."""
    router = APIRouter(
        prefix="/ogc/collections/{collection}/items",
        tags=["ogc"],
        dependencies=[needs_key_or_password(Scope.VIEWER)],
        route_class=OgcRoute,
    )
    several = described_forms(*ITEMS_FORMS, description="GeoJSON; a page for people; or a table with shapes.")
    several[200]["headers"] |= _CRS_HEADER | _LINK_HEADER
    single = described_forms(*ITEM_FORMS, description="GeoJSON, or a page for people.")
    single[200]["headers"] |= _CRS_HEADER

    @router.get(
        "",
        response_model=FeatureList,
        responses=described_ogc(404) | several,
        openapi_extra={"parameters": described_fields()},
    )
    def list_items(
        collection: CollectionId,
        request: Request,
        query: Annotated[ItemsParameters, Query()],
        texts: WantedTexts,
        accept_encoding: Annotated[str, Header(max_length=1_000)] = "",
    ) -> Response:
        """List features that meet a box, hold on a day and fulfil a filter; `next` links lead through all of them."""
        form = wanted_form(request, query.f, ITEMS_FORMS)
        crs = CRS84 if form is HTML else read_crs(query.crs, "crs")
        now = desk.clock()
        wanted = read_query(collection, query, now)
        page = desk.page(wanted, crs.code)
        links = own_links(request, form, ITEMS_FORMS[:-1])
        if page.last is not None:
            links.append(_next(request, form, page.last, str(now.date())))
        headers = {"Link": ", ".join(f'<{link.href}>; rel="{link.rel}"' for link in links if link.rel == "next")}
        if form is HTML:
            content: str | bytes = pages.items_html(page, links, root_of(request), texts)
        elif form in (FEATURES, JSON):
            content = write_geojson(page, crs, [*links, _of(collection, request)], now)
        else:
            content = write_table(page.features, form, crs)
            headers["Content-Disposition"] = f'attachment; filename="{collection}.{form.name}"'
        return _send(content, form, crs, texts, accept_encoding, {name: text for name, text in headers.items() if text})

    @router.get("/{feature}", response_model=FeatureAnswer, responses=described_ogc(404) | single)
    def show_item(
        collection: CollectionId,
        feature: FeatureId,
        request: Request,
        query: Annotated[FeatureParameters, Query()],
        texts: WantedTexts,
        accept_encoding: Annotated[str, Header(max_length=1_000)] = "",
    ) -> Response:
        """Show a feature, by default as it is today."""
        form = wanted_form(request, query.f, ITEM_FORMS)
        crs = CRS84 if form is HTML else read_crs(query.crs, "crs")
        span = read_span(query.datetime, desk.clock())
        if span.day is None:
            raise ParameterError("datetime", "a feature is asked for of a day, not of a span")
        key = read_key(collection, feature)
        found = None if key is None else desk.one(collection, key, span, crs.code)
        if found is None:
            raise NoSuchFeatureError(f"{collection} have no {feature} on {span.day}")
        links = own_links(request, form, ITEM_FORMS[:-1])
        if form is HTML:
            content = pages.feature_html(found, links, root_of(request), texts)
        else:
            content = write_feature(found, crs, [*links, _of(collection, request)])
        return _send(content, form, crs, texts, accept_encoding, {})

    return router


def _next(request: Request, form: Form, after: str | int, day: str) -> Link:
    # The day is part of the address, so that what midnight changes does not come between two pages.
    given = {"datetime": day} if "datetime" not in request.query_params else {}
    href = request.url.include_query_params(after=after, f=form.name, **given)
    return Link(href=str(href), rel="next", type=form.media_type)


def _of(collection: str, request: Request) -> Link:
    return Link(href=f"{root_of(request)}/collections/{collection}", rel="collection", type=JSON.media_type)


def _send(
    content: str | bytes, form: Form, crs: NamedCrs, texts: Texts, accept_encoding: str, headers: dict[str, str]
) -> Response:
    headers = headers | {
        "Vary": "Accept, Accept-Encoding, Accept-Language, Authorization",
        "Content-Crs": f"<{crs.uri}>",
        "Content-Language": texts.language,
    }
    if form is HTML:
        headers["Content-Security-Policy"] = POLICY
    media_type = f"{form.media_type}; charset=utf-8" if form.charset else form.media_type
    body = content.encode() if isinstance(content, str) else content
    if isinstance(content, str) and takes_gzip(accept_encoding):
        packed = Packed.of(body, level=_FAST).compressed
        if packed is not None:
            return Response(packed, media_type=media_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(body, media_type=media_type, headers=headers)
