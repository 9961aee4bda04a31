"""Selections on the addresses of Schaerbeek, in a layer of degrees: a street, its surroundings and an area add up."""

import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from typer.testing import CliRunner

from api.cli import app
from api.geojson_input import read_area, read_line
from data.directory import DataDirectory
from data.municipalities import plain_name
from data.selection import Selection, select_dwellings
from data.store import Store, open_store
from geo.crs import LONLAT, transform_shapes
from households.selections import InArea, NearLine, OnStreet, Wish

pytestmark = pytest.mark.realdata

DAY = date(2026, 11, 24)
AREAS = "-c sector_code=name -c municipality_code:=21015 -c municipality_fr:=Schaerbeek"
ADDRESSES = (
    "-c street_fr=street_fr -c street_nl=street_nl -c house_number=house_number -c box=box -c lon=lon -c lat=lat "
    "-c postcode=postcode -c municipality_code=municipality -c municipality_fr:=Schaerbeek"
)


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    return real_data / "belgium" / "schaerbeek"


@pytest.fixture(scope="module")
def var(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    var = tmp_path_factory.mktemp("var")
    for source, name, columns in (("areas", "quarters.geojson", AREAS), ("addresses", "addresses.csv", ADDRESSES)):
        arguments = ["import", source, str(folder / name), "--country", "BE", "--date", "2025", *columns.split()]
        done = CliRunner().invoke(app, arguments, env={"BUURTWIJZER_DATA_DIR": str(var)}, catch_exceptions=False)
        assert done.exit_code == 0, done.output
    return var


@pytest.fixture(scope="module")
def store(var: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{var / 'store.sqlite'}")
    yield store
    store.close()


@pytest.fixture(scope="module")
def homes(folder: Path) -> list[dict[str, Any]]:
    """The file's homes, each once: a house number whose boxes are listed is a building."""
    address = ("street_fr", "street_nl", "house_number", "box", "postcode")
    with (folder / "addresses.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(
            {tuple(row[name] for name in address): row for row in reversed(list(csv.DictReader(stream)))}.values()
        )
    boxed = {(row["street_fr"], row["postcode"], row["house_number"]) for row in rows if row["box"]}
    return [row for row in rows if row["box"] or (row["street_fr"], row["postcode"], row["house_number"]) not in boxed]


def selected(store: Store, var: Path, wish: Wish) -> Selection:
    with store.reading() as session:
        return select_dwellings(session, DataDirectory(var), wish, DAY)


def number(selection: Selection) -> int:
    return sum(municipality.dwellings.num_rows for municipality in selection.municipalities)


def test_every_street_has_the_homes_that_the_file_lists(store: Store, var: Path, homes: list[dict[str, Any]]) -> None:
    streets = {row["street_fr"] for row in homes if row["street_fr"]}
    assert len(streets) > 50
    for street in sorted(streets)[::5]:
        listed = sum(plain_name(row["street_fr"]) == plain_name(street) for row in homes)
        assert number(selected(store, var, OnStreet("21015", name=street.upper()))) == listed


def test_a_quarter_s_own_outline_reaches_its_own_homes_and_no_other_quarter(
    store: Store, var: Path, folder: Path
) -> None:
    quarters = gpd.read_file(folder / "quarters.geojson").set_crs(LONLAT, allow_override=True)
    total = 0
    for quarter in quarters.itertuples():
        area = read_area(json.loads(shapely.to_geojson(quarter.geometry)), "/area")
        [here] = selected(store, var, InArea(area)).municipalities
        # Other quarters' ground that its outline overlaps by rounding alone is not touched.
        inside = set(here.dwellings["sector_code"].to_pylist())
        assert len(here.ground_m2) <= 1 + 6
        assert quarter.name in here.ground_m2
        total += here.dwellings.num_rows
        assert inside <= {*here.ground_m2, quarter.name}
    # Homes on a border that two quarters share are in both.
    everything = number(selected(store, var, InArea(read_area(_box(quarters.total_bounds), "/area"))))
    assert everything <= total <= everything + 5


def test_metres_are_metres_where_the_layer_is_in_degrees(store: Store, var: Path, homes: list[dict[str, Any]]) -> None:
    line = {"type": "LineString", "coordinates": [[4.3800, 50.8600], [4.3900, 50.8690]]}
    drawn = read_line(line, "/line")
    metric = transform_shapes(shapely.LineString(line["coordinates"]), LONLAT, "EPSG:3812")
    points = transform_shapes(shapely.points([[float(h["lon"]), float(h["lat"])] for h in homes]), LONLAT, "EPSG:3812")
    away = shapely.distance(points, metric)
    for metres in (60.0, 250.0):
        found = number(selected(store, var, NearLine(drawn, metres)))
        assert int((away < metres - 0.3).sum()) <= found <= int((away < metres + 0.3).sum())
        assert found > 0


def _box(bounds: Any) -> dict[str, Any]:
    return dict(json.loads(shapely.to_geojson(shapely.box(*bounds))))
