"""Refusals of plans and drafts as problem details."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from api.edit_texts import edit_text, language_of
from api.history import NotThereThenError
from api.problems import FieldProblem, Kind, described, install_table, problem_response
from boundaries.carry_over import CarryOverError
from boundaries.diffs import PlansDifferError
from boundaries.edit_errors import DiscontiguousBuurtError, EditError, LockedBuurtError
from boundaries.growing import UngrowableError
from boundaries.overlaps import InvalidAreaError
from boundaries.proposals import BandError, ProposalProblemError
from data.plans.drafts import DraftStateError, EditConflictError, NothingToUndoError, UnknownDraftError
from data.plans.plan_file import PlanFileError
from data.plans.published import NoPlanError
from data.plans.publishing import NotPublishableError, OutdatedDraftError, PublishingDayError
from data.plans.rebasing import NoRebaseError, NothingToRebaseError, RebaseConflictError
from data.plans.sectors_in_use import FormerReleaseError, InactiveReleaseError
from data.plans.successions import NoSuccessorError
from data.tables import SourceError


class NoRevisionError(ValueError):
    """A draft was to be changed without saying which revision the caller has seen."""


PLAN_PROBLEMS: Mapping[type[Exception], Kind] = {
    UnknownDraftError: Kind(
        "unknown-plan", "No such plan or draft", 404, "GET /v1/municipalities/{code}/plans lists them."
    ),
    NoPlanError: Kind("no-plan", "No such plan", 404, "GET /v1/municipalities/{code}/plans lists them."),
    NotThereThenError: Kind("not-there-then", "Not in that municipality then", 404, "Ask for a later day."),
    DraftStateError: Kind("draft-state", "The draft is not in the state for it", 409, "Read the draft again."),
    NothingToUndoError: Kind("nothing-to-undo", "There is nothing to undo or redo", 409, "Read the draft again."),
    InactiveReleaseError: Kind(
        "inactive-release",
        "These sectors are not in use yet",
        409,
        "POST /v1/plans/{id}:review hands it in; activating the release publishes it.",
    ),
    FormerReleaseError: Kind(
        "former-release", "These sectors are not in use any more", 409, "POST /v1/plans/{id}:rebase, then publish it."
    ),
    NoRebaseError: Kind("no-rebase", "The draft cannot be rebased", 409, "Do as the detail says."),
    OutdatedDraftError: Kind("outdated-draft", "Another plan was published meanwhile", 409, "Rebase the draft on it."),
    NothingToRebaseError: Kind("nothing-to-rebase", "The draft is up to date", 409, "Go on with it."),
    PublishingDayError: Kind("publishing-day", "A plan cannot hold from that day", 422, "Choose a later day."),
    NoSuccessorError: Kind("no-successor", "A plan has nowhere to go", 422, "Check that the release is complete."),
    CarryOverError: Kind("no-carry-over", "These plans cannot be carried over", 422, "See which plans are named."),
    PlansDifferError: Kind("plans-differ", "These plans cannot be compared", 422, "Compare plans of one municipality."),
    ProposalProblemError: Kind("no-proposal", "Nothing can be proposed", 422, "See what is wrong with the sectors."),
    PlanFileError: Kind("plan-file", "The file is no plan for this", 422, "Correct the place that is named."),
    SourceError: Kind("layer-refused", "The layer cannot be used", 422, "Correct what is named, and send it again."),
    UngrowableError: Kind(
        "ungrowable", "The areas cannot be grown", 422, "Redraw the areas, or send them as they are."
    ),
    InvalidAreaError: Kind("invalid-area", "A shape is no area", 422, "Correct the area that is named."),
    NoRevisionError: Kind("if-match-missing", "If-Match is missing", 428, "Send the draft's ETag as If-Match."),
}
EDIT_REFUSED = Kind("edit-refused", "The draft refuses this", 422, "Change the field that is named.")
FALLS_APART = Kind("buurt-falls-apart", "A buurt would fall into parts", 422, "Send allow_parts if that is meant.")
LOCKED = Kind("buurt-locked", "A locked buurt would change", 422, "Unlock it first.")
BAND_ORDER = Kind("band-order", "No such band of households", 422, "Give least, target and most in that order.")
CONFLICT = Kind("draft-changed", "Somebody else has changed the draft", 412, "Read the draft again, and edit that.")
REBASE_CONFLICT = Kind(
    "rebase-conflict", "Operations do not apply any more", 409, "Send skip_conflicts to leave those out."
)
NOT_PUBLISHABLE = Kind(
    "not-publishable", "The draft has errors", 422, "GET /v1/plans/{id}/problems says where; mend the errors."
)


def described_plans(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI descriptions of the problems that a plan's route can answer with."""
    own = {409: "Not in the state for it", 412: CONFLICT.title, 428: "If-Match is missing"}
    return described(*statuses, titles_of=own)


def install_plan_problems(app: FastAPI) -> None:
    """Answer the refusals of plans with problem details."""
    install_table(app, PLAN_PROBLEMS)
    app.add_exception_handler(EditError, _edit_refused)
    app.add_exception_handler(BandError, _no_band)
    app.add_exception_handler(EditConflictError, _conflict)
    app.add_exception_handler(NotPublishableError, _not_publishable)
    app.add_exception_handler(RebaseConflictError, _rebase_conflict)


async def _edit_refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, EditError)  # noqa: S101 -- registered for this class alone
    kind = EDIT_REFUSED
    if isinstance(error, DiscontiguousBuurtError):
        kind = FALLS_APART
    elif isinstance(error, LockedBuurtError):
        kind = LOCKED
    detail = edit_text(error, language_of(request))
    return problem_response(kind, detail, errors=[FieldProblem(field=f"/operation/{error.field}", detail=detail)])


async def _no_band(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, BandError)  # noqa: S101 -- registered for this class alone
    return problem_response(BAND_ORDER, str(error), errors=[FieldProblem(field=f"/{error.bound}", detail=str(error))])


async def _conflict(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, EditConflictError)  # noqa: S101 -- registered for this class alone
    done = [
        FieldProblem(
            field=f"/log/{entry.number}", detail=f"{entry.told}, of {entry.by} at {entry.at:%Y-%m-%d %H:%M:%S} UTC"
        )
        for entry in error.done[-100:]
    ]
    return problem_response(CONFLICT, str(error), errors=done, headers={"ETag": f'"{error.revision}"'})


async def _rebase_conflict(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RebaseConflictError)  # noqa: S101 -- registered for this class alone
    found = [
        FieldProblem(field=f"/log/{left.number}", detail=edit_text(left.why, language_of(request)))
        for left in error.conflicts[:100]
    ]
    return problem_response(REBASE_CONFLICT, str(error), errors=found)


async def _not_publishable(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, NotPublishableError)  # noqa: S101 -- registered for this class alone
    found = [
        FieldProblem(field=problem.code, detail=", ".join((*problem.buurten, *problem.blocks)) or problem.code)
        for problem in error.problems[:100]
    ]
    return problem_response(NOT_PUBLISHABLE, str(error), errors=found)
