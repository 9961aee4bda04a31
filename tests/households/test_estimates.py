"""Sectors without a count are estimated from what the municipality's own count leaves; official counts stay."""

import gzip
from csv import DictReader
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from households.counts import Method
from households.estimates import SectorFacts, complete_counts, published_rounding

FACTS = st.builds(
    SectorFacts,
    households=st.none() | st.integers(0, 3_000),
    dwellings=st.none() | st.integers(0, 3_000),
    population=st.none() | st.integers(0, 8_000),
    area_m2=st.floats(1, 1e7),
)
SECTORS = st.lists(FACTS, min_size=1, max_size=20).map(lambda rows: {f"S{k:02}": row for k, row in enumerate(rows)})


@given(st.none() | st.integers(0, 40_000), SECTORS, st.sampled_from([1, 5]))
def test_official_counts_stay_and_the_sums_agree(
    official: int | None, sectors: dict[str, SectorFacts], rounding: int
) -> None:
    count = complete_counts(official, sectors, rounding=rounding)
    for code, facts in sectors.items():
        found = count.sectors[code]
        if facts.households is not None:
            assert found is not None
            assert (found.households, found.method) == (facts.households, Method.OFFICIAL)
        else:
            assert found is None or found.estimated
    if official is not None:
        assert count.unknown_sectors == 0
        assert count.counted + count.estimated + (count.difference or 0) == official


@given(SECTORS, st.integers(0, 5_000))
def test_the_official_total_holds_where_the_counted_sectors_leave_something(
    sectors: dict[str, SectorFacts], left: int
) -> None:
    missing = [facts for facts in sectors.values() if facts.households is None]
    counted = sum(facts.households or 0 for facts in sectors.values())
    count = complete_counts(counted + left, sectors)
    register_knows_no_home = all(facts.dwellings == 0 for facts in missing)
    assert count.difference == (left if not missing or register_knows_no_home else 0)


def test_without_an_official_total_an_estimate_comes_from_the_dwellings() -> None:
    sectors = {
        "A": SectorFacts(90, 100, None, 1.0),
        "B": SectorFacts(190, 200, None, 1.0),
        "C": SectorFacts(None, 50, None, 1.0),
        "D": SectorFacts(None, None, 30, 1.0),
    }
    count = complete_counts(None, sectors)
    estimate = count.sectors["C"]
    assert estimate is not None
    assert (estimate.households, estimate.method) == (47, Method.OCCUPANCY)
    assert estimate.low < 47 < estimate.high
    assert count.sectors["D"] is None
    assert (count.unknown_sectors, count.difference) == (1, None)


def test_rounding_makes_the_margin_of_what_is_left() -> None:
    sectors = {f"S{k}": SectorFacts(100, None, None, 1.0) for k in range(50)} | {
        "unknown": SectorFacts(None, None, None, 1.0)
    }
    found = complete_counts(5_030, sectors, rounding=5).sectors["unknown"]
    assert found is not None
    # 50 counts of 5 possible values each have a variance of 2: 1.96 √100 = 19.6.
    assert (found.households, found.method, found.low, found.high) == (30, Method.RESIDUAL_BY_AREA, 0, 50)


def test_a_negative_residual_is_shown_and_nothing_is_taken_from_official_counts() -> None:
    count = complete_counts(95, {"A": SectorFacts(100, None, None, 1.0), "B": SectorFacts(None, 4, None, 1.0)})
    assert (count.counted, count.estimated, count.difference) == (100, 0, -5)


@pytest.mark.realdata
def test_amsterdam_keeps_both_totals_and_shows_the_difference(real_data: Path) -> None:
    folder = real_data / "netherlands"
    with gzip.open(folder / "cbs-kerncijfers-2024" / "buurten.csv.gz", "rt", encoding="utf-8") as stream:
        rows = {row["buurtcode"]: row for row in DictReader(stream) if row["gemeentecode"] == "GM0363"}
    with (folder / "cbs-kerncijfers-2024" / "gemeenten.csv").open(encoding="utf-8") as stream:
        official = next(int(row["huishoudens"]) for row in DictReader(stream) if row["gemeentecode"] == "GM0363")
    codes = _codes_of_polygons(folder / "amsterdam-2022" / "buurten.gpkg")

    def whole(text: str | None) -> int | None:
        return int(float(text)) if text else None

    sectors = {
        code: SectorFacts(
            households=whole(rows.get(code, {}).get("huishoudens")),
            dwellings=None,
            population=whole(rows.get(code, {}).get("inwoners")),
            area_m2=area,
        )
        for code, area in codes.items()
    }
    rounding = published_rounding(facts.households for facts in sectors.values())
    count = complete_counts(official, sectors, rounding=rounding)
    assert (len(sectors), rounding, count.unknown_sectors) == (518, 5, 0)
    assert sum(found is not None and found.estimated for found in count.sectors.values()) == 31
    assert (count.official, count.counted, count.estimated, count.difference) == (515_181, 515_225, 0, -44)
    # 487 rounded counts: the 31 others together may hold 18 households at most, whoever lives there.
    assert {found.high for found in count.sectors.values() if found and found.estimated} == {18}


def _codes_of_polygons(file: Path) -> dict[str, float]:
    import geopandas as gpd

    layer = gpd.read_file(file).to_crs("EPSG:28992")
    return dict(zip(layer.buurtcode, layer.area, strict=True))
