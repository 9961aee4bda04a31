"""Shares out whole households: a split sector's count among its parts, conserving it exactly.

The rule is that of the largest remainder (Hamilton, 1792): every part gets the whole households of its quota, and the
ones left go to the largest remainders. Quotas are exact fractions, so that no sum depends on floating point, and equal
remainders go to the lowest code, so that no answer depends on the order of the parts. (Balinski and Young, *Fair
Representation*, 2nd ed. 2001, describe the rule and its paradoxes; those need a changing total, which a release lacks.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, isfinite, sqrt

from households.counts import NORMAL_95, HouseholdCount, Method


class NothingToShareByError(ValueError):
    """Households are to be shared out, and no part has any weight."""


@dataclass(frozen=True, slots=True)
class SectorPart:
    """One side of a cut through a sector."""

    code: str
    dwellings: int | None
    """Homes that the register has there; None where there is no register."""
    area_m2: float


def apportion(total: int, weights: Mapping[str, int | float]) -> dict[str, int]:
    """Share out a whole number by weights, in whole numbers that add up to it.

    Parameters
    ----------
    total
        What is shared out; not negative.
    weights
        Weight by code; finite and not negative.

    Returns
    -------
    dict
        Share by code, in the order of `weights`. No share differs from its exact quota by one or more.

    Raises
    ------
    NothingToShareByError
        Something is to be shared out, and all weights are zero.

    Examples
    --------
    >>> apportion(10, {"A": 1, "B": 1, "C": 1})
    {'A': 4, 'B': 3, 'C': 3}
    """
    if total < 0 or any(not isfinite(weight) or weight < 0 for weight in weights.values()):
        raise ValueError("a total and its weights are finite and not negative")
    exact = {code: Fraction(weight) for code, weight in weights.items()}
    whole = sum(exact.values())
    if whole == 0:
        if total > 0:
            raise NothingToShareByError(f"{total:,} households cannot be shared out among {len(weights)} empty parts")
        return dict.fromkeys(weights, 0)
    quotas = {code: total * weight / whole for code, weight in exact.items()}
    shares = {code: floor(quota) for code, quota in quotas.items()}
    left = total - sum(shares.values())
    by_remainder = sorted(quotas, key=lambda code: (shares[code] - quotas[code], code))
    for code in by_remainder[:left]:
        shares[code] += 1
    return shares


def split_households(count: HouseholdCount, parts: Sequence[SectorPart]) -> dict[str, HouseholdCount]:
    """Divide a sector's households among its parts.

    By dwellings where the register has one in the sector, else by area. Parts that are to be summed again (two
    blocks of one buurt) are best given as one part: its margin is then smaller than the sum of theirs.

    Parameters
    ----------
    count
        The sector's households.
    parts
        At least one, with codes of their own.

    Returns
    -------
    dict
        Count by the part's code, with a margin: see `occupancy_margin`. Area says nothing of where homes stand,
        so that the margin of a share by area is everything from none of the sector's households to all of them.

    Raises
    ------
    NothingToShareByError
        The sector has households, and no part has a dwelling or an area.

    Examples
    --------
    >>> from households.counts import official_count
    >>> parts = [SectorPart("west", 300, 80_000.0), SectorPart("east", 100, 240_000.0)]
    >>> [(part.households, part.low, part.high) for part in split_households(official_count(390), parts).values()]
    [(292, 289, 295), (98, 95, 100)]
    """
    if len(parts) == 1:
        return {parts[0].code: count}
    dwellings = {part.code: part.dwellings for part in parts if part.dwellings is not None}
    all_dwellings = sum(dwellings.values())
    if len(dwellings) < len(parts) or all_dwellings == 0:
        shares = apportion(count.households, {part.code: part.area_m2 for part in parts})
        return {code: HouseholdCount(share, Method.SPLIT_BY_AREA, 0, count.high) for code, share in shares.items()}
    shares = apportion(count.households, dwellings)
    split = {}
    for code, share in shares.items():
        inside = dwellings[code]
        fraction = inside / all_dwellings
        margin = occupancy_margin(count.households, inside, all_dwellings)
        low = floor(share - margin - fraction * (count.households - count.low))
        high = ceil(share + margin + fraction * (count.high - count.households))
        # One household per dwelling at most, unless the sector itself has more households than dwellings.
        most = min(inside, count.high) if count.high <= all_dwellings else count.high
        split[code] = HouseholdCount(
            share, Method.SPLIT_BY_DWELLINGS, min(max(0, low), share), max(share, min(high, most))
        )
    return split


def occupancy_margin(households: int, dwellings_inside: int, dwellings: int) -> float:
    """Return the 95 % margin of the households in some of a sector's dwellings.

    Empty homes are taken to be anywhere in the sector with equal chance. The number of households inside then follows
    the hypergeometric distribution (Feller, *An Introduction to Probability Theory* I, II.6), whose variance is 0 when
    every dwelling has its household. Households beyond one per dwelling are taken to be anywhere too (binomial).

    Parameters
    ----------
    households
        Households of the sector.
    dwellings_inside, dwellings
        Its dwellings in the part, and in all.

    Examples
    --------
    >>> occupancy_margin(400, 100, 400), round(occupancy_margin(390, 100, 400), 1)
    (0.0, 2.7)
    """
    if dwellings < 2:
        return 0.0
    share = dwellings_inside / dwellings
    if households <= dwellings:
        spread = households * (dwellings - households) / (dwellings - 1)
    else:
        spread = households - dwellings
    return NORMAL_95 * sqrt(spread * share * (1 - share))
