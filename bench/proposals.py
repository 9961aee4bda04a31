"""Proposals measured beside max-p, SKATER, Ward and recursive tree partition, on the same graphs.

    python bench/proposals.py [--quick] [--data FOLDER]

Amsterdam, Schaerbeek's blocks, the wijken of every municipality of Flanders, and two synthetic regions (--quick: each
fiftieth municipality, and fewer peers). Prints every peer's figures and the bars, writes
bench/results/proposals.json. Method: docs/proposals.md.
"""

import argparse
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from bars import Bar, report
from proposal_bound import least_mean_distance
from proposal_cases import AMSTERDAM, DEMO, FLANDERS, NATIONAL, SCHAERBEEK, Case, cases_of
from proposal_peers import PEERS, TARGET, Graph
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from boundaries.proposals import Aim, Diligence, HouseholdsBand, propose
from boundaries.proposals.exact import partition_exactly
from boundaries.proposals.proposing import STRICT, graph_of, weights_of
from boundaries.proposals.weighing import DISTANCE, SHAPE

ROOT = Path(__file__).resolve().parent.parent
OURS = "Buurtwijzer"
BAND = HouseholdsBand()
THOROUGH = "Buurtwijzer, thorough"
SECONDS_PER_PEER = 150.0
SECONDS_PER_GRAPH = {AMSTERDAM: 45.0, SCHAERBEEK: 45.0, FLANDERS: 2.0, DEMO: 5.0, NATIONAL: 5.0}
"""Of the processor; one graph that a peer never divides must not cost it the others."""
PEERS_EVERY = {NATIONAL: 20}
"""Peers, much slower, get each so-many-th municipality of a data set; ours gets all."""
MAX_P, WARD, TREES = "spopt max-p, top 10", "spopt WardSpatial", "gerrychain tree, within 1/3"
QUICK_EVERY, QUICK_SECONDS_PER_GRAPH = 50, 12.0
QUICK_PEERS = {
    AMSTERDAM: (MAX_P,),
    SCHAERBEEK: (TREES,),
    FLANDERS: ("spopt max-p, 10 constructions", WARD),
    DEMO: (TREES,),
    NATIONAL: (TREES,),
}
"""The best ones of the full run, as far as they are fast."""
COMPARED = ("distance", "compactness", "seconds")


@dataclass(frozen=True, slots=True)
class Figures:
    """What one way to group one municipality is like; the same measure for all."""

    buurten: int
    in_band: int
    contiguous: int
    distance: float
    compactness: float
    seconds: float
    unproved: int = 0
    """Buurten outside the band of which it is not proved that whole sectors allow no better."""
    wall_seconds: float = 0.0

    @property
    def is_contiguous(self) -> bool:
        """Whether every buurt is in one piece."""
        return self.contiguous == self.buurten


@dataclass
class Results:
    """Everything that the run found, by data set, method and municipality."""

    load: float
    figures: dict[str, dict[str, dict[str, Figures]]] = field(default_factory=dict)
    failures: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    size: dict[str, int] = field(default_factory=dict)

    def add(self, case: Case, method: str, figures: Figures) -> None:
        """Keep the figures of one municipality."""
        self.figures.setdefault(case.data_set, {}).setdefault(method, {})[case.name] = figures


def measure(case: Case, labels: npt.NDArray[np.int64], seconds: float, unproved: int = 0) -> Figures:
    """Measure a grouping on the graph alone."""
    problem, borders = case.problem, case.problem.borders
    _, group = np.unique(labels, return_inverse=True)
    count = int(group.max()) + 1
    source = np.repeat(np.arange(len(problem)), np.diff(borders.starts))
    inside = group[source] == group[borders.neighbours]
    kept = csr_array((inside[inside], (source[inside], borders.neighbours[inside])), (len(problem), len(problem)))
    _, part = connected_components(kept, directed=False)
    parts = np.bincount(np.unique(np.column_stack([group, part]), axis=0)[:, 0], minlength=count)
    households = np.bincount(group, weights=problem.households, minlength=count)
    area = np.bincount(group, weights=problem.area_m2, minlength=count)
    inner = np.bincount(group[source], weights=borders.length_m * inside, minlength=count)
    perimeter = np.bincount(group, weights=problem.perimeter_m, minlength=count) - inner
    return Figures(
        buurten=count,
        in_band=int(((households >= BAND.low) & (households <= BAND.high)).sum()),
        contiguous=int((parts == 1).sum()),
        distance=float(abs(households - BAND.target).mean()),
        compactness=float((4 * np.pi * area / perimeter**2).mean()),
        seconds=seconds,
        unproved=unproved,
    )


def peers_graph(case: Case) -> Graph:
    """Give the graph that peers get."""
    borders = case.problem.borders
    source = np.repeat(np.arange(len(case.problem)), np.diff(borders.starts))
    edges = np.column_stack([source, borders.neighbours])
    return Graph(f"{case.data_set}/{case.name}", case.problem.households, case.places, edges[edges[:, 0] < edges[:, 1]])


def run_ours(cases: list[Case], results: Results) -> None:
    """Propose one alternative for each municipality: as a peer does, by one method for all of them after each other."""
    for method, diligence in ((OURS, Diligence.QUICK), (THOROUGH, Diligence.THOROUGH)):
        for case in cases:
            start, wall = time.process_time(), time.perf_counter()
            (proposal,) = propose(case.problem, alternatives=1, seed=1, diligence=diligence)
            seconds, wall = time.process_time() - start, time.perf_counter() - wall
            buurt_of = {code: k for k, codes in enumerate(proposal.groups) for code in codes}
            labels = np.array([buurt_of[code] for code in case.problem.codes])
            unproved = sum(not exception.proved for exception in proposal.exceptions)
            results.add(case, method, replace(measure(case, labels, seconds, unproved), wall_seconds=wall))


def least_distance(case: Case) -> float | None:
    """Give the least mean distance of all partitions in the band; None where they are too many, or there is none."""
    graph = graph_of(case.problem)
    weights = weights_of(graph, Aim.CLOSEST, BAND, STRICT)
    weights[DISTANCE], weights[SHAPE] = 1.0, 0.0
    group = partition_exactly(graph, weights)
    if group is None:
        return None
    best = measure(case, group.astype(np.int64), 0.0)
    return best.distance if best.in_band == best.buurten else None


def run_peer(peer: str, cases: list[Case], results: Results, folder: Path, seconds: float) -> None:
    """Let a peer group municipalities, in a process of its own and within a time for each and for all."""
    graphs, answers = folder / "graphs.pickle", folder / "answers.jsonl"
    graphs.write_bytes(pickle.dumps([peers_graph(case) for case in cases]))
    command = [sys.executable, str(Path(__file__).parent / "proposal_peers.py"), peer, str(graphs)]
    with answers.open("w") as out:
        try:
            subprocess.run([*command, str(seconds)], stdout=out, check=True, timeout=SECONDS_PER_PEER)
        except subprocess.TimeoutExpired:
            print(f"  {peer}: stopped after {SECONDS_PER_PEER:.0f} s", flush=True)
    case_of = {f"{case.data_set}/{case.name}": case for case in cases}
    failed = dict.fromkeys(case_of, "not reached in its time")
    for line in answers.read_text().splitlines():
        answer = json.loads(line)
        failed[answer["name"]] = answer.get("error", "")
        if "labels" in answer:
            case = case_of[answer["name"]]
            results.add(case, peer, measure(case, np.array(answer["labels"]), answer["seconds"]))
    for name, error in failed.items():
        if error:
            results.failures.setdefault(case_of[name].data_set, {}).setdefault(peer, {})[case_of[name].name] = error


def best_peers(results: Results, data_set: str) -> dict[str, Figures]:
    """Choose per municipality the peer nearest the target among those with as many buurten in the band as any.

    A peer whose buurten are not in one piece, or that has a lower share of them in the band than another, has not
    solved the same task: its distance is printed but sets no goal.
    """
    by_name: dict[str, list[Figures]] = {}
    for method, towns in results.figures[data_set].items():
        for name, figures in towns.items():
            if method not in (OURS, THOROUGH) and figures.is_contiguous:
                by_name.setdefault(name, []).append(figures)
    return {
        name: min(all_figures, key=lambda figures: (-figures.in_band / figures.buurten, figures.distance))
        for name, all_figures in by_name.items()
    }


def bars_of(results: Results, limits: Mapping[str, str]) -> list[Bar]:
    """Hold the results to their goals."""
    ours = {data_set: methods[OURS] for data_set, methods in results.figures.items()}
    every = [figures for towns in ours.values() for figures in towns.values()]
    bars = [
        Bar("buurten that are not in one piece", sum(f.buurten - f.contiguous for f in every), 0, at_least=False),
        Bar("buurten outside the band without a proof", sum(f.unproved for f in every), 0, at_least=False),
        Bar(
            f"slowest municipality, of at most {max(results.size.values())} sectors, s",
            max(f.wall_seconds for f in every),
            5,
            at_least=False,
        ),
    ]
    for data_set, towns in ours.items():
        best = best_peers(results, data_set)
        pairs = [(towns[name], peer) for name, peer in best.items()]
        bars.append(Bar(f"{data_set}: municipalities with a peer's answer", len(pairs), 1))
        if not pairs:
            continue
        label = data_set if len(pairs) == 1 else f"{data_set}, {len(pairs)}, medians"
        mine = {k: statistics.median(getattr(one, k) for one, _ in pairs) for k in COMPARED}
        peer = {k: statistics.median(getattr(other, k) for _, other in pairs) for k in COMPARED}
        bars += [
            Bar(
                f"{label}: distance over the best peer's",
                mine["distance"] / peer["distance"],
                0.75,
                at_least=False,
                note=limits.get(data_set, ""),
            ),
            Bar(f"{label}: compactness over its", mine["compactness"] / peer["compactness"], 1.0),
            Bar(f"{label}: time over its", mine["seconds"] / peer["seconds"], 0.25, at_least=False),
        ]
    return bars


def print_tables(results: Results) -> None:
    """Print every figure of every method; medians where there are several municipalities."""
    for data_set, methods in results.figures.items():
        total = max(len(towns) for towns in methods.values())
        print(f"\n{data_set}{f', medians of {total} municipalities' if total > 1 else ''}")
        columns = f"{'done':>6}{'buurten':>9}{'in band %':>11}{'in one piece %':>16}{'distance':>10}{'PP':>8}{'s':>10}"
        print(f"{'':32}{columns}")
        for method in [OURS, THOROUGH, *PEERS]:
            towns = methods.get(method, {})
            failed = results.failures.get(data_set, {}).get(method, {})
            if towns:
                all_figures = list(towns.values())
                count = statistics.median(f.buurten for f in all_figures)
                band = 100 * sum(f.in_band for f in all_figures) / sum(f.buurten for f in all_figures)
                pieces = 100 * sum(f.contiguous for f in all_figures) / sum(f.buurten for f in all_figures)
                distance, compactness, seconds = (
                    statistics.median(getattr(f, k) for f in all_figures) for k in COMPARED
                )
                print(
                    f"{method:32}{len(towns):6}{count:9,.0f}{band:11.1f}{pieces:16.1f}"
                    f"{distance:10,.1f}{compactness:8.3f}{seconds:10.4f}"
                )
            for error in sorted(set(failed.values())):
                print(f"{method:32}{sum(e == error for e in failed.values()):6} failed: {error}")


def limit_of(results: Results, data_set: str, cases: list[Case], *, in_full: bool) -> str:
    """Say how near to the target any partition can come, over the best peer's; nothing where that is not known."""
    best, ours = best_peers(results, data_set), results.figures[data_set][OURS]
    least = {case.name: bound for case in cases if (bound := least_distance(case)) is not None and case.name in best}
    if least:
        done = sum(best[name].distance <= bound + 1e-6 for name, bound in least.items())
        near = sum(ours[name].distance <= bound + 1e-6 for name, bound in least.items())
        ratio = statistics.median(least.values()) / statistics.median(best[name].distance for name in least)
        print(
            f"{data_set}: {len(least)} municipalities of which every partition was weighed and one is in the band: "
            f"least distance possible over the best peer's, medians, {ratio:.2f}; "
            f"the best peer reaches the least possible in {done}, ours in {near}"
        )
        return f"least possible: {ratio:.2f}, medians of {len(least)}"
    if data_set == AMSTERDAM and in_full and best:
        [(name, peer)] = best.items()
        bound = least_mean_distance(next(case for case in cases if case.name == name), BAND)
        return f"no partition is below {bound / peer.distance:.3f}: proved"
    return ""


def main() -> int:
    """Run the benchmark; give 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer municipalities, and max-p alone")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="the real open data")
    options = parser.parse_args()
    results = Results(load=os.getloadavg()[0])
    print(f"load {results.load:.2f}, {len(os.sched_getaffinity(0))} processors, target {TARGET} households")
    by_set: dict[str, list[Case]] = {}
    for case in cases_of(options.data, every=QUICK_EVERY if options.quick else 1):
        by_set.setdefault(case.data_set, []).append(case)
        results.size[f"{case.data_set}/{case.name}"] = len(case.problem)
    for cases in by_set.values():
        run_ours(cases, results)
    with tempfile.TemporaryDirectory() as folder:
        for data_set, cases in by_set.items():
            seconds = SECONDS_PER_GRAPH[data_set]
            some = cases if options.quick else cases[:: PEERS_EVERY.get(data_set, 1)]
            for peer in QUICK_PEERS[data_set] if options.quick else PEERS:
                print(f"{data_set}: {peer}", flush=True)
                run_peer(
                    peer,
                    some,
                    results,
                    Path(folder),
                    min(seconds, QUICK_SECONDS_PER_GRAPH if options.quick else seconds),
                )
    print_tables(results)
    limits = {
        data_set: limit_of(results, data_set, cases, in_full=not options.quick) for data_set, cases in by_set.items()
    }
    path = Path(__file__).resolve().parent / "results" / f"proposals{'_quick' if options.quick else ''}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(asdict(results), indent=1) + "\n", encoding="utf-8")
    return report(bars_of(results, limits))


if __name__ == "__main__":
    sys.exit(main())
