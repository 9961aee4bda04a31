"""Reads CBS *wijken en buurten* (open data): a CBS buurt is a sector in our words, with its counts.

The names of the GeoPackages (`buurtcode`, `aantal_huishoudens`) and of the shapefiles (`BU_CODE`, `AANTAL_HH`) are
understood. CBS marks a suppressed or missing figure by a negative number such as -99997 or -99999999: it is unknown,
never a number.

The column `water` says `NEE` for land, `JA` for the large waters and `B` for the Belgian ground around Baarle-Nassau.
Waters stay, because an address on the water lies in its CBS buurt too; Belgian ground goes, because it is no part of
the country. Both are told in the findings. As the column divides an area, a code may have a row for its land and
others for its water: these are one sector. A code with two rows of land is an error.
"""

from pathlib import Path

import geopandas as gpd
import shapely

from data.readers.columns import find_columns
from data.readers.counts import counts_table
from data.readers.dates import date_in_name, date_of
from data.readers.layer_checks import check_layer
from data.readers.layers import read_layer
from data.readers.sectors_table import AreasRead, sectors_table
from data.tables import COUNT_COLUMNS, Finding, SourceError, SourceFacts

ALLOWED_CRS = ("EPSG:28992", "EPSG:4326")

COLUMNS: dict[str, tuple[str, ...]] = {
    "sector_code": (r"buurtcode", r"bu_code"),
    "name_nl": (r"buurtnaam", r"bu_naam"),
    "municipality_code": (r"gemeentecode", r"gm_code"),
    "municipality_nl": (r"gemeentenaam", r"gm_naam"),
    "households": (r"aantal_?huishoudens", r"aantal_hh"),
    "population": (r"aantal_?inwoners", r"aant_inw"),
    "water": (r"water",),
    "year": (r"jr?_?stat_?code", r"jaarstatcode", r"jaar"),
}
REQUIRED = ("sector_code", "municipality_code")
WATER, ABROAD = "JA", "B"


def read_cbs(path: Path) -> AreasRead:
    """Read a file of CBS buurten, with their households and inhabitants where it has them.

    Parameters
    ----------
    path
        GeoPackage (the layer whose name has "buurt", beside those of wijken and gemeenten), GeoJSON, shapefile or
        GeoParquet, zipped or not, in EPSG:28992 or 4326.

    Returns
    -------
    AreasRead
        Sectors in the file's CRS with their counts; the year is that of `jaarstatcode`, else of the file's name.

    Raises
    ------
    SourceError
        The file cannot be used.
    """
    frame = read_layer(path, prefer="buurt")
    found = find_columns(frame.columns, COLUMNS, required=REQUIRED, file=path.name)
    findings: list[Finding] = []
    if "water" in found:
        frame = _settle_ground(frame, found["sector_code"], found["water"], findings)
    if frame.empty:
        raise SourceError("empty-file", "no buurt lies in the Netherlands.", file=path.name, remedy="Check the file.")
    crs = check_layer(frame, country="NL", allowed=ALLOWED_CRS, file=path.name)
    values = {target: frame[column] for target, column in found.items()}
    sectors = sectors_table(values, frame.geometry, crs=crs, file=path.name)
    counts = None
    if counted := {target: found[target] for target in COUNT_COLUMNS[1:] if target in found}:
        columns = {"area_code": found["sector_code"]} | counted
        counts = counts_table(frame, columns, file=path.name, cbs_marks=True).reset_index(drop=True)
    day = date_of(str(values["year"].iloc[0])[:4]) if "year" in values else None
    return AreasRead(sectors, SourceFacts("NL", crs, day or date_in_name(path), tuple(findings)), counts)


def _settle_ground(frame: gpd.GeoDataFrame, code: str, water: str, findings: list[Finding]) -> gpd.GeoDataFrame:
    """Drop the ground of the neighbours and join an area's land with its water; the land's row keeps its figures."""
    ground = frame[water].astype(str).str.strip().str.upper()
    if abroad := int((ground == ABROAD).sum()):
        message = f"{abroad} rows are Belgian ground around Baarle-Nassau; they are left out."
        findings.append(Finding("abroad", message, severity="info", count=abroad))
    if waters := int((ground == WATER).sum()):
        findings.append(Finding("water", f"{waters} rows are water; they stay.", severity="info", count=waters))
    codes = frame.loc[ground != ABROAD, code]
    # With land first, the first row of a code is that of its land, where it has any.
    mains = codes[(ground[codes.index] == WATER).sort_values(kind="stable").index].drop_duplicates()
    parts = codes[(ground[codes.index] == WATER) & codes.notna() & ~codes.index.isin(mains.index)]
    if parts.empty:
        return frame.loc[codes.index]
    shapes = frame.geometry.copy()
    for main, value in mains[mains.isin(parts)].items():
        shapes[main] = shapely.union_all(frame.geometry[[main, *parts.index[parts == value]]].to_numpy())
    message = f"{len(parts)} rows of water have the code of another row; each is joined with it."
    findings.append(Finding("land-and-water", message, severity="info", count=len(parts)))
    return frame.set_geometry(shapes).loc[codes.index.difference(parts.index)]
