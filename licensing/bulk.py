"""Prices every municipality under every price book, for the yearly review, exactly as a single quote does."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from licensing.money import ZERO
from licensing.price_book import Country, PriceBook, Programme
from licensing.pricing import price_municipality

CSV_COLUMNS = (
    "price_book",
    "municipality",
    "name",
    "households",
    "letters",
    "first_year",
    "one_off",
    "term",
    "per_household",
)


@dataclass(frozen=True, slots=True)
class MunicipalityHouseholds:
    """A whole municipality, the sum of its buurten, and the letters that its licence starts with."""

    code: str
    name: str
    country: Country
    households: int
    letters: int
    """By the letters plan; one a household where no address register knows a dwelling there."""


@dataclass(frozen=True, slots=True)
class BulkPrice:
    """What a licence of a municipality costs under one book, without VAT."""

    book_code: str
    municipality: MunicipalityHouseholds
    first_year: Decimal
    """The yearly price of the first year."""
    one_off: Decimal
    term: Decimal
    """Everything, over all years."""
    price_per_household: Decimal | None


def price_all(
    municipalities: Iterable[MunicipalityHouseholds],
    books: Iterable[PriceBook],
    *,
    programmes: Sequence[Programme],
    years: int,
) -> list[BulkPrice]:
    """Price whole municipalities under several books.

    Parameters
    ----------
    municipalities
        With their households and letters.
    books
        The price books; one that has no terms for a country leaves its municipalities out.
    programmes
        Lines beside the base licence.
    years
        The term.

    Returns
    -------
    list of BulkPrice
        Book by book, in the order given. The sums are those of `quotes.calculate_quote` without VAT.

    Raises
    ------
    QuoteError
        Where a book does not sell a programme line.

    Examples
    --------
    >>> from licensing.price_book_reader import read_example
    >>> waterloo = MunicipalityHouseholds("25110", "Waterloo", "BE", 12_600, 12_600)
    >>> [price] = price_all([waterloo], [read_example().book], programmes=[], years=1)
    >>> price.first_year, price.one_off, price.price_per_household
    (Decimal('3650.00'), Decimal('13210.00'), Decimal('0.29'))
    """
    areas, prices = list(municipalities), []
    for book in books:
        for area in areas:
            terms = book.countries.get(area.country)
            if terms is None:
                continue
            lines = price_municipality(
                terms,
                book.rounding,
                municipality=area.code,
                households=area.households,
                programmes=programmes,
                years=years,
                letters=area.letters,
            )
            first_year = sum((line.amount for line in lines if line.year == 1 and not line.kind.one_off), ZERO)
            one_off = sum((line.amount for line in lines if line.kind.one_off), ZERO)
            term = sum((line.amount for line in lines), ZERO)
            per_household = book.price_per_household(first_year, area.households)
            prices.append(BulkPrice(book.code, area, first_year, one_off, term, per_household))
    return prices


def write_bulk_csv(prices: Iterable[BulkPrice]) -> str:
    """Return bulk prices as CSV (RFC 4180)."""
    with io.StringIO(newline="") as buffer:
        writer = csv.writer(buffer)
        writer.writerow(CSV_COLUMNS)
        for price in prices:
            area = price.municipality
            sums = (price.first_year, price.one_off, price.term, price.price_per_household)
            writer.writerow((price.book_code, area.code, area.name, area.households, area.letters, *sums))
        return buffer.getvalue()
