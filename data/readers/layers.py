"""Opens a layer of areas in any format that official publishers use, in an archive or not."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from data.readers.archives import TEXT_ENDINGS, check_utf8, unpacked
from data.readers.layer_checks import told_rows
from data.readers.shapefiles import check_shapefile, stated_or_utf8
from data.tables import SourceError

PARQUET_ENDINGS = (".parquet", ".geoparquet")
LAYER_ENDINGS = (".gpkg", *PARQUET_ENDINGS, ".sqlite", ".fgb", ".geojson", ".json", ".shp")
"""What is looked for in an archive. Publishers pack one map in several formats: the first of these is read."""


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
    given = np.array([shape is not None for shape in shapes])
    rows = np.flatnonzero(given & shapely.is_missing(shapely.from_wkb(shapes, on_invalid="ignore"))) + 1
    return SourceError(
        "invalid-geometry",
        f"the geometry cannot be read: {error} ({told_rows(rows)}).",
        file=file.name,
        row=int(rows[0]),
        remedy="Give each ring at least four points, the last equal to the first.",
    )


def _unreadable(file: Path, reason: str) -> SourceError:
    return SourceError(
        "unreadable-layer",
        f"the layer cannot be read ({reason}).",
        file=file.name,
        remedy="Check that the download is complete and of a format that the source names.",
    )
