"""`plan check` and `plan diff`: what is wrong with a plan, and what it changes."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.cli.drafting import open_desk
from api.cli.literal import LiteralTable
from api.cli.out_files import writable_file
from api.drafting import plan_state
from api.plan_checking import check_stored_plan, compare_stored_plans, told_moves, write_moves
from api.settings import PlanSettings
from boundaries.checks import Severity, TextLanguage, problem_text, remedy_text
from boundaries.operations import OPERATION
from data.plans.barriers import read_barriers

out = Console()
PlanId = Annotated[str, typer.Argument(help="A published plan's number, or a draft's identifier.", metavar="PLAN")]


def check(
    plan_id: PlanId,
    barriers: Annotated[
        Path | None,
        typer.Option(help="Lines that a buurt should not lie across: railways, canals, motorways.", metavar="FILE"),
    ] = None,
    language: Annotated[TextLanguage, typer.Option("--lang", help="Of what is told.")] = "en",
    remedies: Annotated[
        bool, typer.Option("--remedies", help="Print the operations that solve what was found, for `plan apply @FILE`.")
    ] = False,
) -> None:
    """Say what is wrong with a plan; exit code 1 where that keeps it from being published."""
    with open_desk() as (store, desk), store.reading() as session:
        crs = plan_state(session, desk, plan_id)[0].crs
        lines = [] if barriers is None else read_barriers(barriers, crs)
        _, problems = check_stored_plan(
            session, desk, plan_id, PlanSettings().checks, barriers=lines, streets_in=desk.directory
        )
    if remedies:
        operations = [problem.remedy.operation for problem in problems if problem.remedy]
        for operation in dict.fromkeys(OPERATION.dump_json(each).decode() for each in operations if each is not None):
            typer.echo(operation)
    else:
        table = LiteralTable("severity", "problem", "what", "remedy")
        for problem in problems:
            remedy = "" if problem.remedy is None else remedy_text(problem.remedy, language)
            table.add_row(problem.severity, problem.code, problem_text(problem, language), remedy)
        out.print(table if problems else "nothing is wrong")
    if any(problem.severity == Severity.ERROR for problem in problems):
        raise typer.Exit(1)


def compare(
    before: Annotated[str, typer.Argument(help="The plan or draft to compare with.", metavar="BEFORE")],
    after: Annotated[str, typer.Argument(help="The plan or draft that changes it.", metavar="AFTER")],
    file: Annotated[
        Path | None,
        typer.Option(
            "--out", parser=writable_file, help="FILE.csv for the table, FILE.geojson for the ground.", metavar="FILE"
        ),
    ] = None,
) -> None:
    """Say what moves between two plans, per pair of buurten."""
    if file is not None and file.suffix not in (".csv", ".geojson"):
        raise typer.BadParameter(f"{file.name}: a difference is written as .csv or .geojson")
    with open_desk() as (store, desk), store.reading() as session:
        diff = compare_stored_plans(session, desk, before, after)
        rows = told_moves(diff, desk.member_rates(diff.municipality_code))
    if file is not None:
        if file.suffix == ".csv":
            file.write_text(write_moves(rows), "utf-8", newline="")
        else:
            file.write_text(json.dumps(diff.features()), "utf-8")
        out.print(f"{len(rows)} pairs of buurten are in {file}", soft_wrap=True)
        return
    table = LiteralTable(*_SHOWN)
    for row in rows:
        figures = (row[name] for name in _SHOWN[2:])
        table.add_row(
            row["from"] or "–", row["to"] or "–", *("withheld" if each is None else f"{each:,}" for each in figures)
        )
    out.print(table if diff.moves else "nothing moves")
    for code, (old, new) in diff.renamed.items():
        out.print(f"{code}: {dict(old)} becomes {dict(new)}", markup=False)


_SHOWN = ("from", "to", "pieces", "households", "dwellings", "members", "letters")


def add_commands(plan: typer.Typer) -> None:
    """Add these commands to those of plans."""
    plan.command("check")(check)
    plan.command("diff")(compare)
