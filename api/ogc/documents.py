"""OGC API's resources as documents: the landing page, the collections and the fields to filter by, with their links."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import Request

from api.negotiation import JSON, Form
from api.ogc.api_document import MEDIA_TYPE as API_TYPE
from api.ogc.desk import FeatureDesk
from api.ogc.forms import HTML, ITEMS_FORMS
from api.ogc.models import (
    JSON_TYPES,
    CollectionAnswer,
    CollectionList,
    Extent,
    LandingPage,
    Link,
    SpatialExtent,
    TemporalExtent,
)
from api.ogc.texts import Texts
from data.features.collections import COLLECTIONS, Collection
from data.tiles.layers import Layer
from geo.crs_uris import CRS84, OFFERED

SCHEMA = Form("json", "application/schema+json", {"type": "object"})
SCHEMES_REL = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes"
TILESETS_REL = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
TILED = {
    Collection.SECTORS: Layer.SECTORS,
    Collection.MUNICIPALITIES: Layer.MUNICIPALITIES,
    Collection.BUURTEN: Layer.BUURTEN,
}
"""Collections that have tiles, by the layer that these are of."""
CONFORMANCE_REL = "http://www.opengis.net/def/rel/ogc/1.0/conformance"
QUERYABLES_REL = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
_TITLES: Mapping[str, str] = {
    "html": "HTML",
    "json": "JSON",
    "geojson": "GeoJSON",
    "fgb": "FlatGeobuf",
    "parquet": "GeoParquet",
    "csv": "CSV",
}


def root_of(request: Request) -> str:
    """Return the address of the landing page."""
    return f"{request.base_url}ogc"


def own_links(request: Request, form: Form, forms: Iterable[Form]) -> list[Link]:
    """Return the link of a document to itself, and those to its other forms."""
    links = [Link(href=str(request.url), rel="self", type=form.media_type)]
    for other in forms:
        if other != form:
            href = str(request.url.include_query_params(f=other.name))
            links.append(Link(href=href, rel="alternate", type=other.media_type, title=_TITLES[other.name]))
    return links


def landing_page(request: Request, form: Form, texts: Texts) -> LandingPage:
    """Return the landing page."""
    root = root_of(request)
    return LandingPage(
        title=texts["title"],
        description=texts["description"],
        links=[
            *own_links(request, form, (JSON, HTML)),
            Link(href=f"{root}/api", rel="service-desc", type=API_TYPE, title=texts["api"]),
            Link(href=f"{root}/api?f=html", rel="service-doc", type=HTML.media_type, title=texts["api"]),
            _link(f"{root}/conformance", "conformance", texts["conformance"]),
            _link(f"{root}/conformance", CONFORMANCE_REL, texts["conformance"]),
            _link(f"{root}/collections", "data", texts["collections"]),
            _link(f"{root}/tileMatrixSets", SCHEMES_REL, texts["tile_matrix_sets"]),
        ],
    )


def collection_list(request: Request, form: Form, desk: FeatureDesk, texts: Texts) -> CollectionList:
    """Return all collections."""
    return CollectionList(
        links=own_links(request, form, (JSON, HTML)),
        collections=[describe(request, collection, [], desk, texts) for collection in Collection],
    )


def collection_page(
    request: Request, form: Form, collection: Collection, desk: FeatureDesk, texts: Texts
) -> CollectionAnswer:
    """Return a collection as a document of its own."""
    return describe(request, collection, own_links(request, form, (JSON, HTML)), desk, texts)


def describe(
    request: Request, collection: Collection, own: Sequence[Link], desk: FeatureDesk, texts: Texts
) -> CollectionAnswer:
    """Return what a collection is."""
    here = f"{root_of(request)}/collections/{collection}"
    bounds = desk.bounds()
    stored = desk.stored_crs()
    extent = None
    if bounds is not None:
        temporal = TemporalExtent(interval=[[None, None]]) if COLLECTIONS[collection].dated else None
        extent = Extent(spatial=SpatialExtent(bbox=[[*bounds]], crs=CRS84.uri), temporal=temporal)
    return CollectionAnswer(
        id=collection,
        title=texts.name(collection),
        description=texts.description(collection),
        links=[
            *own,
            *([] if own else [Link(href=here, rel="self", type=JSON.media_type, title=texts.name(collection))]),
            *(
                Link(href=f"{here}/items?f={form.name}", rel="items", type=form.media_type, title=_TITLES[form.name])
                for form in ITEMS_FORMS
                if form is not JSON
            ),
            Link(href=f"{here}/queryables", rel=QUERYABLES_REL, type=SCHEMA.media_type, title=texts["queryables"]),
            *([_link(f"{here}/tiles", TILESETS_REL, texts["tiles"])] if collection in TILED else []),
        ],
        extent=extent,
        crs=list(OFFERED),
        storageCrs=stored,
    )


def queryables(request: Request, collection: Collection, texts: Texts) -> dict[str, Any]:
    """Return the fields to filter by, as a JSON schema (OGC 19-079r2, 6.2)."""
    facts = COLLECTIONS[collection]
    properties = {
        field.name: {"title": texts.field(field), **JSON_TYPES[field.type]} for field in facts.queryables.values()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{root_of(request)}/collections/{collection}/queryables",
        "type": "object",
        "title": texts.name(collection),
        "properties": properties,
        "additionalProperties": False,
    }


def _link(href: str, rel: str, title: str) -> Link:
    return Link(href=href, rel=rel, type=JSON.media_type, title=title)
