"""Quotes in the store: made once, numbered without gaps at issue, answered, and found again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.members.audit import record as record_audit
from data.quotes.licences import store_licences
from data.store.licence_models import QuotedMunicipality, QuoteNumbers, StoredQuote
from licensing.frozen_quotes import FrozenQuote, digest_record, document_of, read_record, write_record
from licensing.licences import licences_of
from licensing.offers import Event, Offer, OfferState, accept, decline, expire, issue
from licensing.quote_formats import digest_quote
from licensing.quote_pdf import render_pdf


class UnknownQuoteError(LookupError):
    """No quote has that identifier or number."""


class StaleQuoteError(ValueError):
    """The quote has changed since the caller read it."""


@dataclass(frozen=True, slots=True)
class QuoteFilter:
    """Which quotes are wanted; None is any."""

    state: OfferState | None = None
    municipality: str | None = None
    country: str | None = None
    price_book: str | None = None
    year: int | None = None
    """Of issue."""
    valid_until_before: date | None = None


@dataclass(frozen=True, slots=True)
class QuoteEntry:
    """A quote of a list."""

    row: StoredQuote
    offer: Offer
    municipalities: tuple[QuotedMunicipality, ...]


@dataclass(frozen=True, slots=True)
class QuoteEntries:
    """A page of a list."""

    entries: tuple[QuoteEntry, ...]
    next_cursor: str | None
    """What the next page goes on after; None on the last one."""


def create_quote(
    session: Session,
    frozen: FrozenQuote,
    now: datetime,
    *,
    by: str,
    make_token: Callable[[], str],
    origin: Offer | None = None,
) -> StoredQuote:
    """Keep a quote as a draft, without a number.

    Parameters
    ----------
    session
        A writing session.
    frozen
        All that it says.
    now
        The present instant.
    by
        Who makes it: the identifier of a key, or `command-line`.
    make_token
        Gives a new random identifier.
    origin
        What `licensing.offers.revise` gave, where it revises another.
    """
    data = write_record(frozen)
    quote, request = frozen.quote, frozen.quote.request
    offer = origin or Offer(digest_quote(quote))
    row = StoredQuote(
        id=make_token(),
        version=1,
        state=offer.state.value,
        number=None,
        issued=None,
        valid_until=None,
        origin=offer.origin,
        revision=offer.revision,
        history=[],
        created_at=now,
        created_by=by,
        record=data,
        record_sha256=digest_record(data),
        quote_sha256=offer.quote_sha256,
        pdf=None,
        price_book=quote.price_book.code,
        country=request.country,
        language=request.language,
        start=request.start,
        years=request.years,
        households=quote.households,
        net=quote.net,
        gross=quote.gross,
    )
    session.add(row)
    session.flush()
    session.add_all(
        QuotedMunicipality(quote_id=row.id, municipality_code=scope.code, name=scope.name, households=scope.households)
        for scope in request.scopes
    )
    record_audit(session, "quote-created", now, quote=row.id, by=by)
    session.flush()
    return row


def find_quote(session: Session, name: str, *, lock: bool = False) -> StoredQuote:
    """Return the quote of an identifier or a number.

    Parameters
    ----------
    session
        A session on the store.
    name
        The identifier, or `Q-2026-000123`.
    lock
        Let nobody else change it until the end of the transaction.

    Raises
    ------
    UnknownQuoteError
        There is none.
    """
    wanted = select(StoredQuote).where(or_(StoredQuote.id == name, StoredQuote.number == name))
    wanted = wanted.execution_options(populate_existing=lock)
    row = session.scalar(wanted.with_for_update() if lock else wanted)
    if row is None:
        raise UnknownQuoteError(f"there is no quote {name!r}")
    return row


def offer_of(row: StoredQuote, today: date) -> Offer:
    """Return where a quote stands on a day: expired from the day after its last one, if nobody answered."""
    offer = Offer(
        row.quote_sha256,
        OfferState(row.state),
        row.number,
        row.issued,
        row.valid_until,
        row.origin,
        row.revision,
        tuple(
            Event(OfferState(event["state"]), date.fromisoformat(event["day"]), event["actor"]) for event in row.history
        ),
    )
    if offer.valid_until is not None and today > offer.valid_until:
        # On the day after its last, whenever somebody looks.
        return expire(offer, offer.valid_until + timedelta(days=1))
    return offer


def record_of(session: Session, row: StoredQuote) -> FrozenQuote:
    """Return what a quote says."""
    return read_record(record_bytes(session, row))


def record_bytes(session: Session, row: StoredQuote) -> bytes:
    """Return what a quote says, byte for byte as it was stored."""
    return session.execute(select(StoredQuote.record).where(StoredQuote.id == row.id)).scalar_one()


def issue_quote(session: Session, row: StoredQuote, day: date, *, valid_days: int, by: str) -> Offer:
    """Give a draft the next number of the year, in the session's transaction.

    The row of the year is locked until the transaction ends (SQLite: the whole store, by BEGIN IMMEDIATE), so that
    a number that is not committed is given to the next one, whatever happens to this process.

    Parameters
    ----------
    session
        A writing session.
    row
        Locked by `find_quote`.
    day
        The day of issue.
    valid_days
        Days for which it holds: those of its price book.
    by
        Who issues it.

    Raises
    ------
    QuoteError
        It is no draft.
    """
    # Refused before a number is asked for.
    draft = offer_of(row, day)
    issue(draft, 1, day, valid_days=valid_days, actor=by)
    sequence = _next_number(session, day.year)
    return _move(session, row, issue(draft, sequence, day, valid_days=valid_days, actor=by))


def accept_quote(session: Session, row: StoredQuote, day: date, *, by: str) -> Offer:
    """Accept an issued quote, and keep the licences that it gives.

    Raises
    ------
    QuoteError
        It is not issued, or its last day has passed.
    """
    offer = _move(session, row, accept(offer_of(row, day), day, actor=by))
    store_licences(session, row.id, licences_of(offer, record_of(session, row).quote))
    return offer


def decline_quote(session: Session, row: StoredQuote, day: date, *, by: str) -> Offer:
    """Decline an issued quote.

    Raises
    ------
    QuoteError
        It is not issued.
    """
    return _move(session, row, decline(offer_of(row, day), day, actor=by))


def check_version(row: StoredQuote, version: int) -> None:
    """Refuse a change by somebody who has not seen the last one.

    Raises
    ------
    StaleQuoteError
        The quote has another version.
    """
    if row.version != version:
        raise StaleQuoteError(f"the quote is at version {row.version}, and this change was asked for version {version}")


def kept_pdf(session: Session, row: StoredQuote) -> bytes | None:
    """Return the PDF of a quote as it was first given out after issue; None where it was not yet."""
    return session.execute(select(StoredQuote.pdf).where(StoredQuote.id == row.id)).scalar_one()


def set_pdf(session: Session, row: StoredQuote, today: date) -> bytes:
    """Set the PDF of a quote from its record. It shows number and last day, and no answer that came later."""
    return render_pdf(document_of(record_of(session, row), offer_of(row, today)))


def keep_pdf(session: Session, row: StoredQuote, pdf: bytes) -> bytes:
    """Keep the PDF of an issued quote, and return the one that counts: of two, the one that is stored first."""
    session.execute(update(StoredQuote).where(StoredQuote.id == row.id, StoredQuote.pdf.is_(None)).values(pdf=pdf))
    return kept_pdf(session, row) or pdf


def list_quotes(session: Session, wanted: QuoteFilter, today: date, *, after: str | None, limit: int) -> QuoteEntries:
    """Return a page of quotes, the newest first.

    Parameters
    ----------
    session
        A session on the store.
    wanted
        The filter.
    today
        The day on which the state is asked.
    after
        Identifier or number of the last one of the page before; None for the first page.
    limit
        At most so many.

    Raises
    ------
    UnknownQuoteError
        There is no such quote to go on after.
    """
    query = _filtered(select(StoredQuote), wanted, today)
    if after is not None:
        last = find_quote(session, after)
        at_once = and_(StoredQuote.created_at == last.created_at, StoredQuote.id < last.id)
        query = query.where(or_(StoredQuote.created_at < last.created_at, at_once))
    ordered = query.order_by(StoredQuote.created_at.desc(), StoredQuote.id.desc())
    rows = session.scalars(ordered.limit(limit + 1)).all()
    page = rows[:limit]
    return QuoteEntries(tuple(_entries(session, page, today)), page[-1].id if len(rows) > limit else None)


def entry_of(session: Session, row: StoredQuote, today: date) -> QuoteEntry:
    """Return a quote as it stands on a day, with its municipalities."""
    return _entries(session, [row], today)[0]


def _entries(session: Session, rows: Sequence[StoredQuote], today: date) -> list[QuoteEntry]:
    places: dict[str, list[QuotedMunicipality]] = {}
    for place in session.scalars(
        select(QuotedMunicipality)
        .where(QuotedMunicipality.quote_id.in_([row.id for row in rows]))
        .order_by(QuotedMunicipality.municipality_code)
    ):
        places.setdefault(place.quote_id, []).append(place)
    return [QuoteEntry(row, offer_of(row, today), tuple(places.get(row.id, ()))) for row in rows]


def _filtered(query: Select[Any], wanted: QuoteFilter, today: date) -> Select[Any]:
    if wanted.state == OfferState.EXPIRED:
        query = query.where(StoredQuote.state == OfferState.ISSUED.value, StoredQuote.valid_until < today)
    elif wanted.state is not None:
        query = query.where(StoredQuote.state == wanted.state.value)
        if wanted.state == OfferState.ISSUED:
            query = query.where(StoredQuote.valid_until >= today)
    if wanted.municipality is not None:
        of = select(QuotedMunicipality.quote_id).where(QuotedMunicipality.municipality_code == wanted.municipality)
        query = query.where(StoredQuote.id.in_(of))
    if wanted.country is not None:
        query = query.where(StoredQuote.country == wanted.country)
    if wanted.price_book is not None:
        query = query.where(StoredQuote.price_book == wanted.price_book)
    if wanted.year is not None:
        query = query.where(StoredQuote.issued.between(date(wanted.year, 1, 1), date(wanted.year, 12, 31)))
    if wanted.valid_until_before is not None:
        query = query.where(StoredQuote.valid_until < wanted.valid_until_before)
    return query


def _next_number(session: Session, year: int) -> int:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(QuoteNumbers).values(year=year, last=0).on_conflict_do_nothing(index_elements=["year"]))
    return session.execute(
        update(QuoteNumbers)
        .where(QuoteNumbers.year == year)
        .values(last=QuoteNumbers.last + 1)
        .returning(QuoteNumbers.last)
    ).scalar_one()


def _move(session: Session, row: StoredQuote, offer: Offer) -> Offer:
    row.state, row.number = offer.state.value, offer.number
    row.issued, row.valid_until = offer.issued, offer.valid_until
    row.history = [
        {"state": event.state.value, "day": event.day.isoformat(), "actor": event.actor} for event in offer.history
    ]
    row.version += 1
    session.flush()
    return offer
