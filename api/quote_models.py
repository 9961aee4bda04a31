"""Requests and answers of quotes, licences and price books, as the HTTP API shows them."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.quote_comparisons import Alternative, Compared
from api.quoting import QuoteWish, ScopeWish
from data.quotes.offers import QuoteEntries, QuoteEntry
from data.store.licence_models import PublishedBook, StoredQuote
from licensing.drift import Drift, describe_drift
from licensing.licences import Licence
from licensing.offers import Offer
from licensing.parties import ElectronicAddress, Party, PostalAddress
from licensing.price_book import Country, Programme, VatTreatment
from licensing.price_book_diff import read_canonical
from licensing.price_book_reader import MAX_BOOK_CHARACTERS
from licensing.quote_formats import write_quote
from licensing.quote_request import LANGUAGES, MAX_YEARS, Language
from licensing.quotes import Quote

MAX_COUNT = 100_000_000
MAX_WHAT_IF = 20
"""Alternatives of one quote."""
Text = Annotated[str, Field(min_length=1, max_length=200)]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Amount = Annotated[Decimal, Field(description="Euros, as a string of decimal digits.")]


class Closed(BaseModel):
    """A body in which an unknown field is refused."""

    model_config = ConfigDict(extra="forbid")


class ScopeRequest(Closed):
    """A municipality, or some of its buurten."""

    municipality: Text = Field(description="Official code, or name in any of its languages.", examples=["25110"])
    buurten: Annotated[list[Text], Field(min_length=1, max_length=1_000)] | None = Field(
        default=None, description="Codes of buurten, for a pilot; absent, the whole municipality."
    )
    letters: Count | None = Field(
        default=None,
        description="Invitation letters; absent, one for each dwelling that has no member household, or for each "
        "household where no address register knows the dwellings.",
    )

    def wish(self) -> ScopeWish:
        """Return the wish that this is."""
        return ScopeWish(self.municipality, None if self.buurten is None else tuple(self.buurten), self.letters)


class CustomerRequest(Closed):
    """Who the quote is for."""

    name: Text
    street: Text | None = None
    postcode: Text | None = None
    city: Text | None = None
    country: Country = "BE"
    vat_number: Text | None = None
    registration: Text | None = Field(default=None, description="Number in the register of enterprises.")
    peppol_scheme: Text | None = Field(default=None, description="Scheme of the Peppol address.", examples=["0208"])
    peppol_id: Text | None = Field(default=None, description="The Peppol address.")
    department: Text | None = Field(default=None, description="Service that deals with the quote.")

    def party(self) -> Party:
        """Return the party that this is."""
        peppol = None
        if self.peppol_scheme is not None and self.peppol_id is not None:
            peppol = ElectronicAddress(self.peppol_scheme, self.peppol_id)
        seat = PostalAddress(self.street, self.postcode, self.city, self.country)
        return Party(self.name, seat, peppol, self.vat_number, self.registration, contact=self.department)


class QuoteRequestBody(Closed):
    """What a quote is asked for."""

    scopes: Annotated[list[ScopeRequest], Field(min_length=1, max_length=50)]
    programmes: Annotated[list[Programme], Field(max_length=len(Programme))] = []
    years: int = Field(default=1, ge=1, le=MAX_YEARS)
    start: date = Field(description="First day of the licence.")
    language: Language = "nl"
    vat: VatTreatment = VatTreatment.STANDARD
    price_book_on: date | None = Field(default=None, description="The day whose price book holds; absent, today.")
    customer: CustomerRequest | None = Field(default=None, description="Absent, the municipality by its name.")

    def wish(self) -> QuoteWish:
        """Return the wish that this is."""
        return QuoteWish(
            tuple(scope.wish() for scope in self.scopes),
            tuple(self.programmes),
            self.years,
            self.start,
            self.language,
            self.vat,
            book_day=self.price_book_on,
            customer=None if self.customer is None else self.customer.party(),
        )


class RevisionBody(Closed):
    """What is to be different in a revision; what is absent stays. Counts and price book are those of today."""

    scopes: Annotated[list[ScopeRequest], Field(min_length=1, max_length=50)] | None = None
    programmes: Annotated[list[Programme], Field(max_length=len(Programme))] | None = None
    years: int | None = Field(default=None, ge=1, le=MAX_YEARS)
    start: date | None = None
    language: Language | None = None
    vat: VatTreatment | None = None
    price_book_on: date | None = None
    customer: CustomerRequest | None = None

    def changes(self) -> dict[str, Any]:
        """Return the fields of a wish that are given."""
        given: dict[str, Any] = {
            "scopes": None if self.scopes is None else tuple(scope.wish() for scope in self.scopes),
            "programmes": None if self.programmes is None else tuple(self.programmes),
            "years": self.years,
            "start": self.start,
            "language": self.language,
            "vat": self.vat,
            "book_day": self.price_book_on,
            "customer": None if self.customer is None else self.customer.party(),
        }
        return {name: value for name, value in given.items() if value is not None}


class WhatIf(Closed):
    """One alternative of a preview."""

    name: Text
    price_book: Text | None = Field(default=None, description="Code of a published book.")
    plan_on: date | None = Field(default=None, description="The day whose plans hold.")
    households: Annotated[dict[str, Count], Field(max_length=5_000)] | None = Field(
        default=None, description="Other counts by buurt code; where there is one municipality."
    )

    def alternative(self) -> Alternative:
        """Return the alternative that this is."""
        return Alternative(self.name, self.price_book, self.plan_on, self.households)


class PreviewBody(QuoteRequestBody):
    """A quote to price without storing it, and alternatives to compare it with."""

    what_if: Annotated[list[WhatIf], Field(max_length=MAX_WHAT_IF)] = []

    def alternatives(self) -> list[Alternative]:
        """Return what it is to be compared with."""
        return [other.alternative() for other in self.what_if]


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


class BulkBody(Closed):
    """Which prices are wanted for every municipality of a country."""

    country: Country
    programmes: Annotated[list[Programme], Field(max_length=len(Programme))] = []
    years: int = Field(default=1, ge=1, le=MAX_YEARS)


class BookBody(Closed):
    """A price book to publish."""

    yaml: str = Field(min_length=1, max_length=MAX_BOOK_CHARACTERS, description="The whole book.")


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
