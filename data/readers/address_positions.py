"""Settles the position of every address in a batch: from one coordinate pair or two, in the country, or none at all."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from data.readers.address_places import Columns, Place
from data.readers.layer_checks import COUNTRY_BOUNDS, COUNTRY_NAMES
from data.tables import Country, Finding
from geo.crs import LONLAT, OFFICIAL_CRS, transform_point, transform_points

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

AGREE_WITHIN_M = 10.0
"""Registers publish longitude and latitude with five decimals, about 1 m; past this the two pairs contradict."""
ORIGIN_WITHIN_DEGREES = 0.001
"""About 100 m around the origin of Lambert 72 or of RD New: both lie in France, where no address of ours is."""
METRES_PER_DEGREE = 111_195.0
"""Of a great circle on a sphere with the Earth's mean radius: near enough to tell 10 m from more."""


@dataclass
class _Count:
    """How many rows there are of a sort, and which was the first."""

    count: int = 0
    row: int | None = None
    file: str = ""
    measure: float = 0.0

    def __bool__(self) -> bool:
        return self.count > 0

    def add(self, mask: Mask, place: Place, measure: Floats | None = None) -> None:
        if not mask.any():
            return
        if not self.count:
            first = int(np.flatnonzero(mask)[0])
            self.row, self.file = place.row(first), place.file
            self.measure = 0.0 if measure is None else float(measure[first])
        self.count += int(mask.sum())


@dataclass
class Positions:
    """Settles positions batch by batch, and counts what the operator should know of them.

    The pair in metres is the official one and wins a contradiction. A pair that is (0, 0) or incomplete is no pair.
    A register that lacks a position may write (0, 0) in metres and convert it like any other, so that the degrees
    point to the origin of the grid: that is no position either.
    """

    country: Country
    crs: str
    """CRS of x and y, as given and as returned."""
    _zero: _Count = field(default_factory=_Count)
    _absent: _Count = field(default_factory=_Count)
    _contradicting: _Count = field(default_factory=_Count)

    def settle(self, columns: Columns, rows: int, place: Place) -> dict[str, pa.Array]:
        """Return x, y in `crs` and lon, lat in EPSG:4326, all four null where there is no position.

        Parameters
        ----------
        columns
            The batch; of `x`, `y`, `lon` and `lat` those that the file has, as text or as numbers.
        rows
            How many rows it has.
        place
            Where the batch comes from.

        Raises
        ------
        SourceError
            `not-a-number` or `out-of-country`, with the row.
        """
        x, y, lon, lat = (_numbers(columns, name, rows, place) for name in ("x", "y", "lon", "lat"))
        zero = (x == 0) & (y == 0)
        zero_degrees = (lon == 0) & (lat == 0)
        metres = ~np.isnan(x) & ~np.isnan(y) & ~zero
        degrees = ~np.isnan(lon) & ~np.isnan(lat) & ~zero_degrees & ~zero
        zero |= zero_degrees & ~metres
        given = zero | metres | degrees

        _convert(lon, lat, degrees & ~metres, into=(x, y), source=LONLAT, target=self.crs)
        lon_of_metres, lat_of_metres = np.full(rows, np.nan), np.full(rows, np.nan)
        _convert(x, y, metres, into=(lon_of_metres, lat_of_metres), source=self.crs, target=LONLAT)
        both = metres & degrees
        apart_m = METRES_PER_DEGREE * np.hypot(
            (lon - lon_of_metres) * np.cos(np.radians(lat_of_metres)), lat - lat_of_metres
        )
        contradicting = both & ~(apart_m <= AGREE_WITHIN_M)
        converted = (metres & ~degrees) | contradicting
        lon[converted], lat[converted] = lon_of_metres[converted], lat_of_metres[converted]

        origin_lon, origin_lat = self._origin
        at_origin = (np.abs(lon - origin_lon) < ORIGIN_WITHIN_DEGREES) & (
            np.abs(lat - origin_lat) < ORIGIN_WITHIN_DEGREES
        )
        zero |= at_origin & (metres | degrees)
        known = (metres | degrees) & ~zero
        self._refuse_abroad(x, y, lon, lat, known, metres, place)
        self._zero.add(zero, place)
        self._absent.add(~given, place)
        self._contradicting.add(contradicting & known, place, apart_m)
        return {
            name: pa.array(values, mask=~known) for name, values in (("x", x), ("y", y), ("lon", lon), ("lat", lat))
        }

    def findings(self) -> list[Finding]:
        """Return what was counted, one finding per sort."""
        found = []
        if zero := self._zero:
            found.append(
                Finding(
                    "zero-position",
                    f"{zero.count:,} addresses are at (0, 0), the first in {zero.file}: kept, without a position.",
                    row=zero.row,
                    count=zero.count,
                    remedy="Their buurt is unknown until the register knows where they are.",
                )
            )
        if absent := self._absent:
            found.append(
                Finding(
                    "no-position",
                    f"{absent.count:,} addresses have no coordinates, or one alone: they are kept, without a position.",
                    severity="info",
                    row=absent.row,
                    count=absent.count,
                )
            )
        if contradicting := self._contradicting:
            found.append(
                Finding(
                    "positions-disagree",
                    f"{contradicting.count:,} addresses have two positions more than {AGREE_WITHIN_M:.0f} m apart (in "
                    f"{contradicting.file}, row {contradicting.row}, {contradicting.measure:,.0f} m); the one in "
                    f"{self.crs} is taken.",
                    row=contradicting.row,
                    count=contradicting.count,
                    remedy="Tell the publisher of the register.",
                )
            )
        return found

    @cached_property
    def _origin(self) -> tuple[float, float]:
        return transform_point(0.0, 0.0, OFFICIAL_CRS[self.country], LONLAT)

    def _refuse_abroad(
        self, x: Floats, y: Floats, lon: Floats, lat: Floats, known: Mask, metres: Mask, place: Place
    ) -> None:
        west, south, east, north = COUNTRY_BOUNDS[self.country]
        # Written so that infinity, which a point without image becomes, is outside.
        abroad = known & ~((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
        if not abroad.any():
            return
        first = int(np.flatnonzero(abroad)[0])
        crs = self.crs if metres[first] else LONLAT
        told = (x[first], y[first]) if metres[first] else (lon[first], lat[first])
        raise place.error(
            "out-of-country",
            f"coordinates ({told[0]:.10g}, {told[1]:.10g}) in {crs} lie outside {COUNTRY_NAMES[self.country]}.",
            first,
            remedy="Check the CRS and the order of the coordinates; leave those of an unknown position empty.",
        )


def _convert(a: Floats, b: Floats, rows: Mask, *, into: tuple[Floats, Floats], source: str, target: str) -> None:
    """Convert some rows of a coordinate pair into the same rows of another.

    The boxes of a building follow one another and share its point, which is converted once.
    """
    if not rows.any():
        return
    first, second = a[rows], b[rows]
    begins = np.ones(len(first), dtype=bool)
    begins[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    converted = transform_points(first[begins], second[begins], source, target)
    run = np.cumsum(begins) - 1
    into[0][rows], into[1][rows] = converted[0][run], converted[1][run]


def _numbers(columns: Columns, name: str, rows: int, place: Place) -> Floats:
    """Return a column of coordinates, NaN where there is none (or where the text says just that)."""
    given = columns.get(name)
    if given is None:
        return np.full(rows, np.nan)
    try:
        numbers = given.cast(pa.float64())
    except pa.ArrowInvalid:
        wrong = np.array([not _is_number(text) for text in given.to_pylist()])
    else:
        wrong = pc.fill_null(pc.is_inf(numbers), False).to_numpy(zero_copy_only=False)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise place.error(
            "not-a-number",
            f"{name} {given[first].as_py()!r} is no number.",
            first,
            remedy="Write coordinates with a decimal point, and leave unknown ones empty.",
        )
    # A copy: the settling writes into it, and Arrow's memory is not to be written.
    return np.array(pc.fill_null(numbers, np.nan).to_numpy(zero_copy_only=False), dtype=np.float64)


def _is_number(text: str | None) -> bool:
    if text is None:
        return True
    try:
        pa.scalar(text).cast(pa.float64())
    except pa.ArrowInvalid:
        return False
    return True
