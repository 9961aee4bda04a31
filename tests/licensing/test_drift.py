"""Drift tells in numbers and in words how a count moved since its quote, and how far the next tier is."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.drift import Drift, TierMove, describe_drift, measure_drift
from licensing.price_book import PriceBook, Programme
from licensing.quote_request import LANGUAGES, Language, QuoteRequest
from licensing.quotes import calculate_quote

Ask = Callable[..., QuoteRequest]


def moved(ask: Ask, book: PriceBook, quoted: int, current: int, *programmes: Programme) -> Drift:
    [drift] = measure_drift(calculate_quote(ask(quoted, programmes=programmes), book), {"25110": current}, book)
    return drift


def test_drift_tells_how_far_the_next_tier_is(ask: Ask, example_book: PriceBook) -> None:
    grown = moved(ask, example_book, 19_116, 19_881, Programme.PARTICIPATION)
    assert (grown.quoted, grown.current, grown.percent) == (19_116, 19_881, Decimal("4.0"))
    base, participation = grown.tiers
    assert (base.quoted_tier, base.current_tier, base.households_to_next_tier) == (2, 2, 120)
    assert (participation.item, participation.households_to_next_tier) == ("burgerparticipatie", 20_120)
    fallen = moved(ask, example_book, 19_116, 4_000)
    assert (fallen.tiers[0].quoted_tier, fallen.tiers[0].current_tier) == (2, 1)


@pytest.mark.parametrize(
    ("language", "count", "tier"),
    [
        ("en", "the count grew by 4%, from 19,116 to 19,881 households.", "the next tier is 120 households away."),
        ("nl", "het aantal huishoudens steeg met 4%, van 19.116 naar 19.881.", "nog 120 huishoudens tot de volgende"),
        ("fr", "le nombre de ménages a augmenté de 4 %, de 19 116 à 19 881.", "encore 120 ménages jusqu'à la tranche"),
        ("de", "Die Zahl der Haushalte ist um 4 % gestiegen, von 19.116 auf 19.881.", "noch 120 Haushalte bis zur"),
    ],
)
def test_a_growth_is_told_in_the_quotes_language(
    ask: Ask, example_book: PriceBook, language: Language, count: str, tier: str
) -> None:
    told = describe_drift(moved(ask, example_book, 19_116, 19_881), language).replace("\u00a0", " ")
    assert told.startswith("Waterloo")
    assert count in told
    assert tier in told


@pytest.mark.parametrize(
    ("quoted", "current", "sentence"),
    [
        (6_000, 5_001, "by 16.7%, from 6,000 to 5,001 households. Base licence: the tier below is 1 household away."),
        (6_000, 5_000, "Base licence: from tier 2 to tier 1. Base licence: the next tier is 1 household away."),
        (6_000, 6_000, "Waterloo: still 6,000 households. Base licence: the next tier is 14,001 households away."),
        (60_000, 60_001, "less than 0.1%, from 60,000 to 60,001 households. Base licence: from tier 3 to tier 4."),
        (70_000, 80_000, "Base licence: the highest tier holds already."),
        (0, 10, "the quote counted no households, and today there are 10."),
        (10, 0, "fell by 100%, from 10 to 0 households."),
    ],
)
def test_every_move_has_its_words(ask: Ask, example_book: PriceBook, quoted: int, current: int, sentence: str) -> None:
    assert sentence in describe_drift(moved(ask, example_book, quoted, current), "en")


def test_an_area_that_cannot_be_counted_is_told_and_not_left_out(ask: Ask, example_book: PriceBook) -> None:
    [drift] = measure_drift(calculate_quote(ask(100), example_book), {}, example_book)
    assert (drift.current, drift.percent, drift.tiers) == (None, None, ())
    for language in LANGUAGES:
        assert describe_drift(drift, language).startswith("Waterloo")


@given(count=st.integers(0, 150_000))
def test_the_next_tiers_are_where_the_distances_say(ask: Ask, example_book: PriceBook, count: int) -> None:
    table = example_book.countries["BE"].base
    move: TierMove = moved(ask, example_book, count, count).tiers[0]
    for distance, step in ((move.households_to_next_tier, 1), (move.households_to_tier_below, -1)):
        if distance is not None:
            assert table.tier_of(count + step * distance) == move.current_tier + step
            assert table.tier_of(count + step * (distance - 1)) == move.current_tier
