"""What a check tells: a problem with its severity, place, figures and remedy, and the settings that it goes by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import shapely

Unit = Literal["households", "dwellings", "m2", "parts", "share"]


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


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a plan that a person should know."""

    code: str
    """Stable: `gap`, `overlap`, `not-contiguous`, …"""
    severity: Severity
    place: shapely.Geometry
    """In the plan's CRS: the gap or overlap itself, else a point or an envelope."""
    buurten: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    remedy: Remedy | None = None
    language: str | None = None
    """Of a name that is missing or double."""
