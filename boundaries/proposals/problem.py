"""What a proposal starts from: sectors with their households and the borders that they share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from boundaries.borders import SharedBorders, share_borders
from geo.crs import transform_shapes

Names = Mapping[str, str | None]


class ProposalProblemError(ValueError):
    """Sectors from which no proposal can be made; the message says which and why."""


class BandError(ValueError):
    """A band of households whose bounds are not in order.

    Attributes
    ----------
    bound
        The one to blame: `least`, `target` or `most`.
    """

    def __init__(self, band: "HouseholdsBand") -> None:
        self.bound = "least" if band.low <= 0 else "most" if band.low > band.high else "target"
        bounds = f"{band.low}, {band.target} and {band.high}"
        super().__init__(f"least, target and most households are to be above 0 and in that order, not {bounds}")


class ProposalCancelledError(Exception):
    """The caller's progress function asked to stop; there is no result."""


@dataclass(frozen=True, slots=True)
class HouseholdsBand:
    """How many households a buurt may have, and how many it should have.

    Raises
    ------
    BandError
        Unless 0 < low ≤ target ≤ high.
    """

    low: int = 1000
    high: int = 4000
    target: int = 1500

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.target <= self.high:
            raise BandError(self)

    def holds(self, households: int) -> bool:
        """Tell whether a buurt of so many households is in the band."""
        return self.low <= households <= self.high


@dataclass(frozen=True, slots=True, eq=False)
class ProposalProblem:
    """The sectors (or blocks) of one municipality, ready to be grouped; make it with `of`.

    Attributes
    ----------
    codes
        In ascending order: the answer does not depend on the order of the input.
    households
        Shape (n,), int64.
    names
        Per sector, by language.
    area_m2, perimeter_m
        Shape (n,), float64.
    borders
        Which sectors share a border, how long it is, and how much of it is a barrier.
    """

    codes: tuple[str, ...]
    households: npt.NDArray[np.int64]
    names: tuple[Names, ...]
    area_m2: npt.NDArray[np.float64]
    perimeter_m: npt.NDArray[np.float64]
    borders: SharedBorders

    @classmethod
    def of(
        cls,
        codes: Sequence[str],
        shapes: Sequence[shapely.Geometry] | npt.NDArray[np.object_],
        households: Sequence[int | None],
        names: Sequence[Names] | None,
        crs: str,
        barriers: Sequence[shapely.Geometry] | npt.NDArray[np.object_] | None = None,
        *,
        unknown: Literal["refuse", "zero"] = "refuse",
        tolerance_m: float = 0.0,
        barrier_width_m: float = 25.0,
    ) -> "ProposalProblem":
        """Measure the sectors and find their shared borders.

        Parameters
        ----------
        codes
            Unique codes of the sectors.
        shapes
            Their valid Polygons and MultiPolygons, in `crs`.
        households
            Per sector. None is unknown: give an estimate (`households.estimates`), or say what to do.
        names
            Per sector, by language; None is no names.
        crs
            Authority code. Shapes in degrees are measured in a transverse Mercator projection around their middle.
        barriers
            Lines, in `crs`, that a buurt should not lie on both sides of: railways, canals, motorways.
        unknown
            `refuse` raises where the households of a sector are unknown; `zero` takes them as 0.
        tolerance_m
            How far apart two borders may lie and still be shared: for layers that do not tile exactly.
        barrier_width_m
            How far from a barrier's line a border may lie and still run along it.

        Raises
        ------
        ProposalProblemError
            Lengths that differ, double codes, a shape without area, negative or unknown households.
        """
        if names is None:
            names = [{}] * len(codes)
        if not len(codes) == len(shapes) == len(households) == len(names):
            raise ProposalProblemError(
                f"{len(codes)} codes, {len(shapes)} shapes, {len(households)} households and {len(names)} names: "
                "give one of each per sector"
            )
        order = sorted(range(len(codes)), key=lambda k: codes[k])
        sorted_codes = tuple(codes[k] for k in order)
        for one, next_one in pairwise(sorted_codes):
            if one == next_one:
                raise ProposalProblemError(f"sector {one} is given twice")
        counts = _counts([households[k] for k in order], sorted_codes, unknown)
        metric = np.empty(len(codes), dtype=np.object_)
        metric[:] = [shapes[k] for k in order]
        lines = np.array([] if barriers is None else list(barriers), dtype=np.object_)
        if len(codes) and pyproj.CRS(crs).is_geographic:
            metric, lines = _in_metres(metric, lines, crs)
        area = np.asarray(shapely.area(metric), dtype=np.float64)
        for k in np.flatnonzero(~(area > 0)):
            raise ProposalProblemError(f"sector {sorted_codes[k]} has no area")
        return cls(
            codes=sorted_codes,
            households=counts,
            names=tuple(names[k] for k in order),
            area_m2=area,
            perimeter_m=np.asarray(shapely.length(metric), dtype=np.float64),
            borders=_along_barriers(
                share_borders(metric, lines, tolerance_m=tolerance_m, barrier_width_m=barrier_width_m)
            ),
        )

    def __len__(self) -> int:
        return len(self.codes)


def _counts(
    households: Sequence[int | None], codes: Sequence[str], unknown: Literal["refuse", "zero"]
) -> npt.NDArray[np.int64]:
    missing = [code for code, count in zip(codes, households, strict=True) if count is None]
    if missing and unknown == "refuse":
        shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise ProposalProblemError(f"the households of {shown} are unknown: give estimates, or ask to take them as 0")
    for code, count in zip(codes, households, strict=True):
        if count is not None and count < 0:
            raise ProposalProblemError(f"sector {code} has {count} households")
    return np.array([count or 0 for count in households], dtype=np.int64)


def _along_barriers(borders: SharedBorders) -> SharedBorders:
    """Take a border that only meets a barrier at its end, less than half of it, as none along the barrier."""
    share = np.where(borders.barrier_share >= 0.5, borders.barrier_share, 0.0)
    return replace(borders, length_m=borders.length_m.astype(np.float64), barrier_share=share)


def _in_metres(
    shapes: npt.NDArray[np.object_], lines: npt.NDArray[np.object_], crs: str
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Project to transverse Mercator around the middle; over a municipality its scale is off by less than 1e-4."""
    west, south, east, north = shapely.total_bounds(shapes)
    local = f"+proj=tmerc +lat_0={(south + north) / 2} +lon_0={(west + east) / 2} +ellps=GRS80 +units=m"
    return transform_shapes(shapes, crs, local), transform_shapes(lines, crs, local) if len(lines) else lines
