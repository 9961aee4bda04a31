"""The normalised tables that every reader produces, whatever the official file calls its columns.

Three kinds of table leave a reader: sectors (a GeoDataFrame in the layer's own CRS), counts (a DataFrame) and
addresses (Arrow record batches, because a national register does not fit in memory as Python objects).
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

import pyarrow as pa

Country = Literal["BE", "NL"]
LANGUAGES = ("nl", "fr", "de")


def country_of(municipality_code: str) -> Country:
    """Return the country of an official code: CBS's begin with GM, NIS5 codes are digits.

    Examples
    --------
    >>> country_of("GM0363"), country_of("25110")
    ('NL', 'BE')
    """
    return "NL" if municipality_code.startswith("GM") else "BE"


class Kind(StrEnum):
    """What a release holds. One release per kind and country is active at a time."""

    SECTORS = "sectors"
    SECTOR_COUNTS = "sector-counts"
    MUNICIPALITY_COUNTS = "municipality-counts"
    ADDRESSES = "addresses"


SECTOR_COLUMNS = (
    "sector_code",
    "name_nl",
    "name_fr",
    "name_de",
    "municipality_code",
    "municipality_nl",
    "municipality_fr",
    "municipality_de",
    "geometry",
)
"""Columns of a sectors table. Codes are strings and never null; a name that the source does not give is None;
geometry is a Polygon or MultiPolygon in the GeoDataFrame's CRS (its official one)."""

COUNT_COLUMNS = ("area_code", "households", "population")
"""Columns of a counts table. `area_code` is a sector or municipality code; the two counts are nullable Int64,
where <NA> means unknown (suppressed, absent), never zero."""


class AddressStatus(StrEnum):
    """Life of an address in its register."""

    CURRENT = "current"
    PROPOSED = "proposed"
    RETIRED = "retired"


ADDRESS_SCHEMA = pa.schema(
    [
        pa.field("address_id", pa.string(), nullable=False),
        pa.field("street_id", pa.string()),
        pa.field("street_nl", pa.string()),
        pa.field("street_fr", pa.string()),
        pa.field("street_de", pa.string()),
        pa.field("house_number", pa.string(), nullable=False),
        pa.field("box", pa.string()),
        pa.field("postcode", pa.string()),
        pa.field("locality_nl", pa.string()),
        pa.field("locality_fr", pa.string()),
        pa.field("locality_de", pa.string()),
        pa.field("municipality_code", pa.string(), nullable=False),
        pa.field("municipality_nl", pa.string()),
        pa.field("municipality_fr", pa.string()),
        pa.field("municipality_de", pa.string()),
        pa.field("status", pa.string(), nullable=False),
        pa.field("purpose", pa.string()),
        pa.field("x", pa.float64()),
        pa.field("y", pa.float64()),
        pa.field("lon", pa.float64()),
        pa.field("lat", pa.float64()),
    ]
)
"""One row per dwelling or house number. `house_number` as the register writes it, a Dutch huisletter and
huisnummertoevoeging joined as `5A-2hg` is split: letter stays with the number (`5A`), the addition is the `box`.
`locality` is the postal or sub-municipality name. `status` is an `AddressStatus`; `purpose` is BAG's
gebruiksdoel where given, else null. `x, y` are in the official CRS of the release (EPSG:31370, EPSG:3812 or
EPSG:28992), `lon, lat` in EPSG:4326; all four are null where the register gives no usable position."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the operator should know about a file that was read, and what can be done about it.

    `code` is stable (`zero-position`, `invalid-geometry`, `overlap`, …); `row` counts the file's data rows from 1;
    `count` says how many rows the finding stands for.
    """

    code: str
    message: str
    severity: Literal["error", "warning", "info"] = "warning"
    row: int | None = None
    area_code: str | None = None
    area_m2: float | None = None
    count: int = 1
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What a reader learned about the file beside its rows."""

    country: Country
    crs: str | None
    """Authority code of the layer's CRS, such as `EPSG:31370`; None for tables without geometry."""
    reference_date: date | None
    """The day that the file describes, where its columns or its name tell."""
    findings: tuple[Finding, ...] = field(default=())


class SourceError(ValueError):
    """A file that cannot be used. The message says which file, where in it, and what to do.

    Parameters
    ----------
    code
        Stable name of the fault: `wrong-crs`, `missing-column`, `truncated-archive`, `not-utf-8`,
        `duplicate-code`, `out-of-country`, `empty-geometry`, …
    message
        One sentence for the operator.
    file
        Name of the file (no path needed).
    row
        Data row, counted from 1, where one is to blame.
    remedy
        What the operator can do.
    """

    def __init__(
        self, code: str, message: str, *, file: str, row: int | None = None, remedy: str | None = None
    ) -> None:
        self.code = code
        self.message = message
        self.file = file
        self.row = row
        self.remedy = remedy
        where = f"{file}, row {row}" if row is not None else file
        super().__init__(f"{where}: {message}" + (f" {remedy}" if remedy else ""))
