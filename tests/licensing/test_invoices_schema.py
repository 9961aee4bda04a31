"""Invoices are valid by OASIS's UBL 2.1 schema, and by rules of Peppol that somebody else wrote down."""

from collections.abc import Callable
from datetime import date
from importlib import import_module

import pytest

from licensing.invoices import InvoiceFacts, make_invoice
from licensing.offers import Offer, accept, issue
from licensing.price_book import PriceBook, Programme, VatTreatment
from licensing.quote_formats import digest_quote
from licensing.quote_request import QuoteRequest
from licensing.quotes import calculate_quote
from licensing.ubl import write_invoice

peppol = import_module("peppol")  # has no types
DAY = date(2026, 11, 24)


@pytest.mark.parametrize("vat", VatTreatment)
@pytest.mark.parametrize("year", [1, 3])
def test_an_invoice_is_valid_by_the_schema_and_by_rules_of_others(
    ask: Callable[..., QuoteRequest], example_book: PriceBook, facts: InvoiceFacts, vat: VatTreatment, year: int
) -> None:
    quote = calculate_quote(ask(12_600, programmes=tuple(Programme), years=3, vat=vat), example_book)
    offer = accept(issue(Offer(digest_quote(quote)), 1, DAY, valid_days=30, actor="a"), DAY, actor="b")
    invoice = write_invoice(make_invoice(quote, offer, year, facts))
    assert peppol.validate_xsd(invoice) == (True, [])
    assert [str(finding) for finding in peppol.check_rules(invoice) if finding.severity == "fatal"] == []


def test_the_schema_would_see_a_fault() -> None:
    valid, faults = peppol.validate_xsd(
        b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"><x/></Invoice>'
    )
    assert not valid
    assert faults
