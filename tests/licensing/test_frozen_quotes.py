"""A record is read back byte for byte, and a frozen map is the map that was frozen."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from licensing.frozen_quotes import FrozenQuote, document_of, freeze_map, read_record, thaw_map, write_record
from licensing.offers import Offer
from licensing.parties import Party, PostalAddress, Seller
from licensing.price_book import PriceBook
from licensing.quote_formats import digest_quote
from licensing.quote_map import MapShape
from licensing.quote_pdf import read_words, render_pdf
from licensing.quote_request import LANGUAGES, LettersPlan, QuoteError, QuoteRequest
from licensing.quotes import calculate_quote

SELLER = Seller(Party("Verkoper", PostalAddress("Straat 1", "9000", "Gent", "BE")), "BE68539007547034")


def record_of(request: QuoteRequest, book: PriceBook) -> FrozenQuote:
    quote = calculate_quote(request, book)
    buurten = request.scopes[0].buurten
    shapes = [MapShape(buurt.code, shapely.box(at, 0, at + 1, 1), at + 1) for at, buurt in enumerate(buurten)]
    customer = Party("Waterloo", PostalAddress(None, None, None, "BE"))
    maps = (freeze_map("25110", shapes, "EPSG:31370"),)
    return FrozenQuote(1, date(2026, 11, 24), quote, SELLER, customer, maps, read_words(request.language))


@given(
    counts=st.lists(st.integers(0, 90_000), min_size=1, max_size=8),
    years=st.integers(1, 10),
    language=st.sampled_from(LANGUAGES),
    members=st.none() | st.integers(0, 10_000),
)
@settings(max_examples=30, deadline=None)
def test_a_record_is_read_back_byte_for_byte(
    ask: Callable[..., QuoteRequest],
    example_book: PriceBook,
    counts: list[int],
    years: int,
    language: str,
    members: int | None,
) -> None:
    plan = None if members is None else LettersPlan(max(9_000 - members, 0), 9_000, members, 10, "best-2026-11")
    record = record_of(ask(*counts, years=years, language=language, letters_plan=plan), example_book)
    data = write_record(record)
    assert read_record(data) == record
    assert write_record(read_record(data)) == data
    # What came later is not written where there is none.
    assert (b'"letters_plan"' in data) == (plan is not None)


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"version":1}'])
def test_what_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(QuoteError, match="no record"):
        read_record(data)


def test_a_record_with_white_space_is_not_the_record(ask: Callable[..., QuoteRequest], example_book: PriceBook) -> None:
    data = write_record(record_of(ask(100), example_book))
    with pytest.raises(QuoteError, match="canonical"):
        read_record(data + b"\n")


def test_the_pdf_is_made_of_the_record_alone(ask: Callable[..., QuoteRequest], example_book: PriceBook) -> None:
    record = record_of(ask(1_000, 2_000), example_book)
    offer = Offer(digest_quote(record.quote))
    assert render_pdf(document_of(read_record(write_record(record)), offer)) == render_pdf(document_of(record, offer))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_neighbours_of_a_frozen_map_keep_one_border(seed: int) -> None:
    random = np.random.default_rng(seed)
    points = shapely.multipoints(random.uniform(0, 8_000, (12, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=shapely.box(0, 0, 8_000, 8_000)))
    shapes = [MapShape(f"{at:02}", cell, at) for at, cell in enumerate(cells)]
    thawed = [shape.geometry for shape in thaw_map(freeze_map("1", shapes, "EPSG:31370"))]
    assert len(thawed) == len(cells)
    assert shapely.coverage_is_valid(np.array(thawed, dtype=object))
    assert shapely.area(thawed).sum() == pytest.approx(shapely.area(cells).sum() * 100, rel=1e-3)


def test_a_lake_stays_a_hole() -> None:
    island = shapely.box(0, 0, 1_000, 1_000).difference(shapely.box(400, 400, 600, 600))
    [shape] = thaw_map(freeze_map("1", [MapShape("a", island, 1)], "EPSG:31370"))
    assert shape.geometry.area == pytest.approx(96_000_000)


@pytest.mark.parametrize(
    ("name", "gross"), [("first-form.json", Decimal("6858.55")), ("letters-plan.json", Decimal("5934.20"))]
)
def test_records_of_former_forms_are_read_for_ever(name: str, gross: Decimal) -> None:
    data = Path(__file__).with_name("records").joinpath(name).read_bytes()
    record = read_record(data)
    assert write_record(record) == data
    assert record.quote.years[0].gross == gross
    assert render_pdf(document_of(record, Offer(digest_quote(record.quote)))).startswith(b"%PDF")
