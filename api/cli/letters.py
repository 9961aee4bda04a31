"""The commands that make codes: `letters` with their round plan, and `codes`."""

import csv
import secrets
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from api.cli.importing import parse_day
from api.cli.opening import opened
from api.cli.selecting import read_wish
from api.letter_files import LetterFiles
from api.lettering import draft_letters, end_of, last_day, read_sender
from api.letters_pdf import LetterDates
from api.settings import HouseholdSettings, LetterSettings
from data.members.codes import make_batch
from data.members.letters import Existing, LettersError, Validity, settle_interrupted, write_letters
from data.selection import find_buurt
from households.codes import CodeBatch, Uses
from households.dwelling_keys import read_keys
from households.eligibility_texts import TextLanguage

out = Console()
err = Console(stderr=True)

LANGUAGE_CHOICES: dict[str, TextLanguage] = {"nl": "nl", "fr": "fr", "de": "de", "en": "en"}
Expires = Annotated[
    date | None,
    typer.Option("--expires", parser=parse_day, metavar="DATE", help="Last day of the codes; by default in 60 days."),
]


def letters(
    folder: Annotated[Path, typer.Option("--out", help="Folder to write; it must not exist.", metavar="DIR")],
    buurt: Annotated[list[str] | None, typer.Option(help="Code of a buurt; repeat it for several.")] = None,
    municipality: Annotated[str | None, typer.Option(help="With --street: code of its municipality.")] = None,
    street: Annotated[str | None, typer.Option(help="Name of a street, in any language.")] = None,
    postcode: Annotated[str | None, typer.Option(help="With --street: tells streets of one name apart.")] = None,
    within: Annotated[
        Path | None, typer.Option(help="GeoJSON of an area (longitude, latitude).", metavar="FILE")
    ] = None,
    near_line: Annotated[Path | None, typer.Option(help="GeoJSON of a line, with --metres.", metavar="FILE")] = None,
    metres: Annotated[float | None, typer.Option(help="How far from the line.")] = None,
    addresses: Annotated[
        Path | None, typer.Option(help="Identifiers of addresses, one a line.", metavar="FILE")
    ] = None,
    language: Annotated[str | None, typer.Option(help="nl, fr, de or en, instead of each address' own.")] = None,
    expires: Expires = None,
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="Write the letters as PDF.")] = True,
    table: Annotated[bool, typer.Option("--csv/--no-csv", help="Write the printer's table.")] = True,
    existing: Annotated[
        Existing, typer.Option(help="Where an earlier letter is still valid: a new one in its place, or none.")
    ] = Existing.REPLACE,
) -> None:
    """Write letters, each with a code, for dwellings without members, and a round plan: of buurten or a selection."""
    if language is not None and language not in LANGUAGE_CHOICES:
        raise typer.BadParameter(f"{language!r} is none of {', '.join(LANGUAGE_CHOICES)}", param_hint="--language")
    if not (pdf or table):
        raise typer.BadParameter("letters without PDF and without CSV would reach nobody", param_hint="--no-pdf")
    wish = read_wish(buurt, municipality, street, postcode, within, near_line, metres, addresses)
    keys = read_keys(HouseholdSettings().keys)
    settings = LetterSettings()
    now = datetime.now(UTC)
    last = last_day(expires, settings, now)
    sender = read_sender(settings) if pdf else None
    with opened() as (store, directory):
        if settled := settle_interrupted(store, folder):
            told = "its letters are complete and valid" if settled == "completed" else "no code of it was ever valid"
            out.print(f"A run that was interrupted has been settled: {told}.")
            if settled == "completed":
                out.print(f"They are in [bold]{folder}[/]; choose another folder for more.")
                return
        with store.reading() as session:
            draft = draft_letters(
                session,
                directory,
                keys,
                wish,
                language=LANGUAGE_CHOICES[language] if language else None,
                existing=existing,
                now=now,
                choose=secrets.choice,
            )
        files = LetterFiles(draft.batches, sender, LetterDates(now.date(), last), draft.sector_names, table)
        facts = {
            "letters": {batch.buurt.code: len(batch.letters) for batch in draft.batches},
            "made_at": now.isoformat(timespec="seconds"),
            "last_day": last.isoformat(),
        }
        with Progress(console=err, transient=True) as bar:
            task = bar.add_task("set letters", total=draft.count)
            write_letters(
                store,
                keys,
                folder,
                draft.batches,
                Validity(now, end_of(last)),
                run=secrets.token_urlsafe(18),
                facts=facts,
                write_files=lambda staged: files.write(staged, lambda done: bar.update(task, completed=done)),
            )
    out.print(f"[green]✓[/] {draft.count:,} letters in [bold]{folder}[/]; their codes are valid until {last:%Y-%m-%d}.")
    if draft.unknown_addresses:
        err.print(f"{len(draft.unknown_addresses):,} of the addresses are no current home with a position: no letter.")
    out.print("The files hold codes: give them to the printer alone, and delete them afterwards.")


def codes(
    buurt: Annotated[str, typer.Argument(help="Code of the buurt.")],
    file: Annotated[Path, typer.Option("--out", help="CSV file to write; it must not exist.", metavar="FILE")],
    number: Annotated[int, typer.Option(min=1, max=100_000, help="How many codes.")] = 1,
    uses: Annotated[Uses, typer.Option(help="Whether a code admits once or many times.")] = Uses.ONCE,
    expires: Expires = None,
) -> None:
    """Make codes that are good for any dwelling of a buurt, as for a stall at a fair."""
    keys = read_keys(HouseholdSettings().keys)
    now = datetime.now(UTC)
    last = last_day(expires, LetterSettings(), now)
    if file.exists():
        raise LettersError(f"{file} exists already; choose another file, codes are never overwritten")
    with opened() as (store, _), store.writing() as session:
        plan = find_buurt(session, buurt, now.date())
        batch = CodeBatch(buurt, uses, now, end_of(last))
        made = make_batch(session, keys, batch, plan.row.municipality_code, [buurt] * number, secrets.choice)
        staged = file.with_name(f".{file.name}.incoming")
        staged.touch(mode=0o600)
        with staged.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("buurt", "code", "last_day"), *((buurt, code, last) for code in made)])
        # Killed before the commit, the file has codes that nobody can use; never the other way round.
        staged.rename(file)
    out.print(f"[green]✓[/] {number:,} codes for {buurt} in [bold]{file}[/], valid until {last:%Y-%m-%d}.")


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("letters")(letters)
    app.command("codes")(codes)
