"""The `licences` commands: what accepted quotes license, and which licences end without a successor."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated

import typer
from rich.console import Console

from api.cli.answering import JsonOption, print_json
from api.cli.importing import parse_day
from api.cli.literal import LiteralTable
from api.cli.opening import opened
from api.quote_models import LicenceAnswer, LicenceList
from data.quotes.licences import list_licences, list_renewals
from licensing.licences import Licence

out = Console()
licences = typer.Typer(no_args_is_help=True, help="Licences of municipalities: list, renewals.")


@licences.command("list")
def show(
    municipality: Annotated[str | None, typer.Option(help="Only of the municipality with this code.")] = None,
    on: Annotated[
        date | None, typer.Option(parser=parse_day, metavar="DATE", help="Only those in force on this day.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the licences that accepted quotes gave, by their first day."""
    with opened() as (store, _), store.reading() as session:
        _print(list_licences(session, municipality, on=on), as_json=as_json)


@licences.command("renewals")
def renewals(
    within_days: Annotated[int, typer.Option(min=0, max=1_000, help="How far ahead.")] = 120,
    as_json: JsonOption = False,
) -> None:
    """List the licences that end soon and have no successor, the earliest first."""
    today = datetime.now(UTC).date()
    with opened() as (store, _), store.reading() as session:
        _print(list_renewals(session, today, within_days=within_days), as_json=as_json)


def _print(found: Iterable[Licence], *, as_json: bool) -> None:
    answer = LicenceList(data=[LicenceAnswer.of(licence) for licence in found])
    if as_json:
        print_json(answer)
        return
    headings = ("quote", "municipality", "buurten", "programmes", "first day", "last day")
    table = LiteralTable(*headings, box=None, pad_edge=False)
    for licence in answer.data:
        buurten = "all" if licence.buurten is None else ", ".join(licence.buurten)
        programmes = ", ".join(licence.programmes) or "–"
        days = (licence.first.isoformat(), licence.last.isoformat())
        table.add_row(licence.number, licence.municipality, buurten, programmes, *days)
    out.print(table if table.rows else "no licence")


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(licences, name="licences")
