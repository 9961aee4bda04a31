"""The layers that tiles are made of: from which zoom, and what is said of each feature."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Geometry = Literal["polygon", "point"]


class Layer(StrEnum):
    """A layer of tiles."""

    SECTORS = "sectors"
    MUNICIPALITIES = "municipalities"
    BUURTEN = "buurten"
    STREETS = "streets"
    ADDRESSES = "addresses"


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """What a layer has.

    Attributes
    ----------
    min_zoom, max_zoom
        Zooms that there are tiles of; beyond the last a map enlarges it.
    fields
        Properties of a feature, with what each is.
    """

    geometry: Geometry
    min_zoom: int
    max_zoom: int
    description: str
    fields: Mapping[str, str]


_NAMES = {f"name_{language}": f"Name ({language}), where there is one" for language in ("nl", "fr", "de")}
LAYERS: Mapping[Layer, LayerFacts] = {
    Layer.SECTORS: LayerFacts(
        "polygon",
        9,
        14,
        "Official statistical sectors.",
        {"code": "Official code", **_NAMES, "municipality": "Code of the municipality"},
    ),
    Layer.MUNICIPALITIES: LayerFacts(
        "polygon", 4, 14, "Municipalities, made of their sectors.", {"code": "Official code", **_NAMES}
    ),
    Layer.BUURTEN: LayerFacts(
        "polygon",
        7,
        14,
        "Buurten of the plans that hold on a day.",
        {
            "code": "Code of the buurt",
            **_NAMES,
            "municipality": "Code of the municipality",
            "plan": "Number of the plan",
            "live": "Whether households may join",
            "colour": "Colour that ops staff chose, where they did",
        },
    ),
    Layer.STREETS: LayerFacts(
        "point",
        14,
        16,
        "Places for the names of streets: one in the midst of the addresses of each.",
        {
            **_NAMES,
            "municipality": "Code of the municipality",
            "angle": "Degrees, clockwise, by which a label lies along the street",
            "addresses": "How many addresses the street has there",
        },
    ),
    Layer.ADDRESSES: LayerFacts(
        "point",
        16,
        17,
        "House numbers of the register of addresses.",
        {"id": "Identifier in the register", "number": "House number"},
    ),
}

TOLERANCES_M: Mapping[int, float] = {6: 600.0, 8: 150.0, 10: 38.0, 12: 9.0, 14: 0.6}
"""By level of detail, how far a simplified border may be off, in metres of EPSG:3857: about half a pixel of a screen
at the zoom of that number, and less than a unit of the tile at the last."""


def level_of(zoom: int) -> int:
    """Return the level of detail for a zoom: the next that is not coarser.

    Examples
    --------
    >>> [level_of(zoom) for zoom in (4, 6, 9, 14)]
    [6, 6, 10, 14]
    """
    return min(level for level in TOLERANCES_M if level >= min(zoom, max(TOLERANCES_M)))
