"""Whom a message to an area reaches: households, dwellings and members per buurt, clipped to the area or whole.

Dwellings are counted one by one: the register is public. A sector's households are shared out by its dwellings inside
and outside. Members come from the one table that may be told (`households.member_table`): an area's are a share of the
table's cells by dwellings, so that two areas that differ by one home tell nothing of it, however they are drawn. At
last, small numbers are withheld from the answer, and what gives them away (`households.disclosure`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from households.apportionment import SectorPart, split_households
from households.counts import HouseholdCount
from households.disclosure import SafeColumn, withhold_small_numbers
from households.member_table import MemberTable, PartInside
from households.totals import HouseholdTotal, total_households

_ROUNDING_OF_AREAS = 1e-9
"""What the area of an intersection may lack of the whole by rounding of its vertices."""


@dataclass(frozen=True, slots=True)
class PartInReach:
    """A sector, or the part of one that is in a buurt, and how much of it lies inside the area."""

    key: str
    """Its name in the table of members."""
    buurt_code: str
    households: HouseholdCount | None
    dwellings: int | None
    """None where no register is active."""
    dwellings_inside: int
    area_m2: float
    area_inside_m2: float

    @property
    def touched(self) -> bool:
        """Whether a dwelling or a piece of land of it lies in the area."""
        return self.dwellings_inside > 0 or self.area_inside_m2 > 0


@dataclass(frozen=True, slots=True)
class BuurtInReach:
    """What a message reaches in one buurt."""

    buurt_code: str
    households: HouseholdTotal
    dwellings: int | None
    """None where no register is active."""
    members: int | None
    """None where they may not be told."""
    members_estimated: bool
    """They are a share by dwellings of what is known of a larger part."""


@dataclass(frozen=True, slots=True)
class SafeReach:
    """The reach as it may be told: a None is withheld."""

    households: SafeColumn
    dwellings: SafeColumn
    members: SafeColumn


def reach(parts: Sequence[PartInReach], table: MemberTable, *, whole_buurten: bool) -> list[BuurtInReach]:
    """Sum what an area reaches in a municipality, by buurt.

    Parameters
    ----------
    parts
        Every part of every buurt that the area touches, those outside it too.
    table
        The members of the municipality, as far as they may be told.
    whole_buurten
        Whether the message goes to the whole of each buurt that the area touches. Otherwise it goes to the dwellings
        inside; a part's households are shared out by its dwellings inside and outside (see `split_households`).

    Returns
    -------
    list of BuurtInReach
        The buurten with a dwelling or a piece of land in the area, by code.
    """
    by_buurt: dict[str, list[PartInReach]] = {}
    for part in parts:
        by_buurt.setdefault(part.buurt_code, []).append(part)
    members = table.inside({part.key: _inside(part) for part in parts if part.touched})
    reached = []
    for code in sorted(members):
        own = by_buurt[code]
        chosen = own if whole_buurten else [part for part in own if part.touched]
        dwellings = [part.dwellings if whole_buurten else part.dwellings_inside for part in chosen]
        known = [number for number in dwellings if number is not None]
        registered = all(part.dwellings is not None for part in own)
        reached.append(
            BuurtInReach(
                buurt_code=code,
                households=total_households(
                    part.households if whole_buurten else _households_inside(part) for part in chosen
                ),
                dwellings=sum(known) if registered else None,
                members=table.buurten.cells[code] if whole_buurten else members[code].shown,
                members_estimated=not whole_buurten and members[code].estimated,
            )
        )
    return reached


def withhold(reached: Sequence[BuurtInReach], threshold: int) -> SafeReach:
    """Return a reach without small numbers, nor what gives them away.

    Members are withheld too where nearly all dwellings are members': that tells of the others.
    """

    def column(numbers: Mapping[str, int | None], wholes: Mapping[str, int] | None = None) -> SafeColumn:
        known = {code: number for code, number in numbers.items() if number is not None}
        safe = withhold_small_numbers(known, threshold, wholes)
        return SafeColumn(
            {code: safe.cells.get(code) for code in numbers}, safe.total if len(known) == len(numbers) else None
        )

    households = {buurt.buurt_code: buurt.households.households for buurt in reached}
    dwellings = {buurt.buurt_code: buurt.dwellings for buurt in reached}
    registered = {code: number for code, number in dwellings.items() if number is not None}
    return SafeReach(
        households=column(households),
        dwellings=column(dwellings),
        members=column(
            {buurt.buurt_code: buurt.members for buurt in reached},
            registered if len(registered) == len(dwellings) else None,
        ),
    )


def _inside(part: PartInReach) -> PartInside:
    share = min(part.area_inside_m2 / part.area_m2, 1.0) if part.area_m2 > 0 else 0.0
    return PartInside(part.dwellings_inside, Fraction(share))


def _households_inside(part: PartInReach) -> HouseholdCount | None:
    if part.households is None:
        return None
    area_outside = max(0.0, part.area_m2 - part.area_inside_m2)
    if part.dwellings:
        is_whole = part.dwellings_inside == part.dwellings
    else:
        is_whole = area_outside <= _ROUNDING_OF_AREAS * part.area_m2 and part.area_inside_m2 > 0
    if is_whole:
        # Its own method and margin hold.
        return part.households
    dwellings_outside = None if part.dwellings is None else part.dwellings - part.dwellings_inside
    # An equal remainder goes to the code that is first. That is the larger ground's, so that what an area gets and
    # what its complement gets always add up.
    inside, outside = ("a", "b") if part.area_inside_m2 >= area_outside else ("b", "a")
    sizes = [
        SectorPart(inside, None if part.dwellings is None else part.dwellings_inside, part.area_inside_m2),
        SectorPart(outside, dwellings_outside, area_outside),
    ]
    return split_households(part.households, sizes)[inside]
