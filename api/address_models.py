"""Bodies of requests and answers about addresses: suggestions, the nearest one, and batches of verifications."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from api.answers import (
    AddressAnswer,
    PlaceAnswer,
    ReasonAnswer,
    VerificationAnswer,
    describe_address,
    describe_place,
    describe_reason,
)
from api.finding import Nearby
from api.models import VerificationRequest
from api.reason_texts import Language, address_language
from data.tables import Country
from geo.addresses import Suggestion
from geo.crs import LONLAT

MOST_QUESTIONS = 10_000


class SuggestionAnswer(BaseModel):
    """One line of an autocompletion."""

    kind: Literal["street", "house-number", "box"]
    text: str = Field(description="The line to show, in the language asked for.")
    street: str
    house_number: str | None
    box: str | None
    postcode: str | None
    municipality: str
    municipality_code: str
    address_id: str | None = Field(description="The register's identifier where the line is a whole address.")
    country: Literal["BE", "NL"]

    @classmethod
    def of(cls, country: Country, suggestion: Suggestion) -> "SuggestionAnswer":
        """Describe a suggestion."""
        names = (name for name in cls.model_fields if name != "country")
        return cls.model_validate({name: getattr(suggestion, name) for name in names} | {"country": country})


class SuggestionList(BaseModel):
    """Suggestions, the likeliest first."""

    data: list[SuggestionAnswer] = Field(max_length=10)
    releases: list[str] = Field(description="Names of the releases that were asked.")


class NearestAnswer(BaseModel):
    """The official address nearest to a point, and the place that the address lies in."""

    address: AddressAnswer
    distance_m: float = Field(ge=0, description="Distance in metres, in the register's CRS.")
    place: PlaceAnswer | None
    reasons: list[ReasonAnswer] = Field(description="Why there is no place, or one to look at twice.")
    releases: list[str] = Field(description="Names of the releases that the answer comes from.")

    @classmethod
    def of(cls, nearby: Nearby, language: Language) -> "NearestAnswer":
        """Describe the nearest address."""
        crs = nearby.atlas.address_crs or LONLAT
        return cls(
            address=describe_address(nearby.found.address, crs, address_language(language)),
            distance_m=nearby.found.distance_m,
            place=describe_place(nearby.place) if nearby.place else None,
            reasons=[describe_reason(nearby.place_reason, language)] if nearby.place_reason else [],
            releases=list(nearby.atlas.answer_releases),
        )


class VerificationBatchRequest(BaseModel):
    """Many questions."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"data": [{"line": "Kerkstraat 6, 9993 Demodorp"}]}]}
    )

    data: list[VerificationRequest] = Field(min_length=1, max_length=MOST_QUESTIONS)


class VerificationBatchAnswer(TypedDict):
    """The answers, in the order of the questions."""

    data: list[VerificationAnswer]
