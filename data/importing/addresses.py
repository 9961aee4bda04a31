"""Stages a release of addresses: streams the register to Parquet and builds the address index, in bounded memory."""

from pathlib import Path

import pyarrow.parquet as pq

from data.importing.staged import Progress, StagedRelease, fill_nothing
from data.readers.address_rows import AddressesRead
from data.tables import ADDRESS_SCHEMA, Kind, SourceError
from geo.addresses import AddressIndex
from geo.crs import OFFICIAL_CRS

ADDRESSES_FILE = "addresses.parquet"
INDEX_FOLDER = "addresses.index"


def stage_addresses(read: AddressesRead, folder: Path, *, file: str, progress: Progress) -> StagedRelease:
    """Read a register to its end and write the files of its release.

    Parameters
    ----------
    read
        The register, not yet read.
    folder
        Empty folder to write to.
    file
        Name of the source file, for messages.
    progress
        Told of the bytes read, then of the index's steps.

    Raises
    ------
    SourceError
        The reader's own, or `empty-file` where the register has no address.
    """
    rows = 0
    with pq.ParquetWriter(folder / ADDRESSES_FILE, ADDRESS_SCHEMA, compression="zstd") as writer:
        for batch in read.batches():
            writer.write_batch(batch)
            rows += batch.num_rows
            progress("read addresses", read.bytes_read, read.bytes_total)
    facts = read.facts()
    if rows == 0:
        raise SourceError("empty-file", "there is no address in it.", file=file, remedy="Check the download.")
    crs = facts.crs or OFFICIAL_CRS[facts.country]
    AddressIndex.build(
        pq.ParquetFile(folder / ADDRESSES_FILE),
        folder / INDEX_FOLDER,
        country=facts.country,
        crs=crs,
        progress=lambda done, total: progress("build the address index", done, total),
    )
    return StagedRelease(
        kind=Kind.ADDRESSES,
        country=facts.country,
        crs=crs,
        rows=rows,
        reference_date=facts.reference_date,
        findings=facts.findings,
        folder=folder,
        fill_store=fill_nothing,
    )
