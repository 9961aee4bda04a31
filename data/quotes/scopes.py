"""What a quote asks of the store: the buurten of a municipality with their households, and their map."""

from collections.abc import Collection, Iterable
from dataclasses import astuple, replace
from datetime import date, datetime

import numpy as np
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.buurt_counts import BuurtCount as CountedBuurt
from data.buurt_counts import count_plan, sum_buurten
from data.household_counts import CountBasis, CountReleases, read_municipality_counts
from data.municipalities import MunicipalityPlace, list_municipalities, name_in
from data.plans.published import read_plan, sector_shapes
from data.quotes.letters_plans import count_letters, plan_letters
from data.store.models import Plan, Release
from data.tables import Country
from geo.crs import LONLAT, OFFICIAL_CRS, transform_shapes
from households.counts import Method
from households.dwelling_keys import HouseholdKeys
from households.totals import HouseholdTotal
from licensing.bulk import MunicipalityHouseholds
from licensing.frozen_quotes import FrozenMap, freeze_map
from licensing.quote_map import MapShape
from licensing.quote_request import BuurtCount, Estimate, Language, MunicipalityScope, QuoteError


def read_scope(
    session: Session,
    basis: CountBasis,
    place: MunicipalityPlace,
    now: datetime,
    *,
    language: Language,
    day: date | None = None,
    buurt_codes: Collection[str] | None = None,
    letters: int | None = None,
    keys: HouseholdKeys | None,
    smallest_shown: int,
) -> MunicipalityScope:
    """Return the buurten of a municipality's plan with their households and letters, as a quote freezes them.

    Parameters
    ----------
    session
        A session on the store.
    basis
        What to count from.
    place
        The municipality.
    now
        The present instant.
    language
        Language of names.
    day
        The day whose plan it is; None for today.
    buurt_codes
        Some of the buurten, for a pilot; None for all.
    letters
        How many letters, where somebody says so; None for those of the letters plan.
    keys
        Keys of dwellings, which tell in which part of a divided sector a member household lives.
    smallest_shown
        The smallest number of members that is told, zero apart.

    Raises
    ------
    QuoteError
        `no-such-buurt`, where the plan lacks one that is named.
    NoPlanError
        No plan holds on that day.
    """
    plan = count_plan(session, basis, place.code, day or now.date(), now, keys)
    counted = sum_buurten(plan)
    known = {buurt.code: buurt for buurt in counted.buurten}
    wanted = list(known) if buurt_codes is None else sorted(set(buurt_codes))
    if missing := [code for code in wanted if code not in known]:
        message = f"plan {counted.plan_version} has no buurt {', '.join(missing)}; it has {', '.join(known)}"
        raise QuoteError("no-such-buurt", f"municipality {place.code}", message)
    buurten = tuple(_freeze(known[code], basis.releases, language) for code in wanted)
    whole = len(wanted) == len(known)
    published = whole and counted.difference == 0
    municipality_counts = basis.releases.municipality_counts
    if len(known) == 1 and published and municipality_counts is not None:
        # The one buurt is the municipality, and what its sectors add up to is what was published for it.
        method = Method.OFFICIAL.value
        buurten = (replace(buurten[0], release=municipality_counts.name, method=method, estimate=None),)
    return MunicipalityScope(
        place.code,
        place.name(language),
        place.country,
        counted.plan_version,
        len(known),
        buurten,
        letters,
        None if published else _estimate_of(counted.total.households) if whole else _add_estimates(buurten),
        plan_letters(plan, basis.releases.addresses, smallest_shown, wanted),
    )


def read_map(session: Session, sectors: Release, scope: MunicipalityScope) -> FrozenMap:
    """Return the map of a scope: its buurten numbered as in its table, and the other ones of the plan.

    Parameters
    ----------
    session
        A session on the store.
    sectors
        The release that the plan stands on.
    scope
        From `read_scope`.
    """
    row = session.scalars(
        select(Plan)
        .where(
            Plan.release_id == sectors.id,
            Plan.municipality_code == scope.code,
            Plan.version == scope.plan_version,
        )
        .limit(1)
    ).one()
    plan = read_plan(session, row)
    official = sector_shapes(session, sectors, (block.sector_code for block in plan.blocks))
    crs = sectors.crs or LONLAT
    metric = OFFICIAL_CRS[scope.country] if crs == LONLAT else crs
    parts: dict[str, list[object]] = {}
    for block in plan.blocks:
        shape = official[block.sector_code] if block.shape is None else block.shape
        parts.setdefault(block.buurt_code, []).append(shape)
    numbers = {buurt.code: number for number, buurt in enumerate(scope.buurten, start=1)}
    shapes = []
    for code, geometries in parts.items():
        whole = shapely.union_all(np.array(geometries, dtype=object))
        shapes.append(MapShape(code, transform_shapes(whole, crs, metric), numbers.get(code)))
    return freeze_map(scope.code, shapes, metric)


def read_households(
    session: Session,
    basis: CountBasis,
    country: Country,
    now: datetime,
    *,
    keys: HouseholdKeys | None,
    smallest_shown: int,
) -> list[MunicipalityHouseholds]:
    """Return the households and letters of every municipality of a country, as a quote for it would count them.

    Parameters
    ----------
    session, basis, now, keys, smallest_shown
        As for `read_scope`.
    country
        The country.
    """
    places = list_municipalities(session, country)
    counts = read_municipality_counts(session, basis, [place.code for place in places])
    letters = count_letters(session, basis, counts, now, keys=keys, smallest_shown=smallest_shown)
    found = []
    for place in places:
        households = counts[place.code].counted + counts[place.code].estimated
        found.append(
            MunicipalityHouseholds(
                place.code, place.name("nl"), country, households, letters.get(place.code, households)
            )
        )
    return found


def _freeze(buurt: CountedBuurt, releases: CountReleases, language: Language) -> BuurtCount:
    total = buurt.total
    methods = sorted(total.households.by_method) or [Method.OFFICIAL]
    used = [releases.sector_counts]
    if any(method.startswith("residual") for method in methods):
        used.append(releases.municipality_counts)
    if any(method.endswith("dwellings") or method == Method.OCCUPANCY for method in methods):
        used.append(releases.addresses)
    names = [release.name for release in used if release is not None]
    return BuurtCount(
        buurt.code,
        name_in(buurt.names, language) or buurt.code,
        total.households.households,
        ", ".join(names) or releases.sectors.name,
        "+".join(methods),
        len(total.unknown_sectors),
        _estimate_of(total.households),
    )


def _estimate_of(total: HouseholdTotal) -> Estimate | None:
    """Return how much of a sum is estimated, if anything; parts of a sector that is in it whole are not."""
    return Estimate(total.estimated, total.low, total.high) if total.estimated else None


def _add_estimates(buurten: Iterable[BuurtCount]) -> Estimate | None:
    known = [buurt.estimate or Estimate(0, buurt.households, buurt.households) for buurt in buurten]
    total = Estimate(*(sum(column) for column in zip(*map(astuple, known), strict=True)))
    return total if total.households else None
