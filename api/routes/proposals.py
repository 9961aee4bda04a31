"""`POST /v1/municipalities/{code}/plans:propose`: buurten that draw themselves, in several alternatives."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.access import needs
from api.atlas import Atlas
from api.drafting import DraftDesk
from api.plan_problems import described_plans
from api.routes.rules import MunicipalityCode, require_municipality
from boundaries.proposals import HouseholdsBand, Proposal, ProposalCancelledError, propose
from data.api_keys import Scope
from data.plans.proposing import as_operation, read_problem
from data.plans.published import plan_on
from data.store import Store

_LOOK_SECONDS = 0.2
"""How often a running proposal looks whether the caller is still there."""


class ProposalBody(BaseModel):
    """What is proposed."""

    model_config = ConfigDict(extra="forbid")

    alternatives: Annotated[int, Field(ge=1, le=8)] = 3
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1
    least: Annotated[int, Field(ge=1, le=1_000_000, description="Households that a buurt should have at least.")] = (
        1_000
    )
    target: Annotated[int, Field(ge=1, le=1_000_000)] = 1_500
    most: Annotated[int, Field(ge=1, le=1_000_000)] = 4_000

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.least <= self.target <= self.most:
            raise ValueError("least, target and most are in that order")
        return self


class ProposalAnswer(BaseModel):
    """One alternative."""

    aim: str
    seed: int
    scores: dict[str, float]
    buurten: list[dict[str, Any]] = Field(description="Sectors, households, compactness and names of every buurt.")
    exceptions: list[dict[str, Any]] = Field(description="Buurten outside the band, and why.")
    operation: dict[str, Any] = Field(description="What a draft is sent to take this alternative.")

    @classmethod
    def of(cls, proposal: Proposal) -> "ProposalAnswer":
        """Show a proposal."""
        return cls(
            aim=proposal.aim,
            seed=proposal.seed,
            scores=asdict(proposal.scores),
            buurten=[
                {
                    "sectors": list(buurt.codes),
                    "households": buurt.households,
                    "compactness": buurt.compactness,
                    "names": dict(buurt.names),
                }
                for buurt in proposal.buurten
            ],
            exceptions=[asdict(exception) for exception in proposal.exceptions],
            operation=as_operation(proposal).model_dump(mode="json"),
        )


class ProposalList(BaseModel):
    """The alternatives."""

    alternatives: list[ProposalAnswer]


def proposals_router(
    atlas: Callable[[], Atlas], store: Store, desk: DraftDesk, clock: Callable[[], datetime]
) -> APIRouter:
    """Build the route."""
    router = APIRouter(prefix="/v1", tags=["plans"], dependencies=[needs(Scope.OPS)])

    def work(code: str, body: ProposalBody, gone: threading.Event) -> list[Proposal]:
        with store.reading() as session:
            plan = plan_on(session, code, clock().date())
            problem = read_problem(session, plan, desk.counter(code))
        return propose(
            problem,
            alternatives=body.alternatives,
            seed=body.seed,
            band=HouseholdsBand(body.least, body.most, body.target),
            progress=lambda _share: not gone.is_set(),
        )

    @router.post("/municipalities/{code}/plans:propose", responses=described_plans(404, 413, 422))
    async def propose_plans(code: MunicipalityCode, body: ProposalBody, request: Request) -> ProposalList:
        """Propose contiguous, compact buurten of whole sectors within a band of households.

        The same seed gives the same answer. A caller that hangs up cancels the work. `operation` of an alternative,
        sent to a draft, makes it the draft's grouping in one step that can be undone.
        """
        require_municipality(atlas(), code)
        gone = threading.Event()
        running = asyncio.create_task(asyncio.to_thread(work, code, body, gone))
        while not running.done():
            await asyncio.wait({running}, timeout=_LOOK_SECONDS)
            if not running.done() and await request.is_disconnected():
                gone.set()
        try:
            proposals = running.result()
        except ProposalCancelledError:
            proposals = []  # nobody is there to read it
        return ProposalList(alternatives=[ProposalAnswer.of(proposal) for proposal in proposals])

    return router
