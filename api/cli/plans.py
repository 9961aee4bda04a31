"""The `plan` commands and `propose`: draw, check, compare and publish buurten without a map."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from api.cli import plan_checks
from api.cli.drafting import BY_COMMAND, open_desk, right_now
from api.cli.importing import parse_day
from api.cli.literal import LiteralTable
from api.cli.opening import Place, opened
from api.drafting import DraftDesk, plan_state
from api.settings import PlanSettings
from boundaries.buurt_counts import sum_counts
from boundaries.operations import OPERATION, Operation
from boundaries.proposals import Diligence, HouseholdsBand, Proposal, propose
from data.municipalities import find_municipality
from data.plans.barriers import read_barriers
from data.plans.drafts import begin_draft, edit, find_draft, list_drafts, new_draft_id, step
from data.plans.proposing import as_operation, read_problem
from data.plans.published import list_plans, plan_on
from data.plans.publishing import publish
from data.plans.rebasing import RebaseConflictError, newest_plan, rebase
from data.store import Store

out = Console()
err = Console(stderr=True)
plan = typer.Typer(no_args_is_help=True, help="Plans of buurten: list, new, show, apply, undo, check, diff, publish.")

PlanId = Annotated[str, typer.Argument(help="A published plan's number, or a draft's identifier.", metavar="PLAN")]
DraftId = Annotated[str, typer.Argument(help="A draft's identifier, as `plan list` shows it.", metavar="DRAFT")]


def _text(least: int, most: int) -> Callable[[str], str]:
    """Return a parser of texts of some length, without blanks at the ends, as over HTTP."""

    def parse(text: str) -> str:
        stripped = text.strip()
        if not least <= len(stripped) <= most:
            raise typer.BadParameter(f"{least} to {most:,} characters, not {len(stripped):,}")
        return stripped

    return parse


class OperationTextError(ValueError):
    """What was given is no operation on a draft."""


@plan.command("list")
def show_plans(municipality: Place) -> None:
    """List the drafts and the published plans of a municipality."""
    # An identifier is copied from here: it is never cut off, however narrow the terminal is.
    table = LiteralTable(
        Column("plan", overflow="fold", min_width=18), *("state", "version", "from", "buurten of"), "about", box=None
    )
    with opened() as (store, _), store.reading() as session:
        code = find_municipality(session, municipality).code
        for draft in list_drafts(session, code):
            table.add_row(draft.id, draft.state, "", "", f"plan {draft.plan_id}", draft.title)
        for row in list_plans(session, code):
            made = row.reason or ("" if row.drawn else "made by the import")
            table.add_row(str(row.id), "published", str(row.version), str(row.valid_from), "", made)
    out.print(table)


@plan.command("new")
def begin(
    municipality: Place,
    title: Annotated[str, typer.Option(help="What it is for.", parser=_text(1, 200), metavar="TEXT")] = "Draft",
    from_plan: Annotated[
        int | None, typer.Option(min=1, help="An earlier plan to begin from, as `plan list` has it.")
    ] = None,
) -> None:
    """Begin a draft from the plan that was published last, and print its identifier."""
    with open_desk() as (store, desk), store.writing() as session:
        code = find_municipality(session, municipality).code
        row = begin_draft(
            session,
            code,
            desk.counter(code),
            title=title,
            by=BY_COMMAND,
            now=right_now(),
            make_token=new_draft_id,
            plan_id=from_plan,
        )
        draft_id = row.id
    typer.echo(draft_id)


@plan.command("show")
def show(plan_id: PlanId) -> None:
    """Show the buurten of a plan with their counts."""
    with open_desk() as (store, desk), store.reading() as session:
        state, _ = plan_state(session, desk, plan_id)
        rates = desk.member_rates(state.municipality_code)
    table = LiteralTable("buurt", "name", *("blocks", "households", "dwellings", "members"), "")
    for code in (*sorted(state.buurten), None):
        held = [block for name, block in state.blocks.items() if state.buurt_of[name] == code]
        if code is None and not held:
            continue
        counts = sum_counts(block.counts for block in held)
        told = rates.told((block.sector_code, block.counts.dwellings) for block in held)
        buurt = None if code is None else state.buurten[code]
        named = () if buurt is None else [name for name in buurt.names.values() if name]
        names = " / ".join(dict.fromkeys(named))
        marks = {
            "not live": buurt is not None and not buurt.live,
            "locked": buurt is not None and buurt.locked,
            f"{counts.unknown} blocks unknown": counts.unknown > 0,
        }
        figures = (counts.blocks, counts.households, counts.dwellings, told.members)
        table.add_row(
            code or "not assigned",
            names,
            *("withheld" if figure is None else f"{figure:,}" for figure in figures),
            ", ".join(mark for mark, holds in marks.items() if holds),
        )
    out.print(table)


@plan.command("apply")
def carry_out(
    draft_id: DraftId,
    operation: Annotated[str, typer.Argument(help="The operation as JSON, or @FILE with one operation a line.")],
) -> None:
    """Carry out operations on a draft, all or none; docs/plans.md lists them."""
    texts = _read_lines(Path(operation[1:])) if operation.startswith("@") else [operation]
    operations = [_read_operation(text, line) for line, text in enumerate(texts, start=1) if text.strip()]
    with open_desk() as (store, desk), store.writing() as session:
        row = find_draft(session, draft_id, for_change=True)
        draft = desk.take(session, row)
        for each in operations:
            edit(session, row, draft, each, known_revision=row.revision, by=BY_COMMAND, now=right_now())
        told = f"{_operations(len(operations))} carried out; the draft is at revision {row.revision}"
    out.print(told)


@plan.command("undo")
def undo(draft_id: DraftId) -> None:
    """Take back a draft's last operation."""
    _step(draft_id, back=True)


@plan.command("redo")
def redo(draft_id: DraftId) -> None:
    """Carry out again what was taken back."""
    _step(draft_id, back=False)


@plan.command("rebase")
def put_on_newest(
    draft_id: DraftId,
    skip_conflicts: Annotated[
        bool, typer.Option("--skip-conflicts", help="Leave out operations that do not apply any more.")
    ] = False,
) -> None:
    """Put a draft on the plan that was published last, by carrying out its operations there anew."""
    with open_desk() as (store, desk), store.writing() as session:
        row = find_draft(session, draft_id, for_change=True)
        onto = newest_plan(session, row)
        counter = desk.counter(row.municipality_code, onto.id)
        try:
            done = rebase(
                session,
                row,
                counter,
                onto=onto,
                known_revision=row.revision,
                by=BY_COMMAND,
                now=right_now(),
                skip_conflicts=skip_conflicts,
            )
        except RebaseConflictError as error:
            for left in error.conflicts:
                err.print(f"{left.number} {left.op}: {left.why}", markup=False, soft_wrap=True)
            raise
        told = f"{_operations(done.replayed)} on plan {onto.id}; the draft is at revision {row.revision}"
    for left in done.left_out:
        out.print(f"left out: {left.number} {left.op}: {left.why}", markup=False, soft_wrap=True)
    for changed in done.overridden:
        what = ", ".join((*changed.buurten, *changed.blocks))
        out.print(f"changes again: {changed.number} {changed.op}: {what}", markup=False, soft_wrap=True)
    out.print(told)


@plan.command("publish")
def make_public(
    draft_id: DraftId,
    reason: Annotated[str, typer.Option(help="Why; history keeps it.", parser=_text(3, 1_000), metavar="TEXT")],
    valid_from: Annotated[
        date | None, typer.Option("--from", parser=parse_day, metavar="DATE", help="First day; unset, today.")
    ] = None,
) -> None:
    """Publish a draft from a day on."""
    now = right_now()
    with open_desk() as (store, desk), store.writing() as session:
        row = find_draft(session, draft_id, for_change=True)
        published = publish(
            session,
            row,
            desk.take(session, row),
            valid_from=valid_from or now.date(),
            reason=reason,
            known_revision=row.revision,
            by=BY_COMMAND,
            now=now,
            settings=PlanSettings().checks,
        )
        told = f"plan {published.id} (version {published.version}) holds from {published.valid_from}"
    out.print(told)


def propose_buurten(
    municipality: Place,
    alternatives: Annotated[int, typer.Option(min=1, max=8, help="How many.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same answer.")] = 1,
    least: Annotated[int | None, typer.Option(min=1, help="Households of a buurt at least; else as set.")] = None,
    target: Annotated[int | None, typer.Option(min=1, help="Households that a buurt should have.")] = None,
    most: Annotated[int | None, typer.Option(min=1, help="Households of a buurt at most.")] = None,
    take: Annotated[int | None, typer.Option(min=1, help="Make a draft of the alternative of this number.")] = None,
    diligence: Annotated[
        Diligence, typer.Option(help="How long to search where there are too many partitions to weigh all.")
    ] = Diligence.THOROUGH,
    barriers: Annotated[
        Path | None,
        typer.Option(help="Lines that a buurt should not lie across: railways, canals, motorways.", metavar="FILE"),
    ] = None,
) -> None:
    """Propose contiguous, compact buurten of whole sectors within a band of households. Ctrl+C ends it."""
    usual = PlanSettings().band
    band = HouseholdsBand(least or usual.low, most or usual.high, target or usual.target)
    with open_desk() as (store, desk):
        with store.reading() as session:
            code = find_municipality(session, municipality).code
            today = plan_on(session, code, right_now().date())
            lines = [] if barriers is None else read_barriers(barriers, today.release.crs or "")
            problem = read_problem(session, today, desk.counter(code), lines)
        columns = (TextColumn("proposing"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=err, transient=True) as bar:
            task = bar.add_task("proposing", total=1.0)

            def follow(share: float) -> bool:
                bar.update(task, completed=share)
                return True

            proposals = propose(
                problem, alternatives=alternatives, seed=seed, band=band, diligence=diligence, progress=follow
            )
        _show_proposals(proposals, band)
        if take is not None:
            if take > len(proposals):
                raise typer.BadParameter(f"there are {len(proposals)} alternatives")
            typer.echo(_take(store, desk, code, proposals[take - 1]))


def _take(store: Store, desk: DraftDesk, code: str, proposal: Proposal) -> str:
    """Make a draft of a proposal, and return its identifier."""
    now = right_now()
    with store.writing() as session:
        row = begin_draft(
            session,
            code,
            desk.counter(code),
            title=f"Proposal: {proposal.aim}, seed {proposal.seed}",
            by=BY_COMMAND,
            now=now,
            make_token=new_draft_id,
        )
        session.flush()
        draft = desk.take(session, row)
        edit(session, row, draft, as_operation(proposal), known_revision=row.revision, by=BY_COMMAND, now=now)
        return row.id


def _show_proposals(proposals: list[Proposal], band: HouseholdsBand) -> None:
    in_band, distance = f"{band.low:,}–{band.high:,}", f"mean |households − {band.target:,}|"
    table = Table("", "aim", "buurten", in_band, distance, "compactness")
    for number, proposal in enumerate(proposals, start=1):
        scores = proposal.scores
        table.add_row(
            str(number),
            proposal.aim,
            str(scores.buurten),
            str(scores.in_band),
            f"{scores.mean_distance:,.0f}",
            f"{scores.mean_compactness:.3f}",
        )
    out.print(table)
    for number, proposal in enumerate(proposals, start=1):
        for exception in proposal.exceptions:
            out.print(f"{number}: {exception.reason}", markup=False, soft_wrap=True)


def _step(draft_id: str, *, back: bool) -> None:
    with open_desk() as (store, desk), store.writing() as session:
        row = find_draft(session, draft_id, for_change=True)
        step(
            session,
            row,
            desk.take(session, row),
            back=back,
            known_revision=row.revision,
            by=BY_COMMAND,
            now=right_now(),
        )
        told = f"the draft is at revision {row.revision}"
    out.print(told)


def _operations(count: int) -> str:
    return "1 operation is" if count == 1 else f"{count} operations are"


def _read_lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise OperationTextError(f"{file}: byte {error.start} is not in UTF-8") from error


def _read_operation(text: str, line: int) -> Operation:
    try:
        return OPERATION.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(str(part) for part in first["loc"])
        raise OperationTextError(f"operation {line}: {place or 'JSON'}: {first['msg']}") from error


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    plan_checks.add_commands(plan)
    app.add_typer(plan, name="plan")
    app.command("propose")(propose_buurten)
