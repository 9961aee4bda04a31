"""Reads Statbel's statistical sectors (open data) under the column names of every vintage.

Two families of names are published side by side. GeoPackage, GeoJSON and SQLite have long ones (`cd_sector`,
`cd_munty_refnis`, `tx_sector_descr_nl`, `tx_munty_descr_nl`, `dt_situation`). Shapefiles, whose names have ten
characters at most, have short ones with the vintage's day or year in them (`CS01012024`, `CNIS5_2024`, `T_SEC_NL`,
`T_MUN_NL`). Those of 2011 to 2017 are understood too; there `CD_SECTOR` is only the last four characters of
`CD_REFNIS_SECTOR`. `docs/sources/areas.md` has the table and where the names come from.
"""

from pathlib import Path

from data.readers.columns import find_columns
from data.readers.dates import date_in_name, date_of
from data.readers.layer_checks import check_layer
from data.readers.layers import read_layer
from data.readers.sectors_table import AreasRead, sectors_table
from data.tables import LANGUAGES, SourceFacts

ALLOWED_CRS = ("EPSG:31370", "EPSG:3812", "EPSG:4326")

COLUMNS: dict[str, tuple[str, ...]] = {
    "sector_code": (r"cd_refnis_sector", r"cd_sector", r"cs0101\d{4}", r"cs012011"),
    "municipality_code": (r"cd_munty_refnis", r"cnis5_\d{4}", r"nis_012011", r"cd_munty_r"),
    **{f"name_{language}": (rf"tx_sector_descr_{language}", rf"t_sec_{language}") for language in LANGUAGES},
    **{f"municipality_{language}": (rf"tx_munty_descr_{language}", rf"t_mun_{language}") for language in LANGUAGES},
    "situation": (r"dt_situation", r"dt_situati"),
}
"""`cd_munty_r` and `dt_situati` are the long names as a conversion to a shapefile cuts them."""
COLUMNS["name_nl"] += (r"sector_nl",)
COLUMNS["name_fr"] += (r"sector_fr",)
COLUMNS["municipality_nl"] += (r"gemeente",)
COLUMNS["municipality_fr"] += (r"commune",)
REQUIRED = ("sector_code", "municipality_code")


def read_statbel_sectors(path: Path) -> AreasRead:
    """Read a file of statistical sectors.

    The municipality comes from the file's own column: since 2019 it cannot be derived from the sector's code. A
    sector has one row; one of several parts is a multipolygon.

    Parameters
    ----------
    path
        GeoPackage, GeoJSON, SQLite, shapefile, FlatGeobuf or GeoParquet, zipped or not, in EPSG:31370, 3812 or 4326.

    Returns
    -------
    AreasRead
        Sectors in the file's CRS; the day is that of the column `dt_situation`, else of the code column's name
        (`CS01012024`), else of the file's name.

    Raises
    ------
    SourceError
        The file cannot be used; see `docs/sources/areas.md` for the codes.
    """
    frame = read_layer(path)
    found = find_columns(frame.columns, COLUMNS, required=REQUIRED, file=path.name)
    crs = check_layer(frame, country="BE", allowed=ALLOWED_CRS, file=path.name)
    sectors = sectors_table(
        {target: frame[column] for target, column in found.items()}, frame.geometry, crs=crs, file=path.name
    )
    situation = str(frame[found["situation"]].iloc[0]) if "situation" in found else None
    day = date_of(situation) or date_of(_vintage(found["sector_code"])) or date_in_name(path)
    return AreasRead(sectors, SourceFacts("BE", crs, day))


def _vintage(code_column: str) -> str | None:
    """Return the year in `CS01012019`."""
    return code_column[-4:] if code_column.lower().startswith("cs") else None
