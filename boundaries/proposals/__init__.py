"""Proposals: contiguous, compact buurten within a band of households that keep whole sectors.

`ProposalProblem.of` measures the sectors, `propose` groups them. How a draft takes one: docs/plans.md.
"""

from boundaries.proposals.problem import (
    BandError,
    HouseholdsBand,
    ProposalCancelledError,
    ProposalProblem,
    ProposalProblemError,
)
from boundaries.proposals.proposal import (
    Aim,
    BandException,
    Diligence,
    ExceptionKind,
    Proposal,
    ProposalScores,
    ProposedBuurt,
)
from boundaries.proposals.proposing import propose

__all__ = [
    "Aim",
    "BandError",
    "BandException",
    "Diligence",
    "ExceptionKind",
    "HouseholdsBand",
    "Proposal",
    "ProposalCancelledError",
    "ProposalProblem",
    "ProposalProblemError",
    "ProposalScores",
    "ProposedBuurt",
    "propose",
]
