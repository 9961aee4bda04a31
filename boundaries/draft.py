"""A plan under edit: blocks that come and go, which buurt each is in, and what every buurt counts, kept up to date.

Whatever an edit does is one `Change`. It is played on the draft, checked, and taken back if it may not stand, so that
an edit that is refused leaves no trace.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import numpy as np
import shapely
from rtree.index import Index

from boundaries.blocks import Area, Block, BlockCounter, Buurt, PlanState
from boundaries.border_graph import BorderGraph
from boundaries.borders import BORDER_TOLERANCE_M
from boundaries.buurt_counts import BuurtCounts, sum_counts
from boundaries.changes import Change
from boundaries.contiguity import Parts, connected_parts, new_parts
from boundaries.edit_errors import DiscontiguousBuurtError, LockedBuurtError, UnknownCodeError
from geo.crs import in_crs_units

Bounds = tuple[float, float, float, float]
"""`min x, min y, max x, max y`."""

_WIDE_OF_DEGREES = 2.0
"""A degree of longitude is shorter than one of latitude: at 60° by half."""
_SAME_AREA = 1e-9
"""Share of an area that a vertex in its border may move, by rounding (`boundaries.cutting`)."""


class Draft:
    """The one owner of a plan's moving state.

    Parameters
    ----------
    state
        Where it starts.
    counter
        Counts the parts of a sector that is cut or joined.
    highest_number
        The highest number that a buurt of this draft ever had, also one that was undone: codes are not used twice.
    """

    def __init__(self, state: PlanState, counter: BlockCounter, *, highest_number: int = 0) -> None:
        self.municipality_code = state.municipality_code
        self.crs = state.crs
        self.counter = counter
        self._blocks = dict(state.blocks)
        self._buurten = dict(state.buurten)
        self._buurt_of = {code: state.buurt_of.get(code) for code in state.blocks}
        self._held: dict[str | None, set[str]] = {code: set() for code in (None, *self._buurten)}
        for code, buurt in self._buurt_of.items():
            self._held[buurt].add(code)
        self._counts = {
            buurt: sum_counts(self._blocks[code].counts for code in codes) for buurt, codes in self._held.items()
        }
        self.highest_number = max([highest_number, *map(_number, self._buurten)])
        codes = list(self._blocks)
        self._ids = {code: position for position, code in enumerate(codes)}
        self._codes = dict(enumerate(codes))
        self._next_id = len(codes)
        boxes = shapely.bounds(np.array([self._blocks[code].shape for code in codes], dtype=object))
        # Loading in one stream packs the tree; an empty stream is refused by the library.
        self._tree = Index((position, box, None) for position, box in enumerate(boxes)) if codes else Index()
        self._borders = BorderGraph({code: self._blocks[code].shape for code in codes}, self.crs)
        self._reach = in_crs_units(BORDER_TOLERANCE_M, self.crs) * _WIDE_OF_DEGREES

    @property
    def state(self) -> PlanState:
        """A copy of the present state; its values are shared, and never change."""
        return PlanState(
            self.municipality_code, self.crs, dict(self._blocks), dict(self._buurten), dict(self._buurt_of)
        )

    @property
    def blocks(self) -> Mapping[str, Block]:
        """The blocks by code, as a view."""
        return MappingProxyType(self._blocks)

    @property
    def buurten(self) -> Mapping[str, Buurt]:
        """The buurten by code, as a view."""
        return MappingProxyType(self._buurten)

    @property
    def buurt_of(self) -> Mapping[str, str | None]:
        """The buurt of every block, as a view."""
        return MappingProxyType(self._buurt_of)

    def block(self, code: str, field: str) -> Block:
        """Return a block.

        Raises
        ------
        UnknownCodeError
            There is none of that code.
        """
        if code not in self._blocks:
            raise UnknownCodeError(f"this draft has no block {code!r}", field, [code])
        return self._blocks[code]

    def buurt(self, code: str, field: str) -> Buurt:
        """Return a buurt.

        Raises
        ------
        UnknownCodeError
            There is none of that code.
        """
        if code not in self._buurten:
            raise UnknownCodeError(f"this draft has no buurt {code!r}", field, [code])
        return self._buurten[code]

    def blocks_of(self, buurt: str | None) -> frozenset[str]:
        """Return the codes of a buurt's blocks; None gives those that are not assigned."""
        return frozenset(self._held.get(buurt, ()))

    def counts_of(self, buurt: str | None) -> BuurtCounts:
        """Return what a buurt counts; None gives the blocks that are not assigned."""
        return self._counts.get(buurt, BuurtCounts())

    def neighbours_of(self, block: str) -> frozenset[str]:
        """Return the blocks that share a border with one; a corner is no border."""
        return frozenset(self._borders.neighbours[block])

    @property
    def borders(self) -> BorderGraph:
        """The measures of the blocks and the borders between them; it follows the draft."""
        return self._borders

    def blocks_near(self, bounds: Bounds) -> list[str]:
        """Return the blocks whose bounding boxes meet one, in the plan's CRS (`min x, min y, max x, max y`)."""
        return sorted(self._codes[int(found)] for found in self._tree.intersection(bounds))

    def block_at(self, x: float, y: float) -> str | None:
        """Return the block at a point in the plan's CRS, on a shared border the one with the lowest code."""
        near = self.blocks_near((x, y, x, y))
        inside = shapely.intersects_xy(np.array([self._blocks[code].shape for code in near], dtype=object), x, y)
        return next((code for code, is_inside in zip(near, inside, strict=True) if is_inside), None)

    def next_unassigned(self, after: str | None = None) -> str | None:
        """Return the first block without a buurt by code, after one if given, and from the start when that is last."""
        waiting = sorted(self._held[None])
        return next((code for code in waiting if after is None or code > after), waiting[0] if waiting else None)

    def parts_of(self, buurt: str) -> list[frozenset[str]]:
        """Return the parts of a buurt that share no border, by falling number of households."""
        return sorted(self._parts(buurt), key=lambda part: (-self._households(part), min(part)))

    def isolated_parts(self) -> dict[str, list[frozenset[str]]]:
        """Return, for every buurt in several parts, all but the part with most households."""
        parts = {code: self.parts_of(code) for code in sorted(self._buurten)}
        return {code: found[1:] for code, found in parts.items() if len(found) > 1}

    def play(self, change: Change) -> None:
        """Carry out a change that was made before: undo, redo, the stored log.

        Raises
        ------
        ValueError
            The draft is not as the change found it. Nothing has changed then.
        """
        self._refuse_other_start(change)
        for code, buurt in change.buurten.items():
            if buurt.after is None:
                del self._buurten[code]
            else:
                self._buurten[code] = buurt.after
                self._held.setdefault(code, set())
                self._counts.setdefault(code, BuurtCounts())
                self.highest_number = max(self.highest_number, _number(code))
        gone = change.blocks.keys() | change.assignments.keys()
        for code in gone & self._blocks.keys():
            self._count(code, -1)
        for code, block in change.blocks.items():
            if block.after is None:
                del self._blocks[code]
                del self._buurt_of[code]
            else:
                self._blocks[code] = block.after
                self._buurt_of.setdefault(code, None)
        for code, assignment in change.assignments.items():
            if code in self._blocks:
                self._buurt_of[code] = assignment.after
        for code in gone & self._blocks.keys():
            self._count(code, 1)
        for emptied in self._held.keys() - self._buurten.keys() - {None}:
            del self._held[emptied], self._counts[emptied]
        self._move_shapes(change)

    def try_out(self, change: Change, *, allow_parts: bool, field: str) -> None:
        """Play a new change, unless it may not stand; the draft is as before then.

        Parameters
        ----------
        change
            What the edit does.
        allow_parts
            Whether a buurt may come to consist of more parts than before.
        field
            The operation's field to blame.

        Raises
        ------
        LockedBuurtError
            It changes which blocks a locked buurt holds, or cuts or joins them.
        DiscontiguousBuurtError
            It leaves a buurt in more parts, and that is not allowed.
        """
        touched = change.touched_buurten()
        for code in sorted(touched & self._buurten.keys()):
            if self._buurten[code].locked:
                raise LockedBuurtError(f"{code} is locked: unlock it first", field, [code])
        before = {code: self._parts(code) for code in touched}
        self.play(change)
        after = {code: self._parts(code) for code in touched & self._buurten.keys()}
        fallen = {code: new_parts(before[code], parts, self._households) for code, parts in after.items()}
        fallen = {code: parts for code, parts in fallen.items() if parts}
        if fallen and not allow_parts:
            self.play(change.inverse())
            raise DiscontiguousBuurtError(fallen, field)

    def _parts(self, buurt: str) -> Parts:
        return connected_parts(self._held.get(buurt, set()), self._borders.neighbours)

    def _households(self, codes: Iterable[str]) -> int:
        return sum(self._blocks[code].counts.households or 0 for code in codes if code in self._blocks)

    def _refuse_other_start(self, change: Change) -> None:
        pairs: list[tuple[Mapping[str, object], Mapping[str, object]]] = [
            (self._blocks, {code: step.before for code, step in change.blocks.items()}),
            (self._buurten, {code: step.before for code, step in change.buurten.items()}),
            (self._buurt_of, {code: step.before for code, step in change.assignments.items()}),
        ]
        for present, expected in pairs:
            for code, value in expected.items():
                if present.get(code) != value:
                    raise ValueError(f"{code} is not as this change found it")

    def _count(self, code: str, times: int) -> None:
        buurt = self._buurt_of[code]
        self._counts[buurt] = self._counts[buurt].plus(self._blocks[code].counts, times)
        if times > 0:
            self._held[buurt].add(code)
        else:
            self._held[buurt].discard(code)

    def _move_shapes(self, change: Change) -> None:
        """Let the tree and the borders follow blocks that came, went or changed their shape."""
        gone: list[str] = []
        come: dict[str, Area] = {}
        revertexed: dict[str, Area] = {}
        for code, (before, after) in change.blocks.items():
            if before is not None and after is not None and after.shape is before.shape:
                continue
            is_relinked = before is None or after is None or not _is_revertexed(before.shape, after.shape)
            if before is not None:
                self._tree.delete(self._ids[code], before.shape.bounds)
                if is_relinked:
                    gone.append(code)
                if after is None:
                    del self._codes[self._ids.pop(code)]
            if after is not None:
                if before is None:
                    self._ids[code], self._codes[self._next_id] = self._next_id, code
                    self._next_id += 1
                self._tree.insert(self._ids[code], after.shape.bounds)
                (come if is_relinked else revertexed)[code] = after.shape
        if gone or come or revertexed:
            near = {found for shape in come.values() for found in self.blocks_near(_wider(shape.bounds, self._reach))}
            self._borders.replace(gone, come, revertexed, near)


def codes_of_sector(draft: Draft, sector_code: str) -> Iterator[str]:
    """Give the codes of a sector's blocks, in order."""
    yield from sorted(code for code, block in draft.blocks.items() if block.sector_code == sector_code)


def _wider(bounds: Bounds, by: float) -> Bounds:
    low_x, low_y, high_x, high_y = bounds
    return low_x - by, low_y - by, high_x + by, high_y + by


def _is_revertexed(before: Area, after: Area) -> bool:
    """Whether a shape has only got vertices in its border, or lost some: its neighbours stay its neighbours."""
    fewer, more = ({tuple(point) for point in shapely.get_coordinates(shape).tolist()} for shape in (before, after))
    same_vertices = fewer <= more or more <= fewer
    return same_vertices and abs(before.area - after.area) <= _SAME_AREA * before.area


def _number(code: str) -> int:
    return int(code.rpartition("-")[2])
