"""Makes the sectors table from a layer, once it is known which of its columns stands for what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from data.readers.columns import as_codes, as_names, refuse_duplicates
from data.tables import SECTOR_COLUMNS, SourceFacts


@dataclass(frozen=True)
class AreasRead:
    """A layer of areas, as read."""

    sectors: gpd.GeoDataFrame
    """With the columns of `data.tables.SECTOR_COLUMNS`, in the file's CRS."""
    facts: SourceFacts
    counts: pd.DataFrame | None = None
    """Counts per area where the layer carries them: `data.tables.COUNT_COLUMNS`."""


def sectors_table(
    values: "Mapping[str, pd.Series[Any]]", geometry: "gpd.GeoSeries", *, crs: str, file: str
) -> gpd.GeoDataFrame:
    """Return a table with the columns of `data.tables.SECTOR_COLUMNS`.

    Parameters
    ----------
    values
        Columns by target; `sector_code` and `municipality_code` must be among them, a name may be absent.
    geometry
        The rows' shapes, as they were read.
    crs
        Authority code of the layer's CRS.
    file
        Name of the file, for messages.

    Raises
    ------
    SourceError
        `missing-code`, or `duplicate-code`: areas are never dissolved silently, since two rows of one code are more
        often a fault than two parts of one area.
    """
    columns: dict[str, object] = {
        target: as_names(values[target]) if target in values else None for target in SECTOR_COLUMNS[:-1]
    }
    codes = as_codes(values["sector_code"], what="sector code", file=file)
    refuse_duplicates(codes, what="sector", file=file)
    columns["sector_code"] = codes
    columns["municipality_code"] = as_codes(values["municipality_code"], what="municipality code", file=file)
    table = gpd.GeoDataFrame(columns, index=codes.index, geometry=geometry.to_numpy(), crs=crs)
    return table[list(SECTOR_COLUMNS)].reset_index(drop=True)
