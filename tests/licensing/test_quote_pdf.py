"""The PDF of a quote is the same bytes every time, says everything in its language, and is tagged."""

import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from importlib import resources

import pytest
import shapely

from licensing.offers import Offer, issue
from licensing.parties import Party, PostalAddress, Seller
from licensing.price_book import PriceBook, Programme, VatTreatment
from licensing.quote_formats import digest_quote, read_quote, write_quote
from licensing.quote_map import SCALE, MapShape, draw_map
from licensing.quote_pdf import QuoteDocument, render_pdf
from licensing.quote_request import LANGUAGES, Language, QuoteError, QuoteRequest
from licensing.quote_texts import ITEMS, METHODS, STEPS
from licensing.quotes import calculate_quote

Ask = Callable[..., QuoteRequest]
SELLER = Seller(Party("Verkoper #let x = 1", PostalAddress("Straat 1", "9000", "Gent", "BE")), "BE68539007547034")
CUSTOMER = Party("Gemeente *Waterloo* $x$ \\", PostalAddress("Rue 2", "1410", "Waterloo", "BE"))


def document(request: QuoteRequest, book: PriceBook, *, issued: bool = True) -> QuoteDocument:
    quote = calculate_quote(request, book)
    offer = Offer(digest_quote(quote))
    if issued:
        offer = issue(offer, 123, date(2026, 11, 24), valid_days=30, actor="sales")
    squares = [
        MapShape(buurt.code, shapely.box(at * 100, 0, at * 100 + 100, 100), at + 1)
        for at, buurt in enumerate(request.scopes[0].buurten)
    ]
    shapes = [*squares, MapShape("other", shapely.box(0, 100, 100, 200), None)]
    return QuoteDocument(quote, offer, date(2026, 11, 24), SELLER, CUSTOMER, {"25110": shapes})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("buurten", [1, 15, 25, 130])
def test_the_same_stored_quote_gives_the_same_bytes(
    ask: Ask, example_book: PriceBook, language: Language, buurten: int
) -> None:
    made = document(ask(*range(buurten), programmes=tuple(Programme), years=3, language=language), example_book)
    pdf = render_pdf(made)
    stored = read_quote(write_quote(made.quote))
    assert render_pdf(replace(made, quote=stored)) == pdf
    assert pdf.startswith(b"%PDF-1.7")
    assert b"pdfuaid:part>1<" in pdf
    assert b"/StructTreeRoot" in pdf
    assert f"/Lang({language})".encode() in pdf.replace(b"/Lang (", b"/Lang(")


@pytest.mark.parametrize("vat", VatTreatment)
def test_every_treatment_of_vat_and_every_length_of_term_can_be_set(
    ask: Ask, example_book: PriceBook, vat: VatTreatment
) -> None:
    for years in (1, 6, 10):
        assert render_pdf(document(ask(100, years=years, vat=vat), example_book, issued=False))


def test_a_pilot_with_counts_of_several_kinds_can_be_set(ask: Ask, example_book: PriceBook) -> None:
    request = ask(100, 200, 300, in_plan=9)
    [scope] = request.scopes
    buurten = tuple(replace(b, method=method) for b, method in zip(scope.buurten, METHODS, strict=False))
    mixed = replace(scope, buurten=(*buurten[:2], replace(buurten[2], unknown_sectors=2, release="other")))
    second = replace(scope, code="25112", name="Wavre")
    assert render_pdf(document(replace(request, scopes=(mixed, second)), example_book))


def test_an_offer_of_another_calculation_is_refused(ask: Ask, example_book: PriceBook) -> None:
    made = document(ask(100), example_book)
    with pytest.raises(QuoteError, match="another calculation"):
        render_pdf(replace(made, offer=Offer("00")))


def test_every_language_has_every_text() -> None:
    folder = resources.files("licensing").joinpath("templates")
    words = [tomllib.loads(folder.joinpath(f"{language}.toml").read_text("utf-8")) for language in LANGUAGES]
    assert all(set(texts) == set(words[0]) for texts in words)
    assert all(len(texts["conditions_list"]) == len(words[0]["conditions_list"]) for texts in words)
    for texts in (ITEMS, METHODS, STEPS):
        assert all(set(text) == set(LANGUAGES) and all(text.values()) for text in texts.values())


def test_a_map_is_drawn_the_same_whatever_the_order() -> None:
    shapes = [MapShape(str(at), shapely.box(at, 0, at + 1, 1), at) for at in range(5)]
    one, other = draw_map(shapes), draw_map(shapes[::-1])
    assert one is not None
    assert one == other
    assert one.svg.count("<path") == one.svg.count("<text") == 5
    assert (one.width, one.height) == (10_000, 2_000)


@pytest.mark.parametrize(
    "geometry",
    [shapely.Polygon(), shapely.MultiPolygon(), shapely.Point(1, 1)],
)
def test_nothing_to_draw_is_no_map(geometry: shapely.Geometry) -> None:
    assert draw_map([MapShape("a", geometry, 1)]) is None
    assert draw_map([]) is None


def test_a_code_cannot_break_out_of_the_drawing() -> None:
    drawing = draw_map([MapShape('"/><script>', shapely.box(0, 0, 1, 1), 1)])
    assert drawing is not None
    assert "<script>" not in drawing.svg


def test_holes_and_parts_are_drawn() -> None:
    island = shapely.box(0, 0, 10, 10).difference(shapely.box(3, 3, 6, 6)).union(shapely.box(20, 0, 30, 10))
    drawing = draw_map([MapShape("a", island, 1)])
    assert drawing is not None
    assert drawing.svg.count("M") == 3


def test_a_pilot_fills_its_map_and_what_is_far_away_is_left_out() -> None:
    grid = [MapShape(f"{x:02}-{y:02}", shapely.box(x, y, x + 1, y + 1), None) for x in range(20) for y in range(20)]
    pilot = [replace(shape, number=1) if shape.code == "10-10" else shape for shape in grid]
    everything, near = draw_map(grid), draw_map(pilot)
    assert everything is not None
    assert near is not None
    assert everything.svg.count("<path") == 400
    assert near.svg.count("<path") == 9
    assert near.width == near.height == SCALE
