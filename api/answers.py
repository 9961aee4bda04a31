"""Answers about addresses and places: dictionaries whose keys their types name.

They are made thousands of times a second. pydantic describes them in the OpenAPI document, and orjson writes them in a
twentieth of the time that objects of pydantic's own take to be made and written.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from api.atlas import BuurtFacts, Place
from api.reason_texts import Language, address_language, reason_text
from api.verifying import Verification
from data.municipalities import name_in
from data.tables import AddressStatus
from geo.addresses import Component, Level, OfficialAddress, Verdict
from geo.crs import LONLAT


@with_config(ConfigDict(extra="forbid"))
class Names(TypedDict):
    """A name in the languages in which the source gives it."""

    nl: str | None
    fr: str | None
    de: str | None


class Area(TypedDict):
    """An official area."""

    code: str
    names: Names


class BuurtAnswer(TypedDict):
    """A buurt, with the plan that it comes from."""

    code: str
    names: Names
    plan_version: Annotated[int, Field(description="Version of the municipality's plan.")]
    valid_from: Annotated[date, Field(description="The day from which the plan holds.")]


class PlaceAnswer(TypedDict):
    """The sector, municipality and buurt that a position lies in."""

    sector: Area
    municipality: Annotated[Area, Field(description="The sector's municipality.")]
    buurt: BuurtAnswer


class Position(TypedDict):
    """Where the register puts an address."""

    lon: float
    lat: float
    x: float
    y: float
    crs: Annotated[str, Field(description="CRS of x and y, the register's own.")]


class AddressAnswer(TypedDict):
    """An address as the official register has it."""

    address_id: Annotated[str | None, Field(description="The register's identifier.")]
    formatted: Annotated[str, Field(description="On one line, in the language asked for where the register has it.")]
    street: Names
    house_number: str
    box: str | None
    postcode: str | None
    locality: Names
    municipality: Area
    country: Literal["BE", "NL"]
    status: AddressStatus
    purpose: Annotated[str | None, Field(description="BAG's gebruiksdoel; null where the register says nothing.")]
    position: Position | None


class ReasonAnswer(TypedDict):
    """Why the answer is not a plain yes."""

    code: Annotated[str, Field(description="Stable name of the reason.")]
    text: Annotated[str, Field(description="The same for a person, in the language asked for.")]
    field: Annotated[str | None, Field(description="The part of the question that it is about.")]


class VerificationAnswer(TypedDict):
    """Whether an address exists, and in which buurt it is."""

    verdict: Verdict
    level: Annotated[Level, Field(description="How far down the register the address was found.")]
    score: Annotated[float, Field(ge=0, le=1, description="Confidence.")]
    components: Annotated[Mapping[str, Component], Field(description="How each part of the question fared.")]
    reasons: list[ReasonAnswer]
    address: AddressAnswer | None
    place: PlaceAnswer | None
    alternatives: Annotated[list[AddressAnswer], Field(max_length=5, description="Suggestions, never an answer.")]
    releases: Annotated[list[str], Field(description="Names of the releases that the answer comes from.")]


def describe_names(names: Mapping[str, str | None]) -> Names:
    """Describe a name."""
    return {"nl": names.get("nl"), "fr": names.get("fr"), "de": names.get("de")}


def name_of(names: Names, language: Language) -> str | None:
    """Return a described name in a language, else the first that there is."""
    return name_in({"nl": names["nl"], "fr": names["fr"], "de": names["de"]}, language)


def describe_area(code: str, names: Mapping[str, str | None]) -> Area:
    """Describe an area."""
    return {"code": code, "names": describe_names(names)}


def describe_buurt(buurt: BuurtFacts) -> BuurtAnswer:
    """Describe a buurt."""
    return {
        "code": buurt.code,
        "names": describe_names(buurt.names),
        "plan_version": buurt.plan_version,
        "valid_from": buurt.valid_from,
    }


def describe_place(place: Place) -> PlaceAnswer:
    """Describe a place."""
    return {
        "sector": describe_area(place.sector_code, place.sector_names),
        "municipality": describe_area(place.municipality.code, place.municipality.names),
        "buurt": describe_buurt(place.buurt),
    }


def describe_address(address: OfficialAddress, crs: str, lang: str) -> AddressAnswer:
    """Describe an official address.

    Parameters
    ----------
    crs
        That of its coordinates.
    lang
        Language of its line.
    """
    position: Position | None = None
    if address.x is not None and address.y is not None and address.lon is not None and address.lat is not None:
        position = {"lon": address.lon, "lat": address.lat, "x": address.x, "y": address.y, "crs": crs}
    return {
        "address_id": address.address_id,
        "formatted": address.formatted(lang),
        "street": describe_names(address.street),
        "house_number": address.house_number,
        "box": address.box,
        "postcode": address.postcode,
        "locality": describe_names(address.locality),
        "municipality": describe_area(address.municipality_code, address.municipality),
        "country": "BE" if address.country == "BE" else "NL",
        "status": AddressStatus(address.status),
        "purpose": address.purpose,
        "position": position,
    }


def describe_reason(code: str, language: Language, field: str | None = None) -> ReasonAnswer:
    """Describe a reason."""
    return {"code": code, "text": reason_text(code, language), "field": field}


def describe_verification(verification: Verification, language: Language) -> VerificationAnswer:
    """Describe a verification."""
    match, atlas = verification.match, verification.atlas
    crs, lang = atlas.address_crs or LONLAT, address_language(language)
    reasons = [describe_reason(reason.code, language, reason.field) for reason in match.reasons]
    if verification.place_reason:
        reasons.append(describe_reason(verification.place_reason, language))
    return {
        "verdict": match.verdict,
        "level": match.level,
        "score": match.score,
        "components": match.components,
        "reasons": reasons,
        "address": describe_address(match.address, crs, lang) if match.address else None,
        "place": describe_place(verification.place) if verification.place else None,
        "alternatives": [describe_address(address, crs, lang) for address in match.alternatives],
        "releases": list(atlas.answer_releases),
    }
