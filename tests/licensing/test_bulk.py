"""Bulk prices are those of single quotes, cent for cent."""

import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.bulk import CSV_COLUMNS, MunicipalityHouseholds, price_all, write_bulk_csv
from licensing.price_book import PriceBook, Programme
from licensing.quote_request import BuurtCount, LettersPlan, MunicipalityScope, QuoteRequest
from licensing.quotes import Quote, calculate_quote


def single(area: MunicipalityHouseholds, book: PriceBook, programmes: tuple[Programme, ...], years: int) -> Quote:
    buurt = BuurtCount(f"{area.code}-01", area.name, area.households, "r1", "official")
    plan = LettersPlan(area.letters, area.letters, 0, 10, "addresses")
    scope = MunicipalityScope(area.code, area.name, area.country, 1, 1, (buurt,), letters_plan=plan)
    return calculate_quote(QuoteRequest((scope,), programmes, years, date(2027, 1, 1), "nl"), book)


@given(
    counts=st.lists(st.tuples(st.integers(0, 600_000), st.integers(0, 600_000)), min_size=1, max_size=5),
    programmes=st.lists(st.sampled_from(Programme), unique=True).map(tuple),
    years=st.integers(1, 6),
)
def test_bulk_prices_are_those_of_single_quotes(
    example_book: PriceBook, counts: list[tuple[int, int]], programmes: tuple[Programme, ...], years: int
) -> None:
    countries = ("BE", "NL")
    areas = [MunicipalityHouseholds(str(at), "", countries[at % 2], *count) for at, count in enumerate(counts)]
    only_belgium = replace(example_book, code="be", countries={"BE": example_book.countries["BE"]})
    prices = price_all(areas, [example_book, only_belgium], programmes=programmes, years=years)
    assert len(prices) == len(areas) + len(areas[::2])
    for price in prices:
        quote = single(price.municipality, example_book, programmes, years)
        assert price.term == quote.net
        assert price.first_year + price.one_off == quote.years[0].net
        assert price.price_per_household == quote.price_per_household


def test_bulk_csv_has_one_row_a_price(example_book: PriceBook) -> None:
    areas = [
        MunicipalityHouseholds("25110", "Waterloo", "BE", 12_600, 13_000),
        MunicipalityHouseholds("1", "Leeg", "BE", 0, 0),
    ]
    rows = list(csv.reader(io.StringIO(write_bulk_csv(price_all(areas, [example_book], programmes=[], years=1)))))
    assert rows == [
        list(CSV_COLUMNS),
        ["example-2026", "25110", "Waterloo", "12600", "13000", "3650.00", "13550.00", "17200.00", "0.29"],
        ["example-2026", "1", "Leeg", "0", "0", "1500.00", "2500.00", "4000.00", ""],
    ]


@pytest.mark.realdata
def test_every_flemish_municipality_has_a_price(real_data: Path, example_book: PriceBook) -> None:
    with (real_data / "belgium" / "flanders-areas" / "households-2021.csv").open(encoding="utf-8") as file:
        areas = [
            MunicipalityHouseholds(
                row["municipality"], row["name"], "BE", int(row["households"]), int(row["households"])
            )
            for row in csv.DictReader(file)
        ]
    prices = price_all(areas, [example_book], programmes=tuple(Programme), years=3)
    assert (len(prices), sum(price.municipality.households for price in prices)) == (300, 2_863_891)
    by_size = sorted(prices, key=lambda price: price.municipality.households)
    assert all(price.first_year >= Decimal(1500) for price in prices)
    assert [price.first_year for price in by_size] == sorted(price.first_year for price in prices)
