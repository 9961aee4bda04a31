"""Prices one municipality: its lines for every year, from a count of households and the terms of its country.

The order is fixed, and every line is rounded once: tiers with minimum and maximum, indexation of the first year's
price, bundle discount on the programme lines, discount for the term on what is left, discount of a pilot on what is
left then; start-up and letters in the first year.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from licensing.money import ZERO, Rounding, exact_arithmetic, percent_of
from licensing.price_book import Programme, Terms
from licensing.quote_request import QuoteError


class LineKind(StrEnum):
    """What a line is for."""

    BASE = "base"
    PROGRAMME = "programme"
    BUNDLE_DISCOUNT = "bundle-discount"
    TERM_DISCOUNT = "term-discount"
    PILOT_DISCOUNT = "pilot-discount"
    START_UP = "start-up"
    LETTERS = "letters"

    @property
    def one_off(self) -> bool:
        """Whether it is paid in the first year only."""
        return self in {LineKind.START_UP, LineKind.LETTERS}

    @property
    def discount(self) -> bool:
        """Whether its amount is taken off."""
        return self in {LineKind.BUNDLE_DISCOUNT, LineKind.TERM_DISCOUNT, LineKind.PILOT_DISCOUNT}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a quote. The amount is without VAT; a discount's is negative."""

    municipality: str
    year: int
    kind: LineKind
    programme: Programme | None
    quantity: int
    """Households or letters; 1 where the amount does not depend on a number."""
    amount: Decimal


def price_municipality(
    terms: Terms,
    rounding: Rounding,
    *,
    municipality: str,
    households: int,
    programmes: Sequence[Programme],
    years: int,
    letters: int,
    pilot: bool = False,
) -> tuple[Line, ...]:
    """Price a licence.

    Parameters
    ----------
    terms
        Of the municipality's country.
    rounding
        Of the price book.
    municipality
        Its code, for the lines.
    households
        Counted in the buurten of the licence.
    programmes
        The programme lines beside the base licence, in any order.
    years
        The term.
    letters
        Households that get a letter.
    pilot
        Whether only some buurten are in it. The limits of a pilot are checked by `quotes.calculate_quote`.

    Returns
    -------
    tuple of Line
        Year by year, in the order in which they are computed.

    Raises
    ------
    QuoteError
        Where the book does not sell a programme line.

    Examples
    --------
    >>> from licensing.price_book_reader import read_example
    >>> book = read_example().book
    >>> lines = price_municipality(book.countries["BE"], book.rounding, municipality="25110", households=12_000,
    ...     programmes=[Programme.COMMUNICATION], years=1, letters=0)
    >>> [(line.kind.value, line.amount) for line in lines][:2]
    [('base', Decimal('3500.00')), ('programme', Decimal('2020.00'))]
    """
    with exact_arithmetic():
        base_table, tables = terms.tables(pilot=pilot)
        sold = [programme for programme in Programme if programme in programmes]
        for programme in sold:
            if programme not in tables:
                raise QuoteError("programme-not-sold", "programmes", f"the price book has no prices for {programme}")
        base = rounding.apply(base_table.price(households))
        prices = {programme: rounding.apply(tables[programme].price(households)) for programme in sold}
        lines: list[Line] = []
        for year in range(1, years + 1):
            factor = terms.indexation.factor(year) if terms.indexation is not None else Decimal(1)

            def add(kind: LineKind, amount: Decimal, quantity: int = 1, programme: Programme | None = None) -> Decimal:
                lines.append(Line(municipality, year, kind, programme, quantity, amount))  # noqa: B023 -- called at once
                return amount

            programme_sum = ZERO
            total = add(LineKind.BASE, rounding.apply(base * factor), households)
            for programme, price in prices.items():
                programme_sum += add(LineKind.PROGRAMME, rounding.apply(price * factor), households, programme)
            total += programme_sum
            if (bundle := terms.bundle_discount(len(sold))) is not None:
                total += add(LineKind.BUNDLE_DISCOUNT, -rounding.apply(percent_of(programme_sum, bundle.percent)))
            if (term := terms.term_discount(years)) is not None:
                total += add(LineKind.TERM_DISCOUNT, -rounding.apply(percent_of(total, term.percent)))
            if pilot and terms.pilot is not None:
                total += add(LineKind.PILOT_DISCOUNT, -rounding.apply(percent_of(total, terms.pilot.percent)))
            if year == 1:
                add(LineKind.START_UP, rounding.apply(terms.one_off.start_up))
                add(LineKind.LETTERS, rounding.apply(letters * terms.one_off.letter_per_household), letters)
    return tuple(lines)
