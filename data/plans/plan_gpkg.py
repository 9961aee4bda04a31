"""A plan as GeoPackage (OGC 12-128): the blocks with their exact shapes in the sectors' CRS, the buurten, the head.

A GeoPackage holds coordinates as the same doubles, so that nothing needs a second form. Its tables are `blocks`,
`buurten` and `plan`.
"""

import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from boundaries.blocks import Buurt, PlanState
from boundaries.operations import MAX_BLOCKS
from data.plans.features import names_of
from data.plans.plan_file import FORMAT_VERSION, FileBlock, PlanFile, PlanFileError
from data.tables import LANGUAGES

_SQLITE = b"SQLite format 3\x00"
_APPLICATIONS = (b"GPKG", b"GP10", b"GP11")
"""Application identifiers in the SQLite header: GeoPackage 1.2 and later, 1.0, 1.1."""
_COLUMNS = {
    "blocks": {"block", "buurt"},
    "buurten": {"buurt", "live", "colour", "locked", *(f"name_{language}" for language in LANGUAGES)},
    "plan": {"version", "municipality", "release", "crs"},
}


def write_gpkg(state: PlanState, file: PlanFile) -> bytes:
    """Return a plan as GeoPackage."""
    blocks = [state.blocks[code] for code in file.blocks]
    layer = gpd.GeoDataFrame(
        {
            "block": [block.code for block in blocks],
            "sector": [block.sector_code for block in blocks],
            "buurt": [state.buurt_of[block.code] for block in blocks],
            "households": pd.array([block.counts.households for block in blocks], dtype="Int64"),
            "estimated": [block.counts.estimated for block in blocks],
            "dwellings": [block.counts.dwellings for block in blocks],
        },
        geometry=[block.shape for block in blocks],
        crs=state.crs,
    )
    buurten = pd.DataFrame(
        {
            "buurt": list(file.buurten),
            **{
                f"name_{language}": [names_of(file.buurten, code)[f"name_{language}"] for code in file.buurten]
                for language in LANGUAGES
            },
            "live": [buurt.live for buurt in file.buurten.values()],
            "colour": [buurt.colour for buurt in file.buurten.values()],
            "locked": [buurt.locked for buurt in file.buurten.values()],
        }
    )
    head = pd.DataFrame(
        {
            "version": [FORMAT_VERSION],
            "municipality": [file.municipality_code],
            "release": [file.release],
            "crs": [file.crs],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.gpkg"
        # A layer of one type would turn every polygon into a multipolygon of one.
        pyogrio.write_dataframe(layer, path, layer="blocks", geometry_type="Unknown", promote_to_multi=False)
        for name, table in (("buurten", buurten), ("plan", head)):
            texts = table.astype({column: "str" for column in table if table[column].isna().all()})
            texts = texts.where(table.notna(), None)
            pyogrio.write_dataframe(texts, path, layer=name, append=True)
        return path.read_bytes()


def read_gpkg(content: bytes) -> PlanFile:
    """Read what `write_gpkg` wrote.

    Raises
    ------
    PlanFileError
        It is not that.
    """
    if content[:16] != _SQLITE or content[68:72] not in _APPLICATIONS:
        raise PlanFileError("the first bytes are not those of a GeoPackage: this is no plan as GeoPackage")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.gpkg"
        path.write_bytes(content)
        blocks, buurten, head = (_read_table(path, name) for name in _COLUMNS)
    if len(head) != 1 or head["version"].iloc[0] != FORMAT_VERSION:
        raise PlanFileError(f"table plan: one row of version {FORMAT_VERSION} is needed")
    if not isinstance(blocks, gpd.GeoDataFrame):
        raise PlanFileError("layer blocks: it has no geometry")
    if len(blocks) > MAX_BLOCKS:
        raise PlanFileError(f"layer blocks: {len(blocks):,} rows; at most {MAX_BLOCKS:,} are read")
    found: dict[str, FileBlock] = {}
    rows = zip(blocks["block"], blocks["buurt"], blocks.geometry, strict=True)
    for number, (code, buurt, shape) in enumerate(rows, start=1):
        place = f"layer blocks, row {number}"
        if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
            raise PlanFileError(f"{place}: the geometry is no area")
        if code in found:
            raise PlanFileError(f"{place}: block {code} is there twice")
        found[str(code)] = FileBlock(_text(buurt), shape, place)
    first = {column: str(head[column].iloc[0]) for column in ("municipality", "release", "crs")}
    of = (_buurt(row) for row in buurten.itertuples(index=False))
    return PlanFile(first["municipality"], first["release"], first["crs"], {buurt.code: buurt for buurt in of}, found)


def _read_table(path: Path, name: str) -> gpd.GeoDataFrame | pd.DataFrame:
    try:
        table = pyogrio.read_dataframe(path, layer=name)
    except (DataSourceError, DataLayerError, shapely.GEOSException) as error:
        raise PlanFileError(
            f"table {name}: it cannot be read: this is no plan as GeoPackage. A layer of another program is imported "
            "as areas drawn elsewhere"
        ) from error
    if missing := sorted(_COLUMNS[name] - set(table.columns)):
        raise PlanFileError(f"table {name}: the column {missing[0]} is missing")
    return table


def _buurt(row: Any) -> Buurt:
    return Buurt(
        str(row.buurt),
        {language: _text(getattr(row, f"name_{language}")) for language in LANGUAGES},
        live=_flag(row.live, "live"),
        colour=_text(row.colour),
        locked=_flag(row.locked, "locked"),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _flag(value: object, column: str) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise PlanFileError(f"table buurten: {column} is true or false, not {value!r}")
    return bool(value)
