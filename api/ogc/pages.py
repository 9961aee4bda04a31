"""OGC API's resources as pages for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.ogc.forms import plain_rows
from api.ogc.html import Content, element, link, render, table
from api.ogc.models import CollectionAnswer, CollectionList, Conformance, LandingPage, Link
from api.ogc.sketch import draw
from api.ogc.texts import Texts
from data.features.collections import COLLECTIONS, Collection, FieldType
from data.features.reading import Features, Page

_NUMBERS = (FieldType.WHOLE, FieldType.NUMBER)


def landing_html(document: LandingPage, root: str, texts: Texts) -> str:
    """Return the landing page."""
    contents = [
        (texts["collections"], f"{root}/collections"),
        (texts["conformance"], f"{root}/conformance"),
        (texts["api"], f"{root}/api"),
    ]
    content = [
        element("p", document.description),
        element("h2", texts["contents"]),
        element("ul", *(element("li", link(title, href)) for title, href in contents)),
    ]
    return render(document.title, [], content, _others(document.links), texts)


def conformance_html(document: Conformance, links: Sequence[Link], root: str, texts: Texts) -> str:
    """Return the page of conformance classes."""
    classes = (element("li", element("code", name)) for name in document.conformsTo)
    content = [element("p", texts["conformance_text"]), element("ul", *classes)]
    return render(texts["conformance"], _crumbs(root, texts), content, _others(links), texts)


def api_html(document: Mapping[str, Any], root: str, texts: Texts) -> str:
    """Return the page that lists every request."""
    rows = [
        (element("code", f"GET {path}"), operation["get"]["summary"]) for path, operation in document["paths"].items()
    ]
    content = [table(texts["api_text"], (texts["resource"], texts["description_head"]), rows, (False, False))]
    others = [Link(href=f"{root}/api?f=json", rel="alternate", type="application/json", title="OpenAPI")]
    return render(texts["api"], _crumbs(root, texts), content, others, texts)


def collections_html(document: CollectionList, root: str, texts: Texts) -> str:
    """Return the page of all collections."""
    told: list[Content] = []
    for one in document.collections:
        told += [
            element("dt", link(one.title, f"{root}/collections/{one.id}")),
            element("dd", one.description),
        ]
    return render(texts["collections"], _crumbs(root, texts), [element("dl", *told)], _others(document.links), texts)


def collection_html(document: CollectionAnswer, root: str, texts: Texts) -> str:
    """Return the page of a collection."""
    here = f"{root}/collections/{document.id}"
    facts: list[Content] = []
    if document.extent is not None:
        box = ", ".join(f"{edge:.4f}" for edge in document.extent.spatial.bbox[0])
        facts += [element("dt", texts["extent"]), element("dd", box)]
    facts.append(element("dt", texts["crs"]))
    for uri in document.crs:
        stored = f" ({texts['stored']})" if uri == document.storageCrs else None
        facts.append(element("dd", element("code", uri), stored))
    ways = [(texts["items"], f"{here}/items"), (texts["queryables"], f"{here}/queryables")]
    content = [
        element("p", document.description),
        element("ul", *(element("li", link(title, href)) for title, href in ways)),
        element("dl", *facts),
    ]
    return render(document.title, _crumbs(root, texts, "collections"), content, _others(document.links), texts)


def queryables_html(collection: Collection, links: Sequence[Link], root: str, texts: Texts) -> str:
    """Return the page of the fields to filter by."""
    rows = [
        (element("code", field.name), texts.field(field), texts.type(field))
        for field in COLLECTIONS[collection].queryables.values()
    ]
    content = [table(texts["queryables"], (texts["field"], texts["name_head"], texts["type"]), rows, (False,) * 3)]
    return render(texts["queryables"], _crumbs(root, texts, collection), content, _others(links), texts)


def items_html(page: Page, links: Sequence[Link], root: str, texts: Texts) -> str:
    """Return a page of features: a table, and a sketch of what is in it."""
    collection = page.features.collection
    fields = COLLECTIONS[collection].fields
    here = f"{root}/collections/{collection}/items"
    rows = [
        (
            link(key, f"{here}/{key}"),
            *(_cell(row[field.name], texts) for field in fields if field.name != COLLECTIONS[collection].key),
        )
        for key, row in zip(page.features.keys, plain_rows(page.features), strict=True)
    ]
    shown = [field for field in fields if field.name == COLLECTIONS[collection].key]
    shown += [field for field in fields if field not in shown]
    told = texts["matched"].format(shown=len(rows), matched=page.matched)
    content: list[Content] = [element("p", texts.description(collection))]
    if COLLECTIONS[collection].counted:
        content.append(element("p", texts["note_members"]))
    content.append(draw(page.features.shapes, texts["sketch"]))
    if rows:
        heads = [texts.field(field) for field in shown]
        content.append(table(told, heads, rows, [field.type in _NUMBERS for field in shown]))
    else:
        content.append(element("p", texts["none"]))
    ways = [link(texts["next"], other.href, rel="next") for other in links if other.rel == "next"]
    if ways:
        content.append(element("p", *ways))
    return render(texts["items"], _crumbs(root, texts, collection), content, _others(links), texts)


def feature_html(features: Features, links: Sequence[Link], root: str, texts: Texts) -> str:
    """Return the page of a feature."""
    collection = features.collection
    [row], [key] = plain_rows(features), features.keys
    rows = [(texts.field(field), _cell(row[field.name], texts)) for field in COLLECTIONS[collection].fields]
    content: list[Content] = [
        draw(features.shapes, key),
        table(texts.name(collection), (texts["field"], texts["value"]), rows, (False, False)),
    ]
    crumbs = [*_crumbs(root, texts, collection), (texts["items"], f"{root}/collections/{collection}/items")]
    return render(key, crumbs, content, _others(links), texts)


def _cell(value: Any, texts: Texts) -> str | None:
    if isinstance(value, bool):
        return texts["yes" if value else "no"]
    return None if value is None else str(value)


def _crumbs(root: str, texts: Texts, inside: Collection | str | None = None) -> list[tuple[str, str]]:
    crumbs = [(texts["title"], root)]
    if inside is not None:
        crumbs.append((texts["collections"], f"{root}/collections"))
    if isinstance(inside, Collection):
        crumbs.append((texts.name(inside), f"{root}/collections/{inside}"))
    return crumbs


def _others(links: Sequence[Link]) -> list[Link]:
    return [other for other in links if other.rel == "alternate"]
