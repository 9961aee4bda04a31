"""The addresses in a rectangle, by the grid that the nearest one is found by; and a place for each street's name."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geo.addresses.register import CURRENT, Register

__all__ = ["Houses", "StreetPlaces", "houses_within", "place_streets"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

AT_A_TIME: Final = 1 << 18
"""Addresses that are worked on at once, so that a national register needs no more memory than a small one."""


@dataclass(frozen=True, slots=True)
class Houses:
    """House numbers, one each however many boxes a building has.

    Attributes
    ----------
    identifiers
        Identifier of each, or of its first box.
    numbers
        House numbers as the register writes them.
    lon, lat
        Shape (n,), EPSG:4326.
    """

    identifiers: list[str]
    numbers: list[str]
    lon: Floats
    lat: Floats


@dataclass(frozen=True, slots=True)
class StreetPlaces:
    """A place for the name of every street, or of every stretch of it with a postcode of its own.

    Attributes
    ----------
    rows
        Numbers of the street rows, shape (n,).
    lon, lat
        Position of the address in its midst, EPSG:4326.
    angle
        Degrees, clockwise from the east and within a quarter turn of it, in which the street's addresses lie.
    addresses
        How many there are.
    """

    rows: Array
    lon: Floats
    lat: Floats
    angle: Floats
    addresses: Array


def houses_within(register: Register, west: float, south: float, east: float, north: float) -> Houses:
    """Return the current house numbers in a rectangle.

    Parameters
    ----------
    west, south, east, north
        The rectangle in the register's CRS, its sides included.
    """
    arrays = register.arrays
    found = _near(arrays, west, south, east, north)
    x, y = arrays["address.x"][found], arrays["address.y"][found]
    found = np.sort(found[(x >= west) & (x <= east) & (y >= south) & (y <= north)])
    row = register.first.searchsorted(found, side="right") - 1
    # The addresses of a house number follow one another, the one without a box first.
    number = register.number[found]
    first = np.ones(len(found), bool)
    first[1:] = (row[1:] != row[:-1]) | (number[1:] != number[:-1])
    found, number = found[first], number[first]
    identifiers = register.identifiers(found).to_pylist()
    numbers = [register.numbers[int(each)] for each in number]
    return Houses(identifiers, numbers, arrays["address.lon"][found], arrays["address.lat"][found])


def _near(arrays: dict[str, Array], west: float, south: float, east: float, north: float) -> Array:
    """Return the addresses of all cells that a rectangle meets."""
    x0, y0, size, columns, rows = arrays["grid.frame"].tolist()
    left, right = max(int((west - x0) // size), 0), min(int((east - x0) // size), int(columns) - 1)
    low, high = max(int((south - y0) // size), 0), min(int((north - y0) // size), int(rows) - 1)
    if left > right or low > high:
        return np.empty(0, np.int32)
    first, address = arrays["grid.first"], arrays["grid.address"]
    starts = [row * int(columns) for row in range(low, high + 1)]
    parts = [address[first[start + left] : first[start + right + 1]] for start in starts]
    return np.concatenate(parts)


def place_streets(register: Register) -> StreetPlaces:
    """Return a place for the name of every street that has a current address with a position."""
    parts = []
    first = register.first
    start = 0
    while start < len(first) - 1:
        # Whole rows, one at least.
        end = int(first.searchsorted(first[start] + AT_A_TIME, side="right")) - 1
        end = min(max(end, start + 1), len(first) - 1)
        parts.append(_place_some(register, start, end))
        start = end
    columns = zip(*parts, strict=True)
    return StreetPlaces(*(np.concatenate(column) for column in columns))


def _place_some(register: Register, start: int, end: int) -> tuple[Array, ...]:
    """Place the streets of the rows from `start` to before `end`."""
    arrays = register.arrays
    low, high = int(register.first[start]), int(register.first[end])
    x, y, lon, lat = (arrays[f"address.{name}"][low:high] for name in ("x", "y", "lon", "lat"))
    row = np.repeat(np.arange(end - start), np.diff(register.first[start : end + 1]))
    placed = (register.status[low:high] == CURRENT) & np.isfinite(x) & np.isfinite(lon)
    x, y, lon, lat, row = x[placed], y[placed], lon[placed], lat[placed], row[placed]
    count = np.bincount(row, minlength=end - start)
    known = np.maximum(count, 1)

    def mean(values: Floats) -> Floats:
        return np.bincount(row, weights=values, minlength=end - start) / known

    dx, dy = x - mean(x)[row], y - mean(y)[row]
    # The direction of the principal axis of the addresses' positions.
    angle = -np.degrees(0.5 * np.arctan2(2 * mean(dx * dy), mean(dx * dx) - mean(dy * dy)))
    in_order = np.lexsort((dx * dx + dy * dy, row))
    rows, at = np.unique(row[in_order], return_index=True)
    midst = in_order[at]
    return rows + start, lon[midst], lat[midst], angle[rows], count[rows]
