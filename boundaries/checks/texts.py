"""What the codes of problems and remedies say to a person, in Dutch, French and English."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

from boundaries.checks.problems import Problem, Remedy

TextLanguage = Literal["nl", "fr", "en"]
TEXT_LANGUAGES: Final[tuple[TextLanguage, ...]] = get_args(TextLanguage)

PROBLEMS: Final[Mapping[str, Mapping[TextLanguage, str]]] = {
    "gap": {
        "nl": "{m2} m² van de gemeente ligt in geen enkel blok.",
        "fr": "{m2} m² de la commune ne sont dans aucun bloc.",
        "en": "{m2} m² of the municipality is in no block.",
    },
    "official-gap": {
        "nl": "De officiële sectoren laten zelf {m2} m² open.",
        "fr": "Les secteurs officiels laissent eux-mêmes {m2} m² à découvert.",
        "en": "The official sectors themselves leave {m2} m² open.",
    },
    "overlap": {
        "nl": "De blokken {blocks} overlappen elkaar over {m2} m².",
        "fr": "Les blocs {blocks} se chevauchent sur {m2} m².",
        "en": "The blocks {blocks} overlap by {m2} m².",
    },
    "official-overlap": {
        "nl": "De officiële sectoren van {blocks} overlappen elkaar zelf over {m2} m².",
        "fr": "Les secteurs officiels de {blocks} se chevauchent eux-mêmes sur {m2} m².",
        "en": "The official sectors of {blocks} themselves overlap by {m2} m².",
    },
    "unassigned": {
        "nl": "Blok {blocks} hoort bij geen buurt.",
        "fr": "Le bloc {blocks} n'appartient à aucun quartier.",
        "en": "Block {blocks} is in no buurt.",
    },
    "empty": {
        "nl": "{buurt} heeft geen blokken.",
        "fr": "{buurt} n'a pas de blocs.",
        "en": "{buurt} has no blocks.",
    },
    "name-missing": {
        "nl": "{buurt} heeft geen naam{language}.",
        "fr": "{buurt} n'a pas de nom{language}.",
        "en": "{buurt} has no name{language}.",
    },
    "name-double": {
        "nl": "{buurt} heeft dezelfde naam{language} als {others}.",
        "fr": "{buurt} a le même nom{language} que {others}.",
        "en": "{buurt} has the same name{language} as {others}.",
    },
    "households-unknown": {
        "nl": "Van blokken van {buurt} zijn de huishoudens niet bekend: {blocks}. De andere hebben er {households}.",
        "fr": "Les ménages de blocs de {buurt} ne sont pas connus : {blocks}. Les autres en ont {households}.",
        "en": "The households of blocks of {buurt} are not known: {blocks}. The others have {households}.",
    },
    "too-few-households": {
        "nl": "{buurt} heeft maar {households} huishoudens.",
        "fr": "{buurt} n'a que {households} ménages.",
        "en": "{buurt} has only {households} households.",
    },
    "too-many-households": {
        "nl": "{buurt} heeft {households} huishoudens: te veel voor één buurt.",
        "fr": "{buurt} a {households} ménages : trop pour un seul quartier.",
        "en": "{buurt} has {households} households: too many for one buurt.",
    },
    "too-few-dwellings": {
        "nl": "{buurt} heeft maar {dwellings} woningen.",
        "fr": "{buurt} n'a que {dwellings} logements.",
        "en": "{buurt} has only {dwellings} dwellings.",
    },
    "not-contiguous": {
        "nl": "{buurt} bestaat uit {parts} delen die geen grens delen; een punt telt niet. Los ligt: {blocks}.",
        "fr": "{buurt} est en {parts} parties sans limite commune ; un point ne compte pas. À part : {blocks}.",
        "en": "{buurt} is in {parts} parts that share no border; a point is none. Apart lies: {blocks}.",
    },
    "block-in-parts": {
        "nl": "Een officiële sector in {buurt} bestaat zelf uit losse delen: {blocks}.",
        "fr": "Un secteur officiel de {buurt} est lui-même en plusieurs parties : {blocks}.",
        "en": "An official sector in {buurt} is itself in separate parts: {blocks}.",
    },
    "enclave": {
        "nl": "{buurt} ligt helemaal binnen {others}.",
        "fr": "{buurt} est entièrement à l'intérieur de {others}.",
        "en": "{buurt} lies wholly inside {others}.",
    },
    "polsby-popper-low": {
        "nl": "De omtrek van {buurt} is lang voor de oppervlakte: Polsby-Popper {share}.",
        "fr": "Le périmètre de {buurt} est long pour sa surface : Polsby-Popper {share}.",
        "en": "The perimeter of {buurt} is long for its area: Polsby-Popper {share}.",
    },
    "reock-low": {
        "nl": "{buurt} is uitgerekt: Reock {share}.",
        "fr": "{buurt} est étiré : Reock {share}.",
        "en": "{buurt} is drawn out: Reock {share}.",
    },
    "sliver": {
        "nl": "Blok {blocks} in {buurt} heeft een smalle strook van {m2} m².",
        "fr": "Le bloc {blocks} de {buurt} a une bande étroite de {m2} m².",
        "en": "Block {blocks} in {buurt} has a narrow strip of {m2} m².",
    },
    "barrier-crossed": {
        "nl": "Een barrière loopt over {m} m door {buurt}.",
        "fr": "Une barrière traverse {buurt} sur {m} m.",
        "en": "A barrier runs through {buurt} for {m} m.",
    },
    "street-split": {
        "nl": "Van {name} liggen {addresses} adressen in {buurt}, en de meeste andere in {others}.",
        "fr": "{addresses} adresses de {name} sont dans {buurt}, la plupart des autres dans {others}.",
        "en": "{addresses} addresses of {name} are in {buurt}, and most others in {others}.",
    },
}

REMEDIES: Final[Mapping[str, Mapping[TextLanguage, str]]] = {
    "assign": {
        "nl": "Zet het blok bij een buurt ernaast.",
        "fr": "Donner le bloc à un quartier voisin.",
        "en": "Give the block to a buurt beside it.",
    },
    "assign-elsewhere": {
        "nl": "Zet deze blokken bij de buurt ernaast.",
        "fr": "Donner ces blocs au quartier voisin.",
        "en": "Give these blocks to the buurt beside them.",
    },
    "cut-along-barrier": {
        "nl": "Knip de blokken langs de barrière.",
        "fr": "Couper les blocs le long de la barrière.",
        "en": "Cut the blocks along the barrier.",
    },
    "dissolve": {"nl": "Hef de buurt op.", "fr": "Supprimer le quartier.", "en": "Dissolve the buurt."},
    "join-blocks": {
        "nl": "Voeg de delen van de sector weer samen.",
        "fr": "Réunir les parties du secteur.",
        "en": "Join the parts of the sector again.",
    },
    "merge": {
        "nl": "Voeg samen met een buurt ernaast.",
        "fr": "Fusionner avec un quartier voisin.",
        "en": "Merge with a buurt beside it.",
    },
    "rename": {
        "nl": "Geef een andere naam.",
        "fr": "Donner un autre nom.",
        "en": "Give another name.",
    },
    "reshape": {
        "nl": "Verleg de grens.",
        "fr": "Redessiner la limite.",
        "en": "Redraw the border.",
    },
    "restore-sectors": {
        "nl": "Begin opnieuw van een eerder plan: geen bewerking maakt dit.",
        "fr": "Recommencer à partir d'un plan antérieur : aucune opération ne produit cela.",
        "en": "Begin anew from an earlier plan: no operation makes this.",
    },
    "split": {
        "nl": "Splits in {buurten} buurten.",
        "fr": "Diviser en {buurten} quartiers.",
        "en": "Split into {buurten} buurten.",
    },
}

_IN_LANGUAGE: Final[Mapping[TextLanguage, Mapping[str, str]]] = {
    "nl": {"nl": " in het Nederlands", "fr": " in het Frans", "de": " in het Duits"},
    "fr": {"nl": " en néerlandais", "fr": " en français", "de": " en allemand"},
    "en": {"nl": " in Dutch", "fr": " in French", "de": " in German"},
}
_SEPARATORS: Final[Mapping[TextLanguage, tuple[str, str]]] = {
    "nl": (".", ","),
    "fr": ("\N{NARROW NO-BREAK SPACE}", ","),
    "en": (",", "."),
}
_SHOWN_BLOCKS = 4


def problem_text(problem: Problem, language: TextLanguage) -> str:
    """Say a problem in a language.

    Examples
    --------
    >>> import shapely
    >>> from boundaries.checks.problems import Figure, Severity
    >>> few = Problem("too-few-households", Severity.WARNING, shapely.Point(0, 0), ("21015-02",), (),
    ...               (Figure(1_040, "households"),))
    >>> problem_text(few, "nl")
    '21015-02 heeft maar 1.040 huishoudens.'
    """
    shown = ", ".join(problem.blocks[:_SHOWN_BLOCKS])
    told: dict[str, str] = {
        "buurt": problem.buurten[0] if problem.buurten else "",
        "others": ", ".join(problem.buurten[1:]),
        "blocks": shown
        if len(problem.blocks) <= _SHOWN_BLOCKS
        else f"{shown} (+{len(problem.blocks) - _SHOWN_BLOCKS})",
        "language": _IN_LANGUAGE[language].get(problem.language or "", ""),
        "name": problem.name or "",
    }
    told |= {str(figure.unit): _number(figure.value, language) for figure in problem.figures}
    return PROBLEMS[problem.code][language].format(**told)


def remedy_text(remedy: Remedy, language: TextLanguage) -> str:
    """Say a remedy in a language."""
    return REMEDIES[remedy.code][language].format(**remedy.parameters)


def _number(value: float, language: TextLanguage) -> str:
    """Write a number as a language does: whole from 100 on, else to two decimals."""
    text = f"{value:,.0f}" if value >= 100 or value == round(value) else f"{value:,.2f}"
    thousands, decimal = _SEPARATORS[language]
    return text.translate({ord(","): thousands, ord("."): decimal})
