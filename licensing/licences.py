"""Licences from accepted offers: their periods, the renewals that are due, and households that moved since."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from licensing.money import HUNDRED, Rounding, exact_arithmetic
from licensing.offers import Offer, OfferState
from licensing.price_book import PriceBook, Programme
from licensing.quote_request import QuoteError, licence_year
from licensing.quotes import Quote


@dataclass(frozen=True, slots=True)
class Licence:
    """What a municipality may use, from the first to the last day, both included."""

    offer_number: str
    municipality: str
    buurt_codes: tuple[str, ...] | None
    """None for the whole municipality, whatever its plan becomes; a pilot names its buurten."""
    programmes: tuple[Programme, ...]
    first: date
    last: date

    def covers(self, day: date, buurt_code: str) -> bool:
        """Whether a buurt of the municipality is licensed on a day."""
        named = self.buurt_codes is None or buurt_code in self.buurt_codes
        return named and self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class TierMove:
    """How far a table of tiers is from its next tier, then and now."""

    item: str
    """`base`, or a programme line."""
    quoted_tier: int
    current_tier: int
    households_to_next_tier: int | None
    """More households until the next tier; None in the open one."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How the count of a municipality moved since its quote."""

    municipality: str
    quoted: int
    current: int
    percent: Decimal | None
    """Change to a tenth of a percent; None where the quote had no households."""
    tiers: tuple[TierMove, ...]


def licences_of(offer: Offer, quote: Quote) -> tuple[Licence, ...]:
    """Return the licences that an accepted offer gives, one a municipality.

    Raises
    ------
    QuoteError
        `not-accepted`, in any other state.
    """
    if offer.state != OfferState.ACCEPTED or offer.number is None:
        raise QuoteError("not-accepted", "state", f"an offer that is {offer.state} gives no licence")
    request = quote.request
    first, last = request.start, licence_year(request.start, request.years)[1]
    return tuple(
        Licence(
            offer.number,
            scope.code,
            None if scope.whole else tuple(buurt.code for buurt in scope.buurten),
            request.programmes,
            first,
            last,
        )
        for scope in request.scopes
    )


def renewals_due(licences: Iterable[Licence], today: date, *, within_days: int) -> list[Licence]:
    """Return the licences that end within some days and have no successor, the earliest first.

    Parameters
    ----------
    licences
        All of them, past and future.
    today
        The day from which is counted; what ended before is over and not due.
    within_days
        How far ahead.

    Examples
    --------
    >>> old = Licence("Q-2026-000001", "25110", None, (), date(2026, 1, 1), date(2026, 12, 31))
    >>> new = Licence("Q-2026-000009", "25110", None, (), date(2027, 1, 1), date(2027, 12, 31))
    >>> [licence.offer_number for licence in renewals_due([old], date(2026, 11, 24), within_days=90)]
    ['Q-2026-000001']
    >>> renewals_due([old, new], date(2026, 11, 24), within_days=90)
    []
    """
    known = list(licences)
    due = [
        licence
        for licence in known
        if today <= licence.last <= today + timedelta(days=within_days)
        and not any(_succeeds(other, licence) for other in known)
    ]
    return sorted(due, key=lambda licence: (licence.last, licence.municipality, licence.offer_number))


def _succeeds(other: Licence, licence: Licence) -> bool:
    """Whether another licence covers the day after, and all the buurten."""
    wanted, held = licence.buurt_codes, other.buurt_codes
    wide_enough = held is None or (wanted is not None and set(wanted) <= set(held))
    day_after = licence.last + timedelta(days=1)
    return other.municipality == licence.municipality and wide_enough and other.first <= day_after <= other.last


def measure_drift(quote: Quote, households: Mapping[str, int], book: PriceBook) -> tuple[Drift, ...]:
    """Compare the counts of a quote with those of today.

    Parameters
    ----------
    quote
        The quote.
    households
        Today's households of the same buurten, by municipality code; one that is absent is left out.
    book
        The quote's price book, by which its tiers are read.

    Returns
    -------
    tuple of Drift
        In the order of the quote.

    Raises
    ------
    QuoteError
        `country-not-sold`, where the book has no terms for the quote's country.
    """
    terms = book.countries.get(quote.request.country)
    if terms is None:
        raise QuoteError("country-not-sold", "book", f"{book.code} has no terms for {quote.request.country}")
    drifts = []
    for scope in quote.request.scopes:
        current = households.get(scope.code)
        if current is None:
            continue
        base, programmes = terms.tables(pilot=not scope.whole)
        tables = {"base": base, **{name.value: programmes[name] for name in quote.request.programmes}}
        moves = tuple(
            TierMove(
                item, table.tier_of(scope.households), table.tier_of(current), table.households_to_next_tier(current)
            )
            for item, table in tables.items()
        )
        drifts.append(Drift(scope.code, scope.households, current, _change(scope.households, current), moves))
    return tuple(drifts)


def _change(before: int, after: int) -> Decimal | None:
    if not before:
        return None
    with exact_arithmetic():
        return Rounding(Decimal("0.1")).apply(HUNDRED * (after - before) / before)
