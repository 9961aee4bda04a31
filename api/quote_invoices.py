"""Makes the invoice of one year of a stored quote, from its frozen parties and what else an invoice says."""

from datetime import date, timedelta

from licensing.frozen_quotes import FrozenQuote
from licensing.invoices import InvoiceFacts, make_invoice
from licensing.offers import Offer
from licensing.quote_request import QuoteError, licence_year
from licensing.ubl import write_invoice

PAYMENT_DAYS = 30
"""As the terms of a quote say."""


def invoice_year(
    record: FrozenQuote,
    offer: Offer,
    year: int,
    *,
    number: str | None = None,
    issued: date | None = None,
    buyer_reference: str | None = None,
    exemption_reason: str | None = None,
) -> bytes:
    """Return the invoice of a year of a licence as UBL.

    Parameters
    ----------
    record, offer
        The quote, and where it stands.
    year
        Of the licence, from 1.
    number
        Of the invoice; None for one that is made of the quote's number.
    issued
        Day of the invoice; None for the first day of the year.
    buyer_reference
        What the customer asks to see; None for the quote's number.
    exemption_reason
        The article of law, where the quote is exempt from VAT.

    Raises
    ------
    QuoteError
        The quote is not accepted, has no such year, or is to be paid after the end of the calendar.
    InvoiceError
        The network would refuse the invoice.
    """
    request = record.quote.request
    if year > request.years:
        raise QuoteError("no-such-year", "year", f"the licence has {request.years} years, and no year {year}")
    day = issued or licence_year(request.start, year)[0]
    if day > date.max - timedelta(days=PAYMENT_DAYS):
        raise QuoteError("issued-out-of-range", "issued", f"the calendar ends before {PAYMENT_DAYS} days have passed")
    facts = InvoiceFacts(
        number or f"{offer.number}-{year}",
        day,
        day + timedelta(days=PAYMENT_DAYS),
        record.seller,
        record.customer,
        buyer_reference or offer.number or "",
        exemption_reason=exemption_reason,
    )
    return write_invoice(make_invoice(record.quote, offer, year, facts))
