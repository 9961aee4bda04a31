"""Commands that answer: `locate` and `verify`."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from rich.console import Console
from rich.table import Table

from api.answers import AddressAnswer, Names, PlaceAnswer, VerificationAnswer, describe_verification
from api.atlas import Atlas
from api.cli.address_files import verify_with_progress
from api.cli.importing import COUNTRIES, CountryOption
from api.cli.literal import literal
from api.cli.opening import opened
from api.models import LocateAnswer
from api.reason_texts import Language, address_language
from api.verifying import verify
from api.verifying_files import FileRun
from data.readers.mapping import ColumnMapping
from geo.addresses import AddressQuery, Verdict

out = Console()

VERDICT_STYLES = {Verdict.ACCEPT: "bold green", Verdict.CONFIRM: "bold yellow", Verdict.FIX: "bold red"}


class LanguageOption(StrEnum):
    """A language of answers, as an option."""

    NL = "nl"
    FR = "fr"
    DE = "de"
    EN = "en"


LANGUAGES: dict[LanguageOption, Language] = {
    LanguageOption.NL: "nl",
    LanguageOption.FR: "fr",
    LanguageOption.DE: "de",
    LanguageOption.EN: "en",
}
JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as the HTTP API gives it.")]


def locate(
    lon: Annotated[float, typer.Argument(min=-180, max=180, help="Longitude in degrees (EPSG:4326).")],
    lat: Annotated[float, typer.Argument(min=-90, max=90, help="Latitude in degrees (EPSG:4326).")],
    as_json: JsonOption = False,
) -> None:
    """Say in which sector, municipality and buurt a point lies."""
    with opened() as (store, directory):
        atlas = Atlas.read(store, directory, datetime.now(UTC).date())
        place = atlas.locate(lon, lat)
        answer = LocateAnswer.of(place, atlas.countries[place.country])
    if as_json:
        print_json(answer)
        return
    table = _facts()
    _add_place(table, answer.place)
    table.add_row("releases", ", ".join(answer.releases))
    out.print(table)


def verify_address(
    address: Annotated[str | None, typer.Argument(help="The address on one line, as somebody types it.")] = None,
    street: Annotated[str | None, typer.Option(help="Name of the street.")] = None,
    house_number: Annotated[str | None, typer.Option("--number", help="House number.")] = None,
    box: Annotated[str | None, typer.Option(help="Box number.")] = None,
    postcode: Annotated[str | None, typer.Option(help="Postcode.")] = None,
    municipality: Annotated[str | None, typer.Option(help="Municipality, or a part of one.")] = None,
    country: Annotated[CountryOption | None, typer.Option(help="Country; unset, all are asked.")] = None,
    language: Annotated[
        LanguageOption, typer.Option("--lang", help="Language of the reasons and, but for en, of the address.")
    ] = LanguageOption.EN,
    require_box: Annotated[bool, typer.Option(help="Ask for the box where a building has several.")] = True,
    as_json: JsonOption = False,
    file: Annotated[
        Path | None, typer.Option(help="Verify a whole file instead: CSV or Parquet.", metavar="FILE")
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Where its answers go: CSV or Parquet.", metavar="FILE")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", "-c", metavar="TARGET=COLUMN", help="Its column for street, house_number, … Repeatable."
        ),
    ] = None,
) -> None:
    """Find an address in the official register, and say in which buurt it lies.

    Give it on one line (`buurtwijzer verify "Kerkstraat 6, 9993 Demodorp"`) or in options. The exit code is 0 for
    accept, 2 for confirm and 3 for fix.

    `--file addresses.csv --out verdicts.csv` verifies a whole file; a run that was stopped goes on where it was.
    """
    if (file is None) != (out_file is None) or (column and file is None):
        raise typer.BadParameter("--file and --out come together, and --column with them")
    if file is not None and out_file is not None:
        if any((address, street, house_number, box, postcode, municipality, country, as_json)):
            raise typer.BadParameter("an address or --json does not go with --file; give `-c country:=BE` for all rows")
        mapping = ColumnMapping.read(column or [])
        verify_with_progress(FileRun(file, out_file, mapping, LANGUAGES[language], require_box))
        return
    query = AddressQuery(
        line=address,
        street=street,
        house_number=house_number,
        box=box,
        postcode=postcode,
        municipality=municipality,
        country=COUNTRIES[country] if country else None,
    )
    with opened() as (store, directory):
        lang = LANGUAGES[language]
        atlas = Atlas.read(store, directory, datetime.now(UTC).date())
        verification = verify(atlas, query, lang=address_language(lang), require_box=require_box)
        answer = describe_verification(verification, lang)
    if as_json:
        print_json(answer)
    else:
        _print_verification(answer)
    raise typer.Exit({Verdict.ACCEPT: 0, Verdict.CONFIRM: 2, Verdict.FIX: 3}[answer["verdict"]])


def _print_verification(answer: VerificationAnswer) -> None:
    table, verdict = _facts(), answer["verdict"]
    table.add_row("verdict", f"[{VERDICT_STYLES[verdict]}]{verdict}[/]")
    if address := answer["address"]:
        table.add_row("address", _described(address))
        table.add_row("register", f"{address['address_id']} ({address['status']})")
    if answer["place"]:
        _add_place(table, answer["place"])
    for reason in answer["reasons"]:
        table.add_row("because", f"{reason['text']} [dim]({reason['code']})[/]")
    for number, alternative in enumerate(answer["alternatives"]):
        table.add_row("" if number else "perhaps", _described(alternative))
    table.add_row("releases", ", ".join(answer["releases"]))
    out.print(table)


def _described(address: AddressAnswer) -> str:
    return literal(address["formatted"])


def _add_place(table: Table, place: PlaceAnswer) -> None:
    sector, municipality, buurt = place["sector"], place["municipality"], place["buurt"]
    table.add_row("sector", f"{sector['code']}  {_name(sector['names'])}")
    table.add_row("municipality", f"{municipality['code']}  {_name(municipality['names'])}")
    plan = f"plan {buurt['plan_version']} of {buurt['valid_from']}"
    table.add_row("buurt", f"{buurt['code']}  {_name(buurt['names'])} [dim]({plan})[/]")


def _name(names: Names) -> str:
    """Write a name in every language that has one of its own."""
    distinct = dict.fromkeys(name for name in (names["nl"], names["fr"], names["de"]) if name)
    return literal(" / ".join(distinct))


def _facts() -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    return table


def print_json(answer: BaseModel | Mapping[str, Any]) -> None:
    """Print an answer as the HTTP API gives it."""
    typer.echo(json.dumps(to_jsonable_python(answer), ensure_ascii=False, indent=2))


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("locate", context_settings={"ignore_unknown_options": True})(locate)
    app.command("verify")(verify_address)
