"""A proposal, as values: groups of sectors with their households, compactness, names and exceptions."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Aim(StrEnum):
    """What an alternative puts first, after contiguity, the band and barriers."""

    BALANCED = "balanced"
    """Near the target and compact."""
    CLOSEST = "closest-to-target"
    """Households as near the target as can be; shape second."""
    COMPACT = "most-compact"
    """Round shapes first."""
    FEWEST = "fewest-buurten"
    """As few buurten as the band allows."""


class Diligence(StrEnum):
    """How long is searched where sectors are too many to weigh every partition."""

    QUICK = "quick"
    """Hundredths of a second."""
    THOROUGH = "thorough"
    """Thirty times as long: a second or two for 500 sectors."""


class ExceptionKind(StrEnum):
    """Why a buurt is outside the band."""

    SECTOR_ABOVE = "sector-above-band"
    """It is one sector, and that alone has too many."""
    ISLAND = "island"
    """It is all that can be reached over shared borders, and has too few."""
    ENCLAVE = "enclave"
    """One of its sectors has too few, and with any of its neighbours too many."""
    NO_FIT = "no-fit"
    """No contiguous set of whole sectors around one of its sectors is in the band: every set was tried."""
    NO_PARTITION = "no-partition"
    """Every way to group the sectors into contiguous buurten was weighed: none has fewer outside the band."""
    NOT_FOUND = "not-found"
    """No better was found; that none exists is not proved."""


@dataclass(frozen=True, slots=True)
class BandException:
    """A buurt outside the band, and why whole sectors do not allow better."""

    group: int
    """Position in the proposal's groups."""
    kind: ExceptionKind
    proved: bool
    """Whether it is certain that this buurt cannot be avoided, or another one in its place."""
    reason: str
    """In words, with the codes."""
    codes: tuple[str, ...]
    """The sectors that the reason is about."""


@dataclass(frozen=True, slots=True)
class ProposalScores:
    """What can be compared between alternatives."""

    buurten: int
    in_band: int
    mean_distance: float
    """Mean |households − target|."""
    mean_compactness: float
    """Mean Polsby-Popper, 0 to 1."""
    barrier_crossings: float
    """Borders inside buurten that run along a barrier; each counts by the part of it that does, from a half on."""


@dataclass(frozen=True, slots=True)
class ProposedBuurt:
    """One group of a proposal."""

    codes: tuple[str, ...]
    households: int
    compactness: float
    """Polsby-Popper: 4π·area / perimeter², 1 for a circle."""
    names: Mapping[str, str]
    """Suggestion by language, unique in the proposal, of the languages that its sectors have names in."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One way to group the sectors of a municipality into buurten."""

    aim: Aim
    seed: int
    buurten: tuple[ProposedBuurt, ...]
    """In the order of their lowest codes."""
    scores: ProposalScores
    exceptions: tuple[BandException, ...]

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The codes of every buurt."""
        return tuple(buurt.codes for buurt in self.buurten)

    @property
    def households(self) -> tuple[int, ...]:
        """Households of every buurt."""
        return tuple(buurt.households for buurt in self.buurten)

    @property
    def compactness(self) -> tuple[float, ...]:
        """Polsby-Popper of every buurt."""
        return tuple(buurt.compactness for buurt in self.buurten)
