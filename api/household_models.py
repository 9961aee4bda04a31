"""What the API says of the households of a municipality's buurten, small numbers of members withheld."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from pydantic import BaseModel, Field

from data.buurt_counts import AreaTotal, CountedMunicipality
from households.adoption import share_of, whole_percent
from households.disclosure import withhold_small_numbers

SMALLEST_SHOWN = 10
"""The smallest number of member households that is shown, zero apart."""


class AreaHouseholds(BaseModel):
    """The households of an area."""

    households: int | None = Field(description="Null where a sector of it has neither a count nor an estimate.")
    by_method: dict[str, int] = Field(description="Households by how they were counted.")
    low: int = Field(description="Lower end of the margin.")
    high: int = Field(description="Upper end of the margin.")
    dwellings: int | None = Field(description="Null where no register of addresses is active.")
    members: int | None = Field(description="Member households; null where the number is withheld as too small.")
    adoption: Decimal | None = Field(description="Members over households; null where either is.")

    @classmethod
    def of(cls, total: AreaTotal, members: int | None) -> "AreaHouseholds":
        """Show a total with the members that may be shown."""
        counted = total.households
        households = counted.households if counted.complete else None
        return cls(
            households=households,
            by_method={str(method): number for method, number in counted.by_method.items()},
            low=counted.low,
            high=counted.high,
            dwellings=total.dwellings,
            members=members,
            adoption=None if members is None else share_of(members, households),
        )


class BuurtHouseholds(AreaHouseholds):
    """The households of a buurt."""

    code: str
    names: dict[str, str | None]


class MunicipalityHouseholds(BaseModel):
    """The households of a municipality and its buurten."""

    code: str
    as_of: date
    plan_version: int
    releases: list[str]
    official: int | None = Field(description="The municipality's own published count.")
    difference: int | None = Field(description="The published count less the sum.")
    total: AreaHouseholds
    buurten: list[BuurtHouseholds]

    @classmethod
    def of(cls, counted: CountedMunicipality, releases: tuple[str, ...], as_of: date) -> "MunicipalityHouseholds":
        """Show a counted municipality."""
        members: Mapping[str, int] = {buurt.code: buurt.total.members for buurt in counted.buurten}
        safe = withhold_small_numbers(members, SMALLEST_SHOWN)
        return cls(
            code=counted.code,
            as_of=as_of,
            plan_version=counted.plan_version,
            releases=list(releases),
            official=counted.official,
            difference=counted.difference,
            total=AreaHouseholds.of(counted.total, safe.total),
            buurten=[
                BuurtHouseholds(
                    code=buurt.code,
                    names=dict(buurt.names),
                    **AreaHouseholds.of(buurt.total, safe.cells[buurt.code]).model_dump(),
                )
                for buurt in counted.buurten
            ],
        )


class AdoptionRow(BaseModel):
    """Member households beside all households of an area."""

    code: str
    members: int | None = Field(description="Null where the number is withheld as too small.")
    households: int | None
    share: Decimal | None
    percent: int | None = Field(description="The share in whole percent, half up.")

    @classmethod
    def of(cls, code: str, area: AreaHouseholds) -> "AdoptionRow":
        """Show an area."""
        percent = None if area.adoption is None else whole_percent(area.adoption)
        return cls(code=code, members=area.members, households=area.households, share=area.adoption, percent=percent)


class MunicipalityAdoption(BaseModel):
    """Adoption in a municipality and its buurten."""

    as_of: date
    plan_version: int
    releases: list[str]
    total: AdoptionRow
    buurten: list[AdoptionRow]
    participants_of_members: Decimal | None = Field(description="Participants over members.")
    participants_of_households: Decimal | None = Field(description="Participants over households.")

    @classmethod
    def of(cls, counted: MunicipalityHouseholds, participants: int | None) -> "MunicipalityAdoption":
        """Take it from a counted municipality."""
        total = counted.total
        return cls(
            as_of=counted.as_of,
            plan_version=counted.plan_version,
            releases=counted.releases,
            total=AdoptionRow.of(counted.code, total),
            buurten=[AdoptionRow.of(buurt.code, buurt) for buurt in counted.buurten],
            # A withheld number of members would follow from a share of it.
            participants_of_members=(
                None if participants is None or total.members is None else share_of(participants, total.members)
            ),
            participants_of_households=None if participants is None else share_of(participants, total.households),
        )
