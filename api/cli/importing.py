"""Commands that bring official files in: `import`, `releases`, `activate`, `demo`."""

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.cli.carrying_over import command_hand, show_carryings
from api.cli.literal import literal
from api.cli.opening import opened
from api.cli.out_files import writable_file
from api.cli.progress import progress_bar
from api.settings import StoreSettings
from data.demo import DemoFiles, DemoSize, write_demo
from data.directory import DataDirectory
from data.household_counts import prepare_dwellings
from data.importing import SOURCES, ImportOutcome, ImportRequest, import_file
from data.plans.activating import activate_with_plans
from data.readers.mapping import ColumnMapping
from data.releases import active_releases, find_release, list_releases
from data.store import Store
from data.tables import Country, Kind

SOURCES_HELP = "\n\n".join(f"- `{source.name}`: {source.title}" for source in SOURCES.values())
MOST_FINDINGS_SHOWN = 20

out = Console()
err = Console(stderr=True)


class Level(StrEnum):
    """What the areas of a counts file are."""

    SECTOR = "sector"
    MUNICIPALITY = "municipality"


LEVELS = {Level.SECTOR: Kind.SECTOR_COUNTS, Level.MUNICIPALITY: Kind.MUNICIPALITY_COUNTS}


class CountryOption(StrEnum):
    """A country, as an option."""

    BE = "BE"
    NL = "NL"


COUNTRIES: dict[CountryOption, Country] = {CountryOption.BE: "BE", CountryOption.NL: "NL"}


def parse_day(text: str) -> date:
    """Return the day of `2024`, `2026-11` or `2024-01-01`: the first one of what is named."""
    if not (match := re.fullmatch(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", text)):
        raise typer.BadParameter("write a date as 2024, 2026-11 or 2024-01-01")
    year, month, day = (int(part) if part else 1 for part in match.groups())
    try:
        return date(year, month, day)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date: {error}") from error


def import_release(
    source: Annotated[str, typer.Argument(help="The kind of file; see the list above.", metavar="SOURCE")],
    file: Annotated[Path, typer.Argument(help="The file as it was downloaded, or a folder of them.", metavar="FILE")],
    day: Annotated[
        date | None,
        typer.Option("--date", parser=parse_day, metavar="DATE", help="Day that the file describes: 2024, 2026-11 …"),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the release, instead of source and date.")] = None,
    country: Annotated[CountryOption | None, typer.Option(help="Country of a generic source.")] = None,
    crs: Annotated[
        str | None, typer.Option(help="CRS of x and y in a generic addresses file, such as EPSG:31370.")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer of a generic areas file with several.")] = None,
    level: Annotated[Level | None, typer.Option(help="What the areas of a generic counts file are.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", "-c", metavar="TARGET=COLUMN", help="Map a column, or TARGET:=VALUE for a constant. Repeatable."
        ),
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="TOML file with the column mapping.", metavar="FILE")] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Drop holes that equal their shell, where a file has such areas.")
    ] = False,
    activate_now: Annotated[
        bool, typer.Option("--activate", help="Let answers use it at once (the first of its kind is, always).")
    ] = False,
) -> None:
    """Import an official file as a release."""
    request = ImportRequest(
        source=source,
        file=file,
        reference_date=day,
        name=name,
        country=COUNTRIES[country] if country else None,
        crs=crs,
        layer=layer,
        kind=LEVELS[level] if level else None,
        mapping=ColumnMapping.read(column or [], mapping),
        repair=repair,
    )
    with opened() as (store, directory):
        outcome = import_with_progress(store, directory, request)
        if activate_now:
            for release in outcome.releases:
                _activate(store, directory, release.name)
        _print_outcome(store, outcome)


def show_releases() -> None:
    """List the releases, and which ones answers use."""
    with opened() as (store, _), store.reading() as session:
        active = {release.id for release in active_releases(session)}
        table = Table(box=None, pad_edge=False)
        for heading in ("", "release", "kind", "", "date", "rows"):
            table.add_column(heading, no_wrap=True, justify="right" if heading == "rows" else "left")
        for release in list_releases(session):
            table.add_row(
                "[green]●[/]" if release.id in active else "",
                release.name,
                release.kind,
                release.country,
                release.reference_date.isoformat(),
                f"{release.rows:,}",
            )
    if not table.row_count:
        out.print("Nothing has been imported yet: see [bold]buurtwijzer import --help[/].")
        return
    out.print(table)
    out.print("[green]●[/] answers use it")


def activate_release(
    name: Annotated[str, typer.Argument(help="Name of the release, as `buurtwijzer releases` lists it.")],
    accept_guesses: Annotated[
        bool, typer.Option("--accept-guesses", help="Take the guess wherever carrying a plan over leaves a doubt.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be, and change nothing.")] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Write what was found of the plans as JSON.", metavar="FILE", parser=writable_file),
    ] = None,
) -> None:
    """Let answers use a release, in place of the one of its kind and country.

    Drawn plans are carried over to a release of sectors in the same instant. Where a person must decide, there is a
    draft for it, and answers stay as they are until it is handed in and the release is activated again.
    """
    with opened() as (store, directory):
        _activate(store, directory, name, accept_guesses=accept_guesses, dry_run=dry_run, report=report)


def _activate(
    store: Store,
    directory: DataDirectory,
    name: str,
    *,
    accept_guesses: bool = False,
    dry_run: bool = False,
    report: Path | None = None,
) -> None:
    if not dry_run:
        with store.reading() as session, progress_bar() as progress:
            release = find_release(session, name)
            directory.require_intact(name, release.files)
            prepare_dwellings(session, directory, release, progress)
    with store.writing() as session:
        release = find_release(session, name)
        done = activate_with_plans(
            session, release, command_hand(directory), accept_guesses=accept_guesses, dry_run=dry_run
        )
    show_carryings(done.carryings, report)
    if done.is_active:
        instead = f" in place of {done.replaced.name}" if done.replaced else ""
        out.print(f"Answers use [bold]{name}[/]{instead}.")
    elif done.pending:
        err.print(
            f"{len(done.pending)} plans wait for a person, so answers stay as they are. Decide in the drafts, hand "
            f"them in (`buurtwijzer plan review DRAFT`) and activate {name} again.",
            soft_wrap=True,
        )
        raise typer.Exit(1)


def demo(
    folder: Annotated[
        Path | None, typer.Argument(help="Where to write the files; by default demo/ in the data directory.")
    ] = None,
    and_import: Annotated[bool, typer.Option("--import", help="Import the files as well.")] = False,
    municipalities: Annotated[int, typer.Option(min=1, help="Number of municipalities.")] = 3,
    sectors: Annotated[int, typer.Option(min=1, help="Number of statistical sectors.")] = 150,
    addresses: Annotated[int, typer.Option(min=1, help="Number of addresses, boxes included.")] = 25_000,
    seed: Annotated[int, typer.Option(help="The same seed and size give the same files, byte for byte.")] = 2026,
) -> None:
    """Write the synthetic demo region, in the official file formats."""
    folder = folder or StoreSettings().data_dir / "demo"
    try:
        size = DemoSize(municipalities=municipalities, sectors=sectors, addresses=addresses)
    except ValueError as error:
        raise typer.BadParameter(f"{error}") from error
    with progress_bar() as progress:
        files = write_demo(folder, size, seed=seed, progress=lambda done, total: progress("write files", done, total))
    out.print(f"The synthetic demo region is in [bold]{folder}[/].")
    if and_import:
        with opened() as (store, directory):
            for request in demo_requests(files):
                _print_outcome(store, import_with_progress(store, directory, request))


def demo_requests(files: DemoFiles) -> list[ImportRequest]:
    """Return the imports that bring the demo region in, through the same readers as the official files."""
    return [
        ImportRequest("statbel-sectors", files.sectors, name="demo-sectors"),
        ImportRequest("statbel-households", files.sector_households, name="demo-sector-households"),
        ImportRequest("statbel-households", files.municipality_households, name="demo-municipality-households"),
        ImportRequest("best", files.addresses, name="demo-addresses"),
    ]


def import_with_progress(store: Store, directory: DataDirectory, request: ImportRequest) -> ImportOutcome:
    """Import a file with a progress bar on the terminal; what counts need of a release in use is made at once."""
    with progress_bar() as progress:
        outcome = import_file(store, directory, request, clock=lambda: datetime.now(UTC), progress=progress)
        with store.reading() as session:
            active = {release.id for release in active_releases(session)}
            for release in outcome.releases:
                if release.id in active:
                    prepare_dwellings(session, directory, release, progress)
    return outcome


def _print_outcome(store: Store, outcome: ImportOutcome) -> None:
    with store.reading() as session:
        active = {release.id for release in active_releases(session)}
    for release in outcome.releases:
        if outcome.existed:
            out.print(f"[bold]{release.name}[/] exists already: the same file, read in the same way.")
        else:
            out.print(f"[green]✓[/] [bold]{release.name}[/]: {release.rows:,} rows of {release.kind}.")
            for finding in release.findings[:MOST_FINDINGS_SHOWN]:
                mark = {"error": "[red]✗[/]", "warning": "[yellow]![/]"}.get(finding["severity"], "[dim]i[/]")
                out.print(f"  {mark} {literal(finding['message'])}", highlight=False)
            if (more := len(release.findings) - MOST_FINDINGS_SHOWN) > 0:
                out.print(f"  [dim]… and {more} more findings: GET /v1/releases has them all[/]")
        if release.id not in active:
            out.print(f"  Answers do not use it yet: [bold]buurtwijzer activate {release.name}[/]")


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("import", help=f"Import an official file as a release.\n\nSOURCE is one of\n\n{SOURCES_HELP}")(
        import_release
    )
    app.command("releases")(show_releases)
    app.command("activate")(activate_release)
    app.command("demo")(demo)
