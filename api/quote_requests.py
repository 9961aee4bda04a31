"""Requests for quotes and price books, as the HTTP API takes them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.models import WHOLE, Day
from api.openapi_examples import QUOTE_REQUEST
from api.quote_comparisons import Alternative
from api.quoting import QuoteWish, ScopeWish
from licensing.parties import ElectronicAddress, Party, PostalAddress
from licensing.price_book import Country, Programme, VatTreatment
from licensing.price_book_reader import MAX_BOOK_CHARACTERS
from licensing.quote_request import MAX_YEARS, Language

MAX_COUNT = 100_000_000
MAX_WHAT_IF = 20
"""Alternatives of one quote."""
Text = Annotated[str, Field(min_length=1, max_length=200)]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT), WHOLE]
Years = Annotated[int, Field(ge=1, le=MAX_YEARS), WHOLE]


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

    model_config = ConfigDict(json_schema_extra={"examples": [QUOTE_REQUEST]})

    scopes: Annotated[list[ScopeRequest], Field(min_length=1, max_length=50)]
    programmes: Annotated[list[Programme], Field(max_length=len(Programme))] = []
    years: Years = 1
    start: Day = Field(description="First day of the licence.")
    language: Language = "nl"
    vat: VatTreatment = VatTreatment.STANDARD
    price_book_on: Day | None = Field(default=None, description="The day whose price book holds; absent, today.")
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

    model_config = ConfigDict(json_schema_extra={"examples": [{"years": 5}]})

    scopes: Annotated[list[ScopeRequest], Field(min_length=1, max_length=50)] | None = None
    programmes: Annotated[list[Programme], Field(max_length=len(Programme))] | None = None
    years: Years | None = None
    start: Day | None = None
    language: Language | None = None
    vat: VatTreatment | None = None
    price_book_on: Day | None = None
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
    plan_on: Day | None = Field(default=None, description="The day whose plans hold.")
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


class BulkBody(Closed):
    """Which prices are wanted for every municipality of a country."""

    country: Country
    programmes: Annotated[list[Programme], Field(max_length=len(Programme))] = []
    years: Years = 1


class BookBody(Closed):
    """A price book to publish."""

    yaml: str = Field(min_length=1, max_length=MAX_BOOK_CHARACTERS, description="The whole book.")
