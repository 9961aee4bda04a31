"""A plan's faults are told with their severity, buurten and blocks; what is good is left in peace."""

import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import shapely

from boundaries.blocks import Block, BlockCounts, Buurt, PlanState
from boundaries.checks import (
    TEXT_LANGUAGES,
    CheckSettings,
    Figure,
    Problem,
    Remedy,
    Severity,
    StreetAddress,
    TextLanguage,
    check_buurten,
    check_plan,
    problem_text,
    remedy_text,
    texts,
)
from boundaries.checks.problems import Unit
from boundaries.checks.texts import PROBLEMS, REMEDIES
from boundaries.measures import polsby_popper, shapes_in_metres
from boundaries.operations import AssignBlocks
from geo.crs import area_m2

SETTINGS = CheckSettings()
A, B, C = "M-01", "M-02", "M-03"
CODES = {"A": A, "B": B, "C": C}


def plan_of(*buurten: str | None, size: int = 3) -> PlanState:
    """Squares of 100 m in rows of `size`, each with 1,200 households, in the buurten given row by row."""
    blocks = {}
    for k in range(size * size):
        x, y = 100 * (k % size), 100 * (k // size)
        blocks[f"S{k}"] = Block(f"S{k}", f"S{k}", shapely.box(x, y, x + 100, y + 100), BlockCounts(1200, 1300))
    of = dict(zip(blocks, [None if letter is None else CODES[letter] for letter in buurten], strict=True))
    letters = sorted({letter for letter in buurten if letter is not None})
    named = {CODES[letter]: Buurt(CODES[letter], {"nl": f"Buurt {letter}"}) for letter in letters}
    return PlanState("M", "EPSG:31370", blocks, named, of)


def told(state: PlanState, **given: object) -> set[tuple[str, str]]:
    return {(p.code, p.severity.value) for p in check_plan(state, SETTINGS, **given)}  # type: ignore[arg-type]


def test_a_good_plan_has_no_problems() -> None:
    assert told(plan_of(*"AAABBBCCC")) == set()


def test_an_unassigned_block_cannot_be_published() -> None:
    assert told(plan_of(*"AAABBBCC", None)) == {("unassigned", "error")}


def test_a_bridge_over_a_point_does_not_join() -> None:
    [problem] = check_buurten(plan_of(*"ABBBAABBA"), [A], replace(SETTINGS, households_most=9_000))
    assert (problem.code, problem.blocks) == ("not-contiguous", ("S0",))


def test_a_buurt_inside_another_is_an_enclave() -> None:
    [problem] = check_buurten(plan_of(*"AAAABAAAA"), [B], SETTINGS)
    assert (problem.code, problem.buurten, problem.remedy.parameters if problem.remedy else None) == (
        "enclave",
        (B, A),
        {"into": A},
    )


def test_the_municipality_s_own_border_makes_no_enclave() -> None:
    assert check_buurten(plan_of(*"BAAAAAAAA"), [B], SETTINGS) == []


def test_a_lost_block_is_a_gap_and_an_official_hole_is_information() -> None:
    state = plan_of(*"AAABBBCCC")
    sectors = {code: block.shape for code, block in state.blocks.items()}
    blocks, of = dict(state.blocks), dict(state.buurt_of)
    del blocks["S4"], of["S4"]
    holed = replace(state, blocks=blocks, buurt_of=of)
    assert ("gap", "error") in told(holed, sectors=sectors)
    del sectors["S4"]
    assert {t for t in told(holed, sectors=sectors) if "gap" in t[0]} == {("official-gap", "info")}


def test_an_overlap_of_the_official_sectors_is_information() -> None:
    state = plan_of(*"AAABBBCCC")
    wide = replace(state.blocks["S0"], shape=shapely.box(0, 0, 110, 100))
    overlapping = replace(state, blocks={**state.blocks, "S0": wide})
    sectors = {code: block.shape for code, block in state.blocks.items()}
    assert ("overlap", "error") in told(overlapping, sectors=sectors)
    assert ("official-overlap", "info") in told(overlapping, sectors={**sectors, "S0": wide.shape})


@pytest.mark.parametrize(("names", "code"), [({"nl": "buurt  À"}, "name-double"), ({"nl": " "}, "name-missing")])
def test_names_are_compared_without_case_accents_and_spaces(names: dict[str, str], code: str) -> None:
    state = plan_of(*"AAABBBCCC")
    state = replace(state, buurten={**state.buurten, B: Buurt(B, names)})
    assert {p.code for p in check_buurten(state, [B], SETTINGS)} == {code}


def test_unknown_households_are_not_zero() -> None:
    state = plan_of(*"AAABBBCCC")
    unknown = replace(state.blocks["S0"], counts=BlockCounts(None, 700))
    [problem] = check_buurten(replace(state, blocks={**state.blocks, "S0": unknown}), [A], SETTINGS)
    assert (problem.code, problem.severity, problem.blocks) == ("households-unknown", Severity.INFO, ("S0",))


def test_compactness_is_measured_in_metres_in_degrees_too() -> None:
    square = np.array([shapely.box(4.0, 52.0, 4.01, 52.01 - 0.01 * 0.385)], dtype=object)
    assert polsby_popper(shapes_in_metres(square, "EPSG:4326")[0]) == pytest.approx(np.pi / 4, rel=1e-3)


def test_a_gap_that_the_official_sectors_have_is_information_with_an_outline_too() -> None:
    state = plan_of(*"AAABBBCCC")
    blocks, of = dict(state.blocks), dict(state.buurt_of)
    del blocks["S4"], of["S4"]
    holed = replace(state, blocks=blocks, buurt_of=of)
    official = {code: block.shape for code, block in blocks.items()}
    outline = shapely.box(0, 0, 300, 310)
    gaps = {t for t in told(holed, sectors=official, outline=outline) if "gap" in t[0]}
    assert gaps == {("official-gap", "info")}
    assert {t for t in told(holed, outline=outline) if "gap" in t[0]} == {("gap", "error")}


def test_a_buurt_across_a_barrier_gives_away_what_lies_beyond() -> None:
    state = plan_of(*"AABAABCCC")
    canal = shapely.LineString([(100, -50), (100, 350)])
    [problem] = [p for p in check_plan(state, SETTINGS, barriers=[canal]) if p.code == "barrier-crossed"][:1]
    # 200 m inside, less the width of the canal beside the outer border and beside C.
    assert (problem.buurten, problem.blocks, problem.figures[0].value) == ((A,), ("S1", "S4"), pytest.approx(150))
    assert problem.remedy is not None
    assert problem.remedy.operation == AssignBlocks(blocks=("S1", "S4"), buurt=B, allow_parts=True)


def test_a_barrier_along_a_border_is_none() -> None:
    state = plan_of(*"ABBABBABB")
    assert "barrier-crossed" not in {
        code for code, _ in told(state, barriers=[shapely.LineString([(95, 0), (105, 300)])])
    }


def test_a_street_with_few_addresses_across_the_border_is_told() -> None:
    state = plan_of(*"AAABBBCCC")
    street = [StreetAddress("Kerkstraat 1000", "Kerkstraat", "S0", 5, 5)] * 9
    across = [StreetAddress("Kerkstraat 1000", "Kerkstraat", "S3", 5, 105)]
    [problem] = [p for p in check_plan(state, SETTINGS, addresses=street + across) if p.code == "street-split"]
    assert (problem.buurten, problem.name, problem.blocks) == ((B, A), "Kerkstraat", ("S3",))
    assert "street-split" not in {code for code, _ in told(state, addresses=street + across * 9)}


@pytest.mark.parametrize("language", TEXT_LANGUAGES)
def test_every_problem_and_remedy_can_be_told(language: TextLanguage) -> None:
    figures = tuple(Figure(1_234.5, unit) for unit in get_args(Unit))
    for code in PROBLEMS:
        problem = Problem(code, Severity.INFO, shapely.Point(), (A, B), ("S1",), figures, language="fr", name="Dorp")
        assert "{" not in problem_text(problem, language)
    for code in REMEDIES:
        assert remedy_text(Remedy(code, {"buurten": 2}), language)


def test_every_code_that_the_checks_give_has_its_texts() -> None:
    source = "".join(path.read_text("utf-8") for path in Path(texts.__file__).parent.glob("*_checks.py"))
    remedies = set(re.findall(r'Remedy\(\s*"([a-z-]+)"', source)) | {"assign", "assign-elsewhere"}
    assert remedies == set(REMEDIES)
    assert set(PROBLEMS) - set(re.findall(r'"([a-z-]+)"', source)) == set()


def test_a_cut_that_ends_on_a_long_border_in_degrees_leaves_no_gap() -> None:
    """On the ellipsoid the three points of such a border enclose 0.08 m², in degrees they are on a line."""
    west, north, south, long_east = 4.9, 52.38, 52.36, 4.96
    sector = shapely.Polygon([(west, south), (long_east, south), (long_east + 0.004, north), (west, north)])
    middle = shapely.Point(long_east + 0.002, (north + south) / 2)
    edge = shapely.LineString([(west, middle.y), (middle.x, middle.y)])
    parts = [
        shapely.Polygon([(west, south), (long_east, south), middle.coords[0], edge.coords[0]]),
        shapely.Polygon([edge.coords[0], middle.coords[0], (long_east + 0.004, north), (west, north)]),
    ]
    blocks = {f"S/{k}": Block(f"S/{k}", "S", part, BlockCounts(1200, 1300)) for k, part in enumerate(parts, start=1)}
    buurt = Buurt(A, {"nl": "Buurt"})
    state = PlanState("M", "EPSG:4326", blocks, {A: buurt}, dict.fromkeys(blocks, A))
    [ellipsoid] = area_m2(
        np.array([shapely.Polygon([sector.exterior.coords[1], middle, sector.exterior.coords[2]])]), "EPSG:4326"
    )
    assert ellipsoid > 0.05
    assert "gap" not in {problem.code for problem in check_plan(state, SETTINGS, sectors={"S": sector})}
    lost = replace(state, blocks={"S/1": blocks["S/1"]}, buurt_of={"S/1": A})
    assert "gap" in {problem.code for problem in check_plan(lost, SETTINGS, sectors={"S": sector})}
