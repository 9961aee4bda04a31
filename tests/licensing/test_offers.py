"""An offer moves only as its machine says, keeps its number, and becomes a licence when it is accepted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

from licensing.licences import Licence, licences_of, renewals_due
from licensing.offers import (
    NEXT_STATES,
    Offer,
    OfferState,
    accept,
    decline,
    expire,
    issue,
    number_offer,
    parse_number,
    revise,
)
from licensing.price_book import PriceBook, Programme
from licensing.quote_formats import digest_quote
from licensing.quote_request import QuoteError, QuoteRequest
from licensing.quotes import calculate_quote

Ask = Callable[..., QuoteRequest]
DAY = date(2026, 11, 24)
ISSUED = issue(Offer("00"), 7, DAY, valid_days=30, actor="sales")


def in_state(state: OfferState) -> Offer:
    match state:
        case OfferState.DRAFT:
            return Offer("00")
        case OfferState.ACCEPTED:
            return accept(ISSUED, DAY, actor="municipality")
        case OfferState.DECLINED:
            return decline(ISSUED, DAY, actor="municipality")
        case OfferState.EXPIRED:
            return expire(ISSUED, DAY + timedelta(days=31))
    return ISSUED


@pytest.mark.parametrize(("state", "target"), list(product(OfferState, OfferState)))
def test_what_the_machine_does_not_name_cannot_happen(state: OfferState, target: OfferState) -> None:
    offer, day = in_state(state), DAY + timedelta(days=31 if target == OfferState.EXPIRED else 0)
    moves: dict[OfferState, Callable[[], Offer]] = {
        OfferState.ISSUED: lambda: issue(offer, 8, day, valid_days=30, actor="sales"),
        OfferState.ACCEPTED: lambda: accept(offer, day, actor="x"),
        OfferState.DECLINED: lambda: decline(offer, day, actor="x"),
    }
    if target == OfferState.EXPIRED:
        assert (expire(offer, day).state == target) == (target in NEXT_STATES[state] or state == target)
    elif target in NEXT_STATES[state]:
        moved = moves[target]()
        assert moved.state == moved.history[-1].state == target
        assert moved.quote_sha256 == offer.quote_sha256
    elif target in moves:
        with pytest.raises(QuoteError) as refused:
            moves[target]()
        assert refused.value.code == "wrong-state"


def test_an_offer_is_good_on_its_last_day_and_not_after() -> None:
    assert ISSUED.valid_until == date(2026, 12, 24)
    last = DAY + timedelta(days=30)
    assert expire(ISSUED, last) is ISSUED
    assert accept(ISSUED, last, actor="x").state == OfferState.ACCEPTED
    with pytest.raises(QuoteError, match="valid until 2026-12-24"):
        accept(ISSUED, last + timedelta(days=1), actor="x")


def test_time_does_not_run_back() -> None:
    with pytest.raises(QuoteError) as refused:
        accept(ISSUED, DAY - timedelta(days=1), actor="x")
    assert refused.value.code == "wrong-order"


def test_a_revision_links_to_its_origin_and_what_was_accepted_stands() -> None:
    second = revise(decline(ISSUED, DAY, actor="x"), "11")
    assert (second.origin, second.revision, second.number, second.state) == (ISSUED.number, 1, None, "draft")
    third = revise(issue(second, 8, DAY, valid_days=30, actor="sales"), "22")
    assert (third.origin, third.revision) == ("Q-2026-000008", 2)
    for state in (OfferState.DRAFT, OfferState.ACCEPTED):
        with pytest.raises(QuoteError, match="not revised"):
            revise(in_state(state), "11")


@pytest.mark.parametrize(
    "text", ["", "Q-2026-123", "Q-2026-000000", "q-2026-000001", "Q-2026-000001\n", "Q-٢٠٢٦-000001"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(QuoteError):
        parse_number(text)


def test_numbers_end_where_six_digits_do() -> None:
    assert parse_number(number_offer(2026, 999_999)) == (2026, 999_999)
    for sequence in (0, 1_000_000):
        with pytest.raises(QuoteError):
            number_offer(2026, sequence)


def test_an_accepted_offer_gives_a_licence_and_no_other_does(ask: Ask, example_book: PriceBook) -> None:
    quote = calculate_quote(ask(100, 200, years=3, programmes=(Programme.INCLUSION,)), example_book)
    offer = replace(in_state(OfferState.ACCEPTED), quote_sha256=digest_quote(quote))
    [licence] = licences_of(offer, quote)
    assert (licence.first, licence.last) == (date(2027, 1, 1), date(2029, 12, 31))
    assert licence.buurt_codes is None
    assert licence.covers(date(2029, 12, 31), "any")
    assert not licence.covers(date(2030, 1, 1), "any")
    with pytest.raises(QuoteError):
        licences_of(ISSUED, quote)
    [pilot] = licences_of(offer, calculate_quote(ask(100, in_plan=2), example_book))
    assert pilot.covers(date(2027, 1, 1), "25110-01")
    assert not pilot.covers(date(2027, 1, 1), "25110-02")


def test_a_renewal_is_due_until_a_successor_covers_all_of_it() -> None:
    old = Licence("Q-2026-000001", "25110", None, (), date(2026, 1, 1), date(2026, 12, 31))
    pilot = replace(
        old, offer_number="Q-2026-000002", buurt_codes=("a",), first=date(2027, 1, 1), last=date(2027, 12, 31)
    )
    other = replace(old, municipality="25112")
    assert renewals_due([old, pilot], DAY, within_days=37) == [old]
    assert renewals_due([old], DAY, within_days=36) == []
    assert renewals_due([old, other], DAY, within_days=90) == [old, other]
    assert renewals_due([old], date(2027, 1, 1), within_days=90) == []
    following = replace(pilot, buurt_codes=("a", "b"), first=date(2028, 1, 1), last=date(2028, 12, 31))
    assert renewals_due([pilot, following], date(2027, 12, 1), within_days=90) == []
    assert renewals_due([replace(pilot, buurt_codes=("c",)), following], date(2027, 12, 1), within_days=90) != []


def test_a_renewal_is_due_until_successors_carry_on_every_programme_line() -> None:
    both = (Programme.INCLUSION, Programme.COMMUNICATION)
    old = Licence("Q-2026-000001", "25110", None, both, date(2026, 1, 1), date(2026, 12, 31))
    new = replace(old, offer_number="Q-2026-000002", first=date(2027, 1, 1), last=date(2027, 12, 31))
    fewer = replace(new, programmes=both[:1])
    assert renewals_due([old, new], DAY, within_days=60) == []
    assert renewals_due([old, fewer], DAY, within_days=60) == [old]
    rest = replace(new, offer_number="Q-2026-000003", programmes=both[1:])
    assert renewals_due([old, fewer, rest], DAY, within_days=60) == []
