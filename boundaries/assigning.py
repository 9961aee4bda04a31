"""Makes a plan of areas that were drawn elsewhere by giving them whole sectors, and measures what that differs."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from boundaries.blocks import Area
from boundaries.overlaps import area_array, measure_overlaps
from boundaries.tiling import NOTABLE_AREA_M2
from geo.crs import area_m2


@dataclass(frozen=True, slots=True)
class SectorDifference:
    """A sector that does not lie wholly in the area that it goes to, or goes to none."""

    sector_code: str
    area: str | None
    """Where it goes."""
    outside_m2: float
    """What of it does not lie in that area; all of it where it goes to none."""
    outside_share: float
    shares: Mapping[str, float]
    """Every area's share of it, largest first. Together below 1 where no area was drawn, above where two overlap."""


@dataclass(frozen=True, slots=True)
class AreaDifference:
    """How an area that was drawn and the sectors that it gets differ."""

    area: str
    drawn_m2: float
    assigned_m2: float
    """Of its sectors together."""
    gained_m2: float
    """In its sectors but not drawn."""
    lost_m2: float
    """Drawn, but not in its sectors: in those of others, or where there is no sector."""
    share: float
    """Gained and lost, as a share of what was drawn."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Whole sectors in areas that were drawn elsewhere."""

    buurt_of: Mapping[str, str | None]
    """By sector code, the key of an area; None where no area has enough of the sector."""
    sectors: tuple[SectorDifference, ...]
    """Those that differ, largest difference first."""
    areas: tuple[AreaDifference, ...]
    """Every area, largest difference first; one with no sectors has lost all of itself."""


def assign_by_overlap(
    sectors: Mapping[str, Area], areas: Mapping[str, Area], crs: str, at_least: float = 0.5
) -> Assignment:
    """Give every sector to the area that has most of it, if that is enough.

    Parameters
    ----------
    sectors
        By code, valid; those of a municipality.
    areas
        By key, valid; drawn elsewhere. They need not tile.
    crs
        Authority code of both.
    at_least
        Least share of a sector that must lie in an area, above 0 and at most 1; a sector that lacks less than
        0.01 m² of it has it. At a tie the lowest key gets the sector.

    Returns
    -------
    Assignment
        Differences below 0.01 m² (10 cm x 10 cm) per sector are left out.

    Raises
    ------
    ValueError
        `at_least` is out of its range.
    InvalidAreaError
        A shape is invalid or no area.

    Examples
    --------
    >>> import shapely
    >>> sectors = {"S1": shapely.box(0, 0, 100, 100), "S2": shapely.box(100, 0, 200, 100)}
    >>> made = assign_by_overlap(sectors, {"Noord": shapely.box(0, 0, 120, 100)}, "EPSG:31370")
    >>> made.buurt_of, [(sector.sector_code, sector.shares) for sector in made.sectors]
    ({'S1': 'Noord', 'S2': None}, [('S2', {'Noord': 0.2})])
    >>> [(area.gained_m2, area.lost_m2) for area in made.areas]
    [(0.0, 2000.0)]
    """
    if not 0 < at_least <= 1:
        raise ValueError(f"at_least is a share above 0 and at most 1, not {at_least}")
    codes, keys = sorted(sectors), sorted(areas)
    of_sectors = area_array({code: sectors[code] for code in codes}, "sector")
    of_areas = area_array({key: areas[key] for key in keys}, "area")
    size = dict(zip(codes, area_m2(of_sectors, crs).tolist(), strict=True))
    drawn = dict(zip(keys, area_m2(of_areas, crs).tolist(), strict=True))
    overlaps = measure_overlaps(of_sectors, of_areas, crs)
    shared: dict[str, dict[str, float]] = {code: {} for code in codes}
    for left, right, part in zip(overlaps.left, overlaps.right, overlaps.area_m2.tolist(), strict=True):
        shared[codes[left]][keys[right]] = min(part, size[codes[left]])
    buurt_of: dict[str, str | None] = {}
    told = []
    assigned: dict[str, float] = defaultdict(float)
    kept: dict[str, float] = defaultdict(float)
    for code in codes:
        ordered = sorted(shared[code].items(), key=lambda item: (-item[1], item[0]))
        best, inside = ordered[0] if ordered else (None, 0.0)
        if best is None or inside < at_least * size[code] - NOTABLE_AREA_M2:
            best, inside = None, 0.0
        else:
            assigned[best] += size[code]
            kept[best] += inside
        buurt_of[code] = best
        outside = size[code] - inside
        if best is None or outside >= NOTABLE_AREA_M2:
            shares = {key: part / size[code] for key, part in ordered}
            told.append(SectorDifference(code, best, outside, outside / size[code], shares))
    differences = []
    for key in keys:
        gained, lost = max(assigned[key] - kept[key], 0.0), max(drawn[key] - kept[key], 0.0)
        differences.append(AreaDifference(key, drawn[key], assigned[key], gained, lost, (gained + lost) / drawn[key]))
    return Assignment(
        buurt_of=buurt_of,
        sectors=tuple(sorted(told, key=lambda each: (-each.outside_m2, each.sector_code))),
        areas=tuple(sorted(differences, key=lambda each: (-each.gained_m2 - each.lost_m2, each.area))),
    )
