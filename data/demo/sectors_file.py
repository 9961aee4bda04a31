"""The file of the demo region's statistical sectors, in Statbel's format and always the same bytes.

Columns are those of Statbel's *Statistical sectors 2024* (`cd_sector`, `tx_sector_descr_nl`, …), EPSG:31370.
"""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from data.demo.archive import add_file
from data.demo.sectors import DemoRegion

SectorsFormat = Literal["gpkg", "geojson.zip"]

NOTICE: Final = (
    "SYNTHETIC: an invented region made by Buurtwijzer's demo generator in the format of Statbel's and BOSA's open "
    "data. No place, border, count or address in it exists."
)
LAYER: Final = "synthetic_statistical_sectors"

_REGION_CODES: Final = {"BE-VLG": "02000", "BE-WAL": "03000", "BE-BRU": "04000"}


def sectors_frame(region: DemoRegion, day: date) -> gpd.GeoDataFrame:
    """Tabulate the sectors under Statbel's column names, EPSG:31370."""
    sectors, towns = region.sectors, [region.towns[t] for t in region.sectors.town]
    names_nl = [t.name_nl or t.name_fr for t in towns]
    names_fr = [t.name_fr or t.name_nl for t in towns]
    return gpd.GeoDataFrame(
        {
            "cd_sector": sectors.code,
            "tx_sector_descr_nl": sectors.name_nl,
            "tx_sector_descr_fr": sectors.name_fr,
            "tx_sector_descr_de": None,
            "cd_sub_munty": [code[:6] for code in sectors.code],
            "tx_sub_munty_nl": [f"{name} {code[5]}".upper() for name, code in zip(names_nl, sectors.code, strict=True)],
            "tx_sub_munty_fr": [f"{name} {code[5]}".upper() for name, code in zip(names_fr, sectors.code, strict=True)],
            "tx_munty_dstr": None,
            "cd_munty_refnis": [t.code for t in towns],
            "tx_munty_descr_nl": names_nl,
            "tx_munty_descr_fr": names_fr,
            "tx_munty_descr_de": None,
            "cd_dstr_refnis": "99000",
            "tx_adm_dstr_descr_nl": "Synthetisch arrondissement (synthetic)",
            "tx_adm_dstr_descr_fr": "Arrondissement synthétique (synthetic)",
            "tx_adm_dstr_descr_de": None,
            "cd_prov_refnis": "90000",
            "tx_prov_descr_nl": "Synthetische provincie (synthetic)",
            "tx_prov_descr_fr": "Province synthétique (synthetic)",
            "tx_prov_descr_de": None,
            "cd_rgn_refnis": [_REGION_CODES[t.region] for t in towns],
            "tx_rgn_descr_nl": "Synthetisch gewest (synthetic)",
            "tx_rgn_descr_fr": "Région synthétique (synthetic)",
            "tx_rgn_descr_de": None,
            "cd_country": "BE",
            "cd_nuts_lvl1": "BE9",
            "cd_nuts_lvl2": "BE99",
            "cd_nuts_lvl3": "BE999",
            "ms_area_ha": np.round(shapely.area(sectors.geometry) / 10_000, 2),
            "ms_perimeter_m": np.round(shapely.length(sectors.geometry), 1),
            "dt_situation": day.isoformat(),
        },
        geometry=sectors.geometry,
        crs="EPSG:31370",
    )


def write_sectors(region: DemoRegion, folder: Path, day: date, file_format: SectorsFormat) -> Path:
    """Write the sectors, the same bytes for the same region.

    Parameters
    ----------
    region
        The region.
    folder
        Where to put the file.
    day
        The day that the file says it describes.
    file_format
        `gpkg`, or `geojson.zip` as Statbel packs its GeoJSON.

    Returns
    -------
    pathlib.Path
        The file.
    """
    stem = f"synthetic_statbel_statistical_sectors_31370_{day:%Y%m%d}"
    target = folder / f"{stem}.{file_format}"
    frame = sectors_frame(region, day)
    target.unlink(missing_ok=True)
    if file_format == "gpkg":
        with _fixed_clock(day):
            pyogrio.write_dataframe(
                frame,
                target,
                layer=LAYER,
                driver="GPKG",
                geometry_type="MultiPolygon",
                promote_to_multi=True,
                layer_options={"IDENTIFIER": LAYER, "DESCRIPTION": NOTICE},
            )
        return target
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        plain = Path(scratch) / f"{stem}.geojson"
        pyogrio.write_dataframe(
            frame, plain, layer=LAYER, driver="GeoJSON", layer_options={"COORDINATE_PRECISION": "3"}
        )
        with zipfile.ZipFile(target, "w") as archive:
            add_file(archive, f"{stem}.geojson/{stem}.geojson", plain)
    return target


@contextmanager
def _fixed_clock(day: date) -> Iterator[None]:
    """Make GDAL stamp a GeoPackage with this day, not with now: the same region then gives the same bytes."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{day.isoformat()}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
