"""The `backup` and `restore` commands."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.cli.opening import opened
from api.cli.progress import progress_bar
from api.settings import HouseholdSettings
from data.backups import Manifest, restore_backup, restore_releases, verify_backup, write_backup
from households.dwelling_keys import HouseholdKeyError, read_keys

out = Console()
err = Console(stderr=True)

ROWS_SHOWN = ("household", "account", "sign_up", "plan", "draft", "quote", "licence", "api_key", "audit_entry")


def backup(
    target: Annotated[Path, typer.Argument(help="Folder to make, or a tar file if it ends in .tar.", metavar="TARGET")],
) -> None:
    """Back up the store and its releases as they are at one moment, while the server goes on."""
    with opened() as (store, directory), progress_bar() as progress:
        manifest = write_backup(store, directory, target, clock=lambda: datetime.now(UTC), progress=progress)
    out.print(f"[green]✓[/] [bold]{target}[/] has the store at version {manifest.store.version:,}:", highlight=False)
    _print_contents(manifest)
    if manifest.store.household_keys:
        out.print(
            f"It is of no use without the household keys {', '.join(manifest.store.household_keys)}, which are not in "
            "it: keep them apart from it.",
            soft_wrap=True,
        )


def restore(
    path: Annotated[Path, typer.Argument(help="What `backup` made.", metavar="BACKUP")],
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of a store that holds something.")] = False,
    releases_only: Annotated[
        bool, typer.Option("--releases-only", help="Put back damaged or missing files of releases, and nothing else.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Verify every byte of the backup alone.")] = False,
) -> None:
    """Put a backup back, whole and verified, or change nothing."""
    if releases_only and replace:
        raise typer.BadParameter("--releases-only leaves the store as it is", param_hint="--replace")
    if dry_run:
        with progress_bar() as progress:
            manifest = verify_backup(path, progress=progress)
        out.print(f"[green]✓[/] Every byte of [bold]{path}[/] is as it was written:", highlight=False)
        _print_contents(manifest)
        return
    with opened(migrating=True) as (store, directory), progress_bar() as progress:
        if releases_only:
            names = restore_releases(store, directory, path, progress=progress)
        else:
            done = restore_backup(store, directory, path, replace=replace, now=datetime.now(UTC), progress=progress)
    if releases_only:
        out.print(f"Put back: {', '.join(names)}." if names else "Every release on disk is as it was imported.")
        return
    out.print(f"[green]✓[/] The store is as it was in [bold]{path}[/]; its version is {done.version:,} now:")
    _print_contents(done.manifest)
    if done.migrated_to:
        out.print(f"Its schema was migrated from revision {done.manifest.store.revision} to {done.migrated_to}.")
    if replace:
        out.print("Restart the servers that run on it: they may remember what is no more.")
    _warn_of_keys(done.manifest)


def _print_contents(manifest: Manifest) -> None:
    table = Table(box=None, show_header=False)
    table.add_row("made", f"{manifest.made_at:%Y-%m-%d %H:%M:%S} UTC by {manifest.made_by}")
    table.add_row("store", f"{manifest.store.kind}, schema {manifest.store.revision}")
    table.add_row("releases", ", ".join(release.name for release in manifest.releases) or "none")
    rows = manifest.store.rows
    table.add_row("rows", ", ".join(f"{rows[name]:,} {name.replace('_', ' ')}" for name in ROWS_SHOWN if name in rows))
    table.add_row("bytes", f"{manifest.size:,}")
    out.print(table, highlight=False)


def _warn_of_keys(manifest: Manifest) -> None:
    try:
        here = {key.id for key in read_keys(HouseholdSettings().keys).all}
    except HouseholdKeyError:
        here = set()
    if missing := sorted(set(manifest.store.household_keys) - here):
        err.print(
            f"[yellow]![/] BUURTWIJZER_HOUSEHOLDS_KEYS lacks {', '.join(missing)}: without it, who is a member already "
            "is taken for a stranger. Put it back before a server starts.",
            soft_wrap=True,
        )


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("backup")(backup)
    app.command("restore")(restore)
