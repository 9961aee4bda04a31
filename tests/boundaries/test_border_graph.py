"""What a draft keeps of borders is what measuring all shapes anew gives, and what joining them gives."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.blocks import Area, Block, BlockCounts, Buurt, PlanState
from boundaries.border_graph import BorderGraph
from boundaries.checks import CheckSettings, Problem, check_buurten, check_plan
from boundaries.draft import Draft
from boundaries.edit_errors import EditError
from boundaries.editing import apply
from boundaries.measures import polsby_popper, reock, shapes_in_metres
from boundaries.operations import AssignBlocks, CutBlocks
from geo.crs import LONLAT, transform_point

X, Y, CRS = 150_000.0, 170_000.0, "EPSG:31370"
LOOSE = CheckSettings(polsby_popper_least=1.1, reock_least=1.1)
"""Tells the compactness of every buurt."""


class ByArea:
    """A household per 10 m²."""

    def count(self, sector_code: str, parts: Sequence[Area]) -> list[BlockCounts]:  # noqa: ARG002 -- the protocol
        return [BlockCounts(round(part.area / 10), round(part.area / 10)) for part in parts]


def grid(side: int, buurten: Sequence[int], holes: frozenset[int] = frozenset()) -> PlanState:
    blocks, of = {}, {}
    for k in range(side * side):
        if k in holes:
            continue
        x, y = X + 100 * (k % side), Y + 100 * (k // side)
        code = f"S{k:02d}"
        blocks[code] = Block(code, code, shapely.box(x, y, x + 100, y + 100), BlockCounts(1_000, 1_000))
        of[code] = f"M-{buurten[k] + 1:02d}"
    named = {code: Buurt(code, {"nl": code}) for code in ("M-01", "M-02", "M-03")}
    return PlanState("M", CRS, blocks, named, of)


def rounded(problems: Sequence[Problem]) -> list[tuple[object, ...]]:
    return [
        (p.code, p.severity, p.buurten, p.blocks, tuple((f"{f.value:.6g}", f.unit) for f in p.figures), p.remedy)
        for p in problems
    ]


buurten_of_25 = st.lists(st.integers(0, 2), min_size=25, max_size=25)
offsets = st.floats(-20, 520)
EDITS = st.one_of(
    st.tuples(st.integers(0, 10_000), st.integers(1, 3)),
    st.tuples(offsets, offsets, offsets, offsets),
)


@settings(max_examples=40, deadline=None)
@given(buurten_of_25, st.lists(EDITS, max_size=6))
def test_kept_borders_give_the_answer_of_measured_ones(buurten: list[int], edits: list[tuple[float, ...]]) -> None:
    draft = Draft(grid(5, buurten), ByArea())
    done = []
    for edit in edits:
        if len(edit) == 2:
            code = sorted(draft.blocks)[int(edit[0]) % len(draft.blocks)]
            operation: AssignBlocks | CutBlocks = AssignBlocks(
                blocks=(code,), buurt=f"M-{edit[1]:02d}", allow_parts=True
            )
        else:
            ends = [(X + edit[0], Y + edit[1]), (X + edit[2], Y + edit[3])]
            line = tuple(transform_point(*end, CRS, LONLAT) for end in ends)
            operation = CutBlocks(line=line, allow_parts=True)
        try:
            done.append(apply(draft, operation))
        except EditError:
            continue
        measured = BorderGraph({code: block.shape for code, block in draft.blocks.items()}, CRS)
        assert draft.borders.at_edge == measured.at_edge
        for code in draft.blocks:
            assert draft.borders.neighbours[code] == pytest.approx(measured.neighbours[code], rel=1e-9, abs=1e-6)
        state = draft.state
        kept = check_buurten(state, state.buurten, LOOSE, draft.borders)
        assert rounded(kept) == rounded(check_buurten(state, state.buurten, LOOSE))
    for change in reversed(done):
        draft.play(change.inverse())
    measured = BorderGraph({code: block.shape for code, block in draft.blocks.items()}, CRS)
    assert {code: dict(of) for code, of in draft.borders.neighbours.items()} == measured.neighbours


@settings(max_examples=60, deadline=None)
@given(buurten_of_25, st.frozensets(st.integers(0, 24), max_size=3))
def test_sums_of_blocks_are_what_their_union_measures(buurten: list[int], holes: frozenset[int]) -> None:
    state = grid(5, buurten, holes)
    told = check_buurten(state, state.buurten, LOOSE)
    for code in state.buurten:
        shapes = [block.shape for block in state.blocks.values() if state.buurt_of[block.code] == code]
        mine = [problem for problem in told if problem.buurten[0] == code]
        if not shapes:
            assert [problem.code for problem in mine] == ["empty"]
            continue
        union = shapely.coverage_union_all(shapes)
        figures = {problem.code: problem.figures[0].value for problem in mine if problem.figures}
        assert figures["polsby-popper-low"] == pytest.approx(polsby_popper(union))
        assert figures["reock-low"] == pytest.approx(reock(union))
        # The parts of a union meet in points at most, so that a bridge over a point never joins two of them.
        assert figures.get("not-contiguous", 1) == len(shapely.get_parts(union))


@settings(max_examples=60, deadline=None)
@given(buurten_of_25)
def test_an_enclave_is_what_one_buurt_lies_all_around(buurten: list[int]) -> None:
    state = grid(5, buurten)
    told = {p.buurten for p in check_buurten(state, state.buurten, LOOSE) if p.code == "enclave"}
    shapes = {
        code: shapely.coverage_union_all([b.shape for b in state.blocks.values() if state.buurt_of[b.code] == code])
        for code in state.buurten
    }
    expected = set()
    shapes = {code: shape for code, shape in shapes.items() if not shape.is_empty}
    for code, shape in shapes.items():
        shells = shapely.unary_union([shapely.Polygon(part.exterior) for part in shapely.get_parts(shape)]).boundary
        for other in shapes.keys() - {code}:
            if shapely.intersection(shells, shapes[other]).length == pytest.approx(shells.length):
                expected.add((code, other))
    assert told == expected


@settings(max_examples=60, deadline=None)
@given(buurten_of_25, st.integers(0, 2))
def test_an_operation_that_is_proposed_is_accepted_and_solves_its_problem(buurten: list[int], locked: int) -> None:
    state = grid(5, buurten)
    code = f"M-{locked + 1:02d}"
    state = replace(state, buurten={**state.buurten, code: replace(state.buurten[code], locked=True)})
    limits = CheckSettings(households_most=10_000)
    for problem in check_plan(state, limits):
        if problem.remedy is None or problem.remedy.operation is None:
            continue
        draft = Draft(state, ByArea())
        apply(draft, problem.remedy.operation)
        left = check_buurten(draft.state, draft.buurten, limits, draft.borders)
        assert (problem.code, problem.buurten[:1], problem.blocks) not in {
            (other.code, other.buurten[:1], other.blocks) for other in left
        }


@pytest.mark.realdata
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:28992"])
def test_the_official_sectors_of_amsterdam_measure_as_their_unions(real_data: Path, crs: str) -> None:
    sectors = gpd.read_file(real_data / "netherlands/amsterdam-2022/buurten.gpkg").to_crs(crs)
    rng = np.random.default_rng(5)
    where = [f"GM0363-{number:02d}" for number in rng.integers(1, 9, len(sectors))]
    blocks = {
        code: Block(code, code, shape, BlockCounts(900, 900))
        for code, shape in zip(sectors.buurtcode, sectors.geometry, strict=True)
    }
    of = dict(zip(blocks, where, strict=True))
    state = PlanState("GM0363", crs, blocks, {code: Buurt(code, {"nl": code}) for code in sorted(set(where))}, of)
    flat = dict(zip(blocks, shapes_in_metres(np.array([b.shape for b in blocks.values()]), crs), strict=True))
    told = {(p.buurten[0], p.code): p.figures[0].value for p in check_buurten(state, state.buurten, LOOSE)}
    for code in state.buurten:
        union = shapely.coverage_union_all([flat[name] for name in blocks if of[name] == code])
        assert told[code, "polsby-popper-low"] == pytest.approx(polsby_popper(union), rel=1e-9)
        assert told[code, "reock-low"] == pytest.approx(reock(union), rel=1e-9)
