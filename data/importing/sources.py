"""The sources that can be imported: a name for each, how its file is read, and how its releases are called."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from data.readers.address_rows import AddressesRead
from data.readers.areas import AreasRead, read_areas
from data.readers.bag import read_bag
from data.readers.best import read_best
from data.readers.cbs import read_cbs
from data.readers.counts import CountsRead, read_counts
from data.readers.generic_addresses import read_addresses
from data.readers.mapping import ColumnMapping
from data.readers.statbel_households import read_statbel_households
from data.readers.statbel_sectors import read_statbel_sectors
from data.tables import Country, Kind

Read = AreasRead | CountsRead | AddressesRead


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What the operator asks for: a file, the source that it comes from, and how to read it."""

    source: str
    file: Path
    reference_date: date | None = None
    name: str | None = None
    country: Country | None = None
    crs: str | None = None
    layer: str | None = None
    kind: Kind | None = None
    mapping: ColumnMapping = field(default_factory=ColumnMapping)
    repair: bool = False


class ImportOptionError(ValueError):
    """An option is missing, or means nothing for this source; the message names it."""


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of file."""

    name: str
    title: str
    read: Callable[[ImportRequest], Read]
    prefixes: Mapping[Kind, str]
    """First part of its releases' names, by kind; empty where the file's own name serves."""
    takes: frozenset[str] = frozenset()
    """The options of `ImportRequest` that it understands beside the common ones."""
    needs: frozenset[str] = frozenset()


def _country(request: ImportRequest) -> Country:
    if request.country is None:
        raise ImportOptionError(f"source {request.source!r} needs --country BE or NL")
    return request.country


def _kind(request: ImportRequest) -> Kind:
    if request.kind is None:
        raise ImportOptionError(f"source {request.source!r} needs --level sector or municipality")
    return request.kind


_OFFICIAL = (
    Source(
        "statbel-sectors",
        "Statbel statistical sectors (zip, GeoJSON, shapefile, GeoPackage, GeoParquet)",
        lambda request: read_statbel_sectors(request.file),
        {Kind.SECTORS: "statbel-sectors"},
    ),
    Source(
        "statbel-households",
        "Statbel households or population, per sector or per municipality (text, CSV, xlsx)",
        lambda request: read_statbel_households(request.file),
        {
            Kind.SECTOR_COUNTS: "statbel-sector-households",
            Kind.MUNICIPALITY_COUNTS: "statbel-municipality-households",
        },
    ),
    Source(
        "cbs",
        "CBS wijken en buurten with their counts (GeoPackage)",
        lambda request: read_cbs(request.file),
        {Kind.SECTORS: "cbs-sectors", Kind.SECTOR_COUNTS: "cbs-sector-households"},
    ),
    Source(
        "best",
        "BeST addresses of Belgium (regional CSV files, zipped or not, or a folder of them)",
        lambda request: read_best(request.file),
        {Kind.ADDRESSES: "best"},
    ),
    Source(
        "bag",
        "BAG addresses of the Netherlands (CSV or GeoPackage extract)",
        lambda request: read_bag(request.file),
        {Kind.ADDRESSES: "bag"},
    ),
)
_GENERIC = (
    Source(
        "areas",
        "any layer of areas, with a column mapping",
        lambda request: read_areas(request.file, request.mapping, country=_country(request), layer=request.layer),
        {},
        takes=frozenset({"country", "layer", "mapping"}),
    ),
    Source(
        "counts",
        "any table of households per area (CSV, text, xlsx, Parquet), with a column mapping",
        lambda request: read_counts(request.file, request.mapping, country=_country(request), kind=_kind(request)),
        {},
        takes=frozenset({"country", "kind", "mapping"}),
    ),
    Source(
        "addresses",
        "any table of addresses (CSV or Parquet), with a column mapping",
        lambda request: read_addresses(request.file, request.mapping, country=_country(request), crs=request.crs),
        {},
        takes=frozenset({"country", "crs", "mapping"}),
    ),
)
SOURCES: Mapping[str, Source] = {source.name: source for source in (*_OFFICIAL, *_GENERIC)}


def find_source(request: ImportRequest) -> Source:
    """Return the source that a request names, having checked that it understands the request's options.

    Raises
    ------
    ImportOptionError
        No such source, or an option that it does not take.
    """
    source = SOURCES.get(request.source)
    if source is None:
        raise ImportOptionError(f"no source is called {request.source!r}; there are: {', '.join(SOURCES)}")
    given = {
        "country": request.country is not None,
        "crs": request.crs is not None,
        "layer": request.layer is not None,
        "kind": request.kind is not None,
        "mapping": bool(request.mapping),
    }
    unknown = [option for option, is_given in given.items() if is_given and option not in source.takes]
    if unknown:
        raise ImportOptionError(f"source {source.name!r} takes no {' or '.join(unknown)}: its files say it themselves")
    return source
