"""Reads any layer of areas, with a column mapping: what a municipality sends of its own."""

from pathlib import Path
from typing import Any

import pandas as pd

from data.readers.columns import missing_columns
from data.readers.counts import counts_table
from data.readers.dates import date_in_name
from data.readers.layer_checks import check_layer
from data.readers.layers import read_layer
from data.readers.mapping import ColumnMapping
from data.readers.sectors_table import AreasRead, sectors_table
from data.tables import COUNT_COLUMNS, LANGUAGES, SECTOR_COLUMNS, Country, SourceFacts

__all__ = ["AreasRead", "read_areas"]

ALLOWED_CRS: dict[Country, tuple[str, ...]] = {
    "BE": ("EPSG:31370", "EPSG:3812", "EPSG:4258", "EPSG:4326"),
    "NL": ("EPSG:28992", "EPSG:4258", "EPSG:4326"),
}
TARGETS = (*SECTOR_COLUMNS[:-1], *COUNT_COLUMNS[1:])
REQUIRED = ("sector_code", "municipality_code")


def read_areas(path: Path, mapping: ColumnMapping, *, country: Country, layer: str | None = None) -> AreasRead:
    """Read a layer of areas as sectors.

    Parameters
    ----------
    path
        GeoParquet, or any layer that GDAL reads as one file; zipped or not.
    mapping
        Targets are the names of `SECTOR_COLUMNS` but `geometry`, and `households` and `population`. The codes of
        area and municipality must be given, each as a column or (the municipality) as a constant.
    country
        `BE` or `NL`.
    layer
        Name of the layer, where the file has several.

    Returns
    -------
    AreasRead
        Sectors in the layer's CRS. An area without a name in any language is called by its code. Counts where the
        mapping names them.

    Raises
    ------
    SourceError
        The file cannot be used.
    MappingError
        A target means nothing.
    """
    mapping.check_targets(TARGETS)
    frame = read_layer(path, layer=layer)
    given = {*mapping.columns, *mapping.constants}
    required = {target: (f"give --column {target}=COLUMN",) for target in REQUIRED if target not in given}
    absent = {target: (column,) for target, column in mapping.columns.items() if column not in frame.columns}
    if required or absent:
        columns = [str(column) for column in frame.columns if column != frame.geometry.name]
        raise missing_columns(required | absent, columns, path.name)
    crs = check_layer(frame, country=country, allowed=ALLOWED_CRS[country], file=path.name)
    values: dict[str, pd.Series[Any]] = {
        target: pd.Series(value, index=frame.index, dtype=object) for target, value in mapping.constants.items()
    } | {target: frame[column] for target, column in mapping.columns.items()}
    sectors = sectors_table(values, frame.geometry, crs=crs, file=path.name)
    names = [f"name_{language}" for language in LANGUAGES]
    nameless = sectors[names].isna().all(axis=1)
    for name in names:
        sectors.loc[nameless, name] = sectors.sector_code[nameless]
    counts = None
    if counted := [target for target in COUNT_COLUMNS[1:] if target in values]:
        table = pd.DataFrame(values).rename(columns={"sector_code": "area_code"})
        found = {target: target for target in ("area_code", *counted)}
        counts = counts_table(table, found, file=path.name, cbs_marks=country == "NL").reset_index(drop=True)
    facts = SourceFacts(country, crs, date_in_name(path))
    return AreasRead(sectors, facts, counts)
