"""The commands about members: `letters`, `codes`, `rules`, `purge`, `rotate-keys`."""

import csv
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import pyarrow.parquet as pq
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import select

from api.cli.importing import parse_day
from api.cli.opening import opened
from api.letter_files import LetterFiles
from api.letters_pdf import LetterDates, LetterSender
from api.rule_models import RulesBody
from api.settings import HouseholdSettings, LetterSettings, RetentionSettings
from data.directory import DataDirectory
from data.dwellings import Dwellings
from data.importing.addresses import ADDRESSES_FILE
from data.members.codes import make_batch
from data.members.letters import (
    BuurtArea,
    Existing,
    LetterBatch,
    LettersError,
    Validity,
    dwellings_in,
    find_buurt,
    read_letter_addresses,
    settle_interrupted,
    without_members,
    write_letters,
)
from data.members.retention import purge
from data.members.rotation import Rotated, count_left, rotate_keys
from data.members.rules import read_rules, set_rules
from data.releases import active_releases, list_releases
from data.store import Store
from data.store.models import Release, Sector
from data.tables import Kind
from households.codes import CodeBatch, Uses, make_code
from households.dwelling_keys import HouseholdKeys, read_keys
from households.eligibility_texts import TextLanguage
from households.letter_rounds import plan_round
from households.letters import Letter, letter_languages

out = Console()
err = Console(stderr=True)
rules = typer.Typer(no_args_is_help=True, help="The eligibility rules of a municipality: show, set.")

LANGUAGE_CHOICES: dict[str, TextLanguage] = {"nl": "nl", "fr": "fr", "de": "de", "en": "en"}
Expires = Annotated[
    date | None,
    typer.Option("--expires", parser=parse_day, metavar="DATE", help="Last day of the codes; by default in 60 days."),
]


def letters(
    buurt: Annotated[list[str], typer.Option(help="Code of a buurt; give it several times for several.")],
    folder: Annotated[Path, typer.Option("--out", help="Folder to write; it must not exist.", metavar="DIR")],
    language: Annotated[str | None, typer.Option(help="nl, fr, de or en, instead of each address' own.")] = None,
    expires: Expires = None,
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="Write the letters as PDF.")] = True,
    table: Annotated[bool, typer.Option("--csv/--no-csv", help="Write the printer's table.")] = True,
    existing: Annotated[
        Existing, typer.Option(help="Where an earlier letter is still valid: a new one in its place, or none.")
    ] = Existing.REPLACE,
) -> None:
    """Write invitation letters for the dwellings of a buurt that have no member, each with a code, and a round plan."""
    if language is not None and language not in LANGUAGE_CHOICES:
        raise typer.BadParameter(f"{language!r} is none of {', '.join(LANGUAGE_CHOICES)}", param_hint="--language")
    if not (pdf or table):
        raise typer.BadParameter("letters without PDF and without CSV would reach nobody", param_hint="--no-pdf")
    keys = read_keys(HouseholdSettings().keys)
    now = datetime.now(UTC)
    last = _last_day(expires, now)
    sender = _sender() if pdf else None
    with opened() as (store, directory):
        if settled := settle_interrupted(store, folder):
            told = "its letters are complete and valid" if settled == "completed" else "no code of it was ever valid"
            out.print(f"A run that was interrupted has been settled: {told}.")
            if settled == "completed":
                out.print(f"They are in [bold]{folder}[/]; choose another folder for more.")
                return
        batches, sector_names = _draft(
            store, directory, keys, buurt, LANGUAGE_CHOICES[language] if language else None, existing, now
        )
        files = LetterFiles(batches, sender, LetterDates(now.date(), last), sector_names, table)
        count = sum(len(batch.letters) for batch in batches)
        facts = {
            "letters": {batch.buurt.code: len(batch.letters) for batch in batches},
            "made_at": now.isoformat(timespec="seconds"),
            "last_day": last.isoformat(),
        }
        with Progress(console=err, transient=True) as bar:
            task = bar.add_task("set letters", total=count)
            write_letters(
                store,
                keys,
                folder,
                batches,
                Validity(now, _end_of(last)),
                run=secrets.token_urlsafe(18),
                facts=facts,
                write_files=lambda staged: files.write(staged, lambda done: bar.update(task, completed=done)),
            )
    out.print(f"[green]✓[/] {count:,} letters in [bold]{folder}[/]; their codes are valid until {last:%Y-%m-%d}.")
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
    last = _last_day(expires, now)
    if file.exists():
        raise LettersError(f"{file} exists already; choose another file, codes are never overwritten")
    with opened() as (store, _), store.writing() as session:
        area = find_buurt(session, buurt, _sectors_releases(active_releases(session)), now.date())
        batch = CodeBatch(buurt, uses, now, _end_of(last))
        made = make_batch(session, keys, batch, area.municipality_code, [buurt] * number, secrets.choice)
        staged = file.with_name(f".{file.name}.incoming")
        staged.touch(mode=0o600)
        with staged.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("buurt", "code", "last_day"), *((buurt, code, last) for code in made)])
        # Killed before the commit, the file has codes that nobody can use; never the other way round.
        staged.rename(file)
    out.print(f"[green]✓[/] {number:,} codes for {buurt} in [bold]{file}[/], valid until {last:%Y-%m-%d}.")


@rules.command("show")
def show_rules(municipality: Annotated[str, typer.Argument(help="Code of the municipality.")]) -> None:
    """Show the rules of a municipality as JSON, with their version."""
    with opened() as (store, _), store.reading() as session:
        stored = read_rules(session, municipality)
    typer.echo(RulesBody.of(stored.rules).model_dump_json(indent=2))
    err.print(f"version {stored.version}" + ("" if stored.version else ": the network's defaults"))


@rules.command("set")
def change_rules(
    municipality: Annotated[str, typer.Argument(help="Code of the municipality.")],
    file: Annotated[typer.FileText, typer.Argument(help="JSON as `rules show` gives it; - reads standard input.")],
    version: Annotated[int, typer.Option(min=0, help="The version that `rules show` gave.")],
) -> None:
    """Set the rules of a municipality."""
    try:
        body = RulesBody.model_validate_json(file.read())
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, found['loc'])) or 'rules'}: {found['msg']}" for found in error.errors())
        raise typer.BadParameter(places, param_hint="FILE") from error
    with opened() as (store, _), store.writing() as session:
        new = set_rules(session, municipality, body.rules(), datetime.now(UTC), expected_version=version)
    out.print(f"[green]✓[/] The rules of {municipality} are at version {new}.")


def purge_members(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
) -> None:
    """Remove what is kept no longer: settled sign-ups, households and staff that left, expired codes, attempts."""
    with opened() as (store, _), suppress(_DryRunError), store.writing() as session:
        done = purge(session, RetentionSettings().retention, datetime.now(UTC))
        table = Table("", "would go" if dry_run else "gone", box=None)
        for name, number in asdict(done).items():
            table.add_row(name.replace("_", " "), f"{number:,}")
        out.print(table)
        if dry_run:
            raise _DryRunError


def rotate() -> None:
    """Hash the dwellings of members with the current key, where an older one was used."""
    keys = read_keys(HouseholdSettings().keys)
    households = made = 0
    with opened() as (store, directory):
        with store.reading() as session:
            registers = [release for release in list_releases(session) if release.table == Kind.ADDRESSES]
        for release in registers if keys.older else ():
            with Progress(console=err, transient=True) as bar:
                task = bar.add_task(release.name, total=release.rows)
                changed = rotate_keys(
                    store,
                    keys,
                    release.country,
                    _address_ids(directory, release),
                    lambda done, bar=bar, task=task: bar.update(task, completed=done),  # type: ignore[misc]
                )
            households, made = households + changed[0], made + changed[1]
        _print_rotation(count_left(store, keys, datetime.now(UTC), households=households, codes=made), keys)


class _DryRunError(Exception):
    """Rolls a purge back that was only to be counted."""


def _draft(
    store: Store,
    directory: DataDirectory,
    keys: HouseholdKeys,
    buurt_codes: Sequence[str],
    language: TextLanguage | None,
    existing: Existing,
    now: datetime,
) -> tuple[list[LetterBatch], dict[str, str]]:
    """Return the letters of buurten, in the order of their rounds, and the names of their sectors."""
    batches: list[LetterBatch] = []
    names: dict[str, str] = {}
    number = 0
    with store.reading() as session:
        active = active_releases(session)
        for code in dict.fromkeys(buurt_codes):
            area = find_buurt(session, code, _sectors_releases(active), now.date())
            dwellings, sectors = _dwellings_of(area, active, directory)
            addresses = read_letter_addresses(dwellings_in(area, dwellings), "BE" if sectors.country == "BE" else "NL")
            chosen = without_members(session, keys, addresses, existing=existing, now=now)
            walked = [address for street in plan_round(chosen) for address in street.addresses]
            made = [
                Letter(
                    number + place,
                    address,
                    (language,) if language else letter_languages(address),
                    code,
                    make_code(secrets.choice),
                )
                for place, address in enumerate(walked, start=1)
            ]
            number += len(made)
            if made:
                batches.append(LetterBatch(area, tuple(made)))
            rows = session.execute(
                select(Sector.code, Sector.name_nl, Sector.name_fr, Sector.name_de).where(
                    Sector.release_id == sectors.id, Sector.municipality_code == area.municipality_code
                )
            )
            names |= {row.code: row.name_nl or row.name_fr or row.name_de or "" for row in rows}
    if not batches:
        raise LettersError("no dwelling there needs a letter: each has a member, or a letter that is still valid")
    return batches, names


def _dwellings_of(area: BuurtArea, active: Sequence[Release], directory: DataDirectory) -> tuple[Dwellings, Release]:
    sectors = next(release for release in active if release.id == area.release_id)
    registers = [
        release for release in active if release.table == Kind.ADDRESSES and release.country == sectors.country
    ]
    if not registers:
        raise LettersError(f"no addresses release is active in {sectors.country}; import one first")
    return Dwellings.open(directory, sectors, registers[0]), sectors


def _sectors_releases(active: Sequence[Release]) -> list[Release]:
    return [release for release in active if release.table == Kind.SECTORS]


def _sender() -> LetterSender:
    settings = LetterSettings()
    if not settings.website or not settings.sender:
        raise LettersError(
            "letters need a sender and the page where residents enter their code: set BUURTWIJZER_LETTERS_SENDER and "
            "BUURTWIJZER_LETTERS_WEBSITE, or write the printer's table alone with --no-pdf"
        )
    return LetterSender(settings.sender, settings.sender_lines, settings.website)


def _last_day(expires: date | None, now: datetime) -> date:
    last = expires or now.date() + timedelta(days=LetterSettings().code_days)
    if last < now.date():
        raise typer.BadParameter(f"{last:%Y-%m-%d} is over", param_hint="--expires")
    return last


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def _address_ids(directory: DataDirectory, release: Release) -> Iterator[list[str]]:
    with pq.ParquetFile(directory.release_folder(release.name) / ADDRESSES_FILE) as file:
        for batch in file.iter_batches(1 << 16, columns=["address_id"]):
            yield batch.column(0).to_pylist()


def _print_rotation(done: Rotated, keys: HouseholdKeys) -> None:
    out.print(
        f"[green]✓[/] {done.households:,} households and {done.codes:,} codes are known by {keys.current.id} now."
    )
    table = Table("still under an older key", "", box=None)
    for name in ("households_left", "accounts_left", "staff_left", "codes_left", "sign_ups_left"):
        table.add_row(name.removesuffix("_left").replace("_", "-"), f"{getattr(done, name):,}")
    out.print(table)
    if done.older_keys_needed:
        out.print("Keep the older keys listed, or accept that these are forgotten: see docs/members.md.")
    else:
        out.print("The older keys can be taken away.")


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("letters")(letters)
    app.command("codes")(codes)
    app.command("purge")(purge_members)
    app.command("rotate-keys")(rotate)
    app.add_typer(rules, name="rules")
