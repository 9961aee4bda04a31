"""`/ogc/…/tiles`: the map's own vector tiles as OGC API – Tiles has them, row before column."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from api.access import needs_key_or_password
from api.atlas import Atlas
from api.ogc import tile_sets
from api.ogc.desk import FeatureDesk
from api.ogc.documents import TILED
from api.ogc.parameters import (
    CollectionId,
    NoSuchCollectionError,
    OgcRoute,
    ParameterError,
    TileParameters,
    read_span,
)
from api.ogc.texts import WantedTexts
from api.ogc.tile_sets import GRID, TileMatrixSet, TileMatrixSetList, TileSet, TileSetList
from api.routes.ogc import described_ogc
from api.routes.tiles import TILE_ANSWERS, send_tile
from api.tiles import TileDesk
from data.api_keys import Scope
from data.features.collections import Collection
from data.tiles.grid import MAX_ZOOM, Tile
from data.tiles.layers import Layer

_LAST = (1 << MAX_ZOOM) - 1


class NoParameters(BaseModel):
    """Resources of tiles that come in one form."""

    model_config = ConfigDict(extra="forbid")


Nothing = Annotated[NoParameters, Query()]


def ogc_tiles_router(atlas: Callable[[], Atlas], features: FeatureDesk, tiles: TileDesk) -> APIRouter:
    """Build the routes."""
    router = APIRouter(
        prefix="/ogc", tags=["ogc"], dependencies=[needs_key_or_password(Scope.VIEWER)], route_class=OgcRoute
    )

    @router.get("/tileMatrixSets", responses=described_ogc(), response_model_exclude_none=True)
    def list_grids(request: Request, _query: Nothing) -> TileMatrixSetList:
        """List the grids of tiles."""
        return tile_sets.tile_matrix_sets(request)

    @router.get(f"/tileMatrixSets/{GRID}", responses=described_ogc(), response_model_exclude_none=True)
    def show_grid(_query: Nothing) -> TileMatrixSet:
        """Describe the grid of tiles: the square of spherical Mercator, halved zoom by zoom."""
        return tile_sets.tile_matrix_set()

    @router.get("/collections/{collection}/tiles", responses=described_ogc(404), response_model_exclude_none=True)
    def list_tile_sets(collection: CollectionId, request: Request, _query: Nothing, texts: WantedTexts) -> TileSetList:
        """List the sets of tiles of a collection."""
        _layer_of(collection)
        return tile_sets.tile_set_list(request, collection, texts)

    @router.get(
        f"/collections/{{collection}}/tiles/{GRID}", responses=described_ogc(404), response_model_exclude_none=True
    )
    def show_tile_set(collection: CollectionId, request: Request, _query: Nothing, texts: WantedTexts) -> TileSet:
        """Describe the tiles of a collection: their zooms, where they are, and what is said of each feature."""
        _layer_of(collection)
        return tile_sets.tile_set(request, collection, features.bounds(), texts)

    @router.get(
        f"/collections/{{collection}}/tiles/{GRID}/{{matrix}}/{{row}}/{{column}}",
        response_class=Response,
        responses=described_ogc(404) | TILE_ANSWERS,
    )
    def show_collection_tile(
        collection: CollectionId,
        matrix: Annotated[int, Path(ge=0, le=MAX_ZOOM, description="Zoom.")],
        row: Annotated[int, Path(ge=0, le=_LAST, description="From the north.")],
        column: Annotated[int, Path(ge=0, le=_LAST, description="From the west.")],
        query: Annotated[TileParameters, Query()],
        if_none_match: Annotated[str | None, Header(max_length=1_000)] = None,
        accept_encoding: Annotated[str, Header(max_length=1_000)] = "",
    ) -> Response:
        """Return a tile in Mapbox's vector tile format; its borders are simplified with the zoom, to look at alone."""
        day = read_span(query.datetime, features.clock()).day
        if day is None:
            raise ParameterError("datetime", "a tile is of a day, not of a span")
        edition = tiles.edition(atlas(), _layer_of(collection), day)
        return send_tile(tiles, edition, Tile(matrix, column, row), if_none_match, accept_encoding)

    return router


def _layer_of(collection: Collection) -> Layer:
    layer = TILED.get(collection)
    if layer is None:
        raise NoSuchCollectionError(f"{collection} have no tiles; there are some of {', '.join(TILED)}")
    return layer
