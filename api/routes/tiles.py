"""`/tiles/{layer}/{z}/{x}/{y}.mvt` and `/tiles/{layer}.json`: the map's own layers as vector tiles.

Tiles are to look at: their borders are simplified with the zoom. No decision uses them.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel, Field

from api.access import needs
from api.atlas import Atlas
from api.models import Day
from api.problems import described
from api.sending import LASTING, REVALIDATED, is_known, unchanged
from api.tiles import Edition as LayerEdition
from api.tiles import TileDesk
from data.api_keys import Scope
from data.tables import Kind
from data.tiles.grid import MAX_ZOOM, Tile
from data.tiles.layers import LAYERS, Layer

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
_LAST = (1 << MAX_ZOOM) - 1
_HEADERS = {
    "ETag": {"description": "Names what the tile is made from.", "schema": {"type": "string"}},
    "Cache-Control": {"description": "How long it may be kept.", "schema": {"type": "string"}},
}
TILE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        "description": "The tile, by gzip where the request takes that.",
        "headers": _HEADERS,
    },
    204: {"description": "Nothing is in this tile.", "headers": _HEADERS},
    304: {"description": "The tile is still as the request has it.", "headers": _HEADERS},
}

LayerName = Annotated[Layer, Path(description="Name of the layer.")]
OnDay = Annotated[Day | None, Query(description="Day whose plans the buurten are of; unset, today's.")]
Edition = Annotated[
    str | None,
    Query(pattern=r"^[0-9a-f]{16}$", description="Edition that the TileJSON names: such a tile may be kept for long."),
]


class VectorLayer(BaseModel):
    """What a layer of a tile has, as TileJSON says it."""

    id: str
    description: str
    minzoom: int
    maxzoom: int
    fields: dict[str, str] = Field(description="Properties, with what each is.")


class TileJson(BaseModel):
    """TileJSON 3.0.0."""

    tilejson: str = "3.0.0"
    name: str
    description: str
    scheme: str = "xyz"
    tiles: list[str] = Field(description="Address of the tiles, of the edition that holds now.")
    minzoom: int
    maxzoom: int
    bounds: list[float] = Field(description="West, south, east, north in EPSG:4326.")
    vector_layers: list[VectorLayer]


def tiles_router(atlas: Callable[[], Atlas], desk: TileDesk) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/tiles", tags=["tiles"], dependencies=[needs(Scope.VIEWER)])

    @router.get("/{layer}/{z}/{x}/{y}.mvt", response_class=Response, responses=described(404, 422) | TILE_ANSWERS)
    def show_map_tile(
        layer: LayerName,
        z: Annotated[int, Path(ge=0, le=MAX_ZOOM)],
        x: Annotated[int, Path(ge=0, le=_LAST)],
        y: Annotated[int, Path(ge=0, le=_LAST)],
        on: OnDay = None,
        v: Edition = None,
        if_none_match: Annotated[str | None, Header(max_length=1_000)] = None,
        accept_encoding: Annotated[str, Header(max_length=1_000)] = "",
    ) -> Response:
        """Return a tile of a layer in Mapbox's vector tile format, in the grid of spherical Mercator (EPSG:3857)."""
        current = atlas()
        edition = desk.edition(current, layer, on or current.day)
        return send_tile(desk, edition, Tile(z, x, y), if_none_match, accept_encoding, lasting=v == edition.version)

    @router.get("/{layer}.json", responses=described(404, 422))
    def describe_map_layer(layer: LayerName, request: Request, on: OnDay = None) -> TileJson:
        """Describe a layer as TileJSON 3.0.0: where its tiles are, of which zooms, and what a feature says."""
        current = atlas()
        facts = LAYERS[layer]
        edition = desk.edition(current, layer, on or current.day)
        asked = f"v={edition.version}" + (f"&on={on}" if on else "")
        boxes = [
            box
            for country, facts_of in current.countries.items()
            if Kind.SECTORS in facts_of.releases
            for box in desk.municipality_boxes(current, country).values()
        ]
        west, south, east, north = zip(*boxes, strict=True) if boxes else ((-180.0,), (-85.0,), (180.0,), (85.0,))
        return TileJson(
            name=layer,
            description=facts.description,
            tiles=[f"{request.base_url}tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt?{asked}"],
            minzoom=facts.min_zoom,
            maxzoom=facts.max_zoom,
            bounds=[min(west), min(south), max(east), max(north)],
            vector_layers=[
                VectorLayer(
                    id=layer,
                    description=facts.description,
                    minzoom=facts.min_zoom,
                    maxzoom=facts.max_zoom,
                    fields=dict(facts.fields),
                )
            ],
        )

    return router


def send_tile(
    desk: TileDesk,
    edition: LayerEdition,
    tile: Tile,
    if_none_match: str | None,
    accept_encoding: str,
    *,
    lasting: bool = False,
) -> Response:
    """Return a tile of an edition as a browser may keep it.

    Parameters
    ----------
    lasting
        Whether the address names the edition, so that what is there never changes.

    Raises
    ------
    NoSuchTileError
        The layer has no such zoom, or the zoom no such column or row.
    """
    facts = LAYERS[edition.layer]
    tile.refuse_outside(facts.min_zoom, facts.max_zoom)
    # Weak: the same tile by gzip and without are equal, but not byte by byte.
    etag = f'W/"{edition.version}-{tile.z}-{tile.x}-{tile.y}"'
    headers = {"ETag": etag, "Cache-Control": LASTING if lasting else REVALIDATED}
    if is_known(etag, if_none_match):
        return unchanged(etag, headers["Cache-Control"])
    made = desk.make(edition, tile)
    if not made.content:
        return Response(status_code=204, headers=headers)
    return made.response(accept_encoding, MEDIA_TYPE, headers)
