"""How many letters a licence starts with: the dwellings of its buurten less their members, as far as they are told."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.block_counts import StoredCounter
from data.buurt_counts import CountedPlan
from data.household_counts import CountBasis, is_member
from data.plans.published import plan_on
from data.store.household_models import Household
from data.store.models import Release
from households.dwelling_keys import HouseholdKeys
from households.estimates import MunicipalityCount
from licensing.quote_request import LettersPlan


def plan_letters(
    counted: CountedPlan, addresses: Release | None, smallest_shown: int, buurt_codes: Collection[str] | None = None
) -> LettersPlan | None:
    """Return the letters to the buurten of a plan, one for each dwelling without a member household.

    Members are those of the table that may be told by itself (`households.member_table`): what is withheld there
    counts as none, so that no choice of buurten tells of a single household.

    Parameters
    ----------
    counted
        The plan of a municipality with its counts.
    addresses
        The release that its dwellings come from.
    smallest_shown
        The smallest number of members that is told, zero apart.
    buurt_codes
        Some of the plan's buurten; None for all.

    Returns
    -------
    LettersPlan or None
        None where no dwelling is known there: no register is active, or it does not reach so far.
    """
    told = counted.member_table(smallest_shown).buurten
    chosen = set(told.cells if buurt_codes is None else buurt_codes)
    dwellings = sum(part.count.dwellings or 0 for part in counted.parts if part.buurt_code in chosen)
    if addresses is None or not dwellings:
        return None
    shown = sum(told.cells[code] or 0 for code in chosen)
    # Of the whole municipality more may be told than of its buurten.
    members = told.total if told.total is not None and chosen == told.cells.keys() else shown
    return LettersPlan(max(dwellings - members, 0), dwellings, members, smallest_shown, addresses.name)


def count_letters(
    session: Session,
    basis: CountBasis,
    counts: Mapping[str, MunicipalityCount],
    now: datetime,
    *,
    keys: HouseholdKeys | None,
    smallest_shown: int,
) -> dict[str, int]:
    """Return the letters to whole municipalities, as `plan_letters` counts them for today's plans.

    Parameters
    ----------
    session
        A session on the store.
    basis
        What to count from.
    counts
        The counts of each municipality, from `read_municipality_counts`.
    now
        The present instant, whose plans and members count.
    keys
        Keys of dwellings, which tell in which part of a divided sector a member household lives.
    smallest_shown
        As for `plan_letters`.

    Returns
    -------
    dict
        By municipality; one where no dwelling is known is left out.
    """
    known = {} if basis.dwellings is None else basis.dwellings.counts
    dwellings = {code: sum(known.get(sector, 0) for sector in count.sectors) for code, count in counts.items()}
    letters = {code: number for code, number in dwellings.items() if number}
    # Fewer members than are told count as none, whatever the plan: only where there are more does it take the plan.
    many = session.scalars(
        select(Household.municipality_code)
        .where(is_member(now))
        .group_by(Household.municipality_code)
        .having(func.count() >= smallest_shown)
    )
    for code in letters.keys() & set(many):
        counter = StoredCounter.read(session, basis, code, now, keys, counts[code])
        counted = CountedPlan.of(plan_on(session, code, now.date(), basis.releases.sectors), counter)
        plan = plan_letters(counted, basis.releases.addresses, smallest_shown)
        if plan is not None:
            letters[code] = plan.letters
    return letters
