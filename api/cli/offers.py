"""The `quotes` commands: stored quotes listed, shown, issued, answered, revised, invoiced and compared with today."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from api.cli.answering import LANGUAGES, JsonOption, LanguageOption, print_json
from api.cli.importing import CountryOption, parse_day
from api.cli.literal import LiteralTable
from api.cli.opening import opened
from api.cli.out_files import writable_file
from api.cli.pricebooks import BY_COMMAND
from api.cli.quotes import CustomerOption, print_sums, read_customer
from api.quote_invoices import invoice_year
from api.quote_models import DriftList, QuotePage, show_quote
from api.quoting import QuoteSources, drift_since, give_pdf, issue_by_book, revised
from api.settings import HouseholdSettings
from data.quotes.offers import (
    QuoteFilter,
    accept_quote,
    decline_quote,
    entry_of,
    find_quote,
    list_quotes,
    offer_of,
    record_bytes,
    record_of,
)
from licensing.number_formats import format_money
from licensing.offers import Offer, OfferState
from licensing.price_book import Programme, VatTreatment
from licensing.quote_formats import write_quote_csv
from licensing.quote_request import MAX_YEARS

out = Console()
quotes = typer.Typer(
    no_args_is_help=True, help="Stored quotes: list, show, issue, accept, decline, revise, invoice, drift."
)
QuoteName = Annotated[str, typer.Argument(help="Number or identifier of a quote.", metavar="QUOTE")]


@quotes.command("list")
def show_list(
    state: Annotated[OfferState | None, typer.Option(help="Only those in this state.")] = None,
    municipality: Annotated[str | None, typer.Option(help="Only for the municipality with this code.")] = None,
    country: Annotated[CountryOption | None, typer.Option(help="Only of this country.")] = None,
    price_book: Annotated[str | None, typer.Option(help="Only from the price book with this code.")] = None,
    year: Annotated[int | None, typer.Option(min=2000, max=9998, help="Only issued in this year.")] = None,
    valid_until_before: Annotated[
        date | None, typer.Option(parser=parse_day, metavar="DATE", help="Only those whose last day is before this.")
    ] = None,
    after: Annotated[str | None, typer.Option(metavar="QUOTE", help="Go on after this quote.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List stored quotes, the newest first."""
    today = datetime.now(UTC).date()
    country_code = None if country is None else country.value
    wanted = QuoteFilter(state, municipality, country_code, price_book, year, valid_until_before)
    with opened() as (store, _), store.reading() as session:
        page = QuotePage.of(list_quotes(session, wanted, today, after=after, limit=limit))
    if as_json:
        print_json(page)
    else:
        _print_list(page)


@quotes.command("show")
def show(
    name: QuoteName,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", parser=writable_file, help="Write the PDF here.")] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", parser=writable_file, help="Write the frozen record here.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print the lines as CSV.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a stored quote, and write its PDF or record."""
    today = datetime.now(UTC).date()
    with opened() as (store, _):
        with store.reading() as session:
            row = find_quote(session, name)
            frozen, offer, data = record_of(session, row), offer_of(row, today), record_bytes(session, row)
            answer = show_quote(entry_of(session, row, today), json.loads(data))
        if pdf is not None:
            pdf.write_bytes(give_pdf(store, name, today)[0])
    if record is not None:
        record.write_bytes(data)
    if as_json:
        print_json(answer)
    elif csv:
        typer.echo(write_quote_csv(frozen.quote), nl=False)
    else:
        print_sums(frozen, offer)
        _print_state(answer.id, offer)


@quotes.command("issue")
def issue(name: QuoteName) -> None:
    """Give a draft its number and its last day, for ever."""
    _change(name, issue_by_book)
    with opened() as (store, _):
        give_pdf(store, name, datetime.now(UTC).date())


@quotes.command("accept")
def accept(name: QuoteName) -> None:
    """Accept an issued quote: its licences hold from their first day."""
    _change(name, accept_quote)


@quotes.command("decline")
def decline(name: QuoteName) -> None:
    """Decline an issued quote."""
    _change(name, decline_quote)


@quotes.command("revise")
def revise(
    name: QuoteName,
    years: Annotated[int | None, typer.Option(min=1, max=MAX_YEARS, help="Years of the licence.")] = None,
    start: Annotated[date | None, typer.Option(parser=parse_day, metavar="DATE", help="First day.")] = None,
    programme: Annotated[
        list[Programme] | None, typer.Option("--programme", "-p", help="A programme line. Repeatable.")
    ] = None,
    book_day: Annotated[
        date | None, typer.Option("--book", parser=parse_day, metavar="DATE", help="Day whose price book holds.")
    ] = None,
    language: Annotated[LanguageOption | None, typer.Option("--lang", help="Language of the quote.")] = None,
    vat: Annotated[VatTreatment | None, typer.Option(help="Who owes the VAT.")] = None,
    customer: CustomerOption = None,
) -> None:
    """Make a draft that takes the place of a quote, with today's counts and price book; what is not given stays."""
    given = {
        "years": years,
        "start": start,
        "programmes": tuple(programme) if programme else None,
        "book_day": book_day,
        "language": None if language is None else LANGUAGES[language],
        "vat": vat,
        "customer": None if customer is None else read_customer(customer),
    }
    changes = {field: value for field, value in given.items() if value is not None}
    now = datetime.now(UTC)
    with opened() as (store, directory), store.writing() as session:
        row = find_quote(session, name, lock=True)
        sources = QuoteSources.of(directory, HouseholdSettings())
        new = revised(session, sources, row, changes, now, by=BY_COMMAND)
        frozen, offer, new_id = record_of(session, new), offer_of(new, now.date()), new.id
    print_sums(frozen, offer)
    _print_state(new_id, offer)


@quotes.command("invoice")
def invoice(
    name: QuoteName,
    year: Annotated[int, typer.Option(min=1, max=MAX_YEARS, help="Year of the licence.")] = 1,
    number: Annotated[str | None, typer.Option(help="Of the invoice; unset, made of the quote's.")] = None,
    issued: Annotated[
        date | None, typer.Option(parser=parse_day, metavar="DATE", help="Day of the invoice; unset, the year's first.")
    ] = None,
    buyer_reference: Annotated[str | None, typer.Option(help="Unset, the quote's number.")] = None,
    exemption_reason: Annotated[str | None, typer.Option(help="The article of law, where VAT is exempt.")] = None,
) -> None:
    """Print the invoice of one year of an accepted quote as UBL (Peppol BIS Billing 3)."""
    with opened() as (store, _), store.reading() as session:
        row = find_quote(session, name)
        record, offer = record_of(session, row), offer_of(row, datetime.now(UTC).date())
    made = invoice_year(
        record,
        offer,
        year,
        number=number,
        issued=issued,
        buyer_reference=buyer_reference,
        exemption_reason=exemption_reason,
    )
    typer.echo(made.decode(), nl=False)


@quotes.command("drift")
def drift(name: QuoteName, as_json: JsonOption = False) -> None:
    """Say how the households moved since a quote, and how far the next tier is, in the quote's language."""
    with opened() as (store, directory), store.reading() as session:
        sources = QuoteSources.of(directory, HouseholdSettings())
        row = find_quote(session, name)
        answer = DriftList.of(drift_since(session, sources, row, datetime.now(UTC)), row)
    if as_json:
        print_json(answer)
        return
    for moved in answer.data:
        out.print(moved.text, highlight=False, markup=False, soft_wrap=True)


def _change(name: str, change: Callable[..., Any]) -> None:
    today = datetime.now(UTC).date()
    with opened() as (store, _), store.writing() as session:
        row = find_quote(session, name, lock=True)
        change(session, row, today, by=BY_COMMAND)
        quote_id, offer = row.id, offer_of(row, today)
    _print_state(quote_id, offer)


def _print_state(quote_id: str, offer: Offer) -> None:
    until = f", valid until {offer.valid_until}" if offer.state == OfferState.ISSUED else ""
    revises = f", revises {offer.origin}" if offer.origin is not None else ""
    out.print(f"[bold]{offer.number or quote_id}[/] is {offer.state}{until}{revises}", highlight=False, soft_wrap=True)


def _print_list(page: QuotePage) -> None:
    table = LiteralTable(box=None, pad_edge=False)
    for heading in ("quote", "state", "valid until"):
        table.add_column(heading, no_wrap=True)
    table.add_column("municipalities")
    for heading in ("households", "net"):
        table.add_column(heading, justify="right", no_wrap=True)
    for quote in page.data:
        places = ", ".join(f"{place.name} ({place.code})" for place in quote.municipalities)
        until = "" if quote.valid_until is None else quote.valid_until.isoformat()
        name = quote.number or quote.id
        table.add_row(name, quote.state, until, places, f"{quote.households:,}", format_money(quote.net, "en"))
    out.print(table if table.rows else "no quote")
    if page.next_cursor is not None:
        out.print(f"there are more: --after {page.next_cursor}", highlight=False)


def add_commands(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(quotes, name="quotes")
