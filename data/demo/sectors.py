"""Statistical sectors of the demo region: an exact coverage of wiggly shapes, with codes and names."""

import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from data.demo.cells import Cells, lay_cells
from data.demo.mesh import Ints, neighbours, rings, wiggle
from data.demo.municipalities import DemoSize, Municipality, municipalities, postcodes, town_centres
from data.demo.streets import quarter_names

_LETTERS: Final = string.ascii_uppercase[:-1]  # Z is for people who cannot be placed in a sector
_CODES_PER_LETTER: Final = 1_100


@dataclass(frozen=True, slots=True)
class Sectors:
    """All sectors, in the order of their codes.

    Attributes
    ----------
    code, name_nl, name_fr
        One string per sector.
    town
        Number of the municipality of each sector.
    geometry
        Polygons and multipolygons, EPSG:31370; together an exact coverage.
    """

    code: list[str]
    name_nl: list[str]
    name_fr: list[str]
    town: Ints
    geometry: NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class DemoRegion:
    """What stands before any address is made.

    Attributes
    ----------
    towns
        The municipalities; everything else refers to them by position.
    cells
        Where addresses can be placed.
    sector
        The sector of each cell.
    part
        The part of its town (a postcode, a letter in the sector's code) of each cell.
    postcode
        Per town, the postcode of each of its parts.
    sectors
        The sectors.
    """

    towns: list[Municipality]
    cells: Cells
    sector: Ints
    part: Ints
    postcode: list[list[str]]
    sectors: Sectors


def build_region(size: DemoSize, seed: int) -> DemoRegion:
    """Lay out municipalities, cells and sectors.

    Raises
    ------
    RuntimeError
        When the result is not one region of that many sectors without gap, overlap or invalid ring. It is checked
        every time.
    """
    rng = np.random.default_rng([seed, 1])
    centres, ghosts = town_centres(size.municipalities, rng)
    towns = municipalities(size, centres, rng)
    centres = np.array([town.centre for town in towns])
    # As many sectors of two cells as enclaves, so that there are as many sectors as the towns were given cells.
    specials = min(max(1, size.sectors // 1_000), len(towns))
    cells = lay_cells(centres, [town.sectors for town in towns], ghosts, specials, rng)
    part, parts = _parts(cells, centres, rng)
    sector_of = _join_pairs(cells, part, specials)
    shapes = _shapes(cells, sector_of, rng)
    sectors, order = _name(cells, towns, sector_of, part, shapes=shapes, rng=rng)
    position = np.empty(len(order), np.int64)
    position[order] = np.arange(len(order))
    region = DemoRegion(
        towns=towns,
        cells=cells,
        sector=position[sector_of],
        part=part,
        postcode=postcodes(parts, [town.region for town in towns]),
        sectors=sectors,
    )
    _check(sectors, size)
    return region


def _parts(cells: Cells, centres: NDArray[np.float64], rng: np.random.Generator) -> tuple[Ints, list[int]]:
    """Cut each town like a cake into two parts, a very large one into more, a small one not at all."""
    sizes = np.bincount(cells.town, minlength=len(centres))
    parts = np.clip(sizes // 12, 1, 2) + np.minimum(sizes // 200, 22)
    seeds = cells.mesh.seeds[: cells.count] - centres[cells.town]
    turn = rng.uniform(0, 1, len(centres))[cells.town]
    angle = (np.arctan2(seeds[:, 1], seeds[:, 0]) / (2 * np.pi) + turn) % 1
    part = np.minimum((angle * parts[cells.town]).astype(np.int64), parts[cells.town] - 1)
    inside = cells.host >= 0
    part[inside] = part[cells.host[inside]]
    # A slice without cells would be a postcode without addresses: number the slices anew, one by one.
    keys, compact = np.unique(cells.town * 100 + part, return_inverse=True)
    first = np.searchsorted(keys // 100, np.arange(len(centres)))
    return compact.ravel() - first[cells.town], np.bincount(keys // 100, minlength=len(centres)).tolist()


def _join_pairs(cells: Cells, part: Ints, count: int) -> Ints:
    """Give each cell a sector; `count` times, two cells with one other cell between them share one."""
    pairs = neighbours(cells.mesh, cells.count)
    beside: list[set[int]] = [set() for _ in range(cells.count)]
    for a, b in pairs.tolist():
        beside[a].add(b)
        beside[b].add(a)
    busy = set(cells.host[cells.host >= 0].tolist()) | set(np.flatnonzero(cells.host >= 0).tolist())
    sector = np.arange(cells.count)
    used_towns: set[int] = set()
    for a in sorted(set(range(cells.count)) - busy, key=lambda cell: (-cells.rank[cell], cell)):
        if len(used_towns) == count:
            break
        same = {b for b in beside[a] if cells.town[b] == cells.town[a]} - busy
        second = sorted(
            c
            for b in same
            for c in beside[b] - beside[a] - {a} - busy
            if cells.town[c] == cells.town[a] and part[c] == part[a]
        )
        if second and cells.town[a] not in used_towns:
            sector[second[0]] = sector[a]
            used_towns.add(int(cells.town[a]))
    _, numbered = np.unique(sector, return_inverse=True)
    return numbered.ravel()


def _shapes(cells: Cells, sector: Ints, rng: np.random.Generator) -> NDArray[np.object_]:
    """Polygon or multipolygon of each sector."""
    mesh = cells.mesh
    borders = wiggle(mesh, rng)
    side = np.concatenate([mesh.left, mesh.right])
    edge = np.tile(np.arange(len(mesh.left)), 2)
    other = np.concatenate([mesh.right, mesh.left])
    host = np.concatenate([cells.host, np.full(len(mesh.seeds) - cells.count, -1)])
    hole_edge = host[other] == side  # the border of an enclave, seen from the cell around it
    outer = (side < cells.count) & ~hole_edge
    shells, _ = rings(mesh, borders, edge[outer], side[outer], mesh.seeds[side[outer]])
    shapes = np.asarray(shapely.polygons(shells), dtype=object)
    for enclave in np.flatnonzero(cells.host >= 0):
        around = cells.host[enclave]
        shapes[around] = shapely.polygons(shells[around], [shells[enclave]])
    count = int(sector.max()) + 1
    merged = np.empty(count, dtype=object)
    merged[sector] = shapes
    for double in np.flatnonzero(np.bincount(sector, minlength=count) > 1):
        merged[double] = shapely.multipolygons(shapes[sector == double])
    return shapely.normalize(merged)


def _name(
    cells: Cells,
    towns: list[Municipality],
    sector_of: Ints,
    part: Ints,
    *,
    shapes: NDArray[np.object_],
    rng: np.random.Generator,
) -> tuple[Sectors, Ints]:
    """Give codes and names; returns the sectors in the order of their codes, and that order."""
    count = len(shapes)
    _, first_cell = np.unique(sector_of, return_index=True)
    town, rank, part_of = cells.town[first_cell], cells.rank[first_cell], part[first_cell]
    codes, nl, fr = ([""] * count for _ in range(3))
    free: dict[int, int] = {}
    for t in range(len(towns)):
        members = np.flatnonzero(town == t)
        members = members[np.lexsort([rank[members], part_of[members]])]
        number = dict.fromkeys(range(len(_LETTERS)), 0)
        for member, name in zip(members.tolist(), quarter_names(len(members), rng), strict=True):
            letter = int(part_of[member])
            codes[member] = _sector_code(towns[t].code, letter, number[letter])
            number[letter] += 1
            nl[member] = (name.nl if towns[t].name_nl else name.fr).upper()
            fr[member] = (name.fr if towns[t].name_fr else name.nl).upper()
        free[t] = number[0]
    for here, there in _moved(cells, sector_of, town, max(1, len(towns) // 20)):
        codes[here] = _sector_code(towns[there].code, 0, free[there])
        free[there] += 1
    order = np.array(sorted(range(count), key=codes.__getitem__))
    return Sectors(
        code=[codes[i] for i in order],
        name_nl=[nl[i] for i in order],
        name_fr=[fr[i] for i in order],
        town=town[order],
        geometry=shapes[order],
    ), order


def _sector_code(town: str, letter: int, number: int) -> str:
    """NIS5, a letter, two digits and `-`; past 99 the last place counts the hundreds.

    Examples
    --------
    >>> _sector_code("99001", 0, 7), _sector_code("99001", 1, 107)
    ('99001A07-', '99001B070')
    """
    hundreds, number = divmod(number, 100)
    return f"{town}{_LETTERS[letter]}{number:02d}{hundreds - 1 if hundreds else '-'}"


def _moved(cells: Cells, sector_of: Ints, town: Ints, count: int) -> Iterator[tuple[int, int]]:
    """Sectors that keep the code of the neighbouring municipality that they once belonged to (one per town)."""
    done: set[int] = set()
    for a, b in neighbours(cells.mesh, cells.count).tolist():
        here, there = int(sector_of[b]), int(town[sector_of[a]])
        if town[here] != there and town[here] not in done and there not in done and cells.rank[b] > 0.5:
            done |= {int(town[here]), there}
            yield here, there
            if len(done) >= 2 * count:
                return


def _check(sectors: Sectors, size: DemoSize) -> None:
    if len(sectors.code) != size.sectors:
        raise RuntimeError("No town has room for a sector in two parts: choose another seed.")
    valid = shapely.is_valid(sectors.geometry)
    if not valid.all():
        raise RuntimeError(f"Sector {sectors.code[int(np.argmin(valid))]} has an invalid ring: choose another seed.")
    if not shapely.coverage_is_valid(sectors.geometry):
        raise RuntimeError("The sectors overlap or leave gaps: choose another seed.")
    outline = shapely.get_parts(shapely.coverage_union_all(sectors.geometry))
    if len(outline) != 1 or shapely.get_num_interior_rings(outline[0]):
        raise RuntimeError("The region has a gap in it: choose another seed.")
