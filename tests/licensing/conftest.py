"""Scopes and requests that the tests of licences share."""

from collections.abc import Callable
from datetime import date

import pytest

from licensing.price_book import PriceBook, Programme, VatTreatment
from licensing.price_book_reader import read_example
from licensing.quote_request import BuurtCount, Language, MunicipalityScope, QuoteRequest


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
        start: date = date(2027, 1, 1),
    ) -> QuoteRequest:
        buurten = tuple(
            BuurtCount(f"25110-{place:02}", f"Buurt {place}", count, "statbel-households-2026", "official")
            for place, count in enumerate(households, start=1)
        )
        scope = MunicipalityScope("25110", "Waterloo", country, 3, in_plan or len(buurten), buurten, letters)  # type: ignore[arg-type]
        return QuoteRequest((scope,), programmes, years, start, language, vat)

    return ask_for
