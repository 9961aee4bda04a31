"""OGC API – Tiles (OGC 20-057): which tiles there are of a collection, in the grid WebMercatorQuad (OGC 17-083r4)."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import Request
from pydantic import BaseModel, Field

from api.ogc.documents import TILED, root_of
from api.ogc.models import Link
from api.ogc.texts import Texts
from data.features.collections import Collection
from data.tiles.grid import HALF_WORLD, TILE_CRS
from data.tiles.layers import LAYERS
from geo.crs import LONLAT, transform_bounds
from geo.crs_uris import CRS84, OFFERED, Bounds

GRID: Final = "WebMercatorQuad"
TILE_TYPE: Final = "application/vnd.mapbox-vector-tile"
_SCHEME_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
_URI: Final = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{GRID}"
_TILE_PIXELS: Final = 256
_PIXEL_M: Final = 0.00028
"""Of a standardised screen, by which scales are told (OGC 17-083r4, 6.1.1.1)."""
_LAST_ZOOM: Final = max(facts.max_zoom for facts in LAYERS.values())
_MERCATOR: Final = next(uri for uri, crs in OFFERED.items() if crs.code == TILE_CRS)


class TileSet(BaseModel):
    """The tiles of a collection."""

    title: str
    dataType: str = "vector"  # noqa: N815
    crs: str = _MERCATOR
    tileMatrixSetURI: str = _URI  # noqa: N815
    links: list[Link]
    layers: list[dict[str, Any]] | None = Field(None, description="What is said of each feature, with its zooms.")
    tileMatrixSetLimits: list[dict[str, Any]] | None = Field(  # noqa: N815
        None, description="Rows and columns of each zoom in which there is something."
    )
    boundingBox: dict[str, Any] | None = None  # noqa: N815


class TileSetList(BaseModel):
    """The sets of tiles of a collection."""

    links: list[Link]
    tilesets: list[TileSet]


class TileMatrixSet(BaseModel):
    """A grid."""

    id: str = GRID
    title: str = "Google Maps Compatible for the World"
    uri: str = _URI
    crs: str = _MERCATOR
    orderedAxes: list[str] = ["E", "N"]  # noqa: N815
    wellKnownScaleSet: str = "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible"  # noqa: N815
    tileMatrices: list[dict[str, Any]]  # noqa: N815


class TileMatrixSetList(BaseModel):
    """All grids."""

    tileMatrixSets: list[dict[str, Any]]  # noqa: N815


def tile_matrix_set() -> TileMatrixSet:
    """Return the grid."""
    matrices = []
    for zoom in range(_LAST_ZOOM + 1):
        cell = 2 * HALF_WORLD / _TILE_PIXELS / (1 << zoom)
        matrices.append(
            {
                "id": str(zoom),
                "scaleDenominator": cell / _PIXEL_M,
                "cellSize": cell,
                "cornerOfOrigin": "topLeft",
                "pointOfOrigin": [-HALF_WORLD, HALF_WORLD],
                "tileWidth": _TILE_PIXELS,
                "tileHeight": _TILE_PIXELS,
                "matrixWidth": 1 << zoom,
                "matrixHeight": 1 << zoom,
            }
        )
    return TileMatrixSet(tileMatrices=matrices)


def tile_matrix_sets(request: Request) -> TileMatrixSetList:
    """Return all grids, of which there is one."""
    grid = Link(href=f"{root_of(request)}/tileMatrixSets/{GRID}", rel="self", type="application/json")
    told = {"id": GRID, "title": GRID, "uri": _URI, "crs": _MERCATOR, "links": [grid.model_dump(exclude_none=True)]}
    return TileMatrixSetList(tileMatrixSets=[told])


def tile_set_list(request: Request, collection: Collection, texts: Texts) -> TileSetList:
    """Return the sets of tiles of a collection, of which there is one."""
    here = f"{root_of(request)}/collections/{collection}/tiles"
    links = [Link(href=here, rel="self", type="application/json")]
    one = TileSet(
        title=texts.name(collection),
        links=_links(request, collection, with_tiles=False),
        layers=None,
        tileMatrixSetLimits=None,
    )
    return TileSetList(links=links, tilesets=[one])


def tile_set(request: Request, collection: Collection, bounds: Bounds | None, texts: Texts) -> TileSet:
    """Return what the tiles of a collection are.

    Parameters
    ----------
    bounds
        Of everything, in EPSG:4326, longitude first.
    """
    facts = LAYERS[TILED[collection]]
    zooms = range(facts.min_zoom, facts.max_zoom + 1)
    properties = {name: {"description": text} for name, text in facts.fields.items()}
    layer = {
        "id": collection,
        "title": texts.name(collection),
        "description": texts.description(collection),
        "dataType": "vector",
        "geometryDimension": 2,
        "minTileMatrix": str(facts.min_zoom),
        "maxTileMatrix": str(facts.max_zoom),
        "propertiesSchema": {"type": "object", "properties": properties},
    }
    box = None
    if bounds is not None:
        box = {"lowerLeft": [*bounds[:2]], "upperRight": [*bounds[2:]], "crs": CRS84.uri}
    return TileSet(
        title=texts.name(collection),
        links=_links(request, collection, with_tiles=True),
        layers=[layer],
        tileMatrixSetLimits=_limits(bounds, zooms),
        boundingBox=box,
    )


def _links(request: Request, collection: Collection, *, with_tiles: bool) -> list[Link]:
    here = f"{root_of(request)}/collections/{collection}/tiles/{GRID}"
    links = [
        Link(href=here, rel="self", type="application/json"),
        Link(href=f"{root_of(request)}/tileMatrixSets/{GRID}", rel=_SCHEME_REL, type="application/json"),
    ]
    if with_tiles:
        tiles = f"{here}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
        links.append(Link(href=tiles, rel="item", type=TILE_TYPE, templated=True))
    return links


def _limits(bounds: Bounds | None, zooms: Sequence[int]) -> list[dict[str, Any]] | None:
    if bounds is None:
        return None
    west, south, east, north = transform_bounds(bounds, LONLAT, TILE_CRS)
    limits = []
    for zoom in zooms:
        size = 2 * HALF_WORLD / (1 << zoom)
        limits.append(
            {
                "tileMatrix": str(zoom),
                "minTileRow": int((HALF_WORLD - north) // size),
                "maxTileRow": int((HALF_WORLD - south) // size),
                "minTileCol": int((west + HALF_WORLD) // size),
                "maxTileCol": int((east + HALF_WORLD) // size),
            }
        )
    return limits
