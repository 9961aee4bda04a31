"""What a proposal is asked for and answered with, over HTTP."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.models import WHOLE
from boundaries.proposals import BandException, Diligence, ExceptionKind, HouseholdsBand, Proposal
from data.plans.proposing import as_operation

_Households = Annotated[int, Field(ge=1, le=1_000_000), WHOLE]


class ProposalBody(BaseModel):
    """What is proposed."""

    model_config = ConfigDict(extra="forbid")

    alternatives: Annotated[int, Field(ge=1, le=8), WHOLE] = 3
    seed: Annotated[int, Field(ge=0, le=2**31 - 1, description="The same seed gives the same answer."), WHOLE] = 1
    least: Annotated[
        _Households | None, Field(description="Households of a buurt at least; unset, as plans are checked.")
    ] = None
    target: Annotated[
        _Households | None, Field(description="Households that a buurt should have; unset, as plans are checked.")
    ] = None
    most: Annotated[
        _Households | None, Field(description="Households of a buurt at most; unset, as plans are checked.")
    ] = None
    # A factory keeps it optional in clients that are generated, which take a field with a default as always there.
    diligence: Annotated[
        Diligence,
        Field(
            default_factory=lambda: Diligence.THOROUGH,
            description="How long is searched where there are too many partitions to weigh all; thorough by default.",
        ),
    ]
    barriers: Annotated[
        dict[str, Any] | None,
        Field(description="GeoJSON LineString or MultiLineString that a buurt should not lie on both sides of."),
    ] = None

    def band(self, usual: HouseholdsBand) -> HouseholdsBand:
        """Return the households of a buurt: those that are asked for, else the usual ones.

        Raises
        ------
        BandError
            Together they are no band.
        """
        return HouseholdsBand(self.least or usual.low, self.most or usual.high, self.target or usual.target)


class ScoresAnswer(BaseModel):
    """What alternatives are compared by."""

    model_config = ConfigDict(from_attributes=True)

    buurten: int
    in_band: int
    mean_distance: float = Field(description="Mean of |households − target|.")
    mean_compactness: float = Field(description="Mean Polsby-Popper, 0 to 1.")
    barrier_crossings: float = Field(description="Borders along a barrier that lie inside a buurt.")


class ProposedBuurtAnswer(BaseModel):
    """One buurt of an alternative."""

    sectors: list[str]
    households: int
    compactness: float = Field(description="Polsby-Popper: 4π·area / perimeter², 1 for a circle.")
    names: dict[str, str]


class BandExceptionAnswer(BaseModel):
    """A buurt outside the band, and why."""

    group: int = Field(description="Position in `buurten`.")
    kind: ExceptionKind
    proved: bool = Field(description="Whether it is certain that whole sectors do not allow better.")
    reason: str
    codes: list[str] = Field(description="The sectors that the reason is about.")

    @classmethod
    def of(cls, exception: BandException) -> "BandExceptionAnswer":
        """Show an exception."""
        return cls(
            group=exception.group,
            kind=exception.kind,
            proved=exception.proved,
            reason=exception.reason,
            codes=list(exception.codes),
        )


class ProposalAnswer(BaseModel):
    """One alternative."""

    aim: str
    seed: int
    scores: ScoresAnswer
    buurten: list[ProposedBuurtAnswer]
    exceptions: list[BandExceptionAnswer] = Field(description="Buurten outside the band, and why.")
    operation: dict[str, Any] = Field(description="What a draft is sent to take this alternative.")

    @classmethod
    def of(cls, proposal: Proposal) -> "ProposalAnswer":
        """Show a proposal."""
        return cls(
            aim=proposal.aim,
            seed=proposal.seed,
            scores=ScoresAnswer.model_validate(proposal.scores),
            buurten=[
                ProposedBuurtAnswer(
                    sectors=list(buurt.codes),
                    households=buurt.households,
                    compactness=buurt.compactness,
                    names=dict(buurt.names),
                )
                for buurt in proposal.buurten
            ],
            exceptions=[BandExceptionAnswer.of(exception) for exception in proposal.exceptions],
            operation=as_operation(proposal).model_dump(mode="json"),
        )


class ProposalList(BaseModel):
    """The alternatives."""

    alternatives: list[ProposalAnswer]
