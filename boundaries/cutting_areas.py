"""Cuts sectors along the borders of areas that were drawn elsewhere, so that each piece lies in one of them.

All borders are noded together and made into faces, and a piece is made of faces: two pieces share their border vertex
for vertex by construction, as grown areas do (`boundaries.growing`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely

from boundaries.assigning import Assignment, assign_by_overlap
from boundaries.blocks import Area
from boundaries.borders import share_borders
from boundaries.overlaps import Shapes, area_array
from geo.crs import in_crs_units

CUT_SNAP_M = 5.0
"""How far a drawn border may be moved to a sector's: what two publishers draw of one street differs by metres."""


@dataclass(frozen=True, slots=True)
class CutAssignment:
    """Blocks of sectors that were cut along areas."""

    blocks: Mapping[str, tuple[Area, str | None]]
    """By block code, the shape and the key of an area; None where no area has enough of it."""
    assignment: Assignment
    """Of the blocks: what differs still."""


def assign_by_cutting(
    sectors: Mapping[str, Area],
    areas: Mapping[str, Area],
    crs: str,
    *,
    at_least: float = 0.5,
    snap_m: float = CUT_SNAP_M,
) -> CutAssignment:
    """Cut sectors along the areas' borders, and give every piece to the area that has most of it.

    Parameters
    ----------
    sectors
        By code, valid; those of a municipality.
    areas
        By key, valid; they need not tile.
    crs
        Authority code of both.
    at_least
        Least share of a piece that must lie in an area.
    snap_m
        Borders nearer than this to a sector's are taken to be that; no piece is narrower on average.

    Returns
    -------
    CutAssignment
        The blocks of a sector tile it, and the neighbours have the vertices of its cuts. What lies in several areas
        is in the first of them.

    Raises
    ------
    ValueError
        `at_least` is out of its range.
    InvalidAreaError
        A shape is invalid or no area.

    Examples
    --------
    >>> sectors = {"S1": shapely.box(0, 0, 100, 100), "S2": shapely.box(100, 0, 200, 100)}
    >>> areas = {"Noord": shapely.box(0, 60, 202, 103), "Zuid": shapely.box(-3, 0, 200, 60)}
    >>> made = assign_by_cutting(sectors, areas, "EPSG:31370")
    >>> [(code, shape.area, area) for code, (shape, area) in made.blocks.items()][:2]
    [('S1/1', 4000.0, 'Noord'), ('S1/2', 6000.0, 'Zuid')]
    """
    of_sectors, of_areas = area_array(sectors, "sector"), area_array(areas, "area")
    faces = _faces(of_sectors, of_areas)
    sector, area = _lowest(faces, of_sectors), _lowest(faces, of_areas)
    codes = list(sectors)
    snap = in_crs_units(snap_m, crs)
    pieces: dict[str, Area] = {}
    for place, code in enumerate(codes):
        of_area: dict[int, list[Area]] = {}
        for face in np.flatnonzero(sector == place):
            of_area.setdefault(int(area[face]), []).append(faces[face])
        kept = _without_slivers({k: _joined(parts) for k, parts in of_area.items()}, snap)
        for number, k in enumerate(sorted(kept), start=1):
            pieces[code if len(kept) == 1 else f"{code}/{number}"] = kept[k]
    pieces = _with_needed_vertices(pieces, of_sectors)
    assignment = assign_by_overlap(pieces, areas, crs, at_least)
    return CutAssignment({code: (pieces[code], assignment.buurt_of[code]) for code in sorted(pieces)}, assignment)


def _faces(sectors: Shapes, areas: Shapes) -> Shapes:
    """Node all borders together, once, and return the faces between them: whatever is made of faces tiles."""
    lines = shapely.union_all([*shapely.boundary(sectors), *shapely.boundary(areas)])
    return np.asarray(shapely.get_parts(shapely.polygonize([lines])))


def _lowest(faces: Shapes, shapes: Shapes) -> npt.NDArray[np.int64]:
    """Return the lowest position of the shapes that hold each face, and their number where none does."""
    found = np.full(len(faces), len(shapes), dtype=np.int64)
    face, shape = shapely.STRtree(shapes).query(shapely.point_on_surface(faces), predicate="intersects")
    np.minimum.at(found, face, shape)
    return found


def _without_slivers(parts: dict[int, Area], snap: float) -> dict[int, Area]:
    """Give the pieces that are narrower than the snapping distance to the piece with the longest border beside.

    What a joined piece measures is summed, and shapes are joined once: grown areas make thousands of slivers.
    """
    polygons, owner = shapely.get_parts(np.array(list(parts.values()), dtype=object), return_index=True)
    area, perimeter = shapely.area(polygons).tolist(), shapely.length(polygons).tolist()
    shared = share_borders(polygons, np.array([], dtype=object))
    beside: list[dict[int, float]] = [
        dict(zip(shared.neighbours[start:end].tolist(), shared.length_m[start:end].tolist(), strict=True))
        for start, end in pairwise(shared.starts.tolist())
    ]
    members = [[k] for k in range(len(polygons))]
    for k in np.argsort(2 * shapely.area(polygons) / shapely.length(polygons), kind="stable").tolist():
        if 2 * area[k] > snap * perimeter[k] or not beside[k]:
            continue
        into = max(beside[k], key=lambda other: (beside[k][other], -other))
        area[into] += area[k]
        perimeter[into] += perimeter[k] - 2 * beside[k][into]
        members[into] += members[k]
        members[k] = []
        for other, length in beside[k].items():
            del beside[other][k]
            if other != into:
                beside[other][into] = beside[into][other] = beside[into].get(other, 0.0) + length
    left: dict[int, list[Area]] = {}
    for k, gathered in enumerate(members):
        left.setdefault(list(parts)[owner[k]], []).extend(polygons[gathered])
    return {key: _joined(shapes) for key, shapes in left.items() if shapes}


def _with_needed_vertices(pieces: dict[str, Area], sectors: Shapes) -> dict[str, Area]:
    """Leave out the vertices that noding put into borders where nothing was cut in the end, on both sides alike."""
    needed = {tuple(at) for at in shapely.get_coordinates(sectors).tolist()}
    by_sector: dict[str, list[Area]] = {}
    for code, shape in pieces.items():
        by_sector.setdefault(code.split("/")[0], []).append(shape)
    for shapes in by_sector.values():
        seen: set[tuple[float, ...]] = set()
        for shape in shapes if len(shapes) > 1 else []:
            own = {tuple(at) for at in shapely.get_coordinates(shape).tolist()}
            needed |= seen & own
            seen |= own

    def thinned(ring: shapely.LinearRing) -> list[tuple[float, ...]]:
        points = [tuple(at) for at in shapely.get_coordinates(ring).tolist()]
        kept = [at for at in points[:-1] if at in needed]
        return [*kept, kept[0]] if len(kept) > 2 else points

    made: dict[str, Area] = {}
    for code, shape in pieces.items():
        parts = [
            shapely.Polygon(thinned(part.exterior), [thinned(ring) for ring in part.interiors])
            for part in shapely.get_parts(shape)
        ]
        made[code] = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return made


def _joined(shapes: list[Area]) -> Area:
    joined = shapes[0] if len(shapes) == 1 else shapely.coverage_union_all(np.array(shapes, dtype=object))
    assert isinstance(joined, shapely.Polygon | shapely.MultiPolygon)  # noqa: S101 -- areas have an area
    return joined
