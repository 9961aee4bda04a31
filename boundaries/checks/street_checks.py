"""Checks whether a border cuts a few addresses of a street off from the rest of it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import shapely

from boundaries.checks.checked_plan import CheckedPlan
from boundaries.checks.problems import Figure, Problem, Remedy, Severity

LEAST_ADDRESSES = 5
"""A street with fewer has no rest to speak of."""


@dataclass(frozen=True, slots=True)
class StreetAddress:
    """A house number of a street."""

    street: str
    """What tells the street from all others of the municipality."""
    name: str
    block: str
    x: float
    """In the plan's CRS."""
    y: float


def check_streets(plan: CheckedPlan, addresses: Iterable[StreetAddress]) -> Iterator[Problem]:
    """Find the streets of which a small share of the addresses lies in another buurt than most.

    Parameters
    ----------
    plan
        The plan.
    addresses
        One for every house number, whatever the number of dwellings behind it.
    """
    by_street: dict[str, list[StreetAddress]] = {}
    for address in addresses:
        by_street.setdefault(address.street, []).append(address)
    for street in sorted(by_street):
        along = by_street[street]
        buurt_of = [plan.state.buurt_of.get(address.block) for address in along]
        counts = Counter(buurt for buurt in buurt_of if buurt is not None)
        if len(counts) < 2 or counts.total() < LEAST_ADDRESSES:
            continue
        most = min(counts, key=lambda buurt: (-counts[buurt], buurt))
        for buurt in sorted(counts.keys() - {most}):
            share = counts[buurt] / counts.total()
            if share > plan.settings.street_share_most:
                continue
            apart = [address for address, of in zip(along, buurt_of, strict=True) if of == buurt]
            yield Problem(
                "street-split",
                Severity.INFO,
                shapely.MultiPoint([(address.x, address.y) for address in apart]),
                (buurt, most),
                tuple(sorted({address.block for address in apart})),
                (Figure(counts[buurt], "addresses"), Figure(share, "share")),
                Remedy("reshape"),
                name=along[0].name,
            )
