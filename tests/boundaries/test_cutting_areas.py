"""Sectors cut along areas drawn elsewhere: exact tilings, whatever the areas are."""

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.blocks import Area
from boundaries.cutting_areas import CutAssignment, assign_by_cutting
from boundaries.overlaps import InvalidAreaError

CRS = "EPSG:31370"


def grid(columns: int, rows: int, size: float = 1_000) -> dict[str, Area]:
    return {
        f"S{x}{y}": shapely.box(x * size, y * size, (x + 1) * size, (y + 1) * size)
        for x in range(columns)
        for y in range(rows)
    }


def assert_tiles(made: CutAssignment, sectors: Mapping[str, Area]) -> None:
    shapes = np.array([shape for shape, _ in made.blocks.values()], dtype=object)
    assert shapely.coverage_is_valid(shapes)
    for code, sector in sectors.items():
        parts = [shape for block, (shape, _) in made.blocks.items() if block.split("/")[0] == code]
        assert shapely.area(parts).sum() == pytest.approx(sector.area, rel=1e-9)
        assert shapely.symmetric_difference(shapely.union_all(parts), sector).area <= 1e-9 * sector.area


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_any_areas_leave_a_tiling(seed: int, number: int) -> None:
    random = np.random.default_rng(seed)
    sectors = grid(3, 3)
    sites = shapely.multipoints(random.uniform(0, 3_000, (number, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(sites, extend_to=shapely.box(-500, -500, 3_500, 3_500)))
    cells = cells if len(cells) else np.array([shapely.box(300, 300, 2_200, 2_700)])
    areas = {f"A{k}": shapely.buffer(cell, -random.choice([0, 40])) for k, cell in enumerate(cells)}
    areas = {key: area for key, area in areas.items() if area.area > 10_000 and area.geom_type == "Polygon"}
    if areas:
        made = assign_by_cutting(sectors, areas, CRS)
        assert_tiles(made, sectors)
        for shape, key in made.blocks.values():
            if key is not None:
                assert shapely.intersection(shape, areas[key]).area >= 0.5 * shape.area - 1


def test_borders_within_the_snapping_distance_cut_nothing() -> None:
    sectors = grid(2, 1)
    areas = {"West": shapely.box(-3, 2, 1_003, 1_004), "Oost": shapely.box(1_003, -2, 1_997, 1_000)}
    made = assign_by_cutting(sectors, areas, CRS)
    assert {code: key for code, (_, key) in made.blocks.items()} == {"S00": "West", "S10": "Oost"}


def test_an_area_inside_a_sector_is_cut_out_and_the_rest_is_left() -> None:
    made = assign_by_cutting(grid(2, 1), {"Plein": shapely.box(200, 200, 700, 800)}, CRS)
    assert_tiles(made, grid(2, 1))
    assert {code: (round(shape.area), key) for code, (shape, key) in made.blocks.items()} == {
        "S00/1": (300_000, "Plein"),
        "S00/2": (700_000, None),
        "S10": (1_000_000, None),
    }


def test_a_bad_area_is_named() -> None:
    with pytest.raises(InvalidAreaError, match="area Noord is not valid"):
        assign_by_cutting(grid(1, 1), {"Noord": shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])}, CRS)


@pytest.mark.realdata
def test_schaerbeeks_quarters_cut_its_wijken(real_data: Path) -> None:
    wijken = gpd.read_file(real_data / "belgium/flanders-areas/wijken.gpkg")
    wijken = wijken[wijken.municipality.astype(str) == "21015"]
    quarters = gpd.read_file(real_data / "belgium/schaerbeek/quarters.geojson").to_crs(CRS)
    sectors = dict(zip(wijken.code.astype(str), wijken.geometry, strict=True))
    made = assign_by_cutting(sectors, dict(zip(quarters.code, quarters.geometry, strict=True)), CRS)
    assert_tiles(made, sectors)
    # Quarter 14 is what lies around the municipality ("Dehors 1030").
    differs = {each.area: each.gained_m2 + each.lost_m2 for each in made.assignment.areas}
    assert differs.pop("14") == pytest.approx(quarters.area[quarters.code == "14"].sum())
    assert sum(differs.values()) < 0.01 * wijken.area.sum()
