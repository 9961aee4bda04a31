"""Answers of quotes, licences and price books, as the HTTP API shows them."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field

from api.quote_comparisons import Compared
from data.quotes.offers import QuoteEntries, QuoteEntry
from data.store.licence_models import PublishedBook, StoredQuote
from licensing.drift import Drift, describe_drift
from licensing.licences import Licence
from licensing.offers import Offer
from licensing.price_book_diff import read_canonical
from licensing.quote_formats import write_quote
from licensing.quote_request import LANGUAGES, Language
from licensing.quotes import Quote

Amount = Annotated[Decimal, Field(description="Euros, as a string of decimal digits.")]


class Comparison(BaseModel):
    """An alternative of a preview."""

    name: str
    net: Amount
    difference: Amount = Field(description="Net, less that of the quote as asked.")
    households: int
    price_per_household: Amount | None
    quote: dict[str, Any]

    @classmethod
    def of(cls, compared: Compared) -> "Comparison":
        """Take it from a comparison."""
        quote = compared.quote
        return cls(
            name=compared.name,
            net=quote.net,
            difference=compared.difference,
            households=quote.households,
            price_per_household=quote.price_per_household,
            quote=json.loads(write_quote(quote)),
        )


class Preview(BaseModel):
    """A priced quote that was not stored, and its alternatives."""

    quote: dict[str, Any]
    what_if: list[Comparison]

    @classmethod
    def of(cls, asked: Quote, compared: Iterable[Compared]) -> "Preview":
        """Take it from a quote and its comparisons."""
        return cls(quote=json.loads(write_quote(asked)), what_if=[Comparison.of(other) for other in compared])


class EventAnswer(BaseModel):
    """A change of state."""

    state: str
    day: date
    actor: str


class MunicipalityOfQuote(BaseModel):
    """A municipality of a quote."""

    code: str
    name: str
    households: int


class QuoteSummary(BaseModel):
    """A quote of a list."""

    id: str
    number: str | None = Field(description="Given at issue; none before.")
    state: str = Field(description="draft, issued, accepted, declined or expired.")
    version: int = Field(description="Goes up with every change; the entity tag is made of it.")
    issued: date | None
    valid_until: date | None = Field(description="The last day on which it can be accepted.")
    origin: str | None = Field(description="Number of the quote that it revises.")
    revision: int
    created_at: datetime
    price_book: str
    country: str
    language: str
    start: date
    years: int
    households: int
    net: Amount
    gross: Amount
    municipalities: list[MunicipalityOfQuote] = []

    @classmethod
    def of(cls, entry: QuoteEntry) -> "QuoteSummary":
        """Take it from the store."""
        return cls(**_facts(entry.row, entry.offer), municipalities=_places(entry))


class QuotePage(BaseModel):
    """Quotes, the newest first."""

    data: list[QuoteSummary]
    next_cursor: str | None

    @classmethod
    def of(cls, page: QuoteEntries) -> "QuotePage":
        """Take it from the store."""
        return cls(data=[QuoteSummary.of(entry) for entry in page.entries], next_cursor=page.next_cursor)


class QuoteAnswer(QuoteSummary):
    """A quote with all that it says."""

    history: list[EventAnswer]
    record_sha256: str
    record: dict[str, Any] = Field(description="The frozen record; `f=record` gives its very bytes.")


class LicenceAnswer(BaseModel):
    """A licence of a municipality."""

    number: str = Field(description="Of the accepted quote.")
    municipality: str
    buurten: list[str] | None = Field(description="Absent for the whole municipality.")
    programmes: list[str]
    first: date
    last: date

    @classmethod
    def of(cls, licence: Licence) -> "LicenceAnswer":
        """Take it from the store."""
        return cls(
            number=licence.offer_number,
            municipality=licence.municipality,
            buurten=None if licence.buurt_codes is None else list(licence.buurt_codes),
            programmes=[str(programme) for programme in licence.programmes],
            first=licence.first,
            last=licence.last,
        )


class LicenceList(BaseModel):
    """Licences."""

    data: list[LicenceAnswer]


class TierAnswer(BaseModel):
    """Where a table of tiers puts a count, at the quote and today."""

    item: str = Field(description="`base`, or a programme line.")
    quoted_tier: int
    current_tier: int
    households_to_next_tier: int | None = Field(description="More households until it; null in the open tier.")
    households_to_tier_below: int | None = Field(description="Fewer households until it; null in the first tier.")


class DriftAnswer(BaseModel):
    """How far a municipality's count moved since its quote."""

    municipality: str
    name: str
    quoted: int
    current: int | None = Field(description="Null where the same area cannot be counted today as it was.")
    percent: Decimal | None
    text: str = Field(description="The same in words, in the quote's language.")
    tiers: list[TierAnswer]

    @classmethod
    def of(cls, drift: Drift, language: Language) -> "DriftAnswer":
        """Take it from the rules."""
        text = describe_drift(drift, language)
        return cls(**asdict(drift), text=text)


class DriftList(BaseModel):
    """Drift of each municipality of a quote."""

    data: list[DriftAnswer]

    @classmethod
    def of(cls, drifts: Iterable[Drift], row: StoredQuote) -> "DriftList":
        """Take them from the rules, with words in the language of the quote."""
        language = next(known for known in LANGUAGES if known == row.language)
        return cls(data=[DriftAnswer.of(drift, language) for drift in drifts])


class BookAnswer(BaseModel):
    """A published price book."""

    code: str
    title: str
    valid_from: date
    published_at: datetime
    published_by: str
    example: bool
    sha256: str

    @classmethod
    def of(cls, row: PublishedBook) -> "BookAnswer":
        """Take it from the store."""
        book = read_canonical(row.text)
        return cls(
            code=row.code,
            title=book.title,
            valid_from=row.valid_from,
            published_at=row.published_at,
            published_by=row.published_by,
            example=book.example,
            sha256=row.sha256,
        )


class PublishedBookAnswer(BookAnswer):
    """A price book that was just published, and what is odd in it."""

    warnings: list[str] = Field(description="Where more households cost less than fewer do, with the line.")


class BookList(BaseModel):
    """Published price books."""

    data: list[BookAnswer]


def show_quote(entry: QuoteEntry, record: dict[str, Any]) -> QuoteAnswer:
    """Return a quote with all that it says."""
    history = [EventAnswer(state=event.state, day=event.day, actor=event.actor) for event in entry.offer.history]
    return QuoteAnswer(
        **_facts(entry.row, entry.offer),
        municipalities=_places(entry),
        history=history,
        record_sha256=entry.row.record_sha256,
        record=record,
    )


def _facts(row: StoredQuote, offer: Offer) -> dict[str, Any]:
    names = (
        "id", "number", "version", "issued", "valid_until", "origin", "revision", "created_at", "price_book",
        "country", "language", "start", "years", "households", "net", "gross",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names} | {"state": offer.state.value}


def _places(entry: QuoteEntry) -> list[MunicipalityOfQuote]:
    return [
        MunicipalityOfQuote(code=place.municipality_code, name=place.name, households=place.households)
        for place in entry.municipalities
    ]
