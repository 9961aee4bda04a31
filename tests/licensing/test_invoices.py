"""An invoice has the totals of its quote's year, is valid UBL by the rules that are coded, and is refused else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.invoice_rules import check_invoice_xml
from licensing.invoices import Invoice, InvoiceFacts, make_invoice
from licensing.money import Rounding
from licensing.offers import Offer, accept, issue
from licensing.parties import ElectronicAddress, Party, PostalAddress, Seller
from licensing.price_book import PriceBook, Programme, VatTreatment
from licensing.quote_formats import digest_quote
from licensing.quote_request import LettersPlan, QuoteError, QuoteRequest
from licensing.quotes import Quote, calculate_quote
from licensing.ubl import InvoiceError, write_invoice

Ask = Callable[..., QuoteRequest]
DAY = date(2026, 11, 24)
Change = Callable[[InvoiceFacts], InvoiceFacts]


def accepted(quote: Quote) -> Offer:
    return accept(issue(Offer(digest_quote(quote)), 1, DAY, valid_days=30, actor="sales"), DAY, actor="municipality")


def of_seller(**changes: Any) -> Change:
    return lambda facts: replace(facts, seller=replace(facts.seller, party=replace(facts.seller.party, **changes)))


def of_customer(**changes: Any) -> Change:
    return lambda facts: replace(facts, customer=replace(facts.customer, **changes))


@pytest.fixture
def invoice_of(example_book: PriceBook, facts: InvoiceFacts) -> Callable[..., Invoice]:
    def make(request: QuoteRequest, year: int = 1) -> Invoice:
        quote = calculate_quote(request, example_book)
        return make_invoice(quote, accepted(quote), year, facts)

    return make


@given(
    count=st.integers(0, 500_000),
    letters=st.integers(0, 5_000),
    programmes=st.lists(st.sampled_from(Programme), unique=True).map(tuple),
    years=st.integers(1, 5),
    vat=st.sampled_from(VatTreatment),
    country=st.sampled_from(["BE", "NL"]),
    unit=st.sampled_from(["0.01", "0.05", "1"]),
)
def test_every_year_of_every_quote_makes_an_invoice_that_passes_its_rules(
    ask: Ask, example_book: PriceBook, facts: InvoiceFacts, count: int, letters: int,
    programmes: tuple[Programme, ...], years: int, vat: VatTreatment, country: str, unit: str,
) -> None:  # fmt: skip
    book = replace(example_book, rounding=Rounding(Decimal(unit)))
    request = ask(count, programmes=programmes, years=years, vat=vat, country=country, letters=min(letters, count))
    quote = calculate_quote(request, book)
    for total in quote.years:
        invoice = make_invoice(quote, accepted(quote), total.year, facts)
        assert sum(line.amount for line in invoice.lines) - invoice.allowance_sum == invoice.net == total.net
        assert (invoice.vat_amount, invoice.gross) == (total.vat, total.gross)
        data = write_invoice(invoice)
        assert data == write_invoice(invoice)
        assert check_invoice_xml(data) == ()


def test_discounts_are_allowances_and_letters_have_their_price(ask: Ask, invoice_of: Callable[..., Invoice]) -> None:
    invoice = invoice_of(ask(12_000, programmes=tuple(Programme), years=3))
    assert [allowance.amount for allowance in invoice.allowances] == [Decimal("660.00"), Decimal("472.00")]
    letters = invoice.lines[-1]
    assert (letters.quantity, letters.price, letters.amount) == (12_000, Decimal("0.85"), Decimal("10200.00"))
    assert [line.quantity for line in invoice.lines[:-1]] == [1] * 5
    later = invoice_of(ask(12_000, years=3), year=2)
    assert (later.first, later.last, len(later.lines)) == (date(2028, 1, 1), date(2028, 12, 31), 1)


def test_letters_of_the_letters_plan_are_told_with_their_number(
    ask: Ask, example_book: PriceBook, facts: InvoiceFacts
) -> None:
    request = ask(12_000, letters_plan=LettersPlan(12_601, 13_000, 399, 10, "best-2026-11"))
    for unit, expected in (("0.01", ("Waterloo", 12_601, "0.85")), ("5", ("Waterloo, 12,601 letters", 1, "10710.00"))):
        quote = calculate_quote(request, replace(example_book, rounding=Rounding(Decimal(unit))))
        line = make_invoice(quote, accepted(quote), 1, facts).lines[-1]
        assert (line.description, line.quantity, str(line.price)) == expected


def test_the_order_of_elements_is_that_of_the_schema(ask: Ask, invoice_of: Callable[..., Invoice]) -> None:
    data = write_invoice(invoice_of(ask(12_000, years=3)))
    names = [child.tag.partition("}")[2] for child in ET.fromstring(data)]
    assert names == [
        "CustomizationID", "ProfileID", "ID", "IssueDate", "DueDate", "InvoiceTypeCode", "DocumentCurrencyCode",
        "BuyerReference", "InvoicePeriod", "AdditionalDocumentReference", "AccountingSupplierParty",
        "AccountingCustomerParty", "PaymentMeans", "AllowanceCharge", "TaxTotal", "LegalMonetaryTotal",
        "InvoiceLine", "InvoiceLine", "InvoiceLine",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda facts: replace(facts, buyer_reference=""), "PEPPOL-EN16931-R003"),
        (of_customer(electronic_address=None), "PEPPOL-EN16931-R010"),
        (of_seller(vat_number=None), "BR-S-02"),
        (lambda facts: replace(facts, seller=replace(facts.seller, iban="")), "BR-50"),
        (of_customer(registration="0207437467"), "PEPPOL-COMMON-R043"),
        (of_customer(vat_number="0207437468"), "BR-CO-09"),
        (lambda facts: replace(facts, number=""), "BR-02"),
    ],
)
def test_what_the_network_would_refuse_is_refused_here(
    ask: Ask, invoice_of: Callable[..., Invoice], facts: InvoiceFacts, change: Change, rule: str
) -> None:
    invoice = replace(invoice_of(ask(100)), facts=change(facts))
    with pytest.raises(InvoiceError) as refused:
        write_invoice(invoice)
    assert rule in [violation.rule for violation in refused.value.violations]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"line_sum": Decimal("1.00")}, "BR-CO-10"),
        ({"allowance_sum": Decimal("1.00")}, "BR-CO-11"),
        ({"net": Decimal("1.00")}, "BR-CO-13"),
        ({"gross": Decimal("1.00")}, "BR-CO-15"),
        ({"vat_amount": Decimal("1.00")}, "BR-CO-17"),
        ({"vat_amount": Decimal("1.001")}, "BR-DEC"),
        ({"vat_percent": Decimal(0)}, "BR-S-05"),
        ({"lines": ()}, "BR-16"),
    ],
)
def test_sums_that_do_not_agree_are_refused(
    ask: Ask, invoice_of: Callable[..., Invoice], change: dict[str, object], rule: str
) -> None:
    invoice = invoice_of(ask(12_000, years=3))
    with pytest.raises(InvoiceError) as refused:
        write_invoice(replace(invoice, **change))  # type: ignore[arg-type]
    assert rule in [violation.rule for violation in refused.value.violations]


def test_an_exemption_needs_its_article_and_a_reversal_its_buyer(
    ask: Ask, invoice_of: Callable[..., Invoice], facts: InvoiceFacts
) -> None:
    exempt = invoice_of(ask(100, vat=VatTreatment.EXEMPT))
    with pytest.raises(InvoiceError, match="BR-E-10"):
        write_invoice(replace(exempt, facts=replace(facts, exemption_reason=None)))
    reverse = invoice_of(ask(100, vat=VatTreatment.REVERSE_CHARGE))
    nobody = of_customer(vat_number=None, registration=None)
    with pytest.raises(InvoiceError, match="BR-AE-02"):
        write_invoice(replace(reverse, facts=nobody(facts)))


def test_a_dutch_seller_names_its_register_and_place(
    ask: Ask, invoice_of: Callable[..., Invoice], facts: InvoiceFacts
) -> None:
    dutch = Party("Verkoper", PostalAddress("", "", "", "NL"), ElectronicAddress("9944", "NL1B01"), "NL1B01")
    seller = Seller(dutch, "NL91ABNA0417164300")
    invoice = replace(invoice_of(ask(100)), facts=replace(facts, seller=seller))
    with pytest.raises(InvoiceError, match=r"NL-R-002.*NL-R-003"):
        write_invoice(invoice)


def test_only_an_accepted_offer_of_the_same_quote_is_invoiced(
    ask: Ask, example_book: PriceBook, facts: InvoiceFacts
) -> None:
    quote, other = calculate_quote(ask(100), example_book), calculate_quote(ask(101), example_book)
    for offer, year, code in (
        (Offer(digest_quote(quote)), 1, "not-accepted"),
        (accepted(other), 1, "wrong-quote"),
        (accepted(quote), 2, "no-such-year"),
    ):
        with pytest.raises(QuoteError) as refused:
            make_invoice(quote, offer, year, facts)
        assert refused.value.code == code


@pytest.mark.parametrize("data", [b"", b"<Invoice/>", b"\xff"])
def test_what_is_no_invoice_is_told(data: bytes) -> None:
    assert check_invoice_xml(data)[0].rule == "UBL-SR"
