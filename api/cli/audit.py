"""The `audit` command: who changed what, and what was refused."""

import json
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.console import Console

from api.cli.literal import LiteralTable
from api.cli.opening import opened
from data.members.audit import read_trail
from data.store.household_models import AuditEntry

out = Console()
MOST_LINES: Final = 1_000_000
"""They are read into memory."""


def audit(
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Not before, in UTC.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="By whom: a key's identifier, `command`, or `oidc-…`.")] = None,
    action: Annotated[str | None, typer.Option(help="What, such as plan-published or refused.")] = None,
    municipality: Annotated[str | None, typer.Option(help="Where: a municipality's code.")] = None,
    most: Annotated[int, typer.Option(min=1, max=MOST_LINES, help="How many lines, the last ones.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="An object a line, for programs.")] = False,
) -> None:
    """Show the audit trail: who did what, when, by which request, and what came of it. It names no resident."""
    with opened() as (store, _), store.reading() as session:
        lines = read_trail(
            session,
            most=most,
            since=None if since is None else since.replace(tzinfo=UTC),
            actor=key,
            action=action,
            municipality_code=municipality,
        )
        if as_json:
            for line in lines:
                typer.echo(json.dumps(_as_object(line), ensure_ascii=False))
            return
        table = LiteralTable("at (UTC)", "by", "what", "where", "route", "subject", "outcome", "detail")
        for line in lines:
            detail = " ".join(f"{name}={value}" for name, value in line.detail.items())
            where = line.buurt_code or line.municipality_code or ""
            told = (line.actor, line.action, where, line.route, line.subject, line.outcome, detail)
            table.add_row(f"{line.at:%Y-%m-%d %H:%M:%S}", *(value or "" for value in told))
    out.print(table)


def _as_object(line: AuditEntry) -> dict[str, object]:
    return {
        "at": line.at.isoformat(),
        "by": line.actor,
        "action": line.action,
        "municipality": line.municipality_code,
        "buurt": line.buurt_code,
        "route": line.route,
        "subject": line.subject,
        "request_id": line.request_id,
        "outcome": line.outcome,
        "detail": line.detail,
    }


def add_commands(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("audit")(audit)
