"""The `serve` command."""

import ipaddress
from typing import Annotated

import typer
import uvicorn
from rich.console import Console

from api.app import create_app
from api.settings import ServerSettings, StoreSettings

out = Console()

EXAMPLE = (
    "  curl -s http://{host}:{port}/v1/verifications -H 'content-type: application/json' "
    """-d '{{"street": "Kerkstraat", "house_number": "6", "postcode": "9993", "municipality": "Demodorp"}}'\n"""
)
"""An address of the demo region that certainly exists; a test asks for it."""


class ExposedError(RuntimeError):
    """The server was about to listen where others can reach it, without authentication."""


def refuse_exposure(host: str, *, told: bool) -> None:
    """Refuse to listen beyond this machine unless the operator said so.

    Raises
    ------
    ExposedError
        `host` is not a loopback address and `told` is false.
    """
    try:
        loopback = ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback and not told:
        raise ExposedError(
            f"{host} can be reached from other machines, and this server asks nobody for a key; "
            "listen on 127.0.0.1 behind a proxy that does, or add --without-authentication"
        )


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on (default 8000).")] = None,
    without_authentication: Annotated[
        bool,
        typer.Option(
            "--without-authentication", help="Listen on an address that other machines can reach all the same."
        ),
    ] = False,
    show_example: Annotated[
        bool, typer.Option("--show-example", help="Print a question about the demo region to try.")
    ] = False,
) -> None:
    """Serve the HTTP API."""
    settings = ServerSettings()
    given = {"host": host, "port": port}
    settings = settings.model_copy(update={name: value for name, value in given.items() if value is not None})
    refuse_exposure(settings.host, told=without_authentication)
    if without_authentication:
        settings = settings.model_copy(update={"allowed_hosts": ("*",)})
    app = create_app(StoreSettings(), settings)
    out.print(f"Buurtwijzer answers on [bold]http://{settings.host}:{settings.port}[/] (Ctrl+C ends it).")
    if show_example:
        out.print("The demo region is synthetic. Try, in another terminal:\n")
        # Not wrapped: the line is there to be copied.
        typer.echo(EXAMPLE.format(host=settings.host, port=settings.port))
    out.file.flush()
    # The access log would hold the query string of every request, with places in it.
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", access_log=False)


def add_commands(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("serve")(serve)
