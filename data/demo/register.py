"""The address register of the demo region as BeST publishes it: one zipped CSV per region.

Columns and their order are those of the files at opendata.bosa.be (`openaddress-bevlg.zip` and its sisters): both
coordinate pairs with five decimals, names only in the languages that the region uses, no post names in Brussels.
"""

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from pyproj import Transformer

from data.demo.addresses import STATUS, TownAddresses, street_names
from data.demo.archive import member
from data.demo.mesh import Floats
from data.demo.municipalities import Region
from data.demo.sectors import DemoRegion
from data.demo.sectors_file import NOTICE

COLUMNS: Final = (
    "EPSG:31370_x", "EPSG:31370_y", "EPSG:4326_lat", "EPSG:4326_lon", "address_id", "box_number", "house_number",
    "municipality_id", "municipality_name_de", "municipality_name_fr", "municipality_name_nl", "postcode",
    "postname_fr", "postname_nl", "street_id", "streetname_de", "streetname_fr", "streetname_nl", "region_code",
    "status",
)  # fmt: skip

_OPTIONS = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
_BYTES_PER_ROW = 200
_TO_LONLAT = Transformer.from_crs("EPSG:31370", "EPSG:4326", always_xy=True)


def write_register(
    region_code: Region,
    towns: Iterable[TownAddresses],
    region: DemoRegion,
    folder: Path,
    *,
    rows: int,
    written: Callable[[int], None],
) -> Path:
    """Write the addresses of one region, one municipality after the other.

    Parameters
    ----------
    region_code
        The region.
    towns
        Its municipalities' addresses; only one is held in memory at a time.
    region
        What the addresses refer to.
    folder
        Where to put the file.
    rows
        How many rows there will be.
    written
        Told the number of rows after each municipality.

    Returns
    -------
    pathlib.Path
        `synthetic-openaddress-bevlg.zip` and the like.
    """
    stem = f"synthetic-openaddress-{region_code.replace('-', '').lower()}"
    target = folder / f"{stem}.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.comment = NOTICE.encode()
        with member(archive, f"{stem}.csv", rows * _BYTES_PER_ROW) as stream:
            stream.write((",".join(COLUMNS) + "\n").encode())
            for addresses in towns:
                table = register_table(addresses, region)
                buffer = pa.BufferOutputStream()
                pyarrow.csv.write_csv(table, buffer, _OPTIONS)
                stream.write(buffer.getvalue())
                written(table.num_rows)
    return target


def register_table(addresses: TownAddresses, region: DemoRegion) -> pa.Table:
    """Tabulate the rows of one municipality, every column as the text that the file holds."""
    town = region.towns[addresses.town]
    buildings = addresses.buildings
    street = pa.array(buildings.street)
    rows = len(addresses.building)
    building = pa.array(addresses.building)
    nl, fr = street_names(addresses, region)
    postcode = pa.array(region.postcode[addresses.town])
    x, y, lat, lon = _positions(addresses)
    post_nl = None if town.bilingual or not town.name_nl else town.name_nl.upper()
    post_fr = None if town.bilingual or not town.name_fr else town.name_fr.upper()

    def constant(value: str | None) -> pa.Array:
        return pa.repeat(pa.scalar(value, pa.string()), rows)

    def of_street(values: pa.Array) -> pa.Array:
        return values.take(street).take(building)

    columns = {
        "EPSG:31370_x": x.take(building),
        "EPSG:31370_y": y.take(building),
        "EPSG:4326_lat": lat.take(building),
        "EPSG:4326_lon": lon.take(building),
        "address_id": pa.array(addresses.first_id + np.arange(rows)).cast(pa.string()),
        "box_number": addresses.box,
        "house_number": buildings.house_number.take(building),
        "municipality_id": constant(town.code),
        "municipality_name_de": constant(None),
        "municipality_name_fr": constant(town.name_fr),
        "municipality_name_nl": constant(town.name_nl),
        "postcode": of_street(postcode.take(pa.array(addresses.streets.part))),
        "postname_fr": constant(post_fr),
        "postname_nl": constant(post_nl),
        "street_id": of_street(pa.array(addresses.first_street_id + np.arange(len(nl))).cast(pa.string())),
        "streetname_de": constant(None),
        "streetname_fr": of_street(fr),
        "streetname_nl": of_street(nl),
        "region_code": constant(town.region),
        "status": pa.array(STATUS).take(pa.array(addresses.status)),
    }
    return pa.table(columns)


def lonlat(addresses: TownAddresses) -> tuple[Floats, Floats]:
    """Longitude and latitude (EPSG:4326) of every building."""
    lon, lat = _TO_LONLAT.transform(addresses.buildings.x, addresses.buildings.y)
    return lon, lat


def _positions(addresses: TownAddresses) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
    """Both coordinate pairs of every building with five decimals; zeros where the register has none."""
    lon, lat = lonlat(addresses)
    missing = addresses.buildings.no_position
    x, y, lat_text, lon_text = (
        _five_decimals(np.where(missing, 0.0, values))
        for values in (np.round(addresses.buildings.x, 3), np.round(addresses.buildings.y, 3), lat, lon)
    )
    return x, y, lat_text, lon_text


def _five_decimals(values: Floats) -> pa.Array:
    return pc.cast(pc.cast(pa.array(np.round(values, 5)), pa.decimal128(14, 5), safe=False), pa.string())
