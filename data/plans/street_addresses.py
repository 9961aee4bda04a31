"""The house numbers of a plan's streets, from the register, with the block that each lies in."""

from collections.abc import Iterator

import numpy as np
import pyarrow.compute as pc

from boundaries.blocks import PlanState
from boundaries.checks import StreetAddress
from data.block_counts import owning_parts
from data.dwellings import Dwellings

_COLUMNS = ("street_nl", "street_fr", "street_de", "postcode", "house_number", "x", "y")
_POSTCODE = 4
"""Digits of a postcode that tell one street from another of its name; a Dutch one has letters for its stretches."""


def street_addresses(state: PlanState, dwellings: Dwellings) -> Iterator[StreetAddress]:
    """Give every house number in a plan's sectors once, however many dwellings it has.

    Parameters
    ----------
    state
        The plan, drawn on the sectors that the dwellings were placed in.
    dwellings
        The register's dwellings by sector.
    """
    by_sector: dict[str, list[str]] = {}
    for code in sorted(state.blocks):
        by_sector.setdefault(state.blocks[code].sector_code, []).append(code)
    seen: set[tuple[str, str, str]] = set()
    for sector_code, blocks in by_sector.items():
        table = dwellings.in_sectors([sector_code], _COLUMNS)
        table = table.filter(pc.or_(pc.is_valid(table["street_nl"]), pc.is_valid(table["street_fr"])))
        x, y = table["x"].to_numpy(), table["y"].to_numpy()
        owner = (
            owning_parts(x, y, [state.blocks[code].shape for code in blocks])
            if len(blocks) > 1
            else np.zeros(len(x), np.int64)
        )
        rows = zip(*(table[name].to_pylist() for name in _COLUMNS[:5]), strict=True)
        for place, (dutch, french, german, postcode, number) in enumerate(rows):
            name = " / ".join(dict.fromkeys(text for text in (dutch, french, german) if text))
            street, block = f"{name} {(postcode or '')[:_POSTCODE]}", blocks[int(owner[place])]
            if (street, number, block) not in seen:
                seen.add((street, number, block))
                yield StreetAddress(street, name, block, float(x[place]), float(y[place]))
