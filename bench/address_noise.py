"""What people do to addresses when they type them: an evaluation set with a known answer for every question.

Each kind of noise takes an address of the register and gives a question, or nothing where it does not apply. Half of
the questions are fields, half one line in one of several layouts. The table of abbreviations here is written down
independently of the matcher's.
"""

import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from geo.addresses import AddressQuery

__all__ = ["KINDS", "Case", "absent_addresses", "noisy_addresses"]

Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A question, what was done to it, and the identifier of the address that it means (None: there is none)."""

    kind: str
    query: AddressQuery
    address_id: str | None


@dataclass(frozen=True)
class Parts:
    """An address as somebody would write it down correctly."""

    street: str
    number: str
    box: str | None
    postcode: str | None
    municipality: str | None
    extra: str = ""


SHORT = (
    ("straat", "str."), ("steenweg", "stwg."), ("laan", "ln."), ("plein", "pl."), ("Avenue", "Av."), ("Rue", "R."),
    ("Chaussée", "Chée"), ("Boulevard", "Bd"), ("Place", "Pl."), ("Saint", "St"), ("Sint", "St"), ("Chemin", "Ch."),
    ("Sainte", "Ste"), ("Generaal", "Gen."), ("Général", "Gén."), ("dreef", "dr."), ("Square", "Sq."),
)  # fmt: skip
EXTRA = (
    "Résidence Les Lilas",
    "Residentie Zonnebloem",
    "c/o Janssens",
    "Bâtiment A",
    "1e blok links",
    "Immeuble Horizon",
)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def plain(text: str) -> str:
    """Take the accents away."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def correct(row: Row, rng: random.Random, lang: str | None = None) -> Parts:
    """Write an address down correctly, in one of its languages."""
    langs = [code for code in ("nl", "fr", "de") if row[f"street_{code}"]]
    lang = lang or rng.choice(langs)
    names = [row[f"municipality_{code}"] for code in (lang, "nl", "fr", "de")]
    return Parts(
        row[f"street_{lang}"], row["house_number"], row["box"], row["postcode"], next(name for name in names if name)
    )


def letters_of(text: str) -> list[int]:
    """Give the places of letters, those of the first word last, since people watch it most."""
    return [place for place, c in enumerate(text) if c.isalpha()]


def swapped(text: str, rng: random.Random) -> str | None:
    """Swap two neighbouring letters that differ."""
    places = [i for i in range(len(text) - 1) if text[i : i + 2].isalpha() and text[i].lower() != text[i + 1].lower()]
    if not places:
        return None
    i = rng.choice(places)
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def mistyped(text: str, rng: random.Random) -> str | None:
    """Type a wrong letter, forget one, or type one too many."""
    places = letters_of(text)
    if len(places) < 4:
        return None
    i, letter = rng.choice(places), rng.choice(LETTERS)
    if letter == plain(text[i]).lower():
        letter = "x" if letter != "x" else "y"
    return rng.choice((text[:i] + letter + text[i + 1 :], text[:i] + text[i + 1 :], text[:i] + letter + text[i:]))


def _street(change: Callable[[str, random.Random], str | None]) -> Callable[[Parts, Row, random.Random], Parts | None]:
    def kind(parts: Parts, _: Row, rng: random.Random) -> Parts | None:
        street = change(parts.street, rng)
        return replace(parts, street=street) if street else None

    return kind


def _abbreviated(street: str, _: random.Random) -> str | None:
    short = street
    for word, abbreviation in SHORT:
        short = re.sub(rf"(?<![A-Za-z]){word}\b|{word}$", abbreviation, short)
    return short if short != street else None


def _twice_mistyped(street: str, rng: random.Random) -> str | None:
    once = rng.choice((mistyped, swapped))(street, rng)
    return mistyped(once, rng) if once and len(letters_of(street)) >= 8 else None


def _wrong_postcode(parts: Parts, _: Row, rng: random.Random) -> Parts | None:
    code = parts.postcode or ""
    i = rng.randrange(len(code) - 1)
    wrong = code[:i] + code[i + 1] + code[i] + code[i + 2 :]
    if wrong == code or wrong[0] == "0":
        i = rng.randrange(1, len(code))
        wrong = code[:i] + rng.choice([d for d in "0123456789" if d != code[i]]) + code[i + 1 :]
    return replace(parts, postcode=wrong)


def _misspelt_municipality(parts: Parts, _: Row, rng: random.Random) -> Parts | None:
    name = rng.choice((mistyped, swapped))(parts.municipality or "", rng)
    return replace(parts, municipality=name) if name else None


def _other_language(parts: Parts, row: Row, rng: random.Random) -> Parts | None:
    langs = [code for code in ("nl", "fr", "de") if row[f"street_{code}"]]
    if len(langs) < 2:
        return None
    lang = next(code for code in langs if row[f"street_{code}"] != parts.street)
    return replace(correct(row, rng, lang), municipality=parts.municipality)  # street in one, town in the other


def _box_spelling(parts: Parts, _: Row, rng: random.Random) -> Parts | None:
    if not parts.box:
        return None
    box = (parts.box.lstrip("0") or "0") if parts.box.isdigit() else parts.box
    spellings = ("bus {}", "bte {}", "boîte {}", "Bus {}", "bt. {}", "app. {}", "b{}" if box.isdigit() else "b {}")
    return replace(parts, box=rng.choice(spellings).format(box))


def _number_spelling(parts: Parts, _: Row, rng: random.Random) -> Parts | None:
    cut = re.fullmatch(r"(\d+)([A-Za-z]?)", parts.number)
    if not cut:
        return None
    number = rng.choice(("n° {0}{1}", "nr. {0}{1}", "0{0}{1}", "{0} {2}"))
    return replace(parts, number=number.format(cut[1], cut[2], cut[2].lower()).strip())


KINDS: dict[str, tuple[int, Callable[[Parts, Row, random.Random], Parts | None]]] = {
    "as registered": (0, lambda parts, _, __: parts),
    "no accents, capitals": (
        0,
        lambda parts, _, __: replace(
            parts, street=plain(parts.street).upper(), municipality=plain(parts.municipality or "").upper()
        ),
    ),
    "abbreviations": (0, _street(_abbreviated)),
    "street and town in two languages": (0, _other_language),
    "box in another spelling": (0, _box_spelling),
    "number in another spelling": (0, _number_spelling),
    "letters swapped": (1, _street(swapped)),
    "one typing error": (1, _street(mistyped)),
    "two typing errors": (2, _street(_twice_mistyped)),
    "wrong postcode": (1, _wrong_postcode),
    "misspelt municipality": (1, _misspelt_municipality),
    "extra words": (1, lambda parts, _, rng: replace(parts, extra=rng.choice(EXTRA))),
    "no municipality": (0, lambda parts, _, __: replace(parts, municipality=None)),
    "no postcode": (0, lambda parts, _, __: replace(parts, postcode=None)),
    "no box": (0, lambda parts, _, __: replace(parts, box=None) if parts.box else None),
}
"""Name of the kind to its number of edits and what it does."""


def written(parts: Parts, country: str, rng: random.Random, *, as_line: bool) -> AddressQuery:
    """Put the parts into fields or into one line."""
    if not as_line and not parts.extra:
        return AddressQuery(
            street=parts.street, house_number=parts.number, box=parts.box, postcode=parts.postcode,
            municipality=parts.municipality,
        )  # fmt: skip
    number = parts.number
    if parts.box:
        named = " " in parts.box or parts.box[:1] == "b"
        joint = "-" if country == "NL" else rng.choice((" bus ", " bte ", " bus ", "/"))
        number += f" {parts.box}" if named else f"{joint}{parts.box}"
    place = " ".join(part for part in (parts.postcode, parts.municipality) if part)
    first = f"{parts.extra}, " if parts.extra else ""
    layout = rng.choice(
        ("{s} {n}, {p}", "{s} {n} {p}", "{s}, {n}, {p}", "{n}, {s}, {p}", "{p}, {s} {n}", "{s} {n} - {p}")
    )
    if number[:1].isalpha():
        layout = "{s} {n}, {p}"
    return AddressQuery(line=first + layout.format(s=parts.street, n=number, p=place))


def noisy_addresses(rows: list[Row], country: str, each: int, seed: int) -> list[Case]:
    """Make `each` questions of every kind from addresses of the register."""
    rng = random.Random(seed)  # noqa: S311 - a benchmark, always the same
    cases = []
    for name, (_, change) in KINDS.items():
        made = tried = 0
        while made < each and tried < 40 * each:
            tried += 1
            row = rng.choice(rows)
            parts = change(correct(row, rng), row, rng)
            if parts is not None:
                cases.append(Case(name, written(parts, country, rng, as_line=rng.random() < 0.5), row["address_id"]))
                made += 1
    return cases


def _nowhere(kind: str, parts: Parts, other: str, rng: random.Random) -> Parts | None:
    """Turn an address into one that probably does not exist; `other` is a street of another address."""
    if kind == "number":
        return replace(parts, number=str(rng.randrange(1, 400)), box=None)
    if kind == "letter":
        return replace(parts, number=re.match(r"\d*", parts.number)[0] + rng.choice("ACDEFGKPXZ"), box=None)  # type: ignore[index]
    if kind.startswith("box"):
        if bool(parts.box) != (kind == "box"):
            return None
        return replace(parts, box=rng.choice(("97", "A9", "88", "3Z", "0905", "77")))
    if kind == "street of another town":
        return replace(parts, street=other)
    word = "".join(rng.choice("bdfgklmnprst") + rng.choice("aeiou") for _ in range(4)).capitalize()
    return replace(parts, street=rng.choice((f"{word}straat", f"{word}laan", f"Rue du {word}")))


def absent_addresses(rows: list[Row], every: list[Row], country: str, count: int, seed: int) -> list[Case]:
    """Make questions for addresses that do not exist anywhere in their municipality or under their postcode.

    Parameters
    ----------
    rows
        Addresses to start from.
    every
        All addresses of the municipalities and postcodes of `rows`.
    country, count, seed
        Which country; how many; which of many sets.
    """
    rng = random.Random(seed)  # noqa: S311
    streets: set[tuple[str, ...]] = set()
    houses: set[tuple[str, ...]] = set()
    boxes: set[tuple[str, ...]] = set()
    for row in every:
        for name in filter(None, (row["street_nl"], row["street_fr"], row["street_de"])):
            for where in (row["municipality_code"], row["postcode"]):
                street = (plain(name).lower(), where)
                streets.add(street)
                houses.add((*street, row["house_number"].upper()))
                boxes.add((*street, row["house_number"].upper(), (row["box"] or "").upper().lstrip("0")))
    kinds = ("number", "letter", "box", "box of a house without", "street of another town", "invented street")
    cases: list[Case] = []
    while len(cases) < count:
        row, kind = rng.choice(rows), rng.choice(kinds)
        parts = _nowhere(kind, correct(row, rng), correct(rng.choice(rows), rng).street, rng)
        if parts is None:
            continue
        there, key = (streets, ()) if "street" in kind else (houses, (parts.number.upper(),))
        if kind.startswith("box"):
            there, key = boxes, (parts.number.upper(), (parts.box or "").upper().lstrip("0"))
        places = (row["municipality_code"], row["postcode"])
        if not any((plain(parts.street).lower(), where, *key) in there for where in places):
            cases.append(Case(kind, written(parts, country, rng, as_line=rng.random() < 0.5), None))
    return cases
