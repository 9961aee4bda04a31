"""Checks what every layer of areas must have: a CRS that it keeps to, and polygons in the country."""

from collections.abc import Collection

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from data.tables import Country, SourceError
from geo.crs import LONLAT, transform_points

COUNTRY_BOUNDS: dict[Country, tuple[float, float, float, float]] = {
    "BE": (2.3, 49.4, 6.5, 51.6),
    "NL": (2.5, 50.7, 7.3, 53.8),
}
"""West, south, east, north in degrees, with some kilometres of margin and the territorial sea."""
COUNTRY_NAMES: dict[Country, str] = {"BE": "Belgium", "NL": "the Netherlands"}
MOST_ROWS_TOLD = 5


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
    shapes, rows = require_areas(frame, file, remedy="Import polygons or multipolygons only.")
    _check_country(shapes, rows, crs, country, file)
    return crs


def require_areas(
    frame: gpd.GeoDataFrame, file: str, *, remedy: str
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    """Return the shapes of a layer's rows, each a polygon or a multipolygon, and the rows' numbers from 1.

    Parameters
    ----------
    remedy
        What to do about a row that has another kind of geometry.

    Raises
    ------
    SourceError
        `empty-geometry` or `not-a-polygon`, with the row.
    """
    shapes, rows = frame.geometry.to_numpy(), frame.index.to_numpy() + 1
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if empty.any():
        raise SourceError(
            "empty-geometry",
            f"the geometry is empty ({told_rows(rows[empty])}).",
            file=file,
            row=int(rows[empty][0]),
            remedy="Remove the row, or draw its area.",
        )
    polygons = np.isin(shapely.get_type_id(shapes), (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))
    if not polygons.all():
        raise SourceError(
            "not-a-polygon",
            f"a {shapes[~polygons][0].geom_type} is no area ({told_rows(rows[~polygons])}).",
            file=file,
            row=int(rows[~polygons][0]),
            remedy=remedy,
        )
    return shapes, rows


def told_rows(rows: npt.NDArray[np.int64]) -> str:
    """Name the first of some rows, and how many more there are.

    Examples
    --------
    >>> told_rows(np.array([2, 3]))
    'rows 2, 3'
    """
    told = ", ".join(map(str, rows[:MOST_ROWS_TOLD]))
    more = f" and {len(rows) - MOST_ROWS_TOLD} more" if len(rows) > MOST_ROWS_TOLD else ""
    return f"row{'s' if len(rows) > 1 else ''} {told}{more}"


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


def _check_country(
    shapes: npt.NDArray[np.object_], rows: npt.NDArray[np.int64], crs: str, country: Country, file: str
) -> None:
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
    first = int(np.flatnonzero(outside)[0])
    x, y = bounds[first, :2] if corners[0][first] else bounds[first, 2:]
    place = f"({x:.10g}, {y:.10g})"
    are_degrees = max(abs(x), abs(y)) <= 180
    if np.isfinite((x, y)).all() and pyproj.CRS(crs).is_geographic != are_degrees:
        raise SourceError(
            "wrong-crs",
            f"the layer says {crs}, but its coordinates {place} are {'degrees' if are_degrees else 'metres'} "
            f"({told_rows(rows[outside])}).",
            file=file,
            row=int(rows[first]),
            remedy=f"Say the CRS that the coordinates are in: ogr2ogr -a_srs EPSG:… out.gpkg {file!r}",
        )
    raise SourceError(
        "out-of-country",
        f"coordinates {place} in {crs} lie outside {COUNTRY_NAMES[country]} ({told_rows(rows[outside])}).",
        file=file,
        row=int(rows[first]),
        remedy="Check the CRS that the file states, and the order of its coordinates.",
    )
