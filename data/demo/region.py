"""Write the whole demo region: sectors, counts and addresses that fit together, in the official formats."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from data.demo.addresses import TownAddresses, TownBuilder, rows_per_cell
from data.demo.households import (
    count_households,
    write_municipality_households,
    write_sector_households,
    write_sector_population,
)
from data.demo.mesh import Ints
from data.demo.municipalities import REGIONS, DemoSize, Region
from data.demo.register import write_register
from data.demo.sectors import DemoRegion, build_region
from data.demo.sectors_file import NOTICE, SectorsFormat, write_sectors
from data.demo.showcase import ShowcaseAddress, pick

REFERENCE_DAY: Final = date(2026, 1, 1)
"""The day that all files of the demo say they describe."""


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """The files of a demo region, and addresses to try.

    Attributes
    ----------
    sectors
        Statistical sectors (GeoPackage, EPSG:31370).
    sector_households, sector_population, municipality_households
        Counts, `|` between the columns.
    addresses
        Folder with the zipped CSV of each region and nothing else.
    registers
        Those files, in the order Flanders, Wallonia, Brussels.
    readme
        `README.txt`, which says that all of it is invented.
    showcase
        Addresses that exist, with the sector that each lies in.
    """

    sectors: Path
    sector_households: Path
    sector_population: Path
    municipality_households: Path
    addresses: Path
    registers: tuple[Path, ...]
    readme: Path
    showcase: tuple[ShowcaseAddress, ...]


def write_demo(
    folder: Path,
    size: DemoSize = DemoSize(),  # noqa: B008 -- frozen
    *,
    seed: int = 2026,
    sectors_format: SectorsFormat = "gpkg",
    progress: Callable[[int, int], None] | None = None,
) -> DemoFiles:
    """Write a synthetic region in the formats of Statbel and BeST.

    The same size and seed give the same bytes (with the same versions of NumPy, GDAL, PROJ and zlib), so that a
    release made from them is recognised. Addresses are made and written one municipality at a time.

    Parameters
    ----------
    folder
        Where to put the files; made when it is not there. Files of the same names are replaced.
    size
        How large the region is.
    seed
        Chooses one of many regions.
    sectors_format
        `gpkg` or `geojson.zip`.
    progress
        Called with the number of addresses written so far, and of all.

    Returns
    -------
    DemoFiles
        What was written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_demo(Path(folder), DemoSize(municipalities=3, sectors=24, addresses=960))
    >>> files.registers[0].name
    'synthetic-openaddress-bevlg.zip'
    """
    register_folder = folder / f"synthetic_best_{REFERENCE_DAY:%Y%m%d}"
    register_folder.mkdir(parents=True, exist_ok=True)
    region = build_region(size, seed)
    rows = rows_per_cell(region, size.addresses, seed)
    builder = TownBuilder(region, rows, seed)
    dwellings = np.zeros(len(region.sectors.code), np.int64)
    showcase: list[ShowcaseAddress] = []
    done = 0

    def written(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, size.addresses)

    def addresses_of(code: Region) -> Iterator[TownAddresses]:
        for town in _towns_of(region, code):
            addresses = builder.build(town)
            _add_dwellings(dwellings, addresses, region)
            if town == _towns_of(region, code)[0]:
                showcase.extend(pick(addresses, region))
            yield addresses

    registers = []
    for code in REGIONS:
        count = int(rows[np.isin(region.cells.town, _towns_of(region, code))].sum())
        registers.append(write_register(code, addresses_of(code), region, register_folder, rows=count, written=written))
    counts = count_households(region, dwellings, seed)
    year = REFERENCE_DAY.year
    files = DemoFiles(
        sectors=write_sectors(region, folder, REFERENCE_DAY, sectors_format),
        sector_households=write_sector_households(region, counts, folder, year),
        sector_population=write_sector_population(region, counts, folder, year),
        municipality_households=write_municipality_households(region, counts, folder, year),
        addresses=register_folder,
        registers=tuple(registers),
        readme=folder / "README.txt",
        showcase=tuple(showcase),
    )
    files.readme.write_text(_readme(size, seed, files), encoding="utf-8", newline="\n")
    return files


def _towns_of(region: DemoRegion, code: Region) -> list[int]:
    return [number for number, town in enumerate(region.towns) if town.region == code]


def _add_dwellings(dwellings: Ints, addresses: TownAddresses, region: DemoRegion) -> None:
    sector = region.sector[addresses.buildings.cell][addresses.building[addresses.dwelling]]
    dwellings += np.bincount(sector, minlength=len(dwellings))


def _readme(size: DemoSize, seed: int, files: DemoFiles) -> str:
    examples = "\n".join(f"  {address.line()}: sector {address.sector_code}" for address in files.showcase)
    return (
        f"{NOTICE}\n\n"
        f"Municipalities: {size.municipalities}. Sectors: {size.sectors}. Addresses: {size.addresses}. Seed: {seed}.\n"
        f"Files are named like the official ones, with 'synthetic' before; municipality codes start with 99, which\n"
        f"no real municipality's does. Addresses to try:\n{examples}\n"
    )
