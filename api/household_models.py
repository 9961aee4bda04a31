"""What the API says of the households of an area, a municipality and its buurten, small numbers of members withheld."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from pydantic import BaseModel, Field

from api.answers import Names, describe_names
from data.buurt_counts import CountedPlan, sum_buurten
from data.household_counts import CountReleases
from data.plans.published import PublishedPlan
from households.adoption import Participation, share_of, whole_percent
from households.reach import BuurtInReach, withhold
from households.totals import HouseholdTotal, add_totals


class AreaHouseholds(BaseModel):
    """The households of an area."""

    households: int | None = Field(description="Null where a sector of it has neither a count nor an estimate.")
    by_method: dict[str, int] = Field(description="Households by how they were counted.")
    low: int = Field(description="Lower end of the margin.")
    high: int = Field(description="Upper end of the margin.")
    dwellings: int | None = Field(description="Null where no register of addresses is active.")
    members: int | None = Field(description="Member households; null where the number is withheld as too small.")
    members_estimated: bool = Field(
        False, description="Members are a share, by dwellings, of those of sectors or parts of sectors that are cut."
    )
    adoption: Decimal | None = Field(description="Members over households; null where either is.")

    @classmethod
    def of(
        cls, counted: HouseholdTotal, dwellings: int | None, members: int | None, *, members_estimated: bool = False
    ) -> "AreaHouseholds":
        """Show a total with the members that may be shown."""
        households = counted.households if counted.complete else None
        return cls(
            households=households,
            by_method={str(method): number for method, number in counted.by_method.items()},
            low=counted.low,
            high=counted.high,
            dwellings=dwellings,
            members=members,
            members_estimated=members_estimated,
            adoption=None if members is None else share_of(members, households),
        )


class BuurtHouseholds(AreaHouseholds):
    """The households of a buurt, or of what an area has of it."""

    code: str
    names: Names
    municipality: str
    plan_version: int

    @classmethod
    def in_plan(cls, code: str, plan: PublishedPlan, area: AreaHouseholds) -> "BuurtHouseholds":
        """Show a buurt of a plan."""
        return cls(
            code=code,
            names=describe_names(plan.buurten[code].names),
            municipality=plan.row.municipality_code,
            plan_version=plan.row.version,
            **area.model_dump(),
        )


class CountedAnswer(BaseModel):
    """What every answer says of its day and its sources."""

    as_of: date
    releases: list[str] = Field(description="Names of the releases that the answer comes from.")
    counts_of: date | None = Field(description="The day that the counts per sector describe; null without counts.")


class OneBuurtHouseholds(BuurtHouseholds, CountedAnswer):
    """The households of one buurt."""

    valid_from: date = Field(description="The day from which the plan holds.")

    @classmethod
    def from_municipality(cls, municipality: "MunicipalityHouseholds", code: str) -> "OneBuurtHouseholds":
        """Take a buurt out of its municipality."""
        [buurt] = (buurt for buurt in municipality.buurten if buurt.code == code)
        return cls(
            as_of=municipality.as_of,
            releases=municipality.releases,
            counts_of=municipality.counts_of,
            valid_from=municipality.valid_from,
            **buurt.model_dump(),
        )


class MunicipalityHouseholds(CountedAnswer):
    """The households of a municipality and its buurten."""

    code: str
    plan_version: int
    valid_from: date = Field(description="The day from which the plan holds.")
    official: int | None = Field(description="The municipality's own published count.")
    difference: int | None = Field(description="The published count less the sum.")
    total: AreaHouseholds
    buurten: list[BuurtHouseholds]

    @classmethod
    def of(
        cls, plan: CountedPlan, releases: CountReleases, as_of: date, smallest_shown: int
    ) -> "MunicipalityHouseholds":
        """Show a counted municipality."""
        counted, safe = sum_buurten(plan), plan.member_table(smallest_shown).buurten
        total = counted.total
        return cls(
            code=counted.code,
            as_of=as_of,
            plan_version=counted.plan_version,
            valid_from=counted.valid_from,
            releases=list(releases.names),
            counts_of=day_of_counts(releases),
            official=counted.official,
            difference=counted.difference,
            total=AreaHouseholds.of(total.households, total.dwellings, safe.total),
            buurten=[
                BuurtHouseholds.in_plan(
                    buurt.code,
                    plan.plan,
                    AreaHouseholds.of(buurt.total.households, buurt.total.dwellings, safe.cells.get(buurt.code, 0)),
                )
                for buurt in counted.buurten
            ],
        )


class WithinHouseholds(CountedAnswer):
    """The households of a drawn area, by the buurten that it touches."""

    area_km2: float = Field(description="Of the drawn area, on the ellipsoid.")
    total: AreaHouseholds
    buurten: list[BuurtHouseholds] = Field(description="What the area has of each buurt that it touches, by code.")

    @classmethod
    def of(
        cls,
        reached: list[BuurtInReach],
        plans: Mapping[str, PublishedPlan],
        releases: list[CountReleases],
        as_of: date,
        *,
        area_km2: float,
        smallest_shown: int,
    ) -> "WithinHouseholds":
        """Show what a drawn area holds.

        Parameters
        ----------
        reached
            What it has of every buurt that it touches.
        plans
            The plan of every buurt.
        releases
            Those of every country.
        """
        members = withhold(reached, smallest_shown).members
        dwellings = [found.dwellings for found in reached if found.dwellings is not None]
        return cls(
            as_of=as_of,
            releases=sorted({name for of_country in releases for name in of_country.names}),
            counts_of=min(filter(None, map(day_of_counts, releases)), default=None),
            area_km2=round(area_km2, 6),
            total=AreaHouseholds.of(
                add_totals(found.households for found in reached),
                sum(dwellings) if len(dwellings) == len(reached) else None,
                members.total,
                members_estimated=any(found.members_estimated for found in reached),
            ),
            buurten=[
                BuurtHouseholds.in_plan(
                    found.buurt_code,
                    plans[found.buurt_code],
                    AreaHouseholds.of(
                        found.households,
                        found.dwellings,
                        members.cells[found.buurt_code],
                        members_estimated=found.members_estimated,
                    ),
                )
                for found in sorted(reached, key=lambda found: found.buurt_code)
            ],
        )


def day_of_counts(releases: CountReleases) -> date | None:
    """Return the day that counts per sector describe."""
    return None if releases.sector_counts is None else releases.sector_counts.reference_date


class AdoptionRow(BaseModel):
    """Member households, and those who took part, beside all households of an area."""

    code: str
    name: str | None = Field(description="In the language asked for, else in one that it has.")
    members: int | None = Field(description="Null where the number is withheld as too small.")
    households: int | None
    share: Decimal | None
    percent: int | None = Field(description="The share in whole percent, half up.")
    participants: int | None = Field(None, description="As they were given.")
    participants_of_members: Decimal | None = Field(None, description="Participants over members.")
    participants_of_households: Decimal | None = Field(None, description="Participants over households.")

    @classmethod
    def of(cls, code: str, name: str | None, area: AreaHouseholds, participants: int | None) -> "AdoptionRow":
        """Show an area."""
        shares: dict[str, Decimal | None] = {}
        if participants is not None:
            # A withheld number of members would follow from a share of it.
            known = Participation(participants, area.members or 0, area.households)
            shares = {
                "participants_of_members": None if area.members is None else known.of_members,
                "participants_of_households": known.of_households,
            }
        return cls(
            code=code,
            name=name,
            members=area.members,
            households=area.households,
            share=area.adoption,
            percent=None if area.adoption is None else whole_percent(area.adoption),
            participants=participants,
            **shares,
        )


class MunicipalityAdoption(CountedAnswer):
    """Adoption in a municipality and its buurten."""

    plan_version: int
    total: AdoptionRow
    buurten: list[AdoptionRow]

    @classmethod
    def of(
        cls,
        counted: MunicipalityHouseholds,
        name: str | None,
        buurt_names: Mapping[str, str | None],
        participants: Mapping[str, int],
    ) -> "MunicipalityAdoption":
        """Take it from a counted municipality.

        Parameters
        ----------
        counted
            The municipality.
        name, buurt_names
            Its name, and those of its buurten by code.
        participants
            Those who took part, by the code of a buurt or of the municipality.
        """
        return cls(
            as_of=counted.as_of,
            plan_version=counted.plan_version,
            releases=counted.releases,
            counts_of=counted.counts_of,
            total=AdoptionRow.of(counted.code, name, counted.total, participants.get(counted.code)),
            buurten=[
                AdoptionRow.of(buurt.code, buurt_names[buurt.code], buurt, participants.get(buurt.code))
                for buurt in counted.buurten
            ],
        )
