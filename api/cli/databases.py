"""The commands about the store's schema: `migrate`, and `database roles`."""

import typer
from rich.console import Console

from api.cli.opening import opened
from api.settings import StoreSettings
from data.store.database import known_revisions, migrate
from data.store.grants import roles_sql

out = Console()
database = typer.Typer(no_args_is_help=True, help="The database of a server: its roles.")


@database.command("roles")
def roles() -> None:
    """Print the SQL that makes the roles of the current database; a superuser runs it: `… | psql -d buurtwijzer`."""
    typer.echo(roles_sql(), nl=False)


def migrate_store() -> None:
    """Bring the store's schema up to date and, on PostgreSQL, give the roles their rights; run it as the owner."""
    with opened(migrating=True) as (store, _):
        # Again, also where the schema was up to date: the roles may be new.
        migrate(store.engine)
        kind = store.engine.dialect.name
    out.print(f"[green]✓[/] The store on {kind} has schema {known_revisions()[0]}.", highlight=False)
    if not StoreSettings().migrate:
        out.print("Servers with BUURTWIJZER_MIGRATE=false can start now.")


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("migrate")(migrate_store)
    app.add_typer(database, name="database")
