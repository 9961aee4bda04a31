"""Proposals: whole sectors, contiguous, in the band where a search through every partition says that it can be."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.proposals import (
    Aim,
    Diligence,
    ExceptionKind,
    HouseholdsBand,
    Proposal,
    ProposalCancelledError,
    ProposalProblem,
    ProposalProblemError,
    propose,
)
from boundaries.proposals.exact import Effort, partition_exactly
from boundaries.proposals.proposing import STRICT, graph_of, weights_of
from boundaries.proposals.weighing import SUMS, energy

BAND = HouseholdsBand()
CRS = "EPSG:31370"
HOUSEHOLDS = st.one_of(st.integers(0, 1600), st.sampled_from([0, 999, 1000, 4000, 4001, 9000]))


def grid_problem(
    columns: int, households: list[int | None], barriers: list[shapely.LineString] | None = None
) -> ProposalProblem:
    shapes = [
        shapely.box(100 * (k % columns), 100 * (k // columns), 100 * (k % columns) + 100, 100 * (k // columns) + 100)
        for k in range(len(households))
    ]
    codes = [f"S{k:03}" for k in range(len(households))]
    return ProposalProblem.of(codes, shapes, households, [{"nl": f"Wijk {code}"} for code in codes], CRS, barriers)


def edges_of(problem: ProposalProblem) -> set[tuple[int, int]]:
    borders = problem.borders
    source = np.repeat(np.arange(len(problem)), np.diff(borders.starts))
    return set(zip(source.tolist(), borders.neighbours.tolist(), strict=True))


def is_contiguous(members: list[int], edges: set[tuple[int, int]]) -> bool:
    reached, stack = {members[0]}, [members[0]]
    while stack:
        k = stack.pop()
        for other in members:
            if other not in reached and (k, other) in edges:
                reached.add(other)
                stack.append(other)
    return len(reached) == len(members)


def assert_partition(problem: ProposalProblem, proposal: Proposal) -> None:
    assert sorted(code for codes in proposal.groups for code in codes) == list(problem.codes)
    assert sum(proposal.households) == problem.households.sum()
    edges = edges_of(problem)
    for codes in proposal.groups:
        assert is_contiguous([problem.codes.index(code) for code in codes], edges)
    outside = {k for k, households in enumerate(proposal.households) if not BAND.holds(households)}
    assert {exception.group for exception in proposal.exceptions} == outside


def partitions(n: int) -> Iterator[list[list[int]]]:
    for labels in product(range(n), repeat=n):
        if all(label <= max(labels[:k], default=-1) + 1 for k, label in enumerate(labels)):
            yield [[k for k in range(n) if labels[k] == label] for label in range(max(labels) + 1)]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 7), st.lists(HOUSEHOLDS, min_size=1, max_size=40), st.integers(0, 5))
def test_every_sector_is_in_one_contiguous_buurt(columns: int, households: list[int], seed: int) -> None:
    problem = grid_problem(columns, list(households))
    for proposal in propose(problem, alternatives=2, seed=seed):
        assert_partition(problem, proposal)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3), st.lists(HOUSEHOLDS, min_size=1, max_size=6))
def test_every_buurt_is_in_the_band_where_some_partition_allows_it(columns: int, households: list[int]) -> None:
    problem = grid_problem(columns, list(households))
    edges = edges_of(problem)
    is_possible = any(
        all(BAND.holds(sum(households[k] for k in members)) and is_contiguous(members, edges) for members in parts)
        for parts in partitions(len(households))
    )
    (proposal,) = propose(problem, alternatives=1, seed=0)
    assert (proposal.exceptions == ()) == is_possible


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 3), st.lists(HOUSEHOLDS, min_size=1, max_size=6), st.sampled_from(list(Aim)), st.integers(-50, 350)
)
def test_few_sectors_get_the_best_of_all_partitions(columns: int, households: list[int], aim: Aim, at: int) -> None:
    river = [shapely.LineString([(at, -10), (at, 610)])]
    graph = graph_of(grid_problem(columns, list(households), river))
    weights = weights_of(graph, aim, BAND, STRICT)
    edges = edges_of(grid_problem(columns, list(households)))
    least, sums = np.inf, np.empty((len(households), SUMS))
    for parts in partitions(len(households)):
        if all(is_contiguous(members, edges) for members in parts):
            group = np.zeros(len(households), np.uint32)
            for number, members in enumerate(parts):
                group[members] = number
            least = min(least, energy(graph, group, weights, sums))
    found = partition_exactly(graph, weights)
    assert found is not None
    # Nothing but the degree beside the band may be weighed otherwise, in thousandths of a buurt outside it.
    outside = least >= weights[6]
    assert energy(graph, found, weights, sums) == pytest.approx(least, abs=2.0 if outside else 1e-5)


def test_many_sectors_are_left_to_the_search() -> None:
    graph = graph_of(grid_problem(6, [300] * 36))
    assert partition_exactly(graph, weights_of(graph, Aim.BALANCED, BAND, STRICT), Effort(100, 100, 100)) is None
    large = graph_of(grid_problem(8, [300] * 64))
    assert partition_exactly(large, weights_of(large, Aim.BALANCED, BAND, STRICT)) is None


def test_a_band_that_no_partition_keeps_is_proved_so() -> None:
    (proposal,) = propose(grid_problem(3, [249, 3550, 215]), alternatives=1, seed=0)
    assert [(exception.kind, exception.proved) for exception in proposal.exceptions] == [
        (ExceptionKind.NO_PARTITION, True)
    ]


def test_a_seed_gives_one_answer_in_any_order_of_input_and_beside_other_alternatives() -> None:
    households = [int(k) for k in np.random.default_rng(4).integers(100, 1500, 48)]
    problem = grid_problem(8, list(households))
    both = propose(problem, alternatives=4, seed=3)
    assert propose(problem, alternatives=1, seed=3) == both[:1]
    order = np.random.default_rng(5).permutation(48)
    shapes = [shapely.box(100 * (k % 8), 100 * (k // 8), 100 * (k % 8) + 100, 100 * (k // 8) + 100) for k in order]
    codes = [f"S{k:03}" for k in order]
    names = [{"nl": f"Wijk {code}"} for code in codes]
    shuffled = ProposalProblem.of(codes, shapes, [households[k] for k in order], names, CRS)
    assert [p.groups for p in propose(shuffled, alternatives=4, seed=3)] == [p.groups for p in both]


def test_no_sectors_give_no_buurten() -> None:
    assert propose(grid_problem(1, []), alternatives=1, seed=0)[0].groups == ()


def test_sectors_without_households_give_one_island() -> None:
    (proposal,) = propose(grid_problem(3, [0] * 9), alternatives=1, seed=0)
    assert len(proposal.groups) == 1
    assert [exception.kind for exception in proposal.exceptions] == [ExceptionKind.ISLAND]


def test_a_giant_sector_stays_alone_and_says_so() -> None:
    (proposal,) = propose(grid_problem(3, [9000, 1500, 1500]), alternatives=1, seed=0)
    assert proposal.groups == (("S000",), ("S001",), ("S002",))
    (exception,) = proposal.exceptions
    assert (exception.kind, exception.proved, exception.codes) == (ExceptionKind.SECTOR_ABOVE, True, ("S000",))


def test_a_small_sector_behind_a_full_one_is_an_enclave() -> None:
    (proposal,) = propose(grid_problem(3, [500, 3900, 1500]), alternatives=1, seed=0)
    (exception,) = proposal.exceptions
    assert exception.kind is ExceptionKind.ENCLAVE
    assert "S000" in exception.reason
    assert "S001" in exception.reason


@pytest.mark.parametrize("rest", [3, 80])
def test_an_area_without_neighbours_stays_alone_whether_sectors_are_few_or_many(rest: int) -> None:
    shapes = [shapely.box(100 * k, 0, 100 * k + 100, 100) for k in range(rest)]
    shapes += [shapely.box(-900, 500, -800, 600), shapely.box(-900, 900, -800, 1000)]
    codes = [f"S{k:03}" for k in range(rest + 2)]
    households = [700] * rest + [400, 1500]
    proposals = propose(ProposalProblem.of(codes, shapes, list(households), None, CRS), alternatives=4, seed=0)
    for proposal in proposals:
        assert {(codes[rest],), (codes[rest + 1],)} <= set(proposal.groups)
        kinds = {exception.kind for exception in proposal.exceptions if exception.codes == (codes[rest],)}
        assert kinds == {ExceptionKind.ISLAND}


def test_a_sector_inside_another_joins_it_or_stays_alone() -> None:
    hole = shapely.box(40, 40, 60, 60)
    ring = shapely.box(0, 0, 100, 100).difference(hole)
    together = ProposalProblem.of("AB", [ring, hole], [1200, 300], None, CRS)
    assert propose(together, alternatives=1, seed=0)[0].groups == (("A", "B"),)
    apart = ProposalProblem.of("AB", [ring, hole], [1500, 1500], None, CRS)
    assert propose(apart, alternatives=1, seed=0)[0].groups == (("A",), ("B",))


def test_buurten_are_named_after_their_largest_sectors_and_no_two_alike() -> None:
    shapes = [shapely.box(100 * k, 0, 100 * k + 100, 100) for k in range(4)]
    names: list[dict[str, str | None]] = [
        {"nl": "Noord", "fr": "Nord"},
        {"nl": "Haven", "fr": None},
        {"nl": "Noord"},
        {"nl": "Noord"},
    ]
    problem = ProposalProblem.of("ABCD", shapes, [900, 600, 1500, 1500], names, CRS)
    (proposal,) = propose(problem, alternatives=1, seed=0)
    assert proposal.groups == (("A", "B"), ("C",), ("D",))
    assert [dict(buurt.names) for buurt in proposal.buurten] == [
        {"nl": "Noord - Haven", "fr": "Nord"},
        {"nl": "Noord"},
        {"nl": "Noord 2"},
    ]


def test_alternatives_differ_by_what_they_put_first() -> None:
    households: list[int | None] = np.random.default_rng(7).integers(100, 900, 120).tolist()
    proposals = propose(grid_problem(12, households), alternatives=4, seed=1, diligence=Diligence.THOROUGH)
    by_aim = {proposal.aim: proposal.scores for proposal in proposals}
    assert set(by_aim) == set(Aim)
    assert by_aim[Aim.FEWEST].buurten < min(by_aim[aim].buurten for aim in set(Aim) - {Aim.FEWEST})
    assert by_aim[Aim.COMPACT].mean_compactness > by_aim[Aim.BALANCED].mean_compactness
    assert by_aim[Aim.CLOSEST].mean_distance < by_aim[Aim.COMPACT].mean_distance
    for scores in by_aim.values():
        assert scores.in_band == scores.buurten


def test_cancelling_gives_no_result() -> None:
    told: list[float] = []

    def stop(done: float) -> bool:
        told.append(done)
        return False

    with pytest.raises(ProposalCancelledError):
        propose(grid_problem(10, [500] * 100), alternatives=3, seed=0, progress=stop)
    assert len(told) == 1


def test_unknown_households_are_refused_or_zero() -> None:
    with pytest.raises(ProposalProblemError, match="S001"):
        grid_problem(2, [1500, None])
    square = [shapely.box(0, 0, 9, 9)]
    assert ProposalProblem.of("A", square, [None], None, CRS, unknown="zero").households.tolist() == [0]


@pytest.mark.parametrize(
    ("codes", "households", "told"), [("AA", [1, 1], "twice"), ("AB", [1, -1], "B has -1"), ("AB", [1], "1 households")]
)
def test_bad_input_is_told(codes: str, households: list[int], told: str) -> None:
    with pytest.raises(ProposalProblemError, match=told):
        ProposalProblem.of(codes, [shapely.box(0, 0, 9, 9), shapely.box(9, 0, 18, 9)], households, None, CRS)


def test_a_barrier_keeps_its_sides_apart() -> None:
    shapes = [shapely.box(100 * (k % 2), 100 * (k // 2), 100 * (k % 2) + 100, 100 * (k // 2) + 100) for k in range(4)]
    river = [shapely.LineString([(100, -10), (100, 210)])]
    problem = ProposalProblem.of("ABCD", shapes, [750] * 4, None, CRS, river)
    (proposal,) = propose(problem, alternatives=1, seed=0)
    assert proposal.groups == (("A", "C"), ("B", "D"))
    assert proposal.scores.barrier_crossings == 0


def test_a_tolerance_finds_borders_that_do_not_match() -> None:
    shapes = [shapely.box(0, 0, 100, 100), shapely.box(100.2, 0, 200, 50), shapely.box(100.2, 50, 200, 100)]
    apart = ProposalProblem.of("ABC", shapes, [500] * 3, None, CRS)
    near = ProposalProblem.of("ABC", shapes, [500] * 3, None, CRS, tolerance_m=0.5)
    assert edges_of(apart) == {(1, 2), (2, 1)}
    assert {(0, 1), (0, 2), (1, 2)} <= edges_of(near)


@pytest.mark.realdata
def test_amsterdam_is_in_the_band_but_for_what_cannot_be(real_data: Path) -> None:
    sectors = gpd.read_file(real_data / "netherlands/amsterdam-2022/buurten.gpkg")
    counts = pd.read_csv(real_data / "netherlands/cbs-kerncijfers-2024/buurten.csv.gz").set_index("buurtcode")
    households = [None if np.isnan(h) else int(h) for h in sectors.buurtcode.map(counts.huishoudens)]
    problem = ProposalProblem.of(
        list(sectors.buurtcode), sectors.geometry.array, households, None, "EPSG:4326", unknown="zero"
    )
    (proposal,) = propose(problem, alternatives=1, seed=1)
    assert_partition(problem, proposal)
    assert proposal.exceptions == ()
    sizes = {code: codes for codes in proposal.groups for code in codes}
    assert len(sizes) == 518
    metric = sectors.to_crs("EPSG:28992").set_index("buurtcode").geometry
    for codes, compactness in zip(proposal.groups, proposal.compactness, strict=True):
        shape = shapely.union_all(metric[list(codes)].array)
        assert compactness == pytest.approx(4 * np.pi * shape.area / shape.length**2, rel=1e-3)
