"""Whole sectors for areas that were drawn elsewhere, and what that differs."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.assigning import assign_by_overlap
from boundaries.blocks import Area
from boundaries.overlaps import InvalidAreaError

CRS = "EPSG:31370"
ROW = {f"S{k}": shapely.box(100 * k, 0, 100 * k + 100, 100) for k in range(4)}


def test_areas_made_of_whole_sectors_differ_in_nothing() -> None:
    areas: dict[str, Area] = {"B": shapely.box(0, 0, 200, 100), "A": shapely.box(200, 0, 400, 100)}
    made = assign_by_overlap(ROW, areas, CRS, 1.0)
    assert made.buurt_of == {"S0": "B", "S1": "B", "S2": "A", "S3": "A"}
    assert made.sectors == ()
    assert [(area.area, area.share) for area in made.areas] == [("A", 0.0), ("B", 0.0)]


def test_a_sector_goes_where_most_of_it_lies_and_the_rest_is_told() -> None:
    areas: dict[str, Area] = {"A": shapely.box(0, 0, 130, 100), "B": shapely.box(130, 0, 260, 100)}
    made = assign_by_overlap(ROW, areas, CRS)
    assert made.buurt_of == {"S0": "A", "S1": "B", "S2": "B", "S3": None}
    assert [(each.sector_code, each.area, each.outside_m2, dict(each.shares)) for each in made.sectors] == [
        ("S3", None, 10_000.0, {}),
        ("S2", "B", 4_000.0, {"B": 0.6}),
        ("S1", "B", 3_000.0, {"B": 0.7, "A": 0.3}),
    ]
    b, a = made.areas
    assert (b.area, b.drawn_m2, b.assigned_m2, b.gained_m2, b.lost_m2, b.share) == (
        "B", 13_000.0, 20_000.0, 7_000.0, 0.0, 7 / 13,
    )  # fmt: skip
    assert (a.area, a.gained_m2, a.lost_m2) == ("A", 0.0, 3_000.0)


def test_a_higher_share_leaves_sectors_in_doubt_unassigned() -> None:
    areas: dict[str, Area] = {"A": shapely.box(0, 0, 170, 100)}
    assert assign_by_overlap(ROW, areas, CRS, 0.7).buurt_of["S1"] == "A"
    assert assign_by_overlap(ROW, areas, CRS, 0.71).buurt_of["S1"] is None


def test_the_lowest_key_gets_a_tie() -> None:
    areas: dict[str, Area] = {"B": shapely.box(0, 0, 50, 100), "A": shapely.box(50, 0, 100, 100)}
    assert assign_by_overlap({"S0": ROW["S0"]}, areas, CRS).buurt_of == {"S0": "A"}


@pytest.mark.parametrize("share", [0.0, -1.0, 1.01, float("nan")])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="at_least"):
        assign_by_overlap(ROW, {}, CRS, share)


def test_a_bad_shape_is_named() -> None:
    with pytest.raises(InvalidAreaError, match="area A is not valid"):
        assign_by_overlap(ROW, {"A": shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])}, CRS)
    assert assign_by_overlap({}, {}, CRS).buurt_of == {}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 350)] * 2, *[st.integers(1, 200)] * 2), max_size=5),
    st.sampled_from([0.2, 0.5, 0.8]),
)
def test_square_metres_add_up(boxes: list[tuple[int, int, int, int]], at_least: float) -> None:
    sectors = {f"S{x}{y}": shapely.box(x * 50, y * 50, x * 50 + 50, y * 50 + 50) for x in range(8) for y in range(4)}
    areas: dict[str, Area] = {f"A{k}": shapely.box(x, y, x + w, y + h) for k, (x, y, w, h) in enumerate(boxes)}
    made = assign_by_overlap(sectors, areas, CRS, at_least)
    told = {each.sector_code: each for each in made.sectors}
    for code, key in made.buurt_of.items():
        shares = {other: shapely.intersection(sectors[code], area).area / 2_500 for other, area in areas.items()}
        assert (key is not None) == (max(shares.values(), default=0.0) >= at_least)
        assert (told[code].outside_share if code in told else 0.0) == pytest.approx(1 - shares.get(key, 0.0), abs=1e-5)
    for area in made.areas:
        assert area.assigned_m2 == 2_500 * sum(key == area.area for key in made.buurt_of.values())
        assert area.drawn_m2 + area.gained_m2 - area.lost_m2 == pytest.approx(area.assigned_m2)


@pytest.mark.realdata
def test_amsterdams_older_wijken_get_its_sectors_of_2022(real_data: Path) -> None:
    crs = "EPSG:28992"
    folder = real_data / "netherlands"
    layer = gpd.read_file(folder / "amsterdam-2022" / "buurten.gpkg").to_crs(crs)
    older = gpd.read_file(folder / "amsterdam-2015" / "wijken-stadsdelen.gpkg", layer="wijken").to_crs(crs)
    sectors = dict(zip(layer["buurtcode"], layer.geometry, strict=True))
    areas = {f"{row.vollcode}-{row.id}": row.geometry for row in older.itertuples()}
    made = assign_by_overlap(sectors, areas, crs)
    # Weesp joined the city in 2022: nothing was drawn there, and nothing else is left out.
    weesp = {code for code in sectors if code.startswith(("BU0363SB", "BU0363SC", "BU0363SD", "BU0363SE"))}
    assert {code for code, key in made.buurt_of.items() if key is None} == weesp
    assert len(weesp) == 22
    for area in made.areas:
        assert area.drawn_m2 + area.gained_m2 - area.lost_m2 == pytest.approx(area.assigned_m2)
    inside = sum(area.assigned_m2 - area.gained_m2 for area in made.areas)
    assert inside / shapely.area(np.array(list(areas.values()), dtype=object)).sum() > 0.9
