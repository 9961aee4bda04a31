"""What counts as a dwelling: which lines of an address register are homes, read in bounded memory."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data.tables import ADDRESS_SCHEMA, AddressStatus

ROWS_AT_ONCE = 1 << 17
_STREET = ["street_id", "street_nl", "street_fr", "street_de"]
"""The first that the register gives tells a street from others of its postcode."""
_BUILDING = [*_STREET, "postcode", "house_number"]


def read_dwellings(addresses: pq.ParquetFile, *, rows_at_once: int = ROWS_AT_ONCE) -> Iterator[pa.Table]:
    """Give the dwellings of a register, in its order.

    A dwelling is a current address that is *woonfunctie* or whose purpose the register does not give. A house number
    whose boxes are registered is a building, not a dwelling of its own.

    Parameters
    ----------
    addresses
        A release's addresses (`data.tables.ADDRESS_SCHEMA`); read twice.
    rows_at_once
        Lines of the register that are held in memory.

    Yields
    ------
    pyarrow.Table
        Dwellings with the columns of `ADDRESS_SCHEMA`; those without a position too.
    """
    boxed = _buildings_with_boxes(addresses, rows_at_once)
    for batch in addresses.iter_batches(rows_at_once, columns=ADDRESS_SCHEMA.names):
        homes = _homes(pa.Table.from_batches([batch]))
        superseded = pc.and_(pc.is_null(homes["box"]), pc.is_in(_building_keys(homes), value_set=boxed))
        yield homes.filter(pc.invert(superseded))


def _buildings_with_boxes(addresses: pq.ParquetFile, rows_at_once: int) -> pa.Array:
    """Return the keys of the buildings whose boxes are homes: few beside the addresses."""
    found = [pa.array([], pa.string())]
    for batch in addresses.iter_batches(rows_at_once, columns=[*_BUILDING, "box", "status", "purpose"]):
        table = pa.Table.from_batches([batch])
        boxes = _homes(table.filter(pc.is_valid(table["box"])))
        found.append(pc.unique(_building_keys(boxes)))
    return pc.unique(pa.chunked_array(found))


def _homes(table: pa.Table) -> pa.Table:
    home = pc.or_kleene(
        pc.is_null(table["purpose"]), pc.match_substring(table["purpose"], "woonfunctie", ignore_case=True)
    )
    return table.filter(pc.and_kleene(pc.equal(table["status"], AddressStatus.CURRENT.value), home))


def _building_keys(table: pa.Table) -> pa.ChunkedArray:
    street = pc.coalesce(*(table[name] for name in _STREET))
    parts = (pc.fill_null(part, "") for part in (street, table["postcode"], table["house_number"]))
    return pc.binary_join_element_wise(*parts, "\x1f")
