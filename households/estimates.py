"""Estimates the households of sectors without a count, so that the municipality's official total holds.

Official counts are never changed. Where a publisher rounds the counts per sector (CBS, to 5), they do not add up to
the municipality's own count: both are kept, and the difference is told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, floor, gcd, sqrt

from households.apportionment import apportion, occupancy_margin
from households.counts import NORMAL_95, HouseholdCount, Method, official_count

FEWEST_COUNTS_TO_SEE_ROUNDING = 20
"""Twenty exact counts are all multiples of 5 by chance once in 10¹⁴."""
ROUNDINGS = (5, 10)
"""The multiples that publishers round to; each is one of the first."""


@dataclass(frozen=True, slots=True)
class SectorFacts:
    """What is known of a sector; None is unknown, never zero."""

    households: int | None
    dwellings: int | None
    """Homes in the address register; None where no register is active."""
    population: int | None
    area_m2: float


@dataclass(frozen=True, slots=True)
class MunicipalityCount:
    """The households of a municipality: its own official count beside the sum of its sectors."""

    sectors: Mapping[str, HouseholdCount | None]
    """By code; None where nothing allows an estimate."""
    official: int | None
    rounding: int
    """The multiple that the counts per sector are rounded to."""

    @property
    def counted(self) -> int:
        """Sum of the sectors' official counts."""
        return sum(count.households for count in self.sectors.values() if count and not count.estimated)

    @property
    def estimated(self) -> int:
        """Sum of the estimates."""
        return sum(count.households for count in self.sectors.values() if count and count.estimated)

    @property
    def unknown_sectors(self) -> int:
        """Sectors that have neither a count nor an estimate."""
        return sum(count is None for count in self.sectors.values())

    @property
    def difference(self) -> int | None:
        """The municipality's own count less the sum of its sectors; None where it has none."""
        return None if self.official is None else self.official - self.counted - self.estimated


def published_rounding(counts: Iterable[int | None]) -> int:
    """Return the multiple that a publisher rounds its counts to, seen from the counts of a whole release.

    Examples
    --------
    >>> published_rounding(range(5, 1_000, 5)), published_rounding([10, 20])
    (5, 1)
    """
    known = [count for count in counts if count]
    if len(known) < FEWEST_COUNTS_TO_SEE_ROUNDING:
        return 1
    divisor = gcd(*known)
    return divisor if divisor in ROUNDINGS else 1


def complete_counts(
    official: int | None, sectors: Mapping[str, SectorFacts], *, rounding: int = 1
) -> MunicipalityCount:
    """Give every sector of a municipality a count: the official one, or an estimate.

    With an official count of the municipality, what it leaves after the counted sectors (never less than nothing) is
    shared out among the uncounted ones by their dwellings, else their population, else their area. Without it, a
    sector gets its dwellings times the households per dwelling of the counted sectors; without dwellings, nothing.

    The margin (95 %) of a residual comes from the rounding of the counted sectors: n counts rounded to r have errors
    that are uniform over r whole numbers, so that their sum has the variance n (r² − 1) / 12. To it comes, by
    dwellings, `occupancy_margin`; by population or area, the margin is everything from none of the residual to all of
    it. The margin of an occupancy is that of a ratio estimator (Cochran, *Sampling Techniques*, 3rd ed. 1977, ch. 6).

    Parameters
    ----------
    official
        The municipality's own count, or None.
    sectors
        What is known of each of its sectors, by code.
    rounding
        The multiple that the counts per sector are rounded to: see `published_rounding`.

    Examples
    --------
    >>> known, unknown = SectorFacts(900, 950, None, 1e6), SectorFacts(None, 120, None, 1e6)
    >>> count = complete_counts(1_000, {"A": known, "B": unknown})
    >>> count.sectors["B"].households, count.sectors["B"].method.value, count.difference
    (100, 'residual-by-dwellings', 0)
    """
    counts: dict[str, HouseholdCount | None] = {
        code: None if facts.households is None else official_count(facts.households, rounding)
        for code, facts in sectors.items()
    }
    missing = {code: facts for code, facts in sectors.items() if facts.households is None}
    counted = [facts for facts in sectors.values() if facts.households is not None]
    if missing:
        counts |= (
            _by_occupancy(counted, missing)
            if official is None
            else _from_residual(official, counted, missing, rounding)
        )
    return MunicipalityCount(counts, official, rounding)


def _from_residual(
    official: int, counted: list[SectorFacts], missing: Mapping[str, SectorFacts], rounding: int
) -> dict[str, HouseholdCount]:
    exact_residual = official - sum(facts.households or 0 for facts in counted)
    residual = max(0, exact_residual)
    margin = NORMAL_95 * sqrt(len(counted) * (rounding**2 - 1) / 12)
    most = max(residual, ceil(exact_residual + margin))
    method, weights = _weights(missing)
    whole = sum(weights.values())
    if whole == 0:
        # A register that has no home there: the residual is the counted sectors' rounding, and stays visible.
        return {code: HouseholdCount(0, method, 0, 0) for code in missing}
    estimates = {}
    for code, share in apportion(residual, weights).items():
        if method == Method.RESIDUAL_BY_DWELLINGS:
            dwellings = int(weights[code])
            spread = occupancy_margin(residual, dwellings, int(whole)) + margin * dwellings / whole
            low, high = max(0, floor(share - spread)), min(most, ceil(share + spread))
        else:
            low, high = 0, most
        estimates[code] = HouseholdCount(share, method, min(low, share), max(high, share))
    return estimates


def _weights(missing: Mapping[str, SectorFacts]) -> tuple[Method, dict[str, int | float]]:
    dwellings = {code: facts.dwellings for code, facts in missing.items() if facts.dwellings is not None}
    if len(dwellings) == len(missing):
        return Method.RESIDUAL_BY_DWELLINGS, dict(dwellings)
    population = {code: facts.population or 0 for code, facts in missing.items()}
    if any(population.values()):
        return Method.RESIDUAL_BY_POPULATION, dict(population)
    return Method.RESIDUAL_BY_AREA, {code: facts.area_m2 for code, facts in missing.items()}


def _by_occupancy(counted: list[SectorFacts], missing: Mapping[str, SectorFacts]) -> dict[str, HouseholdCount | None]:
    pairs = [(facts.households or 0, facts.dwellings) for facts in counted if facts.dwellings]
    dwellings = sum(homes for _, homes in pairs)
    if len(pairs) < 2:
        return dict.fromkeys(missing, None)
    ratio = sum(households for households, _ in pairs) / dwellings
    spread = sqrt(sum((households - ratio * homes) ** 2 / homes for households, homes in pairs) / (len(pairs) - 1))
    estimates: dict[str, HouseholdCount | None] = {}
    for code, facts in missing.items():
        if facts.dwellings is None:
            estimates[code] = None
            continue
        share = round(ratio * facts.dwellings)
        # The error of the sector itself, and that of the ratio.
        margin = NORMAL_95 * spread * sqrt(facts.dwellings + facts.dwellings**2 / dwellings)
        estimates[code] = HouseholdCount(share, Method.OCCUPANCY, max(0, floor(share - margin)), ceil(share + margin))
    return estimates
