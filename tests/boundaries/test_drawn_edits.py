"""Edits that cut: blocks along a line, buurten in two, a border moved, parts joined, and all of it undone."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.blocks import Area, Block, BlockCounts, Buurt, PlanState
from boundaries.changes import Change
from boundaries.draft import Draft
from boundaries.edit_errors import EditError, LineCutsNothingError, LockedBuurtError, NotJoinableError, NotOnBorderError
from boundaries.editing import apply
from boundaries.operations import (
    AssignBlocks,
    CreateBuurt,
    CutBlocks,
    JoinBlocks,
    LockBuurt,
    MergeBuurten,
    Operation,
    Position,
    ReshapeBorder,
    SplitBuurt,
)
from geo.crs import LONLAT, transform_point
from households.apportionment import apportion

X, Y, SIDE, CRS = 150_000.0, 170_000.0, 100.0, "EPSG:31370"


class ByArea:
    """Shares the households and dwellings of a sector over its parts by area."""

    def __init__(self, counts: BlockCounts) -> None:
        self.counts = counts

    def count(self, sector_code: str, parts: Sequence[Area]) -> Sequence[BlockCounts]:  # noqa: ARG002 -- the protocol
        weights = {f"{place:04d}": part.area for place, part in enumerate(parts)}
        shares = [apportion(total or 0, weights).values() for total in (self.counts.households, self.counts.dwellings)]
        return [BlockCounts(*each) for each in zip(*shares, strict=True)]


COUNTS = BlockCounts(101, 121)


def grid_state(columns: int = 4, rows: int = 3) -> PlanState:
    """Squares of 100 m; the left half is M-01 and the right half M-02."""
    blocks, buurt_of = {}, {}
    for row in range(rows):
        for column in range(columns):
            code = f"S{row}{column}"
            x, y = X + SIDE * column, Y + SIDE * row
            blocks[code] = Block(code, code, shapely.box(x, y, x + SIDE, y + SIDE), COUNTS)
            buurt_of[code] = "M-01" if column < columns // 2 else "M-02"
    return PlanState("M", CRS, blocks, {code: Buurt(code, {"nl": code}) for code in ("M-01", "M-02")}, buurt_of)


@pytest.fixture
def draft() -> Draft:
    return Draft(grid_state(), ByArea(COUNTS))


def drawn(*places: tuple[float, float]) -> tuple[Position, ...]:
    """Positions of places that are given in units of a square."""
    return tuple(transform_point(X + SIDE * x, Y + SIDE * y, CRS, LONLAT) for x, y in places)


def assert_tiles(draft: Draft, area: float) -> None:
    shapes = np.array([block.shape for block in draft.blocks.values()], dtype=object)
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(area, rel=1e-12)


def assert_counts(draft: Draft, sectors: Iterable[str]) -> None:
    for sector in sectors:
        of_sector = [block.counts for block in draft.blocks.values() if block.sector_code == sector]
        assert sum(counts.households or 0 for counts in of_sector) == COUNTS.households
    assert sum(draft.counts_of(buurt).dwellings for buurt in (None, *draft.buurten)) == 121 * len(set(sectors))


def test_a_cut_keeps_the_tiling_the_counts_and_the_buurten(draft: Draft) -> None:
    change = apply(draft, CutBlocks(blocks=("S10",), line=drawn((-0.5, 1.4), (1.5, 1.4))))
    assert {"S10/1", "S10/2"} <= set(draft.blocks)
    assert draft.buurt_of["S10/1"] == draft.buurt_of["S10/2"] == "M-01"
    assert [draft.blocks[code].counts.households for code in ("S10/1", "S10/2")] == [40, 61]
    assert len(shapely.get_coordinates(draft.blocks["S11"].shape)) == 6
    assert draft.neighbours_of("S11") == {"S01", "S10/1", "S10/2", "S12", "S21"}
    assert_tiles(draft, 12 * SIDE**2)
    assert_counts(draft, grid_state().blocks)
    draft.play(Change.from_json(change.as_json()).inverse())
    assert draft.state == grid_state()
    assert draft.neighbours_of("S11") == {"S01", "S10", "S12", "S21"}


def test_a_line_without_blocks_cuts_all_that_it_crosses(draft: Draft) -> None:
    apply(draft, CutBlocks(line=drawn((-0.5, 1.5), (4.5, 1.5))))
    assert len(draft.blocks) == 16
    assert_tiles(draft, 12 * SIDE**2)


def test_a_part_is_cut_again_and_its_sector_joined(draft: Draft) -> None:
    apply(draft, CutBlocks(blocks=("S10",), line=drawn((-0.5, 1.4), (1.5, 1.4))))
    apply(draft, CutBlocks(blocks=("S10/2",), line=drawn((0.5, 1.2), (0.5, 2.5))))
    assert {"S10/1", "S10/2/1", "S10/2/2"} <= set(draft.blocks)
    assert_counts(draft, grid_state().blocks)
    apply(draft, AssignBlocks(blocks=("S10/1",), buurt="M-02", allow_parts=True))
    with pytest.raises(NotJoinableError, match="M-01, M-02"):
        apply(draft, JoinBlocks(sector="S10"))
    apply(draft, AssignBlocks(blocks=("S10/1",), buurt="M-01"))
    apply(draft, JoinBlocks(sector="S10"))
    assert set(draft.blocks) == set(grid_state().blocks)
    assert draft.blocks["S10"].counts == COUNTS
    assert_tiles(draft, 12 * SIDE**2)


def test_a_split_by_a_line_gives_the_side_with_fewer_households(draft: Draft) -> None:
    apply(draft, SplitBuurt(buurt="M-01", line=drawn((-0.5, 0.7), (2.5, 0.7)), names={"nl": "Zuid"}))
    assert draft.blocks_of("M-03") == {"S00/1", "S01/1"}
    assert draft.buurten["M-03"].names == {"nl": "Zuid", "fr": None, "de": None}
    # The other buurt is not cut, only its border gets the vertex.
    assert {"S02", "S03"} <= set(draft.blocks)
    assert_tiles(draft, 12 * SIDE**2)


def test_a_split_along_official_borders_cuts_nothing(draft: Draft) -> None:
    apply(draft, SplitBuurt(buurt="M-01", line=drawn((-0.5, 1.0), (2.5, 1.003))))
    assert draft.blocks_of("M-03") == {"S00", "S01"}
    assert set(draft.blocks) == set(grid_state().blocks)


def test_a_split_by_a_polygon_gives_what_lies_inside(draft: Draft) -> None:
    ring = drawn((0.5, -0.5), (1.5, -0.5), (1.5, 1.5), (0.5, 1.5))
    apply(draft, SplitBuurt(buurt="M-01", polygon=ring))
    inside = shapely.union_all([draft.blocks[code].shape for code in draft.blocks_of("M-03")])
    assert inside.area == pytest.approx(1.5 * SIDE**2, rel=1e-5)
    assert_tiles(draft, 12 * SIDE**2)


def test_a_border_is_moved_to_a_line_in_both_directions(draft: Draft) -> None:
    line = drawn((2.0, 0.0), (2.4, 0.8), (1.7, 1.8), (2.0, 3.0))
    apply(draft, ReshapeBorder(left="M-01", right="M-02", line=line))
    area = {
        buurt: sum(draft.blocks[code].shape.area for code in draft.blocks_of(buurt)) / SIDE**2
        for buurt in draft.buurten
    }
    moved = shapely.Polygon([(0, 0), (2.0, 0.0), (2.4, 0.8), (1.7, 1.8), (2.0, 3.0), (0, 3)]).area
    assert area["M-01"] == pytest.approx(moved, rel=1e-4)
    assert area["M-01"] + area["M-02"] == pytest.approx(12)
    assert_tiles(draft, 12 * SIDE**2)
    assert_counts(draft, grid_state().blocks)


@pytest.mark.parametrize(
    ("operation", "error", "field"),
    [
        (CutBlocks(line=drawn((10, 10), (11, 11))), LineCutsNothingError, "line"),
        (CutBlocks(blocks=("S00",), line=drawn((0.2, 0.2), (0.8, 0.8))), LineCutsNothingError, "line"),
        (SplitBuurt(buurt="M-01", line=drawn((0.2, 0.2), (0.8, 0.8))), LineCutsNothingError, "line"),
        (SplitBuurt(buurt="M-01", polygon=drawn((9, 9), (10, 9), (10, 10))), LineCutsNothingError, "polygon"),
        (ReshapeBorder(left="M-01", right="M-02", line=drawn((0.2, 0.2), (0.8, 0.8))), NotOnBorderError, "line"),
        (JoinBlocks(sector="S00"), NotJoinableError, "sector"),
    ],
)
def test_what_cannot_be_cut_is_refused_and_changes_nothing(
    draft: Draft, operation: Operation, error: type[EditError], field: str
) -> None:
    with pytest.raises(error) as refused:
        apply(draft, operation)
    assert refused.value.field == field
    assert draft.state == grid_state()


def test_a_locked_buurt_is_not_cut(draft: Draft) -> None:
    apply(draft, LockBuurt(buurt="M-02", locked=True))
    with pytest.raises(LockedBuurtError, match="M-02"):
        apply(draft, CutBlocks(line=drawn((-0.5, 1.5), (4.5, 1.5))))
    assert set(draft.blocks) == set(grid_state().blocks)


PLACE = st.tuples(st.floats(-0.3, 4.3), st.floats(-0.3, 3.3))
LINE = st.lists(PLACE, min_size=2, max_size=4, unique=True).map(lambda places: drawn(*places))
BUURT = st.sampled_from([f"M-{number:02d}" for number in range(1, 9)])


def an_edit(draft: Draft, data: st.DataObject) -> Operation:
    """Draw an operation on what the draft has now."""
    blocks = st.sampled_from(sorted(draft.blocks))
    return data.draw(
        st.one_of(
            st.builds(CutBlocks, line=LINE, allow_parts=st.just(True)),
            st.builds(SplitBuurt, buurt=BUURT, line=LINE, allow_parts=st.just(True)),
            st.builds(ReshapeBorder, left=BUURT, right=BUURT, line=LINE, allow_parts=st.just(True)),
            st.builds(JoinBlocks, sector=st.sampled_from(sorted(grid_state().blocks))),
            st.builds(AssignBlocks, blocks=st.tuples(blocks), buurt=BUURT, allow_parts=st.booleans()),
            st.builds(MergeBuurten, into=BUURT, others=st.tuples(BUURT), allow_parts=st.just(True)),
            st.builds(CreateBuurt, names=st.just({"nl": "x"})),
        )
    )


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_any_edits_keep_the_tiling_and_the_counts_and_undo_byte_for_byte(data: st.DataObject) -> None:
    draft = Draft(grid_state(), ByArea(COUNTS))
    done: list[Change] = []
    for _ in range(40):
        try:
            done.append(apply(draft, an_edit(draft, data)))
        except EditError:
            continue
        if done and data.draw(st.integers(0, 4)) == 0:
            draft.play(done.pop().inverse())
    assert_tiles(draft, 12 * SIDE**2)
    assert_counts(draft, grid_state().blocks)
    end = draft.state
    for change in reversed(done):
        draft.play(Change.from_json(change.as_json()).inverse())
    start = grid_state()
    assert draft.state == start
    for code, block in start.blocks.items():
        assert shapely.to_wkb(draft.blocks[code].shape) == shapely.to_wkb(block.shape)
    for change in done:
        draft.play(change)
    assert draft.state == end


@pytest.mark.realdata
def test_two_hundred_edits_of_amsterdam(real_data: Path) -> None:
    layer = gpd.read_file(real_data / "netherlands/amsterdam-2022/buurten.gpkg").to_crs("EPSG:28992")
    blocks = {
        code: Block(code, code, shape, COUNTS) for code, shape in zip(layer["buurtcode"], layer.geometry, strict=True)
    }
    state = PlanState(
        "GM0363", "EPSG:28992", blocks, {"GM0363-01": Buurt("GM0363-01", {})}, dict.fromkeys(blocks, "GM0363-01")
    )
    shapes = np.array([block.shape for block in blocks.values()], dtype=object)
    valid, area = shapely.coverage_is_valid(shapes), shapely.area(shapes).sum()
    draft = Draft(state, ByArea(COUNTS))
    random = np.random.default_rng(3)
    done: list[Change] = []
    refused = 0
    for number in range(200):
        shape = draft.blocks[random.choice(sorted(draft.blocks))].shape
        centre, size = shape.representative_point(), np.sqrt(shape.area)
        line = tuple(
            transform_point(centre.x + dx * size, centre.y + dy * size, "EPSG:28992", LONLAT)
            for dx, dy in random.normal(0, 2, (3, 2))
        )
        buurten = sorted(draft.buurten)
        one, other = random.choice(buurten), random.choice(buurten)
        operation: Operation
        match number % 5:
            case 0:
                operation = SplitBuurt(buurt=one, line=line, allow_parts=True)
            case 1:
                operation = CutBlocks(line=line)
            case 2:
                operation = ReshapeBorder(left=one, right=other, line=line, allow_parts=True)
            case 3:
                some = tuple(map(str, random.choice(sorted(draft.blocks), 5, replace=False)))
                operation = AssignBlocks(blocks=some, buurt=one, allow_parts=True)
            case _:
                operation = CreateBuurt(blocks=(str(random.choice(sorted(draft.blocks))),), allow_parts=True)
        try:
            done.append(apply(draft, operation))
        except EditError:
            refused += 1
    assert len(done) > 100
    after = np.array([block.shape for block in draft.blocks.values()], dtype=object)
    assert shapely.coverage_is_valid(after) == valid
    assert abs(shapely.area(after).sum() - area) <= area * 1e-12
    assert sum(draft.counts_of(buurt).households for buurt in (None, *draft.buurten)) == 518 * 101
    for change in reversed(done):
        draft.play(change.inverse())
    assert draft.state == state


def test_a_line_that_ends_inside_a_buurt_splits_nothing(draft: Draft) -> None:
    with pytest.raises(LineCutsNothingError):
        apply(draft, SplitBuurt(buurt="M-01", line=drawn((-0.5, 1.5), (1.0, 1.5)), allow_parts=True))
    assert draft.state == grid_state()


def test_a_tip_too_narrow_to_be_cut_off_does_not_keep_two_sides_together(draft: Draft) -> None:
    # Of S10 the line leaves a tip of 1.8 m by 90 m below, which stays with it and borders on S00.
    slope = [(x, 1 + 0.018 * (1 - x / 0.9)) for x in (-0.5, 2.5)]
    apply(draft, SplitBuurt(buurt="M-01", line=drawn(*slope)))
    sides = {buurt: {code[:3] for code in draft.blocks_of(buurt)} for buurt in ("M-01", "M-03")}
    assert {"S10", "S11"} <= sides["M-01"]
    assert sides["M-03"] == {"S00", "S01"}
    assert_tiles(draft, 12 * SIDE**2)


@pytest.mark.parametrize(
    ("line", "inside"),
    [
        pytest.param(((1.0, 1.2), (0.6, 1.5), (1.0, 1.8)), 1 + 0.12, id="a bulge"),
        pytest.param(((1.0, 1.2), (1.4, 1.5), (1.0, 1.8)), 1 - 0.12, id="a dent"),
    ],
)
def test_the_border_of_an_enclave_is_moved_where_the_line_is(
    draft: Draft, line: tuple[tuple[float, float], ...], inside: float
) -> None:
    apply(draft, MergeBuurten(into="M-01", others=("M-02",)))
    apply(draft, CreateBuurt(blocks=("S11",)))
    apply(draft, ReshapeBorder(left="M-01", right="M-03", line=drawn(*line)))
    area = sum(draft.blocks[code].shape.area for code in draft.blocks_of("M-03")) / SIDE**2
    assert area == pytest.approx(inside, rel=1e-4)
    assert_tiles(draft, 12 * SIDE**2)


def test_a_line_far_from_an_enclave_is_not_on_its_border(draft: Draft) -> None:
    apply(draft, MergeBuurten(into="M-01", others=("M-02",)))
    apply(draft, CreateBuurt(blocks=("S11",)))
    before = draft.state
    with pytest.raises(NotOnBorderError):
        apply(draft, ReshapeBorder(left="M-01", right="M-03", line=drawn((3.1, 0.1), (3.8, 2.9))))
    assert draft.state == before
