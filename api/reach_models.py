"""What the API is asked and says of whom a message reaches, small numbers withheld."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.answers import Names, describe_names
from api.models import Day
from api.selection_models import SelectionBody
from data.plans.published import PublishedPlan
from households.reach import BuurtInReach, withhold

Extent = Literal["clipped", "whole"]
Withheld = Literal["households", "dwellings", "members"]


class ReachRequest(SelectionBody):
    """Whom a message is for, and whether it goes to the whole of every buurt that is touched."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"street": {"municipality": "99001", "name": "Kerkstraat"}}]},
    )

    extent: Extent = Field("clipped", description="What was selected alone, or the whole of every buurt it touches.")
    as_of: Day | None = Field(
        None,
        description="The day whose plans and members count; by default today (UTC).",
    )


class AreaReach(BaseModel):
    """What a message reaches."""

    households: int | None = Field(
        description="Null where it is withheld, or where a sector has neither a count nor an estimate."
    )
    low: int | None = Field(description="Lower end of the margin.")
    high: int | None = Field(description="Upper end of the margin.")
    dwellings: int | None = Field(description="Null where it is withheld, or no register is active.")
    members: int | None = Field(description="Member households; null where the number is withheld.")
    members_estimated: bool = Field(
        description="Members are a share, by dwellings, of those of sectors or parts of sectors that are cut."
    )
    withheld: list[Withheld] = Field(description="Numbers that are small, or would give a small one away.")


class BuurtReach(AreaReach):
    """What a message reaches in one buurt."""

    code: str
    names: Names
    municipality: str
    plan_version: int


class ReachAnswer(BaseModel):
    """Whom a message reaches."""

    as_of: date
    extent: Extent
    releases: list[str]
    smallest_shown: int = Field(description="The smallest number that is told, zero apart.")
    total: AreaReach
    buurten: list[BuurtReach] = Field(description="Those that are touched, by code.")
    unknown_addresses: list[str] = Field(
        description="Those of a list that are no current home with a position in a register."
    )

    @classmethod
    def of(
        cls,
        reached: list[BuurtInReach],
        plans: Mapping[str, PublishedPlan],
        request: ReachRequest,
        day: date,
        *,
        releases: list[str],
        threshold: int,
        unknown_addresses: tuple[str, ...],
    ) -> "ReachAnswer":
        """Tell a reach without small numbers.

        Parameters
        ----------
        reached
            What is reached by buurt.
        plans
            The plan of every buurt.
        """
        safe = withhold(reached, threshold)
        shown = {
            found.buurt_code: _shown(
                [found],
                safe.households.cells[found.buurt_code],
                safe.dwellings.cells[found.buurt_code],
                safe.members.cells[found.buurt_code],
            )
            for found in reached
        }
        return cls(
            as_of=day,
            extent=request.extent,
            releases=releases,
            smallest_shown=threshold,
            total=_shown(reached, safe.households.total, safe.dwellings.total, safe.members.total),
            buurten=[
                BuurtReach(
                    code=code,
                    names=describe_names(plans[code].buurten[code].names),
                    municipality=plans[code].row.municipality_code,
                    plan_version=plans[code].row.version,
                    **shown[code].model_dump(),
                )
                for code in sorted(shown)
            ],
            unknown_addresses=list(unknown_addresses),
        )


def _shown(
    reached: list[BuurtInReach], households: int | None, dwellings: int | None, members: int | None
) -> AreaReach:
    complete = all(found.households.complete for found in reached)
    registered = all(found.dwellings is not None for found in reached)
    withheld: list[tuple[Withheld, bool]] = [
        ("households", households is None),
        ("dwellings", dwellings is None and registered),
        ("members", members is None),
    ]
    told = households is not None and complete
    return AreaReach(
        households=households if told else None,
        low=sum(found.households.low for found in reached) if told else None,
        high=sum(found.households.high for found in reached) if told else None,
        dwellings=dwellings,
        members=members,
        members_estimated=any(found.members_estimated for found in reached),
        withheld=[name for name, is_withheld in withheld if is_withheld],
    )
