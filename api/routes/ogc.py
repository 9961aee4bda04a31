"""`/ogc`: OGC API's landing page, what holds, its description, and the collections."""

import json
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api.access import needs_key_or_password
from api.negotiation import JSON, Form, described_forms
from api.ogc import documents, pages
from api.ogc.api_document import MEDIA_TYPE as API_TYPE
from api.ogc.api_document import api_document
from api.ogc.conformance import CONFORMS_TO
from api.ogc.desk import FeatureDesk
from api.ogc.documents import SCHEMA, own_links, root_of
from api.ogc.forms import HTML, PLAIN_FORMS
from api.ogc.html import POLICY
from api.ogc.models import CollectionAnswer, CollectionList, Conformance, LandingPage
from api.ogc.parameters import CollectionId, OgcRoute, PlainQuery, wanted_form
from api.ogc.texts import Texts, WantedTexts
from api.problems import described
from data.api_keys import Scope

API = Form("json", API_TYPE, {"type": "object"})
Plain = Annotated[PlainQuery, Query()]


def described_ogc(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the descriptions of refusals; a parameter is refused by 400 here, never by 422."""
    told = described(400, 406, *statuses)
    return told | {"4XX": told[400] | {"description": "Other refusals."}}


def ogc_router(desk: FeatureDesk) -> APIRouter:
    """Build the routes."""
    router = APIRouter(
        prefix="/ogc", tags=["ogc"], dependencies=[needs_key_or_password(Scope.VIEWER)], route_class=OgcRoute
    )
    page = described_forms(HTML, description="As JSON or, for people, as HTML.")

    @router.get("", response_model=LandingPage, responses=described_ogc() | page)
    def show_landing_page(request: Request, query: Plain, texts: WantedTexts) -> Response:
        """Say what there is, and where."""
        form = wanted_form(request, query.f, PLAIN_FORMS)
        document = documents.landing_page(request, form, texts)
        return respond(document, form, texts, lambda: pages.landing_html(document, root_of(request), texts))

    @router.get("/conformance", response_model=Conformance, responses=described_ogc() | page)
    def show_conformance(request: Request, query: Plain, texts: WantedTexts) -> Response:
        """Name the conformance classes that hold."""
        form = wanted_form(request, query.f, PLAIN_FORMS)
        document = Conformance(conformsTo=list(CONFORMS_TO))
        links = own_links(request, form, PLAIN_FORMS)
        return respond(document, form, texts, lambda: pages.conformance_html(document, links, root_of(request), texts))

    @router.get("/api", responses=described_ogc() | described_forms(API, HTML, description="OpenAPI 3.0, or HTML."))
    def show_api(request: Request, query: Plain, texts: WantedTexts) -> Response:
        """Describe the requests of OGC API as OpenAPI 3.0."""
        form = wanted_form(request, query.f, (API, JSON, HTML))
        document = api_document(root_of(request), version("buurtwijzer"))
        return respond(document, form, texts, lambda: pages.api_html(document, root_of(request), texts))

    @router.get("/collections", response_model=CollectionList, responses=described_ogc() | page)
    def list_collections(request: Request, query: Plain, texts: WantedTexts) -> Response:
        """List the collections."""
        form = wanted_form(request, query.f, PLAIN_FORMS)
        document = documents.collection_list(request, form, desk, texts)
        return respond(document, form, texts, lambda: pages.collections_html(document, root_of(request), texts))

    @router.get("/collections/{collection}", response_model=CollectionAnswer, responses=described_ogc(404) | page)
    def show_collection(collection: CollectionId, request: Request, query: Plain, texts: WantedTexts) -> Response:
        """Say what a collection is."""
        form = wanted_form(request, query.f, PLAIN_FORMS)
        document = documents.collection_page(request, form, collection, desk, texts)
        return respond(document, form, texts, lambda: pages.collection_html(document, root_of(request), texts))

    @router.get(
        "/collections/{collection}/queryables",
        responses=described_ogc(404) | described_forms(SCHEMA, HTML, description="JSON Schema, or HTML."),
    )
    def show_queryables(collection: CollectionId, request: Request, query: Plain, texts: WantedTexts) -> Response:
        """Describe the fields that a filter may name."""
        form = wanted_form(request, query.f, (SCHEMA, JSON, HTML))
        document = documents.queryables(request, collection, texts)
        links = own_links(request, form, (SCHEMA, HTML))
        return respond(document, form, texts, lambda: pages.queryables_html(collection, links, root_of(request), texts))

    return router


def respond(document: BaseModel | dict[str, Any], form: Form, texts: Texts, page: Callable[[], str]) -> Response:
    """Return a document in the form and the language that were wanted."""
    headers = {"Vary": "Accept, Accept-Language, Authorization", "Content-Language": texts.language}
    if form is HTML:
        return Response(
            page(), media_type="text/html; charset=utf-8", headers=headers | {"Content-Security-Policy": POLICY}
        )
    text = document.model_dump_json(exclude_none=True) if isinstance(document, BaseModel) else json.dumps(document)
    return Response(text, media_type=form.media_type, headers=headers)
