"""`plan carry-over` and `plan review`: plans brought to another sectors release, and decided by a person."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.cli.drafting import BY_COMMAND, right_now
from api.cli.opening import opened
from api.cli.out_files import writable_file
from api.settings import HouseholdSettings, PlanSettings
from data.directory import DataDirectory
from data.plans.activating import Carrying, Hand, carry_plans_over
from data.plans.drafts import find_draft, new_draft_id, set_state
from data.releases import find_release
from households.dwelling_keys import read_keys

out = Console()


def command_hand(directory: DataDirectory) -> Hand:
    """Return who carries plans over on the command line, and with what."""
    settings = HouseholdSettings()
    keys = read_keys(settings.keys) if settings.keys else None
    return Hand(directory, keys, PlanSettings().checks, BY_COMMAND, right_now(), new_draft_id)


def show_carryings(carryings: Sequence[Carrying], report: Path | None) -> None:
    """Show what becomes of plans, and write their reports as JSON where a file is named."""
    if carryings:
        table = Table("municipality", "from", "same", "recoded", "changed", "to decide", "dwellings that move")
        table.add_column("", overflow="fold", min_width=24)
        for each in carryings:
            found = each.report
            figures = (
                (
                    str(found["unchanged"]),
                    str(len(found["recoded"])),
                    str(len(found["changed"])),
                    str(len(found["decisions"]) + len(found["problems"])),
                    f"{sum(moved['dwellings'] for moved in found['resettled']):,}",
                )
                if found
                else ("",) * 5
            )
            outcome = f"plan {each.plan_id}" if each.plan_id is not None else f"draft {each.draft_id}"
            if each.plan_id is None and each.draft_id is None:
                outcome = "a person must decide" if each.is_pending else "clear"
            table.add_row(each.municipality_code, str(each.valid_from), *figures, outcome)
        out.print(table)
    if report is not None:
        reports = [each.report | {"draft": each.draft_id, "plan": each.plan_id} for each in carryings]
        report.write_text(json.dumps(reports, indent=2, ensure_ascii=False), "utf-8")


def carry_over(
    to: Annotated[str, typer.Option("--to", help="Name of the sectors release.", metavar="RELEASE")],
    municipality: Annotated[
        list[str] | None, typer.Argument(help="Codes of municipalities, old or new; unset, all with drawn plans.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write what was found as JSON.", metavar="FILE", parser=writable_file)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be, and change nothing.")] = False,
) -> None:
    """Carry drawn plans over to another sectors release; where a person must decide, make a draft."""
    with opened() as (store, directory), store.writing() as session:
        release = find_release(session, to)
        done = carry_plans_over(session, release, command_hand(directory), municipality or None, dry_run=dry_run)
    show_carryings(done, report)
    if not done:
        out.print("no plan has to be carried over")


def review(
    draft_id: Annotated[str, typer.Argument(help="A draft's identifier, as `plan list` shows it.", metavar="DRAFT")],
    back: Annotated[bool, typer.Option("--return", help="Give it back to its editors instead.")] = False,
) -> None:
    """Hand a draft in: nobody edits it then, and activating its release publishes it."""
    with opened() as (store, _), store.writing() as session:
        row = find_draft(session, draft_id, for_change=True)
        state = "draft" if back else "in_review"
        set_state(session, row, state, known_revision=row.revision, by=BY_COMMAND, now=right_now())
    out.print(f"{draft_id} is {state.replace('_', ' ')}")


def add_commands(plan: typer.Typer) -> None:
    """Add these commands to those of plans."""
    plan.command("carry-over")(carry_over)
    plan.command("review")(review)
