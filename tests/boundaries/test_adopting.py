"""A whole plan taken into a draft: exact, undone exactly, and refused where it is not the draft's own ground."""

from collections.abc import Sequence

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.adopting import as_adoption
from boundaries.blocks import Area, Block, BlockCounts, Buurt, PlanState
from boundaries.draft import Draft
from boundaries.edit_errors import EditError, NothingChangesError
from boundaries.editing import apply
from boundaries.operations import OPERATION, AssignBlocks, CreateBuurt, CutBlocks
from geo.crs import LONLAT, transform_point

CRS = "EPSG:31370"
CODES = tuple(f"S{row}{column}" for row in range(3) for column in range(3))


class AreaCounter:
    """One household per hectare."""

    def count(self, sector_code: str, parts: Sequence[Area]) -> Sequence[BlockCounts]:  # noqa: ARG002 -- the protocol has it
        return [BlockCounts(round(part.area / 10_000), 0) for part in parts]


def start() -> PlanState:
    shapes = {
        f"S{row}{column}": shapely.box(
            150_000 + 1_000 * column, 170_000 + 1_000 * row, 151_000 + 1_000 * column, 171_000 + 1_000 * row
        )
        for row in range(3)
        for column in range(3)
    }
    blocks = {code: Block(code, code, shape, BlockCounts(100, 0)) for code, shape in shapes.items()}
    return PlanState(
        "11002",
        CRS,
        blocks,
        {"11002-01": Buurt("11002-01", {"nl": "A", "fr": None, "de": None})},
        dict.fromkeys(blocks, "11002-01"),
    )


def lonlat(x: float, y: float) -> tuple[float, float]:
    return transform_point(x, y, CRS, LONLAT)


def drawn(cuts: Sequence[tuple[float, float, float, float]], moved: Sequence[str]) -> Draft:
    draft = Draft(start(), AreaCounter())
    for x1, y1, x2, y2 in cuts:
        line = (lonlat(150_000 + x1, 170_000 + y1), lonlat(150_000 + x2, 170_000 + y2))
        try:
            apply(draft, CutBlocks(line=line))
        except EditError:
            continue
    blocks = sorted(code for code, block in draft.blocks.items() if block.sector_code in moved)
    apply(draft, CreateBuurt(names={"nl": "B"}, colour="#00ff00", blocks=tuple(blocks), allow_parts=True))
    return draft


def adopted(state: PlanState, into: Draft) -> object:
    return apply(
        into,
        as_adoption(
            into, state.buurten, {code: (block.shape, state.buurt_of[code]) for code, block in state.blocks.items()}, ""
        ),
    )


metres = st.floats(-50, 3_050)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(metres, metres, metres, metres), max_size=4),
    st.sets(st.sampled_from(CODES)),
    st.lists(st.tuples(metres, metres, metres, metres), max_size=2),
)
def test_a_plan_is_taken_bit_for_bit_whatever_the_draft_was(
    cuts: list[tuple[float, float, float, float]],
    moved: set[str],
    others: list[tuple[float, float, float, float]],
) -> None:
    plan = drawn(cuts, sorted(moved)).state
    draft = drawn(others, [])
    before = draft.state
    operation = as_adoption(
        draft, plan.buurten, {code: (block.shape, plan.buurt_of[code]) for code, block in plan.blocks.items()}, "test"
    )
    assert OPERATION.validate_json(OPERATION.dump_json(operation)) == operation
    try:
        change = apply(draft, operation)
    except NothingChangesError:
        assert draft.state == plan
        return
    assert draft.state == plan
    assert all(shapely.equals_identical(draft.blocks[code].shape, plan.blocks[code].shape) for code in plan.blocks)
    draft.play(change.inverse())
    assert draft.state == before


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (shapely.box(150_000, 170_000, 150_990, 171_000), "do not tile"),
        (shapely.box(150_000, 170_000, 151_010, 171_000), "do not tile"),
        (shapely.box(450_000, 170_000, 451_000, 171_000), "do not tile"),
        (shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "not valid"),
        (shapely.Polygon(), "no plain area"),
        (shapely.Point(0, 0), "no plain area"),
    ],
)
def test_other_ground_is_refused_and_nothing_changes(shape: shapely.Geometry, said: str) -> None:
    draft = Draft(start(), AreaCounter())
    before = draft.state
    blocks: dict[str, tuple[Area, str | None]] = {
        code: (block.shape, "11002-01") for code, block in before.blocks.items()
    }
    blocks["S00"] = (shape, "11002-01")  # type: ignore[assignment]  # what a file may hold
    with pytest.raises(EditError, match=said):
        apply(draft, as_adoption(draft, before.buurten, blocks, ""))
    assert draft.state == before


def test_missing_unknown_and_torn_blocks_are_refused() -> None:
    draft = Draft(start(), AreaCounter())
    state = draft.state
    blocks: dict[str, tuple[Area, str | None]] = {
        code: (block.shape, "11002-01") for code, block in state.blocks.items()
    }

    def refused(changed: dict[str, tuple[Area, str | None]], said: str) -> None:
        with pytest.raises(EditError, match=said):
            apply(draft, as_adoption(draft, state.buurten, changed, ""))

    refused({code: block for code, block in blocks.items() if code != "S11"}, "S11 of this draft is in no block")
    refused(blocks | {"S99": blocks["S00"]}, "no sector 'S99'")
    refused(blocks | {"S00": (blocks["S00"][0], "11002-07")}, "is not given")
    left, right = shapely.box(150_000, 170_000, 150_400, 171_000), shapely.box(150_400, 170_000, 151_000, 171_000)
    rest = {code: block for code, block in blocks.items() if code != "S00"}
    # The neighbour above has no vertex at the end of the cut.
    refused(rest | {"S00/1": (left, None), "S00/2": (right, None)}, "neighbours")
    refused(rest | {"S00/1": (left, None), "S00": (right, None)}, "one block of its code")
    refused(rest | {"S00/1": (blocks["S00"][0], None)}, "one block of its code")
    assert draft.state == state


def test_blocks_may_move_by_another_operation_afterwards() -> None:
    draft = Draft(start(), AreaCounter())
    adopted(drawn([(500, -50, 500, 3_050)], ["S11"]).state, draft)
    apply(draft, AssignBlocks(blocks=("S00/1",), buurt="11002-02", allow_parts=True))
    assert np.isclose(sum(block.shape.area for block in draft.blocks.values()), 9e6)
