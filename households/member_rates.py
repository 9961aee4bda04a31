"""Member households per dwelling of every sector: all that plans and drafts are told of members.

Whoever draws buurten cuts sectors wherever he likes, down to a single home. So a plan counts no members. Each sector
has a rate, worked out from the table that may be told by itself (`households.member_table`), and any blocks have their
dwellings times the rates of their sectors. Dwellings are public, so that no sequence of cuts, and no difference of two
answers, says more than the table does.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToldMembers:
    """What is told of the members of some blocks; None is withheld or unknown."""

    members: int | None
    """Member households, an estimate by dwellings."""
    letters: int | None
    """Dwellings without a member household: those that get an invitation."""


@dataclass(frozen=True, slots=True)
class MemberRates:
    """Member households per dwelling by sector.

    Attributes
    ----------
    smallest_shown
        The smallest number of member households that is told, zero apart.
    per_dwelling
        By sector code; None, as for a sector that is not there, where it is withheld or unknown.

    Examples
    --------
    >>> rates = MemberRates(10, {"S1": 0.25, "S2": 0.0, "S3": None})
    >>> rates.told([("S1", 40), ("S1", 20), ("S2", 100)])
    ToldMembers(members=15, letters=145)
    >>> rates.told([("S1", 20)]), rates.told([("S1", 400), ("S3", 1)])  # five are few; nobody knows of S3
    (ToldMembers(members=None, letters=None), ToldMembers(members=None, letters=None))
    """

    smallest_shown: int
    per_dwelling: Mapping[str, float | None]

    def told(self, blocks: Iterable[tuple[str, int]]) -> ToldMembers:
        """Return what is told of some blocks.

        Parameters
        ----------
        blocks
            The sector and the number of dwellings of each.

        Returns
        -------
        ToldMembers
            Rounded half up, once; withheld where the members or the other dwellings are fewer than the smallest number
            shown.
        """
        dwellings, expected = 0, []
        for sector_code, homes in blocks:
            rate = self.per_dwelling.get(sector_code)
            if rate is None:
                return ToldMembers(None, None)
            dwellings += homes
            expected.append(rate * homes)
        exact = math.fsum(expected)
        members = math.floor(exact + 0.5)
        others = dwellings - members
        few = members < self.smallest_shown or (self.smallest_shown > 1 and others < self.smallest_shown)
        if exact > 0 and few:
            return ToldMembers(None, None)
        return ToldMembers(members, max(others, 0))
