"""The `keys` commands: who may call the HTTP API."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console

from api.cli.literal import LiteralTable, literal
from api.cli.opening import opened
from api.settings import MOST_DAYS
from data.api_keys import Scope, create_key, list_keys, revoke_key, rotate_key

out = Console()
keys = typer.Typer(no_args_is_help=True, help="API keys: make, list, rotate, revoke.")

KeyId = Annotated[str, typer.Argument(help="The part of a key after bw_, as `keys list` shows it.")]


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for, such as 'sign-up form'.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; give it several times for several.")],
    days: Annotated[
        int | None, typer.Option(min=1, max=MOST_DAYS, help="Days until it expires; without, it does not.")
    ] = None,
    rate: Annotated[int | None, typer.Option(min=1, help="Requests a minute; without, the scopes' own.")] = None,
) -> None:
    """Make a key and print it, once."""
    now = datetime.now(UTC)
    with opened() as (store, _), store.writing() as session:
        ends = None if days is None else now + timedelta(days=days)
        key, plain = create_key(session, name, scope, now, ends, rate)
        session.flush()
        told = f"key [bold]{key.id}[/] for {' '.join(key.scopes)}; it cannot be shown again:"
    out.print(told)
    typer.echo(plain)


@keys.command("list")
def show() -> None:
    """List all keys, without their secrets."""
    now = datetime.now(UTC)
    table = LiteralTable("id", "name", "scopes", "a minute", "made", "expires", "state")
    with opened() as (store, _), store.reading() as session:
        for key in list_keys(session):
            expired = key.expires_at is not None and key.expires_at <= now
            state = "revoked" if key.revoked_at else "expired" if expired else "in use"
            expires = "never" if key.expires_at is None else f"{key.expires_at:%Y-%m-%d %H:%M}"
            rate = "" if key.rate_per_minute is None else f"{key.rate_per_minute:,}"
            table.add_row(key.id, key.name, " ".join(key.scopes), rate, f"{key.created_at:%Y-%m-%d}", expires, state)
    out.print(table)


@keys.command("rotate")
def rotate(
    key_id: KeyId,
    overlap_days: Annotated[int, typer.Option(min=0, max=MOST_DAYS, help="Days that the present key still works.")] = 7,
) -> None:
    """Make a successor that may do the same, and let the present key expire."""
    with opened() as (store, _), store.writing() as session:
        successor, plain = rotate_key(session, key_id, datetime.now(UTC), timedelta(days=overlap_days))
        told = f"key [bold]{successor.id}[/] follows {key_id}, which ends in {overlap_days} days:"
    out.print(told)
    typer.echo(plain)


@keys.command("revoke")
def revoke(key_id: KeyId) -> None:
    """End a key at once."""
    with opened() as (store, _), store.writing() as session:
        key = revoke_key(session, key_id, datetime.now(UTC))
        told = f"key [bold]{key.id}[/] ({literal(key.name)}) is revoked; running servers know within a second"
    out.print(told)


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(keys, name="keys")
