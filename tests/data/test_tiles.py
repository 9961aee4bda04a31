"""Tiles of both makers on real borders: no gap between neighbours, the same features, no more than a map can show."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from data.directory import DataDirectory
from data.importing import ImportRequest, import_file
from data.readers.mapping import ColumnMapping
from data.store import Store, open_store
from data.store.models import Block, Buurt, Municipality, Plan, Release, Sector
from data.store.tile_models import TileShape
from data.tiles.areas import AreaTiles, Shown, make_in_postgis
from data.tiles.grid import EXTENT, HALF_WORLD, NoSuchTileError, Tile
from data.tiles.layers import LAYERS, TOLERANCES_M, Layer, level_of
from data.tiles.shapes import divide, write_plan_shapes, write_release_shapes
from geo.crs import LONLAT, transform_point

AMSTERDAM = (4.9, 52.37)


def tile_at(lon: float, lat: float, z: int) -> Tile:
    x, y = transform_point(lon, lat, LONLAT, "EPSG:3857")
    size = Tile(z, 0, 0).size
    return Tile(z, int((x + HALF_WORLD) / size), int((HALF_WORLD - y) / size))


def decode(content: bytes, layer: Layer) -> dict[str, tuple[dict[str, Any], shapely.Geometry]]:
    """Return properties and shape in tile units by code."""
    features = mapbox_vector_tile.decode(content, default_options={"y_coord_down": True})[layer]["features"]
    return {
        each["properties"]["code"]: (each["properties"], shapely.geometry.shape(each["geometry"])) for each in features
    }


def put(store: Store, sectors: gpd.GeoDataFrame, municipality: str, *, buurten: int = 1) -> Shown:
    """Store sectors with a plan whose buurten take every so-manieth of them; return its buurten as a layer."""
    srid = sectors.crs.to_epsg()
    with store.writing() as session:
        values = {
            "name": f"sectors-{municipality}",
            "kind": "sectors",
            "country": "NL",
            "source": "test",
            "reference_date": date(2022, 1, 1),
            "imported_at": datetime(2026, 11, 24, tzinfo=UTC),
            "source_file": "x",
            "source_sha256": "0" * 64,
            "fingerprint": municipality.ljust(64, "0"),
            "rows": len(sectors),
            "crs": f"EPSG:{srid}",
            "findings": [],
            "files": {},
        }
        release = Release(**values)
        session.add(release)
        session.flush()
        session.add(Municipality(release_id=release.id, code=municipality, name_nl="Stad"))
        session.flush()
        rows = [
            {
                "release_id": release.id,
                "code": code,
                "name_nl": name,
                "municipality_code": municipality,
                "geometry": shapely.set_srid(shape, srid),
            }
            for code, name, shape in zip(sectors.code, sectors["name"], sectors.geometry, strict=True)
        ]
        session.execute(insert(Sector), rows)
        plan = Plan(
            release_id=release.id,
            municipality_code=municipality,
            version=1,
            published_at=release.imported_at,
            valid_from=release.reference_date,
        )
        session.add(plan)
        session.flush()
        codes = [f"{municipality}-{number + 1:02}" for number in range(buurten)]
        session.execute(insert(Buurt), [{"plan_id": plan.id, "code": code, "name_nl": code} for code in codes])
        session.flush()
        blocks = [
            {"plan_id": plan.id, "code": row["code"], "sector_code": row["code"], "buurt_code": codes[at % buurten]}
            for at, row in enumerate(rows)
        ]
        session.execute(insert(Block), blocks)
        return Shown(Layer.BUURTEN, (release.id,), (plan.id,))


@pytest.fixture
def amsterdam(real_data: Path) -> gpd.GeoDataFrame:
    layer = gpd.read_file(real_data / "netherlands" / "amsterdam-2022" / "buurten.gpkg").to_crs("EPSG:28992")
    named = {"code": layer.buurtcode, "name": layer.buurtnaam}
    return gpd.GeoDataFrame(named, geometry=layer.geometry).sort_values("code")


@pytest.fixture
def postgis_store(fresh_postgis_url: str) -> Iterator[Store]:
    store = open_store(fresh_postgis_url)
    yield store
    store.close()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url)
    yield store
    store.close()


@pytest.mark.realdata
def test_simplified_neighbours_leave_no_gap_and_fill_what_they_filled(
    store: Store, amsterdam: gpd.GeoDataFrame
) -> None:
    shown = put(store, amsterdam, "GM0363", buurten=20)
    tiles = AreaTiles(store)
    tiles.prepare(shown)
    with store.reading() as session:
        for level in TOLERANCES_M:
            wanted = select(TileShape.geometry).where(TileShape.level == level).order_by(TileShape.code)
            of_layer = {
                layer: np.array(session.scalars(wanted.where(TileShape.layer == layer)).all(), dtype=object)
                for layer in (Layer.SECTORS, Layer.MUNICIPALITIES, Layer.BUURTEN)
            }
            assert [len(shapes) for shapes in of_layer.values()] == [518, 1, 20]
            assert shapely.coverage_is_valid(of_layer[Layer.SECTORS])
            [city] = of_layer[Layer.MUNICIPALITIES]
            for shapes in of_layer.values():
                assert shapely.area(shapes).sum() == pytest.approx(city.area, rel=1e-9)
                assert shapely.symmetric_difference(shapely.union_all(shapes), city).area < 1e-3
        counts = [
            session.scalar(select(func.count()).select_from(TileShape).where(TileShape.level == level))
            for level in TOLERANCES_M
        ]
    assert counts == [539] * len(TOLERANCES_M)
    # What is there is not made again, by this worker or another.
    AreaTiles(store).prepare(shown)
    with store.writing() as session:
        write_release_shapes(session, session.get_one(Release, shown.releases[0]))
        write_plan_shapes(session, session.scalars(select(Plan)).all())
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(TileShape)) == 539 * len(TOLERANCES_M)


@pytest.mark.realdata
@pytest.mark.postgis
def test_postgis_and_python_make_the_same_features(postgis_store: Store, amsterdam: gpd.GeoDataFrame) -> None:
    buurten = put(postgis_store, amsterdam, "GM0363", buurten=20)
    sectors, city = (Shown(layer, buurten.releases) for layer in (Layer.SECTORS, Layer.MUNICIPALITIES))
    tiles = AreaTiles(postgis_store)
    compared = 0
    for shown in (sectors, city, buurten):
        tiles.prepare(shown)
        for z in range(LAYERS[shown.layer].min_zoom, LAYERS[shown.layer].max_zoom + 1):
            middle = tile_at(*AMSTERDAM, z)
            for tile in (middle, Tile(z, middle.x + 1, middle.y)):
                with postgis_store.reading() as session:
                    by_postgis = make_in_postgis(session, shown, tile)
                by_python = tiles._level(shown, level_of(z)).make(shown.layer, tile)
                assert bool(by_postgis) == bool(by_python)
                if by_postgis:
                    compared += compare(decode(by_postgis, shown.layer), decode(by_python, shown.layer))
    assert compared > 1_000


def compare(
    one: dict[str, tuple[dict[str, Any], shapely.Geometry]], other: dict[str, tuple[dict[str, Any], shapely.Geometry]]
) -> int:
    """Compare features; return how many there are in both."""
    # What is no larger than a unit may be there for one and not for the other.
    for code in one.keys() ^ other.keys():
        _, shape = one.get(code) or other[code]
        assert shape.area <= 4, code
    for code in one.keys() & other.keys():
        (said, left), (said_by_other, right) = one[code], other[code]
        assert said == said_by_other
        # Both round to whole units, one before and one after it clips: less than a unit along the border.
        assert left.symmetric_difference(right).area <= max(left.length, right.length), code
    return len(one.keys() & other.keys())


def test_parts_of_a_simplified_sector_fill_it() -> None:
    exact = [("a", shapely.box(0, 0, 40, 100)), ("b", shapely.box(40, 0, 100, 100)), ("a", shapely.box(0, 100, 9, 130))]
    simplified = shapely.Polygon([(0, -3), (104, 0), (100, 104), (0, 120)])
    shared = divide(simplified, exact)
    assert sorted(buurt for buurt, _ in shared) == ["a", "a", "b"]
    assert sum(shape.area for _, shape in shared) == pytest.approx(simplified.area)
    assert shapely.union_all([shape for _, shape in shared]).symmetric_difference(simplified).area < 1e-9


def test_tiles_after_an_import_are_made_without_writing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    squares = [shapely.box(120_000 + 500 * k, 480_000, 120_500 + 500 * k, 480_500) for k in range(6)]
    columns = {"code": [f"BU{k}" for k in range(6)], "name": list("abcdef"), "town": ["GM0001"] * 3 + ["GM0002"] * 3}
    gpd.GeoDataFrame(columns, geometry=squares, crs="EPSG:28992").to_file(tmp_path / "areas.gpkg")
    mapping = ["sector_code=code", "name_nl=name", "municipality_code=town", "municipality_nl=town"]
    request = ImportRequest(
        "areas",
        tmp_path / "areas.gpkg",
        country="NL",
        mapping=ColumnMapping.read(mapping, None),
        reference_date=date(2024, 1, 1),
    )
    told: list[tuple[str, int, int]] = []
    import_file(
        store,
        DataDirectory(tmp_path / "var"),
        request,
        clock=lambda: datetime(2026, 11, 24, tzinfo=UTC),
        progress=lambda *step: told.append(step),
    )
    assert [step for step in told if step[0] == "draw the map"][-1] == ("draw the map", 10, 10)
    with store.reading() as session:
        releases, plans = (tuple(session.scalars(select(table.id))) for table in (Release, Plan))

    def refuse() -> None:
        pytest.fail("a tile wrote into the store")

    monkeypatch.setattr(store, "writing", refuse)
    expected = {
        Layer.SECTORS: set(columns["code"]),
        Layer.MUNICIPALITIES: {"GM0001", "GM0002"},
        Layer.BUURTEN: {"GM0001-01", "GM0002-01"},
    }
    tile = tile_at(*transform_point(121_500, 480_250, "EPSG:28992", LONLAT), 11)
    for layer, codes in expected.items():
        shown = Shown(layer, releases, plans if layer == Layer.BUURTEN else ())
        assert set(decode(AreaTiles(store).make(shown, tile), layer)) == codes


def test_a_tile_of_nothing_is_empty(store: Store) -> None:
    box = shapely.box(120_000, 480_000, 121_000, 481_000)
    layer = gpd.GeoDataFrame({"code": ["BU1"], "name": ["x"]}, geometry=[box], crs="EPSG:28992")
    shown = put(store, layer, "GM0001")
    assert AreaTiles(store).make(shown, Tile(12, 0, 0)) == b""
    inside = AreaTiles(store).make(shown, tile_at(*transform_point(120_500, 480_500, "EPSG:28992", LONLAT), 12))
    assert list(decode(inside, Layer.BUURTEN)) == ["GM0001-01"]


@given(z=st.integers(0, 22), share=st.tuples(st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True)))
@settings(max_examples=50, deadline=None)
def test_tiles_of_a_zoom_fill_the_square(z: int, share: tuple[float, float]) -> None:
    x, y = (int(part * (1 << z)) for part in share)
    west, south, east, north = Tile(z, x, y).bounds
    assert Tile(z, x + 1, y).bounds[0] == pytest.approx(east, abs=1e-6)
    assert Tile(z, x, y + 1).bounds[3] == pytest.approx(south, abs=1e-6)
    corners = Tile(z, x, y).to_units(np.array([shapely.Point(west, north), shapely.Point(east, south)], dtype=object))
    assert [round(value, 3) for point in corners for value in (point.x, point.y)] == [0, 0, EXTENT, EXTENT]
    Tile(z, x, y).refuse_outside(0, 22)
    for outside in (Tile(z, 1 << z, 0), Tile(z, 0, 1 << z)):
        with pytest.raises(NoSuchTileError, match="columns and rows"):
            outside.refuse_outside(0, 22)
