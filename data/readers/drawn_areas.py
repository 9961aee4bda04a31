"""Reads areas that were drawn elsewhere, in any format and CRS: a municipality's own wijken, as named polygons."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from pyproj.exceptions import CRSError

from boundaries.blocks import Area
from boundaries.tiling import NOTABLE_AREA_M2, UnrepairableShapeError, find_overlaps, repair_shapes
from data.readers.columns import as_names, missing_columns
from data.readers.layer_checks import require_areas, told_rows
from data.readers.layers import read_layer
from data.readers.mapping import ColumnMapping
from data.tables import LANGUAGES, Finding, SourceError
from geo.crs import authority_code, transform_shapes

TARGETS = ("name", *(f"name_{language}" for language in LANGUAGES))
"""`name` is in the municipality's own language."""
MOST_AREAS = 500
_MOST_FINDINGS = 50


@dataclass(frozen=True, slots=True)
class DrawnAreas:
    """Areas by key, in the CRS that was asked for."""

    shapes: Mapping[str, Area]
    """The key is the name, or says which row it is where there is none."""
    names: Mapping[str, Mapping[str, str | None]]
    """By key and language."""
    findings: tuple[Finding, ...]
    """Repairs, and areas that overlap."""


def read_drawn_areas(
    path: Path,
    mapping: ColumnMapping,
    *,
    crs: str,
    within: Area,
    language: str,
    stated_crs: str | None = None,
    layer: str | None = None,
    repair: bool = False,
) -> DrawnAreas:
    """Read areas; rows of the same name are one area.

    Parameters
    ----------
    path
        Any layer that `data.readers.layers.read_layer` reads.
    mapping
        Columns by `TARGETS`; at least one of them.
    crs
        Authority code of the CRS to convert to.
    within
        Where at least one area must lie: the municipality, in `crs`.
    language
        Of the target `name`.
    stated_crs
        What the coordinates are in, where the file does not say it or is wrong about it.
    layer
        Name of the layer, where there are several.
    repair
        Whether invalid areas are read as GEOS repairs them, and not refused.

    Raises
    ------
    SourceError
        `wrong-crs`, `empty-geometry`, `not-a-polygon`, `invalid-geometry`, `missing-column`, `too-many-areas`,
        `elsewhere`, or one of `read_layer`.
    MappingError
        A target means nothing.
    """
    mapping.check_targets(TARGETS)
    frame = read_layer(path, layer=layer)
    file = path.name
    names = _names(frame, mapping, language, file)
    shapes, _ = require_areas(frame, file, remedy="Give polygons or multipolygons only.")
    source = _source_crs(frame, stated_crs, file)
    shapes, findings = _valid(shapes, source, file, repair=repair)
    moved = transform_shapes(shapes, source, crs)
    _refuse_elsewhere(moved, within, source, file)
    gathered: dict[str, list[int]] = {}
    for row, of_row in enumerate(names):
        named = next((of_row[each] for each in (language, *LANGUAGES) if of_row[each]), None)
        gathered.setdefault(named or f"row {row + 1}", []).append(row)
    if len(gathered) > MOST_AREAS:
        raise SourceError(
            "too-many-areas",
            f"there are {len(gathered):,} areas of different names; a plan has at most {MOST_AREAS} buurten.",
            file=file,
            remedy="Map a column that several rows share as the name: they become one area.",
        )
    joined = {key: _joined(moved[rows], file, rows) for key, rows in gathered.items()}
    findings += _overlaps(joined, crs)
    return DrawnAreas(joined, {key: names[rows[0]] for key, rows in gathered.items()}, tuple(findings))


def _names(frame: gpd.GeoDataFrame, mapping: ColumnMapping, language: str, file: str) -> list[dict[str, str | None]]:
    columns = [str(column) for column in frame.columns if column != frame.geometry.name]
    if not mapping:
        raise missing_columns({"name": ("give -c name=COLUMN",)}, columns, file)
    if absent := {target: (column,) for target, column in mapping.columns.items() if column not in columns}:
        raise missing_columns(absent, columns, file)
    names: list[dict[str, str | None]] = [dict.fromkeys(LANGUAGES) for _ in range(len(frame))]
    for target, column in sorted(mapping.columns.items()):
        of = language if target == "name" else target.removeprefix("name_")
        for row, name in enumerate(as_names(frame[column])):
            names[row][of] = name if name is None else name[:200]
    for target, value in mapping.constants.items():
        for of_row in names:
            of_row[language if target == "name" else target.removeprefix("name_")] = value
    return names


def _source_crs(frame: gpd.GeoDataFrame, stated: str | None, file: str) -> str:
    try:
        crs = frame.crs if stated is None else pyproj.CRS(stated)
    except CRSError as error:
        raise SourceError("wrong-crs", f"{stated!r} is no CRS.", file=file, remedy="Say --crs EPSG:….") from error
    if crs is None:
        raise SourceError(
            "wrong-crs",
            "the layer does not say its CRS.",
            file=file,
            remedy="Say it: --crs EPSG:31370 (Lambert 72), EPSG:28992 (RD New), EPSG:4326 (degrees) …",
        )
    # A municipality's own CRS may have no code; PROJ's own description of it serves as well.
    return authority_code(crs.to_2d()) or str(crs.to_2d().to_wkt())


def _valid(
    shapes: npt.NDArray[np.object_], crs: str, file: str, *, repair: bool
) -> tuple[npt.NDArray[np.object_], list[Finding]]:
    invalid = ~shapely.is_valid(shapes)
    if not invalid.any():
        return shapes, []
    rows = np.flatnonzero(invalid) + 1
    reason = f"{shapely.is_valid_reason(shapes[invalid][0])} ({told_rows(rows)})"
    if not repair:
        raise SourceError(
            "invalid-geometry",
            f"the area is not valid: {reason}.",
            file=file,
            row=int(rows[0]),
            remedy="Correct the drawing, or read it with --repair.",
        )
    try:
        repairs = repair_shapes(shapes, crs)
    except UnrepairableShapeError as error:
        raise SourceError("empty-geometry", f"{error}.", file=file, remedy="Remove or redraw that area.") from error
    shapes = shapes.copy()
    findings = []
    for found in repairs:
        shapes[found.position] = found.repaired
        message = f"repaired ({found.reason}): {found.area_before_m2:,.0f} m² became {found.area_after_m2:,.0f} m²."
        findings.append(Finding("invalid-geometry", message, row=found.position + 1, area_m2=found.area_after_m2))
    return shapes, findings


def _refuse_elsewhere(shapes: npt.NDArray[np.object_], within: Area, crs: str, file: str) -> None:
    bounds = shapely.bounds(shapes)
    if not np.isfinite(bounds).all():
        row = int(np.flatnonzero(~np.isfinite(bounds).all(axis=1))[0]) + 1
        raise SourceError(
            "wrong-crs",
            f"the coordinates are none of {_short(crs)}: they have no place on the map.",
            file=file,
            row=row,
            remedy="Say what they are in: --crs EPSG:….",
        )
    shapely.prepare(within)
    if not (shapely.area(shapely.intersection(shapes, within)) > 0).any():
        west, south, east, north = (float(each) for each in within.bounds)
        x, y = (float(each) for each in (bounds[:, 0].min(), bounds[:, 1].min()))
        raise SourceError(
            "elsewhere",
            f"no area lies in the municipality: read as {_short(crs)} they begin at ({x:.6g}, {y:.6g}), and the "
            f"municipality lies in ({west:.6g}, {south:.6g}) to ({east:.6g}, {north:.6g}), both in the sectors' CRS.",
            file=file,
            remedy="Check the municipality and the CRS: --crs EPSG:….",
        )


def _short(crs: str) -> str:
    return crs if len(crs) < 40 else pyproj.CRS(crs).name


def _joined(shapes: npt.NDArray[np.object_], file: str, rows: list[int]) -> Area:
    joined = shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)
    polygons = [part for part in shapely.get_parts(joined) if part.geom_type == "Polygon" and part.area > 0]
    if not polygons or not joined.is_valid:
        # Converted to another CRS, a sliver can collapse or fold.
        raise SourceError(
            "invalid-geometry",
            "the area is not valid in the sectors' CRS.",
            file=file,
            row=rows[0] + 1,
            remedy="Redraw or remove it.",
        )
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _overlaps(areas: Mapping[str, Area], crs: str) -> list[Finding]:
    keys = list(areas)
    overlaps = [
        each
        for each in find_overlaps(np.array(list(areas.values()), dtype=object), crs)
        if each.area_m2 >= NOTABLE_AREA_M2
    ]
    found = [
        Finding("overlap", f"{keys[each.left]} and {keys[each.right]} overlap.", area_m2=each.area_m2)
        for each in overlaps[:_MOST_FINDINGS]
    ]
    if rest := overlaps[_MOST_FINDINGS:]:
        total = sum(each.area_m2 for each in rest)
        found.append(Finding("overlap", f"{len(rest)} more pairs overlap.", area_m2=total, count=len(rest)))
    return found
