"""What people shorten in street names, and what it stands for in Dutch, French and German.

A word may stand for several (`St` is *Sint*, *Saint* or *Sankt*; `ch` is *chaussée* or *chemin*): every reading
becomes a key of its own, and the register decides which of them exists. Nothing is merged across words that name
different streets.
"""

from typing import Final

__all__ = ["ARTICLES", "GLUED_ENDINGS", "STREET_TYPES", "TYPE_BEGINNINGS", "TYPE_ENDINGS", "WORDS"]

WORDS: Final[dict[str, tuple[str, ...]]] = {
    # kinds of street, French
    "av": ("avenue",), "ave": ("avenue",), "aven": ("avenue",), "avn": ("avenue",),
    "bd": ("boulevard",), "bld": ("boulevard",), "bvd": ("boulevard",), "blvd": ("boulevard",),
    "boul": ("boulevard",), "boulev": ("boulevard",),
    "chee": ("chaussee",), "chauss": ("chaussee",), "chaus": ("chaussee",), "chs": ("chaussee",),
    "chssee": ("chaussee",), "ch": ("chaussee", "chemin"), "chem": ("chemin",), "che": ("chemin", "chaussee"),
    "sq": ("square",), "imp": ("impasse",), "rte": ("route",), "rle": ("ruelle",), "fg": ("faubourg",),
    "fbg": ("faubourg",), "espl": ("esplanade",), "prom": ("promenade",), "sent": ("sentier",), "crs": ("cours",),
    "all": ("allee",), "gal": ("galerie", "general"), "res": ("residence",), "pas": ("passage", "pas"),
    "pass": ("passage",), "qu": ("quai",), "vla": ("villa",),
    # kinds of street, Dutch and German
    "str": ("straat", "strasse"), "stwg": ("steenweg",), "stw": ("steenweg",),
    "stnwg": ("steenweg",), "steenw": ("steenweg",), "stg": ("steenweg",), "ln": ("laan",), "wg": ("weg",),
    "pl": ("place", "plein", "plaats", "platz"), "pln": ("plein",), "plts": ("plaats",), "sngl": ("singel",),
    "gr": ("gracht",), "kd": ("kade",), "drf": ("dreef",), "prk": ("park",), "lndk": ("landdijk",),
    # saints
    "st": ("sint", "saint", "sankt"), "ste": ("sainte", "sinte"), "snt": ("sint",), "sts": ("saints",),
    # titles
    "dr": ("dokter", "docteur", "doctor", "doktor", "dr", "dreef", "dreve"),
    "prof": ("professor", "professeur", "prof"), "burg": ("burgemeester", "burg"), "burgem": ("burgemeester",),
    "bgm": ("burgemeester", "bourgmestre"), "burgm": ("burgemeester",), "bgmstr": ("burgemeester",),
    "bourgm": ("bourgmestre",), "bourg": ("bourgmestre", "bourg"), "gen": ("generaal", "general", "gen"),
    "col": ("colonel", "col"), "kol": ("kolonel",), "lt": ("lieutenant", "luitenant"),
    "luit": ("luitenant",), "cap": ("capitaine", "cap"), "capt": ("capitaine",), "kap": ("kapitein",),
    "mar": ("marechal",), "maar": ("maarschalk",), "cdt": ("commandant",), "comm": ("commandant",),
    "pres": ("president",), "min": ("minister", "ministre"), "past": ("pastoor",), "kan": ("kanunnik",),
    "chan": ("chanoine",), "not": ("notaris", "notaire"), "ir": ("ingenieur", "ir"), "ing": ("ingenieur",),
    "mgr": ("monseigneur", "mgr"), "mr": ("meester", "mr"), "abbe": ("abbe",), "adj": ("adjudant",),
    "kard": ("kardinaal",), "card": ("cardinal",), "kon": ("koning", "koningin"), "pr": ("prins", "prince"),
    "gebr": ("gebroeders",), "frs": ("freres",), "jhr": ("jonkheer", "jhr"), "dhr": ("dhr",),
    "vd": ("vande", "vanden", "vander"), "olv": ("onzelievevrouw",), "onz": ("onze",), "nd": ("notredame",),
    "gde": ("grande",), "gd": ("grand",), "grd": ("grand",), "pt": ("petit",), "pte": ("petite",),
    # numerals: a reign or a rank is one thing in letters and in figures
    "ii": ("2",), "iii": ("3",), "iv": ("4",), "vi": ("6",), "vii": ("7",), "viii": ("8",), "ix": ("9",),
    "xi": ("11",), "xii": ("12",), "xiii": ("13",), "xiv": ("14",), "xv": ("15",), "xvi": ("16",),
    "xxiii": ("23",),
    "1er": ("1e",), "1ere": ("1e",), "1re": ("1e",), "1ste": ("1e",), "eerste": ("1e",),
    "premier": ("1e",), "premiere": ("1e",), "2de": ("2e",), "2eme": ("2e",), "2nd": ("2e",), "tweede": ("2e",),
    "deuxieme": ("2e",), "3de": ("3e",), "3eme": ("3e",), "derde": ("3e",), "troisieme": ("3e",), "4de": ("4e",),
    "4eme": ("4e",), "vierde": ("4e",), "5de": ("5e",), "5eme": ("5e",), "vijfde": ("5e",),
}  # fmt: skip
"""Folded word to what it may stand for, wherever in the name it stands."""

GLUED_ENDINGS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("stnwg", ("steenweg",)), ("stwg", ("steenweg",)), ("steenw", ("steenweg",)), ("stw", ("steenweg",)),
    ("sngl", ("singel",)), ("pln", ("plein",)), ("str", ("straat", "strasse")), ("ln", ("laan",)),
    ("pl", ("plein", "plaats", "platz")), ("wg", ("weg",)), ("dr", ("dreef",)), ("gr", ("gracht",)), ("kd", ("kade",)),
)  # fmt: skip
"""Shortened kinds of street at the end of a Dutch or German word, the longest first."""

STREET_TYPES: Final = frozenset({
    "rue", "avenue", "boulevard", "chaussee", "chemin", "place", "square", "impasse", "route", "ruelle", "faubourg",
    "esplanade", "promenade", "sentier", "cours", "allee", "galerie", "quai", "clos", "dreve", "venelle", "passage",
    "rond", "residence", "cite", "parvis", "jardin", "montee", "voie", "quartier", "champ", "villa", "straat",
    "laan", "steenweg", "weg", "plein", "dreef", "lei", "kaai", "pad", "hof", "park", "plaats", "dijk", "kade",
    "gracht", "singel", "markt", "baan", "berg", "strasse", "gasse", "platz"
})  # fmt: skip
"""Words that say what kind of street it is."""

TYPE_ENDINGS: Final = (
    "steenweg", "straat", "strasse", "laan", "plein", "plaats", "platz", "dreef", "singel", "gracht", "kade", "kaai",
    "markt", "square", "weg", "pad", "hof", "lei", "dijk", "baan", "park",
)  # fmt: skip
"""The same as the end of a Dutch or German name, longer ones before those that they contain."""

TYPE_BEGINNINGS: Final = (
    "rue", "avenue", "boulevard", "chaussee", "chemin", "place", "impasse", "route", "sentier", "allee", "quai", "clos",
    "dreve", "venelle", "passage", "cours",
)  # fmt: skip
"""The same as the beginning of a French name."""

ARTICLES: Final = frozenset({
    "de", "la", "le", "les", "du", "des", "l", "d", "aux", "au", "a", "den", "der", "het", "t", "ter", "ten", "van",
    "of", "en", "et", "und", "am", "im", "zu"
})  # fmt: skip
"""Little words that people leave out or add."""
