"""Households and population of the demo region in the format of Statbel's text files: `|` between the columns.

The columns are those of three published files: *Population by statistical sector* (`OPENDATA_SECTOREN_2022`), *Number
of cars by statistical sector* (`TF_CAR_HH_SECTOR`: the open file that counts households per sector) and, summed up to
a line per municipality, *Number of cars by household type and municipality* (`TF_CAR_HHTYPE_MUNTY`).

As in the real files, people who cannot be placed in a sector are in a line of their own (`99001ZZZZ`); one sector has
no figure and one has no line: both are unknown, not zero. The municipality's total counts them all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.demo.mesh import Ints
from data.demo.sectors import DemoRegion

_NOWHERE_NL, _NOWHERE_FR = "NIET TE LOKALISEREN IN EEN SECTOR", "NON LOCALISABLE DANS UN SECTEUR"


@dataclass(frozen=True, slots=True)
class Counts:
    """Households and inhabitants.

    Attributes
    ----------
    households, population
        True numbers of each sector.
    elsewhere, elsewhere_population
        Per municipality, those in no sector.
    suppressed, absent
        Sectors that the households file has no figure, and no line, for.
    """

    households: Ints
    population: Ints
    elsewhere: Ints
    elsewhere_population: Ints
    suppressed: int
    absent: int

    def municipality_households(self, town: Ints) -> Ints:
        """Households of each municipality: all its sectors, the unpublished too, and those in no sector."""
        total = self.elsewhere.copy()
        np.add.at(total, town, self.households)
        return total

    def published(self) -> list[int | None]:
        """Households per sector as the file tells them; None where it does not."""
        return [
            None if sector in (self.suppressed, self.absent) else int(value)
            for sector, value in enumerate(self.households)
        ]


def count_households(region: DemoRegion, dwellings: Ints, seed: int) -> Counts:
    """Draw households and inhabitants from the dwellings of each sector (about 95 in 100 are lived in).

    Parameters
    ----------
    region
        The region.
    dwellings
        Dwellings of each sector.
    seed
        Seed of the whole demo.
    """
    rng = np.random.default_rng([seed, 4])
    share = np.clip(rng.normal(0.95, 0.015, len(dwellings)), 0.9, 0.99)
    households = np.round(dwellings * share).astype(np.int64)
    population = np.round(households * rng.normal(2.25, 0.15, len(dwellings)).clip(1.6, 3.0)).astype(np.int64)
    elsewhere = rng.integers(2, 12, len(region.towns))
    # The two smallest inhabited sectors: where few live, a statistics office keeps silent.
    inhabited = np.flatnonzero(households > 0)
    suppressed, absent = inhabited[np.argsort(households[inhabited], kind="stable")][:2].tolist()
    return Counts(households, population, elsewhere, elsewhere * 2, suppressed, absent)


def write_sector_households(region: DemoRegion, counts: Counts, folder: Path, year: int) -> Path:
    """Write households (and cars) per sector."""
    header = (
        "CD_YEAR|CD_REFNIS|TX_MUNTY_DESCR_FR|TX_MUNTY_DESCR_NL|TX_MUNTY_DESCR_DE|TX_MUNTY_DESCR_EN|"
        "cd_sector|tx_sec_descr_fr|tx_sec_descr_nl|tx_sec_descr_de|ms_tot_hh|ms_tot_cars"
    )
    rows: list[tuple[str, Sequence[object]]] = []
    sectors = region.sectors
    for i, households in enumerate(counts.published()):
        if i != counts.absent:
            names = (sectors.name_fr[i], sectors.name_nl[i])
            rows.append((sectors.code[i], _sector_row(region, year, int(sectors.town[i]), names, households)))
    for town, households in enumerate(counts.elsewhere.tolist()):
        names = (_NOWHERE_FR, _NOWHERE_NL)
        rows.append((f"{region.towns[town].code}ZZZZ", _sector_row(region, year, town, names, households)))
    lines = [[*row[:6], code, *row[6:]] for code, row in sorted(rows)]
    return _write(folder / f"synthetic_TF_CAR_HH_SECTOR_{year}.txt", header, lines)


def _sector_row(
    region: DemoRegion, year: int, town: int, names: tuple[str, str], households: int | None
) -> Sequence[object]:
    cars = None if households is None else round(households * 1.1)
    return (year, *_municipality(region, town), *names, None, households, cars)


def write_sector_population(region: DemoRegion, counts: Counts, folder: Path, year: int) -> Path:
    """Write inhabitants per sector."""
    header = (
        "CD_REFNIS|CD_SECTOR|TOTAL|DT_STRT_SECTOR|DT_STOP_SECTOR|OPPERVLAKKTE IN HM²|"
        "TX_DESCR_SECTOR_NL|TX_DESCR_SECTOR_FR|TX_DESCR_NL|TX_DESCR_FR"
    )
    sectors = region.sectors
    areas = [round(shape.area / 10_000, 2) for shape in sectors.geometry]
    lines: list[tuple[object, ...]] = []
    for i, (code, town) in enumerate(zip(sectors.code, sectors.town.tolist(), strict=True)):
        nis, fr, nl = _municipality(region, town)[:3]
        names = (sectors.name_nl[i], sectors.name_fr[i], nl, fr)
        lines.append((nis, code, counts.population[i], "01/01/2019", "31/12/9999", areas[i], *names))
    for town, people in enumerate(counts.elsewhere_population.tolist()):
        nis, fr, nl = _municipality(region, town)[:3]
        names = (_NOWHERE_NL, _NOWHERE_FR, nl, fr)
        lines.append((nis, f"{nis}ZZZZ", people, "01/01/2019", "31/12/9999", None, *names))
    return _write(
        folder / f"synthetic_OPENDATA_SECTOREN_{year}.txt", header, sorted(lines, key=lambda row: str(row[1]))
    )


def write_municipality_households(region: DemoRegion, counts: Counts, folder: Path, year: int) -> Path:
    """Write households per municipality."""
    header = "CD_YEAR|CD_REFNIS|TX_DESCR_FR|TX_DESCR_NL|TX_DESCR_DE|TX_DESCR_EN|MS_NUM_HH"
    totals = counts.municipality_households(region.sectors.town)
    lines = [(year, *_municipality(region, town), total) for town, total in enumerate(totals.tolist())]
    return _write(folder / f"synthetic_TF_HH_MUNTY_{year}.txt", header, lines)


def _municipality(region: DemoRegion, town: int) -> tuple[str, str, str, None, str]:
    """Code and names (fr, nl, de, en) of a municipality; a name that it has in one language serves for the others."""
    place = region.towns[town]
    nl, fr = place.name_nl or place.name_fr or "", place.name_fr or place.name_nl or ""
    return place.code, fr, nl, None, fr


def _write(target: Path, header: str, rows: Iterable[Sequence[object]]) -> Path:
    """Write lines as Statbel does: UTF-8 with a byte order mark, `|`, CR LF."""
    lines = [header, *("|".join("" if value is None else str(value) for value in row) for row in rows)]
    target.write_bytes("".join(f"{line}\r\n" for line in lines).encode("utf-8-sig"))
    return target
