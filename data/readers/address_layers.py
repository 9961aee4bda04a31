"""Streams the addresses of a GeoPackage's layers as Arrow batches, with a point for each."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import pyproj
import shapely

from data.readers.archives import open_zip, unpacked
from data.readers.layers import gdal_errors
from data.readers.text_streams import CountBytes
from data.tables import SourceError

LAYER_ENDING = ".gpkg"
ROWS_PER_READ = 65_536


@dataclass(frozen=True, slots=True)
class AddressLayer:
    """A layer of a GeoPackage, which may be in a zip."""

    path: Path
    name: str
    names: tuple[str, ...]
    """Its columns, but for the shape."""
    rows: int
    size: int
    """Bytes that `batches` tells of: the file's, shared out over its layers by their rows."""
    stated_crs: str | None

    @property
    def label(self) -> str:
        """Name for messages."""
        return f"{self.path.name}, layer {self.name}"

    def crs(self, allowed: Sequence[str]) -> str:
        """Return the authority code of the CRS.

        Raises
        ------
        SourceError
            `wrong-crs`: there is none, or it is not allowed.
        """
        epsg = pyproj.CRS(self.stated_crs).to_epsg(min_confidence=25) if self.stated_crs else None
        code = f"EPSG:{epsg}"
        if code not in allowed:
            raise SourceError(
                "wrong-crs",
                f"the layer is in {code if epsg else 'no known CRS'}; it should be {' or '.join(allowed)}.",
                file=self.label,
                remedy=f"Convert it: ogr2ogr -t_srs {allowed[0]} out.gpkg {self.path.name!r}",
            )
        return code

    def batches(self, columns: list[str], shape: tuple[str, str], count_bytes: CountBytes) -> Iterator[pa.RecordBatch]:
        """Give the rows of some columns, and the coordinates of each shape in two more.

        An area gives a point inside it. A row without a shape has null coordinates.

        Raises
        ------
        SourceError
            `unreadable-layer`: the file is damaged.
        """
        read = 0
        with ExitStack() as stack:
            file = stack.enter_context(_opened(self.path))
            stack.enter_context(_layer_errors(file))
            meta, reader = stack.enter_context(
                pyogrio.open_arrow(file, layer=self.name, columns=columns, batch_size=ROWS_PER_READ, use_pyarrow=True)
            )
            geometry = meta["geometry_name"] or "wkb_geometry"
            for batch in reader:
                points = _points(batch.column(geometry))
                coordinates = [pa.array(values, from_pandas=True) for values in (points[:, 0], points[:, 1])]
                yield pa.RecordBatch.from_arrays(
                    [*(batch.column(name) for name in columns), *coordinates], names=[*columns, *shape]
                )
                read += batch.num_rows
                count_bytes(self.size * batch.num_rows // max(self.rows, 1))
        if read != self.rows:
            raise SourceError(
                "unreadable-layer",
                f"it announces {self.rows} rows and gives {read}.",
                file=self.label,
                remedy="Check that the download is complete.",
            )


def address_layers(path: Path, *, prefer: Sequence[str]) -> list[AddressLayer]:
    """Return the layers of a GeoPackage that hold addresses; none where the file is no GeoPackage.

    Parameters
    ----------
    path
        Any file.
    prefer
        Names of layers: those that there are, else the only one.

    Raises
    ------
    SourceError
        `ambiguous-layer`, `no-geometry`, `unreadable-layer`, or the archive's own.
    """
    if not _is_layer(path):
        return []
    with _opened(path) as file, _layer_errors(file):
        present = [str(name) for name, _geometry in pyogrio.list_layers(file)]
        chosen = [name for name in present if name.lower() in prefer] or present
        if len(chosen) > 1 and chosen == present and chosen[0].lower() not in prefer:
            raise SourceError(
                "ambiguous-layer",
                f"the file has the layers {', '.join(present)}, and none of {', '.join(prefer)}.",
                file=path.name,
                remedy="Import a file with the layer of addresses alone.",
            )
        infos = {name: pyogrio.read_info(file, layer=name, force_feature_count=True) for name in chosen}
        size = file.stat().st_size
    total = sum(int(info["features"]) for info in infos.values())
    for name, info in infos.items():
        if info["geometry_type"] is None:
            raise SourceError(
                "no-geometry", f"layer {name} has no shapes.", file=path.name, remedy="Import a layer, not a table."
            )
    return [_layer(path, name, info, size, total) for name, info in infos.items()]


def _layer(path: Path, name: str, info: dict[str, Any], size: int, total: int) -> AddressLayer:
    rows = int(info["features"])
    fields = tuple(str(field) for field in info["fields"])
    return AddressLayer(path, name, fields, rows, size * rows // max(total, 1), info["crs"])


def _is_layer(path: Path) -> bool:
    if path.suffix.lower() != ".zip":
        return path.suffix.lower() == LAYER_ENDING
    with open_zip(path) as archive:
        return any(_is_member(Path(name)) for name in archive.namelist())


def _is_member(name: Path) -> bool:
    return name.suffix.lower() == LAYER_ENDING and not name.name.startswith("._")


@contextmanager
def _opened(path: Path) -> Iterator[Path]:
    with unpacked(path) as place:
        files = [file for file in sorted(place.rglob("*")) if _is_member(file)] if place.is_dir() else [place]
        if len(files) != 1:
            raise SourceError(
                "ambiguous-layer",
                f"the archive should hold one GeoPackage, and holds {', '.join(file.name for file in files)}.",
                file=path.name,
                remedy="Unpack it and import the extract's own file.",
            )
        yield files[0]


@contextmanager
def _layer_errors(file: Path) -> Iterator[None]:
    """Tell what GDAL and its Arrow stream raise on a damaged file as an error of the file."""
    try:
        with gdal_errors(file):
            yield
    except (pa.ArrowInvalid, RuntimeError, OSError, shapely.GEOSException) as error:
        raise SourceError(
            "unreadable-layer",
            f"the layer cannot be read ({str(error).splitlines()[0]}).",
            file=file.name,
            remedy="Check that the download is complete.",
        ) from error


def _points(shapes: pa.Array) -> np.typing.NDArray[np.float64]:
    """Return a point for each shape, NaN where there is none."""
    geometry = shapely.from_wkb(np.asarray(shapes.to_numpy(zero_copy_only=False), dtype=object))
    geometry[shapely.is_empty(geometry)] = None
    areas = ~shapely.is_missing(geometry) & (shapely.get_type_id(geometry) != shapely.GeometryType.POINT)
    geometry[areas] = shapely.point_on_surface(geometry[areas])
    return np.column_stack([shapely.get_x(geometry), shapely.get_y(geometry)])
