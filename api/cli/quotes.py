"""The `quote` command: price a municipality, or all of them, and write a quote's PDF, CSV or JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from api.cli.answering import LANGUAGES, LanguageOption
from api.cli.comparing import (
    CompareBooksOption,
    CompareCountsOption,
    print_comparison,
    read_alternatives,
    write_comparison,
)
from api.cli.importing import COUNTRIES, CountryOption, parse_day
from api.cli.literal import literal
from api.cli.opening import opened
from api.cli.out_files import writable_file
from api.cli.pricebooks import BY_COMMAND
from api.quote_comparisons import compare
from api.quote_requests import CustomerRequest
from api.quoting import (
    QuoteSources,
    QuoteWish,
    ScopeWish,
    freeze,
    give_pdf,
    issue_by_book,
    make_token,
    read_all_households,
)
from api.settings import HouseholdSettings
from data.directory import DataDirectory
from data.quotes.offers import create_quote
from data.quotes.price_books import read_books
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
    letters: Annotated[int | None, typer.Option(min=0, help="Invitation letters; unset, by the letters plan.")] = None,
    customer: CustomerOption = None,
    issue: Annotated[bool, typer.Option("--issue", help="Store the quote, and give it a number.")] = False,
    draft: Annotated[bool, typer.Option("--draft", help="Store the quote as a draft.")] = False,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", parser=writable_file, help="Write the PDF here.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", parser=writable_file, help="Write the record here.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print the lines as CSV.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Every municipality under every published book.")] = False,
    country: Annotated[CountryOption | None, typer.Option(help="Country of --all.")] = None,
    compare_book: CompareBooksOption = None,
    compare_plan: Annotated[
        list[date] | None,
        typer.Option(parser=parse_day, metavar="DATE", help="What if the plans of this day held? Repeatable."),
    ] = None,
    compare_count: CompareCountsOption = None,
    compare_json: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", parser=writable_file, help="Write the comparison here, as POST /v1/quotes:preview gives it."
        ),
    ] = None,
) -> None:
    """Say what a licence costs; nothing is stored without --issue or --draft."""
    now = datetime.now(UTC)
    alternatives = read_alternatives(compare_book, compare_plan, compare_count)
    if compare_json is not None and not alternatives:
        raise typer.BadParameter("--compare-json needs --compare-book, --compare-plan or --compare-count")
    if alternatives and (every or issue or draft or csv):
        raise typer.BadParameter("a comparison is printed, not stored: leave out --issue, --draft, --csv and --all")
    if every:
        if country is None or municipalities:
            raise typer.BadParameter("--all needs --country, and no municipality")
        with opened() as (store, directory):
            typer.echo(_price_everything(store, directory, country, tuple(programme or ()), years), nl=False)
        return
    wish = QuoteWish(
        _read_scopes(municipalities, buurt, letters),
        tuple(programme or ()),
        years,
        start or date(now.year + 1, 1, 1),
        LANGUAGES[language],
        vat,
        book_day=book_day,
        customer=None if customer is None else read_customer(customer),
    )
    with opened() as (store, directory):
        sources = QuoteSources.of(directory, HouseholdSettings())
        with store.reading() as session:
            frozen = freeze(session, sources, wish, now)
            compared = compare(session, sources, wish, frozen.quote, alternatives, now)
        kept = _keep(store, frozen, now, issue=issue) if issue or draft else _Kept(Offer(digest_quote(frozen.quote)))
    # Told before a file is written: where that fails, the number is known.
    if csv:
        typer.echo(write_quote_csv(frozen.quote), nl=False)
    else:
        print_sums(frozen, kept.offer)
        if compared:
            print_comparison(frozen.quote, compared)
        if draft and not issue:
            out.print(f"kept as draft [bold]{kept.name}[/]: buurtwijzer quotes issue {kept.name}", soft_wrap=True)
    if pdf is not None:
        pdf.write_bytes(kept.pdf or render_pdf(document_of(frozen, kept.offer)))
    if json_file is not None:
        json_file.write_bytes(write_record(frozen))
    if compare_json is not None:
        write_comparison(compare_json, frozen.quote, compared)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What became of a quote in the store; without a name it is not there."""

    offer: Offer
    name: str | None = None
    pdf: bytes | None = None
    """As it is kept of an issued quote."""


def _read_scopes(
    municipalities: Sequence[str] | None, buurten: Sequence[str] | None, letters: int | None
) -> tuple[ScopeWish, ...]:
    if not municipalities:
        raise typer.BadParameter("name a municipality, or --all")
    if buurten and len(municipalities) > 1:
        raise typer.BadParameter("--buurt is for one municipality")
    return tuple(ScopeWish(name, tuple(buurten) if buurten else None, letters) for name in municipalities)


def _keep(store: Store, frozen: FrozenQuote, now: datetime, *, issue: bool) -> _Kept:
    with store.writing() as session:
        row = create_quote(session, frozen, now, by=BY_COMMAND, make_token=make_token)
        name = row.id
        if not issue:
            return _Kept(Offer(digest_quote(frozen.quote)), name)
        offer = issue_by_book(session, row, now.date(), by=BY_COMMAND)
    # After the commit, so that nobody waits for a page to be set before the next number is given.
    return _Kept(offer, name, give_pdf(store, name, now.date())[0])


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
        sources = QuoteSources.of(directory, HouseholdSettings())
        households = read_all_households(session, sources, COUNTRIES[country], datetime.now(UTC))
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
    out.print(f"[bold]{offer.number or 'draft'}[/] {literal(places)}: {made.households:,} households")
    for step in made.steps:
        if step.code == "estimate":
            out.print(f"[yellow]{literal(explain(step.code, step.values, 'en'))}[/]", highlight=False, soft_wrap=True)
    if unknown := sum(scope.unknown_sectors for scope in made.request.scopes):
        out.print(f"[yellow]{unknown} sectors have no count and add nothing[/]")
    releases = sorted({release for scope in made.request.scopes for release in scope.releases})
    out.print(f"counts: {', '.join(releases)}; price book: {made.price_book.code}", soft_wrap=True)
    for step in made.steps:
        if step.rule == "letters":
            out.print(explain(step.code, step.values, "en"), markup=False, highlight=False, soft_wrap=True)
    if made.price_book.example:
        out.print("[yellow]an example book with invented prices: this is no offer[/]")
    out.print(table)


def add_commands(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("quote")(quote)
