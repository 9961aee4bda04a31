"""Real municipalities get a quote and a PDF from the counts and borders that there are."""

import csv
import gzip
from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest

from licensing.offers import Offer
from licensing.parties import Party, PostalAddress, Seller
from licensing.price_book import PriceBook, Programme
from licensing.quote_formats import digest_quote, read_quote, write_quote
from licensing.quote_map import MapShape
from licensing.quote_pdf import QuoteDocument, render_pdf
from licensing.quote_request import BuurtCount, MunicipalityScope, QuoteRequest
from licensing.quotes import calculate_quote

pytestmark = pytest.mark.realdata


def test_amsterdam_gets_a_quote_and_a_pdf_by_its_518_buurten(real_data: Path, example_book: PriceBook) -> None:
    with gzip.open(
        real_data / "netherlands" / "cbs-kerncijfers-2024" / "buurten.csv.gz", "rt", encoding="utf-8"
    ) as file:
        counted = {row["buurtcode"]: row["huishoudens"] for row in csv.DictReader(file)}
    borders = gpd.read_file(real_data / "netherlands" / "amsterdam-2022" / "buurten.gpkg").to_crs(28992)
    rows = sorted(
        zip(borders["buurtcode"], borders["buurtnaam"], borders.geometry, strict=True), key=lambda row: row[0]
    )
    buurten = tuple(
        BuurtCount(code, name, int(counted.get(code) or 0), "cbs-kerncijfers-2024", "official",
                   unknown_sectors=0 if counted.get(code) else 1)
        for code, name, _ in rows
    )  # fmt: skip
    scope = MunicipalityScope("GM0363", "Amsterdam", "NL", 1, len(buurten), buurten)
    quote = calculate_quote(QuoteRequest((scope,), tuple(Programme), 3, date(2027, 1, 1), "nl"), example_book)
    assert (len(buurten), quote.households) == (518, 515_225)
    assert sum(buurt.unknown_sectors for buurt in buurten) == 31
    assert read_quote(write_quote(quote)) == quote
    seller = Seller(Party("Verkoper", PostalAddress("Straat 1", "9000", "Gent", "BE")), "BE68539007547034")
    customer = Party("Gemeente Amsterdam", PostalAddress("Amstel 1", "1011 PN", "Amsterdam", "NL"))
    shapes = {"GM0363": [MapShape(code, shape, at) for at, (code, _, shape) in enumerate(rows, start=1)]}
    made = QuoteDocument(quote, Offer(digest_quote(quote)), date(2026, 11, 24), seller, customer, shapes)
    assert render_pdf(made) == render_pdf(replace(made, quote=read_quote(write_quote(quote))))


def test_every_flemish_municipality_gets_a_quote(real_data: Path, example_book: PriceBook) -> None:
    with (real_data / "belgium" / "flanders-areas" / "households-2021.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        buurt = BuurtCount(f"{row['municipality']}-01", row["name"], int(row["households"]), "be-2021", "official")
        scope = MunicipalityScope(row["municipality"], row["name"], "BE", 1, 1, (buurt,))
        quote = calculate_quote(QuoteRequest((scope,), tuple(Programme), 3, date(2027, 1, 1), "nl"), example_book)
        assert quote.households == int(row["households"])
        assert write_quote(read_quote(write_quote(quote))) == write_quote(quote)
    assert len(rows) == 300
