"""`plan export` and `plan import`: plans as GeoJSON, GeoPackage and CSV."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.cli.drafting import BY_COMMAND, new_token, open_desk, right_now
from api.drafting import plan_state
from data.municipalities import find_municipality
from data.plans.drafts import edit, find_draft
from data.plans.plan_files import (
    ENDINGS,
    PlanFormat,
    begin_from_file,
    read_plan_file,
    read_sectors,
    write_plan_file,
)

out = Console()
PlanId = Annotated[str, typer.Argument(help="A published plan's number, or a draft's identifier.", metavar="PLAN")]


def export(
    plan_id: PlanId,
    file: Annotated[Path, typer.Option("--out", help="The file to write.", metavar="FILE")],
    form: Annotated[
        PlanFormat | None, typer.Option("--format", help="Unset, the ending of the file's name says it.")
    ] = None,
) -> None:
    """Write a plan to a file that `plan import` reads back exactly, cuts included."""
    form = form or _format_of(file)
    with open_desk() as (store, desk), store.reading() as session:
        state, base = plan_state(session, desk, plan_id)
        content = write_plan_file(session, state, base, form)
    file.write_bytes(content)
    out.print(f"{len(state.blocks)} blocks are in {file}", soft_wrap=True)


def read_file(
    file: Annotated[Path, typer.Argument(help="FILE.geojson, FILE.gpkg or FILE.csv.", exists=True, dir_okay=False)],
    municipality: Annotated[
        str | None, typer.Option(help="Code or name of the municipality to begin a draft of, and print its identifier.")
    ] = None,
    draft_id: Annotated[
        str | None, typer.Option("--draft", help="A draft to give the file's plan instead, in one step.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="What the new draft is for; unset, the file's name.")] = None,
    form: Annotated[
        PlanFormat | None, typer.Option("--format", help="Unset, the ending of the file's name says it.")
    ] = None,
) -> None:
    """Make a draft of a plan in a file, or of a CSV with the columns block (or sector) and buurt."""
    if (municipality is None) == (draft_id is None):
        raise typer.BadParameter("give --municipality for a new draft, or --draft for one that there is")
    form = form or _format_of(file)
    content, now = file.read_bytes(), right_now()
    with open_desk() as (store, desk), store.writing() as session:
        if municipality is not None:
            code = find_municipality(session, municipality).code
            row = begin_from_file(
                session,
                code,
                content,
                form,
                desk.counter(code),
                title=title or f"From {file.name}",
                source=file.name,
                by=BY_COMMAND,
                now=now,
                make_token=new_token,
            )
        else:
            row = find_draft(session, draft_id or "", for_change=True)
            draft = desk.take(session, row)
            release, sectors = read_sectors(session, row.plan_id, draft.state)
            operation = read_plan_file(content, form, draft, sectors, release.name, source=file.name)
            edit(session, row, draft, operation, known_revision=row.revision, by=BY_COMMAND, now=now)
        made = row.id
    typer.echo(made)


def _format_of(file: Path) -> PlanFormat:
    if (form := ENDINGS.get(file.suffix.lower())) is None:
        raise typer.BadParameter(f"{file.name}: plans are .geojson, .gpkg or .csv; --format says which")
    return form


def add_commands(plan: typer.Typer) -> None:
    """Add these commands to those of plans."""
    plan.command("export")(export)
    plan.command("import")(read_file)
