"""Proposals for a municipality from the store: its whole sectors with their households, grouped anew."""

from collections.abc import Sequence

import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from boundaries.blocks import BlockCounter
from boundaries.borders import BORDER_TOLERANCE_M
from boundaries.operations import Group, Regroup
from boundaries.proposals import Proposal, ProposalProblem
from data.plans.published import PublishedPlan, sector_shapes
from data.store.models import Sector
from data.tables import LANGUAGES


def read_problem(
    session: Session, plan: PublishedPlan, counter: BlockCounter, barriers: Sequence[shapely.Geometry] = ()
) -> ProposalProblem:
    """Read the sectors of a plan's municipality for a proposal.

    Parameters
    ----------
    plan
        Any plan of the municipality; proposals keep whole sectors, so its cuts do not count.
    counter
        Counts the sectors; one whose households are unknown counts as having none.
    barriers
        Lines in the CRS of the sectors.
    """
    codes = sorted({block.sector_code for block in plan.blocks})
    shapes = sector_shapes(session, plan.release, codes)
    named = {
        row.code: {language: getattr(row, f"name_{language}") for language in LANGUAGES}
        for row in session.execute(
            select(Sector.code, Sector.name_nl, Sector.name_fr, Sector.name_de).where(
                Sector.release_id == plan.release.id, Sector.code.in_(codes)
            )
        )
    }
    return ProposalProblem.of(
        codes,
        [shapes[code] for code in codes],
        [counter.count(code, [shapes[code]])[0].households for code in codes],
        [named[code] for code in codes],
        plan.release.crs or "",
        list(barriers),
        unknown="zero",
        tolerance_m=BORDER_TOLERANCE_M,
    )


def as_operation(proposal: Proposal) -> Regroup:
    """Return the operation by which a draft takes a proposal."""
    return Regroup(
        groups=tuple(
            Group.model_validate({"blocks": buurt.codes, "names": dict(buurt.names)}) for buurt in proposal.buurten
        ),
        allow_parts=True,
    )
