"""The `pricebook` commands: check, publish, diff and list price books."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.cli.literal import LiteralTable, literal
from api.cli.opening import opened
from data.quotes.price_books import find_book, list_books, publish_book
from licensing.price_book import PriceBook
from licensing.price_book_diff import diff_books, read_canonical, refer_to
from licensing.price_book_reader import PriceBookError, PriceBookFile, example_source, read_price_book
from licensing.yaml_sections import Problem

BY_COMMAND = "command-line"
BookFile = Annotated[Path, typer.Argument(help="The price book, in YAML.", metavar="FILE")]

books = typer.Typer(no_args_is_help=True, help="Price books: checked, published for ever, compared.")
out = Console()


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PriceBookError([Problem(1, str(path), "unreadable", f"the file cannot be read: {error}")]) from error


def _warn(file: PriceBookFile) -> None:
    for warning in file.warnings:
        out.print(f"[yellow]warning[/] {literal(str(warning))}", highlight=False)


@books.command("check")
def check(file: BookFile) -> None:
    """Check a price book, and tell every fault with its line."""
    read = read_price_book(_read_text(file))
    _warn(read)
    book, sha256 = read.book, refer_to(read.book).sha256
    out.print(f"{book.code} is a price book, valid from {book.valid_from}; SHA-256 {sha256}", soft_wrap=True)


@books.command("publish")
def publish(
    file: Annotated[Path | None, typer.Argument(help="The price book, in YAML.", metavar="FILE")] = None,
    example: Annotated[
        bool,
        typer.Option("--example", help="Publish the example that ships, with invented prices, unless it was already."),
    ] = False,
) -> None:
    """Publish a price book: it never changes afterwards."""
    if (file is None) == (not example):
        raise typer.BadParameter("give a FILE or --example")
    now = datetime.now(UTC)
    text = example_source() if file is None else _read_text(file)
    read = read_price_book(text)
    with opened() as (store, _), store.writing() as session:
        if example and any(row.sha256 == refer_to(read.book).sha256 for row in list_books(session)):
            out.print(f"{read.book.code} is published already")
            return
        reference = publish_book(session, text, now, by=BY_COMMAND, in_past=example)
    _warn(read)
    told = f"[bold]{reference.code}[/] is published and holds from {reference.valid_from}; SHA-256 {reference.sha256}"
    out.print(told, soft_wrap=True)


@books.command("diff")
def diff(
    before: Annotated[str, typer.Argument(help="Code of a published book, or a file.", metavar="A")],
    after: Annotated[str, typer.Argument(help="The other one.", metavar="B")],
) -> None:
    """Show what changes from one price book to another, value by value."""
    table = LiteralTable(box=None, pad_edge=False)
    for heading in ("value", literal(before), literal(after)):
        table.add_column(heading)
    changes = diff_books(_book(before), _book(after))
    for change in changes:
        table.add_row(change.path, change.before or "–", change.after or "–")
    out.print(table if changes else "they say the same")


@books.command("list")
def show() -> None:
    """List the published price books."""
    table = LiteralTable(box=None, pad_edge=False)
    for heading in ("code", "valid from", "published", "by", "", "SHA-256"):
        table.add_column(heading)
    with opened() as (store, _), store.reading() as session:
        for row in list_books(session):
            example = "example" if read_canonical(row.text).example else ""
            day, at = row.valid_from.isoformat(), f"{row.published_at:%Y-%m-%d %H:%M}"
            table.add_row(row.code, day, at, row.published_by, example, row.sha256)
    out.print(table if table.rows else "no price book is published")


def _book(name: str) -> PriceBook:
    if Path(name).is_file():
        return read_price_book(_read_text(Path(name))).book
    with opened() as (store, _), store.reading() as session:
        return find_book(session, name)


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(books, name="pricebook")
