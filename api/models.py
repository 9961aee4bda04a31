"""Bodies of requests and answers, as the OpenAPI document describes them."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from api.atlas import Atlas, BuurtFacts, CountryAtlas, MunicipalityFacts, Place
from api.reason_texts import AddressLanguage, Language, address_language, reason_text
from api.verifying import Verification
from data.store.models import Release
from data.tables import AddressStatus, Kind
from geo.addresses import AddressQuery, Component, Level, OfficialAddress, Verdict
from geo.addresses.questions import MAX_TEXT, QUERY_FIELDS
from geo.crs import LONLAT


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
MOST_SHARED: Final = 16_384
"""Names and areas that are kept to be shared, of each the last ones that were asked for."""


class Names(BaseModel):
    """A name in the languages in which the source gives it."""

    model_config = ConfigDict(extra="forbid", from_attributes=True, frozen=True)

    nl: str | None = None
    fr: str | None = None
    de: str | None = None

    @classmethod
    def of(cls, names: Mapping[str, str | None]) -> "Names":
        """Describe a name; answers share the names that many of them have."""
        return _names(names.get("nl"), names.get("fr"), names.get("de"))


class Area(BaseModel):
    """An official area."""

    model_config = ConfigDict(frozen=True)

    code: str
    names: Names

    @classmethod
    def of(cls, code: str, names: Mapping[str, str | None]) -> "Area":
        """Describe an area; answers share it."""
        return _area(code, names.get("nl"), names.get("fr"), names.get("de"))


@lru_cache(MOST_SHARED)
def _names(nl: str | None, fr: str | None, de: str | None) -> Names:
    return Names(nl=nl, fr=fr, de=de)


@lru_cache(MOST_SHARED)
def _area(code: str, nl: str | None, fr: str | None, de: str | None) -> Area:
    return Area(code=code, names=_names(nl, fr, de))


class BuurtAnswer(BaseModel):
    """A buurt, with the plan that it comes from."""

    code: str
    names: Names
    plan_version: int = Field(description="Version of the municipality's plan.")
    valid_from: date = Field(description="The day from which the plan holds.")

    @classmethod
    def of(cls, buurt: BuurtFacts) -> "BuurtAnswer":
        """Describe a buurt."""
        return cls(
            code=buurt.code,
            names=Names.of(buurt.names),
            plan_version=buurt.plan_version,
            valid_from=buurt.valid_from,
        )


class PlaceAnswer(BaseModel):
    """The sector, municipality and buurt that a position lies in."""

    sector: Area
    municipality: Area = Field(description="The sector's municipality.")
    buurt: BuurtAnswer

    @classmethod
    def of(cls, place: Place) -> "PlaceAnswer":
        """Describe a place."""
        return cls(
            sector=Area.of(place.sector_code, place.sector_names),
            municipality=Area.of(place.municipality.code, place.municipality.names),
            buurt=BuurtAnswer.of(place.buurt),
        )


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
            place=PlaceAnswer.of(place),
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
            names=Names.of(facts.names),
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


class Position(BaseModel):
    """Where the register puts an address."""

    lon: float
    lat: float
    x: float
    y: float
    crs: str = Field(description="CRS of x and y, the register's own.")


class AddressAnswer(BaseModel):
    """An address as the official register has it."""

    address_id: str | None = Field(description="The register's identifier.")
    formatted: str = Field(description="On one line, in the language asked for where the register has it.")
    street: Names
    house_number: str
    box: str | None
    postcode: str | None
    locality: Names
    municipality: Area
    country: Literal["BE", "NL"]
    status: AddressStatus
    purpose: str | None = Field(description="BAG's gebruiksdoel; null where the register says nothing.")
    position: Position | None

    @classmethod
    def of(cls, address: OfficialAddress, crs: str, lang: str) -> "AddressAnswer":
        """Describe an official address."""
        position = None
        if address.x is not None and address.y is not None and address.lon is not None and address.lat is not None:
            position = Position(lon=address.lon, lat=address.lat, x=address.x, y=address.y, crs=crs)
        return cls(
            address_id=address.address_id,
            formatted=address.formatted(lang),
            street=Names.of(address.street),
            house_number=address.house_number,
            box=address.box,
            postcode=address.postcode,
            locality=Names.of(address.locality),
            municipality=Area.of(address.municipality_code, address.municipality),
            country="BE" if address.country == "BE" else "NL",
            status=AddressStatus(address.status),
            purpose=address.purpose,
            position=position,
        )


class ReasonAnswer(BaseModel):
    """Why the answer is not a plain yes."""

    code: str = Field(description="Stable name of the reason.")
    text: str = Field(description="The same for a person, in the language asked for.")
    field: str | None = Field(description="The part of the question that it is about.")

    @classmethod
    def of(cls, code: str, language: Language, field: str | None = None) -> "ReasonAnswer":
        """Describe a reason."""
        return cls(code=code, text=reason_text(code, language), field=field)


class VerificationAnswer(BaseModel):
    """Whether an address exists, and in which buurt it is."""

    verdict: Verdict
    level: Level = Field(description="How far down the register the address was found.")
    score: float = Field(ge=0, le=1, description="Confidence.")
    components: dict[str, Component] = Field(description="How each part of the question fared.")
    reasons: list[ReasonAnswer]
    address: AddressAnswer | None
    place: PlaceAnswer | None
    alternatives: list[AddressAnswer] = Field(max_length=5, description="Suggestions, never an answer.")
    releases: list[str] = Field(description="Names of the releases that the answer comes from.")

    @classmethod
    def of(cls, verification: Verification, language: Language) -> Self:
        """Describe a verification."""
        match, atlas = verification.match, verification.atlas
        crs, lang = atlas.releases[Kind.ADDRESSES].crs or LONLAT, address_language(language)
        reasons = [ReasonAnswer.of(reason.code, language, reason.field) for reason in match.reasons]
        if verification.place_reason:
            reasons.append(ReasonAnswer.of(verification.place_reason, language))
        return cls(
            verdict=match.verdict,
            level=match.level,
            score=match.score,
            components=match.components,
            reasons=reasons,
            address=AddressAnswer.of(match.address, crs, lang) if match.address else None,
            place=PlaceAnswer.of(verification.place) if verification.place else None,
            alternatives=[AddressAnswer.of(address, crs, lang) for address in match.alternatives],
            releases=[atlas.releases[kind].name for kind in (Kind.ADDRESSES, Kind.SECTORS) if kind in atlas.releases],
        )
