"""Makes quotes from what is asked: municipalities, counts, price book, parties; stored or only priced."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from api.settings import HouseholdSettings, SellerSettings
from data.directory import DataDirectory
from data.household_counts import CountBasis, read_basis
from data.municipalities import UnknownMunicipalityError, find_municipality
from data.plans.published import NoPlanError
from data.quotes.offers import (
    create_quote,
    find_quote,
    issue_quote,
    keep_pdf,
    kept_pdf,
    offer_of,
    record_of,
    set_pdf,
)
from data.quotes.price_books import find_book, find_book_on
from data.quotes.scopes import read_households, read_map, read_scope
from data.store import Store
from data.store.licence_models import StoredQuote
from data.tables import Country
from households.dwelling_keys import HouseholdKeys, read_keys
from licensing.bulk import MunicipalityHouseholds
from licensing.drift import Drift, measure_drift
from licensing.frozen_quotes import FrozenQuote
from licensing.offers import Offer, revise
from licensing.parties import Party, PostalAddress
from licensing.price_book import PriceBook, Programme, VatTreatment
from licensing.quote_formats import digest_quote
from licensing.quote_pdf import read_words
from licensing.quote_request import ASSUMED, BuurtCount, Language, MunicipalityScope, QuoteError, QuoteRequest
from licensing.quotes import Quote, calculate_quote


@dataclass(frozen=True, slots=True)
class QuoteSources:
    """What quotes are made from, beside the store."""

    directory: DataDirectory
    """Where the releases lie that households and dwellings are counted from."""
    seller: SellerSettings
    keys: HouseholdKeys | None = field(repr=False)
    """Without them nobody can be told to live in one part of a sector rather than another."""
    smallest_shown: int
    """The smallest number of members that is told, zero apart."""

    @classmethod
    def of(cls, directory: DataDirectory, households: HouseholdSettings) -> "QuoteSources":
        """Take them from the settings."""
        keys = read_keys(households.keys) if households.keys else None
        return cls(directory, SellerSettings(), keys, households.smallest_shown)


@dataclass(frozen=True, slots=True)
class ScopeWish:
    """A municipality that a quote is asked for."""

    municipality: str
    """Code, or name."""
    buurten: tuple[str, ...] | None = None
    """Some of its buurten, for a pilot; None for all."""
    letters: int | None = None
    """How many; None for those of the letters plan."""
    households: Mapping[str, int] | None = None
    """Other counts than the store's, by buurt code: for a preview alone."""


@dataclass(frozen=True, slots=True)
class QuoteWish:
    """What is asked for; the counts, the plan and the price book come from the store."""

    scopes: tuple[ScopeWish, ...]
    programmes: tuple[Programme, ...]
    years: int
    start: date
    language: Language
    vat: VatTreatment = VatTreatment.STANDARD
    book_day: date | None = None
    """The day whose price book holds; None for today."""
    book_code: str | None = None
    plan_day: date | None = None
    """The day whose plans hold; None for today."""
    customer: Party | None = None


def price(session: Session, sources: QuoteSources, wish: QuoteWish, now: datetime) -> Quote:
    """Price a wish with today's counts, without storing anything.

    Raises
    ------
    QuoteError, UnknownMunicipalityError, UnknownBookError, NoPlanError
        What is asked for cannot be sold, or does not exist.
    """
    book = _book(session, wish, now)
    scopes, _ = _scopes(session, sources, wish, now)
    return calculate_quote(_request(wish, scopes), book)


def freeze(session: Session, sources: QuoteSources, wish: QuoteWish, now: datetime) -> FrozenQuote:
    """Return the whole record of a quote: calculation, parties, map and wording.

    Raises
    ------
    QuoteError, UnknownMunicipalityError, UnknownBookError, NoPlanError
        What is asked for cannot be sold, or does not exist.
    """
    book = _book(session, wish, now)
    scopes, bases = _scopes(session, sources, wish, now)
    quote = calculate_quote(_request(wish, scopes), book)
    maps = tuple(read_map(session, bases[scope.country].releases.sectors, scope) for scope in scopes)
    customer = wish.customer or _customer(scopes)
    return FrozenQuote(1, now.date(), quote, sources.seller.seller, customer, maps, read_words(wish.language))


def read_all_households(
    session: Session, sources: QuoteSources, country: Country, now: datetime
) -> list[MunicipalityHouseholds]:
    """Return the households and letters of every municipality of a country, as a quote for it would count them.

    Raises
    ------
    UnknownMunicipalityError
        The country has no active sectors.
    """
    basis = read_basis(session, sources.directory, country)
    return read_households(session, basis, country, now, keys=sources.keys, smallest_shown=sources.smallest_shown)


def wish_of(quote: Quote, customer: Party) -> QuoteWish:
    """Return the wish that a quote answers, to be asked again with today's counts and price book."""
    request = quote.request
    scopes = tuple(
        ScopeWish(scope.code, None if scope.whole else tuple(buurt.code for buurt in scope.buurten), scope.letters)
        for scope in request.scopes
    )
    return QuoteWish(
        scopes, request.programmes, request.years, request.start, request.language, request.vat, customer=customer
    )


def revised(
    session: Session,
    sources: QuoteSources,
    row: StoredQuote,
    changes: Mapping[str, Any],
    now: datetime,
    *,
    by: str,
) -> StoredQuote:
    """Make a draft that takes the place of a stored quote, with today's counts and price book.

    Parameters
    ----------
    session
        A writing session.
    sources
        As for `freeze`.
    row
        The quote, locked by `find_quote`.
    changes
        Fields of `QuoteWish` that are to be different.
    now
        The present instant.
    by
        Who makes it.

    Raises
    ------
    QuoteError
        It is a draft or accepted, or what is asked for cannot be sold.
    """
    before = record_of(session, row)
    wish = replace(wish_of(before.quote, before.customer), **changes)
    frozen = freeze(session, sources, wish, now)
    origin = revise(offer_of(row, now.date()), digest_quote(frozen.quote))
    return create_quote(session, frozen, now, by=by, make_token=make_token, origin=origin)


def issue_by_book(session: Session, row: StoredQuote, day: date, *, by: str) -> Offer:
    """Issue a draft for as many days as its price book says."""
    book = find_book(session, row.price_book)
    return issue_quote(session, row, day, valid_days=book.quote_valid_days, by=by)


def drift_since(session: Session, sources: QuoteSources, row: StoredQuote, now: datetime) -> tuple[Drift, ...]:
    """Compare the counts of a stored quote with today's, by the tiers of its own price book."""
    quote = record_of(session, row).quote
    households = current_households(session, sources, quote, now)
    return measure_drift(quote, households, find_book(session, quote.price_book.code))


def current_households(session: Session, sources: QuoteSources, quote: Quote, now: datetime) -> dict[str, int]:
    """Return today's households of the areas of a quote, by municipality.

    A whole municipality is counted whole, whatever its plan has become; a pilot by its buurten. One that is no more is
    left out, and so is one that has more sectors without a count than it had: that is no fall in households.
    """
    found = {}
    for scope in quote.request.scopes:
        try:
            place = find_municipality(session, scope.code)
            basis = read_basis(session, sources.directory, place.country)
            today = read_scope(
                session,
                basis,
                place,
                now,
                language=quote.request.language,
                buurt_codes=None if scope.whole else [buurt.code for buurt in scope.buurten],
                keys=sources.keys,
                smallest_shown=sources.smallest_shown,
            )
        except (UnknownMunicipalityError, NoPlanError, QuoteError):
            continue
        if today.unknown_sectors <= scope.unknown_sectors:
            found[scope.code] = today.households
    return found


def give_pdf(store: Store, name: str, today: date) -> tuple[bytes, str | None]:
    """Return the PDF of a quote and its number: of a draft as it is set now, of any other as it was first given out.

    Nothing is locked while the pages are set.

    Raises
    ------
    UnknownQuoteError
        There is no such quote.
    """
    with store.reading() as session:
        row = find_quote(session, name)
        pdf = kept_pdf(session, row)
        if pdf is not None:
            return pdf, row.number
        pdf = set_pdf(session, row, today)
    if row.number is None:
        return pdf, None
    with store.writing() as session:
        return keep_pdf(session, row, pdf), row.number


def make_token() -> str:
    """Return a new random identifier of a quote."""
    return secrets.token_hex(12)


def _book(session: Session, wish: QuoteWish, now: datetime) -> PriceBook:
    if wish.book_code is not None:
        return find_book(session, wish.book_code)
    return find_book_on(session, wish.book_day or now.date())


def _scopes(
    session: Session, sources: QuoteSources, wish: QuoteWish, now: datetime
) -> tuple[tuple[MunicipalityScope, ...], Mapping[Country, CountBasis]]:
    bases: dict[Country, CountBasis] = {}
    scopes = []
    for wanted in wish.scopes:
        place = find_municipality(session, wanted.municipality)
        if place.country not in bases:
            bases[place.country] = read_basis(session, sources.directory, place.country)
        scope = read_scope(
            session,
            bases[place.country],
            place,
            now,
            language=wish.language,
            day=wish.plan_day,
            buurt_codes=wanted.buurten,
            letters=None if wanted.households is not None else wanted.letters,
            keys=sources.keys,
            smallest_shown=sources.smallest_shown,
        )
        scopes.append(scope if wanted.households is None else _recount(scope, wanted.households, wanted.letters))
    return tuple(scopes), bases


def _recount(scope: MunicipalityScope, households: Mapping[str, int], letters: int | None) -> MunicipalityScope:
    """Put other counts in the place of the store's; the dwellings of its letters plan stay."""
    if unknown := sorted(set(households) - {buurt.code for buurt in scope.buurten}):
        message = f"counts are given for {', '.join(unknown)}, which are not in the quote"
        raise QuoteError("no-such-buurt", f"municipality {scope.code}", message)
    buurten = tuple(
        BuurtCount(buurt.code, buurt.name, households[buurt.code], "what-if", ASSUMED)
        if buurt.code in households
        else buurt
        for buurt in scope.buurten
    )
    return replace(scope, buurten=buurten, letters=letters, estimate=None)


def _request(wish: QuoteWish, scopes: Sequence[MunicipalityScope]) -> QuoteRequest:
    return QuoteRequest(tuple(scopes), wish.programmes, wish.years, wish.start, wish.language, wish.vat)


def _customer(scopes: Sequence[MunicipalityScope]) -> Party:
    """Name the municipalities, where nobody says who the customer is."""
    name = ", ".join(scope.name for scope in scopes)
    return Party(name, PostalAddress(None, None, None, scopes[0].country))
