"""The addresses of one municipality, as arrays: buildings along streets, boxes in buildings, all inside their cell.

Rows become buildings, buildings stand along segments, segments belong to streets; each step is a whole-array
operation, so that a country's 6.5 million addresses are made in minutes.

What real registers do, and these rows too: house numbers odd on one side and even on the other, with gaps, letters,
*bis* and ranges; boxes in each region's own spelling (`0101`, `b002`, `RDC`, `2eET`, `ET01`, `A1`); addresses that are
proposed or retired; Walloon addresses at (0, 0); a street that runs on into the next sector; the same street name
under two postcodes of one municipality.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from data.demo.mesh import Floats, Ints, neighbours
from data.demo.municipalities import Region, allocate
from data.demo.numbering import MAX_BOXES, number_boxes, number_houses
from data.demo.sectors import DemoRegion
from data.demo.streets import draw_names, street_name

Bools = NDArray[np.bool_]

_BUILDINGS_PER_SEGMENT = 36
_FARTHEST_FROM_STREET_M = 9.0
_STATUS_BOUNDS = (0.97, 0.982)
"""Of a hundred addresses 97 are current, one or two proposed, the others retired."""
_NO_POSITION_SHARE = 0.002

_FIRST_ID: Final[dict[Region, int]] = {"BE-VLG": 900_000_000, "BE-WAL": 700_000_000, "BE-BRU": 800_000_000}
"""Identifiers of BeST are unique within a region only; these happen not to overlap."""
STATUS: Final = ("current", "proposed", "retired")


@dataclass(frozen=True, slots=True)
class Streets:
    """The streets of a municipality: one name number and one part (postcode) each."""

    name: Ints
    part: Ints


@dataclass(frozen=True, slots=True)
class Buildings:
    """House numbers: where they stand and what they are called.

    Attributes
    ----------
    cell, street
        Cell of the region, and street of the municipality, of each building.
    house_number
        As written on the door: `12`, `12A`, `12bis`, `12-14`.
    x, y
        EPSG:31370, metres.
    no_position
        Buildings that the register has no position for.
    """

    cell: Ints
    street: Ints
    house_number: pa.Array
    x: Floats
    y: Floats
    no_position: Bools


@dataclass(frozen=True, slots=True)
class TownAddresses:
    """All addresses of one municipality.

    Attributes
    ----------
    town
        Number of the municipality.
    first_id, first_street_id
        Identifier of the first row and of the first street; the others follow one by one.
    streets, buildings
        What the rows refer to.
    building
        Building of each row.
    box
        Box number of each row, null for a house number without.
    status
        Index into `STATUS` of each row.
    dwelling
        Rows in which somebody lives now: current, and not the house number of a building with boxes.
    """

    town: int
    first_id: int
    first_street_id: int
    streets: Streets
    buildings: Buildings
    building: Ints
    box: pa.Array
    status: Ints
    dwelling: Bools


def rows_per_cell(region: DemoRegion, total: int, seed: int) -> Ints:
    """Share the addresses out over the cells: many in the centres, few in the fields, none in some cells."""
    rng = np.random.default_rng([seed, 2])
    cells = region.cells
    bilingual = np.array([town.bilingual for town in region.towns])[cells.town]
    weights = np.exp(rng.normal(0.0, 0.55, cells.count)) * (1.5 - cells.rank) * np.where(bilingual, 1.5, 1.0)
    weights[rng.random(cells.count) < 0.02] = 0.0  # woods, industry, water
    # A town without anybody in its centre would be odd, and the centre carries the examples.
    _, centre = np.unique(cells.town, return_index=True)
    weights[centre] = np.maximum(weights[centre], 1.5)
    return allocate(total, weights)


class TownBuilder:
    """Makes the addresses of one municipality after the other; the order does not matter.

    Parameters
    ----------
    region
        The region.
    rows
        Number of rows of each cell.
    seed
        Seed of the whole demo; every municipality draws from a stream of its own.
    """

    def __init__(self, region: DemoRegion, rows: Ints, seed: int) -> None:
        self._region = region
        self._rows = rows
        self._seed = seed
        mesh, count = region.cells.mesh, region.cells.count
        side = np.concatenate([mesh.left, mesh.right])
        edge = np.tile(np.arange(len(mesh.left)), 2)
        # Only the outer border of a cell bounds its frame, not that of the enclave in it.
        host = np.concatenate([region.cells.host, np.full(len(mesh.seeds) - count, -1)])
        outer = (side < count) & (host[np.concatenate([mesh.right, mesh.left])] != side)
        side, edge = side[outer], edge[outer]
        middle = (mesh.start[edge] + mesh.end[edge]) / 2 - mesh.seeds[side]
        order = np.lexsort([np.arctan2(middle[:, 1], middle[:, 0]), side])
        self._edge = edge[order]
        self._edges_of = np.searchsorted(side[order], np.arange(count + 1))
        self._through = self._through_streets()
        towns = len(region.towns)
        self._rows_of_town = np.bincount(region.cells.town, rows, towns).astype(np.int64)

    def _through_streets(self) -> dict[int, list[tuple[int, int]]]:
        """Per town, pairs of neighbouring cells of one part that a street runs through; no cell comes twice."""
        cells, part = self._region.cells, self._region.part
        pairs = neighbours(cells.mesh, cells.count, min_border_m=60.0)
        pairs = np.unique(pairs, axis=0)
        same = (cells.town[pairs[:, 0]] == cells.town[pairs[:, 1]]) & (part[pairs[:, 0]] == part[pairs[:, 1]])
        alone = np.ones(cells.count, bool)
        alone[cells.host[cells.host >= 0]] = False
        alone[cells.host >= 0] = False
        settled = alone & (self._rows >= 12)
        pairs = pairs[same & settled[pairs].all(axis=1)]
        through: dict[int, list[tuple[int, int]]] = {}
        taken = np.zeros(cells.count, bool)
        for a, b in pairs.tolist():
            if not (taken[a] or taken[b]):
                taken[[a, b]] = True
                through.setdefault(int(cells.town[a]), []).append((a, b))
        return through

    def first_id(self, town: int) -> int:
        """Return the identifier of the first row of a town: the rows of a region are numbered through."""
        region = self._region.towns[town].region
        before = [t for t in range(town) if self._region.towns[t].region == region]
        return _FIRST_ID[region] + int(self._rows_of_town[before].sum())

    def build(self, town: int) -> TownAddresses:
        """Make all addresses of a municipality."""
        rng = np.random.default_rng([self._seed, 3, town])
        region_code = self._region.towns[town].region
        # In Flanders a building with boxes keeps a row of its own; in the other two regions only its boxes have one.
        own_row = region_code == "BE-VLG"
        cells = np.flatnonzero((self._region.cells.town == town) & (self._rows > 0))
        building, building_cell = _group_rows(self._rows[cells], 1.0 - self._region.cells.rank[cells], rng)
        building_cell = cells[building_cell]
        size = np.bincount(building)
        box, box_number = number_boxes(building, size, region_code, own_row=own_row, rng=rng)
        buildings, streets = self._place(town, building_cell, rng)

        status = np.searchsorted(_STATUS_BOUNDS, rng.random(len(building)), side="right")
        shared = size[building] > 1
        status[shared & (box < 0)] = 0
        return TownAddresses(
            town=town,
            first_id=self.first_id(town),
            first_street_id=self.first_id(town),
            streets=streets,
            buildings=buildings,
            building=building,
            box=box_number,
            status=status,
            dwelling=(status == 0) & (~shared | (box >= 0)),
        )

    def _place(self, town: int, cell: Ints, rng: np.random.Generator) -> tuple[Buildings, Streets]:
        """Line the buildings up along segments of streets, and number them."""
        region_code = self._region.towns[town].region
        segment, place, along, segment_cell = _line_up(cell)
        start, end = self._segments(segment_cell, rng)
        numbers = number_houses(segment, place, region_code, rng)

        street = np.arange(len(segment_cell))
        first_segment = {int(c): s for s, c in reversed(list(enumerate(segment_cell.tolist())))}
        last_number = np.zeros(len(segment_cell), np.int64)
        np.maximum.at(last_number, segment, numbers.number)
        onward = np.zeros(len(segment_cell), np.int64)
        for a, b in self._through.get(town, []):
            one, two = first_segment[a], first_segment[b]
            start[one], end[one], start[two], end[two] = self._through_points(a, b)
            street[two] = street[one]
            onward[two] = (last_number[one] + 4) // 2 * 2  # past a range such as 43-45, and on the same side
        _, street = np.unique(street, return_inverse=True)

        clearance = self._region.cells.clearance[cell]
        direction = (end - start)[segment]
        length = np.maximum(np.hypot(direction[:, 0], direction[:, 1]), 1e-9)
        side = np.where(numbers.number % 2, 1.0, -1.0) * np.minimum(clearance, _FARTHEST_FROM_STREET_M) / length
        x = start[segment, 0] + along * direction[:, 0] - side * direction[:, 1]
        y = start[segment, 1] + along * direction[:, 1] + side * direction[:, 0]

        no_position = np.zeros(len(cell), bool)
        if region_code == "BE-WAL":
            no_position = rng.random(len(cell)) < _NO_POSITION_SHARE
            no_position[len(cell) // 2] = True
        buildings = Buildings(cell, street[segment], numbers.text(onward[segment]), x, y, no_position)
        return buildings, self._name_streets(street, segment_cell, rng)

    def _name_streets(self, street: Ints, segment_cell: Ints, rng: np.random.Generator) -> Streets:
        _, first = np.unique(street, return_index=True)
        part = self._region.part[segment_cell[first]]
        name = np.empty(len(first), np.int64)
        for p in np.unique(part):
            members = np.flatnonzero(part == p)
            name[members] = draw_names(len(members), rng)
        return Streets(name, part)

    def _segments(self, cell: Ints, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Draw a street segment across each cell: from somewhere near its border to somewhere opposite."""
        first, count = self._edges_of[cell], np.diff(self._edges_of)[cell]
        one = rng.integers(0, count)
        two = (one + count // 2 + rng.integers(0, 2, len(cell))) % count
        return self._near(cell, first + one, rng), self._near(cell, first + two, rng)

    def _near(self, cell: Ints, half_edge: Ints, rng: np.random.Generator) -> Floats:
        cells = self._region.cells
        edge = self._edge[half_edge]
        t = rng.uniform(0.1, 0.9, len(cell))[:, None]
        pull = rng.uniform(0.55, 1.0, len(cell))[:, None]
        point = cells.mesh.start[edge] * (1 - t) + cells.mesh.end[edge] * t
        seed = cells.mesh.seeds[cell]
        return self._framed(cell, seed + pull * (point - seed))

    def _framed(self, cell: Ints, point: Floats) -> Floats:
        cells = self._region.cells
        moved: Floats = cells.frame_origin[cell] + cells.frame_scale[cell][:, None] * point
        return moved

    def _through_points(self, a: int, b: int) -> tuple[Floats, Floats, Floats, Floats]:
        """Draw a street from the seed of one cell across the border to the seed of the other."""
        mesh = self._region.cells.mesh
        between = np.flatnonzero(((mesh.left == a) & (mesh.right == b)) | ((mesh.left == b) & (mesh.right == a)))[0]
        crossing = (mesh.start[between] + mesh.end[between]) / 2
        cell = np.array([a, a, b, b])
        points = self._framed(cell, np.array([mesh.seeds[a], crossing, crossing, mesh.seeds[b]]))
        return points[0], points[1], points[2], points[3]


def _group_rows(rows: Ints, urbanity: Floats, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Group consecutive rows into buildings: houses, and blocks of flats mostly where it is urban.

    Returns
    -------
    building, cell
        Building of each row, and position in `rows` of the cell of each building.
    """
    total = int(rows.sum())
    cell = np.repeat(np.arange(len(rows)), rows)
    starts = np.zeros(total, bool)
    ends = np.cumsum(2 + np.minimum(rng.geometric(0.16, total // 3 + 1), MAX_BOXES - 2))
    starts[ends[ends < total]] = True
    starts[np.cumsum(rows) - rows] = True
    block = np.cumsum(starts) - 1
    flats = rng.random(int(block[-1]) + 1) < 0.05 + 0.4 * urbanity[cell[starts]]
    starts |= ~flats[block]
    return np.cumsum(starts) - 1, cell[starts]


def _line_up(cell: Ints) -> tuple[Ints, Ints, Floats, Ints]:
    """Cut the buildings of each cell into segments of a few dozen.

    Returns
    -------
    segment, place, along, segment_cell
        Segment of each building, its place there from 0, how far along it stands (0 to 1); cell of each segment.
    """
    _, first, count = np.unique(cell, return_index=True, return_counts=True)
    order = np.repeat(np.arange(len(first)), count)
    segments = -(-count // _BUILDINGS_PER_SEGMENT)
    before = np.cumsum(segments) - segments
    segment = before[order] + (np.arange(len(cell)) - first[order]) * segments[order] // count[order]
    per_segment = np.bincount(segment)
    place = np.arange(len(cell)) - (np.cumsum(per_segment) - per_segment)[segment]
    along = (place + 0.5) / per_segment[segment]
    return segment, place, along, np.repeat(cell[first], segments)


def street_names(addresses: TownAddresses, region: DemoRegion) -> tuple[pa.Array, pa.Array]:
    """Names of a town's streets in Dutch and French; null in a language that the town does not use."""
    town = region.towns[addresses.town]
    names = [street_name(int(number)) for number in addresses.streets.name]
    nl = pa.array([name.nl if town.name_nl else None for name in names], pa.string())
    fr = pa.array([name.fr if town.name_fr else None for name in names], pa.string())
    return nl, fr
