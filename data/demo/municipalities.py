"""The municipalities of the demo region: how many, where, in which language, under which codes.

Nothing here exists. Codes start with 99, a district that Statbel never gave out (real NIS5 codes end at 93xxx);
the names are made of words such as *demo*, *proef* and *essai*; the postcodes of the default size (9993 to 9999)
lie above the last one in use, 9992. A region with more municipalities needs more postcodes than are free and takes
them from 1000 upwards.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Region = Literal["BE-VLG", "BE-WAL", "BE-BRU"]
REGIONS: Final[tuple[Region, ...]] = ("BE-VLG", "BE-WAL", "BE-BRU")

CENTRE: Final = (158_700.0, 132_600.0)
"""Middle of the region in EPSG:31370: far enough inside Belgium's bounding box for 600 municipalities."""
GRID_M: Final = 7_200.0
"""Distance between neighbouring town centres: 45 km² a municipality, a little under Belgium's average."""
ASPECT: Final = 1.22
"""Width of a large region relative to its height, as Belgium's."""

_NL_HEADS = (
    "Demo", "Proef", "Voorbeeld", "Verzin", "Toets", "Schijn", "Oefen", "Denkbeeld",
    "Monster", "Fabel", "Droom", "Sprookjes", "Model", "Schets", "Leer", "Nergens",
)  # fmt: skip
_NL_TAILS = (
    "dorp", "stad", "kerke", "gem", "beek", "hove", "zele", "donk", "rode", "lo", "veld", "berg",
    "brugge", "dal", "hout", "horst", "laar", "meer", "schoten", "wijk", "ghem", "voorde", "sele", "drecht",
)  # fmt: skip
_FR_HEADS = (
    "Ville", "Val", "Mont", "Bois", "Roche", "Fontaine", "Pont", "Champ", "Court", "Bourg",
    "Moulin", "Pré", "Haie", "Plaine", "Rive", "Tour", "Clos", "Source", "Ferme", "Abbaye",
)  # fmt: skip
_FR_TAILS = (
    "-Démo", "-Essai", "-Exemple", "-Fictif", "-Modèle", "-Factice", "-Imaginaire", "-Brouillon", "-Fable",
    "-Chimère", "-Maquette", "-Songe", "-Épreuve", "-Mirage", "-Conte", "-Ébauche", "-Nulle-Part",
)  # fmt: skip
# Names of the bilingual towns mean the same in both languages, as Brussel and Bruxelles do.
_BILINGUAL_HEADS = (
    ("Proef", "Essai"), ("Voorbeeld", "Exemple"), ("Model", "Modèle"), ("Schets", "Ébauche"), ("Fabel", "Fable"),
)  # fmt: skip
_BILINGUAL_TAILS = (("stad", "Ville"), ("dal", "Val"), ("berg", "Mont"), ("brugge", "Pont"))


@dataclass(frozen=True, slots=True)
class DemoSize:
    """How large a demo region is.

    Parameters
    ----------
    municipalities
        3 to 600.
    sectors
        At least 8 per municipality.
    addresses
        Rows of the address register, boxes among them: at least 40 per sector and at most 400,000 per
        municipality (beyond that a town would need more streets than there are names).

    Raises
    ------
    ValueError
        When a number is out of its bounds.

    Examples
    --------
    >>> DemoSize()
    DemoSize(municipalities=3, sectors=150, addresses=25000)
    """

    municipalities: int = 3
    sectors: int = 150
    addresses: int = 25_000

    def __post_init__(self) -> None:
        if not 3 <= self.municipalities <= 600:
            raise ValueError(f"A demo region has 3 to 600 municipalities, not {self.municipalities}.")
        if self.sectors < 8 * self.municipalities:
            raise ValueError(f"{self.municipalities} municipalities need at least {8 * self.municipalities} sectors.")
        if not 40 * self.sectors <= self.addresses <= 400_000 * self.municipalities:
            raise ValueError(
                f"{self.sectors} sectors in {self.municipalities} municipalities hold between {40 * self.sectors} "
                f"and {400_000 * self.municipalities} addresses, not {self.addresses}."
            )


BELGIUM: Final = DemoSize(municipalities=581, sectors=20_000, addresses=6_500_000)
"""The size of the whole country, for load tests."""


@dataclass(frozen=True, slots=True)
class Municipality:
    """One invented municipality. `centre` is in EPSG:31370; names in a language that it does not use are None."""

    code: str
    name_nl: str | None
    name_fr: str | None
    region: Region
    centre: tuple[float, float]
    sectors: int

    @property
    def bilingual(self) -> bool:
        """Whether every street has a name in both languages."""
        return self.region == "BE-BRU"


def allocate(total: int, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Split a total into whole numbers in proportion to weights, by largest remainders; the parts add up exactly.

    Examples
    --------
    >>> allocate(10, np.array([1.0, 1.0, 1.0])).tolist()
    [4, 3, 3]
    """
    shares = total * weights / weights.sum()
    parts: NDArray[np.int64] = np.floor(shares).astype(np.int64)
    order = np.argsort(parts - shares, kind="stable")
    parts[order[: total - int(parts.sum())]] += 1
    return parts


def town_centres(count: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Place the centres of the municipalities on a shaken triangular grid.

    Returns
    -------
    real, ghosts
        Coordinates in EPSG:31370, shapes (count, 2) and (g, 2). The ghosts lie around the region, so that its
        outer border is drawn like every other; their sectors are thrown away.
    """
    reach = int(np.ceil(2 * np.sqrt(count))) + 6
    row, column = (axis.ravel() for axis in np.mgrid[-reach : reach + 1, -reach : reach + 1])
    grid = np.column_stack([GRID_M * (column + 0.5 * (row % 2)), GRID_M * np.sqrt(3) / 2 * row])
    grid -= (GRID_M / 2, GRID_M / (2 * np.sqrt(3)))  # the middle of a triangle, so that three towns are neighbours
    distance = np.hypot(grid[:, 0] / ASPECT, grid[:, 1])
    order = np.argsort(np.round(distance, 3), kind="stable")
    chosen, others = grid[order[:count]], grid[order[count:]]
    gap = np.array([np.hypot(*(chosen - other).T).min() for other in others])
    ghosts = others[gap < 2.2 * GRID_M]
    angle = rng.uniform(0, 2 * np.pi, count + len(ghosts))
    shift = rng.uniform(0, 0.18 * GRID_M, count + len(ghosts))
    moved = np.concatenate([chosen, ghosts]) + np.column_stack([shift * np.cos(angle), shift * np.sin(angle)])
    moved = np.round(moved + CENTRE, 2)
    return moved[:count], moved[count:]


def municipalities(size: DemoSize, centres: NDArray[np.float64], rng: np.random.Generator) -> list[Municipality]:
    """Name the municipalities, give them a region and codes, and share the sectors out.

    The ones nearest to the middle are bilingual (19 in 581, at least one), the northern ones of the others speak
    Dutch and the southern ones French.

    Parameters
    ----------
    size
        The size of the region.
    centres
        Shape (size.municipalities, 2), EPSG:31370, nearest to the middle first.
    rng
        Source of the numbers of sectors.
    """
    count = size.municipalities
    bilingual = max(1, round(count * 19 / 581))
    dutch = max(1, round((count - bilingual) * 300 / 562))
    by_latitude = bilingual + np.argsort(-centres[bilingual:, 1], kind="stable")
    regions: dict[int, Region] = dict.fromkeys(range(bilingual), "BE-BRU")
    regions |= dict.fromkeys(by_latitude[:dutch].tolist(), "BE-VLG")
    regions |= dict.fromkeys(by_latitude[dutch:].tolist(), "BE-WAL")

    weights = np.exp(rng.normal(0.0, 0.5, count))
    sectors = 8 + allocate(size.sectors - 8 * count, weights)
    names = _names()
    ordered = sorted(range(count), key=lambda index: REGIONS.index(regions[index]))
    towns = []
    for rank, index in enumerate(ordered):
        name_nl, name_fr = next(names[regions[index]])
        centre = (float(centres[index, 0]), float(centres[index, 1]))
        towns.append(Municipality(f"{99001 + rank}", name_nl, name_fr, regions[index], centre, int(sectors[index])))
    return towns


def _names() -> dict[Region, Iterator[tuple[str | None, str | None]]]:
    """Names (nl, fr) for the towns of each region; no name comes twice."""
    both = [
        (head_nl + tail_nl, f"{tail_fr}-{head_fr}")
        for (tail_nl, tail_fr), (head_nl, head_fr) in product(_BILINGUAL_TAILS, _BILINGUAL_HEADS)
    ]
    taken = {name for pair in both for name in pair}
    # Tails outside, heads inside: the first names are Demodorp, Proefdorp, … and Ville-Démo, Val-Démo, …
    nl = (head + tail for tail, head in product(_NL_TAILS, _NL_HEADS))
    fr = (head + tail for tail, head in product(_FR_TAILS, _FR_HEADS))
    return {
        "BE-VLG": ((name, None) for name in nl if name not in taken),
        "BE-WAL": ((None, name) for name in fr if name not in taken),
        "BE-BRU": iter(both),
    }


def postcodes(parts: list[int], region_of: list[Region]) -> list[list[str]]:
    """Give every part of every municipality a postcode, and the last part of a bilingual town a borrowed one.

    Parameters
    ----------
    parts
        How many parts each municipality has.
    region_of
        Region of each municipality.

    Returns
    -------
    list of list of str
        One postcode per part. The last part of the first bilingual municipality shares the first postcode of the
        municipality before it: in Brussels, too, a postcode can lie in more than one municipality.

    Examples
    --------
    >>> postcodes([2, 2, 2], ["BE-VLG", "BE-WAL", "BE-BRU"])
    [['9993', '9994'], ['9995', '9996'], ['9997', '9995']]
    """
    free = iter([*range(9993, 10_000), *range(1000, 9993)])
    codes = [[str(next(free)) for _ in range(count)] for count in parts]
    shared = region_of.index("BE-BRU")
    codes[shared][-1] = codes[shared - 1][0]
    return codes
