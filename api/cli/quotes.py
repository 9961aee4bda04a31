"""The `quote` command: price a municipality, or all of them, and write a quote's PDF, CSV or JSON."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from api.cli.answering import LANGUAGES, LanguageOption
from api.cli.importing import COUNTRIES, CountryOption, parse_day
from api.cli.opening import opened
from api.cli.pricebooks import BY_COMMAND
from api.quote_models import CustomerRequest
from api.quoting import QuoteWish, ScopeWish, freeze, give_pdf, issue_by_book, make_token
from api.settings import SellerSettings
from data.directory import DataDirectory
from data.household_counts import read_basis
from data.quotes.offers import create_quote
from data.quotes.price_books import read_books
from data.quotes.scopes import read_households
from data.store import Store
from licensing.bulk import price_all, write_bulk_csv
from licensing.frozen_quotes import FrozenQuote, document_of, write_record
from licensing.number_formats import format_money
from licensing.offers import Offer
from licensing.parties import Party
from licensing.price_book import Programme, VatTreatment
from licensing.quote_formats import digest_quote, write_quote_csv
from licensing.quote_pdf import render_pdf
from licensing.quote_request import MAX_YEARS, QuoteError
from licensing.steps import explain

out = Console()
CustomerOption = Annotated[
    Path | None,
    typer.Option("--customer", metavar="FILE", help="Who it is for: JSON, as the `customer` of POST /v1/quotes."),
]


def quote(
    municipalities: Annotated[
        list[str] | None, typer.Argument(help="Codes or names of municipalities.", metavar="MUNICIPALITY…")
    ] = None,
    years: Annotated[int, typer.Option(min=1, max=MAX_YEARS, help="Years of the licence.")] = 1,
    start: Annotated[
        date | None, typer.Option(parser=parse_day, metavar="DATE", help="First day; unset, 1 January next.")
    ] = None,
    programme: Annotated[
        list[Programme] | None, typer.Option("--programme", "-p", help="A programme line. Repeatable.")
    ] = None,
    buurt: Annotated[
        list[str] | None, typer.Option("--buurt", help="Code of a buurt, for a pilot. Repeatable.")
    ] = None,
    book_day: Annotated[
        date | None, typer.Option("--book", parser=parse_day, metavar="DATE", help="Day whose price book holds.")
    ] = None,
    language: Annotated[LanguageOption, typer.Option("--lang", help="Language of the quote.")] = LanguageOption.NL,
    vat: Annotated[VatTreatment, typer.Option(help="Who owes the VAT.")] = VatTreatment.STANDARD,
    letters: Annotated[int | None, typer.Option(min=0, help="Households that get a letter; unset, all.")] = None,
    customer: CustomerOption = None,
    issue: Annotated[bool, typer.Option("--issue", help="Store the quote, and give it a number.")] = False,
    draft: Annotated[bool, typer.Option("--draft", help="Store the quote as a draft.")] = False,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the PDF here.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the record here.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print the lines as CSV.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Every municipality under every published book.")] = False,
    country: Annotated[CountryOption | None, typer.Option(help="Country of --all.")] = None,
) -> None:
    """Say what a licence costs; nothing is stored without --issue or --draft."""
    now = datetime.now(UTC)
    programmes = tuple(programme or ())
    if every:
        if country is None or municipalities:
            raise typer.BadParameter("--all needs --country, and no municipality")
        with opened() as (store, directory):
            typer.echo(_price_everything(store, directory, country, programmes, years), nl=False)
        return
    if not municipalities:
        raise typer.BadParameter("name a municipality, or --all")
    if buurt and len(municipalities) > 1:
        raise typer.BadParameter("--buurt is for one municipality")
    wish = QuoteWish(
        tuple(ScopeWish(name, tuple(buurt) if buurt else None, letters) for name in municipalities),
        programmes,
        years,
        start or date(now.year + 1, 1, 1),
        LANGUAGES[language],
        vat,
        book_day=book_day,
        customer=None if customer is None else read_customer(customer),
    )
    with opened() as (store, directory):
        with store.reading() as session:
            frozen = freeze(session, directory, wish, SellerSettings(), now)
        made = None
        offer, name = Offer(digest_quote(frozen.quote)), None
        if issue or draft:
            with store.writing() as session:
                row = create_quote(session, frozen, now, by=BY_COMMAND, make_token=make_token)
                name = row.id
                if issue:
                    offer = issue_by_book(session, row, now.date(), by=BY_COMMAND)
        if name is not None and issue:
            # After the commit, so that nobody waits for a page to be set before the next number is given.
            made, _ = give_pdf(store, name, now.date())
    if pdf is not None:
        pdf.write_bytes(made or render_pdf(document_of(frozen, offer)))
    if json_file is not None:
        json_file.write_bytes(write_record(frozen))
    if csv:
        typer.echo(write_quote_csv(frozen.quote), nl=False)
        return
    print_sums(frozen, offer)
    if name is not None and not issue:
        out.print(f"kept as draft [bold]{name}[/]: buurtwijzer quotes issue {name}", soft_wrap=True)


def read_customer(path: Path) -> Party:
    """Return the party of a file that `--customer` names."""
    try:
        return CustomerRequest.model_validate_json(path.read_bytes()).party()
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}", param_hint="--customer") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise typer.BadParameter(f"{path}: {faults}", param_hint="--customer") from error


def _price_everything(
    store: Store, directory: DataDirectory, country: CountryOption, programmes: tuple[Programme, ...], years: int
) -> str:
    with store.reading() as session:
        basis = read_basis(session, directory, COUNTRIES[country])
        households = read_households(session, basis, COUNTRIES[country])
        books = read_books(session)
    if not books:
        raise QuoteError("no-price-book", "books", "no price book is published; see `buurtwijzer pricebook publish`")
    return write_bulk_csv(price_all(households, books, programmes=programmes, years=years))


def print_sums(frozen: FrozenQuote, offer: Offer) -> None:
    """Print what a quote costs by year, and what it was counted and priced from, in the language of the commands."""
    made = frozen.quote
    table = Table(box=None, pad_edge=False)
    for heading in ("", "net", "VAT", "gross"):
        table.add_column(heading, justify="left" if not heading else "right")
    for year in made.years:
        sums = (format_money(amount, "en") for amount in (year.net, year.vat, year.gross))
        table.add_row(f"{year.first} – {year.last}", *sums)
    table.add_row("[bold]total[/]", *(format_money(amount, "en") for amount in (made.net, made.vat, made.gross)))
    places = ", ".join(f"{scope.name} ({scope.code})" for scope in made.request.scopes)
    out.print(f"[bold]{offer.number or 'draft'}[/] {places}: {made.households:,} households")
    for step in made.steps:
        if step.code == "estimate":
            out.print(f"[yellow]{explain(step.code, step.values, 'en')}[/]", highlight=False, soft_wrap=True)
    if unknown := sum(scope.unknown_sectors for scope in made.request.scopes):
        out.print(f"[yellow]{unknown} sectors have no count and add nothing[/]")
    releases = sorted({release for scope in made.request.scopes for release in scope.releases})
    out.print(f"counts: {', '.join(releases)}; price book: {made.price_book.code}", soft_wrap=True)
    if made.price_book.example:
        out.print("[yellow]an example book with invented prices: this is no offer[/]")
    out.print(table)


def add_commands(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("quote")(quote)
