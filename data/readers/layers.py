"""Opens a layer of areas in any format that official publishers use, and checks what every layer must have."""

import re
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from data.readers.archives import TEXT_ENDINGS, check_utf8, unpacked
from data.readers.shapefiles import check_shapefile, stated_or_utf8
from data.tables import Country, SourceError, SourceFacts
from geo.crs import LONLAT, transform_points

PARQUET_ENDINGS = (".parquet", ".geoparquet")
LAYER_ENDINGS = (".gpkg", *PARQUET_ENDINGS, ".sqlite", ".fgb", ".geojson", ".json", ".shp")
"""What is looked for in an archive. Publishers pack one map in several formats: the first of these is read."""

COUNTRY_BOUNDS: dict[Country, tuple[float, float, float, float]] = {
    "BE": (2.3, 49.4, 6.5, 51.6),
    "NL": (2.5, 50.7, 7.3, 53.8),
}
"""West, south, east, north in degrees, with some kilometres of margin and the territorial sea."""
COUNTRY_NAMES: dict[Country, str] = {"BE": "Belgium", "NL": "the Netherlands"}
MOST_ROWS_TOLD = 5


@dataclass(frozen=True)
class AreasRead:
    """A layer of areas, as read."""

    sectors: gpd.GeoDataFrame
    """With the columns of `data.tables.SECTOR_COLUMNS`, in the file's CRS."""
    facts: SourceFacts
    counts: pd.DataFrame | None = None
    """Counts per area where the layer carries them: `data.tables.COUNT_COLUMNS`."""


def read_layer(path: Path, *, layer: str | None = None, prefer: str | None = None) -> gpd.GeoDataFrame:
    """Read a layer from GeoParquet or from any one file that GDAL reads, or from a zip with one of them.

    Parameters
    ----------
    path
        The file.
    layer
        Name of the layer, where there are several.
    prefer
        Regular expression: where an archive has several files or a file several layers, those whose name it finds.

    Returns
    -------
    GeoDataFrame
        All columns, in the file's order and CRS; shapes without a third coordinate. The index counts the file's rows
        from 0, and messages about a row rely on it.

    Raises
    ------
    SourceError
        `unreadable-layer`, `ambiguous-layer`, `invalid-geometry`, `not-utf-8`, `no-geometry`, `empty-file`, or one of
        `data.readers.archives`.
    """
    with unpacked(path) as place:
        file = _only_layer_file(place, path, prefer) if place.is_dir() else place
        if file.suffix.lower() in TEXT_ENDINGS:
            check_utf8(file)
        frame = _read_parquet(file) if file.suffix.lower() in PARQUET_ENDINGS else _read_gdal(file, layer, prefer)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise SourceError(
            "no-geometry", "the layer has no geometry.", file=path.name, remedy="Import a layer, not a table."
        )
    if frame.empty:
        raise SourceError("empty-file", "the layer has no rows.", file=path.name, remedy="Check the download.")
    frame = frame.reset_index(drop=True)
    return frame.set_geometry(shapely.force_2d(frame.geometry.to_numpy()), crs=frame.crs)


def check_layer(frame: gpd.GeoDataFrame, *, country: Country, allowed: Collection[str], file: str) -> str:
    """Check a layer's CRS and that every row is an area in the country.

    Parameters
    ----------
    frame
        As `read_layer` gives it.
    country
        Where its areas should lie.
    allowed
        Authority codes of the accepted CRS.
    file
        Name of the file, for messages.

    Returns
    -------
    str
        Authority code of the CRS, one of those allowed.

    Raises
    ------
    SourceError
        `wrong-crs`, `empty-geometry`, `not-a-polygon` or `out-of-country`, with the row.
    """
    crs = _crs_code(frame, allowed, file)
    shapes = frame.geometry.to_numpy()
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if empty.any():
        raise SourceError(
            "empty-geometry",
            f"the geometry is empty ({_rows(empty)}).",
            file=file,
            row=int(np.flatnonzero(empty)[0]) + 1,
            remedy="Remove the row, or draw its area.",
        )
    polygons = np.isin(shapely.get_type_id(shapes), (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))
    if not polygons.all():
        row = int(np.flatnonzero(~polygons)[0])
        raise SourceError(
            "not-a-polygon",
            f"a {shapes[row].geom_type} is no area ({_rows(~polygons)}).",
            file=file,
            row=row + 1,
            remedy="Import polygons or multipolygons only.",
        )
    _check_country(shapes, crs, country, file)
    return crs


@contextmanager
def gdal_errors(file: Path) -> Iterator[None]:
    """Tell GDAL's errors as errors of the file.

    Raises
    ------
    SourceError
        `unreadable-layer`.
    """
    try:
        yield
    except (DataSourceError, DataLayerError) as error:
        raise _unreadable(file, str(error).splitlines()[0]) from error


def reference_date_of(text: str | None) -> date | None:
    """Return the day of `2024`, `20240101`, `2024-01-01`, `01/01/2024` or a longer text that begins so, else None.

    Examples
    --------
    >>> reference_date_of("2024"), reference_date_of("2026-11-01 00:00:00")
    (datetime.date(2024, 1, 1), datetime.date(2026, 11, 1))
    """
    if match := re.match(r"(\d{2})/(\d{2})/((?:19|20)\d{2})(?!\d)", text or ""):
        parts: tuple[str | None, ...] = match.groups()[::-1]
    elif match := re.match(r"((?:19|20)\d{2})(?:-?(\d{2}))?(?:-?(\d{2}))?(?!\d)", text or ""):
        parts = match.groups()
    else:
        return None
    try:
        return date(*(int(part) if part else 1 for part in parts))
    except ValueError:
        return None


def _only_layer_file(folder: Path, path: Path, prefer: str | None) -> Path:
    files = [
        file
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in LAYER_ENDINGS and file.is_file() and not file.name.startswith("._")
    ]
    chosen = [file for file in files if prefer and re.search(prefer, file.stem, re.IGNORECASE)] or files
    if chosen:
        first = min(LAYER_ENDINGS.index(file.suffix.lower()) for file in chosen)
        chosen = [file for file in chosen if file.suffix.lower() == LAYER_ENDINGS[first]]
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(file.name for file in chosen) or "nothing that is one"
    raise SourceError(
        "ambiguous-layer",
        f"the archive should hold one layer, and holds {names}.",
        file=path.name,
        remedy="Unpack it and import the layer's own file.",
    )


def _read_parquet(file: Path) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(file)
    except (pa.ArrowException, ValueError, OSError, shapely.GEOSException) as error:
        raise _unreadable(file, f"it is no GeoParquet: {str(error).splitlines()[0]}") from error


def _read_gdal(file: Path, layer: str | None, prefer: str | None) -> gpd.GeoDataFrame | pd.DataFrame:
    if file.suffix.lower() == ".shp":
        check_shapefile(file)
    with gdal_errors(file):
        names = [str(name) for name, _geometry in pyogrio.list_layers(file)]
        if layer is not None and layer not in names:
            raise SourceError(
                "ambiguous-layer",
                f"no layer {layer!r}; there are {', '.join(names)}.",
                file=file.name,
                remedy="Name one of these.",
            )
        chosen = [layer] if layer is not None else names
        if len(chosen) > 1 and prefer is not None:
            chosen = [name for name in names if re.search(prefer, name, re.IGNORECASE)]
        if len(chosen) != 1:
            raise SourceError(
                "ambiguous-layer",
                f"the file has the layers {', '.join(names)}.",
                file=file.name,
                remedy="Name one with --layer (source areas), or import a file with one layer.",
            )
        try:
            frame = _read_dataframe(file, chosen[0])
        except UnicodeDecodeError as error:
            raise SourceError(
                "not-utf-8",
                "its texts are not in the encoding that the file states.",
                file=file.name,
                remedy="For a shapefile, add a .cpg file that names the encoding, such as 1252.",
            ) from error
        except shapely.GEOSException as error:
            raise _broken_shape(file, chosen[0], error) from error
        # A damaged file may end early without any error of GDAL's; most formats say how many rows to expect.
        expected = pyogrio.read_info(file, layer=chosen[0])["features"]
    if expected not in (-1, len(frame)):
        raise _unreadable(file, f"it announces {expected} rows and gives {len(frame)}")
    return frame


def _read_dataframe(file: Path, layer: str) -> gpd.GeoDataFrame | pd.DataFrame:
    with warnings.catch_warnings():
        # Statbel's shapefiles have measures beside heights; neither is used.
        warnings.filterwarnings("ignore", message=".*[Mm]easured")
        return pyogrio.read_dataframe(file, layer=layer, encoding=stated_or_utf8(file))


def _broken_shape(file: Path, layer: str, error: shapely.GEOSException) -> SourceError:
    """Return the error for a shape that GEOS cannot hold at all, with its row."""
    _meta, _ids, shapes, _columns = pyogrio.raw.read(file, layer=layer, columns=[])
    broken = ~shapely.is_missing(shapes) & shapely.is_missing(shapely.from_wkb(shapes, on_invalid="ignore"))
    return SourceError(
        "invalid-geometry",
        f"the geometry cannot be read: {error} ({_rows(broken)}).",
        file=file.name,
        row=int(np.flatnonzero(broken)[0]) + 1,
        remedy="Give each ring at least four points, the last equal to the first.",
    )


def _unreadable(file: Path, reason: str) -> SourceError:
    return SourceError(
        "unreadable-layer",
        f"the layer cannot be read ({reason}).",
        file=file.name,
        remedy="Check that the download is complete and of a format that the source names.",
    )


def _crs_code(frame: gpd.GeoDataFrame, allowed: Collection[str], file: str) -> str:
    names = " or ".join(sorted(allowed))
    if frame.crs is None:
        raise SourceError(
            "wrong-crs",
            f"the layer does not say its CRS; it should be {names}.",
            file=file,
            remedy=f"If it is {sorted(allowed)[0]}: ogr2ogr -a_srs {sorted(allowed)[0]} out.gpkg {file!r}",
        )
    crs = pyproj.CRS(frame.crs).to_2d()
    # CRS84 is EPSG:4326 with longitude first, as every file has it. Shapefiles carry ESRI's spelling of a CRS, which
    # PROJ recognises with less than full confidence.
    epsg = 4326 if crs.to_authority() == ("OGC", "CRS84") else crs.to_epsg(min_confidence=25)
    code = f"EPSG:{epsg}" if epsg is not None else None
    if code is None or code not in allowed:
        raise SourceError(
            "wrong-crs",
            f"the layer is in {code or crs.name}; it should be {names}.",
            file=file,
            remedy=f"Convert it: ogr2ogr -t_srs {sorted(allowed)[0]} out.gpkg {file!r}",
        )
    return code


def _check_country(shapes: npt.NDArray[np.object_], crs: str, country: Country, file: str) -> None:
    bounds = shapely.bounds(shapes)
    west, south, east, north = COUNTRY_BOUNDS[country]
    corners = []
    for x, y in ((bounds[:, 0], bounds[:, 1]), (bounds[:, 2], bounds[:, 3])):
        lon, lat = transform_points(x, y, crs, LONLAT)
        # Written so that NaN and infinity are outside.
        corners.append(~((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)))
    outside = corners[0] | corners[1]
    if not outside.any():
        return
    row = int(np.flatnonzero(outside)[0])
    x, y = bounds[row, :2] if corners[0][row] else bounds[row, 2:]
    place = f"({x:.10g}, {y:.10g})"
    are_degrees = max(abs(x), abs(y)) <= 180
    if np.isfinite((x, y)).all() and pyproj.CRS(crs).is_geographic != are_degrees:
        raise SourceError(
            "wrong-crs",
            f"the layer says {crs}, but its coordinates {place} are {'degrees' if are_degrees else 'metres'} "
            f"({_rows(outside)}).",
            file=file,
            row=row + 1,
            remedy=f"Say the CRS that the coordinates are in: ogr2ogr -a_srs EPSG:… out.gpkg {file!r}",
        )
    raise SourceError(
        "out-of-country",
        f"coordinates {place} in {crs} lie outside {COUNTRY_NAMES[country]} ({_rows(outside)}).",
        file=file,
        row=row + 1,
        remedy="Check the CRS that the file states, and the order of its coordinates.",
    )


def _rows(which: npt.NDArray[np.bool_]) -> str:
    rows = np.flatnonzero(which) + 1
    told = ", ".join(map(str, rows[:MOST_ROWS_TOLD]))
    more = f" and {len(rows) - MOST_ROWS_TOLD} more" if len(rows) > MOST_ROWS_TOLD else ""
    return f"row{'s' if len(rows) > 1 else ''} {told}{more}"
