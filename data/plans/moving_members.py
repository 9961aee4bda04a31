"""Puts member households into the sectors and the municipality that stand where their dwellings are, on a new release.

A member household is stored with the sector that it was found in; where sectors are recoded or municipalities merge,
it would be counted nowhere.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.dwellings import Dwellings
from data.plans.carrying_over import CarriedPlan
from data.store.household_models import Household
from data.tables import country_of
from households.dwelling_keys import HouseholdKeys, dwelling_key


def move_members(session: Session, plan: CarriedPlan, dwellings: Dwellings | None, keys: HouseholdKeys | None) -> None:
    """Move the member households of a carried plan's older municipalities along.

    Parameters
    ----------
    plan
        What was carried over.
    dwellings
        The register's dwellings in the new sectors; None where no register is active.
    keys
        Keys of households. A sector that is the same by its shape needs none; of one that was redrawn, they find each
        household by its dwelling. One that is not found keeps its sector's code, and is told as living elsewhere.
    """
    carried = plan.carried
    sources = {each.municipality_code for each in plan.sources}
    rows = session.scalars(select(Household).where(Household.municipality_code.in_(sources))).all()
    same = {code: code for code in carried.unchanged} | {old: new for new, old in carried.recoded.items()}
    redrawn = {(row.key_id, row.dwelling_key) for row in rows if row.sector_code not in same}
    places: dict[tuple[str, str], str] = {}
    if redrawn and dwellings is not None and keys is not None:
        table = dwellings.in_sectors(carried.changed, ["address_id", "sector_code"])
        homes = list(zip(table["address_id"].to_pylist(), table["sector_code"].to_pylist(), strict=True))
        country = country_of(plan.municipality_code)
        for key in keys.all:
            if any(key_id == key.id for key_id, _ in redrawn):
                places |= {(key.id, dwelling_key(key, country, address)): sector for address, sector in homes}
    for row in rows:
        found = same.get(row.sector_code) or places.get((row.key_id, row.dwelling_key))
        row.sector_code = found or row.sector_code
        row.municipality_code = plan.municipality_code
