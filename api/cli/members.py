"""The commands about members: `rules`, `purge`, `rotate-keys`."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import pyarrow.parquet as pq
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from api.cli.opening import Place, opened
from api.rule_models import RulesBody
from api.settings import HouseholdSettings, RetentionSettings
from data.directory import DataDirectory
from data.importing.addresses import ADDRESSES_FILE
from data.members.retention import purge
from data.members.rotation import Rotated, count_left, rotate_keys
from data.members.rules import read_rules, set_rules
from data.municipalities import find_municipality
from data.releases import list_releases
from data.store.models import Release
from data.tables import Kind
from households.dwelling_keys import HouseholdKeys, read_keys

out = Console()
err = Console(stderr=True)
rules = typer.Typer(no_args_is_help=True, help="The eligibility rules of a municipality: show, set.")


@rules.command("show")
def show_rules(municipality: Place) -> None:
    """Show the rules of a municipality as JSON, with their version."""
    with opened() as (store, _), store.reading() as session:
        stored = read_rules(session, find_municipality(session, municipality).code)
    typer.echo(RulesBody.of(stored.rules).model_dump_json(indent=2))
    err.print(f"version {stored.version}" + ("" if stored.version else ": the network's defaults"))


@rules.command("set")
def change_rules(
    municipality: Place,
    file: Annotated[
        typer.FileBinaryRead, typer.Argument(help="JSON as `rules show` gives it; - reads standard input.")
    ],
    version: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="The version that `rules show` gave.")],
) -> None:
    """Set the rules of a municipality."""
    try:
        body = RulesBody.model_validate_json(file.read())
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, found['loc'])) or 'rules'}: {found['msg']}" for found in error.errors())
        raise typer.BadParameter(places, param_hint="FILE") from error
    with opened() as (store, _), store.writing() as session:
        code = find_municipality(session, municipality).code
        new = set_rules(session, code, body.rules(), datetime.now(UTC), expected_version=version)
    out.print(f"[green]✓[/] The rules of {code} are at version {new}.")


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
    app.command("purge")(purge_members)
    app.command("rotate-keys")(rotate)
    app.add_typer(rules, name="rules")
