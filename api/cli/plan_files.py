"""`plan export` and `plan import`: plans as GeoJSON, GeoPackage and CSV."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.cli.drafting import BY_COMMAND, open_desk, right_now
from api.cli.literal import LiteralTable
from api.cli.out_files import writable_file
from api.drafting import plan_state
from boundaries.cutting_areas import CUT_SNAP_M
from data.municipalities import find_municipality
from data.plans.drafts import edit, find_draft, new_draft_id
from data.plans.drawing_areas import AreaWish, begin_from_areas
from data.plans.plan_files import (
    ENDINGS,
    PlanFormat,
    begin_from_file,
    read_plan_file,
    read_sectors,
    write_plan_file,
)
from data.readers.mapping import ColumnMapping

MOST_BLOCKS_TOLD = 10
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
    areas: Annotated[
        bool,
        typer.Option("--areas", help="FILE is a layer of areas drawn elsewhere, of any format that GDAL reads."),
    ] = False,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", "-c", metavar="TARGET=COLUMN", help="Areas: name=COLUMN, or name_nl, name_fr, name_de."
        ),
    ] = None,
    overlap: Annotated[
        float, typer.Option(min=0.01, max=1, help="Areas: least share of a sector that must lie in one to go to it.")
    ] = 0.5,
    cut: Annotated[bool, typer.Option("--cut", help="Areas: cut sectors along their borders.")] = False,
    snap_m: Annotated[
        float, typer.Option("--snap", min=0.1, max=50, help="Areas: borders nearer than this, in m, are one.")
    ] = CUT_SNAP_M,
    grow: Annotated[
        bool, typer.Option("--grow", help="Areas: grow them over the gaps to the municipality's border.")
    ] = False,
    crs: Annotated[str | None, typer.Option(help="Areas: their CRS, where the file does not say it.")] = None,
    layer: Annotated[str | None, typer.Option(help="Areas: the layer, where the file has several.")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Areas: read invalid ones as GEOS repairs them.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Areas: write what differs as JSON.", metavar="FILE", parser=writable_file)
    ] = None,
) -> None:
    """Make a draft of a plan in a file, of a CSV with the columns block (or sector) and buurt, or of areas."""
    if areas:
        if municipality is None:
            raise typer.BadParameter("give the --municipality of the areas")
        wish = AreaWish(ColumnMapping.read(column or []), overlap, cut, snap_m, grow, crs, layer, repair)
        _read_areas(file, municipality, wish, title, report)
        return
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
                make_token=new_draft_id,
            )
        else:
            row = find_draft(session, draft_id or "", for_change=True)
            draft = desk.take(session, row)
            release, sectors = read_sectors(session, row.plan_id, draft.state)
            operation = read_plan_file(content, form, draft, sectors, release.name, source=file.name)
            edit(session, row, draft, operation, known_revision=row.revision, by=BY_COMMAND, now=now)
        made = row.id
    typer.echo(made)


def _read_areas(file: Path, municipality: str, wish: AreaWish, title: str | None, report: Path | None) -> None:
    with open_desk() as (store, desk), store.writing() as session:
        code = find_municipality(session, municipality).code
        row, found = begin_from_areas(
            session,
            code,
            file,
            wish,
            desk.counter(code),
            title=title or f"From {file.name}"[:200],
            by=BY_COMMAND,
            now=right_now(),
            make_token=new_draft_id,
        )
        made = row.id
    table = LiteralTable("area", "drawn m²", "assigned m²", "gained m²", "lost m²", "differs")
    for each in found.assignment.areas:
        sizes = (each.drawn_m2, each.assigned_m2, each.gained_m2, each.lost_m2)
        table.add_row(each.area, *(f"{size:,.0f}" for size in sizes), f"{each.share:.1%}")
    out.print(table)
    for told in (
        *(f"{finding.message} {finding.area_m2:,.0f} m²" for finding in found.findings if finding.area_m2 is not None),
        *(finding.message for finding in found.findings if finding.area_m2 is None),
        *(f"{area} gets no block" for area in found.without_blocks),
    ):
        out.print(told, markup=False, soft_wrap=True)
    if found.unassigned:
        more = " …" if len(found.unassigned) > MOST_BLOCKS_TOLD else ""
        blocks = ", ".join(found.unassigned[:MOST_BLOCKS_TOLD]) + more
        out.print(f"{len(found.unassigned)} blocks are in no area: {blocks}", markup=False, soft_wrap=True)
    if report is not None:
        report.write_text(json.dumps(found.as_json(), indent=2, ensure_ascii=False), "utf-8")
    typer.echo(made)


def _format_of(file: Path) -> PlanFormat:
    if (form := ENDINGS.get(file.suffix.lower())) is None:
        raise typer.BadParameter(f"{file.name}: plans are .geojson, .gpkg or .csv; --format says which")
    return form


def add_commands(plan: typer.Typer) -> None:
    """Add these commands to those of plans."""
    plan.command("export")(export)
    plan.command("import")(read_file)
