"""`/v1/plans/{id}/operations` and what else changes a draft: begun, drawn, undone, reviewed, published."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy.orm import Session

from api.access import OpsCaller, needs
from api.atlas import Atlas
from api.drafting import DraftDesk
from api.edit_texts import ask_language
from api.plan_models import ChangeAnswer, NewDraft, OperationBody, PlanSummary, PublishBody
from api.plan_problems import NoRevisionError, described_plans
from api.reason_texts import Language
from api.rebase_models import RebaseAnswer, RebaseBody
from api.routes.plans import ETAG, IfMatch, PlanId
from api.routes.rules import MunicipalityCode, require_municipality
from boundaries.changes import Change
from boundaries.checks import CheckSettings, check_buurten
from boundaries.draft import Draft
from data.api_keys import Scope
from data.plans.drafts import begin_draft, can_redo, edit, find_draft, new_draft_id, set_state, step
from data.plans.publishing import publish
from data.plans.rebasing import newest_plan, rebase
from data.store import Store
from data.store.models import DraftRow

_CHANGES = described_plans(404, 409, 412, 413, 422, 428) | {200: ETAG}


def drafts_router(  # noqa: PLR0915 -- one statement a route
    atlas: Callable[[], Atlas], store: Store, desk: DraftDesk, settings: CheckSettings, clock: Callable[[], datetime]
) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["plans"], dependencies=[needs(Scope.OPS)])

    @router.post(
        "/municipalities/{code}/plans",
        status_code=201,
        responses=described_plans(404, 409, 413, 422) | {201: ETAG},
    )
    def make_draft(code: MunicipalityCode, body: NewDraft, caller: OpsCaller, response: Response) -> PlanSummary:
        """Begin a draft from the plan that was published last, or from an earlier one."""
        require_municipality(atlas(), code)
        now = clock()
        with store.writing() as session:
            row = begin_draft(
                session,
                code,
                desk.counter(code),
                title=body.title,
                by=caller.key_id,
                now=now,
                make_token=new_draft_id,
                plan_id=body.plan,
            )
        response.headers["ETag"] = f'"{row.revision}"'
        response.headers["Location"] = f"/v1/plans/{row.id}"
        return PlanSummary.of_draft(row)

    def changed(
        plan_id: str, response: Response, change: Callable[[Session, DraftRow, Draft], Change | None]
    ) -> ChangeAnswer:
        """Change a draft in one transaction, and put it back on the desk once that is committed."""
        with store.writing() as session:
            row = find_draft(session, plan_id, for_change=True)
            draft = desk.take(session, row)
            done = change(session, row, draft) or Change()
            revision = row.revision
            undo, redo = row.played > 0, can_redo(session, row)
        touched = (done.touched_buurten() | done.buurten.keys()) & draft.buurten.keys()
        problems = check_buurten(draft.state, sorted(touched), settings, draft.borders)
        rates = desk.member_rates(draft.municipality_code)
        answer = ChangeAnswer.of(done, draft, revision, problems, rates, can_undo=undo, can_redo=redo)
        desk.put(plan_id, revision, draft)
        response.headers["ETag"] = f'"{revision}"'
        return answer

    @router.post("/plans/{plan_id}/operations", responses=_CHANGES, dependencies=[Depends(ask_language)])
    def change_draft(
        plan_id: PlanId, body: OperationBody, caller: OpsCaller, response: Response, if_match: IfMatch = None
    ) -> ChangeAnswer:
        """Carry out one operation on a draft: all of it, or none.

        `If-Match` is the ETag that the editor has seen; 412 says what somebody else did meanwhile.
        """
        known, now = read_revision(if_match), clock()
        return changed(
            plan_id,
            response,
            lambda session, row, draft: edit(
                session, row, draft, body.operation, known_revision=known, by=caller.key_id, now=now
            ),
        )

    @router.post("/plans/{plan_id}:undo", responses=_CHANGES)
    def undo_operation(
        plan_id: PlanId, caller: OpsCaller, response: Response, if_match: IfMatch = None
    ) -> ChangeAnswer:
        """Take back the last operation of a draft."""
        known, now = read_revision(if_match), clock()
        return changed(
            plan_id,
            response,
            lambda session, row, draft: step(
                session, row, draft, back=True, known_revision=known, by=caller.key_id, now=now
            ),
        )

    @router.post("/plans/{plan_id}:redo", responses=_CHANGES)
    def redo_operation(
        plan_id: PlanId, caller: OpsCaller, response: Response, if_match: IfMatch = None
    ) -> ChangeAnswer:
        """Carry out again what was taken back."""
        known, now = read_revision(if_match), clock()
        return changed(
            plan_id,
            response,
            lambda session, row, draft: step(
                session, row, draft, back=False, known_revision=known, by=caller.key_id, now=now
            ),
        )

    def moved(plan_id: str, state: str, caller: str, if_match: str | None, response: Response) -> PlanSummary:
        known, now = read_revision(if_match), clock()
        with store.writing() as session:
            row = find_draft(session, plan_id, for_change=True)
            set_state(session, row, state, known_revision=known, by=caller, now=now)
        response.headers["ETag"] = f'"{row.revision}"'
        return PlanSummary.of_draft(row)

    @router.post("/plans/{plan_id}:review", responses=_CHANGES)
    def hand_in_draft(plan_id: PlanId, caller: OpsCaller, response: Response, if_match: IfMatch = None) -> PlanSummary:
        """Hand a draft in for review: nobody edits it then."""
        return moved(plan_id, "in_review", caller.key_id, if_match, response)

    @router.post("/plans/{plan_id}:return", responses=_CHANGES)
    def return_draft(plan_id: PlanId, caller: OpsCaller, response: Response, if_match: IfMatch = None) -> PlanSummary:
        """Give a draft that is in review back to its editors."""
        return moved(plan_id, "draft", caller.key_id, if_match, response)

    @router.post("/plans/{plan_id}:discard", responses=_CHANGES)
    def discard_draft(plan_id: PlanId, caller: OpsCaller, response: Response, if_match: IfMatch = None) -> PlanSummary:
        """Give a draft up; its log stays."""
        return moved(plan_id, "discarded", caller.key_id, if_match, response)

    @router.post("/plans/{plan_id}:rebase", responses=_CHANGES)
    def rebase_draft(
        plan_id: PlanId,
        body: RebaseBody,
        caller: OpsCaller,
        response: Response,
        lang: Annotated[Language, Depends(ask_language)],
        if_match: IfMatch = None,
    ) -> RebaseAnswer:
        """Put a draft on the plan that was published last: its operations are carried out there anew, in their order.

        What no longer applies is a 409 that names each operation with its reason, unless `skip_conflicts` leaves it
        out. What the newer plan had changed and the draft changes again is listed. A draft on sectors that are not in
        use any more comes to the plan on those that are; a block that is other ground there is a conflict.
        """
        known, now = read_revision(if_match), clock()
        with store.writing() as session:
            row = find_draft(session, plan_id, for_change=True)
            onto = newest_plan(session, row)
            done = rebase(
                session,
                row,
                desk.counter(row.municipality_code, onto.id),
                onto=onto,
                known_revision=known,
                by=caller.key_id,
                now=now,
                skip_conflicts=body.skip_conflicts,
            )
            answer = RebaseAnswer.of(row, done, lang)
            revision = row.revision
        desk.put(plan_id, revision, done.draft)
        response.headers["ETag"] = f'"{revision}"'
        return answer

    @router.post("/plans/{plan_id}:publish", responses=_CHANGES)
    def publish_draft(
        plan_id: PlanId, body: PublishBody, caller: OpsCaller, response: Response, if_match: IfMatch = None
    ) -> PlanSummary:
        """Publish a draft from a day on, in one transaction; it never changes afterwards."""
        known, now = read_revision(if_match), clock()
        with store.writing() as session:
            row = find_draft(session, plan_id, for_change=True)
            draft = desk.take(session, row)
            plan = publish(
                session,
                row,
                draft,
                valid_from=body.valid_from,
                reason=body.reason,
                known_revision=known,
                by=caller.key_id,
                now=now,
                settings=settings,
            )
            response.headers["ETag"] = f'"{row.revision}"'
        return PlanSummary.of_plan(plan)

    return router


def read_revision(if_match: str | None) -> int:
    """Return the revision that an If-Match header names.

    Raises
    ------
    NoRevisionError
        It is missing, or no ETag of a draft.
    """
    number = (if_match or "").strip().removeprefix("W/").strip('"')
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise NoRevisionError("a change of a draft needs its ETag as If-Match")
    return int(number)
