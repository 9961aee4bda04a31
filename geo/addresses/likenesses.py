"""Streets with a name like the one given: where the place named has none of that very name.

The streets of the municipality and the postcode are compared letter by letter, those of the neighbouring postcodes
where that finds nothing; and three looser keys are looked up: without articles and order, without first names,
without the kind of street.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geo.addresses.candidates import Candidate, Outcome, Where, candidates_in_rows, where_asked
from geo.addresses.costs import COST, TYPING_ERROR, TYPING_ERROR_SHORT
from geo.addresses.distances import LONGEST, distances, letters_of
from geo.addresses.questions import Reason
from geo.addresses.readings import Reading
from geo.addresses.register import Place, Register
from geo.addresses.similar import MOST_CANDIDATES, SHORTEST, most_edits
from geo.addresses.spelling import street_forms, street_type, typed_words

__all__ = ["accepted_keys", "fuzzy_candidates", "looser_keys", "relaxed_keys", "searched_towns", "similar_keys"]


def fuzzy_candidates(register: Register, reading: Reading, *, require_box: bool) -> list[Candidate]:
    """Find the addresses of a reading whose street has a name like the one given.

    Parameters
    ----------
    register, reading, require_box
        As for `exact_candidates`.

    Returns
    -------
    list of Candidate
        In no order; empty where no place was named, since a name alone is then no ground for a guess.
    """
    where = where_asked(register, reading)
    if not where.named or not reading.street:
        return []
    place = where.place if where.place is not None and where.place.known else None
    towns = searched_towns(register, place) if place else ()
    postcodes: tuple[int, ...] = (where.postcode,) if where.postcode is not None and where.postcode >= 0 else ()
    similar = _similar(register, reading.street, register.town_streets(towns, postcodes))
    found = _of_similar(register, reading, where, similar, require_box=require_box)
    if not any(c.outcome is Outcome.FOUND for c in found) and not towns and where.near():
        pool = register.town_streets((), tuple(sorted(where.near())))
        found += _of_similar(
            register, reading, where, _similar(register, reading.street, pool), require_box=require_box
        )
    return found


def searched_towns(register: Register, place: Place) -> tuple[int, ...]:
    """Give the municipalities in which a place's similar streets are looked for."""
    if not place.localities:
        return place.municipalities
    return tuple(sorted({*place.municipalities, *register.towns_of_parts(place.localities)}))


def similar_keys(street: str) -> tuple[str, ...]:
    """Give the keys that a name is compared by: an ending that looks shortened may be a typing error.

    Examples
    --------
    >>> similar_keys("Place du Beregr")
    ('placeduberegracht', 'placeduberegr')
    """
    return street_forms(street)[0]


def relaxed_keys(register: Register, street: str) -> dict[int, int]:
    """Give the loose, short and core keys of a name that exist, and the cost of each."""
    numbers = [register.find_street(key) if key else -1 for key in looser_keys(street)]
    return accepted_keys(register, street, numbers)


def looser_keys(street: str) -> tuple[str, str, str]:
    """Give the loose, the short and the core key of a name; an empty one where there is none."""
    return street_forms(street)[1]


def accepted_keys(register: Register, street: str, numbers: Sequence[int]) -> dict[int, int]:
    """Give those of a name's three looser keys that exist, with their costs; first names given must agree."""
    costs: dict[int, int] = {}
    for number, cost in zip(numbers, ("loose", "short", "core"), strict=True):
        if number >= 0 and (cost != "short" or _initials_agree(register, street, number)):
            costs[number] = COST[f"street-{cost}"]
    return costs


def _of_similar(
    register: Register, reading: Reading, where: Where, similar: dict[int, int], *, require_box: bool
) -> list[Candidate]:
    found: list[Candidate] = []
    for key, cost in similar.items():
        rows = register.street_rows[key]
        reason = Reason("street-corrected", "street", cost)
        found += candidates_in_rows(register, reading, where, rows, cost, (reason,), require_box=require_box)
    return found


def _similar(register: Register, street: str, pool: npt.NDArray[np.int32]) -> dict[int, int]:
    """Give the keys of streets with a similar name, and the cost of taking each for the name given."""
    costs = relaxed_keys(register, street)
    for key in similar_keys(street):
        raw = key.encode()
        if not SHORTEST < len(raw) <= LONGEST or not len(pool):
            continue
        most = most_edits(len(raw))
        result = np.empty(len(pool), np.uint8)
        texts = register.street_texts
        distances(
            np.frombuffer(raw, np.uint8), letters_of(raw), most, pool, texts.offsets, texts.text,
            register.street_letters, result,
        )  # fmt: skip
        near = np.flatnonzero(result <= most)
        near = near[np.argsort(result[near], kind="stable")][:MOST_CANDIDATES]
        kind = street_type(key)
        for i in near.tolist():
            number, edits = int(pool[i]), int(result[i])
            cost_of_edits = _cost_of_edits(edits, len(raw))
            other = street_type(register.street_texts[number])
            if kind and other and kind != other:
                cost_of_edits += COST["street-kind"]
            costs[number] = min(costs.get(number, 999), cost_of_edits)
    return costs


def _cost_of_edits(edits: int, length: int) -> int:
    # Never nothing: what only fits letter for letter, and not by its key, is another reading of an abbreviation.
    return TYPING_ERROR + max(edits - 1, 0) * (TYPING_ERROR_SHORT if length <= 6 else TYPING_ERROR)


def _initials_agree(register: Register, street: str, number: int) -> bool:
    """Tell whether the first names given, if any, begin as those of some street of this short key do."""
    given = typed_words(street)[:-1]
    return any(
        all(any(word.startswith(part) or part.startswith(word) for word in line.split()) for part in given)
        for line in register.first_names[number].split("\n")
    )
