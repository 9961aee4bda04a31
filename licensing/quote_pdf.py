"""Sets a quote as a tagged PDF in its language; the same inputs give the same bytes."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from importlib import resources
from typing import Any

from licensing.money import ZERO
from licensing.number_formats import format_count, format_date, format_decimal, format_money, format_percent
from licensing.offers import Offer
from licensing.parties import Party, PostalAddress, Seller
from licensing.price_book import VatTreatment
from licensing.pricing import Line
from licensing.quote_formats import digest_quote
from licensing.quote_map import MAX_LABELS, MapShape, draw_map, map_height_mm
from licensing.quote_request import BuurtCount, Language, MunicipalityScope, QuoteError
from licensing.quote_texts import ITEMS, name_method
from licensing.quotes import Quote
from licensing.steps import item_of
from licensing.typesetting import set_pdf

YEARS_A_TABLE = 5
"""Years that stand beside each other; a longer term gets tables of even width."""
SMALL_TABLE_ROWS = 14
"""Up to here the map stands beside the table, where all counts were found in one way; else above it."""


@dataclass(frozen=True, slots=True)
class QuoteDocument:
    """All that a PDF is made of."""

    quote: Quote
    offer: Offer
    day: date
    """Date of a draft; an issued offer has its own."""
    seller: Seller
    customer: Party
    shapes: Mapping[str, Sequence[MapShape]]
    """The buurten to draw, by municipality code; none for no map."""
    words: Mapping[str, Any] | None = None
    """Every text, as `read_words` gives them; None for today's in the quote's language."""


def render_pdf(document: QuoteDocument) -> bytes:
    """Return the PDF of a quote.

    It is tagged, with a title, a language and a text for the map.

    Parameters
    ----------
    document
        The quote, the offer that it belongs to, both parties, and the polygons of the map.

    Returns
    -------
    bytes
        A function of the document and of the versions of typst and of the templates.

    Raises
    ------
    QuoteError
        `wrong-quote`, where the offer was made for another calculation.
    """
    if document.offer.quote_sha256 != digest_quote(document.quote):
        raise QuoteError("wrong-quote", "offer", "the offer belongs to another calculation than the quote")
    day = document.offer.issued or document.day
    template = resources.files("licensing").joinpath("templates", "quote.typ").read_bytes()
    return set_pdf(template, _describe(document, day), datetime(day.year, day.month, day.day, tzinfo=UTC))


def read_words(language: Language) -> dict[str, Any]:
    """Return the texts of the document in a language: strings, and tuples of strings."""
    text = resources.files("licensing").joinpath("templates", f"{language}.toml").read_text("utf-8")
    words = tomllib.loads(text)
    return {name: tuple(word) if isinstance(word, list) else word for name, word in words.items()}


def _describe(document: QuoteDocument, day: date) -> dict[str, Any]:
    """Return everything that the template shows, as text in the quote's language."""
    quote, offer, request = document.quote, document.offer, document.quote.request
    language = request.language
    # A text that came after the record was kept is today's.
    words = read_words(language) | dict(document.words or {})
    place = ", ".join(scope.name for scope in request.scopes)
    first, last = (format_date(end, language) for end in (quote.years[0].first, quote.years[-1].last))
    valid_until = format_date(offer.valid_until, language) if offer.valid_until is not None else None
    heading = f"{words['title']} {offer.number}" if offer.number else f"{words['title']} – {words['draft']}"
    facts = [(words["date"], format_date(day, language))]
    if valid_until is not None:
        facts.append((words["valid_until"], valid_until))
    facts.append((words["term"], words["term_days"].format(first=first, last=last)))
    if offer.origin is not None:
        facts.append((words["revises"], offer.origin))
    notes = [words["example_note"]] if quote.price_book.example else []
    if offer.number is None:
        notes.append(words["draft_note"])
    conditions = [text.format(last=last) for text in words["conditions_list"]]
    if valid_until is not None:
        conditions.insert(0, words["valid_condition"].format(valid_until=valid_until))
    book = quote.price_book
    return {
        "language": language,
        "words": words,
        "day": {"year": day.year, "month": day.month, "day": day.day},
        "document_title": f"{heading}, {place}",
        "heading": heading,
        "seller": {"name": document.seller.party.name, "lines": _seller_lines(document.seller)},
        "customer": {"name": document.customer.name, "lines": _customer_lines(document.customer)},
        "facts": facts,
        "notes": notes,
        "intro": words["intro"].format(place=place, first=first, last=last),
        "highlights": _highlights(quote, words),
        "price_tables": _price_tables(quote, words),
        "price_note": _price_note(quote, words),
        "areas": [_describe_area(document, scope, words) for scope in request.scopes],
        "steps_intro": words["steps_intro"].format(code=book.code, valid_from=format_date(book.valid_from, language)),
        "steps": [step.text for step in quote.steps],
        "conditions": conditions,
        "acceptance": words["acceptance_intro"].format(customer=document.customer.name) if offer.number else None,
        "footer": f"{document.seller.party.name} · {offer.number or words['draft']} · {place}",
    }


def _seller_lines(seller: Seller) -> list[str]:
    party, address = seller.party, seller.party.address
    reach = [part for part in (party.email, party.phone, seller.website) if part]
    numbers = [part for part in (party.vat_number, f"IBAN {seller.iban}") if part]
    seat = ", ".join(part for part in (address.street, _place(address)) if part)
    return [line for line in (seat, " · ".join(reach), " · ".join(numbers)) if line]


def _customer_lines(customer: Party) -> list[str]:
    address = customer.address
    lines = [customer.contact, address.street, _place(address), customer.vat_number]
    return [line for line in lines if line]


def _place(address: PostalAddress) -> str:
    return " ".join(part for part in (address.postcode, address.city) if part)


def _highlights(quote: Quote, words: dict[str, Any]) -> list[tuple[str, str, str]]:
    language = quote.request.language
    shown = [(words["first_year"], format_money(quote.years[0].net, language), "")]
    if quote.price_per_household is not None:
        price = format_money(quote.price_per_household, language)
        shown.append((words["per_household"], price, words["per_household_note"]))
    shown.append((words["whole_term"], format_money(quote.gross, language), ""))
    return shown


def _price_tables(quote: Quote, words: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the lines as tables of a few years each, all about as wide."""
    count = len(quote.years)
    tables = -(-count // YEARS_A_TABLE)
    width = -(-count // tables)
    return [_price_table(quote, words, quote.years[at : at + width]) for at in range(0, count, width)]


def _price_table(quote: Quote, words: dict[str, Any], years: Sequence[Any]) -> dict[str, Any]:
    language, numbers = quote.request.language, [year.year for year in years]
    rows: list[dict[str, Any]] = []
    for scope in quote.request.scopes:
        if len(quote.request.scopes) > 1:
            rows.append({"kind": "municipality", "name": scope.name})
        own = [line for line in quote.lines if line.municipality == scope.code and line.year in numbers]
        items: dict[str, list[Line]] = {}
        for line in own:
            items.setdefault(item_of(line), []).append(line)
        for item, lines in items.items():
            by_year = {line.year: line.amount for line in lines}
            amounts = [_amount(by_year[year], language) if year in by_year else "" for year in numbers]
            if any(by_year.values()):
                rows.append({"kind": "line", "name": ITEMS[item][language], "amounts": amounts})
    vat = words[f"vat_{quote.request.vat.value.replace('-', '_')}"]
    vat = vat.format(percent=format_percent(quote.vat_percent, language))
    for kind, name in (("net", words["net"]), ("vat", vat), ("gross", words["gross"])):
        amounts = [_amount(getattr(year, kind), language) for year in years]
        rows.append({"kind": kind, "name": name, "amounts": amounts})
    return {"years": [words["year"].format(year=number) for number in numbers], "rows": rows}


def _amount(amount: Any, language: Language) -> str:
    return format_decimal(amount, language, places=2) if amount else format_decimal(ZERO, language, places=2)


def _price_note(quote: Quote, words: dict[str, Any]) -> str:
    if quote.request.vat == VatTreatment.STANDARD:
        return str(words["in_euros"])
    return f"{words['in_euros']} {words['vat_note_' + quote.request.vat.value.replace('-', '_')]}"


def _describe_area(document: QuoteDocument, scope: MunicipalityScope, words: dict[str, Any]) -> dict[str, Any]:
    language = document.quote.request.language
    methods = sorted({buurt.method for buurt in scope.buurten})
    rows = []
    for number, buurt in enumerate(scope.buurten, start=1):
        row = [str(number), buurt.name, _households(buurt, language)]
        rows.append(row + ([name_method(buurt.method, language)] if len(methods) > 1 else []))
    sources = [
        words["source"].format(
            release=release,
            method=name_method("+".join(methods), language),
            plan=scope.plan_version,
        )
        for release, methods in _methods_by_release(scope).items()
    ]
    if scope.estimate is not None:
        bounds = {name: format_count(number, language) for name, number in asdict(scope.estimate).items()}
        sources.append(words["estimate"].format(**bounds))
    elif any(buurt.estimate is not None for buurt in scope.buurten):
        sources.append(words["estimated_shares"])
    if scope.unknown_sectors:
        sources.append(words["unknown_sectors"].format(sectors=format_count(scope.unknown_sectors, language)))
    drawing = draw_map(document.shapes.get(scope.code, ()))
    beside = drawing is not None and len(rows) <= SMALL_TABLE_ROWS and len(methods) == 1
    whole = "map_alt_one" if len(rows) == 1 else "map_alt" if len(rows) <= MAX_LABELS else "map_alt_many"
    alt = words[whole if scope.whole else "map_alt_some"]
    return {
        "name": scope.name,
        "methods": len(methods) > 1,
        "rows": rows,
        "total": format_count(scope.households, language),
        "sources": sources,
        "map": drawing.svg if drawing is not None else None,
        "map_beside": beside,
        "map_height": map_height_mm(drawing, 68 if beside else 120, 75 if beside else 62) if drawing is not None else 0,
        "map_alt": alt.format(place=scope.name, count=len(rows)),
    }


def _households(buurt: BuurtCount, language: Language) -> str:
    """Write a count: a dash where nothing is known, "at least" where something is not, "about" for an estimate."""
    if buurt.unknown_sectors and not buurt.households:
        return "–"
    mark = "≥ " if buurt.unknown_sectors else "≈ " if buurt.estimate is not None else ""
    return mark + format_count(buurt.households, language)


def _methods_by_release(scope: MunicipalityScope) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for buurt in scope.buurten:
        found.setdefault(buurt.release, set()).update(buurt.method.split("+"))
    return {release: sorted(methods) for release, methods in sorted(found.items())}
