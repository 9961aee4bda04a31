"""A draft under edit: every operation, refusals that leave no trace, and the way back."""

from collections.abc import Sequence

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from boundaries.blocks import Area, Block, BlockCounts, Buurt, PlanState
from boundaries.buurt_counts import sum_counts
from boundaries.changes import Change
from boundaries.draft import Draft
from boundaries.edit_errors import (
    CodeTakenError,
    DiscontiguousBuurtError,
    EditError,
    LockedBuurtError,
    NothingChangesError,
    UnknownCodeError,
)
from boundaries.editing import apply
from boundaries.operations import (
    OPERATION,
    AssignBlocks,
    CreateBuurt,
    DissolveBuurt,
    Group,
    LockBuurt,
    MergeBuurten,
    Regroup,
    RenameBuurt,
    SetColour,
    SetLive,
)

SIDE = 4
"""The municipality is a grid of SIDE x SIDE sectors of 100 m, two columns in each of two buurten."""


class EvenCounter:
    """Shares 100 households and 120 dwellings of every sector over its parts by their area."""

    def count(self, sector_code: str, parts: Sequence[Area]) -> Sequence[BlockCounts]:  # noqa: ARG002 -- the protocol has it
        areas = shapely.area(np.array(parts, dtype=object))
        until = np.rint(np.cumsum(areas) / areas.sum() * 100).astype(int)
        households = np.diff(until, prepend=0)
        return [BlockCounts(int(count), int(count)) for count in households]


def grid_state() -> PlanState:
    blocks, buurt_of = {}, {}
    for row in range(SIDE):
        for column in range(SIDE):
            code = f"S{row}{column}"
            x, y = 150_000 + 100.0 * column, 170_000 + 100.0 * row
            blocks[code] = Block(code, code, shapely.box(x, y, x + 100, y + 100), BlockCounts(100, 120))
            buurt_of[code] = "M-01" if column < SIDE // 2 else "M-02"
    buurten = {code: Buurt(code, {"nl": code}) for code in ("M-01", "M-02")}
    return PlanState("M", "EPSG:31370", blocks, buurten, buurt_of)


@pytest.fixture
def draft() -> Draft:
    return Draft(grid_state(), EvenCounter())


def test_painting_a_block_moves_its_counts(draft: Draft) -> None:
    apply(draft, AssignBlocks(blocks=("S02",), buurt="M-01"))
    assert draft.buurt_of["S02"] == "M-01"
    assert (draft.counts_of("M-01").households, draft.counts_of("M-02").households) == (900, 700)
    assert draft.counts_of("M-01").dwellings == 9 * 120


def test_a_new_buurt_takes_the_next_number_that_was_never_used(draft: Draft) -> None:
    first = apply(draft, CreateBuurt(names={"nl": "Nieuw"}))
    draft.play(first.inverse())
    assert "M-03" not in draft.buurten
    apply(draft, CreateBuurt(names={"nl": "Nieuw"}, blocks=("S00", "S01")))
    assert draft.blocks_of("M-04") == {"S00", "S01"}
    with pytest.raises(CodeTakenError, match="next free number is 05"):
        apply(draft, CreateBuurt(code="M-03"))
    with pytest.raises(CodeTakenError, match="M-…"):
        apply(draft, CreateBuurt(code="N-09"))


def test_an_edit_that_cuts_a_buurt_in_two_is_refused_unless_it_says_so(draft: Draft) -> None:
    before = draft.state
    row = ("S10", "S20", "S11", "S21")
    apply(draft, CreateBuurt(names={}))
    with pytest.raises(DiscontiguousBuurtError, match="M-01 without a border to") as refused:
        apply(draft, AssignBlocks(blocks=row, buurt="M-03"))
    assert {len(part) for part in refused.value.parts["M-01"]} == {2}
    assert draft.state.buurt_of == before.buurt_of
    apply(draft, AssignBlocks(blocks=row, buurt="M-03", allow_parts=True))
    assert [len(parts) for parts in draft.isolated_parts().values()] == [1]
    # What is in parts already may stay so, and may lose a part.
    apply(draft, AssignBlocks(blocks=("S00", "S01"), buurt="M-03"))
    assert draft.isolated_parts() == {}


def test_a_corner_is_no_border(draft: Draft) -> None:
    assert draft.neighbours_of("S11") == {"S01", "S10", "S12", "S21"}
    with pytest.raises(DiscontiguousBuurtError):
        apply(draft, CreateBuurt(blocks=("S00", "S11")))


def test_a_merge_takes_all_blocks_and_may_not_join_what_does_not_touch(draft: Draft) -> None:
    apply(draft, MergeBuurten(into="M-02", others=("M-01",)))
    assert draft.blocks_of("M-02") == set(draft.blocks)
    assert set(draft.buurten) == {"M-02"}
    apply(draft, CreateBuurt(blocks=("S00",)))
    apply(draft, CreateBuurt(blocks=("S33",)))
    with pytest.raises(DiscontiguousBuurtError):
        apply(draft, MergeBuurten(into="M-03", others=("M-04",)))


def test_a_locked_buurt_neither_gives_nor_takes_blocks(draft: Draft) -> None:
    apply(draft, LockBuurt(buurt="M-01", locked=True))
    for operation in (
        AssignBlocks(blocks=("S02",), buurt="M-01"),
        AssignBlocks(blocks=("S01",), buurt="M-02"),
        MergeBuurten(into="M-01", others=("M-02",)),
        DissolveBuurt(buurt="M-01"),
    ):
        with pytest.raises(LockedBuurtError, match="unlock it"):
            apply(draft, operation)
    apply(draft, RenameBuurt(buurt="M-01", names={"fr": "Un"}))
    assert draft.buurten["M-01"].names == {"nl": "M-01", "fr": "Un"}


def test_dissolving_leaves_blocks_to_assign(draft: Draft) -> None:
    apply(draft, DissolveBuurt(buurt="M-02"))
    assert draft.next_unassigned() == "S02"
    assert draft.next_unassigned(after="S33") == "S02"
    assert draft.counts_of(None).households == 800


@pytest.mark.parametrize(
    ("operation", "error", "field"),
    [
        (AssignBlocks(blocks=("S99",), buurt="M-01"), UnknownCodeError, "blocks"),
        (AssignBlocks(blocks=("S00",), buurt="M-09"), UnknownCodeError, "buurt"),
        (AssignBlocks(blocks=("S00",), buurt="M-01"), NothingChangesError, "blocks"),
        (MergeBuurten(into="M-01", others=("M-01",)), NothingChangesError, "others"),
        (SetLive(buurt="M-01", live=True), NothingChangesError, "live"),
        (DissolveBuurt(buurt="M-07"), UnknownCodeError, "buurt"),
    ],
)
def test_a_refusal_names_the_field(draft: Draft, operation: object, error: type[EditError], field: str) -> None:
    before = draft.state
    with pytest.raises(error) as refused:
        apply(draft, OPERATION.validate_python(operation))
    assert refused.value.field == field
    assert draft.state == before


def test_a_change_plays_only_where_it_was_made(draft: Draft) -> None:
    change = apply(draft, AssignBlocks(blocks=("S02",), buurt="M-01"))
    before = draft.state
    with pytest.raises(ValueError, match="not as this change found it"):
        draft.play(change)
    assert draft.state == before


def test_a_name_is_only_text(draft: Draft) -> None:
    name = "<img onerror=alert(1)> '; DROP TABLE plan; --"
    change = apply(draft, RenameBuurt(buurt="M-01", names={"nl": name}))
    assert Change.from_json(change.as_json()) == change
    assert draft.buurten["M-01"].names["nl"] == name


def test_a_regrouping_replaces_all_buurten_in_one_step(draft: Draft) -> None:
    south = tuple(code for code in sorted(draft.blocks) if code[1] < "2")
    north = tuple(code for code in sorted(draft.blocks) if code[1] >= "2")
    groups = (Group(blocks=south, names={"nl": "Zuid"}, code="M-02"), Group(blocks=north, names={"nl": "Noord"}))
    change = apply(draft, Regroup(groups=groups))
    assert {code: buurt.names["nl"] for code, buurt in draft.buurten.items()} == {"M-02": "Zuid", "M-03": "Noord"}
    assert draft.blocks_of("M-03") == set(north)
    draft.play(change.inverse())
    assert draft.state == grid_state()
    with pytest.raises(ValidationError, match="given once"):
        Regroup(groups=(groups[0], groups[0]))


BLOCKS = st.sampled_from([f"S{row}{column}" for row in range(SIDE) for column in range(SIDE)])
BUURTEN = st.sampled_from([f"M-{number:02d}" for number in range(1, 8)])
EDITS = st.one_of(
    st.builds(
        AssignBlocks,
        blocks=st.sets(BLOCKS, min_size=1, max_size=4).map(lambda codes: tuple(sorted(codes))),
        buurt=st.none() | BUURTEN,
        allow_parts=st.booleans(),
    ),
    st.builds(CreateBuurt, names=st.just({"nl": "x"})),
    st.builds(MergeBuurten, into=BUURTEN, others=BUURTEN.map(lambda code: (code,)), allow_parts=st.booleans()),
    st.builds(DissolveBuurt, buurt=BUURTEN),
    st.builds(SetColour, buurt=BUURTEN, colour=st.sampled_from(["#000000", "#ffffff", None])),
    st.builds(LockBuurt, buurt=BUURTEN, locked=st.booleans()),
    st.just("undo"),
    st.just("redo"),
)


def assert_sums_hold(draft: Draft) -> None:
    for buurt in (None, *draft.buurten):
        held = [code for code, of in draft.buurt_of.items() if of == buurt]
        assert draft.blocks_of(buurt) == set(held)
        assert draft.counts_of(buurt) == sum_counts(draft.blocks[code].counts for code in held)


@settings(max_examples=25, deadline=None)
@given(st.lists(EDITS, min_size=200, max_size=200))
def test_two_hundred_edits_conserve_and_undo_to_the_start(edits: list[object]) -> None:
    draft = Draft(grid_state(), EvenCounter())
    done: list[Change] = []
    undone: list[Change] = []
    for edit in edits:
        if edit == "undo" and done:
            undone.append(done.pop())
            draft.play(undone[-1].inverse())
        elif edit == "redo" and undone:
            done.append(undone.pop())
            draft.play(done[-1])
        elif not isinstance(edit, str):
            try:
                done.append(apply(draft, OPERATION.validate_python(edit)))
                undone.clear()
            except EditError:
                continue
    assert_sums_hold(draft)
    end = draft.state
    for change in reversed(done):
        draft.play(Change.from_json(change.as_json()).inverse())
    assert draft.state == grid_state()
    assert_sums_hold(draft)
    for change in done:
        draft.play(change)
    assert draft.state == end
