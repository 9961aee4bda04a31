"""The municipalities that proposals are measured on: real areas with real or shared-out households, and synthetic ones.

- Amsterdam: the 518 CBS buurten of 2022 as sectors, with the households of CBS, 2024; unknown counts as none.
- Schaerbeek: 396 city blocks with the households of the National Register, grown over the streets between them.
- Flanders: per municipality its wijken, with the households of the municipality in 2021 shared out by area. No official
  count per wijk is public with them; shares by area give cores too few and outskirts too many.
- Synthetic: the demo's region, and one with all municipalities and sectors of Belgium.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from boundaries.growing import grow_areas
from boundaries.proposals import ProposalProblem
from data.demo.addresses import rows_per_cell
from data.demo.households import count_households
from data.demo.municipalities import BELGIUM, DemoSize
from data.demo.sectors import build_region

__all__ = ["AMSTERDAM", "DEMO", "FLANDERS", "NATIONAL", "SCHAERBEEK", "Case", "cases_of"]

AMSTERDAM = "Amsterdam, 518 sectors"
SCHAERBEEK = "Schaerbeek, grown blocks"
FLANDERS = "Flanders, wijken by area"
DEMO = "demo region, synthetic"
NATIONAL = "national region, synthetic"
LAMBERT_72 = "EPSG:31370"


@dataclass(frozen=True, slots=True)
class Case:
    """One municipality."""

    data_set: str
    name: str
    problem: ProposalProblem
    places: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    """Shape (n, 2): a central point of every sector, metres; what peers cluster by."""


def cases_of(data: Path, *, every: int = 1) -> Iterator[Case]:
    """Read the municipalities.

    Parameters
    ----------
    data
        The folder with the real open data.
    every
        Take each so-many-th municipality of Flanders and of the national region, by code.
    """
    yield _amsterdam(data / "netherlands")
    yield _schaerbeek(data / "belgium")
    yield from _flanders(data / "belgium" / "flanders-areas", every)
    yield from _synthetic(DEMO, DemoSize(), 1)
    yield from _synthetic(NATIONAL, BELGIUM, every)


def _case(data_set: str, name: str, codes: list[str], shapes: gpd.GeoSeries, households: list[int | None]) -> Case:
    problem = ProposalProblem.of(codes, shapes.array, households, None, str(shapes.crs), unknown="zero")
    points = shapely.get_coordinates(shapely.centroid(shapes.array))
    return Case(data_set, name, problem, points[np.argsort(np.array(codes))])


def _amsterdam(folder: Path) -> Case:
    sectors = gpd.read_file(folder / "amsterdam-2022" / "buurten.gpkg").to_crs("EPSG:28992")
    counts = pd.read_csv(folder / "cbs-kerncijfers-2024" / "buurten.csv.gz").set_index("buurtcode").huishoudens
    households = [None if np.isnan(count) else int(count) for count in sectors.buurtcode.map(counts)]
    return _case(AMSTERDAM, "Amsterdam", list(sectors.buurtcode), sectors.geometry, households)


def _schaerbeek(folder: Path) -> Case:
    blocks = gpd.read_file(folder / "schaerbeek" / "city-blocks.geojson").to_crs(LAMBERT_72)
    towns = gpd.read_file(folder / "municipalities-2011" / "municipalities.gpkg").to_crs(LAMBERT_72)
    outline = towns.geometry[towns.municipality.astype(str) == "21015"].iloc[0]
    valid = shapely.make_valid(blocks.geometry.array, method="structure", keep_collapsed=False)
    grown = grow_areas(np.asarray(valid), outline, LAMBERT_72)
    left = ~shapely.is_empty(grown.shapes)
    shapes = gpd.GeoSeries(grown.shapes[left], crs=LAMBERT_72)
    counts: list[int | None] = [int(count) for count in blocks.households[left]]
    return _case(SCHAERBEEK, "Schaerbeek", list(blocks.block[left]), shapes, counts)


def _flanders(folder: Path, every: int) -> Iterator[Case]:
    wijken = gpd.read_file(folder / "wijken.gpkg")
    counts = pd.read_csv(folder / "households-2021.csv").set_index("municipality").households
    of_town = {int(code): areas for code, areas in wijken.groupby("municipality")}
    for code in sorted(set(of_town) & set(counts.index))[::every]:
        areas = of_town[code]
        part = np.cumsum(areas.geometry.area) / areas.geometry.area.sum()
        shared = np.diff(np.rint(part * counts[code]), prepend=0)
        yield _case(FLANDERS, str(code), list(areas.code), areas.geometry, [int(count) for count in shared])


def _synthetic(data_set: str, size: DemoSize, every: int) -> Iterator[Case]:
    seed = 2026
    region = build_region(size, seed)
    rows = rows_per_cell(region, size.addresses, seed)
    dwellings = np.bincount(region.sector, weights=rows, minlength=len(region.sectors.code)).astype(np.int64)
    published = count_households(region, dwellings, seed).published()
    for town in range(0, len(region.towns), every):
        inside = np.flatnonzero(region.sectors.town == town)
        shapes = gpd.GeoSeries(region.sectors.geometry[inside], crs=LAMBERT_72)
        codes = [region.sectors.code[k] for k in inside]
        yield _case(data_set, region.towns[town].code, codes, shapes, [published[k] for k in inside])
