"""How many of the households are members, and how many members take part: shares that never divide by an unknown."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_WHOLE_PERCENT = Decimal(1)


@dataclass(frozen=True, slots=True)
class Adoption:
    """Member households beside all households of an area."""

    members: int
    households: int | None
    """None where the count is unknown, and then the share is unknown too."""

    @property
    def share(self) -> Decimal | None:
        """Members over households, exact to Decimal's 28 digits; None where that says nothing."""
        return share_of(self.members, self.households)

    @property
    def percent(self) -> int | None:
        """The share in whole percent, half up, as it is published.

        Examples
        --------
        >>> Adoption(members=2_875, households=11_146).percent
        26
        """
        return None if self.share is None else whole_percent(self.share)


@dataclass(frozen=True, slots=True)
class Participation:
    """Households or persons that took part in something, beside those that could have."""

    participants: int
    members: int
    households: int | None

    @property
    def of_members(self) -> Decimal | None:
        """Participants over member households.

        Examples
        --------
        >>> whole_percent(Participation(588, members=2_875, households=None).of_members)
        20
        """
        return share_of(self.participants, self.members)

    @property
    def of_households(self) -> Decimal | None:
        """Participants over all households."""
        return share_of(self.participants, self.households)


def share_of(part: int, whole: int | None) -> Decimal | None:
    """Return a part over a whole; None where the whole is unknown or nothing."""
    return Decimal(part) / Decimal(whole) if whole else None


def whole_percent(share: Decimal) -> int:
    """Return a share in whole percent, half up."""
    return int((share * 100).quantize(_WHOLE_PERCENT, ROUND_HALF_UP))


def households_behind(members: int, percent: int) -> tuple[int, int]:
    """Return the fewest and the most households for which a published percentage of members is right.

    It checks a published figure where no official count of its year is at hand.

    Examples
    --------
    >>> households_behind(2_875, 26)
    (10850, 11274)
    """
    if members <= 0 or percent <= 0:
        raise ValueError("members and percentage are above zero")
    lowest, highest = 2 * percent - 1, 2 * percent + 1
    # round_half_up(100 m / h) = p exactly when (2p - 1) h <= 200 m < (2p + 1) h.
    return 200 * members // highest + 1, 200 * members // lowest
