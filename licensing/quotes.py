"""A quote as a value: calculated once from frozen inputs and a price book, with every step explained."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from licensing.money import ZERO, Rounding, exact_arithmetic, percent_of
from licensing.price_book import BookReference, PriceBook, Terms, VatTreatment
from licensing.price_book_diff import refer_to
from licensing.pricing import Line, price_municipality
from licensing.quote_request import MunicipalityScope, QuoteError, QuoteRequest, licence_year
from licensing.steps import Step, explain_scope, make_step


@dataclass(frozen=True, slots=True)
class YearSum:
    """What one year of the licence costs; both days are included."""

    year: int
    first: date
    last: date
    net: Decimal
    vat: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    """The whole calculation. It refers to nothing outside itself, so that it stays what it is."""

    version: Literal[1]
    """Of this form."""
    price_book: BookReference
    currency: Literal["EUR"]
    request: QuoteRequest
    lines: tuple[Line, ...]
    years: tuple[YearSum, ...]
    vat_percent: Decimal
    net: Decimal
    vat: Decimal
    gross: Decimal
    households: int
    price_per_household: Decimal | None
    """First year without VAT and without what is paid once, per household; None where there are no households."""
    steps: tuple[Step, ...]


def calculate_quote(request: QuoteRequest, book: PriceBook) -> Quote:
    """Price a licence and explain it.

    Each municipality is priced for itself; VAT is taken once a year on the sum of that year's lines, as it will
    stand on the invoice.

    Parameters
    ----------
    request
        Counts, programme lines, years, start, language and VAT.
    book
        The price book.

    Returns
    -------
    Quote
        The same inputs always give the same quote.

    Raises
    ------
    QuoteError
        Where the book does not sell what is asked for.

    Examples
    --------
    >>> from licensing.price_book_reader import read_example
    >>> from licensing.quote_request import BuurtCount
    >>> buurt = BuurtCount("25110-01", "Waterloo", 12_600, "statbel-households-2021", "official")
    >>> scope = MunicipalityScope("25110", "Waterloo", "BE", 1, 1, (buurt,))
    >>> quote = calculate_quote(QuoteRequest((scope,), (), 1, date(2027, 1, 1), "en"), read_example().book)
    >>> quote.net, quote.vat, quote.gross
    (Decimal('16860.00'), Decimal('3540.60'), Decimal('20400.60'))
    >>> quote.steps[1].text
    'Base licence, tier 1 to 5,000 households: 5,000 × €0.35 = €1,750.00.'
    """
    terms = book.countries.get(request.country)
    if terms is None:
        raise QuoteError("country-not-sold", "scopes", f"the price book {book.code} has no terms for {request.country}")
    if request.vat not in terms.vat.treatments:
        raise QuoteError("vat-not-allowed", "vat", f"{request.vat} is not allowed in {request.country} by {book.code}")
    lines: list[Line] = []
    steps: list[Step] = []
    for scope in request.scopes:
        if not scope.whole:
            _check_pilot(scope, request, terms)
        own = price_municipality(
            terms,
            book.rounding,
            municipality=scope.code,
            households=scope.households,
            programmes=request.programmes,
            years=request.years,
            letters=scope.letters_sent,
            pilot=not scope.whole,
        )
        lines.extend(own)
        steps.extend(explain_scope(scope, request, terms, own))
    steps.append(make_step(request.language, "rounding", "rounding", unit=book.rounding.unit))
    with exact_arithmetic():
        percent = terms.vat.rate(request.vat)
        years = tuple(_sum_year(year, lines, request, percent, book.rounding) for year in range(1, request.years + 1))
        for year in years:
            steps.extend(_explain_sum(year, request, percent))
        yearly = sum((line.amount for line in lines if line.year == 1 and not line.kind.one_off), ZERO)
        return Quote(
            version=1,
            price_book=refer_to(book),
            currency=book.currency,
            request=request,
            lines=tuple(lines),
            years=years,
            vat_percent=percent,
            net=sum((year.net for year in years), ZERO),
            vat=sum((year.vat for year in years), ZERO),
            gross=sum((year.gross for year in years), ZERO),
            households=request.households,
            price_per_household=book.price_per_household(yearly, request.households),
            steps=tuple(steps),
        )


def _check_pilot(scope: MunicipalityScope, request: QuoteRequest, terms: Terms) -> None:
    pilot, where = terms.pilot, f"municipality {scope.code}"
    if pilot is None:
        raise QuoteError("pilot-not-sold", where, "the price book sells whole municipalities only; name all buurten")
    if len(scope.buurten) > pilot.max_buurten:
        message = f"a pilot has at most {pilot.max_buurten} buurten, not {len(scope.buurten)}; name fewer, or all"
        raise QuoteError("pilot-too-large", where, message)
    if request.years > pilot.max_years:
        raise QuoteError(
            "pilot-too-long", "years", f"a pilot runs at most {pilot.max_years} years, not {request.years}"
        )


def _sum_year(year: int, lines: list[Line], request: QuoteRequest, percent: Decimal, rounding: Rounding) -> YearSum:
    net = sum((line.amount for line in lines if line.year == year), ZERO)
    # VAT goes to the cent whatever unit the prices have: the invoice's own sum must agree (EN 16931, BR-CO-17).
    vat = Rounding(mode=rounding.mode).apply(percent_of(net, percent))
    return YearSum(year, *licence_year(request.start, year), net, vat, net + vat)


def _explain_sum(year: YearSum, request: QuoteRequest, percent: Decimal) -> list[Step]:
    language = request.language
    of = {"percent": percent, "price": year.net} if request.vat == VatTreatment.STANDARD else {}
    return [
        make_step(language, "sum", "year-sum", year=year.year, amount=year.net),
        make_step(language, "vat", f"vat-{request.vat}", municipality=None, year=year.year, amount=year.vat, **of),
    ]
