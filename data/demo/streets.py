"""Street and quarter names in Dutch and French, made of generic words, in pairs that mean the same.

A name is a number: its mixed-radix digits choose a type (*straat*, *Rue*), a base (*Kerk*, *de l'Église*), and
rarely an element (*veld*, *Champ*) and a modifier (*Oude*, *Vieille*). So every pair is consistent, no list of real
streets is needed, and there are enough different names for one postcode of any size.
"""

from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray


class StreetName(NamedTuple):
    """One street in both languages."""

    nl: str
    fr: str


# Dutch suffix, French noun, whether the noun is feminine.
_TYPES: Final = (
    ("straat", "Rue", True),
    ("laan", "Avenue", True),
    ("weg", "Chemin", False),
    ("plein", "Place", True),
    ("dreef", "Drève", True),
    ("steenweg", "Chaussée", True),
    ("kaai", "Quai", False),
    ("pad", "Sentier", False),
)
_BASES: Final = (
    ("Kerk", "de l'Église"), ("Molen", "du Moulin"), ("School", "de l'École"), ("Station", "de la Gare"),
    ("Markt", "du Marché"), ("Kasteel", "du Château"), ("Kapel", "de la Chapelle"), ("Linden", "des Tilleuls"),
    ("Eiken", "des Chênes"), ("Beuken", "des Hêtres"), ("Berken", "des Bouleaux"), ("Rozen", "des Roses"),
    ("Tulpen", "des Tulipes"), ("Lelie", "des Lys"), ("Vogel", "des Oiseaux"), ("Nachtegaal", "du Rossignol"),
    ("Leeuwerik", "de l'Alouette"), ("Zwaluw", "des Hirondelles"), ("Vossen", "des Renards"), ("Herten", "des Cerfs"),
    ("Wolven", "des Loups"), ("Haas", "du Lièvre"), ("Ooievaar", "de la Cigogne"), ("Zwaan", "du Cygne"),
    ("Zon", "du Soleil"), ("Maan", "de la Lune"), ("Sterren", "des Étoiles"), ("Regenboog", "de l'Arc-en-Ciel"),
    ("Bakker", "du Boulanger"), ("Smid", "du Forgeron"), ("Wever", "des Tisserands"), ("Visser", "des Pêcheurs"),
    ("Jager", "du Chasseur"), ("Herder", "du Berger"), ("Boeren", "des Fermiers"), ("Schipper", "du Batelier"),
    ("Brouwer", "du Brasseur"), ("Abdij", "de l'Abbaye"), ("Klooster", "du Couvent"), ("Toren", "de la Tour"),
    ("Poort", "de la Porte"), ("Vest", "des Remparts"), ("Haven", "du Port"), ("Eiland", "de l'Île"),
    ("Fontein", "de la Fontaine"), ("Bron", "de la Source"), ("Vijver", "de l'Étang"), ("Weide", "de la Prairie"),
    ("Hoeve", "de la Ferme"), ("Boomgaard", "du Verger"), ("Wijngaard", "de la Vigne"), ("Park", "du Parc"),
    ("Koning", "du Roi"), ("Koningin", "de la Reine"), ("Vrede", "de la Paix"), ("Vrijheid", "de la Liberté"),
    ("Sint-Jans", "Saint-Jean"), ("Sint-Anna", "Sainte-Anne"), ("Sint-Pieters", "Saint-Pierre"),
    ("Heilig-Hart", "du Sacré-Cœur"), ("Post", "de la Poste"), ("Dorps", "du Village"), ("Meibloem", "du Muguet"),
    ("Wilgen", "des Saules"),
)  # fmt: skip
_ELEMENTS: Final = (
    ("veld", "Champ"), ("berg", "Mont"), ("beek", "Ruisseau"), ("dal", "Val"), ("hof", "Clos"), ("bos", "Bois"),
    ("brug", "Pont"), ("hoek", "Coin"), ("kouter", "Plateau"), ("bek", "Bec"), ("akker", "Labour"), ("put", "Puits"),
)  # fmt: skip
# Dutch, French masculine, French feminine.
_MODIFIERS: Final = (
    ("Oude", "Vieux", "Vieille"), ("Nieuwe", "Nouveau", "Nouvelle"), ("Kleine", "Petit", "Petite"),
    ("Grote", "Grand", "Grande"), ("Korte", "Court", "Courte"), ("Lange", "Long", "Longue"),
    ("Hoge", "Haut", "Haute"), ("Lage", "Bas", "Basse"),
)  # fmt: skip

_PLAIN = len(_TYPES) * len(_BASES)
_WITH_ELEMENT = _PLAIN * len(_ELEMENTS)
NAME_COUNT: Final = (_PLAIN + _WITH_ELEMENT) * (1 + len(_MODIFIERS))
"""How many different names there are."""


def street_name(number: int) -> StreetName:
    """Name of street `number`, from 0 up to `NAME_COUNT`; the low numbers are the plain names.

    Examples
    --------
    >>> street_name(0)
    StreetName(nl='Kerkstraat', fr="Rue de l'Église")
    >>> street_name(NAME_COUNT - 1).fr
    'Bas Sentier du Puits des Saules'
    """
    modifier, rest = divmod(number, _PLAIN + _WITH_ELEMENT)
    element, rest = divmod(rest, _PLAIN)
    base, kind = divmod(rest, len(_TYPES))
    suffix_nl, noun_fr, feminine = _TYPES[kind]
    base_nl, base_fr = _BASES[base]
    if element:
        element_nl, element_fr = _ELEMENTS[element - 1]
        base_nl = base_nl + element_nl
        base_fr = f"{_of(element_fr)} {base_fr if base_fr[0].islower() else _of(base_fr)}"
    nl, fr = base_nl + suffix_nl, f"{noun_fr} {base_fr}"
    if modifier:
        adjective_nl, masculine, feminine_form = _MODIFIERS[modifier - 1]
        nl = f"{adjective_nl} {nl}"
        fr = f"{feminine_form if feminine else masculine} {fr}"
    return StreetName(nl, fr)


def _of(noun: str) -> str:
    """French *du* before a masculine noun; a saint's name takes none."""
    return noun if noun.startswith("Saint") else f"du {noun}"


def draw_names(count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw `count` different name numbers: `Kerkstraat` first, then the plain names, then the longer ones.

    Examples
    --------
    >>> draw_names(3, np.random.default_rng(1))[0]
    np.int64(0)
    """
    numbers = [np.zeros(1, np.int64)]
    bounds = (1, _PLAIN, _PLAIN + _WITH_ELEMENT, NAME_COUNT)
    for low, high in pairwise(bounds):
        numbers.append(low + rng.permutation(high - low))
        if high >= count:
            break
    return np.concatenate(numbers)[:count]


def quarter_names(count: int, rng: np.random.Generator) -> list[StreetName]:
    """Names of `count` quarters, such as *Kerkveld* and *Champ de l'Église*; the first is the centre.

    Examples
    --------
    >>> quarter_names(1, np.random.default_rng(1))
    [StreetName(nl='Centrum', fr='Centre')]
    """
    total = len(_BASES) * len(_ELEMENTS)
    order = rng.permutation(total)
    names = [StreetName("Centrum", "Centre")]
    for rank in range(count - 1):
        again, place = divmod(rank, total)
        base, element = divmod(int(order[place]), len(_ELEMENTS))
        suffix = f" {again + 1}" if again else ""
        (base_nl, base_fr), (element_nl, element_fr) = _BASES[base], _ELEMENTS[element]
        names.append(StreetName(f"{base_nl}{element_nl}{suffix}", f"{element_fr} {base_fr}{suffix}"))
    return names
