"""Counts the homes of a register by sector, and keeps the counts of a pair of releases."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import insert
from sqlalchemy.orm import Session

from data.store.household_models import SectorDwellings
from data.store.models import Release
from data.tables import AddressStatus
from geo.sector_index import SectorIndex

_ROWS_PER_INSERT = 2_000
_COLUMNS = ["street_id", "postcode", "house_number", "box", "status", "purpose", "x", "y"]


def count_dwellings(addresses: pq.ParquetFile, sectors: SectorIndex) -> dict[str, int]:
    """Count the homes of a register by sector.

    A home is a current address that is *woonfunctie* or whose purpose the register does not give. A house number whose
    boxes are registered is a building, not a home of its own. Addresses without a position are in no sector.

    Parameters
    ----------
    addresses
        A release's addresses (`data.tables.ADDRESS_SCHEMA`), with `x, y` in the CRS of `sectors`.
    sectors
        Index of the sectors.

    Returns
    -------
    dict
        Homes of every sector, 0 where there is none.
    """
    table = addresses.read(_COLUMNS)
    home = pc.or_kleene(
        pc.is_null(table["purpose"]), pc.match_substring(table["purpose"], "woonfunctie", ignore_case=True)
    )
    table = table.filter(pc.and_kleene(pc.equal(table["status"], AddressStatus.CURRENT.value), home))
    # A street without an identifier is told apart by its postcode.
    building = [pc.fill_null(table[name], "") for name in ("street_id", "postcode", "house_number")]
    keys = pc.binary_join_element_wise(*building, "\x1f")
    boxed = pc.unique(keys.filter(pc.is_valid(table["box"])))
    superseded = pc.and_(pc.is_null(table["box"]), pc.is_in(keys, value_set=pa.array(boxed)))
    table = table.filter(pc.invert(superseded))
    table = table.filter(pc.and_(pc.is_valid(table["x"]), pc.is_valid(table["y"])))
    found = sectors.locate_many(table["x"].to_numpy(), table["y"].to_numpy())
    counts = np.bincount(found[found >= 0], minlength=len(sectors.codes))
    return {code: int(count) for code, count in zip(sectors.codes, counts, strict=True)}


def keep_dwellings(session: Session, sectors: Release, addresses: Release, dwellings: Mapping[str, int]) -> None:
    """Store the homes of a pair of releases; releases never change, so this is done once."""
    rows = [
        {
            "sectors_release_id": sectors.id,
            "addresses_release_id": addresses.id,
            "sector_code": code,
            "dwellings": count,
        }
        for code, count in dwellings.items()
    ]
    for start in range(0, len(rows), _ROWS_PER_INSERT):
        session.execute(insert(SectorDwellings), rows[start : start + _ROWS_PER_INSERT])
