"""Editing a plan measured: a paint, a drag, a cut, the checks of a whole plan and the difference of two.

    python bench/plans.py [--quick]

The peer does the same with geopandas as one would write it first: change a table of blocks, dissolve it into buurten
and measure all of them anew. Its answers are compared with ours, edit for edit. Method and figures: docs/plans.md.
One process, one core.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from bars import Bar, report
from sector_layer import make_sectors
from shapely import ops

from boundaries.blocks import Area, Block, BlockCounts, Buurt, PlanState
from boundaries.changes import Change
from boundaries.checks import CheckSettings, check_buurten, check_plan
from boundaries.diffs import diff_plans
from boundaries.draft import Draft
from boundaries.edit_errors import EditError
from boundaries.editing import apply
from boundaries.measures import shapes_in_metres
from boundaries.operations import AssignBlocks, CutBlocks, ReshapeBorder
from geo.crs import LONLAT, transform_points

REAL_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
SETTINGS = CheckSettings()
MEASURED = CheckSettings(polsby_popper_least=1.1, reock_least=1.1)
"""Tells the compactness of every buurt, to compare it."""
GOAL_MS = 10.0
SNAP_M = 1.0


class ByArea:
    """Shares a sector's households over its parts by area: the least that a counter does."""

    def __init__(self, state: PlanState) -> None:
        self.whole = {block.sector_code: block.counts for block in state.blocks.values()}

    def count(self, sector_code: str, parts: Sequence[Area]) -> list[BlockCounts]:
        """Count the parts of a sector."""
        whole, ends = self.whole[sector_code], np.cumsum(shapely.area(np.array(parts, dtype=object)))
        bounds = np.round(ends / ends[-1] * (whole.households or 0)).astype(int).tolist()
        return [BlockCounts(b - a, b - a) for a, b in zip([0, *bounds[:-1]], bounds, strict=True)]


class Naive:
    """A plan as a table of blocks, dissolved and measured as a whole after every change."""

    def __init__(self, state: PlanState) -> None:
        blocks = list(state.blocks.values())
        shapes = shapes_in_metres(np.array([block.shape for block in blocks], dtype=object), state.crs)
        self.frame = gpd.GeoDataFrame(
            {
                "buurt": [state.buurt_of[block.code] for block in blocks],
                "households": [block.counts.households for block in blocks],
            },
            index=[block.code for block in blocks],
            geometry=shapes,
        )

    def measure(self, method: str = "coverage") -> pd.DataFrame:
        """Dissolve the blocks, and measure every buurt; what an overlay has made is no coverage any more."""
        joined = self.frame.dissolve("buurt", aggfunc={"households": "sum"}, method=method)
        area, length = joined.area, joined.length
        radius = joined.minimum_bounding_radius()
        return pd.DataFrame(
            {
                "households": joined["households"],
                "area": area,
                "polsby-popper-low": 4 * np.pi * area / length**2,
                "reock-low": area / (np.pi * radius**2),
                "parts": shapely.get_num_geometries(joined.geometry.array),
            }
        )


@dataclass
class Times:
    """Milliseconds of ours and of the peer, call by call, and how often their answers differ."""

    name: str
    ours: list[float]
    theirs: list[float]
    differ: int = 0
    refused: int = 0

    def bars(self, times: float, goal_ms: float | None = None) -> list[Bar]:
        """Print the figures, and hold them to their goals."""
        median, slowest = np.percentile(self.ours, [50, 95])
        peer = float(np.median(self.theirs))
        print(
            f"{self.name:34}{len(self.ours):6} {median:8.2f} {slowest:8.2f} {peer:10.1f} {peer / median:8.1f}"
            f"{self.differ:8}{self.refused:9}"
        )
        bars = [
            Bar(f"{self.name}: times as fast as geopandas", peer / float(median), times),
            Bar(f"{self.name}: answers that differ", self.differ, 0, at_least=False),
        ]
        if goal_ms is not None:
            bars.append(Bar(f"{self.name}: p95 in ms", float(slowest), goal_ms, at_least=False))
        return bars


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Return the milliseconds of processor that something takes, and what it gives.

    All of it is one thread in memory: on a quiet machine that is the time that a person waits.
    """
    start = time.thread_time()
    done = work()
    return 1000 * (time.thread_time() - start), done


def plan_of(sectors: gpd.GeoDataFrame, households: Sequence[int | None], name: str) -> PlanState:
    """Grow buurten of about four sectors from seeds, along borders."""
    codes = [str(code) for code in sectors["sector_code"]]
    crs = sectors.crs.to_string()
    blocks = {
        code: Block(code, code, shape, BlockCounts(count, count or 0))
        for code, shape, count in zip(codes, sectors.geometry, households, strict=True)
    }
    draft = Draft(PlanState(name, crs, blocks, {}, dict.fromkeys(codes)), ByArea(PlanState(name, crs, blocks, {}, {})))
    rng = random.Random(7)  # noqa: S311
    edge = rng.sample(codes, len(codes) // 4)
    of = {code: f"{name}-{number:03d}" for number, code in enumerate(edge, start=1)}
    while edge:
        code = edge.pop(0)
        for other in sorted(draft.neighbours_of(code) - of.keys()):
            of[other] = of[code]
            edge.append(other)
    # What no border leads to, an island, goes with the first.
    of |= {code: f"{name}-001" for code in codes if code not in of}
    buurten = {code: Buurt(code, {"nl": code}) for code in sorted(set(of.values()))}
    return PlanState(name, crs, blocks, buurten, of)


def touched(draft: Draft, change: Change) -> list[str]:
    """Return the buurten that an editor is told of after a change."""
    return sorted((change.touched_buurten() | change.buurten.keys()) & draft.buurten.keys())


def edit_and_check(draft: Draft, operation: AssignBlocks | CutBlocks | ReshapeBorder) -> Change:
    """Do what a request does between its transaction's ends: the edit, the recount, the checks of what changed."""
    change = apply(draft, operation)
    check_buurten(draft.state, touched(draft, change), SETTINGS, draft.borders)
    return change


def differs(draft: Draft, change: Change, theirs: pd.DataFrame) -> bool:
    """Whether the peer measures the buurten that changed otherwise."""
    for code in touched(draft, change):
        if not draft.blocks_of(code):
            continue
        if draft.counts_of(code).households != theirs.loc[code, "households"]:
            return True
        told = check_buurten(draft.state, [code], MEASURED, draft.borders)
        figures = {problem.code: problem.figures[0].value for problem in told if problem.figures}
        names = ("polsby-popper-low", "reock-low")
        if any(abs(figures[name] / theirs.loc[code, name] - 1) > 1e-6 for name in names):
            return True
    return False


def border_blocks(draft: Draft, rng: random.Random) -> tuple[str, str]:
    """Draw a block on the border of its buurt, and the buurt beyond."""
    while True:
        code = rng.choice(sorted(draft.blocks))
        beyond = {draft.buurt_of[other] for other in draft.neighbours_of(code)} - {draft.buurt_of[code], None}
        if beyond:
            return code, rng.choice(sorted(map(str, beyond)))


def paint(state: PlanState, strokes: int, compared: int) -> Times:
    """Give blocks on borders to the buurt beyond, one after the other."""
    draft, naive, rng = Draft(state, ByArea(state)), Naive(state), random.Random(1)  # noqa: S311
    times = Times(f"{state.municipality_code} paint", [], [])
    for stroke in range(strokes):
        code, into = border_blocks(draft, rng)
        operation = AssignBlocks(blocks=(code,), buurt=into, allow_parts=True)
        took, change = timed(lambda operation=operation: edit_and_check(draft, operation))
        times.ours.append(took)
        naive.frame.loc[code, "buurt"] = into
        if stroke % max(1, strokes // compared) == 0:
            took, theirs = timed(naive.measure)
            times.theirs.append(took)
            times.differ += differs(draft, change, theirs)
    return times


def lonlat(points: np.ndarray, crs: str) -> tuple[tuple[float, float], ...]:
    """Return points of shape (n, 2) as a browser sends them."""
    lon, lat = transform_points(points[:, 0], points[:, 1], crs, LONLAT)
    return tuple(zip(lon.tolist(), lat.tolist(), strict=True))


def flat(shape: shapely.Geometry, state: PlanState) -> shapely.Geometry:
    """Return a shape in the metric CRS of a plan, as the peer has it."""
    around = np.array([*(block.shape for block in state.blocks.values()), shape], dtype=object)
    return shapes_in_metres(around, state.crs)[-1]


def flip(frame: gpd.GeoDataFrame, face: shapely.Geometry, pair: tuple[str, str]) -> gpd.GeoDataFrame:
    """Give what lies in a face from each of two buurten to the other, by overlays."""
    near = frame.index[frame["buurt"].isin(pair) & frame.intersects(face)]
    inside, outside = frame.loc[near].copy(), frame.loc[near].copy()
    inside["geometry"], outside["geometry"] = inside.intersection(face), outside.difference(face)
    inside["buurt"] = [pair[1] if buurt == pair[0] else pair[0] for buurt in inside["buurt"]]
    inside["households"] = 0
    return pd.concat([frame.drop(near), outside, inside[inside.area > 1]])


def areas_by_buurt(draft: Draft, state: PlanState) -> pd.Series:
    """Measure the buurten of a draft by joining their shapes, in the metric CRS."""
    blocks = draft.blocks.values()
    shapes = shapes_in_metres(np.array([block.shape for block in blocks], dtype=object), state.crs)
    return pd.Series(shapely.area(shapes), [draft.buurt_of[block.code] for block in blocks]).groupby(level=0).sum()


def drag(state: PlanState, strokes: int) -> Times:
    """Draw a stretch of a border into the block beside it, and take it back."""
    draft, naive, rng = Draft(state, ByArea(state)), Naive(state), random.Random(2)  # noqa: S311
    times = Times(f"{state.municipality_code} drag a border", [], [])
    whole = naive.frame
    while len(times.ours) < strokes:
        code, left = border_blocks(draft, rng)
        block, right = draft.blocks[code].shape, str(draft.buurt_of[code])
        beyond = next(o for o in sorted(draft.neighbours_of(code)) if draft.buurt_of[o] == left)
        shared = shapely.line_merge(shapely.intersection(block.boundary, draft.blocks[beyond].shape.boundary))
        lines = [part for part in shapely.get_parts(shared) if part.geom_type == "LineString" and not part.is_ring]
        if not lines:
            continue
        stretch = shapely.get_coordinates(max(lines, key=shapely.length))
        inside = shapely.get_coordinates(block.centroid)[0]
        drawn = np.array([stretch[0], 0.6 * stretch[[0, -1]].mean(axis=0) + 0.4 * inside, stretch[-1]])
        operation = ReshapeBorder(left=left, right=right, line=lonlat(drawn, state.crs), allow_parts=True)
        try:
            took, change = timed(lambda operation=operation: edit_and_check(draft, operation))
        except EditError:
            times.refused += 1
            continue
        times.ours.append(took)
        face = flat(shapely.make_valid(shapely.Polygon([*stretch, drawn[1]])), state)

        def redraw(face: shapely.Geometry = face, pair: tuple[str, str] = (left, right)) -> pd.DataFrame:
            naive.frame = flip(whole, face, pair)
            return naive.measure("unary")

        took, theirs = timed(redraw)
        times.theirs.append(took)
        near = SNAP_M * face.length
        ours = areas_by_buurt(draft, state)
        times.differ += any(abs(ours[buurt] - theirs.loc[buurt, "area"]) > near for buurt in (left, right))
        draft.play(change.inverse())
    return times


def cut(state: PlanState, strokes: int) -> Times:
    """Cut a block through its middle, and take it back."""
    draft, naive, rng = Draft(state, ByArea(state)), Naive(state), random.Random(3)  # noqa: S311
    times = Times(f"{state.municipality_code} cut a block", [], [])
    whole, codes = naive.frame, sorted(draft.blocks)
    while len(times.ours) < strokes:
        code = rng.choice(codes)
        shape = draft.blocks[code].shape
        x, y = shape.centroid.coords[0]
        low_x, low_y, high_x, high_y = shape.bounds
        angle = rng.uniform(0, np.pi)
        reach = np.array([(high_x - low_x) * np.cos(angle), (high_y - low_y) * np.sin(angle)])
        middle = np.array([x, y])
        drawn = np.array([middle - reach, middle + reach])
        operation = CutBlocks(blocks=(code,), line=lonlat(drawn, state.crs))
        try:
            took, change = timed(lambda operation=operation: edit_and_check(draft, operation))
        except EditError:
            times.refused += 1
            continue
        times.ours.append(took)
        line = flat(shapely.LineString(drawn), state)

        def split(line: shapely.Geometry = line, code: str = code) -> np.ndarray:
            parts = shapely.get_parts(ops.split(whole.loc[code, "geometry"], line))
            pieces = gpd.GeoDataFrame(
                {"buurt": [whole.loc[code, "buurt"]] * len(parts), "households": 0}, geometry=parts
            )
            naive.frame = pd.concat([whole.drop(code), pieces])
            naive.measure("unary")
            return parts

        took, theirs = timed(split)
        times.theirs.append(took)
        made = [step.after.shape for step in change.blocks.values() if step.before is None]
        ours = [flat(shape, state) for shape in made]
        # Slivers of up to the snapping distance are given back, and islands go with the nearest piece.
        points = shapely.point_on_surface(theirs)
        sums = [float(shapely.area(theirs[shapely.contains(own, points)]).sum()) for own in ours]
        times.differ += any(abs(own.area - of) > SNAP_M * line.length for own, of in zip(ours, sums, strict=True))
        draft.play(change.inverse())
    return times


def check_whole(state: PlanState, rounds: int) -> Times:
    """Check a whole plan, its official sectors beside it."""
    draft, naive = Draft(state, ByArea(state)), Naive(state)
    sectors = {code: block.shape for code, block in state.blocks.items()}
    times = Times(f"{state.municipality_code} check of a whole plan", [], [])

    def check_naively() -> pd.DataFrame:
        union = naive.frame.union_all()
        pairs = gpd.sjoin(naive.frame[["geometry"]], naive.frame[["geometry"]], predicate="overlaps")
        holes = sum(len(part.interiors) for part in shapely.get_parts(union))
        measured = naive.measure()
        measured.attrs.update(overlaps=len(pairs), holes=holes)
        return measured

    for _ in range(rounds):
        times.ours.append(timed(lambda: check_plan(state, SETTINGS, sectors=sectors, borders=draft.borders))[0])
        took, theirs = timed(check_naively)
        times.theirs.append(took)
    told = check_plan(state, MEASURED, borders=draft.borders)
    for name in ("polsby-popper-low", "reock-low"):
        ours = {p.buurten[0]: p.figures[0].value for p in told if p.code == name}
        times.differ += sum(abs(ours[code] / theirs.loc[code, name] - 1) > 1e-6 for code in state.buurten)
    gaps = sum(problem.code in ("gap", "official-gap") for problem in told)
    times.differ += (gaps != theirs.attrs["holes"]) + any("overlap" in problem.code for problem in told)
    return times


def difference(state: PlanState, rounds: int) -> Times:
    """Compare a plan with one that forty paints and five cuts made of it."""
    draft, rng = Draft(state, ByArea(state)), random.Random(4)  # noqa: S311
    for _ in range(40):
        code, into = border_blocks(draft, rng)
        apply(draft, AssignBlocks(blocks=(code,), buurt=into, allow_parts=True))
    after = draft.state
    old, new = (Naive(each).frame.reset_index() for each in (state, after))
    times = Times(f"{state.municipality_code} difference of two plans", [], [])

    def overlay() -> pd.Series:
        met = gpd.overlay(old, new, how="intersection", keep_geom_type=True)
        met = met[(met["buurt_1"] != met["buurt_2"]) & (met.area > 1)]
        return met.assign(area=met.area).groupby(["buurt_1", "buurt_2"])["area"].sum()

    for _ in range(rounds):
        took, diff = timed(lambda: diff_plans(state, after, ByArea(state)))
        times.ours.append(took)
        took, theirs = timed(overlay)
        times.theirs.append(took)
    ours = {(row["from"], row["to"]): row["area_m2"] for row in diff.rows()}
    times.differ = len(ours.keys() ^ set(theirs.index))
    times.differ += sum(abs(ours[pair] / theirs[pair] - 1) > 1e-3 for pair in ours.keys() & set(theirs.index))
    return times


def amsterdam() -> PlanState | None:
    """Return the official sectors of Amsterdam with their official households, in degrees as they are published."""
    layer = REAL_DATA / "netherlands" / "amsterdam-2022" / "buurten.gpkg"
    counts = REAL_DATA / "netherlands" / "cbs-kerncijfers-2024" / "buurten.csv.gz"
    if not layer.is_file():
        print("no real sectors here: Amsterdam is left out")
        return None
    known = pd.read_csv(counts).set_index("buurtcode")["huishoudens"]
    sectors = gpd.read_file(layer).rename(columns={"buurtcode": "sector_code"})
    households = [None if pd.isna(known.get(code)) else int(known[code]) for code in sectors["sector_code"]]
    # The peer cannot sum what is unknown; ours would tell it.
    return plan_of(sectors, [count or 0 for count in households], "GM0363")


def synthetic() -> PlanState:
    """Return 720 sectors around a town of the synthetic country: as many as the Brussels-Capital Region has."""
    sectors = make_sectors(20_000)
    centre = sectors.geometry.array[np.argmin(sectors.area)].centroid
    near = sectors.iloc[np.argsort(shapely.distance(sectors.geometry.array, centre))[:720]]
    rng = np.random.default_rng(5)
    return plan_of(near.sort_values("sector_code"), rng.integers(100, 900, 720).tolist(), "SYN")


def main() -> int:
    """Measure, and hold the figures to their bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer edits, the same bars")
    quick = parser.parse_args().quick
    strokes, compared, rounds = (120, 12, 3) if quick else (1_000, 60, 9)
    bars: list[Bar] = []
    print(
        f"{'milliseconds of processor':34}{'calls':>6} {'median':>8} {'p95':>8} {'geopandas':>10} {'times':>8}"
        f"{'differ':>8}{'refused':>9}"
    )
    for state in filter(None, (amsterdam(), synthetic())):
        # PROJ is set up once a process, in a tenth of a second.
        transform_points(np.zeros(1), np.zeros(1), LONLAT, state.crs)
        bars += paint(state, strokes, compared).bars(*GOALS["paint"])
        bars += drag(state, compared).bars(*GOALS["drag"])
        bars += cut(state, compared).bars(*GOALS["cut"])
        bars += check_whole(state, rounds).bars(*GOALS["check"])
        bars += difference(state, rounds).bars(*GOALS["difference"])
    return report(bars)


GOALS: dict[str, tuple[float, float | None]] = {
    "paint": (10, GOAL_MS),
    "drag": (4, GOAL_MS),
    "cut": (4, 1.5 * GOAL_MS),
    "check": (1.3, None),
    "difference": (50, None),
}
"""Times as fast as the peer, and the slowest of twenty in milliseconds where a person waits for it under the hand."""

if __name__ == "__main__":
    sys.exit(main())
