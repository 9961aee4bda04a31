"""`POST /v1/municipalities/{code}/plans:carry-over`: a municipality's plans brought to another sectors release."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from api.access import OpsCaller
from api.plan_problems import described_plans
from api.routes.rules import MunicipalityCode
from boundaries.checks import CheckSettings
from data.directory import DataDirectory
from data.plans.activating import Carrying, Hand, carry_plans_over
from data.plans.drafts import new_draft_id
from data.releases import find_release
from data.store import Store
from households.dwelling_keys import HouseholdKeys


class CarryOverBody(BaseModel):
    """Where plans are carried over to."""

    model_config = ConfigDict(extra="forbid")

    to: Annotated[str, Field(min_length=1, max_length=80, description="Name of a sectors release.")]
    dry_run: StrictBool = Field(False, description="Say what would be, and change nothing.")


class CarryingAnswer(BaseModel):
    """What becomes of a plan."""

    municipality: str = Field(description="Its code in the release: another one where municipalities have merged.")
    valid_from: date
    outcome: Literal["published", "draft", "clear", "to-decide"] = Field(
        description="`clear`: activating the release publishes it. `to-decide`: a person must, and nothing was written."
    )
    draft: str | None = Field(description="The draft that it is or was.")
    plan: int | None = Field(description="The plan that was published.")
    report: dict[str, Any] = Field(
        description="Sectors that are unchanged, recoded and changed; decisions with their candidates; dwellings that "
        "would come into another buurt; problems that keep it from being published."
    )

    @classmethod
    def of(cls, carrying: Carrying) -> "CarryingAnswer":
        """Describe what becomes of a plan."""
        outcome: Literal["published", "draft", "clear", "to-decide"] = "clear"
        if carrying.plan_id is not None:
            outcome = "published"
        elif carrying.is_pending:
            outcome = "to-decide" if carrying.draft_id is None else "draft"
        return cls(
            municipality=carrying.municipality_code,
            valid_from=carrying.valid_from,
            outcome=outcome,
            draft=carrying.draft_id,
            plan=carrying.plan_id,
            report=carrying.report,
        )


class CarryingList(BaseModel):
    """What becomes of a municipality's plans: one a day on which they change; none where nothing has to be done."""

    data: list[CarryingAnswer]


def carrying_over_router(
    store: Store,
    directory: DataDirectory,
    keys: HouseholdKeys | None,
    settings: CheckSettings,
    clock: Callable[[], datetime],
) -> APIRouter:
    """Build the route."""
    router = APIRouter(prefix="/v1", tags=["plans"])

    @router.post("/municipalities/{code}/plans:carry-over", responses=described_plans(404, 409, 413, 422))
    def carry_plan_over(code: MunicipalityCode, body: CarryOverBody, caller: OpsCaller) -> CarryingList:
        """Carry a municipality's drawn plans over to another sectors release.

        A plan is published at once only on the release in use, and only if no dwelling comes into another buurt and
        nothing is in doubt. On a release that is not in use yet, what is clear waits for the activation. Anything else
        is a draft, which a person edits and hands in for review.
        """
        hand = Hand(directory, keys, settings, caller.key_id, clock(), new_draft_id)
        with store.writing() as session:
            release = find_release(session, body.to)
            done = carry_plans_over(session, release, hand, [code], dry_run=body.dry_run)
        return CarryingList(data=[CarryingAnswer.of(each) for each in done])

    return router
