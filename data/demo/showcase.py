"""A few addresses of the demo region that are known to exist, for examples and first steps."""

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.demo.addresses import TownAddresses, street_names
from data.demo.mesh import Ints
from data.demo.register import lonlat
from data.demo.sectors import DemoRegion


@dataclass(frozen=True, slots=True)
class ShowcaseAddress:
    """An address and what must be found for it.

    Attributes
    ----------
    about
        What it shows.
    street_nl, street_fr
        Name of the street, None in a language that its municipality does not use.
    municipality_code, municipality_nl, municipality_fr
        The municipality.
    sector_code
        The sector that the address lies in.
    lon, lat
        EPSG:4326.
    """

    about: str
    address_id: str
    street_nl: str | None
    street_fr: str | None
    house_number: str
    box: str | None
    postcode: str
    municipality_code: str
    municipality_nl: str | None
    municipality_fr: str | None
    sector_code: str
    lon: float
    lat: float

    def line(self) -> str:
        """Write the address on one line, in Dutch where it has a Dutch name.

        Examples
        --------
        >>> ShowcaseAddress(
        ...     "a house", "1", None, "Rue du Moulin", "7", "A1", "9995", "99002", None, "Ville-Démo", "", 4.6, 50.5
        ... ).line()
        'Rue du Moulin 7 boîte A1, 9995 Ville-Démo'
        """
        word = "bus" if self.street_nl else "boîte"
        box = f" {word} {self.box}" if self.box else ""
        municipality = self.municipality_nl or self.municipality_fr
        return f"{self.street_nl or self.street_fr} {self.house_number}{box}, {self.postcode} {municipality}"


def pick(addresses: TownAddresses, region: DemoRegion) -> list[ShowcaseAddress]:
    """Choose a house, a flat, and two houses of one street in different sectors, as far as the town has them."""
    buildings = addresses.buildings
    plain = pc.utf8_is_digit(buildings.house_number).to_numpy(zero_copy_only=False)[addresses.building]
    wanted = addresses.dwelling & plain & ~buildings.no_position[addresses.building]
    boxed = addresses.box.is_valid().to_numpy(zero_copy_only=False)
    spelt = boxed & ~pc.fill_null(pc.utf8_is_digit(addresses.box), True).to_numpy(zero_copy_only=False)
    chosen = [
        ("a house", np.flatnonzero(wanted & ~boxed)[:1]),
        ("a flat", np.flatnonzero(wanted & (spelt if (wanted & spelt).any() else boxed))[:1]),
        ("one street, two sectors", _street_in_two_sectors(addresses, region, wanted & ~boxed)),
    ]
    nl, fr = street_names(addresses, region)
    lon, lat = lonlat(addresses)
    town = region.towns[addresses.town]
    found = []
    for about, rows in chosen:
        for row in rows.tolist():
            building = int(addresses.building[row])
            street = int(buildings.street[building])
            found.append(
                ShowcaseAddress(
                    about=about,
                    address_id=f"{town.region}/{addresses.first_id + row}",
                    street_nl=nl[street].as_py(),
                    street_fr=fr[street].as_py(),
                    house_number=buildings.house_number[building].as_py(),
                    box=addresses.box[row].as_py(),
                    postcode=region.postcode[addresses.town][int(addresses.streets.part[street])],
                    municipality_code=town.code,
                    municipality_nl=town.name_nl,
                    municipality_fr=town.name_fr,
                    sector_code=region.sectors.code[int(region.sector[buildings.cell[building]])],
                    lon=round(float(lon[building]), 5),
                    lat=round(float(lat[building]), 5),
                )
            )
    return found


def _street_in_two_sectors(addresses: TownAddresses, region: DemoRegion, wanted: NDArray[np.bool_]) -> Ints:
    """Two wanted rows of the first street whose houses lie in two sectors."""
    rows = np.flatnonzero(wanted)
    street = addresses.buildings.street[addresses.building[rows]]
    sector = region.sector[addresses.buildings.cell[addresses.building[rows]]]
    order = np.argsort(street, kind="stable")
    rows, street, sector = rows[order], street[order], sector[order]
    crossing = np.flatnonzero((street[1:] == street[:-1]) & (sector[1:] != sector[:-1]))[:1]
    pair: Ints = rows[np.concatenate([crossing, crossing + 1])]
    return pair
