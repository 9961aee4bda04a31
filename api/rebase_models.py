"""What the rebase of a draft looks like over HTTP."""

from dataclasses import asdict
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from api.edit_texts import edit_text
from api.plan_models import PlanSummary
from api.reason_texts import Language
from data.plans.rebasing import Rebased
from data.store.models import DraftRow


class RebaseBody(BaseModel):
    """How to put a draft on the newest plan."""

    model_config = ConfigDict(extra="forbid")

    skip_conflicts: StrictBool = Field(default=False, description="Leave out operations that do not apply any more.")


class LeftOutAnswer(BaseModel):
    """An operation that was left out."""

    number: int = Field(description="Its number in the log before.")
    op: str
    by: str = Field(description="Identifier of the caller's key.")
    reason: str = Field(description="Why, in the language that was asked for.")
    already_so: bool = Field(description="The newer plan is as it asks already, so nothing is lost.")


class OverriddenAnswer(BaseModel):
    """What the newer plan had changed, and an operation of the draft changes again."""

    number: Annotated[int, Field(description="Of the operation, in the log before.")]
    op: str
    blocks: list[str] = Field(description="Moved again.")
    buurten: list[str] = Field(description="Named, coloured, locked or set live otherwise again, or removed.")


class RebaseAnswer(BaseModel):
    """What a rebase did."""

    plan: PlanSummary
    onto: PlanSummary = Field(description="The published plan that the draft is on now.")
    replayed: int = Field(description="Operations that were carried out there.")
    left_out: list[LeftOutAnswer]
    overridden: list[OverriddenAnswer]
    codes: dict[str, str] = Field(description="New codes of the draft's buurten whose codes the newer plan has taken.")

    @classmethod
    def of(cls, row: DraftRow, done: Rebased, language: Language) -> "RebaseAnswer":
        """Describe a rebase to a reader of a language."""
        return cls(
            plan=PlanSummary.of_draft(row),
            onto=PlanSummary.of_plan(done.onto),
            replayed=done.replayed,
            left_out=[
                LeftOutAnswer(
                    number=left.number,
                    op=left.op,
                    by=left.by,
                    reason=edit_text(left.why, language),
                    already_so=left.already_so,
                )
                for left in done.left_out
            ],
            overridden=[OverriddenAnswer(**asdict(changed)) for changed in done.overridden],
            codes=dict(done.codes),
        )
