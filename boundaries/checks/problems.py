"""What a check tells: a problem with its severity, place, figures and remedy, and the settings that it goes by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import shapely

from boundaries.operations import Operation

Unit = Literal["households", "dwellings", "m2", "m", "parts", "share", "addresses"]


class Severity(StrEnum):
    """How much a problem matters."""

    ERROR = "error"
    """The plan cannot be published."""
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What a good buurt is."""

    households_least: int = 1_000
    households_target: int = 1_500
    households_most: int = 4_000
    dwellings_least: int = 500
    languages: tuple[str, ...] = ()
    """In which every buurt has a name; empty: in any one."""
    polsby_popper_least: float = 0.15
    reock_least: float = 0.15
    sliver_width_m: float = 5.0
    """A part of a block that is narrower on average (twice its area over its perimeter) is a sliver."""
    barrier_least_m: float = 100.0
    """A barrier that runs for longer inside a buurt divides it."""
    barrier_width_m: float = 25.0
    """A barrier that runs closer to a buurt's border runs along it."""
    street_share_most: float = 0.2
    """A street that has up to this share of its addresses in another buurt is split by oversight; one that has more
    is a border, or long."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that was measured, with its unit."""

    value: float
    unit: Unit


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would solve a problem, by a stable code."""

    code: str
    parameters: Mapping[str, str | int] = field(default_factory=dict)
    operation: Operation | None = None
    """Does it, where one operation can; None leaves it to a person."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a plan that a person should know."""

    code: str
    """Stable: `gap`, `overlap`, `not-contiguous`, …; `boundaries.checks.texts` has all of them."""
    severity: Severity
    place: shapely.Geometry
    """In the plan's CRS: the gap, overlap or stretch of a barrier itself, else a point inside."""
    buurten: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    remedy: Remedy | None = None
    language: str | None = None
    """Of a name that is missing or double."""
    name: str | None = None
    """Of the street."""
