"""Counts what is in the parts of a sector: its official or estimated households, its dwellings, its members.

Blocks of plans are told no members (`StoredCounter.count`); those who need them (`StoredCounter.split`) answer from
`households.member_table`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy.orm import Session

from boundaries.blocks import Area, BlockCounts
from data.dwellings import Dwellings
from data.household_counts import CountBasis, member_households, read_municipality_count
from geo.crs import area_m2
from households.apportionment import SectorPart, apportion, split_households
from households.counts import HouseholdCount
from households.dwelling_keys import HouseholdKey, HouseholdKeys, dwelling_key
from households.estimates import MunicipalityCount


class SectorNotCountedError(LookupError):
    """A sector that the municipality does not have in the active release."""


@dataclass(frozen=True, slots=True)
class PartCount:
    """What is in a part of a sector."""

    households: HouseholdCount | None
    """None is unknown, never zero."""
    dwellings: int | None
    """None where no register is active."""
    members: int
    """Member households."""
    estimated: bool
    """The official release has no households for this sector, and they are an estimate."""


class StoredCounter:
    """Counts the blocks of a municipality, from what its active releases and its members were at one instant.

    It holds what it needs, so that it outlives its session and an edit waits for no database.
    `boundaries.blocks.BlockCounter` is what it is for.

    Attributes
    ----------
    municipality
        The counts of the municipality's sectors.
    members
        Member households by the sector that they were found in when they joined: a sector of an older release too.
    """

    def __init__(
        self,
        country: str,
        crs: str,
        municipality: MunicipalityCount,
        households: Mapping[str, Counter[tuple[str, str]]],
        dwellings: Dwellings | None,
        keys: HouseholdKeys | None,
    ) -> None:
        self.municipality = municipality
        self.members: Mapping[str, int] = {code: found.total() for code, found in households.items()}
        self._country = country
        self._crs = crs
        self._households = households
        self._dwellings = dwellings
        self._keys = {key.id: key for key in keys.all} if keys else {}

    @classmethod
    def read(
        cls,
        session: Session,
        basis: CountBasis,
        municipality_code: str,
        at: datetime,
        keys: HouseholdKeys | None = None,
        municipality: MunicipalityCount | None = None,
    ) -> "StoredCounter":
        """Read what a municipality's blocks are counted from.

        Parameters
        ----------
        session
            A session on the store.
        basis
            The releases to count from.
        municipality_code
            The municipality.
        at
            The instant whose members count.
        keys
            Keys of dwellings. Without them nobody can be told to live in one part of a sector rather than another.
        municipality
            The counts of its sectors, where they have been read already.
        """
        sectors = basis.releases.sectors
        return cls(
            sectors.country,
            sectors.crs or "",
            municipality or read_municipality_count(session, basis, municipality_code),
            member_households(session, municipality_code, at),
            basis.dwellings,
            keys,
        )

    def count(self, sector_code: str, parts: Sequence[Area]) -> Sequence[BlockCounts]:
        """Share a sector's households and dwellings over its parts, in whole numbers that add up to the sector's.

        Parameters
        ----------
        sector_code
            A sector of the municipality.
        parts
            All parts of the sector, in the CRS of the sectors; one part is the whole sector.

        Returns
        -------
        sequence of BlockCounts
            In the order of the parts; no dwellings where no register is active.

        Raises
        ------
        SectorNotCountedError
            The municipality has no such sector.
        """
        return [
            BlockCounts(
                households=None if part.households is None else part.households.households,
                dwellings=part.dwellings or 0,
                estimated=part.estimated,
            )
            for part in self.split(sector_code, parts)
        ]

    def whole(self, sector_code: str) -> PartCount:
        """Count a sector as a whole, for which its shape is not needed."""
        if sector_code not in self.municipality.sectors:
            raise SectorNotCountedError(f"the active sectors of this municipality have no {sector_code!r}")
        households = self.municipality.sectors[sector_code]
        return PartCount(
            households,
            None if self._dwellings is None else self._dwellings.counts.get(sector_code, 0),
            self.members.get(sector_code, 0),
            estimated=households is not None and households.estimated,
        )

    def split(self, sector_code: str, parts: Sequence[Area]) -> Sequence[PartCount]:
        """Count the parts of a sector as `count` does, each with its margin and its method.

        The households go by the dwellings in each part (by area where there is none). A dwelling is in the first part
        that holds it or has it on its border. A member household is in the part of its dwelling; those whose
        dwelling is not among the sector's (the register has changed, or their key is not given) go by dwellings too.
        """
        whole = self.whole(sector_code)
        if len(parts) == 1:
            return [whole]
        areas = area_m2(np.array(parts, dtype=object), self._crs)
        owner, address_ids = self._owners(sector_code, parts)
        homes = np.bincount(owner, minlength=len(parts)).tolist()
        # Names whose order is that of the parts.
        named = [f"{place:06d}" for place in range(len(parts))]
        sizes = [
            SectorPart(name, None if whole.dwellings is None else dwellings, float(area))
            for name, dwellings, area in zip(named, homes, areas, strict=True)
        ]
        shares = None if whole.households is None else split_households(whole.households, sizes)
        members = self._members_of(sector_code, address_ids, owner, homes if any(homes) else areas.tolist())
        return [
            PartCount(None if shares is None else shares[size.code], size.dwellings, found, whole.estimated)
            for size, found in zip(sizes, members, strict=True)
        ]

    def _owners(self, sector_code: str, parts: Sequence[Area]) -> tuple[npt.NDArray[np.int64], list[str]]:
        """Return the place of the part that every dwelling of a sector is in, and the dwellings' identifiers."""
        if self._dwellings is None:
            return np.empty(0, np.int64), []
        table = self._dwellings.in_sectors([sector_code], ["address_id", "x", "y"])
        return owning_parts(table["x"].to_numpy(), table["y"].to_numpy(), parts), table["address_id"].to_pylist()

    def _members_of(
        self,
        sector_code: str,
        address_ids: Sequence[str],
        owner: npt.NDArray[np.int64],
        weights: Sequence[int | float],
    ) -> list[int]:
        known = self._households.get(sector_code, Counter())
        wanted = [self._keys[key_id] for key_id in {key_id for key_id, _ in known} & self._keys.keys()]
        at_dwellings = members_at(known, wanted, self._country, address_ids)
        found = np.bincount(owner, at_dwellings, minlength=len(weights)).astype(int).tolist()
        elsewhere = known.total() - sum(found)
        shares = apportion(elsewhere, {f"{place:06d}": weight for place, weight in enumerate(weights)})
        return [here + share for here, share in zip(found, shares.values(), strict=True)]


def owning_parts(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], parts: Sequence[Area]
) -> npt.NDArray[np.int64]:
    """Return the place of the part that each point is in: the first that holds it or has it on its border.

    Parameters
    ----------
    x, y
        Points in the CRS of the parts, shape (n,).
    parts
        What covers all of them; a point that falls between two by rounding belongs to the nearer.
    """
    owner = np.full(len(x), -1, np.int64)
    for place, part in enumerate(parts):
        shapely.prepare(part)
        free = np.flatnonzero(owner < 0)
        owner[free[shapely.intersects_xy(part, x[free], y[free])]] = place
    if (left := np.flatnonzero(owner < 0)).size:
        points = shapely.points(x[left], y[left])
        owner[left] = np.argmin([shapely.distance(part, points) for part in parts], axis=0)
    return owner


def members_at(
    households: Counter[tuple[str, str]], keys: Sequence[HouseholdKey], country: str, address_ids: Sequence[str]
) -> npt.NDArray[np.int64]:
    """Return how many member households each dwelling has, shape (n,).

    Parameters
    ----------
    households
        Member households by the name of their key and the pseudonym of their dwelling.
    keys
        The keys that they may have.
    country, address_ids
        The dwellings.
    """
    found = np.zeros(len(address_ids), np.int64)
    if not households:
        return found
    left = households.copy()
    for key in keys:
        for place, address_id in enumerate(address_ids):
            # Taken away, so that a line that the register repeats does not count twice.
            found[place] += left.pop((key.id, dwelling_key(key, country, address_id)), 0)
    return found
