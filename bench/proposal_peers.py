"""What others would propose on the same graphs: spopt's max-p, SKATER and Ward, gerrychain's recursive tree partition.

Run as a program, it groups every graph of a file by one peer and writes a line of JSON for each as soon as it is done,
so that whoever stops it has what it did until then:

    python bench/proposal_peers.py PEER GRAPHS.pickle SECONDS_PER_GRAPH > ANSWERS.jsonl

Seconds are the processor's: all of them run on one thread, and so does ours for one alternative.

None of them takes an area without neighbours, or a component with fewer households than the floor, beside others.
Each component is therefore given to them by itself, and one that cannot be divided stays whole.
"""

import contextlib
import io
import json
import pickle
import random
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import numpy.typing as npt

__all__ = ["PEERS", "Graph"]

FLOOR, TARGET = 1000, 1500
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Graph:
    """One municipality's sectors as peers get them.

    Attributes
    ----------
    name
        Of the municipality, unique.
    households
        Shape (n,).
    places
        Shape (n, 2), metres.
    edges
        Shape (m, 2): pairs of neighbours, each once.
    """

    name: str
    households: Ints
    places: Floats
    edges: Ints


@dataclass(frozen=True, slots=True)
class _Component:
    """A connected part of a graph with at least the floor, in the forms that peers want."""

    frame: gpd.GeoDataFrame
    weights: Any
    graph: "nx.Graph[int]"
    """Nodes with their households."""
    parts: int


def max_p(component: _Component, alike: list[str], iterations: int = 99, top_n: int = 2) -> Any:
    """As many regions as can have the floor, then alike in something (Duque, Anselin and Rey 2012)."""
    from spopt.region import MaxPHeuristic  # noqa: PLC0415 - seconds to import

    model = MaxPHeuristic(
        component.frame,
        component.weights,
        alike,
        "households",
        FLOOR,
        top_n=top_n,
        max_iterations_construction=iterations,
    )
    model.solve()
    return model.labels_


def skater(component: _Component) -> Any:
    """Prune a minimum spanning tree of places (Assunção, Neves, Câmara and Freitas 2006)."""
    from spopt.region import Skater  # noqa: PLC0415 - seconds to import

    model = Skater(component.frame, component.weights, ["x", "y"], n_clusters=component.parts, floor=1)
    model.solve()
    return model.labels_


def ward(component: _Component) -> Any:
    """Join neighbours by Ward's criterion on places."""
    from spopt.region import WardSpatial  # noqa: PLC0415 - seconds to import

    model = WardSpatial(component.frame, component.weights, ["x", "y"], n_clusters=component.parts)
    model.solve()
    return model.labels_


def tree_part(component: _Component, tolerance: float) -> Any:
    """Cut random spanning trees until each part has the target within a tolerance."""
    from gerrychain import Graph as Dual  # noqa: PLC0415 - seconds to import
    from gerrychain.partition import recursive_tree_part  # noqa: PLC0415 - seconds to import

    total = int(component.frame.households.sum())
    found = recursive_tree_part(
        Dual.from_networkx(component.graph), range(component.parts), total / component.parts, "households", tolerance
    )
    return [found[k] for k in range(len(component.frame))]


PEERS: dict[str, Callable[[_Component], Any]] = {
    "spopt max-p, top 10": lambda component: max_p(component, ["households"], top_n=10),
    "spopt max-p, alike in place": lambda component: max_p(component, ["x", "y"]),
    "spopt max-p, 10 constructions": lambda component: max_p(component, ["households"], 10),
    "spopt SKATER": skater,
    "spopt WardSpatial": ward,
    "gerrychain tree, within 1/3": lambda component: tree_part(component, 1 / 3),
}


def _components(graph: Graph) -> Iterator[tuple[Ints, _Component | None]]:
    """List the positions of every component, with the component where it can be divided."""
    from libpysal.weights import W  # noqa: PLC0415 - seconds to import

    whole: nx.Graph[int] = nx.Graph()
    whole.add_nodes_from(range(len(graph.households)))
    whole.add_edges_from(graph.edges.tolist())
    for members in nx.connected_components(whole):
        at = np.array(sorted(members))
        households = graph.households[at]
        if len(at) < 2 or households.sum() < 2 * FLOOR:
            yield at, None
            continue
        position = {int(k): i for i, k in enumerate(at)}
        neighbours = {position[k]: [position[other] for other in whole[k]] for k in position}
        x, y = graph.places[at].T
        frame = gpd.GeoDataFrame({"households": households, "x": x, "y": y}, geometry=gpd.points_from_xy(x, y))
        parts = min(max(round(float(households.sum()) / TARGET), 2), len(at))
        own: nx.Graph[int] = nx.Graph()
        own.add_nodes_from((k, {"households": count}) for k, count in enumerate(households.tolist()))
        own.add_edges_from((k, other) for k, others in neighbours.items() for other in others)
        yield at, _Component(frame, W(neighbours, silence_warnings=True), own, parts)


def _answer(graph: Graph, peer: Callable[[_Component], Any]) -> dict[str, Any]:
    """Group one graph; what the peer is timed for are its own calls alone."""
    labels = np.zeros(len(graph.households), np.int64)
    seconds, used = 0.0, 0
    for at, component in _components(graph):
        found: Any = np.zeros(len(at), np.int64)
        if component is not None:
            start = time.process_time()
            found = np.asarray(peer(component))
            seconds += time.process_time() - start
        _, found = np.unique(found, return_inverse=True)
        labels[at] = found + used
        used += int(found.max()) + 1
    return {"labels": labels.tolist(), "seconds": seconds}


class _OutOfTimeError(Exception):
    """A peer needed longer for one graph than it is given."""


def _stop(*_: object) -> None:
    raise _OutOfTimeError


def main() -> None:
    """Group every graph by one peer."""
    peer, path, seconds = PEERS[sys.argv[1]], Path(sys.argv[2]), float(sys.argv[3])
    graphs: list[Graph] = pickle.loads(path.read_bytes())  # noqa: S301 - written by the process that started this one
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGPROF, _stop)
    warm_up = Graph("", np.full(9, 700), np.argwhere(np.ones((3, 3))).astype(np.float64), _grid_edges())
    for graph in [warm_up, *graphs]:
        random.seed(1)
        np.random.seed(1)
        # Imports are the warm-up's; one that were broken off would fail the peer for good.
        signal.setitimer(signal.ITIMER_PROF, 0 if graph is warm_up else seconds)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                answer = _answer(graph, peer)
        except _OutOfTimeError:
            answer = {"error": "out of time"}
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is its answer
            answer = {"error": f"{type(error).__name__}: {error}"[:200]}
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        if graph is not warm_up:
            print(json.dumps({"name": graph.name} | answer), flush=True)


def _grid_edges() -> Ints:
    """List the pairs of neighbours in a grid of three by three."""
    pairs = [(k, k + 1) for k in range(9) if k % 3 < 2] + [(k, k + 3) for k in range(6)]
    return np.array(pairs)


if __name__ == "__main__":
    # A pickle names the class by the module that made it.
    sys.modules["proposal_peers"] = sys.modules["__main__"]
    main()
