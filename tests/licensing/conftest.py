"""Requests and parties that the tests of licences share."""

from collections.abc import Callable
from datetime import date

import pytest

from licensing.invoices import InvoiceFacts
from licensing.parties import ElectronicAddress, Party, PostalAddress, Seller
from licensing.price_book import PriceBook, Programme, VatTreatment
from licensing.price_book_reader import read_example
from licensing.quote_request import BuurtCount, Language, LettersPlan, MunicipalityScope, QuoteRequest


@pytest.fixture(scope="session")
def example_book() -> PriceBook:
    return read_example().book


@pytest.fixture(scope="session")
def ask() -> Callable[..., QuoteRequest]:
    """Make a request for one municipality out of the households of its buurten."""

    def ask_for(
        *households: int,
        in_plan: int | None = None,
        programmes: tuple[Programme, ...] = (),
        years: int = 1,
        language: Language = "en",
        vat: VatTreatment = VatTreatment.STANDARD,
        country: str = "BE",
        letters: int | None = None,
        letters_plan: LettersPlan | None = None,
        start: date = date(2027, 1, 1),
    ) -> QuoteRequest:
        buurten = tuple(
            BuurtCount(f"25110-{place:02}", f"Buurt {place}", count, "statbel-households-2026", "official")
            for place, count in enumerate(households, start=1)
        )
        scope = MunicipalityScope(
            "25110",
            "Waterloo",
            country,  # type: ignore[arg-type]
            3,
            in_plan or len(buurten),
            buurten,
            letters,
            letters_plan=letters_plan,
        )
        return QuoteRequest((scope,), programmes, years, start, language, vat)

    return ask_for


@pytest.fixture(scope="session")
def facts() -> InvoiceFacts:
    """What an invoice needs beside its quote: a seller and a municipality on the Peppol network, numbers and days."""
    seller = Party(
        "Verkoper & zoon",
        PostalAddress("Straat 1", "9000", "Gent", "BE"),
        ElectronicAddress("0208", "0202239951"),
        "BE0202239951",
        "0202239951",
        email="facturen@verkoper.example",
    )
    customer = Party(
        "Gemeente <Waterloo>",
        PostalAddress("Rue 2", "1410", "Waterloo", "BE"),
        ElectronicAddress("0208", "0207437468"),
        "BE0207437468",
        "0207437468",
    )
    return InvoiceFacts(
        "2027/0001",
        date(2027, 1, 4),
        date(2027, 2, 3),
        Seller(seller, "BE68 5390 0754 7034", "GKCCBEBB"),
        customer,
        "PO-7",
        "+++090/9337/55493+++",
        "Art. 44 Wbtw",
    )
