"""What a message can be for: a drawn area, what lies near a line, a street, a list of addresses, or whole buurten."""

from dataclasses import dataclass
from typing import Protocol

import shapely

from boundaries.blocks import Area


class PlacedArea(Protocol):
    """An area that can be given in any CRS."""

    def in_crs(self, crs: str) -> Area:
        """Return the area in a CRS of which the authority code is given."""
        ...


class PlacedLine(Protocol):
    """A line that can be given in any CRS."""

    def in_crs(self, crs: str) -> shapely.LineString | shapely.MultiLineString:
        """Return the line in a CRS of which the authority code is given."""
        ...


@dataclass(frozen=True, slots=True)
class InArea:
    """The dwellings inside an area, or on its border."""

    area: PlacedArea


@dataclass(frozen=True, slots=True)
class NearLine:
    """The dwellings within a distance of a line: of road works, of a tram's new rails."""

    line: PlacedLine
    distance_m: float


@dataclass(frozen=True, slots=True)
class OnStreet:
    """The dwellings of a street, by its official identifier or by its name in any language."""

    municipality_code: str
    street_id: str | None = None
    name: str | None = None
    postcode: str | None = None
    """Tells streets of one name apart."""


@dataclass(frozen=True, slots=True)
class AtAddresses:
    """Dwellings by their official identifiers."""

    address_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InBuurten:
    """All dwellings of some buurten of the plans in force."""

    buurt_codes: tuple[str, ...]


Wish = InArea | NearLine | OnStreet | AtAddresses | InBuurten
