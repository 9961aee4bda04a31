"""Published price books: rows that never change, read back as the books that they were."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.members.audit import record
from data.store.licence_models import PublishedBook
from licensing.price_book import BookReference, PriceBook
from licensing.price_book_diff import canonical_text, read_canonical, refer_to
from licensing.price_book_reader import PriceBookError, check_publishable, read_price_book
from licensing.yaml_sections import Problem


class UnknownBookError(LookupError):
    """No published price book has that code, or holds on that day."""


def publish_book(session: Session, source: str, now: datetime, *, by: str, in_past: bool = False) -> BookReference:
    """Publish a price book for ever.

    Parameters
    ----------
    session
        A writing session.
    source
        The book in YAML.
    now
        The instant of publication.
    by
        Identifier of a key, or `command-line`.
    in_past
        Let it hold from a day that has passed: for an example, never for a book that prices offers.

    Raises
    ------
    PriceBookError
        It is no book, its day has passed, or another has its day or its code; each with the line.
    """
    file = read_price_book(source)
    today = file.book.valid_from if in_past else now.date()
    check_publishable(file, [refer_to(book) for book in read_books(session)], today)
    reference = refer_to(file.book)
    session.add(
        PublishedBook(
            code=file.book.code,
            valid_from=file.book.valid_from,
            published_at=now,
            published_by=by,
            sha256=reference.sha256,
            text=canonical_text(file.book),
            source=source,
        )
    )
    record(session, "price-book-published", now, book=file.book.code, sha256=reference.sha256, by=by)
    try:
        session.flush()
    except IntegrityError as error:
        # Somebody else published one on that day in the meantime.
        message = f"a book was published for {file.book.valid_from}, or as {file.book.code}, a moment ago"
        line = file.lines.get("valid_from", 1)
        raise PriceBookError([Problem(line, "valid_from", "same-day", message)]) from error
    return reference


def read_books(session: Session) -> list[PriceBook]:
    """Return all published books, by the day from which they hold."""
    return [read_canonical(row.text) for row in list_books(session)]


def list_books(session: Session) -> Sequence[PublishedBook]:
    """Return the rows of all published books, by the day from which they hold."""
    return session.scalars(select(PublishedBook).order_by(PublishedBook.valid_from)).all()


def find_book(session: Session, code: str) -> PriceBook:
    """Return the published book of a code.

    Raises
    ------
    UnknownBookError
        There is none.
    """
    row = session.get(PublishedBook, code)
    if row is None:
        known = ", ".join(session.scalars(select(PublishedBook.code).order_by(PublishedBook.valid_from)))
        raise UnknownBookError(f"no published price book has the code {code!r}; there are: {known or 'none'}")
    return read_canonical(row.text)


def find_book_on(session: Session, day: date) -> PriceBook:
    """Return the book that holds on a day: the latest that is valid from that day or before.

    Raises
    ------
    UnknownBookError
        None does.
    """
    row = session.scalar(
        select(PublishedBook).where(PublishedBook.valid_from <= day).order_by(PublishedBook.valid_from.desc()).limit(1)
    )
    if row is None:
        raise UnknownBookError(f"no price book holds on {day}; publish one with `buurtwijzer pricebook publish`")
    return read_canonical(row.text)
