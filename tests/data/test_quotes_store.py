"""Quotes in the store: numbers without gaps under parallel issue, and records that nothing changes."""

import multiprocessing
import os
import secrets
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from multiprocessing.connection import Connection

import pytest
import shapely
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from data.quotes.licences import licences_of, list_renewals
from data.quotes.offers import (
    accept_quote,
    create_quote,
    decline_quote,
    find_quote,
    issue_quote,
    keep_pdf,
    kept_pdf,
    offer_of,
    record_bytes,
    record_of,
    set_pdf,
)
from data.quotes.price_books import find_book_on, publish_book, read_books
from data.store import Store, open_store
from data.store.licence_models import PublishedBook, StoredQuote
from households.eligibility import Period
from licensing.frozen_quotes import FrozenQuote, freeze_map
from licensing.offers import OfferState
from licensing.parties import Party, PostalAddress, Seller
from licensing.price_book import PriceBook
from licensing.price_book_reader import PriceBookError, read_example
from licensing.quote_map import MapShape
from licensing.quote_pdf import read_words
from licensing.quote_request import BuurtCount, MunicipalityScope, QuoteError, QuoteRequest
from licensing.quotes import calculate_quote

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOW.date()
SELLER = Seller(Party("Verkoper", PostalAddress("Straat 1", "9000", "Gent", "BE")), "BE68539007547034")
CUSTOMER = Party("Waterloo", PostalAddress(None, None, "Waterloo", "BE"))
SPAWN = multiprocessing.get_context("spawn")
WORKERS = 4


def example_text() -> str:
    from importlib import resources

    return resources.files("licensing").joinpath("example-price-book.yaml").read_text("utf-8")


def freeze(book: PriceBook, *, buurten: int = 2, in_plan: int = 2) -> FrozenQuote:
    counts = tuple(
        BuurtCount(f"25110-{at}", f"Buurt {at}", 4_000 + at, "counts-2026", "official") for at in range(buurten)
    )
    scope = MunicipalityScope("25110", "Waterloo", "BE", 1, in_plan, counts)
    quote = calculate_quote(QuoteRequest((scope,), (), 1, date(2027, 1, 1), "nl"), book)
    shapes = [MapShape(buurt.code, shapely.box(at * 100, 0, at * 100 + 100, 80), at) for at, buurt in enumerate(counts)]
    return FrozenQuote(
        1, TODAY, quote, SELLER, CUSTOMER, (freeze_map("25110", shapes, "EPSG:31370"),), read_words("nl")
    )


def token() -> str:
    return secrets.token_urlsafe(12)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url)
    with store.writing() as session:
        publish_book(session, example_text(), NOW, by="test", in_past=True)
    yield store
    store.close()


def draft(store: Store, **of: int) -> str:
    with store.writing() as session:
        return create_quote(session, freeze(read_example().book, **of), NOW, by="test", make_token=token).id


def issue_one(store: Store, quote_id: str) -> str:
    with store.writing() as session:
        row = find_quote(session, quote_id, lock=True)
        number = issue_quote(session, row, TODAY, valid_days=30, by="test").number
        assert number is not None
        return number


def test_a_quote_is_found_by_an_identifier_that_begins_as_numbers_do_and_by_its_number(store: Store) -> None:
    with store.writing() as session:
        frozen = freeze(read_example().book)
        create_quote(session, frozen, NOW, by="test", make_token=lambda: "Q-KIWEhE4B7v0iuG")
    number = issue_one(store, "Q-KIWEhE4B7v0iuG")
    with store.reading() as session:
        assert find_quote(session, number).id == "Q-KIWEhE4B7v0iuG"


def test_a_published_book_is_read_back_and_never_changes(store: Store) -> None:
    with store.reading() as session:
        assert read_books(session) == [read_example().book]
        assert find_book_on(session, TODAY).code == "example-2026"
    with pytest.raises(DBAPIError, match="never changes"), store.writing() as session:
        session.execute(update(PublishedBook).values(text="{}"))
    with pytest.raises(DBAPIError, match="never changes"), store.writing() as session:
        session.execute(text("DELETE FROM price_book"))


@pytest.mark.parametrize(
    ("change", "code", "line"),
    [
        (("code: example-2026", "code: other"), "same-day", 6),
        (("2026-01-01", "2027-01-01"), "same-code", 3),
    ],
)
def test_a_second_book_on_a_day_or_of_a_code_is_refused_with_its_line(
    store: Store, change: tuple[str, str], code: str, line: int
) -> None:
    with pytest.raises(PriceBookError) as caught, store.writing() as session:
        publish_book(session, example_text().replace(*change), datetime(2025, 1, 1, tzinfo=UTC), by="test")
    assert [(problem.code, problem.line) for problem in caught.value.problems] == [(code, line)]


def test_a_book_of_a_past_day_is_refused(store: Store) -> None:
    text = example_text().replace("example-2026", "late").replace("2026-01-01", "2026-11-23")
    with pytest.raises(PriceBookError, match="has passed"), store.writing() as session:
        publish_book(session, text, NOW, by="test")


def test_an_accepted_quote_gives_licence_periods(store: Store) -> None:
    quote_id = draft(store)
    issue_one(store, quote_id)
    with store.writing() as session:
        accept_quote(session, find_quote(session, quote_id, lock=True), TODAY, by="test")
    with store.reading() as session:
        assert licences_of(session, "25110") == (Period(date(2027, 1, 1), date(2027, 12, 31)),)
        assert licences_of(session, "25111") == ()
        [renewal] = list_renewals(session, date(2027, 11, 1), within_days=90)
        assert renewal.offer_number == "Q-2026-000001"


def test_a_pilot_licenses_its_buurten_alone(store: Store) -> None:
    quote_id = draft(store, buurten=1, in_plan=3)
    issue_one(store, quote_id)
    with store.writing() as session:
        accept_quote(session, find_quote(session, quote_id, lock=True), TODAY, by="test")
    with store.reading() as session:
        assert licences_of(session, "25110") == ()
        assert len(licences_of(session, "25110", ["25110-0"])) == 1
        assert licences_of(session, "25110", ["25110-1"]) == ()


def test_what_was_issued_stays_byte_for_byte(store: Store) -> None:
    quote_id = draft(store)
    with store.reading() as session:
        before = record_bytes(session, find_quote(session, quote_id))
    number = issue_one(store, quote_id)
    with store.writing() as session:
        row = find_quote(session, number)
        pdf = keep_pdf(session, row, set_pdf(session, row, TODAY))
        assert keep_pdf(session, row, b"later") == pdf
    with store.writing() as session:
        decline_quote(session, find_quote(session, number, lock=True), TODAY, by="test")
    with store.writing() as session:
        row = find_quote(session, number)
        assert record_bytes(session, row) == before
        assert kept_pdf(session, row) == pdf
        assert set_pdf(session, row, date(2030, 1, 1)) == pdf
    for column, value in (("record", b"{}"), ("pdf", b""), ("number", "Q-2026-000009")):
        with pytest.raises(DBAPIError, match="never changes"), store.writing() as session:
            session.execute(update(StoredQuote).values({column: value}))
    with pytest.raises(DBAPIError), store.writing() as session:
        session.execute(text("DELETE FROM quote"))


def test_an_offer_expires_the_day_after_its_last(store: Store) -> None:
    number = issue_one(store, draft(store))
    with store.reading() as session:
        row = find_quote(session, number)
        assert offer_of(row, date(2026, 12, 24)).state == OfferState.ISSUED
        late = offer_of(row, date(2027, 3, 1))
    assert (late.state, late.history[-1].day) == (OfferState.EXPIRED, date(2026, 12, 25))
    with pytest.raises(QuoteError, match="expired"), store.writing() as session:
        accept_quote(session, find_quote(session, number, lock=True), date(2026, 12, 25), by="test")


def test_a_failed_issue_gives_its_number_to_the_next(store: Store) -> None:
    first, second = draft(store), draft(store)

    def issue_and_fail() -> None:
        with store.writing() as session:
            issue_quote(session, find_quote(session, first, lock=True), TODAY, valid_days=30, by="test")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        issue_and_fail()
    assert issue_one(store, second) == "Q-2026-000001"
    assert issue_one(store, first) == "Q-2026-000002"
    with pytest.raises(QuoteError, match="cannot become issued"):
        issue_one(store, first)


def numbers(store: Store) -> list[str]:
    with store.reading() as session:
        return sorted(number for number in session.scalars(select(StoredQuote.number)) if number)


def test_100_issues_in_threads_give_100_consecutive_numbers(store: Store) -> None:
    drafts = [draft(store) for _ in range(100)]
    threads = [
        threading.Thread(target=lambda own: [issue_one(store, quote_id) for quote_id in own], args=(drafts[at::8],))
        for at in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers(store) == [f"Q-2026-{at:06}" for at in range(1, 101)]


def issue_all(url: str, drafts: list[str], answers: Connection) -> None:
    """One worker process: issue drafts, and say each number once it is committed."""
    store = open_store(url)
    for quote_id in drafts:
        answers.send(issue_one(store, quote_id))
    answers.close()
    store.close()


@pytest.mark.slow
def test_a_killed_worker_leaves_no_gap_and_no_double(store: Store, store_url: str) -> None:
    drafts = [draft(store) for _ in range(100)]
    running = []
    for worker in range(WORKERS):
        reader, writer = SPAWN.Pipe(duplex=False)
        process = SPAWN.Process(target=issue_all, args=(store_url, drafts[worker::WORKERS], writer))
        process.start()
        writer.close()
        running.append((process, reader))
    told = []
    for process, reader in running[:2]:
        told += [reader.recv() for _ in range(3)]
        os.kill(process.pid, signal.SIGKILL)  # type: ignore[arg-type]
    for process, reader in running:
        try:
            while True:
                told.append(reader.recv())
        except EOFError:
            process.join()
    given = numbers(store)
    assert set(told) <= set(given)
    assert given == [f"Q-2026-{at:06}" for at in range(1, len(given) + 1)]
    for quote_id in drafts:
        with store.reading() as session:
            left = find_quote(session, quote_id).number is None
        if left:
            issue_one(store, quote_id)
    assert numbers(store) == [f"Q-2026-{at:06}" for at in range(1, 101)]


def test_a_record_is_read_back_as_it_was_made(store: Store) -> None:
    quote_id = draft(store)
    with store.reading() as session:
        assert record_of(session, find_quote(session, quote_id)) == freeze(read_example().book)
