"""Licences from accepted offers: their periods, and the renewals that are due."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from licensing.offers import Offer, OfferState
from licensing.price_book import Programme
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
    """Return the licences that end within some days and are not carried on as a whole, the earliest first.

    Successors carry a licence on where they begin by the day after, cover its buurten, and have all of its programme
    lines, one of them or several together. A line that nobody renews is one that sales has to ask about.

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
        and not _carried_on(licence, [other for other in known if _succeeds(other, licence)])
    ]
    return sorted(due, key=lambda licence: (licence.last, licence.municipality, licence.offer_number))


def _carried_on(licence: Licence, successors: Sequence[Licence]) -> bool:
    """Whether there is a successor, and all of them together have every programme line."""
    lines = {programme for successor in successors for programme in successor.programmes}
    return bool(successors) and lines.issuperset(licence.programmes)


def _succeeds(other: Licence, licence: Licence) -> bool:
    """Whether another licence covers the day after, and all the buurten."""
    wanted, held = licence.buurt_codes, other.buurt_codes
    wide_enough = held is None or (wanted is not None and set(wanted) <= set(held))
    day_after = licence.last + timedelta(days=1)
    return other.municipality == licence.municipality and wide_enough and other.first <= day_after <= other.last
