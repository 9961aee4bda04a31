"""Counts the buurten of a municipality on a day: households with method and margin, dwellings, members."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy.orm import Session

from boundaries.blocks import Area
from data.block_counts import PartCount, StoredCounter
from data.household_counts import CountBasis
from data.plans.published import PlacedBlock, PublishedPlan, plan_on
from households.dwelling_keys import HouseholdKeys
from households.member_rates import MemberRates
from households.member_table import MemberPart, MemberTable
from households.totals import HouseholdTotal, total_households


@dataclass(frozen=True, slots=True)
class AreaTotal:
    """What is in an area that is made of sectors and parts of sectors."""

    households: HouseholdTotal
    dwellings: int | None
    """None where no register is active."""
    members: int
    """Member households."""
    estimated_sectors: tuple[str, ...]
    """Sectors whose households are an estimate, by code."""
    unknown_sectors: tuple[str, ...]
    """Sectors that have neither a count nor an estimate, by code."""


@dataclass(frozen=True, slots=True)
class CountedPart:
    """A sector of a plan, or one of its blocks where it is divided between buurten."""

    code: str
    """The block's, or the sector's where that is all of one buurt."""
    sector_code: str
    buurt_code: str
    shape: Area | None
    """In the CRS of the sectors; None is the whole sector."""
    count: PartCount


@dataclass(frozen=True, slots=True)
class CountedPlan:
    """A municipality's plan with the counts of its parts."""

    code: str
    plan: PublishedPlan
    counter: StoredCounter
    parts: tuple[CountedPart, ...]
    """By sector; they tile the municipality."""

    @classmethod
    def of(cls, plan: PublishedPlan, counter: StoredCounter) -> "CountedPlan":
        """Count the parts of a plan."""
        parts: list[CountedPart] = []
        for sector_code, blocks in plan.by_sector().items():
            parts += _parts(counter, sector_code, blocks)
        return cls(plan.row.municipality_code, plan, counter, tuple(parts))

    def member_table(self, threshold: int) -> MemberTable:
        """Return the members as far as they may be told, numbers from the threshold on."""
        parts = (
            MemberPart(part.code, part.buurt_code, part.count.members, part.count.dwellings) for part in self.parts
        )
        return MemberTable(list(parts), threshold)

    def member_rates(self, threshold: int) -> MemberRates:
        """Return the members per dwelling of every sector, as the table of members tells them."""
        of_parts = self.member_table(threshold).per_dwelling()
        by_sector: dict[str, list[tuple[Fraction | None, int]]] = {}
        for part in self.parts:
            by_sector.setdefault(part.sector_code, []).append((of_parts[part.code], part.count.dwellings or 0))
        return MemberRates(threshold, {code: _mean_rate(rates) for code, rates in by_sector.items()})


@dataclass(frozen=True, slots=True)
class BuurtCount:
    """A buurt of the plan in force, and what is in it."""

    code: str
    names: Mapping[str, str | None]
    total: AreaTotal


@dataclass(frozen=True, slots=True)
class CountedMunicipality:
    """A municipality's buurten with their counts, which add up to its own exactly."""

    code: str
    plan_version: int
    valid_from: date
    buurten: tuple[BuurtCount, ...]
    """By code."""
    total: AreaTotal
    """The sum over its sectors; only the margin of the sum of its buurten may be wider."""
    official: int | None
    """The municipality's own published count; a source that rounds per sector makes it differ from the sum."""
    rounding: int
    """The multiple that the counts per sector are rounded to."""
    members_elsewhere: int
    """Member households whose sector is none of the active release: in no buurt, and not in `total`."""

    @property
    def difference(self) -> int | None:
        """The published count less the sum; None where there is none, or the sum lacks a sector."""
        if self.official is None or not self.total.households.complete:
            return None
        return self.official - self.total.households.households


def count_buurten(
    session: Session,
    basis: CountBasis,
    municipality_code: str,
    day: date,
    at: datetime,
    keys: HouseholdKeys | None = None,
) -> CountedMunicipality:
    """Count the buurten of the plan that holds on a day.

    Parameters
    ----------
    session
        A session on the store.
    basis
        The releases to count from.
    municipality_code
        The municipality.
    day
        The day whose plan it is.
    at
        The instant whose members count.
    keys
        Keys of dwellings, which tell in which part of a divided sector a member household lives.

    Raises
    ------
    NoPlanError
        No plan of the municipality holds on that day.
    """
    return sum_buurten(count_plan(session, basis, municipality_code, day, at, keys))


def count_plan(
    session: Session,
    basis: CountBasis,
    municipality_code: str,
    day: date,
    at: datetime,
    keys: HouseholdKeys | None = None,
) -> CountedPlan:
    """Count the parts of the plan that holds on a day, for the arguments of `count_buurten`.

    Raises
    ------
    NoPlanError
        No plan of the municipality holds on that day.
    """
    plan = plan_on(session, municipality_code, day, basis.releases.sectors)
    return CountedPlan.of(plan, StoredCounter.read(session, basis, municipality_code, at, keys))


def sum_buurten(counted: CountedPlan) -> CountedMunicipality:
    """Add up the parts of a plan by buurt, and those of the municipality."""
    parts: dict[str, list[tuple[str, PartCount]]] = {code: [] for code in counted.plan.buurten}
    for part in counted.parts:
        parts[part.buurt_code].append((part.sector_code, part.count))
    municipality = counted.counter.municipality
    total = total_area((code, counted.counter.whole(code)) for code in municipality.sectors)
    buurten = counted.plan.buurten
    return CountedMunicipality(
        code=counted.code,
        plan_version=counted.plan.row.version,
        valid_from=counted.plan.row.valid_from,
        buurten=tuple(BuurtCount(code, buurten[code].names, total_area(parts[code])) for code in sorted(parts)),
        total=total,
        official=municipality.official,
        rounding=municipality.rounding,
        members_elsewhere=sum(counted.counter.members.values()) - total.members,
    )


def total_area(parts: Iterable[tuple[str, PartCount]]) -> AreaTotal:
    """Add up sectors and parts of sectors, each given with its sector's code."""
    known = list(parts)
    dwellings = [part.dwellings for _, part in known if part.dwellings is not None]
    return AreaTotal(
        households=total_households(part.households for _, part in known),
        # One register serves all sectors, or none does.
        dwellings=sum(dwellings) if len(dwellings) == len(known) else None,
        members=sum(part.members for _, part in known),
        estimated_sectors=tuple(sorted({code for code, part in known if part.estimated})),
        unknown_sectors=tuple(sorted({code for code, part in known if part.households is None})),
    )


def _mean_rate(parts: Sequence[tuple[Fraction | None, int]]) -> float | None:
    """Return the rate of a sector from those of its parts, by their dwellings."""
    # Any weights do where nobody lives: blocks of such a sector have no dwelling to be multiplied with.
    weights = [dwellings for _, dwellings in parts] if any(dwellings for _, dwellings in parts) else [1] * len(parts)
    total = Fraction()
    for (rate, _), weight in zip(parts, weights, strict=True):
        if rate is None:
            return None
        total += rate * weight
    return float(total / sum(weights))


def _parts(counter: StoredCounter, sector_code: str, blocks: Sequence[PlacedBlock]) -> Iterable[CountedPart]:
    """Count a sector's blocks, each with its buurt."""
    if len({block.buurt_code for block in blocks}) == 1:
        # Not divided between buurten, so that its own margin holds, whatever blocks it is cut into.
        return [CountedPart(sector_code, sector_code, blocks[0].buurt_code, None, counter.whole(sector_code))]
    shapes = [block.shape for block in blocks if block.shape is not None]
    return [
        CountedPart(block.code, sector_code, block.buurt_code, block.shape, count)
        for block, count in zip(blocks, counter.split(sector_code, shapes), strict=True)
    ]
