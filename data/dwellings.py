"""The dwellings of a register sorted by sector, in a memory-mapped file per pair of releases.

A pair is made once, before either release becomes active (`data.household_counts.prepare_dwellings`) or when it is
first asked for, under a lock of the data directory; it appears whole, by one rename, and can be thrown away at any
time, because it is made from releases alone. The register is sorted by way of files: its lines are dealt out to runs of
sectors, and each run is sorted. What is held at a time is a batch of lines, a run, and of the whole register the keys
of the buildings with boxes and one count per sector.
"""

import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import ipc

from data.directory import DataDirectory, make_durable
from data.dwelling_counts import ROWS_AT_ONCE, read_dwellings
from data.importing.addresses import ADDRESSES_FILE
from data.importing.sectors import INDEX_FILE
from data.importing.staged import Progress
from data.store.models import Release
from data.tables import ADDRESS_SCHEMA
from geo.crs import LONLAT, transform_points
from geo.sector_index import SectorIndex

DWELLING_SCHEMA = ADDRESS_SCHEMA.append(pa.field("sector_code", pa.string(), nullable=False))
"""The columns of an address, with `x, y` in the CRS of the sectors, and the sector that owns the position."""

_FOLDER = "dwellings"
_DWELLINGS_FILE = "dwellings.arrow"
_SECTORS_FILE = "sectors.arrow"
_STAGING = "staging-"
_FORMAT = 2
_KEPT_PAIRS = 2
"""Pairs of a country that are kept: the one in use, and the one before, to which an operator may go back."""
_ROWS_PER_BATCH = 16_384
"""Rows that are unpacked at a time: a municipality has about that many dwellings."""
_ROWS_PER_RUN = 250_000


class Dwellings:
    """The dwellings of one addresses release that lie in the sectors of one sectors release.

    Attributes
    ----------
    crs : str
        Authority code of the CRS of `x` and `y`: the sectors'.
    counts : mapping
        Dwellings of every sector by its code, 0 where there is none; in the order of codes.
    """

    def __init__(self, folder: Path) -> None:
        with pa.memory_map(str(folder / _SECTORS_FILE)) as file:
            sectors = ipc.open_file(file).read_all()
        self.crs: str = sectors.schema.metadata[b"crs"].decode()
        codes = sectors["sector_code"].to_pylist()
        counts = sectors["dwellings"].to_numpy()
        self.counts: Mapping[str, int] = dict(zip(codes, counts.tolist(), strict=True))
        ends = np.cumsum(counts)
        self._rows = dict(zip(codes, zip((ends - counts).tolist(), ends.tolist(), strict=True), strict=True))
        self._file = pa.memory_map(str(folder / _DWELLINGS_FILE))

    @classmethod
    def open(
        cls, directory: DataDirectory, sectors: Release, addresses: Release, progress: Progress | None = None
    ) -> "Dwellings":
        """Open the dwellings of a pair of releases, having made them where they are missing.

        Parameters
        ----------
        directory
            Where both releases lie.
        sectors, addresses
            The pair, of one country.
        progress
            Told how far the work is, where there is any.
        """
        root = directory.root / _FOLDER
        folder = root / _pair_name(sectors, addresses)
        if folder.is_dir():
            return cls(folder)
        root.mkdir(exist_ok=True)
        with _locked(root):
            if not folder.is_dir():
                _make(directory, sectors, addresses, folder, progress or _unheard)
                _drop_old_pairs(root, sectors.country)
            return cls(folder)

    def in_sectors(self, codes: Iterable[str], columns: Sequence[str] | None = None) -> pa.Table:
        """Return the dwellings of sectors, by sector code and then in the register's order.

        Parameters
        ----------
        codes
            Sectors; one that the release does not have holds nothing.
        columns
            Some of `DWELLING_SCHEMA`, or all.
        """
        names = DWELLING_SCHEMA.names if columns is None else list(columns)
        rows = [self._rows[code] for code in sorted(set(codes) & self._rows.keys())]
        schema = pa.schema([DWELLING_SCHEMA.field(name) for name in names])
        places = sorted(DWELLING_SCHEMA.get_field_index(name) for name in names)
        reader = ipc.open_file(self._file, options=ipc.IpcReadOptions(included_fields=places))
        held: tuple[int, pa.RecordBatch] | None = None
        parts = []
        for number, start, end in _in_batches(rows):
            if held is None or held[0] != number:
                held = number, reader.get_batch(number)
            parts.append(held[1].slice(start, end - start))
        return pa.Table.from_batches(parts, reader.schema).select(names).cast(schema)

    def where(self, column: str, values: Collection[str]) -> pa.Table:
        """Return the dwellings with one of some values in a column: all of the register are looked through.

        Parameters
        ----------
        column
            A column of strings of `DWELLING_SCHEMA`.
        values
            What is looked for.
        """
        wanted = pa.array(sorted(values), pa.string())
        place = DWELLING_SCHEMA.get_field_index(column)
        only = ipc.open_file(self._file, options=ipc.IpcReadOptions(included_fields=[place]))
        whole = ipc.open_file(self._file)
        parts = []
        for number in range(only.num_record_batches):
            found = pc.is_in(only.get_batch(number).column(0), value_set=wanted)
            if pc.any(found).as_py():
                parts.append(whole.get_batch(number).filter(found))
        return pa.Table.from_batches(parts, whole.schema).cast(DWELLING_SCHEMA)


def _in_batches(rows: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Give the batches that hold runs of rows: number, first row in it, row after the last."""
    for first, end in _joined(rows):
        for number in range(first // _ROWS_PER_BATCH, -(-end // _ROWS_PER_BATCH)):
            base = number * _ROWS_PER_BATCH
            yield number, max(first - base, 0), min(end - base, _ROWS_PER_BATCH)


def _joined(rows: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join runs that follow one another."""
    start, end = 0, 0
    for first, after in rows:
        if first != end:
            if end > start:
                yield start, end
            start = first
        end = after
    if end > start:
        yield start, end


def _pair_name(sectors: Release, addresses: Release) -> str:
    # A name may have been another release's before; the sums of the files say which one this is.
    made_from = [_FORMAT, sectors.name, sectors.files, addresses.name, addresses.files]
    digest = hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
    return f"{sectors.country}-{digest[:32]}"


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Wait for the folder of pairs, hold it, and remove what a killed process left; the lock goes with the process."""
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in root.glob(f"{_STAGING}*"):
            shutil.rmtree(left)
        yield


def _drop_old_pairs(root: Path, country: str) -> None:
    pairs = sorted(root.glob(f"{country}-*"), key=lambda folder: folder.stat().st_mtime_ns, reverse=True)
    for folder in pairs[_KEPT_PAIRS:]:
        # Who has it open reads on: the pages go when the last one closes it.
        shutil.rmtree(folder)


def _unheard(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def _make(directory: DataDirectory, sectors: Release, addresses: Release, folder: Path, progress: Progress) -> None:
    index = SectorIndex.open(directory.release_folder(sectors.name) / INDEX_FILE)
    with tempfile.TemporaryDirectory(prefix=_STAGING, dir=folder.parent) as scratch:
        staged, runs = Path(scratch, "pair"), Path(scratch, "runs")
        staged.mkdir()
        runs.mkdir()
        with pq.ParquetFile(directory.release_folder(addresses.name) / ADDRESSES_FILE) as register:
            counts = _deal_out(register, addresses.crs, index, runs, progress)
        _write_sorted(runs, staged / _DWELLINGS_FILE, progress)
        table = pa.table({"sector_code": list(index.codes), "dwellings": counts})
        table = table.replace_schema_metadata({"crs": index.crs})
        with ipc.new_file(staged / _SECTORS_FILE, table.schema) as writer:
            writer.write_table(table)
        make_durable(staged)
        staged.rename(folder)


def _deal_out(
    register: pq.ParquetFile, crs: str | None, index: SectorIndex, folder: Path, progress: Progress
) -> npt.NDArray[np.int64]:
    """Write the dwellings to one file per run of sectors; return how many each sector has, shape (sectors,)."""
    lines = register.metadata.num_rows
    runs = max(1, lines // _ROWS_PER_RUN)
    progress("place the dwellings", 0, lines)
    counts = np.zeros(len(index.codes), np.int64)
    codes = pa.array(index.codes, pa.string())
    compressed = ipc.IpcWriteOptions(compression="lz4")
    with ExitStack() as stack:
        writers = [
            stack.enter_context(ipc.new_file(folder / f"{run:06d}.arrow", DWELLING_SCHEMA, options=compressed))
            for run in range(runs)
        ]
        for number, homes in enumerate(read_dwellings(register), start=1):
            placed, sector = _place(homes, crs, index)
            counts += np.bincount(sector, minlength=len(counts))
            order = np.argsort(sector, kind="stable")
            placed = placed.append_column(DWELLING_SCHEMA.field("sector_code"), codes.take(pa.array(sector)))
            placed = placed.take(pa.array(order)).cast(DWELLING_SCHEMA)
            # Sectors have much the same number of dwellings, and a run may be some times larger than another.
            bounds = np.searchsorted(sector[order] * runs // max(len(counts), 1), np.arange(runs + 1))
            for writer, start, end in zip(writers, bounds[:-1], bounds[1:], strict=True):
                if end > start:
                    writer.write_table(placed.slice(start, end - start))
            progress("place the dwellings", min(number * ROWS_AT_ONCE, lines), lines)
    return counts


def _place(homes: pa.Table, crs: str | None, index: SectorIndex) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """Return the dwellings that lie in a sector, with `x, y` in its CRS, and the sectors' places in the index."""
    # As an address is placed for an answer: the register's own coordinates, unless the sectors are in degrees.
    east, north = ("lon", "lat") if index.crs == LONLAT or crs is None else ("x", "y")
    homes = homes.filter(pc.and_(pc.is_valid(homes[east]), pc.is_valid(homes[north])))
    x, y = transform_points(
        homes[east].to_numpy(), homes[north].to_numpy(), LONLAT if east == "lon" else str(crs), index.crs
    )
    for name, values in (("x", x), ("y", y)):
        homes = homes.set_column(homes.schema.get_field_index(name), name, pa.array(values))
    # A position without an image in the sectors' CRS lies in none of them.
    sector = np.full(len(x), -1, np.int64)
    finite = np.isfinite(x) & np.isfinite(y)
    sector[finite] = index.locate_many(x[finite], y[finite])
    inside = sector >= 0
    return homes.filter(pa.array(inside)), sector[inside]


def _write_sorted(runs: Path, file: Path, progress: Progress) -> None:
    """Sort each run by sector, and write one after the other."""
    rest = DWELLING_SCHEMA.empty_table()
    with ipc.new_file(file, DWELLING_SCHEMA, options=ipc.IpcWriteOptions(compression="lz4")) as writer:
        files = sorted(runs.iterdir())
        for number, run in enumerate(files, start=1):
            with pa.memory_map(str(run)) as source:
                table = ipc.open_file(source).read_all()
                order = np.argsort(table["sector_code"].to_numpy(), kind="stable")
                rest = pa.concat_tables([rest, table.take(pa.array(order))]).combine_chunks()
            whole = len(rest) - len(rest) % _ROWS_PER_BATCH
            # Batches have the same number of rows, so that a row's number says in which one it is.
            writer.write_table(rest.slice(0, whole), max_chunksize=_ROWS_PER_BATCH)
            rest = rest.slice(whole)
            progress("sort the dwellings", number, len(files))
        if len(rest):
            writer.write_table(rest)
