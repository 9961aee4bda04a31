"""What operations and their groups are called in the OpenAPI document, and what the groups are for."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi.routing import APIRoute

_TOLD: Final[Mapping[str, str]] = {
    "addresses": "Complete an address while it is typed, and find the one nearest to a point.",
    "health": "Whether the server answers, and from what.",
    "households": "Households, dwellings, members and adoption of municipalities, buurten and drawn areas.",
    "letters": "Invitation letters with codes, and the rounds to deliver them.",
    "licences": "What municipalities have licensed, and what is due.",
    "locate": "The sector and the buurt of a point.",
    "municipalities": "Municipalities of the active sectors, with their counts.",
    "ogc": "OGC API for GIS: features and tiles of sectors, municipalities, buurten and plans.",
    "plans": "Plans and drafts of buurten: edited, checked, compared, proposed, published.",
    "price books": "The dated price books that quotes are calculated from.",
    "quotes": "Quotes: priced, made, issued, answered, revised, and as PDF and invoice.",
    "reach": "Whom a message in an area reaches.",
    "releases": "Imports of official files, and which of them answers use.",
    "rules": "A municipality's rules of who may join.",
    "session": "What the caller's key may do.",
    "sign-ups": "Somebody at an address asks to join, proves it, and may leave.",
    "staff": "Accounts of people who work in buurten and are no members.",
    "tiles": "Vector tiles of the map.",
    "verifications": "Whether an address exists, in which buurt it is, and who may join there.",
}
TAGS: Final[list[dict[str, Any]]] = [{"name": name, "description": text} for name, text in _TOLD.items()]


def require_versions(document: dict[str, Any]) -> None:
    """Say that If-Match is needed where its absence is refused: FastAPI knows it as optional, so that it can be 428."""
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"].lower() == "if-match" and "428" in operation["responses"]:
                    parameter["required"] = True


def operation_id(route: APIRoute) -> str:
    """Return what a generated client calls an operation: the name of the route's function, in camel case."""
    first, *others = route.name.split("_")
    return first + "".join(map(str.capitalize, others))
