"""Bodies of the requests and answers about staff: counted, and never named."""

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from pydantic_core.core_schema import ValidationInfo

from api.models import Day
from api.rule_models import BuurtCode
from data.members.staff import StaffCounts, StaffRole, WorkArea
from households.eligibility import Period


class AreaBody(BaseModel):
    """A buurt that somebody works in, and on which days."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    buurt: BuurtCode
    first_day: Day
    last_day: Day | None = Field(None, description="Null is open.")

    @field_validator("last_day")
    @classmethod
    def _check_order(cls, last_day: date | None, info: ValidationInfo) -> date | None:
        first = info.data.get("first_day")
        if last_day is not None and first is not None and last_day < first:
            raise ValueError("the last day comes before the first")
        return last_day


class StaffRequest(BaseModel):
    """Somebody whom the municipality lets work in some of its buurten."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "email": "an@example.org",
                    "role": "neighbourhood-worker",
                    "areas": [{"buurt": "99001-01", "first_day": "2026-11-24"}],
                }
            ]
        },
    )

    email: Annotated[str, StringConstraints(pattern=r"^\s*[^@\s]+@[^@\s]+\s*$", max_length=254)] = Field(
        description="It is hashed with a key and forgotten."
    )
    role: StaffRole
    areas: list[AreaBody] = Field(min_length=1, max_length=500)

    @field_validator("areas")
    @classmethod
    def _check_once(cls, areas: list[AreaBody]) -> list[AreaBody]:
        if len({area.buurt for area in areas}) < len(areas):
            raise ValueError("a buurt is named twice")
        return areas

    def work_areas(self) -> list[WorkArea]:
        """Return the areas as the store keeps them."""
        return [WorkArea(area.buurt, Period(area.first_day, area.last_day)) for area in self.areas]


class StaffAnswer(BaseModel):
    """A new account: keep its identifier, nothing lists it."""

    id: str


class StaffArea(BaseModel):
    """All that an account may see on a day."""

    day: date
    buurten: list[str]


class StaffCountsAnswer(BaseModel):
    """How many work in a municipality on a day."""

    municipality: str
    day: date
    total: int
    by_role: dict[StaffRole, int]
    by_buurt: dict[str, int] = Field(description="Accounts by buurt; one that works in several counts in each.")

    @classmethod
    def of(cls, municipality_code: str, day: date, counts: StaffCounts) -> Self:
        """Describe counts."""
        return cls(
            municipality=municipality_code,
            day=day,
            total=counts.total,
            by_role=counts.by_role,
            by_buurt=counts.by_buurt,
        )
