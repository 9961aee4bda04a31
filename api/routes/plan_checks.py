"""`/v1/plans/{id}/problems` and `/v1/plans/{id}/diff`: what is wrong with a plan, and what it changes."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.access import needs
from api.drafting import DraftDesk, plan_state
from api.geojson_input import read_line
from api.negotiation import CSV, GEOJSON, JSON, Form, answer, described_forms, negotiate
from api.plan_checking import check_stored_plan, compare_stored_plans, told_moves, write_moves
from api.plan_models import CheckRequest, DiffAnswer, ProblemAnswer, ProblemList
from api.plan_problems import described_plans
from api.routes.plans import PLAN_ID, PlanId
from boundaries.checks import CheckSettings
from data.api_keys import Scope
from data.directory import DataDirectory
from data.plans.drafts import find_draft
from data.store import Store

_FORMS = (JSON, CSV, GEOJSON)


def plan_checks_router(store: Store, directory: DataDirectory, desk: DraftDesk, settings: CheckSettings) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1", tags=["plans"], dependencies=[needs(Scope.VIEWER)])

    @router.get("/plans/{plan_id}/problems", responses=described_plans(404, 422))
    def show_plan_problems(plan_id: PlanId) -> ProblemList:
        """Check a plan: gaps, overlaps, what is not assigned, sizes, parts, names, shapes.

        A remedy that one operation carries out has it: send it to `/v1/plans/{plan_id}/operations` as it is.
        """
        with store.reading() as session:
            state, problems = check_stored_plan(session, desk, plan_id, settings)
        return ProblemList(problems=[ProblemAnswer.of(problem, state.crs) for problem in problems])

    @router.post("/plans/{plan_id}/problems", responses=described_plans(404, 413, 422))
    def check_plan(plan_id: PlanId, body: CheckRequest) -> ProblemList:
        """Check a plan as the GET does, and for barriers that buurten lie across and streets that they split."""
        drawn = None if body.barriers is None else read_line(body.barriers, "/barriers")
        with store.reading() as session:
            barriers = []
            if drawn is not None:
                barriers = [drawn.in_crs(plan_state(session, desk, plan_id)[0].crs)]
            state, problems = check_stored_plan(
                session,
                desk,
                plan_id,
                settings,
                barriers=barriers,
                streets_in=directory if body.streets else None,
            )
        return ProblemList(problems=[ProblemAnswer.of(problem, state.crs) for problem in problems])

    @router.get(
        "/plans/{plan_id}/diff",
        response_model=DiffAnswer,
        responses=described_plans(404, 406, 422)
        | described_forms(*_FORMS, description="What moves, per pair of buurten; GeoJSON has the ground of each."),
    )
    def show_plan_diff(
        plan_id: PlanId,
        form: Annotated[Form, Depends(negotiate(*_FORMS))],
        since: Annotated[str | None, Query(pattern=PLAN_ID)] = None,
    ) -> Response:
        """Say what moves from another plan to this one: ground, households, dwellings, members, letters.

        Without `since`, a draft is compared with the plan that it began from, and a published plan with itself.
        """
        with store.reading() as session:
            if since is None:
                since = str(find_draft(session, plan_id).plan_id) if plan_id.startswith("d-") else plan_id
            diff = compare_stored_plans(session, desk, since, plan_id)
        if form is GEOJSON:
            return answer(form, json.dumps(diff.features()), "diff")
        moves = told_moves(diff, desk.member_rates(diff.municipality_code))
        return answer(form, write_moves(moves) if form is CSV else DiffAnswer.of(diff, moves), "diff")

    return router
