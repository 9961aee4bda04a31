"""An invoice as a value: one year of an accepted quote, its lines, allowances and VAT."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from licensing.money import ZERO, Rounding, exact_arithmetic
from licensing.number_formats import format_count
from licensing.offers import Offer, OfferState
from licensing.parties import Party, Seller
from licensing.price_book import VatTreatment
from licensing.pricing import Line, LineKind
from licensing.quote_formats import digest_quote
from licensing.quote_request import MunicipalityScope, QuoteError
from licensing.quote_texts import ITEMS
from licensing.quotes import Quote
from licensing.steps import item_of


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line: an amount without VAT, and the quantity and price that it comes from."""

    name: str
    description: str
    quantity: int
    price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Allowance:
    """A discount on the whole invoice; its amount is positive."""

    reason: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """What an invoice needs beside the quote."""

    number: str
    """From the seller's own sequence of invoices."""
    issued: date
    due: date
    seller: Seller
    customer: Party
    buyer_reference: str
    """What the customer asks to see on its invoices; the number of the order or of the quote where there is nothing."""
    payment_reference: str | None = None
    """What the payment quotes, such as a Belgian structured communication (`+++090/9337/55493+++`); None for the
    number of the invoice."""
    exemption_reason: str | None = None
    """The article of law, where VAT is not due because it is exempt."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice. `net` is the sum of the lines less the allowances."""

    facts: InvoiceFacts
    quote_number: str
    language: str
    currency: str
    first: date
    last: date
    vat: VatTreatment
    vat_percent: Decimal
    lines: tuple[InvoiceLine, ...]
    allowances: tuple[Allowance, ...]
    line_sum: Decimal
    allowance_sum: Decimal
    net: Decimal
    vat_amount: Decimal
    gross: Decimal


def make_invoice(quote: Quote, offer: Offer, year: int, facts: InvoiceFacts) -> Invoice:
    """Return the invoice for one year of an accepted quote.

    Parameters
    ----------
    quote, offer
        The quote, and the accepted offer of it.
    year
        Of the licence, from 1.
    facts
        Numbers, days and parties.

    Returns
    -------
    Invoice
        Its totals are those of the quote's year, to the cent.

    Raises
    ------
    QuoteError
        `not-accepted`, `wrong-quote` or `no-such-year`.
    """
    if offer.state != OfferState.ACCEPTED or offer.number is None:
        raise QuoteError("not-accepted", "state", f"an offer that is {offer.state} is not invoiced")
    if offer.quote_sha256 != digest_quote(quote):
        raise QuoteError("wrong-quote", "offer", "the offer belongs to another calculation than the quote")
    total = next((total for total in quote.years if total.year == year), None)
    if total is None:
        raise QuoteError("no-such-year", "year", f"the licence has {len(quote.years)} years, and no year {year}")
    scopes = {scope.code: scope for scope in quote.request.scopes}
    lines, allowances = [], []
    for line in quote.lines:
        if line.year != year or (line.amount == 0 and line.kind != LineKind.BASE):
            continue
        if line.kind.discount:
            name = f"{ITEMS[item_of(line)][quote.request.language]}, {scopes[line.municipality].name}"
            allowances.append(Allowance(name, -line.amount))
        else:
            lines.append(_line(line, scopes[line.municipality], quote))
    with exact_arithmetic():
        line_sum = sum((line.amount for line in lines), ZERO)
        allowance_sum = sum((allowance.amount for allowance in allowances), ZERO)
    return Invoice(
        facts=facts,
        quote_number=offer.number,
        language=quote.request.language,
        currency=quote.currency,
        first=total.first,
        last=total.last,
        vat=quote.request.vat,
        vat_percent=quote.vat_percent,
        lines=tuple(lines),
        allowances=tuple(allowances),
        line_sum=line_sum,
        allowance_sum=allowance_sum,
        net=total.net,
        vat_amount=total.vat,
        gross=total.gross,
    )


def _line(line: Line, scope: MunicipalityScope, quote: Quote) -> InvoiceLine:
    language = quote.request.language
    name = ITEMS[item_of(line)][language]
    if line.kind == LineKind.LETTERS:
        with exact_arithmetic():
            short = (line.amount / line.quantity).quantize(Decimal("0.000001")).normalize()
            # A line says quantity and price only where they make its amount (PEPPOL-EN16931-R120).
            if Rounding().apply(short * line.quantity) == line.amount:
                return InvoiceLine(name, scope.name, line.quantity, short, line.amount)
        counted = ITEMS["letter-count"][language].format(count=format_count(line.quantity, language))
    else:
        counted = ITEMS["households"][language].format(count=format_count(scope.households, language))
    return InvoiceLine(name, f"{scope.name}, {counted}", 1, line.amount, line.amount)
