"""Find the sector of a point: exact as GEOS, on every double, at nearly the speed of memory.

A point that several sectors cover, in their inside or on their border, belongs to the one with the lowest code.
"""

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from geo.sector_blocks import locate_block
from geo.sector_edges import gather_edges
from geo.sector_errors import CoordinateError, IndexFileError, LayerError
from geo.sector_file import read_arrays, write_arrays
from geo.sector_frame import Frame
from geo.sector_grid import Grid, build_grid
from geo.sector_kernels import DESCRIPTOR_WORDS, NOT_FINITE, locate_point
from geo.sector_nearest import nearest_sector

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Nearest", "SectorIndex"]

POINTS_PER_TASK = 1 << 18  # a thread's share at a time: memory beside the answers stays below 10 MB a thread
ARRAYS = ("cells", "records", "vertices")
LARGEST_WHOLE = 2**53  # integers up to here are doubles


@dataclass(frozen=True)
class Nearest:
    """The sector nearest to a point.

    Attributes
    ----------
    code
        The sector.
    distance
        From the point to the sector: 0.0 when the sector covers it. In units of a projected layer; in metres
        for a lon/lat layer.
    """

    code: str
    distance: float


@dataclass(frozen=True)
class _Ellipsoid:
    """The figure of the Earth of a lon/lat layer."""

    semi_major: float
    eccentricity_squared: float

    def metres_per_degree(self, latitude: float) -> tuple[float, float]:
        """Give the length of a degree of longitude and of latitude at a latitude, in metres."""
        phi = math.radians(latitude)
        w = 1.0 - self.eccentricity_squared * math.sin(phi) ** 2
        prime_vertical = self.semi_major / math.sqrt(w)
        meridian = prime_vertical * (1.0 - self.eccentricity_squared) / w
        return math.radians(prime_vertical * math.cos(phi)), math.radians(meridian)


class SectorIndex:
    """An exact index of polygons that answers points.

    Make one with `build` or `open`. It never changes, and any number of threads may ask it at once.

    Attributes
    ----------
    codes
        The sectors' codes in ascending order; a position in answers is a place in this sequence.
    crs
        Authority code of the layer's CRS, such as ``EPSG:31370``. All coordinates are in it, x east (or
        longitude) and y north (or latitude).

    Examples
    --------
    >>> import geopandas, shapely
    >>> squares = [shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)]
    >>> sectors = geopandas.GeoDataFrame({"sector_code": ["A", "B"]}, geometry=squares, crs="EPSG:31370")
    >>> index = SectorIndex.build(sectors)
    >>> index.locate(150.0, 50.0)
    'B'
    >>> index.locate(100.0, 50.0)  # on the shared border: the lowest code
    'A'
    >>> index.locate_many([50.0, 150.0, 250.0], [50.0, 50.0, 50.0])
    array([ 0,  1, -1], dtype=int32)
    >>> index.nearest(203.0, 104.0, max_distance=10.0)
    Nearest(code='B', distance=5.0)
    """

    def __init__(self, codes: Sequence[str], crs: str, grid: Grid, ellipsoid: _Ellipsoid | None) -> None:
        self.codes: Sequence[str] = tuple(codes)
        self.crs = crs
        self._grid = grid
        self._arrays = {name: getattr(grid, name) for name in ARRAYS}
        self._ellipsoid = ellipsoid
        frame = grid.frame
        self._descriptor = np.zeros(DESCRIPTOR_WORDS, np.int64)
        self._descriptor[:5] = (
            grid.cells.ctypes.data,
            grid.records.ctypes.data,
            grid.vertices.ctypes.data,
            frame.columns,
            frame.rows,
        )
        self._descriptor[5:13].view(np.float64)[:] = (
            frame.x0,
            frame.y0,
            1.0 / frame.width,
            1.0 / frame.height,
            frame.width,
            frame.height,
            # The last subcell of the last column or row: nothing of the layer comes near it.
            frame.columns - 2.0**-10,
            frame.rows - 2.0**-10,
        )
        self._address = self._descriptor.ctypes.data

    def __reduce__(self) -> tuple[Any, ...]:
        return SectorIndex, (self.codes, self.crs, self._grid, self._ellipsoid)

    def __len__(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        return f"<SectorIndex of {len(self.codes):,} sectors in {self.crs}>"

    @property
    def nbytes(self) -> int:
        """Size of the index's arrays in bytes."""
        return sum(array.nbytes for array in self._arrays.values())

    @classmethod
    def build(cls, sectors: "gpd.GeoDataFrame", code: str = "sector_code") -> "SectorIndex":
        """Index a layer of sectors.

        Sectors may overlap and may leave gaps; a sector may have holes and many parts. The shapes are taken
        as they are, to the last bit.

        Parameters
        ----------
        sectors
            One row a sector: valid polygons or multipolygons, with a CRS that has an authority code. A third
            coordinate is ignored.
        code
            Name of the column with the codes: strings, no two alike.

        Returns
        -------
        SectorIndex
            The index.

        Raises
        ------
        LayerError
            The layer has no rows, no such column or no CRS; a code is missing or doubled; a shape is missing,
            empty, not polygonal or not valid. The message names the sector and the place.
        """
        crs, ellipsoid = _describe_crs(sectors)
        codes, polygons = _sorted_sectors(sectors, code)
        layer = gather_edges(polygons)
        low, high = layer.vertices[:, 1].min(), layer.vertices[:, 1].max()
        stretch = 1.0
        if ellipsoid is not None:
            per_longitude, per_latitude = ellipsoid.metres_per_degree((low + high) / 2.0)
            stretch = per_latitude / max(per_longitude, per_latitude / 16.0)
        try:
            grid = build_grid(layer, len(codes), stretch)
        except OverflowError as error:
            raise LayerError(str(error)) from None
        return cls(codes, crs, grid, ellipsoid)

    def locate(self, x: float, y: float) -> str | None:
        """Give the code of the sector that covers a point, the lowest of several, or None outside.

        Parameters
        ----------
        x, y
            Finite coordinates in the layer's CRS.

        Returns
        -------
        str or None
            The code.

        Raises
        ------
        CoordinateError
            A coordinate is no finite number.
        """
        try:
            # The sums refuse a string, which the call would read as a number.
            position = locate_point(self._address, x + 0.0, y + 0.0)
        except (TypeError, OverflowError):
            raise CoordinateError(f"a point has two numbers for coordinates, not {x!r} and {y!r}") from None
        if position >= 0:
            return self.codes[position]
        if position == NOT_FINITE:
            raise CoordinateError(f"a point has finite coordinates, not ({x}, {y})")
        return None

    def locate_many(self, x: npt.ArrayLike, y: npt.ArrayLike, *, threads: int | None = None) -> npt.NDArray[np.int32]:
        """Give the position in `codes` of the sector of each point, -1 outside: what `locate` says of each.

        Parameters
        ----------
        x, y
            Finite coordinates in the layer's CRS, shape (n,), float64 or whole numbers. Arrays of float64 are
            read in place, also from a memory map; the memory needed beside the answers does not grow with n.
        threads
            How many threads share the work; by default all the processors that the process may use.

        Returns
        -------
        ndarray
            int32, shape (n,).

        Raises
        ------
        CoordinateError
            The arrays differ in shape or have more than one dimension, or hold something else than float64 or
            whole numbers (float32 has lost centimetres of a national grid's coordinates), or a coordinate is
            not finite.
        ValueError
            `threads` is less than 1.
        """
        if threads is None:
            threads = len(os.sched_getaffinity(0))
        elif threads < 1:
            raise ValueError(f"threads must be at least 1, not {threads}")
        xs = _coordinates(x, "x")
        ys = _coordinates(y, "y")
        if xs.shape != ys.shape:
            raise CoordinateError(f"x has shape {xs.shape} and y has shape {ys.shape}")
        positions = np.empty(len(xs), np.int32)

        def fill(start: int) -> None:
            part = slice(start, start + POINTS_PER_TASK)
            x_part = np.require(xs[part], np.float64, ["C", "A"])
            y_part = np.require(ys[part], np.float64, ["C", "A"])
            wrong = locate_block(self._address, x_part, y_part, positions[part])
            if wrong >= 0:
                raise CoordinateError(
                    f"point {start + wrong} has coordinates ({x_part[wrong]}, {y_part[wrong]}), which are not finite"
                )

        starts = range(0, len(xs), POINTS_PER_TASK)
        if threads == 1 or len(starts) <= 1:
            for start in starts:
                fill(start)
        else:
            with ThreadPoolExecutor(min(threads, len(starts)), "sector-index") as pool:
                list(pool.map(fill, starts))
        return positions

    def nearest(self, x: float, y: float, max_distance: float) -> Nearest | None:
        """Give the sector nearest to a point: the one that covers it, or else the one with the nearest border.

        For a point just outside of the coverage: on a quay, or a register's position that is off by metres.
        Of sectors at the same distance the lowest code is given.

        Parameters
        ----------
        x, y
            Finite coordinates in the layer's CRS.
        max_distance
            How far to look: in the layer's units, or in metres for a lon/lat layer. There, distances are
            taken in the plane that touches the ellipsoid at the point's latitude; docs/index-format.md says
            how far they are from geodesics.

        Returns
        -------
        Nearest or None
            None where no sector is within `max_distance`.

        Raises
        ------
        CoordinateError
            A coordinate or the distance is no finite number, or the distance is negative.
        """
        if not 0.0 <= max_distance < math.inf:
            raise CoordinateError(f"max_distance must be finite and not negative, not {max_distance}")
        covering = self.locate(x, y)
        if covering is not None:
            return Nearest(covering, 0.0)
        scale_x, scale_y = (1.0, 1.0) if self._ellipsoid is None else self._ellipsoid.metres_per_degree(y)
        position, distance = nearest_sector(self._address, x, y, max_distance, scale_x, scale_y)
        return Nearest(self.codes[position], distance) if position >= 0 else None

    def save(self, path: Path) -> None:
        """Write the index to one file, which is then complete or absent (never half written).

        Parameters
        ----------
        path
            Where the file will stand. A file that stands there is replaced; who has it open keeps the old one.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        about = {
            "crs": self.crs,
            "ellipsoid": None if self._ellipsoid is None else asdict(self._ellipsoid),
            "frame": self._grid.frame._asdict(),
            "codes": list(self.codes),
        }
        write_arrays(path, about, self._arrays)

    @classmethod
    def open(cls, path: Path) -> "SectorIndex":
        """Open a file that `save` wrote. Processes that open the same file share its memory.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        SectorIndex
            The index, on a read-only memory map.

        Raises
        ------
        IndexFileError
            The file is no sector index, is of another version, or is damaged.
        OSError
            The file cannot be read.
        """
        about, arrays = read_arrays(path)
        try:
            ellipsoid = about["ellipsoid"]
            return cls(
                about["codes"],
                about["crs"],
                Grid(Frame(**about["frame"]), **arrays),
                None if ellipsoid is None else _Ellipsoid(**ellipsoid),
            )
        except (KeyError, TypeError) as error:
            raise IndexFileError(f"{path} lacks a part of a sector index: {error}") from error


def _describe_crs(sectors: "gpd.GeoDataFrame") -> tuple[str, _Ellipsoid | None]:
    """Give the layer's CRS by authority code, and its ellipsoid where coordinates are degrees."""
    crs = sectors.crs
    if crs is None:
        raise LayerError("the sectors have no CRS")
    authority = crs.to_authority()
    if authority is None:
        raise LayerError(f"the sectors' CRS has no authority code: {crs.name}")
    if not crs.is_geographic:
        return ":".join(authority), None
    a = crs.ellipsoid.semi_major_metre
    b = crs.ellipsoid.semi_minor_metre
    return ":".join(authority), _Ellipsoid(a, 1.0 - (b / a) ** 2)


def _sorted_sectors(sectors: "gpd.GeoDataFrame", code: str) -> tuple[list[str], npt.NDArray[np.object_]]:
    """Give codes and shapes by ascending code, after every check."""
    if code not in sectors.columns:
        raise LayerError(f"the sectors have no column {code!r}")
    if len(sectors) == 0:
        raise LayerError("there are no sectors")
    codes = sectors[code].to_numpy(dtype=object)
    for row, value in enumerate(codes):
        if not isinstance(value, str):
            raise LayerError(f"row {row} has the code {value!r}: codes are strings")
    order = sorted(range(len(codes)), key=codes.__getitem__)
    for before, after in pairwise(order):
        if codes[before] == codes[after]:
            raise LayerError(
                f"rows {before} and {after} have the same code {codes[after]!r}: one row a sector, "
                "its parts dissolved into one multipolygon"
            )
    polygons = np.asarray(sectors.geometry.array, dtype=object)[order]
    names = [codes[i] for i in order]
    _check(np.asarray(shapely.is_missing(polygons) | shapely.is_empty(polygons)), names, "has no shape")
    types = shapely.get_type_id(polygons)
    _check((types != 3) & (types != 6), names, "is neither a polygon nor a multipolygon")
    bounds = shapely.bounds(polygons)
    _check(~np.isfinite(bounds).all(axis=1), names, "has a coordinate that is not finite")
    valid = shapely.is_valid(polygons)
    if not valid.all():
        first = int(np.argmin(valid))
        reason = shapely.is_valid_reason(polygons[first])
        raise LayerError(f"sector {names[first]!r} is not a valid shape: {reason}")
    return names, polygons


def _check(wrong: npt.NDArray[np.bool_] | np.bool_, names: Sequence[str], what: str) -> None:
    """Refuse a layer for the first sector that is wrong."""
    if wrong.any():
        raise LayerError(f"sector {names[int(np.argmax(wrong))]!r} {what}")


def _coordinates(values: npt.ArrayLike, name: str) -> npt.NDArray[np.float64]:
    """Give coordinates as float64, where that loses nothing."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise CoordinateError(f"{name} must have one dimension, not the shape {array.shape}")
    if array.dtype.kind == "f" and array.dtype.itemsize == 8:
        return array
    if array.size == 0:
        return np.empty(0)
    if array.dtype.kind in "iu" and array.min() >= -LARGEST_WHOLE and array.max() <= LARGEST_WHOLE:
        return array.astype(np.float64)
    raise CoordinateError(f"{name} must be float64 (or whole numbers up to 2**53), not {array.dtype}")
