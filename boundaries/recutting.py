"""Cuts a sector again as an older plan had it cut, on borders that may have been drawn a little differently."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import shapely

from boundaries.blocks import Area
from boundaries.cutting import cut_shapes
from boundaries.edit_errors import UncuttableError


@dataclass(frozen=True, slots=True)
class Recut:
    """The parts of a sector, and what their cuts did to the areas around it."""

    parts: Mapping[str, Area]
    """By the older part's code."""
    revertexed: Mapping[str, Area]
    """Areas that have a vertex of the cuts in their border now."""


def cut_again(
    sector: str, parts: Mapping[str, Area], shapes: Mapping[str, Area], *, snap: float, least_share: float
) -> Recut | None:
    """Cut a sector along the lines that were between its older parts.

    The lines are cut along anew, so that the parts tile the sector as it is drawn now, and its neighbours get their
    vertices.

    Parameters
    ----------
    sector
        Its code in `shapes`.
    parts
        The older parts by block code (`25110A00-/2/1`), in the CRS of the shapes.
    shapes
        The sector as it is drawn now, and everything around it.
    snap
        How far a line may be moved to meet a border, in units of the CRS.
    least_share
        Least share of the union of a part and its older one that both must have.

    Returns
    -------
    Recut or None
        None where the lines do not make the same parts.

    Examples
    --------
    >>> parts = {"S/1": shapely.box(0, 0, 40, 100), "S/2": shapely.box(40, 0, 100, 100)}
    >>> recut = cut_again("S", parts, {"S": shapely.box(0, 0, 100, 100.3)}, snap=1.0, least_share=0.9)
    >>> {code: round(part.area, 6) for code, part in recut.parts.items()}
    {'S/1': 4012.0, 'S/2': 6018.0}
    """
    around = dict(shapes)
    pieces = {sector}
    revertexed: dict[str, Area] = {}
    for lines in _cut_lines(parts):
        waiting = lines
        while waiting:
            # A line that ends on another one divides nothing before that one has.
            left = []
            for line in waiting:
                try:
                    cut = cut_shapes(around, pieces, line, snap=snap)
                except UncuttableError:
                    return None
                if not cut.pieces:
                    left.append(line)
                for code, made in cut.pieces.items():
                    del around[code]
                    pieces.remove(code)
                    named = {f"{code}/{number}": piece for number, piece in enumerate(made, start=1)}
                    around |= named
                    pieces |= named.keys()
                around |= cut.revertexed
                revertexed |= {code: shape for code, shape in cut.revertexed.items() if code not in pieces}
            if len(left) == len(waiting):
                break
            waiting = left
    found = _matched({code: around[code] for code in sorted(pieces)}, parts, least_share)
    return None if found is None else Recut(found, revertexed)


def _cut_lines(parts: Mapping[str, Area]) -> Iterator[list[shapely.LineString]]:
    """Give the lines between parts, those of the first cut first: the codes tell which part was cut from which."""
    steps = {code: tuple(code.split("/")) for code in parts}
    for depth in range(2, max(map(len, steps.values())) + 1):
        groups: dict[tuple[str, ...], list[Area]] = defaultdict(list)
        for code in sorted(parts):
            if len(steps[code]) >= depth:
                groups[steps[code][:depth]].append(parts[code])
        borders = {group: shapely.boundary(shapely.union_all(shapes)) for group, shapes in groups.items()}
        lines = []
        for one, other in combinations(borders, 2):
            if one[:-1] == other[:-1]:
                shared = shapely.get_parts(shapely.intersection(borders[one], borders[other]))
                merged = shapely.line_merge(shapely.MultiLineString([part for part in shared if part.length > 0]))
                lines += [line for line in shapely.get_parts(merged) if line.length > 0]
        yield lines


def _matched(pieces: Mapping[str, Area], parts: Mapping[str, Area], least_share: float) -> dict[str, Area] | None:
    codes = sorted(parts)
    olds = np.array([parts[code] for code in codes], dtype=object)
    gathered: dict[str, list[Area]] = {code: [] for code in codes}
    for piece in pieces.values():
        gathered[codes[int(np.argmax(shapely.area(shapely.intersection(olds, piece))))]].append(piece)
    found: dict[str, Area] = {}
    for code, shapes in gathered.items():
        if not shapes:
            return None
        part = shapes[0] if len(shapes) == 1 else shapely.coverage_union_all(shapes)
        if not isinstance(part, shapely.Polygon | shapely.MultiPolygon):
            return None
        both = shapely.intersection(part, parts[code]).area
        if both < least_share * (part.area + parts[code].area - both):
            return None
        found[code] = part
    return found
