"""Carrying plans over to a new release: what stayed, what was recoded, what a person must decide."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.blocks import Area, Block, BlockCounts, Buurt, PlanState
from boundaries.carry_over import CarriedOver, CarryOverError, CarryOverSettings, Reason, carry_over
from boundaries.cutting import cut_shapes
from boundaries.overlaps import InvalidAreaError

CRS = "EPSG:31370"
COUNTS = BlockCounts(10, 12)


def plan_of(
    shapes: Mapping[str, Area], buurt_of: Mapping[str, str | None], municipality: str = "11002", crs: str = CRS
) -> PlanState:
    blocks = {code: Block(code, code.split("/")[0], shape, COUNTS) for code, shape in shapes.items()}
    buurten = {code: Buurt(code, {}) for code in sorted({code for code in buurt_of.values() if code is not None})}
    return PlanState(municipality, crs, blocks, buurten, dict(buurt_of))


def grid(columns: int, rows: int, size: float = 100) -> dict[str, Area]:
    return {
        f"S{x}{y}": shapely.box(x * size, y * size, (x + 1) * size, (y + 1) * size)
        for x in range(columns)
        for y in range(rows)
    }


def cut_along(shapes: dict[str, Area], sector: str, lines: Sequence[Sequence[tuple[float, float]]]) -> None:
    """Cut a sector, and the parts of it, as an editor does."""
    for line in lines:
        targets = {code for code in shapes if code.split("/")[0] == sector}
        cut = cut_shapes(shapes, targets, shapely.LineString(line), snap=1.0)
        for code, pieces in cut.pieces.items():
            del shapes[code]
            shapes |= {f"{code}/{number}": piece for number, piece in enumerate(pieces, start=1)}
        shapes |= cut.revertexed


def assert_tiles(carried: CarriedOver, sectors: Mapping[str, Area]) -> None:
    shapes = np.array([block.shape for block in carried.blocks.values()], dtype=object)
    before = np.array(list(sectors.values()), dtype=object)
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(shapely.area(before).sum(), rel=1e-12)
    assert {block.sector_code for block in carried.blocks.values()} == set(sectors)
    assert carried.buurt_of.keys() == set(sectors)
    assert sorted([*carried.unchanged, *carried.recoded, *carried.changed]) == sorted(sectors)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_same_sectors_change_nothing(data: st.DataObject) -> None:
    sectors = grid(3, 3)
    shapes = dict(sectors)
    for sector in data.draw(st.lists(st.sampled_from(sorted(sectors)), unique=True, max_size=3)):
        x, y = sectors[sector].bounds[:2]
        at = data.draw(st.integers(20, 80))
        across = [[(x + at, y - 10), (x + at, y + 110)], [(x - 10, y + at), (x + 110, y + at)]]
        cut_along(shapes, sector, across[: data.draw(st.integers(1, 2))])
    buurt = st.sampled_from(["11002-01", "11002-02", None])
    plan = plan_of(shapes, {code: data.draw(buurt) for code in sorted(shapes)})
    carried = carry_over([plan], sectors, CRS)
    assert carried.unchanged == tuple(sorted(sectors))
    assert (carried.decisions, carried.emptied) == ((), ())
    assert {code: block.buurt for code, block in carried.blocks.items()} == plan.buurt_of
    for code, block in carried.blocks.items():
        assert shapely.equals(block.shape, plan.blocks[code].shape)
    assert_tiles(carried, sectors)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 14), st.integers(2, 14))
def test_every_new_sector_has_an_outcome(seed: int, olds: int, news: int) -> None:
    random = np.random.default_rng(seed)

    def tiling(number: int, moved: float) -> dict[str, Area]:
        sites = shapely.multipoints(random.uniform(0, 1_000, (number, 2)))
        outline = shapely.box(moved, 0, 1_000 + moved, 1_000)
        cells = shapely.intersection(np.array(shapely.get_parts(shapely.voronoi_polygons(sites))), outline)
        return {f"S{k}": cell for k, cell in enumerate(cell for cell in cells if cell.area > 0)}

    before = tiling(olds, 0)
    plan = plan_of(before, {code: random.choice(["11002-01", "11002-02"]) for code in before})
    sectors = tiling(news, random.choice([0, 300, 2_000]))
    carried = carry_over([plan], sectors, CRS)
    assert carried.buurt_of.keys() == sectors.keys()
    asked = {decision.sector_code: decision for decision in carried.decisions}
    covered = shapely.union_all(list(before.values()))
    for code, shape in sectors.items():
        assert (carried.buurt_of[code] is None) == (code in asked and asked[code].reason == Reason.NOTHING_OVERLAPS)
        assert (carried.buurt_of[code] is not None) == (shapely.intersection(shape, covered).area > 0)
        if code in asked:
            assert asked[code].guess == carried.buurt_of[code]
            assert sum(candidate.share for candidate in asked[code].candidates) <= 1 + 1e-9


def test_a_recoded_sector_is_found_by_its_shape_even_if_its_new_code_was_anothers() -> None:
    west, east = grid(2, 1).values()
    plan = plan_of({"A": west, "B": east}, {"A": "11002-01", "B": "11002-02"})
    carried = carry_over([plan], {"B": west, "C": east}, CRS)
    assert carried.buurt_of == {"B": "11002-01", "C": "11002-02"}
    assert (carried.recoded, carried.decisions) == ({"B": "A", "C": "B"}, ())


def test_a_changed_sector_goes_by_its_largest_overlap_and_a_person_is_asked_when_that_is_not_clear() -> None:
    plan = plan_of(grid(2, 1), {"S00": "11002-01", "S10": "11002-02"})
    sectors = {"S00": shapely.box(0, 0, 105, 100), "N": shapely.box(105, 0, 260, 100), "M": shapely.box(300, 0, 400, 9)}
    carried = carry_over([plan], sectors, CRS)
    assert carried.buurt_of == {"M": None, "N": "11002-02", "S00": "11002-01"}
    assert carried.changed == ("M", "N", "S00")
    none, part = carried.decisions
    assert (none.sector_code, none.reason, none.candidates) == ("M", Reason.NOTHING_OVERLAPS, ())
    assert (part.sector_code, part.reason, part.guess) == ("N", Reason.AMBIGUOUS, "11002-02")
    assert [(each.buurt, each.share, each.area_m2) for each in part.candidates] == [("11002-02", 95 / 155, 9_500)]


def test_what_was_not_assigned_stays_so_but_gives_way_to_a_buurt_in_doubt() -> None:
    plan = plan_of(grid(2, 1), {"S00": "11002-01", "S10": None})
    carried = carry_over([plan], {"A": shapely.box(0, 0, 140, 100), "B": shapely.box(140, 0, 200, 100)}, CRS)
    assert carried.buurt_of == {"A": "11002-01", "B": None}
    assert [decision.sector_code for decision in carried.decisions] == ["A"]
    carried = carry_over([plan], {"A": shapely.box(60, 0, 200, 100)}, CRS)
    assert carried.buurt_of == {"A": "11002-01"}
    assert [candidate.buurt for candidate in carried.decisions[0].candidates] == [None, "11002-01"]


def test_plans_of_merged_municipalities_become_one() -> None:
    shapes = list(grid(3, 1).values())
    west = plan_of({"A1": shapes[0]}, {"A1": "11002-01"})
    east = plan_of({"B1": shapes[1], "B2": shapes[2]}, {"B1": "11007-01", "B2": "11007-02"}, "11007")
    sectors = dict(zip(("C1", "C2", "C3"), shapes, strict=True))
    carried = carry_over([west, east], sectors, CRS)
    assert carried.buurt_of == {"C1": "11002-01", "C2": "11007-01", "C3": "11007-02"}
    assert carried.recoded == {"C1": "A1", "C2": "B1", "C3": "B2"}
    assert carry_over([west, east], {"C1": shapes[0]}, CRS).emptied == ("11007-01", "11007-02")


def test_a_cut_is_kept_on_borders_that_were_drawn_a_little_differently() -> None:
    shapes = grid(3, 1, 1_000)
    cut_along(shapes, "S10", [[(900, 300), (2_100, 400)], [(1_500, -100), (1_500, 350)]])
    plan = plan_of(shapes, {code: f"11002-{number:02d}" for number, code in enumerate(sorted(shapes))})
    sectors = {
        "S00": shapely.Polygon([(0, 0), (1_000, 0), (1_000.2, 500), (1_000, 1_000), (0, 1_000)]),
        "T": shapely.Polygon([(1_000, 0), (2_000, 0), (1_999.9, 500), (2_000, 1_000), (1_000, 1_000), (1_000.2, 500)]),
        "S20": shapely.Polygon([(2_000, 0), (3_000, 0), (3_000, 1_000), (2_000, 1_000), (1_999.9, 500)]),
    }
    carried = carry_over([plan], sectors, CRS)
    assert carried.recoded == {"T": "S10"}
    assert carried.decisions == ()
    kept = {code: block.buurt for code, block in carried.blocks.items() if block.sector_code == "T"}
    assert kept == {code.replace("S10", "T"): plan.buurt_of[code] for code in shapes if code.startswith("S10/")}
    assert len(kept) == 3
    assert_tiles(carried, sectors)


def test_cuts_that_cross_are_made_in_their_order() -> None:
    shapes = grid(1, 1)
    cut_along(shapes, "S00", [[(-9, 40), (109, 40)], [(30, -9), (30, 109)]])
    assert len(shapes) == 4
    carried = carry_over([plan_of(shapes, dict.fromkeys(shapes, "11002-01"))], grid(1, 1), CRS)
    assert set(carried.blocks) == set(shapes)
    assert all(shapely.equals(carried.blocks[code].shape, shapes[code]) for code in shapes)


def test_a_cut_of_a_sector_that_changed_decides_by_its_parts() -> None:
    shapes = grid(2, 1)
    cut_along(shapes, "S00", [[(50, -9), (50, 109)]])
    of = {"S00/1": "11002-01", "S00/2": "11002-02", "S10": "11002-02"}
    sectors = {"A": shapely.box(0, 0, 45, 100), "B": shapely.box(45, 0, 200, 100)}
    carried = carry_over([plan_of(shapes, of)], sectors, CRS)
    assert (carried.buurt_of, carried.decisions) == ({"A": "11002-01", "B": "11002-02"}, ())


def test_a_cut_that_cannot_be_made_again_is_for_a_person() -> None:
    # The parts lie apart by more than the snapping distance, so that no line is between them.
    shapes = {"S/1": shapely.box(0, 0, 600, 10_000), "S/2": shapely.box(604, 0, 10_000, 10_000)}
    sectors = {"S": shapely.box(0, 0, 10_000, 10_000)}
    carried = carry_over([plan_of(shapes, {"S/1": "11002-01", "S/2": "11002-02"})], sectors, CRS)
    [decision] = carried.decisions
    assert (carried.unchanged, decision.reason, decision.guess) == (("S",), Reason.CUT_LOST, "11002-02")
    assert [candidate.buurt for candidate in decision.candidates] == ["11002-02", "11002-01"]
    assert list(carried.blocks) == ["S"]


def test_plans_in_another_crs_are_converted() -> None:
    shapes = {code: shapely.affinity.translate(shape, 150_000, 170_000) for code, shape in grid(2, 2).items()}
    layer = gpd.GeoSeries(shapes, crs=CRS).to_crs("EPSG:3812")
    carried = carry_over([plan_of(shapes, dict.fromkeys(shapes, "11002-01"))], layer.to_dict(), "EPSG:3812")
    assert carried.unchanged == tuple(sorted(shapes))


@pytest.mark.parametrize(
    ("plans", "sectors", "error", "told"),
    [
        ([], grid(1, 1), CarryOverError, "no plan"),
        ([plan_of(grid(1, 1), {"S00": "11002-01"})] * 2, grid(1, 1), CarryOverError, "buurt 11002-01"),
        ([plan_of(grid(1, 1), {"S00": "1-1"}), plan_of(grid(1, 1), {})], grid(1, 1), CarryOverError, "sector S00"),
        ([plan_of(grid(1, 1), {})], {"X": shapely.Polygon()}, InvalidAreaError, "sector X is not an area"),
        ([plan_of({"Y": shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])}, {})], grid(1, 1), InvalidAreaError,
         "block Y is not valid"),
    ],
)  # fmt: skip
def test_bad_input_is_named(
    plans: list[PlanState], sectors: dict[str, Area], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        carry_over(plans, sectors, CRS)


@pytest.mark.parametrize(
    "given", [{"same_share": 1.0}, {"clear_share": 0.5}, {"snap_m": 0.0}, {"snap_m": float("nan")}]
)
def test_settings_out_of_range_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(given))):
        replace(CarryOverSettings(), **given)


@pytest.mark.realdata
def test_amsterdams_buurten_of_2015_are_found_in_2022(real_data: Path) -> None:
    crs = "EPSG:28992"
    old = gpd.read_file(real_data / "netherlands" / "amsterdam-2015" / "buurten-2015-to-2022.gpkg").to_crs(crs)
    new = gpd.read_file(real_data / "netherlands" / "amsterdam-2022" / "buurten.gpkg").to_crs(crs)
    shapes = dict(zip(old["buurtcode_cbs_2015"], old.geometry, strict=True))
    of = {row.buurtcode_cbs_2015: f"GM0363-{row.wijkcode_2022}" for row in old.itertuples()}
    sectors = dict(zip(new["buurtcode"], new.geometry, strict=True))
    carried = carry_over([plan_of(shapes, of, "GM0363", crs)], sectors, crs)
    assert carried.recoded == dict(zip(old["buurtcode_cbs_2022"], old["buurtcode_cbs_2015"], strict=True))
    assert (len(carried.recoded), len(carried.changed), carried.unchanged) == (439, 518 - 439, ())
    # The old file leaves out what was split or merged, so nothing overlaps the others but the borders' rounding.
    assert {decision.sector_code for decision in carried.decisions} == set(carried.changed)
    shares = [candidate.share for decision in carried.decisions for candidate in decision.candidates]
    assert max(shares, default=0.0) < 1e-3
    assert_tiles(carried, sectors)


@pytest.mark.realdata
def test_ermelos_codes_that_name_other_areas_do_not_mislead(real_data: Path) -> None:
    layer = gpd.read_file(real_data / "netherlands" / "ermelo" / "buurten.gpkg")
    codes, areas = sorted(layer["buurtcode"]), list(layer.sort_values("buurtcode").geometry)
    plan = plan_of(
        dict(zip(codes, areas, strict=True)), {code: f"GM0233-{code[-4:]}" for code in codes}, "GM0233", "EPSG:28992"
    )
    # Every code goes to the next area, as BU02330001 went from Ermelo-Oost to Ermelo - Noord.
    sectors = dict(zip(codes, areas[1:] + areas[:1], strict=True))
    carried = carry_over([plan], sectors, "EPSG:28992")
    assert carried.recoded == dict(zip(codes, codes[1:] + codes[:1], strict=True))
    assert carried.buurt_of == {code: f"GM0233-{was[-4:]}" for code, was in carried.recoded.items()}
    assert carried.decisions == ()


@pytest.mark.realdata
def test_the_plans_of_belgiums_mergers_of_2025_become_one_each(real_data: Path) -> None:
    folder = real_data / "belgium" / "flanders-areas"
    wijken = gpd.read_file(folder / "wijken.gpkg")
    wijken["municipality"] = wijken["municipality"].astype(str)
    mergers = pd.read_csv(folder / "mergers-2025.csv", dtype=str)
    old_code, new_code = mergers.columns[:2]
    merged = 0
    for code, rows in mergers.groupby(new_code):
        plans, sectors = [], {}
        for municipality in rows[old_code]:
            own = wijken[wijken["municipality"] == municipality]
            shapes = dict(zip(own["code"], own.geometry, strict=True))
            plans.append(plan_of(shapes, {key: f"{municipality}-{key}" for key in shapes}, municipality))
            sectors |= {f"{code}_{key}": shape for key, shape in shapes.items()}
        if not sectors:
            continue
        merged += 1
        carried = carry_over(plans, sectors, CRS)
        assert (carried.decisions, carried.changed, carried.emptied) == ((), (), ())
        assert carried.recoded == {key: key.partition("_")[2] for key in sectors}
    assert merged > 5
