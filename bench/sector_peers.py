"""What else can tell in which sector a point lies, each in its best form: the peers of the sector index.

A peer is prepared with the sectors beforehand, gets new points, and is timed for its pairs of point and sector.
That includes what it must do anew for each batch, such as an index over the points, and leaves out the reading
of its answer into numpy and the choice of the lowest of several sectors.
"""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_spatial
import geopandas as gpd
import numpy as np
import numpy.typing as npt
import psycopg
import pyarrow as pa
import rtree
import sedonadb
import shapely
from shapely.prepared import prep

__all__ = ["Batch", "Timed", "bulk_peers", "postgis_cluster", "scalar_peers"]

POSTGIS = Path(__file__).resolve().parent.parent / "scripts" / "postgis"
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """Sectors in ascending order of their codes, and points."""

    sectors: gpd.GeoDataFrame
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]

    def lowest(self, points: npt.ArrayLike, sectors: npt.ArrayLike) -> Positions:
        """Turn pairs into the lowest position of each point, -1 where it has none."""
        none = len(self.sectors)
        lowest = np.full(len(self.x), none)
        np.minimum.at(lowest, np.asarray(points), np.asarray(sectors))
        return np.where(lowest == none, -1, lowest)


@dataclass(frozen=True)
class Timed:
    """A peer's seconds and its answers."""

    seconds: float
    positions: Positions


def shapely_points_tree(batch: Batch) -> Timed:
    """Index the points, and query them with the polygons, which GEOS prepares."""
    points = shapely.points(batch.x, batch.y)
    start = time.perf_counter()
    sector, point = shapely.STRtree(points).query(batch.sectors.geometry.array, predicate="covers")
    return Timed(time.perf_counter() - start, batch.lowest(point, sector))


def shapely_sectors_tree(batch: Batch) -> Timed:
    """Index the polygons, and query them with the points."""
    tree = shapely.STRtree(batch.sectors.geometry.array)
    points = shapely.points(batch.x, batch.y)
    start = time.perf_counter()
    point, sector = tree.query(points, predicate="covered_by")
    return Timed(time.perf_counter() - start, batch.lowest(point, sector))


def geopandas_sjoin(batch: Batch) -> Timed:
    """Join the sectors with the points (faster than the points with the sectors)."""
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(batch.x, batch.y, crs=batch.sectors.crs))
    sectors = batch.sectors[["geometry"]]
    start = time.perf_counter()
    joined = sectors.sjoin(points, predicate="covers")
    return Timed(time.perf_counter() - start, batch.lowest(joined["index_right"], joined.index))


def duckdb_spatial(batch: Batch) -> Timed:
    """Join with DuckDB's spatial join, on two threads; its extension comes from a package, not from the net."""
    extension = next(Path(duckdb_extension_spatial.__file__).parent.glob("extensions/*/spatial.duckdb_extension"))
    with duckdb.connect(config={"threads": 2, "allow_unsigned_extensions": "true"}) as connection:
        connection.execute(f"LOAD '{extension}'")
        connection.register("s", pa.table({"wkb": shapely.to_wkb(batch.sectors.geometry.array)}))
        connection.register("p", pa.table({"x": batch.x, "y": batch.y}))
        connection.execute(
            "create table sector as select row_number() over () - 1 as position, ST_GeomFromWKB(wkb) as geom from s"
        )
        connection.execute("create table point as select row_number() over () - 1 as id, ST_Point(x, y) as geom from p")
        start = time.perf_counter()
        # ST_Intersects is the same for a point, and faster here than ST_Covers.
        connection.execute(
            "create table pair as select id, position from point join sector on ST_Intersects(sector.geom, point.geom)"
        )
        seconds = time.perf_counter() - start
        pairs = connection.execute("select id, position from pair").fetchnumpy()
    return Timed(seconds, batch.lowest(pairs["id"], pairs["position"]))


def sedonadb_join(batch: Batch) -> Timed:
    """Join with SedonaDB, on all the processors that it takes."""
    session = sedonadb.connect()
    position = np.arange(len(batch.sectors))
    sectors = gpd.GeoDataFrame({"position": position}, geometry=batch.sectors.geometry.array, crs=batch.sectors.crs)
    points = gpd.GeoDataFrame(
        {"id": np.arange(len(batch.x))}, geometry=gpd.points_from_xy(batch.x, batch.y, crs=batch.sectors.crs)
    )
    session.create_data_frame(sectors).to_memtable().to_view("sector")
    session.create_data_frame(points).to_memtable().to_view("point")
    start = time.perf_counter()
    joined = session.sql(
        "select point.id, sector.position from point join sector on ST_Covers(sector.geometry, point.geometry)"
    )
    pairs = pa.RecordBatchReader.from_stream(joined).read_all()
    return Timed(time.perf_counter() - start, batch.lowest(pairs["id"], pairs["position"]))


@contextmanager
def postgis_cluster() -> Iterator[psycopg.Connection]:
    """Start a private PostGIS for the time of the block."""
    with tempfile.TemporaryDirectory(prefix="buurtwijzer-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        place = Path(folder) / "pg"
        started = subprocess.run([POSTGIS, "start", place], capture_output=True, text=True, check=True)
        try:
            with psycopg.connect(started.stdout.strip().replace("+psycopg", ""), autocommit=True) as connection:
                yield connection
        finally:
            subprocess.run([POSTGIS, "remove", place], check=True)


def postgis_join(connection: psycopg.Connection, batch: Batch) -> Timed:
    """Join with the points indexed and the polygons outside, which PostGIS prepares one after another."""
    cursor = connection.cursor()
    cursor.execute("drop table if exists sector, point, pair")
    cursor.execute("create unlogged table sector (position int, geom geometry)")
    with cursor.copy("copy sector from stdin") as copy:
        for position, wkb in enumerate(shapely.to_wkb(batch.sectors.geometry.array, hex=True)):
            copy.write_row((position, wkb))
    cursor.execute("create unlogged table point (id int, geom geometry)")
    with cursor.copy("copy point from stdin") as copy:
        for begin in range(0, len(batch.x), 100_000):
            some = slice(begin, begin + 100_000)
            wkb = shapely.to_wkb(shapely.points(batch.x[some], batch.y[some]), hex=True)
            copy.write("".join(f"{begin + i}\t{text}\n" for i, text in enumerate(wkb)))
    cursor.execute("analyze sector")
    start = time.perf_counter()
    cursor.execute("create index on point using gist (geom)")
    cursor.execute("analyze point")
    cursor.execute(
        "create unlogged table pair as select id, position from sector join point on ST_Covers(sector.geom, point.geom)"
    )
    seconds = time.perf_counter() - start
    cursor.execute("select array_agg(id), array_agg(position) from pair")
    [(points, positions)] = cursor.fetchall()
    cursor.execute("create index on sector using gist (geom)")
    cursor.execute("analyze sector")
    return Timed(seconds, batch.lowest(points, positions))


def bulk_peers(connection: psycopg.Connection | None) -> dict[str, Callable[[Batch], Timed]]:
    """Name the peers that answer many points, PostGIS among them where there is a connection."""
    peers: dict[str, Callable[[Batch], Timed]] = {
        "SedonaDB": sedonadb_join,
        "geopandas.sjoin": geopandas_sjoin,
        "shapely STRtree over the points": shapely_points_tree,
        "DuckDB spatial": duckdb_spatial,
        "shapely STRtree over the sectors": shapely_sectors_tree,
    }
    if connection is not None:
        peers["PostGIS, points indexed"] = lambda batch: postgis_join(connection, batch)
    return peers


def scalar_peers(
    connection: psycopg.Connection | None, sectors: gpd.GeoDataFrame
) -> dict[str, Callable[[float, float], int | None]]:
    """Name the peers that answer one point; PostGIS must have had its bulk run, which left it the sectors."""
    shapes = sectors.geometry.array
    tree = shapely.STRtree(shapes)
    boxes = shapely.bounds(shapes)
    index = rtree.index.Index((i, tuple(box), None) for i, box in enumerate(boxes))
    prepared = [prep(shape) for shape in shapes]

    def by_strtree(x: float, y: float) -> int | None:
        found = tree.query(shapely.Point(x, y), predicate="covered_by")
        return int(found.min()) if len(found) else None

    def by_rtree(x: float, y: float) -> int | None:
        point = shapely.Point(x, y)
        return min((i for i in index.intersection((x, y, x, y)) if prepared[i].covers(point)), default=None)

    peers: dict[str, Callable[[float, float], int | None]] = {
        "shapely STRtree": by_strtree,
        "rtree, prepared polygons": by_rtree,
    }
    if connection is None:
        return peers
    cursor = connection.cursor()

    def by_postgis(x: float, y: float) -> int | None:
        cursor.execute(
            "select min(position) from sector where ST_Covers(geom, ST_MakePoint(%s, %s))", (x, y), prepare=True
        )
        row: Any = cursor.fetchone()
        return row[0]

    return peers | {"PostGIS, one query a point": by_postgis}
