"""What a message is for, as bodies say it: a drawn area, what is near a line, a street, a list of addresses."""

from typing import Annotated, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictFloat,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from api.geojson_input import GeoJsonArea, GeoJsonLine, read_area, read_line
from households.selections import AtAddresses, InArea, NearLine, OnStreet, Wish

MOST_ADDRESSES = 10_000
MOST_METRES = 5_000

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class StreetBody(BaseModel):
    """A street of a municipality, by identifier or name."""

    model_config = ConfigDict(extra="forbid")

    municipality: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,32}$")] = Field(
        description="NIS5 or GM code."
    )
    street_id: Text | None = Field(None, description="The register's identifier.")
    name: Text | None = Field(None, description="In any language; case and accents do not matter.")
    postcode: Annotated[str, StringConstraints(min_length=1, max_length=16)] | None = Field(
        None, description="Tells streets of one name apart."
    )

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.street_id is None and self.name is None:
            raise ValueError("give street_id or name")
        return self


class SelectionBody(BaseModel):
    """One of several ways to say which dwellings are meant."""

    kinds: ClassVar[tuple[str, ...]] = ("area", "line", "street", "addresses")

    area: GeoJsonArea | None = Field(None, description="The dwellings inside, or on the border.")
    line: GeoJsonLine | None = Field(None, description="The dwellings within `distance_m` of it.")
    distance_m: StrictFloat | None = Field(
        None, gt=0, le=MOST_METRES, allow_inf_nan=False, validate_default=True, description="With a line: metres."
    )
    street: StreetBody | None = None
    addresses: list[Text] | None = Field(
        None, min_length=1, max_length=MOST_ADDRESSES, description="Official identifiers of addresses."
    )

    @field_validator("distance_m")
    @classmethod
    def _with_a_line(cls, value: float | None, info: ValidationInfo) -> float | None:
        if (value is None) != (info.data.get("line") is None):
            raise ValueError("a line needs a distance in metres, and nothing else takes one")
        return value

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [kind for kind in self.kinds if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of {', '.join(self.kinds)}" + (f", not {' and '.join(given)}" if given else ""))
        return self

    def wish(self) -> Wish:
        """Return what is meant.

        Raises
        ------
        DrawnAreaError
            The area or the line cannot be used.
        """
        if self.area is not None:
            return InArea(read_area(self.area, "/area"))
        if self.line is not None and self.distance_m is not None:
            return NearLine(read_line(self.line, "/line"), self.distance_m)
        if self.street is not None:
            street = self.street
            return OnStreet(street.municipality, street.street_id, street.name, street.postcode)
        return AtAddresses(tuple(self.addresses or ()))
