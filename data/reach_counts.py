"""Counts what a selection reaches: the parts of every buurt that it touches, with households, dwellings, members."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from data.buurt_counts import CountedPlan, count_plan
from data.plans.published import PlacedBlock
from data.selection import SelectedMunicipality, block_shapes
from geo.crs import area_m2
from households.dwelling_keys import HouseholdKeys
from households.reach import PartInReach


@dataclass(frozen=True, slots=True)
class CountedReach:
    """What is reached in a municipality."""

    counted: CountedPlan
    parts: tuple[PartInReach, ...]
    """Every part of the buurten that are touched, by sector."""


def count_reach(
    session: Session, selected: SelectedMunicipality, day: date, at: datetime, keys: HouseholdKeys | None
) -> CountedReach:
    """Count the parts of the buurten that a selection touches in a municipality, as `households.reach` sums them.

    Parameters
    ----------
    session
        A session on the store.
    selected
        The selection.
    day
        The day that it was made for.
    at
        The instant whose members count.
    keys
        Keys of dwellings, which tell in which part of a divided sector a member household lives.
    """
    counted = count_plan(session, selected.basis, selected.code, day, at, keys)
    dwellings_in = Counter(selected.dwellings["part_code"].to_pylist())
    blocks_of: dict[str, list[PlacedBlock]] = {}
    for sector_code, blocks in selected.plan.by_sector().items():
        divided = len({block.buurt_code for block in blocks}) > 1
        for block in blocks:
            blocks_of.setdefault(block.code if divided else sector_code, []).append(block)
    touched = [part for part in counted.parts if part.buurt_code in selected.buurt_codes]
    flat = [block for part in touched for block in blocks_of[part.code]]
    sizes = area_m2(block_shapes(session, selected.plan, flat), selected.plan.release.crs or "").tolist()
    size_of = dict(zip((block.code for block in flat), sizes, strict=True))
    parts = (
        PartInReach(
            key=part.code,
            buurt_code=part.buurt_code,
            households=part.count.households,
            dwellings=part.count.dwellings,
            dwellings_inside=dwellings_in[part.code],
            area_m2=sum(size_of[block.code] for block in blocks_of[part.code]),
            area_inside_m2=sum(selected.ground_m2.get(block.code, 0.0) for block in blocks_of[part.code]),
        )
        for part in touched
    )
    return CountedReach(counted, tuple(parts))
