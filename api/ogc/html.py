"""Pages for people: made as elements, so that every text is escaped, without scripts, and within a strict policy."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from api.ogc.models import Link
from api.ogc.texts import Texts

STYLE: Final = """\
:root{color-scheme:light dark;--ink:#1b2631;--paper:#fff;--line:#c9d1d9;--link:#0b5cad;--soft:#f2f5f8;--area:#9cc3e6}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#12181f;--line:#3b4652;--link:#7ab8f5;--soft:#1c242d;
--area:#2f5f8a}}
body{margin:0 auto;padding:1rem 1.25rem 3rem;max-width:72rem;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);
background:var(--paper)}
a{color:var(--link)}h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.15rem;margin:1.75rem 0 .5rem}
nav ol,nav ul{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.25rem 1rem}
nav.crumbs li+li::before{content:"›";margin-right:1rem}
.wide{overflow-x:auto}.wide:focus-visible{outline:3px solid var(--link)}
table{border-collapse:collapse;font-size:.925rem}caption{text-align:left;padding:.25rem 0}
th,td{padding:.3rem .7rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
thead th{background:var(--soft);white-space:nowrap}td.number{text-align:right;font-variant-numeric:tabular-nums}
svg{display:block;max-width:100%;max-height:24rem;background:var(--soft);margin:1rem 0}
path{fill:var(--area);stroke:var(--ink);stroke-width:1;vector-effect:non-scaling-stroke;fill-rule:evenodd}
code{overflow-wrap:anywhere}dt{font-weight:600}dd{margin:0 0 .5rem}
"""
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Content-Security-Policy: no script, no other origin, and this very style alone."""

Content = Element | str | None


def element(tag: str, *content: Content, **attributes: str | None) -> Element:
    """Return an element; an attribute's trailing underscore is left out, so that `class_` can be said."""
    made = Element(
        tag, {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items() if value is not None}
    )
    for part in content:
        if isinstance(part, Element):
            made.append(part)
        elif part is not None:
            if len(made):
                made[-1].tail = (made[-1].tail or "") + part
            else:
                made.text = (made.text or "") + part
    return made


def link(text: str, href: str, **attributes: str | None) -> Element:
    """Return a link."""
    return element("a", text, href=href, **attributes)


def render(
    title: str, crumbs: Sequence[tuple[str, str]], content: Iterable[Content], others: Sequence[Link], texts: Texts
) -> str:
    """Return a page.

    Parameters
    ----------
    title
        Its heading.
    crumbs
        Title and address of what it is in, from the landing page on.
    others
        Links to the same in other forms.
    """
    page = Element("html", {"lang": texts.language})
    head = SubElement(page, "head")
    SubElement(head, "meta", {"charset": "utf-8"})
    SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    head.append(element("title", f"{title} · Buurtwijzer"))
    SubElement(head, "link", {"rel": "icon", "href": "data:,"})
    head.append(element("style", STYLE))
    body = SubElement(page, "body")
    trail = [element("li", link(text, href)) for text, href in crumbs]
    trail.append(element("li", element("span", title, aria_current="page")))
    body.append(
        element("header", element("nav", element("ol", *trail), class_="crumbs", aria_label=texts["you_are_here"]))
    )
    body.append(element("main", element("h1", title), *content))
    if others:
        forms = [element("li", link(other.title or other.href, other.href, type=other.type)) for other in others]
        body.append(
            element(
                "footer",
                element("h2", texts["forms"], id="forms"),
                element("nav", element("ul", *forms), aria_labelledby="forms"),
            )
        )
    return "<!doctype html>\n" + tostring(page, encoding="unicode", method="html")


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Content]], numbers: Sequence[bool]) -> Element:
    """Return a table that can be scrolled to the side with the keyboard as well.

    Parameters
    ----------
    numbers
        Which columns are numbers.
    """
    titles = element("tr", *(element("th", head, scope="col") for head in heads))
    made = [
        element(
            "tr",
            *(
                element("th", cell, scope="row")
                if place == 0
                else element("td", cell, class_="number" if is_number else None)
                for place, (cell, is_number) in enumerate(zip(row, numbers, strict=True))
            ),
        )
        for row in rows
    ]
    whole = element("table", element("caption", caption), element("thead", titles), element("tbody", *made))
    return element("div", whole, class_="wide", tabindex="0", role="region", aria_label=caption)
