"""Bodies of requests and answers, as the OpenAPI document describes them."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from api.answers import Names, PlaceAnswer, describe_names, describe_place
from api.atlas import Atlas, CountryAtlas, MunicipalityFacts, Place
from api.reason_texts import AddressLanguage, Language, address_language
from data.store.models import Release
from data.tables import Kind
from geo.addresses import AddressQuery
from geo.addresses.questions import MAX_TEXT, QUERY_FIELDS


def _written_as_day(value: object) -> object:
    """Refuse what pydantic would take for seconds since 1970: 20270101 is a day of that year, in August."""
    if not isinstance(value, date) and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("a day is written as 2027-01-31")
    return value


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Day = Annotated[date, BeforeValidator(_written_as_day)]
"""A day that a caller gives: ISO 8601, as RFC 3339 has it."""
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, examples=[4.0])]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, examples=[50.8])]


def _no_text(value: object) -> object:
    if isinstance(value, str | bool):
        raise ValueError("must be a whole number, and no text or truth value")  # noqa: TRY004 -- which pydantic tells
    return value


WHOLE: Final = BeforeValidator(_no_text)
"""For a whole number of a body, behind its bounds. It may be written as 1.0, which is one to JSON Schema."""


class LocateAnswer(BaseModel):
    """Where a point lies."""

    country: Literal["BE", "NL"]
    place: PlaceAnswer
    releases: list[str] = Field(description="Names of the releases that the answer comes from.")

    @classmethod
    def of(cls, place: Place, atlas: CountryAtlas) -> "LocateAnswer":
        """Describe a place."""
        return cls(
            country=place.country,
            place=describe_place(place),
            releases=[atlas.releases[Kind.SECTORS].name],
        )


class HouseholdsOfSectors(BaseModel):
    """Sum of official counts per sector."""

    known: int = Field(description="Households in the sectors that have a count.")
    unknown_sectors: int = Field(description="Sectors whose count is suppressed or absent: unknown, not zero.")


class MunicipalityAnswer(BaseModel):
    """A municipality of the active sectors."""

    code: str
    names: Names
    country: Literal["BE", "NL"]
    sectors: int
    buurten: int
    households: int | None = Field(description="Official count of the municipality as a whole; null is unknown.")
    sector_households: HouseholdsOfSectors | None = Field(
        description="Sum over its sectors; null where no counts per sector are active. A source that rounds or "
        "suppresses per sector makes it differ from the official count."
    )
    bbox: tuple[float, float, float, float] | None = Field(
        description="West, south, east and north in EPSG:4326, to some 100 m: where a map shows it."
    )

    @classmethod
    def of(cls, facts: MunicipalityFacts, bbox: tuple[float, float, float, float] | None) -> "MunicipalityAnswer":
        """Describe a municipality."""
        sectors = facts.sector_households
        return cls(
            code=facts.code,
            names=describe_names(facts.names),
            country=facts.country,
            sectors=facts.sectors,
            buurten=facts.buurten,
            households=facts.households,
            sector_households=None
            if sectors is None
            else HouseholdsOfSectors(known=sectors.known, unknown_sectors=sectors.unknown_areas),
            bbox=bbox,
        )


class MunicipalityPage(BaseModel):
    """One page of municipalities, by country and code."""

    data: list[MunicipalityAnswer]
    next_cursor: str | None = Field(description="Give it as `after` to get the next page; null on the last.")
    releases: list[str] = Field(description="Names of the releases that the answer comes from.")


class ReleaseAnswer(BaseModel):
    """One import of an official file."""

    name: str
    kind: Kind
    country: Literal["BE", "NL"]
    source: str
    reference_date: date
    imported_at: datetime
    active: bool = Field(description="Whether answers use it now.")
    rows: int
    crs: str | None
    source_file: str
    source_sha256: str
    findings: list[dict[str, Any]] = Field(description="What the operator should know about the file.")

    @classmethod
    def of(cls, release: Release, *, active: bool) -> "ReleaseAnswer":
        """Describe a release."""
        return cls.model_validate(
            {name: getattr(release, name) for name in cls.model_fields if name != "active"} | {"active": active}
        )


class ReleaseList(BaseModel):
    """All releases."""

    data: list[ReleaseAnswer]


class Health(BaseModel):
    """Whether the worker answers."""

    status: Literal["ok", "degraded"] = Field(description="`degraded`: lookups go on, but the store is out of reach.")
    store_version: int = Field(description="Version of the store that answers follow.")
    releases: list[str]

    @classmethod
    def of(cls, atlas: Atlas, *, store_reachable: bool) -> "Health":
        """Describe a worker's health."""
        return cls(
            status="ok" if store_reachable else "degraded",
            store_version=atlas.version,
            releases=[release.name for country in atlas.countries.values() for release in country.releases.values()],
        )


class Ready(BaseModel):
    """The worker can be sent requests."""

    status: Literal["ready"] = "ready"
    store_version: int = Field(description="Version of the store that answers follow.")


Text = Annotated[str, Field(max_length=MAX_TEXT)]


class VerificationRequest(BaseModel):
    """An address as somebody gives it: in fields, in one line, or both."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"street": "Kerkstraat", "house_number": "6", "postcode": "9993", "municipality": "Demodorp"},
                {"line": "Rue de l'Église 2, 9995 Ville-Démo", "language": "fr"},
            ]
        },
    )

    street: Text | None = Field(None, description="Name of the street, in any language of the register.")
    house_number: Text | None = Field(None, description="House number, with its letter or addition.")
    box: Text | None = Field(None, description="Box number (busnummer, boîte, toevoeging).")
    postcode: Text | None = None
    municipality: Text | None = Field(None, description="Municipality, or a part of one.")
    country: Literal["BE", "NL"] | None = Field(None, description="Unset, every active register is asked.")
    line: Text | None = Field(None, description="A whole address on one line; fields go before what it says.")
    language: Language = Field(
        "nl", description="Language of the formatted address and of the reasons; with `en` the address is in Dutch."
    )
    require_box: StrictBool = Field(True, description="Ask for the box where a building has several.")

    @property
    def address_language(self) -> AddressLanguage:
        """Language of the formatted address."""
        return address_language(self.language)

    def query(self) -> AddressQuery:
        """Return the question for the address index."""
        return AddressQuery(**{name: getattr(self, name) for name in QUERY_FIELDS})
