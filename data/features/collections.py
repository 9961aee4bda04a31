"""The collections of features, and the fields that each feature has."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from data.tables import LANGUAGES


class Collection(StrEnum):
    """A collection of features."""

    SECTORS = "sectors"
    MUNICIPALITIES = "municipalities"
    BUURTEN = "buurten"
    PLANS = "plans"


class FieldType(StrEnum):
    """What the values of a field are."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    TRUTH = "truth value"
    DAY = "day"
    AREA = "area"


@dataclass(frozen=True, slots=True)
class Field:
    """A property of a feature."""

    name: str
    type: FieldType
    counted: bool = False
    """Worked out for the features of an answer, so that nothing can be asked by it; else a filter may name it."""


GEOMETRY = Field("geometry", FieldType.AREA)
"""The area of every feature; not among its properties."""


@dataclass(frozen=True, slots=True)
class CollectionFacts:
    """What a collection has.

    Attributes
    ----------
    key
        The field that identifies a feature, and by which they are in order.
    dated
        Whether its features hold from one day to another.
    most
        How many features an answer may have.
    """

    key: str
    fields: tuple[Field, ...]
    dated: bool
    most: int

    @property
    def counted(self) -> bool:
        """Whether its features have numbers that are worked out for an answer."""
        return any(field.counted for field in self.fields)

    @property
    def queryables(self) -> Mapping[str, Field]:
        """Fields that a filter may name."""
        return {field.name: field for field in (*self.fields, GEOMETRY) if not field.counted}


MOST = 2_000
MOST_COUNTED = 250
"""Of collections whose members are counted: a municipality takes some ten milliseconds."""

_CODE = Field("code", FieldType.TEXT)
_NAMES = tuple(Field(f"name_{language}", FieldType.TEXT) for language in LANGUAGES)
_MUNICIPALITY = Field("municipality", FieldType.TEXT)
_SOURCE = (Field("country", FieldType.TEXT), Field("release", FieldType.TEXT))
_HELD = (Field("valid_from", FieldType.DAY), Field("superseded_on", FieldType.DAY))
_COUNTED = (
    Field("households", FieldType.WHOLE, counted=True),
    Field("dwellings", FieldType.WHOLE, counted=True),
    Field("members", FieldType.WHOLE, counted=True),
    Field("adoption", FieldType.NUMBER, counted=True),
)

COLLECTIONS: Mapping[Collection, CollectionFacts] = {
    Collection.SECTORS: CollectionFacts(
        "code",
        (
            _CODE,
            *_NAMES,
            _MUNICIPALITY,
            Field("households", FieldType.WHOLE),
            Field("population", FieldType.WHOLE),
            *_SOURCE,
        ),
        dated=False,
        most=MOST,
    ),
    Collection.MUNICIPALITIES: CollectionFacts(
        "code",
        (_CODE, *_NAMES, Field("official_households", FieldType.WHOLE), *_COUNTED, *_SOURCE),
        dated=False,
        most=MOST_COUNTED,
    ),
    Collection.BUURTEN: CollectionFacts(
        "code",
        (
            _CODE,
            *_NAMES,
            _MUNICIPALITY,
            Field("live", FieldType.TRUTH),
            Field("colour", FieldType.TEXT),
            *_COUNTED,
            Field("plan", FieldType.WHOLE),
            Field("plan_version", FieldType.WHOLE),
            *_HELD,
            *_SOURCE,
        ),
        dated=True,
        most=MOST_COUNTED,
    ),
    Collection.PLANS: CollectionFacts(
        "plan",
        (
            Field("plan", FieldType.WHOLE),
            Field("plan_version", FieldType.WHOLE),
            _MUNICIPALITY,
            *_NAMES,
            Field("drawn", FieldType.TRUTH),
            Field("buurten", FieldType.WHOLE),
            *_HELD,
            *_SOURCE,
        ),
        dated=True,
        most=MOST,
    ),
}
