"""House numbers and box numbers, spelt as the registers of the three regions spell them.

`RDC` and `2eET` are how public extracts of BeST write boxes in Anderlecht, `ET01`, `ETRC`, `008` and `A61` how
Schaerbeek's address file does; Flemish municipalities number by floor and door (`0102`). Which share each spelling has
is invented.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.demo.mesh import Ints
from data.demo.municipalities import Region

MAX_BOXES: Final = 60
"""Boxes of the largest building."""

_BOX_STYLES: Final[dict[Region, tuple[tuple[str, ...], ...]]] = {
    "BE-VLG": (
        tuple(f"{j // 4:02d}{j % 4 + 1:02d}" for j in range(MAX_BOXES)),  # floor and door: 0001, 0102
        tuple(f"{j + 1}" for j in range(MAX_BOXES)),
        tuple(f"{j // 3}.{j % 3 + 1:02d}" for j in range(MAX_BOXES)),
    ),
    "BE-WAL": (
        tuple(f"{'ABCDEFGHIJKLMNO'[j // 4]}{j % 4 + 1}" for j in range(MAX_BOXES)),
        tuple(f"{j + 1}" for j in range(MAX_BOXES)),
        tuple(f"{j + 1:03d}" for j in range(MAX_BOXES)),
    ),
    "BE-BRU": (
        tuple(f"b{j + 1:03d}" for j in range(MAX_BOXES)),
        ("RDC", *(f"{j}eET" for j in range(1, MAX_BOXES))),
        ("ETRC", *(f"ET{j:02d}" for j in range(1, MAX_BOXES))),
        tuple(f"{j + 1}" for j in range(MAX_BOXES)),
    ),
}
_LETTERS: Final[dict[Region, tuple[str, ...]]] = {
    "BE-VLG": ("A", "A", "A"),
    "BE-WAL": ("bis", "A", "/1"),
    "BE-BRU": ("A", "bis", "A"),
}


def number_boxes(
    building: Ints, size: Ints, region: Region, *, own_row: bool, rng: np.random.Generator
) -> tuple[Ints, pa.Array]:
    """Give each box a number, in the spelling of its building.

    Parameters
    ----------
    building
        Building of each row, ascending.
    size
        Number of rows of each building; one row alone has no box.
    region
        Whose spellings to use.
    own_row
        Whether the first row of a building with boxes stands for the building itself.
    rng
        Chooses a spelling for each building.

    Returns
    -------
    box, box_number
        Position of each row's box in its building (-1 for none), and its number (null for none).
    """
    first = np.cumsum(size) - size
    box = np.arange(len(building)) - first[building] - own_row
    box[size[building] == 1] = -1
    styles = _BOX_STYLES[region]
    style = rng.integers(0, len(styles), len(size))
    labels = pa.array([label for style_labels in styles for label in style_labels])
    where = pa.array(style[building] * MAX_BOXES + box, mask=box < 0)
    return box, labels.take(where)


@dataclass(frozen=True, slots=True)
class HouseNumbers:
    """House numbers along segments of streets.

    Attributes
    ----------
    number
        The whole number of each building, counted from 1 in its segment.
    range_end
        The last number of a building with a range (`12-14`), else 0.
    suffix
        Letter, *bis* or the like; mostly empty.
    """

    number: Ints
    range_end: Ints
    suffix: pa.Array

    def text(self, onward: Ints) -> pa.Array:
        """Write the numbers, each moved on by as much as its street has used up before.

        Examples
        --------
        >>> numbers = HouseNumbers(np.array([1, 2]), np.array([3, 0]), pa.array(["", "A"]))
        >>> numbers.text(np.array([0, 40])).to_pylist()
        ['1-3', '42A']
        """
        first = pa.array(self.number + onward).cast(pa.string())
        last = pa.array(self.range_end + onward, mask=self.range_end == 0).cast(pa.string())
        last = pc.fill_null(pc.binary_join_element_wise("", last, "-"), "")
        return pc.binary_join_element_wise(first, self.suffix, last, "")


def number_houses(segment: Ints, place: Ints, region: Region, rng: np.random.Generator) -> HouseNumbers:
    """Give the buildings of each segment numbers, alternately odd and even, with gaps, letters and ranges.

    Parameters
    ----------
    segment
        Segment of each building, ascending.
    place
        Place of each building in its segment, from 0.
    region
        Whose letters to use.
    rng
        Source of gaps, letters and ranges.

    Returns
    -------
    HouseNumbers
        No number comes twice in a segment.
    """
    gaps = np.cumsum(rng.random(len(segment)) < 0.12)
    first = np.arange(len(segment)) - place
    number = 1 + place + 2 * (gaps - gaps[first])
    # A letter: the number of the building two places back, on the same side, once more.
    lettered = (rng.random(len(segment)) < 0.03) & (place >= 2)
    lettered[2:] &= ~lettered[:-2]
    behind = np.flatnonzero(lettered) - 2
    # A range takes the free number that a gap has left on its side of the street.
    ranged = np.zeros(len(segment), bool)
    free = (segment[2:] == segment[:-2]) & (number[2:] - number[:-2] >= 4)
    ranged[:-2] = free & (rng.random(len(free)) < 0.3)
    ranged[lettered] = False
    ranged[behind] = False
    number[lettered] = number[behind]
    choices = pa.array(["", *_LETTERS[region]])
    suffix = choices.take(pa.array(np.where(lettered, rng.integers(1, len(choices), len(segment)), 0)))
    return HouseNumbers(number, np.where(ranged, number + 2, 0), suffix)
