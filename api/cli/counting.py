"""Commands that count: `households` of a municipality, and `adoption` with its chart."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.adoption_reports import chart_adoption, explain_counts, report_adoption, tabulate_adoption
from api.answers import name_of
from api.cli.answering import LANGUAGES, LanguageOption
from api.cli.importing import parse_day
from api.cli.literal import LiteralTable, literal
from api.cli.opening import opened
from api.cli.out_files import writable_file
from api.counting import BuurtShapes, HouseholdCounts
from api.household_forms import Row, rows_of, write_rows
from api.household_models import AdoptionRow, AreaHouseholds, MunicipalityAdoption, MunicipalityHouseholds
from api.negotiation import CSV, GEOJSON, PARQUET
from api.reason_texts import Language
from api.routes.adoption import took_part
from api.settings import HouseholdSettings
from data.municipalities import MunicipalityPlace, find_municipality
from households.adoption import whole_percent
from households.adoption_texts import TEXTS
from households.dwelling_keys import read_keys
from licensing.number_formats import format_count

out = Console()

MunicipalityArgument = Annotated[str, typer.Argument(metavar="MUNICIPALITY", help="Code or name, in any language.")]
OnOption = Annotated[
    date | None,
    typer.Option("--on", parser=parse_day, metavar="DATE", help="Day whose plan and members count; by default today."),
]
LanguageChoice = Annotated[LanguageOption, typer.Option("--lang", help="Language of names and headings.")]


class TableForm(StrEnum):
    """A form of the table of households."""

    TABLE = "table"
    CSV = "csv"
    GEOJSON = "geojson"
    PARQUET = "parquet"


_FORMS = {TableForm.CSV: CSV, TableForm.GEOJSON: GEOJSON, TableForm.PARQUET: PARQUET}


def show_households(
    municipality: MunicipalityArgument,
    on: OnOption = None,
    form: Annotated[TableForm, typer.Option("--format", help="Form of the table.")] = TableForm.TABLE,
    out_file: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", parser=writable_file, help="Write it here instead of to the terminal."),
    ] = None,
    language: LanguageChoice = LanguageOption.NL,
) -> None:
    """Count the households, dwellings and members of a municipality's buurten."""
    if form is TableForm.TABLE and out_file is not None:
        raise typer.BadParameter("--out writes --format csv, geojson or parquet")
    if form is TableForm.PARQUET and out_file is None:
        raise typer.BadParameter("--format parquet is no text: name a file with --out")
    with _counted(municipality, on) as (place, counted, shapes, smallest_shown):
        if form is not TableForm.TABLE:
            _write(rows_of(counted), shapes, form, out_file)
            return
    _print_households(counted, place, LANGUAGES[language], smallest_shown)


def show_adoption(
    municipality: MunicipalityArgument,
    on: OnOption = None,
    participants: Annotated[
        list[str] | None,
        typer.Option("--participants", metavar="[BUURT:]NUMBER", help="Those who took part, in all or in a buurt."),
    ] = None,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", parser=writable_file, help="Write the chart here.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print the table as CSV.")] = False,
    language: LanguageChoice = LanguageOption.NL,
) -> None:
    """Report which share of the households are members, per buurt and in all."""
    lang = LANGUAGES[language]
    for text in participants or ():
        if not text.rpartition(":")[2].isdecimal():
            raise typer.BadParameter(f"{text!r} is no NUMBER and no BUURT:NUMBER", param_hint="--participants")
    with _counted(municipality, on) as (place, counted, shapes, smallest_shown):
        given = took_part(participants or [], place.code)
        report = report_adoption(counted, place.names, lang, given)
        if svg is not None:
            svg.write_text(chart_adoption(report, lang, smallest_shown), encoding="utf-8")
        if csv:
            _write(tabulate_adoption(report), shapes, TableForm.CSV, None)
            return
    _print_adoption(report, lang, smallest_shown, with_participants=bool(given))
    if svg is not None:
        out.print(f"[green]✓[/] {svg}")


@contextmanager
def _counted(
    municipality: str, on: date | None
) -> Iterator[tuple[MunicipalityPlace, MunicipalityHouseholds, BuurtShapes, int]]:
    settings = HouseholdSettings()
    keys = read_keys(settings.keys) if settings.keys else None
    with opened() as (store, directory):
        with store.reading() as session:
            place = find_municipality(session, municipality)
        counts = HouseholdCounts(store, directory, keys, settings.smallest_shown, lambda: datetime.now(UTC))
        counted, shapes = counts.municipality(place.code, on)
        yield place, counted, shapes, settings.smallest_shown


def _write(rows: Sequence[Row], shapes: BuurtShapes, form: TableForm, file: Path | None) -> None:
    written = write_rows(rows, shapes, _FORMS[form])
    if file is not None:
        file.write_bytes(written if isinstance(written, bytes) else written.encode())
    else:
        typer.echo(written, nl=form is TableForm.GEOJSON)


def _print_households(
    counted: MunicipalityHouseholds, place: MunicipalityPlace, lang: Language, smallest_shown: int
) -> None:
    texts = TEXTS[lang]
    code, name, households, members, share, *_ = texts.headings
    table = LiteralTable(box=None, pad_edge=False)
    table.add_column(code, no_wrap=True)
    table.add_column(name)
    for heading in (households, texts.margin, texts.dwellings, members, share):
        table.add_column(heading, justify="right")
    table.add_column(texts.method)

    def add(row_code: str, row_name: str, area: AreaHouseholds, style: str | None = None) -> None:
        table.add_row(
            row_code,
            row_name,
            _number(area.households, lang),
            "" if area.low == area.high else f"{format_count(area.low, lang)} – {format_count(area.high, lang)}",
            _number(area.dwellings, lang),
            texts.withheld if area.members is None else format_count(area.members, lang),
            "–" if area.adoption is None else f"{whole_percent(area.adoption)} %",
            ", ".join(area.by_method),
            style=style,
        )

    for buurt in counted.buurten:
        add(buurt.code, name_of(buurt.names, lang) or "", buurt)
    add(counted.code, place.name(lang), counted.total, "bold")
    out.print(table)
    if counted.official is not None:
        difference = "?" if counted.difference is None else f"{counted.difference:+,}"
        out.print(f"[dim]{texts.official.format(official=format_count(counted.official, lang))} ({difference})[/]")
    withheld = any(area.members is None for area in (counted.total, *counted.buurten))
    _print_notes(explain_counts(counted, lang, smallest_shown, withheld=withheld))


def _print_adoption(
    report: MunicipalityAdoption, lang: Language, smallest_shown: int, *, with_participants: bool
) -> None:
    texts = TEXTS[lang]
    table = LiteralTable(box=None, pad_edge=False)
    headings = texts.headings if with_participants else texts.headings[:5]
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="left" if number < 2 else "right", no_wrap=number == 0)

    def add(row: AdoptionRow, style: str | None = None) -> None:
        cells = [
            row.code,
            row.name or "",
            _number(row.households, lang),
            texts.withheld if row.members is None else format_count(row.members, lang),
            "–" if row.percent is None else f"{row.percent} %",
        ]
        if with_participants:
            shares = (row.participants_of_members, row.participants_of_households)
            cells.append(_number(row.participants, lang))
            cells += ["–" if share is None else f"{whole_percent(share)} %" for share in shares]
        table.add_row(*cells, style=style)

    for row in report.buurten:
        add(row)
    add(report.total, "bold")
    out.print(table)
    withheld = any(row.members is None for row in (report.total, *report.buurten))
    _print_notes(explain_counts(report, lang, smallest_shown, withheld=withheld))


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes:
        out.print(f"[dim]{literal(note)}[/]", highlight=False)


def _number(number: int | None, lang: Language) -> str:
    return "?" if number is None else format_count(number, lang)


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("households")(show_households)
    app.command("adoption")(show_adoption)
