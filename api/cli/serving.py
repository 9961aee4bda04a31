"""The `serve` and `openapi` commands."""

import json
import os
import secrets
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.app import create_app
from api.cli.opening import opened
from api.operation.listening import bound_socket
from api.operation.logs import configure_logs
from api.operation.metrics import forget, prepare
from api.operation.production import DEMO_KEY_NAME, DefaultSecretError, is_production, refuse_default_secrets
from api.operation.supervisor import Supervisor
from api.operation.worker import serve_on, work
from api.settings import (
    HouseholdSettings,
    LogSettings,
    MetricsSettings,
    ServerSettings,
    StoreSettings,
    all_settings,
)
from data.api_keys import Scope, create_key, list_keys, revoke_key, usable_keys
from households.dwelling_keys import read_keys

out = Console()

EXAMPLE = (
    "curl -s http://{host}:{port}/v1/verifications -H 'Authorization: Bearer {key}' "
    "-H 'content-type: application/json' "
    """-d '{{"street": "Kerkstraat", "house_number": "6", "postcode": "9993", "municipality": "Demodorp"}}'"""
)
"""An address of the demo region that certainly exists; a test asks for it."""

DEMO_KEY_LIFE = timedelta(hours=12)


def make_demo_key(now: datetime) -> str:
    """Return a key for everything that ends with the day, in place of the one of the last start."""
    with opened() as (store, _), store.writing() as session:
        for key in list_keys(session):
            if key.name == DEMO_KEY_NAME and key.revoked_at is None:
                revoke_key(session, key.id, now)
        return create_key(session, DEMO_KEY_NAME, [Scope.ADMIN], now, now + DEMO_KEY_LIFE)[1]


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on (default 8000).")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Processes that answer (default 1).")] = None,
    with_demo_key: Annotated[
        bool,
        typer.Option("--with-demo-key", help="Print a key for twelve hours, and a question about the demo region."),
    ] = False,
) -> None:
    """Serve the HTTP API; callers need a key of `buurtwijzer keys create`.

    SIGTERM and Ctrl+C let running requests finish. A worker that dies is replaced.
    """
    # Workers read the environment: what was given here is for them too.
    given = {"HOST": host, "PORT": port, "WORKERS": workers}
    os.environ.update({f"BUURTWIJZER_SERVER_{name}": str(value) for name, value in given.items() if value is not None})
    settings = ServerSettings()
    # Workers read theirs when they are forked, and what one of them cannot use would be told as a crash.
    for each in all_settings():
        each()
    if with_demo_key and is_production(StoreSettings().database_url, settings.host):
        raise DefaultSecretError(
            "--with-demo-key is for the demo on this machine; make keys with `buurtwijzer keys create`"
        )
    # What is wrong with the store or the settings is said here, once, and the workers find the schema up to date.
    with opened() as (store, _):
        with store.reading() as session:
            known = usable_keys(session)
        keys = HouseholdSettings().keys
        households = read_keys(keys) if keys else None
        refuse_default_secrets(StoreSettings(), settings.host, households, known, datetime.now(UTC))
        key = make_demo_key(datetime.now(UTC)) if with_demo_key else None
    configure_logs(LogSettings())
    with ExitStack() as opened_here:
        listening = [opened_here.enter_context(bound_socket(settings.host, settings.port))]
        metrics = MetricsSettings()
        if metrics.port is not None:
            listening.append(opened_here.enter_context(bound_socket(metrics.host, metrics.port)))
            opened_here.enter_context(prepare())
        app = create_app(server_settings=settings) if settings.workers == 1 else None
        announce(settings.host, listening[0].getsockname()[1], key)
        for bound in listening[1:]:
            typer.echo(f"Metrics are on http://{metrics.host}:{bound.getsockname()[1]}/metrics")
        sys.stdout.flush()
        if app is not None:
            serve_on(listening, settings, app)
            return
        stop_seconds = settings.stop_seconds + settings.stop_notice_seconds
        gone = forget if metrics.port is not None else lambda _pid: None
        sys.exit(Supervisor(listening, settings.workers, work, stop_seconds, gone).run())


def announce(host: str, port: int, key: str | None) -> None:
    """Print where the server answers, and with a demo key what to ask it."""
    out.print(f"Buurtwijzer answers on [bold]http://{host}:{port}[/] (Ctrl+C ends it).")
    if key is not None:
        # A fragment is never sent to a server: the key stays out of URLs that are logged.
        out.print("The demo region is synthetic. Its map opens with\n")
        typer.echo(f"  http://{host}:{port}/#key={key}\n")
        out.print("A sign-up form asks, in another terminal:\n")
        # Not wrapped: the line is there to be copied.
        typer.echo("  " + EXAMPLE.format(host=host, port=port, key=key) + "\n")


def openapi() -> None:
    """Print the OpenAPI document of every route, those that need household keys included."""
    with tempfile.TemporaryDirectory() as folder:
        households = HouseholdSettings(keys=f"openapi:{secrets.token_hex(32)}")
        app = create_app(StoreSettings(data_dir=Path(folder)), ServerSettings(), households)
        typer.echo(json.dumps(app.openapi(), indent=1))


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("serve")(serve)
    app.command("openapi")(openapi)
