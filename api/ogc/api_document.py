"""The description of OGC API's requests as OpenAPI 3.0, which its conformance class names; `/openapi.json` is 3.1."""

from typing import Any, Final

from api.ogc.models import JSON_TYPES
from api.ogc.parameters import USUAL_LIMIT
from api.problems import MEDIA_TYPE as PROBLEM_TYPE
from data.features.collections import COLLECTIONS, Collection, CollectionFacts, FieldType
from geo.crs_uris import CRS84, OFFERED

MEDIA_TYPE: Final = "application/vnd.oai.openapi+json;version=3.0"

_GEOJSON: Final = "application/geo+json"
_JSON: Final = "application/json"
_ITEM_TYPES: Final = (_GEOJSON, "text/html", "application/flatgeobuf", "application/vnd.apache.parquet", "text/csv")
_CRS: Final = {"type": "string", "format": "uri", "enum": list(OFFERED), "default": CRS84.uri}


def api_document(root: str, version: str) -> dict[str, Any]:
    """Return the description of everything under an address."""
    paths: dict[str, Any] = {
        "/": _operation("landingPage", "The landing page", "capabilities", (_JSON, "text/html")),
        "/conformance": _operation("conformance", "What holds", "capabilities", (_JSON, "text/html")),
        "/api": _operation("api", "This document", "capabilities", (MEDIA_TYPE, "text/html")),
        "/collections": _operation("collections", "All collections", "capabilities", (_JSON, "text/html")),
    }
    for collection, facts in COLLECTIONS.items():
        here = f"/collections/{collection}"
        paths[here] = _operation(f"{collection}", f"The collection {collection}", collection, (_JSON, "text/html"))
        paths[f"{here}/queryables"] = _operation(
            f"{collection}Queryables", "Fields to filter by", collection, ("application/schema+json", "text/html")
        )
        paths[f"{here}/items"] = _operation(
            f"{collection}Items", f"Features of {collection}", collection, _ITEM_TYPES, _items_parameters(facts)
        )
        paths[f"{here}/items/{{featureId}}"] = _operation(
            f"{collection}Item", f"One of {collection}", collection, (_GEOJSON, "text/html"), _item_parameters()
        )
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Buurtwijzer: OGC API",
            "version": version,
            "description": "Features for GIS. A key goes into the Authorization header, never into the address.",
        },
        "servers": [{"url": root}],
        "tags": [
            {"name": "capabilities", "description": "What there is, and what holds."},
            *({"name": collection, "description": f"Features of {collection}."} for collection in Collection),
        ],
        "security": [{"key": []}, {"password": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A key with the scope viewer."},
                "password": {"type": "http", "scheme": "basic", "description": "The same key as the password."},
            },
            "schemas": {
                "problem": {
                    "type": "object",
                    "description": "Problem details (RFC 9457).",
                    "required": ["type", "title", "status", "detail", "remedy"],
                    "properties": {
                        "type": {"type": "string", "format": "uri"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "remedy": {"type": "string"},
                    },
                }
            },
        },
    }


def _operation(
    identifier: str,
    summary: str,
    tag: str,
    media_types: tuple[str, ...],
    parameters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    content = {name: {"schema": _schema_of(name)} for name in media_types}
    refusals = {"400": "A parameter is wrong or unknown", "401": "A key is needed", "404": "There is nothing there"}
    problem = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/problem"}}}
    return {
        "get": {
            "operationId": identifier,
            "summary": summary,
            "description": f"{summary}, as the media type of the answer has it.",
            "tags": [tag],
            "parameters": parameters or [],
            "responses": {
                "200": {"description": summary, "content": content},
                **{status: {"description": text, "content": problem} for status, text in refusals.items()},
            },
        }
    }


def _schema_of(media_type: str) -> dict[str, str]:
    if "json" in media_type:
        return {"type": "object"}
    return {"type": "string"} if media_type.startswith("text/") else {"type": "string", "format": "binary"}


def _items_parameters(facts: CollectionFacts) -> list[dict[str, Any]]:
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    limit = {"type": "integer", "minimum": 1, "maximum": facts.most, "default": min(USUAL_LIMIT, facts.most)}
    return [
        _parameter("limit", limit),
        _parameter("bbox", numbers, style="form", explode=False),
        _parameter("bbox-crs", _CRS),
        _parameter("crs", _CRS),
        _parameter("datetime", {"type": "string"}),
        _parameter("after", {"type": "string"}),
        _parameter("filter", {"type": "string"}),
        _parameter("filter-lang", {"type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text"}),
        _parameter("filter-crs", _CRS),
        *(
            _parameter(field.name, JSON_TYPES[field.type])
            for field in facts.queryables.values()
            if field.type != FieldType.AREA
        ),
    ]


def _item_parameters() -> list[dict[str, Any]]:
    identifier = {"name": "featureId", "in": "path", "required": True, "schema": {"type": "string"}}
    return [identifier, _parameter("crs", _CRS), _parameter("datetime", {"type": "string"})]


def _parameter(name: str, schema: dict[str, Any], **how: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, **how}
