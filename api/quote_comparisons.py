"""What-if: the same quote under another price book, by the plans of another day, or with other counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from api.quoting import QuoteSources, QuoteWish, price
from licensing.quote_request import QuoteError
from licensing.quotes import Quote


@dataclass(frozen=True, slots=True)
class Alternative:
    """What is to be different; what is None stays as it was asked for."""

    name: str
    price_book: str | None = None
    """Code of a published book."""
    plan_on: date | None = None
    """The day whose plans hold."""
    households: Mapping[str, int] | None = None
    """Other counts by buurt code."""

    def change(self, wish: QuoteWish) -> QuoteWish:
        """Return the wish that this makes of another.

        Raises
        ------
        QuoteError
            `several-municipalities`, where counts are given for a quote of more than one.
        """
        if self.price_book is not None:
            wish = replace(wish, book_code=self.price_book)
        if self.plan_on is not None:
            wish = replace(wish, plan_day=self.plan_on)
        if self.households is not None:
            if len(wish.scopes) > 1:
                raise QuoteError(
                    "several-municipalities", "what_if", "other counts are for a quote of one municipality"
                )
            wish = replace(wish, scopes=(replace(wish.scopes[0], households=self.households),))
        return wish


@dataclass(frozen=True, slots=True)
class Compared:
    """An alternative, priced."""

    name: str
    quote: Quote
    difference: Decimal
    """Its net sum less that of the quote as asked."""


def compare(
    session: Session,
    sources: QuoteSources,
    wish: QuoteWish,
    asked: Quote,
    alternatives: Iterable[Alternative],
    now: datetime,
) -> list[Compared]:
    """Price the alternatives of a wish with today's counts, without storing anything.

    Parameters
    ----------
    session, sources, wish, now
        As for `quoting.price`.
    asked
        The quote of the wish itself.
    alternatives
        What to compare it with.

    Raises
    ------
    QuoteError, UnknownBookError, NoPlanError
        An alternative cannot be sold, or does not exist.
    """
    compared = []
    for alternative in alternatives:
        quote = price(session, sources, alternative.change(wish), now)
        compared.append(Compared(alternative.name, quote, quote.net - asked.net))
    return compared
