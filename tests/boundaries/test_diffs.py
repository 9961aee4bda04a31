"""What moves between two plans adds up: a buurt's count afterwards is what it had, less what left, plus what came."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.blocks import Area, Block, BlockCounts, Buurt, PlanState
from boundaries.buurt_counts import sum_counts
from boundaries.diffs import PlansDifferError, diff_plans

CRS = "EPSG:31370"


def plan_of(buurten: Sequence[str | None]) -> PlanState:
    blocks = {
        f"S{k}": Block(f"S{k}", f"S{k}", shapely.box(100 * k, 0, 100 * k + 100, 100), BlockCounts(10 + k, 12 + k))
        for k in range(len(buurten))
    }
    of = dict(zip(blocks, buurten, strict=True))
    return PlanState("M", CRS, blocks, {c: Buurt(c, {"nl": c}) for c in sorted({c for c in buurten if c})}, of)


class ByArea:
    """A household per square metre; the sector S0 alone."""

    def count(self, sector_code: str, parts: Sequence[Area]) -> list[BlockCounts]:
        assert sector_code == "S0"
        return [BlockCounts(round(part.area), round(part.area)) for part in parts]


@settings(max_examples=50)
@given(st.lists(st.tuples(*[st.sampled_from(["A", "B", "C", None])] * 2), min_size=1, max_size=12))
def test_counts_are_conserved(pairs: list[tuple[str | None, str | None]]) -> None:
    before, after = plan_of([a for a, _ in pairs]), plan_of([b for _, b in pairs])
    diff = diff_plans(before, after)
    for code in ("A", "B", "C", None):
        had, has = (
            sum_counts(block.counts for block in s.blocks.values() if s.buurt_of[block.code] == code)
            for s in (before, after)
        )
        left = sum(move.counts.households for move in diff.moves if move.origin == code)
        came = sum(move.counts.households for move in diff.moves if move.destination == code)
        assert has.households == had.households - left + came


def test_different_cuts_move_their_intersections() -> None:
    plan = plan_of(["A"])
    [block] = plan.blocks.values()
    buurten = {code: Buurt(code, {}) for code in "AB"}

    def cut_at(x: float) -> PlanState:
        shapes = {"S0/1": shapely.box(0, 0, x, 100), "S0/2": shapely.box(x, 0, 100, 100)}
        blocks = {code: replace(block, code=code, shape=shape) for code, shape in shapes.items()}
        return replace(plan, blocks=blocks, buurten=buurten, buurt_of={"S0/1": "A", "S0/2": "B"})

    diff = diff_plans(cut_at(30), cut_at(50), ByArea())
    [row] = diff.rows()
    assert (row["from"], row["to"], row["households"], row["area_m2"]) == ("B", "A", 2000, 2000.0)
    [feature] = diff.features()["features"]
    assert feature["geometry"]["type"] == "Polygon"
    with pytest.raises(PlansDifferError, match="S0 is divided differently"):
        diff_plans(cut_at(30), cut_at(50))


def test_buurten_that_appear_vanish_and_are_renamed_are_named() -> None:
    before, after = plan_of(["A", "B"]), plan_of(["A", "C"])
    after = replace(after, buurten={**after.buurten, "A": Buurt("A", {"nl": "Noord"})})
    diff = diff_plans(before, after)
    assert (diff.appeared, diff.vanished, diff.renamed) == (("C",), ("B",), {"A": ({"nl": "A"}, {"nl": "Noord"})})


def test_plans_of_two_municipalities_are_not_compared() -> None:
    with pytest.raises(PlansDifferError, match="cannot be compared"):
        diff_plans(plan_of(["A"]), replace(plan_of(["A"]), municipality_code="N"))


def cut_plan(x: float, buurten: str = "AB", slope: float = 0.0) -> PlanState:
    plan = plan_of(["A"])
    [block] = plan.blocks.values()
    left = shapely.Polygon([(0, 0), (x, 0), (x + slope, 100), (0, 100)])
    right = shapely.Polygon([(x, 0), (100, 0), (100, 100), (x + slope, 100)])
    blocks = {code: replace(block, code=code, shape=shape) for code, shape in (("S0/1", left), ("S0/2", right))}
    of = dict(zip(blocks, buurten, strict=True))
    return replace(plan, blocks=blocks, buurten={code: Buurt(code, {}) for code in "AB"}, buurt_of=of)


def test_a_block_with_the_same_code_on_other_ground_is_another_block() -> None:
    before = plan_of(["A", "B"])
    swapped = {
        "S0": replace(before.blocks["S0"], shape=before.blocks["S1"].shape),
        "S1": replace(before.blocks["S1"], shape=before.blocks["S0"].shape),
    }
    diff = diff_plans(before, replace(before, blocks=swapped))
    assert [(m.origin, m.destination, m.counts.households) for m in diff.moves] == [("A", "B", 11), ("B", "A", 10)]


def test_a_cut_a_hair_beside_another_moves_nothing() -> None:
    assert diff_plans(cut_plan(30), cut_plan(30 + 1e-7, slope=3e-7)).moves == ()
    assert diff_plans(cut_plan(30), cut_plan(30 + 1e-3)).moves == ()


def test_parts_that_changed_codes_and_not_ground_do_not_move() -> None:
    before = cut_plan(30)
    codes = {"S0/1": "S0/2", "S0/2": "S0/1"}
    blocks = {codes[code]: replace(block, code=codes[code]) for code, block in before.blocks.items()}
    after = replace(before, blocks=blocks, buurt_of={codes[code]: buurt for code, buurt in before.buurt_of.items()})
    assert diff_plans(before, after).moves == ()


def test_ground_that_only_one_plan_has_goes_to_or_comes_from_no_buurt() -> None:
    before = plan_of(["A", "A"])
    half = replace(before.blocks["S1"], shape=shapely.box(100, 0, 150, 100))
    diff = diff_plans(before, replace(before, blocks={**before.blocks, "S1": half}))
    [move] = diff.moves
    assert (move.origin, move.destination, move.counts.dwellings, move.counts.estimated) == ("A", None, 6, 1)
    wide = replace(before.blocks["S1"], shape=shapely.box(100, 0, 300, 100))
    [move] = diff_plans(before, replace(before, blocks={**before.blocks, "S1": wide}), ByAreaOfAny()).moves
    assert (move.origin, move.destination, move.counts.households) == (None, "A", 10_000)


class ByAreaOfAny(ByArea):
    """A household per square metre, whatever the sector."""

    def count(self, sector_code: str, parts: Sequence[Area]) -> list[BlockCounts]:  # noqa: ARG002 -- the protocol
        return super().count("S0", parts)


@settings(max_examples=40)
@given(st.integers(2, 98), st.integers(2, 98), st.sampled_from(["AB", "BA", "AA"]), st.sampled_from(["AB", "BA"]))
def test_cut_sectors_conserve_their_households(x: int, y: int, one: str, other: str) -> None:
    diff = diff_plans(cut_plan(x, one), cut_plan(y, other), ByArea())
    a_before = 100 * sum(width for width, buurt in zip((x, 100 - x), one, strict=True) if buurt == "A")
    a_after = 100 * sum(width for width, buurt in zip((y, 100 - y), other, strict=True) if buurt == "A")
    left = sum(move.counts.households for move in diff.moves if move.origin == "A")
    came = sum(move.counts.households for move in diff.moves if move.destination == "A")
    if len(set(one)) > 1 and x != y:
        assert a_after == a_before - left + came
