"""`POST /v1/municipalities/{code}/plans:propose`: buurten that draw themselves, in several alternatives.

The answer is JSON, or for a caller that accepts `text/event-stream` a stream of server-sent events (the HTML standard,
section 9.2): `progress` several times a second, then `proposals`. In both forms a caller that hangs up ends the work.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from api.access import needs
from api.atlas import Atlas
from api.drafting import DraftDesk
from api.geojson_input import read_line
from api.negotiation import JSON, Form, answer, described_forms, negotiate
from api.plan_problems import described_plans
from api.proposal_models import ProposalAnswer, ProposalBody, ProposalList
from api.routes.rules import MunicipalityCode, require_municipality
from boundaries.proposals import HouseholdsBand, ProposalCancelledError, ProposalProblem, propose
from data.api_keys import Scope
from data.plans.proposing import read_problem
from data.plans.published import plan_on
from data.store import Store

EVENTS = Form("events", "text/event-stream")
# Events are not described as content: generated clients would take every answer for either of the two.
_FORMS = described_forms(
    JSON,
    description="The alternatives. With `Accept: text/event-stream`, events: `progress` with `share`, 0 to 1, several "
    "times a second, then `proposals` with the alternatives.",
)
_LOOK_SECONDS = 0.2
"""How often a running proposal looks whether the caller is still there, and tells how far it is."""


@dataclass
class _Running:
    """What a proposal's thread and its caller tell each other."""

    share: float = 0.0
    gone: bool = False

    def follow(self, share: float) -> bool:
        """Take note of the part that is done, and say whether to go on."""
        self.share = share
        return not self.gone


def _work(problem: ProposalProblem, body: ProposalBody, band: HouseholdsBand, running: _Running) -> ProposalList:
    """Propose; nothing where the caller is gone."""
    try:
        proposals = propose(
            problem,
            alternatives=body.alternatives,
            seed=body.seed,
            band=band,
            diligence=body.diligence,
            progress=running.follow,
        )
    except ProposalCancelledError:
        proposals = []
    return ProposalList(alternatives=[ProposalAnswer.of(proposal) for proposal in proposals])


async def _events(problem: ProposalProblem, body: ProposalBody, band: HouseholdsBand) -> AsyncIterator[str]:
    """Propose on a thread, and tell of it until it is done or nobody listens."""
    running = _Running()
    task = asyncio.create_task(asyncio.to_thread(_work, problem, body, band, running))
    try:
        while not task.done():
            yield f'event: progress\ndata: {{"share": {running.share:.3f}}}\n\n'
            await asyncio.wait({task}, timeout=_LOOK_SECONDS)
        yield f"event: proposals\ndata: {task.result().model_dump_json()}\n\n"
    finally:
        running.gone = True


async def _unless_gone(
    problem: ProposalProblem, body: ProposalBody, band: HouseholdsBand, request: Request
) -> ProposalList:
    """Propose on a thread, and end it when the caller hangs up."""
    running = _Running()
    task = asyncio.create_task(asyncio.to_thread(_work, problem, body, band, running))
    while not task.done():
        await asyncio.wait({task}, timeout=_LOOK_SECONDS)
        running.gone = running.gone or (not task.done() and await request.is_disconnected())
    return task.result()


def proposals_router(
    atlas: Callable[[], Atlas],
    store: Store,
    desk: DraftDesk,
    usual_band: HouseholdsBand,
    clock: Callable[[], datetime],
) -> APIRouter:
    """Build the route."""
    router = APIRouter(prefix="/v1", tags=["plans"], dependencies=[needs(Scope.OPS)])

    def problem_of(code: str, body: ProposalBody) -> ProposalProblem:
        line = None if body.barriers is None else read_line(body.barriers, "/barriers")
        with store.reading() as session:
            plan = plan_on(session, code, clock().date())
            barriers = [] if line is None else [line.in_crs(plan.release.crs or "")]
            return read_problem(session, plan, desk.counter(code), barriers)

    @router.post(
        "/municipalities/{code}/plans:propose",
        response_model=ProposalList,
        responses=described_plans(404, 406, 413, 422) | _FORMS,
    )
    async def propose_plans(
        code: MunicipalityCode,
        body: ProposalBody,
        request: Request,
        form: Annotated[Form, Depends(negotiate(JSON, EVENTS))],
    ) -> Response:
        """Propose contiguous, compact buurten of whole sectors within a band of households.

        The same seed gives the same answer. A caller that hangs up ends the work. `operation` of an alternative,
        sent to a draft, makes it the draft's grouping in one step that can be undone.
        """
        require_municipality(atlas(), code)
        band = body.band(usual_band)
        problem = await asyncio.to_thread(problem_of, code, body)
        if form is JSON:
            return answer(form, await _unless_gone(problem, body, band, request))
        headers = {"Vary": "Accept", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_events(problem, body, band), media_type=EVENTS.media_type, headers=headers)

    return router
