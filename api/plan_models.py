"""What plans and drafts look like over HTTP."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from api.geojson_input import GeoJsonLine
from api.models import WHOLE, Day
from boundaries.blocks import Block, Buurt, PlanState
from boundaries.buurt_counts import sum_counts
from boundaries.changes import Change
from boundaries.checks import (
    TEXT_LANGUAGES,
    CheckSettings,
    Remedy,
    Severity,
    TextLanguage,
    problem_text,
    remedy_text,
)
from boundaries.checks import Problem as PlanProblem
from boundaries.diffs import PlanDiff
from boundaries.draft import Draft
from boundaries.operations import Operation
from data.plans.features import Geometry, as_geojson
from data.plans.map_features import map_feature
from data.store.models import DraftEntry, DraftRow, Plan
from households.member_rates import MemberRates


class NewDraft(BaseModel):
    """What a draft begins with."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "Around the station"}]})

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = "Draft"
    plan: Annotated[int, Field(ge=1, le=2**31 - 1), WHOLE] | None = Field(
        default=None, description="The plan to begin from; null takes the last published one."
    )


class OperationBody(BaseModel):
    """One operation on a draft."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"operation": {"op": "create_buurt", "names": {"nl": "Stationsbuurt"}, "blocks": ["99001A00-"]}}
            ]
        },
    )

    operation: Operation


class PublishBody(BaseModel):
    """From when a plan holds, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"valid_from": "2027-01-01", "reason": "The station has its own buurt."}]},
    )

    valid_from: Day
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=1_000)]


class CountsAnswer(BaseModel):
    """What a buurt counts."""

    blocks: int
    households: int
    unknown: int = Field(description="Blocks whose households are unknown.")
    estimated: int = Field(description="Blocks whose households are an estimate.")
    dwellings: int
    members: int | None = Field(
        description="Member households, an estimate: the dwellings of every block times `member_rates` of its sector. "
        "Null where that is withheld or unknown, or could single somebody out."
    )
    letters: int | None = Field(description="Dwellings without a member household; null where members are.")

    @classmethod
    def of(cls, blocks: Iterable[Block], rates: MemberRates) -> "CountsAnswer":
        """Show sums over blocks."""
        held = list(blocks)
        told = rates.told((block.sector_code, block.counts.dwellings) for block in held)
        return cls(**asdict(sum_counts(block.counts for block in held)), members=told.members, letters=told.letters)


class MemberRatesAnswer(BaseModel):
    """What members of any blocks are worked out from, so that an editor can show them while somebody draws.

    The sum over the blocks of dwellings times rate, rounded half up; null where a sector has no rate, or where the sum
    is above zero and it, or the dwellings less it, are fewer than `smallest_shown`.
    """

    smallest_shown: int = Field(description="The smallest number of member households that is told, zero apart.")
    per_dwelling: dict[str, float | None] = Field(
        description="Member households per dwelling by sector; null is withheld or unknown."
    )


class DrawnBuurt(BaseModel):
    """A buurt of a plan."""

    code: str
    names: dict[str, str | None]
    live: bool
    colour: str | None
    locked: bool
    counts: CountsAnswer

    @classmethod
    def of(cls, buurt: Buurt, blocks: Iterable[Block], rates: MemberRates) -> "DrawnBuurt":
        """Show a buurt with its blocks."""
        return cls(
            code=buurt.code,
            names=dict(buurt.names),
            live=buurt.live,
            colour=buurt.colour,
            locked=buurt.locked,
            counts=CountsAnswer.of(blocks, rates),
        )


class PlanSummary(BaseModel):
    """A plan or a draft, without what is in it."""

    id: str
    municipality: str
    state: Literal["draft", "in_review", "published", "discarded"]
    title: str | None = None
    version: int | None = None
    revision: int | None = Field(default=None, description="Of a draft; the ETag has it too.")
    valid_from: date | None = None
    reason: str | None = None
    drawn: bool = Field(description="Whether ops staff drew it; else an import made it.")
    changed_at: datetime
    base: str | None = Field(default=None, description="Of a draft: the plan that it began from, or was put on.")
    made_at: datetime | None = Field(default=None, description="Of a draft: when it was begun.")

    @classmethod
    def of_plan(cls, plan: Plan) -> "PlanSummary":
        """Show a published plan."""
        return cls(
            id=str(plan.id),
            municipality=plan.municipality_code,
            state="published",
            version=plan.version,
            valid_from=plan.valid_from,
            reason=plan.reason,
            drawn=plan.drawn,
            changed_at=plan.published_at,
        )

    @classmethod
    def of_draft(cls, row: DraftRow) -> "PlanSummary":
        """Show a draft."""
        return cls(
            id=row.id,
            municipality=row.municipality_code,
            state=row.state,  # type: ignore[arg-type]  # the database holds it to these
            title=row.title,
            revision=row.revision,
            drawn=True,
            changed_at=row.changed_at,
            base=str(row.plan_id),
            made_at=row.made_at,
        )


class PlanList(BaseModel):
    """The plans of a municipality."""

    drafts: list[PlanSummary]
    plans: list[PlanSummary] = Field(description="Published; the one that holds last comes first.")


class PastPlace(BaseModel):
    """Where a point lies in the plan of a day."""

    day: date
    plan: PlanSummary
    sector_code: str
    buurt_code: str
    buurt_names: dict[str, str | None]
    release: str = Field(description="The sectors release that the plan is drawn on.")


class BandAnswer(BaseModel):
    """How many households a buurt should have."""

    least: int
    target: int
    most: int


class PlanAnswer(BaseModel):
    """A plan or a draft, with its buurten."""

    plan: PlanSummary
    band: BandAnswer
    sectors_release: str = Field(description="The sectors release that the plan is drawn on.")
    sector_names: dict[str, dict[str, str | None]] = Field(description="By sector and language.")
    member_rates: MemberRatesAnswer
    buurten: list[DrawnBuurt]
    unassigned: CountsAnswer
    blocks: dict[str, str | None] = Field(description="The buurt of every block.")
    can_undo: bool = False
    can_redo: bool = False

    @classmethod
    def of(
        cls,
        summary: PlanSummary,
        state: PlanState,
        settings: CheckSettings,
        release: str,
        sector_names: dict[str, dict[str, str | None]],
        rates: MemberRates,
        *,
        can_undo: bool = False,
        can_redo: bool = False,
    ) -> "PlanAnswer":
        """Show a plan's state."""
        held: dict[str | None, list[Block]] = {}
        for code, block in state.blocks.items():
            held.setdefault(state.buurt_of[code], []).append(block)
        return cls(
            plan=summary,
            band=BandAnswer(
                least=settings.households_least, target=settings.households_target, most=settings.households_most
            ),
            sectors_release=release,
            sector_names=sector_names,
            member_rates=MemberRatesAnswer(
                smallest_shown=rates.smallest_shown,
                per_dwelling={code: rates.per_dwelling.get(code) for code in sorted(sector_names)},
            ),
            buurten=[DrawnBuurt.of(state.buurten[code], held.get(code, ()), rates) for code in sorted(state.buurten)],
            unassigned=CountsAnswer.of(held.get(None, ()), rates),
            blocks=dict(sorted(state.buurt_of.items())),
            can_undo=can_undo,
            can_redo=can_redo,
        )


class CheckRequest(BaseModel):
    """What a plan is checked for beyond itself."""

    model_config = ConfigDict(extra="forbid")

    barriers: GeoJsonLine | None = Field(
        default=None, description="Lines that a buurt should not lie across: railways, canals, motorways."
    )
    streets: StrictBool = Field(
        default=False, description="Look for streets of which a border cuts off a few addresses."
    )


class RemedyAnswer(BaseModel):
    """What would solve a problem."""

    code: str
    parameters: dict[str, str | int]
    operation: Operation | None = Field(description="Does it; null leaves it to a person.")
    texts: dict[TextLanguage, str]

    @classmethod
    def of(cls, remedy: Remedy) -> "RemedyAnswer":
        """Show a remedy."""
        return cls(
            code=remedy.code,
            parameters=dict(remedy.parameters),
            operation=remedy.operation,
            texts={language: remedy_text(remedy, language) for language in TEXT_LANGUAGES},
        )


class ProblemAnswer(BaseModel):
    """Something in a plan that a person should know."""

    code: str
    severity: Severity
    texts: dict[TextLanguage, str]
    buurten: list[str]
    blocks: list[str]
    figures: list[dict[str, Any]]
    remedy: RemedyAnswer | None
    language: str | None = Field(description="Of a name that is missing or double.")
    name: str | None = Field(description="Of a street.")
    place: Geometry = Field(description="GeoJSON geometry, EPSG:4326.")

    @classmethod
    def of(cls, problem: PlanProblem, crs: str) -> "ProblemAnswer":
        """Show a problem."""
        return cls(
            code=problem.code,
            severity=problem.severity,
            texts={language: problem_text(problem, language) for language in TEXT_LANGUAGES},
            buurten=list(problem.buurten),
            blocks=list(problem.blocks),
            figures=[asdict(figure) for figure in problem.figures],
            remedy=None if problem.remedy is None else RemedyAnswer.of(problem.remedy),
            language=problem.language,
            name=problem.name,
            place=as_geojson(problem.place, crs),
        )


class ProblemList(BaseModel):
    """What the checks found, errors first."""

    problems: list[ProblemAnswer]


class MoveAnswer(BaseModel):
    """What goes from one buurt to another; null is no buurt."""

    model_config = ConfigDict(populate_by_name=True)

    origin: str | None = Field(alias="from")
    destination: str | None = Field(alias="to")
    pieces: int
    households: int
    households_unknown: int = Field(description="Pieces whose households are unknown.")
    dwellings: int
    members: int | None = Field(
        description="Member households, an estimate by the dwellings that move; null where that is withheld or "
        "unknown, or could single somebody out."
    )
    letters: int | None = Field(description="Dwellings without a member household; null where members are.")
    area_m2: float


class DiffAnswer(BaseModel):
    """What moves between two plans."""

    moves: list[MoveAnswer]
    appeared: list[str]
    vanished: list[str]
    renamed: dict[str, tuple[dict[str, str | None], dict[str, str | None]]] = Field(
        description="Names before and after, by buurt."
    )

    @classmethod
    def of(cls, diff: PlanDiff, moves: Iterable[dict[str, Any]]) -> "DiffAnswer":
        """Show a difference, with its moves as they may be told."""
        return cls(
            moves=[MoveAnswer(**move) for move in moves],
            appeared=list(diff.appeared),
            vanished=list(diff.vanished),
            renamed={code: (dict(was), dict(now)) for code, (was, now) in diff.renamed.items()},
        )


class ChangeAnswer(BaseModel):
    """What an operation did."""

    revision: int
    assignments: dict[str, str | None] = Field(description="The buurt of every block that moved or is new.")
    removed_blocks: list[str]
    new_blocks: list[dict[str, Any]] = Field(
        description="Blocks that are new or have another shape: GeoJSON features as those of `/blocks`, EPSG:4326."
    )
    buurten: list[DrawnBuurt] = Field(description="Buurten that changed, with their counts now.")
    removed_buurten: list[str]
    unassigned: CountsAnswer
    problems: list[ProblemAnswer] = Field(description="Of the buurten that changed.")
    can_undo: bool
    can_redo: bool

    @classmethod
    def of(
        cls,
        change: Change,
        draft: Draft,
        revision: int,
        problems: Iterable[PlanProblem],
        rates: MemberRates,
        *,
        can_undo: bool,
        can_redo: bool,
    ) -> "ChangeAnswer":
        """Show a change that the draft has taken in."""
        touched = sorted((change.touched_buurten() | change.buurten.keys()) & draft.buurten.keys())
        moved = change.assignments.keys() | {code for code, step in change.blocks.items() if step.before is None}

        def held(buurt: str | None) -> list[Block]:
            return [draft.blocks[code] for code in sorted(draft.blocks_of(buurt))]

        return cls(
            revision=revision,
            assignments={code: draft.buurt_of[code] for code in sorted(moved & draft.buurt_of.keys())},
            removed_blocks=sorted(code for code, step in change.blocks.items() if step.after is None),
            new_blocks=[
                map_feature(step.after, draft.buurten, draft.buurt_of[code], draft.crs)
                for code, step in sorted(change.blocks.items())
                if step.after is not None
            ],
            buurten=[DrawnBuurt.of(draft.buurten[code], held(code), rates) for code in touched],
            removed_buurten=sorted(code for code, step in change.buurten.items() if step.after is None),
            unassigned=CountsAnswer.of(held(None), rates),
            problems=[ProblemAnswer.of(problem, draft.crs) for problem in problems],
            can_undo=can_undo,
            can_redo=can_redo,
        )


class LogEntry(BaseModel):
    """One operation of a draft's log."""

    number: int
    revision: int
    operation: dict[str, Any]
    at: datetime
    by: str = Field(description="Identifier of the caller's key.")

    @classmethod
    def of(cls, entry: DraftEntry) -> "LogEntry":
        """Show an entry."""
        return cls(number=entry.number, revision=entry.revision, operation=entry.operation, at=entry.at, by=entry.by)


class LogAnswer(BaseModel):
    """The operations that are in force."""

    entries: list[LogEntry]
