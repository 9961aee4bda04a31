"""Whom a message to an area reaches: households, dwellings and members per buurt, clipped to the area or whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from households.apportionment import SectorPart, split_households
from households.counts import HouseholdCount
from households.disclosure import SafeColumn, withhold_small_numbers


@dataclass(frozen=True, slots=True)
class SectorInReach:
    """A sector of a buurt that the area touches, and how much of it lies inside the area."""

    code: str
    buurt_code: str
    households: HouseholdCount | None
    dwellings: int | None
    """None where no register is active."""
    dwellings_inside: int
    members: int
    members_inside: int
    area_m2: float
    area_inside_m2: float


@dataclass(frozen=True, slots=True)
class BuurtInReach:
    """What a message reaches in one buurt."""

    buurt_code: str
    households: int
    households_unknown_sectors: int
    dwellings: int
    members: int


@dataclass(frozen=True, slots=True)
class SafeReach:
    """The reach as it may be told: a None is withheld."""

    buurt_codes: tuple[str, ...]
    households: SafeColumn
    dwellings: SafeColumn
    members: SafeColumn


def reach(sectors: Sequence[SectorInReach], *, whole_buurten: bool) -> list[BuurtInReach]:
    """Sum what an area reaches, by buurt.

    Parameters
    ----------
    sectors
        Every sector of every buurt that the area touches, those outside it too.
    whole_buurten
        Whether the message goes to the whole of each buurt that the area touches. Otherwise it goes to the dwellings
        inside, and a sector's households are shared out by its dwellings inside and outside (see `split_households`).

    Returns
    -------
    list of BuurtInReach
        The buurten with a dwelling or a piece of land in the area, by code.
    """
    by_buurt: dict[str, list[SectorInReach]] = {}
    for sector in sectors:
        by_buurt.setdefault(sector.buurt_code, []).append(sector)
    reached = []
    for code in sorted(by_buurt):
        members = by_buurt[code]
        if not any(sector.dwellings_inside or sector.area_inside_m2 > 0 for sector in members):
            continue
        if not whole_buurten:
            members = [sector for sector in members if sector.dwellings_inside or sector.area_inside_m2 > 0]
        counts = [sector.households if whole_buurten else _households_inside(sector) for sector in members]
        reached.append(
            BuurtInReach(
                buurt_code=code,
                households=sum(count.households for count in counts if count is not None),
                households_unknown_sectors=sum(count is None for count in counts),
                dwellings=sum(
                    (sector.dwellings or 0) if whole_buurten else sector.dwellings_inside for sector in members
                ),
                members=sum(sector.members if whole_buurten else sector.members_inside for sector in members),
            )
        )
    return reached


def withhold(reached: Sequence[BuurtInReach], threshold: int) -> SafeReach:
    """Return a reach without the numbers that would single somebody out.

    Members are withheld too where nearly all dwellings are members': that tells of the others.
    """

    def column(name: str) -> Mapping[str, int]:
        return {buurt.buurt_code: getattr(buurt, name) for buurt in reached}

    dwellings = column("dwellings")
    return SafeReach(
        buurt_codes=tuple(buurt.buurt_code for buurt in reached),
        households=withhold_small_numbers(column("households"), threshold),
        dwellings=withhold_small_numbers(dwellings, threshold),
        members=withhold_small_numbers(
            column("members"), threshold, wholes=dwellings if any(dwellings.values()) else None
        ),
    )


def _households_inside(sector: SectorInReach) -> HouseholdCount | None:
    if sector.households is None:
        return None
    dwellings_outside = None if sector.dwellings is None else sector.dwellings - sector.dwellings_inside
    area_outside = max(0.0, sector.area_m2 - sector.area_inside_m2)
    inside = SectorPart("inside", None if sector.dwellings is None else sector.dwellings_inside, sector.area_inside_m2)
    parts = [inside, SectorPart("outside", dwellings_outside, area_outside)]
    return split_households(sector.households, parts)["inside"]
