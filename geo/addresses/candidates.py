"""Addresses of the register that a reading may mean, each with what had to be corrected to get there.

A street is looked up by its exact key, in all rows whose place agrees with the one named in the municipality or the
postcode; in each of them the house number and the box are looked up in every way to read them. Streets with a similar
name: `geo.addresses.likenesses`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt

from geo.addresses.costs import COST, cost_of_extra
from geo.addresses.designators import Designation, strict_form
from geo.addresses.questions import Component, Reason
from geo.addresses.readings import Reading
from geo.addresses.register import CURRENT, Place, Register
from geo.addresses.spelling import street_keys

__all__ = ["Candidate", "Outcome", "Where", "candidates_in_rows", "exact_candidates", "where_asked"]

MOST_ROWS: Final = 400
"""So many rows of one street name are looked at where no place narrows them down."""


class Outcome(Enum):
    """What came of a reading in one street row."""

    FOUND = "found"
    BOX_MISSING = "box-missing"
    BOX_NOT_FOUND = "box-not-found"
    NUMBER_NOT_FOUND = "house-number-not-found"
    NUMBER_MISSING = "house-number-missing"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A street row, and the address in it where there is one.

    Attributes
    ----------
    outcome
        Whether the address is there, or what is wrong with it.
    row
        The street row.
    low, high
        Range of the addresses: one that was found, or the house number's.
    cost
        Sum of what was corrected.
    reasons
        What was corrected.
    states
        State of each component.
    reading, designation
        What was read.
    whole_house
        The address found stands for the house number, whose boxes alone are registered.
    """

    outcome: Outcome
    row: int
    low: int
    high: int
    cost: int
    reasons: tuple[Reason, ...]
    states: dict[str, Component]
    reading: Reading
    designation: Designation | None
    whole_house: bool = False


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well a street row's place fits what was asked."""

    row: int
    cost: int
    reasons: tuple[Reason, ...]
    postcode: Component
    municipality: Component


@dataclass(frozen=True, slots=True)
class Where:
    """The place of a reading, looked up."""

    place: Place | None
    postcode: int | None
    """Number of the postcode, -1 for one that is not in the register, None for none."""
    near: Callable[[], dict[int, int]]
    """Postcodes like it or next to it, looked up only where its own has no such street."""

    @property
    def named(self) -> bool:
        """Whether a place or a postcode was given."""
        return self.place is not None or self.postcode is not None


def where_asked(register: Register, reading: Reading) -> Where:
    """Look the place and the postcode of a reading up."""
    place = register.place(reading.place) if reading.place else None
    postcode = register.postcode(reading.postcode) if reading.postcode else None
    return Where(place, postcode, lambda: register.postcodes_near(reading.postcode) if reading.postcode else {})


def exact_candidates(register: Register, reading: Reading, *, require_box: bool) -> list[Candidate]:
    """Find the addresses of a reading whose street has exactly the name given.

    Parameters
    ----------
    register
        The index.
    reading
        One reading of a question.
    require_box
        Whether a building with boxes needs one.

    Returns
    -------
    list of Candidate
        In no order; empty where no such street lies in a place that agrees.
    """
    where = where_asked(register, reading)
    if not reading.street:
        return _by_postcode(register, reading, where, require_box=require_box)
    numbers = [n for n in (register.find_street(key) for key in street_keys(reading.street)) if n >= 0]
    if not numbers:
        return []
    rows = register.street_rows[numbers[0]]
    if len(numbers) > 1:
        rows = np.unique(np.concatenate([register.street_rows[n] for n in numbers]))
    return candidates_in_rows(register, reading, where, rows, 0, (), require_box=require_box)


def _by_postcode(register: Register, reading: Reading, where: Where, *, require_box: bool) -> list[Candidate]:
    """Where a postcode is a part of one street, it and the number say enough to ask back."""
    if register.country != "NL" or where.postcode is None or where.postcode < 0 or not reading.designations:
        return []
    rows = register.postcode_rows[where.postcode]
    reason = Reason("street-inferred", "street", COST["street-inferred"])
    found = candidates_in_rows(register, reading, where, rows, reason.cost, (reason,), require_box=require_box)
    return [c for c in found if c.outcome is not Outcome.NUMBER_NOT_FOUND]


def candidates_in_rows(
    register: Register,
    reading: Reading,
    where: Where,
    rows: npt.NDArray[np.int32],
    cost: int,
    reasons: tuple[Reason, ...],
    *,
    require_box: bool,
) -> list[Candidate]:
    """Look a reading up in street rows, as far as their place agrees.

    Parameters
    ----------
    register, reading, require_box
        As for `exact_candidates`.
    where
        The reading's place.
    rows
        Street rows of one name.
    cost, reasons
        What had to be corrected in the name.

    Returns
    -------
    list of Candidate
        At least one for each row that agrees.
    """
    fits = _fits(register, where, rows)
    if not fits:
        return []
    street = Component.CONFIRMED if not cost else Component.CORRECTED
    if any(reason.code == "street-inferred" for reason in reasons):
        street = Component.INFERRED
    best = min(fit.cost for fit in fits)
    # Several streets of one name that fit equally well: without more, a house number does not tell them apart.
    streets = {int(register.row_street[fit.row]) for fit in fits if fit.cost == best}
    repeated = len(streets) > 1 and street is not Component.INFERRED
    found: list[Candidate] = []
    for fit in fits:
        why = reasons + fit.reasons
        total = cost + fit.cost
        if repeated and fit.cost == best:
            total += COST["street-name-repeated"]
            why = (*why, Reason("street-name-repeated", "street", COST["street-name-repeated"]))
        if extra := _cost_of_extra(register, reading.extra):
            total, why = total + extra, (*why, Reason("extra-words", None, extra))
        states = {"street": street, "postcode": fit.postcode, "municipality": fit.municipality}
        found += _in_row(register, reading, fit.row, total, why, states, require_box=require_box)
    return found


@dataclass(frozen=True, slots=True)
class _Agreement:
    """Where street rows agree with a place; one truth value per row."""

    town: npt.NDArray[np.bool_]
    part: npt.NDArray[np.bool_]
    postcode: npt.NDArray[np.bool_]


def _agreement(register: Register, where: Where, rows: npt.NDArray[np.int32]) -> _Agreement:
    towns, parts = register.row_municipality[rows], register.row_locality[rows]
    town, part = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    if where.place is not None:
        for number in where.place.municipalities:
            town |= towns == number
        for number in where.place.localities:
            part |= parts == number
    postcode = np.zeros(len(rows), bool) if where.postcode is None else register.row_postcode[rows] == where.postcode
    return _Agreement(town, part, postcode)


def _fits(register: Register, where: Where, rows: npt.NDArray[np.int32]) -> list[_Fit]:
    """Choose the rows whose place agrees with what was asked, at least in the municipality or the postcode."""
    agreement = _agreement(register, where, rows)
    agrees = agreement.town | agreement.part | agreement.postcode
    if not where.named:
        chosen = np.arange(len(rows))
    elif agrees.any():
        chosen = np.flatnonzero(agrees)
    elif where.place is None:
        chosen = np.flatnonzero(np.isin(register.row_postcode[rows], list(where.near())))
    elif where.postcode is None:
        towns = list(register.towns_of_parts(where.place.localities))
        chosen = np.flatnonzero(np.isin(register.row_municipality[rows], towns))
    else:
        return []
    fits = []
    for i in chosen[:MOST_ROWS].tolist():
        municipality, why_municipality = _judge_municipality(register, where, agreement, i, int(rows[i]))
        postcode, why_postcode = _judge_postcode(where, agreement, i, int(register.row_postcode[rows[i]]))
        reasons = (*why_municipality, *why_postcode)
        if not where.named:
            reasons = (Reason("place-missing", "municipality", COST["place-missing"]),)
        fits.append(_Fit(int(rows[i]), sum(r.cost for r in reasons), reasons, postcode, municipality))
    return fits


def _judge_municipality(
    register: Register, where: Where, agreement: _Agreement, i: int, row: int
) -> tuple[Component, tuple[Reason, ...]]:
    place = where.place
    if place is None:
        return Component.INFERRED, ()
    if agreement.town[i] or agreement.part[i]:
        if place.edits:
            reason = Reason("municipality-corrected", "municipality", COST["municipality-misspelt"])
            return Component.CORRECTED, (reason,)
        if agreement.town[i]:
            return Component.CONFIRMED, ()
        return Component.INFERRED, (Reason("municipality-from-locality", "municipality"),)
    of_part = int(register.row_municipality[row]) in register.towns_of_parts(place.localities)
    which = "part" if of_part else "elsewhere" if place.known else "unknown"
    return Component.CORRECTED, (Reason("municipality-corrected", "municipality", COST[f"municipality-{which}"]),)


def _judge_postcode(where: Where, agreement: _Agreement, i: int, postcode: int) -> tuple[Component, tuple[Reason, ...]]:
    if where.postcode is None:
        return Component.INFERRED, ()
    if agreement.postcode[i]:
        return Component.CONFIRMED, ()
    which = {1: "near", 2: "neighbour"}.get(where.near().get(postcode, 0))
    which = which or ("unknown" if where.postcode < 0 else "elsewhere")
    return Component.CORRECTED, (Reason("postcode-corrected", "postcode", COST[f"postcode-{which}"]),)


def _cost_of_extra(register: Register, text: str) -> int:
    """Give the cost of words that are left over; more where they name a place, which then is another one."""
    if not text:
        return 0
    return cost_of_extra(text) + (COST["extra-place"] if register.knows_place(text) else 0)


def _in_row(
    register: Register,
    reading: Reading,
    row: int,
    cost: int,
    reasons: tuple[Reason, ...],
    states: dict[str, Component],
    *,
    require_box: bool,
) -> list[Candidate]:
    """Look the house number and the box up in one street row, in each way to read them."""
    if not reading.designations:
        missing = {**states, "house_number": Component.MISSING}
        return [Candidate(Outcome.NUMBER_MISSING, row, 0, 0, cost, reasons, missing, reading, None)]
    found: list[Candidate] = []
    for designation in reading.designations:
        low, high = register.house(row, designation.number)
        if low == high:
            continue
        total, why, more = cost, list(reasons), {**states, "house_number": Component.CONFIRMED}
        if extra := _cost_of_extra(register, designation.extra):
            why.append(Reason("extra-words", None, extra))
        if not designation.direct:
            why.append(Reason("house-number-reread", "house_number", COST["house-number-reread"]))
            more["house_number"] = Component.CORRECTED
        total += sum(reason.cost for reason in why[len(reasons) :])
        candidate = _box(register, designation, row, low, high, total, why, more, reading, require_box=require_box)
        if candidate is not None:
            found.append(candidate)
    if found:
        return found
    unknown = {**states, "house_number": Component.UNEXPECTED}
    cost += _cost_of_extra(register, reading.designations[0].extra)
    return [Candidate(Outcome.NUMBER_NOT_FOUND, row, 0, 0, cost, reasons, unknown, reading, reading.designations[0])]


def _box(
    register: Register,
    designation: Designation,
    row: int,
    low: int,
    high: int,
    cost: int,
    reasons: list[Reason],
    states: dict[str, Component],
    reading: Reading,
    *,
    require_box: bool,
) -> Candidate | None:
    """Look the box up among those of a house number; None where this reading cannot be meant."""
    boxes = register.box_form[register.box[low:high]]
    plain = np.flatnonzero(boxes == 0)
    has_boxes = len(plain) < len(boxes)

    def candidate(outcome: Outcome, start: int, end: int, *, whole_house: bool = False) -> Candidate:
        return Candidate(
            outcome, row, start, end, cost, tuple(reasons), states, reading, designation, whole_house=whole_house
        )

    if not designation.box:
        if not has_boxes:
            return _chosen(register, candidate(Outcome.FOUND, low, high))
        # A box that is optional may still be missed: an address without one is there, or stands for the house.
        current = (register.status[low:high] == CURRENT) & (boxes != 0)
        states["box"] = Component.MISSING
        if require_box and (current.any() or not len(plain)):
            return candidate(Outcome.BOX_MISSING, low, high)
        if len(plain):
            if not current.any():
                del states["box"]
            return _chosen(register, candidate(Outcome.FOUND, low + int(plain[0]), low + int(plain[-1]) + 1))
        return candidate(Outcome.FOUND, low, low + 1, whole_house=True)
    form = register.find_box(designation.box)
    start, end = register.boxes_of_form(low, high, form) if form >= 0 else (low, low)
    states["box"] = Component.CONFIRMED if designation.direct else Component.INFERRED
    if start == end and designation.box.startswith("ET") and designation.box[2:].isdigit():
        # A storey is the whole addition in some towns' registers (Amsterdam's `1-2` is often said as 1-2hg).
        form = register.find_box(designation.box[2:])
        start, end = register.boxes_of_form(low, high, form) if form >= 0 else (low, low)
        states["box"] = Component.CORRECTED
        reasons.append(Reason("box-reread", "box", COST["box-reread"]))
        cost += COST["box-reread"]
    if start < end:
        return _chosen(register, candidate(Outcome.FOUND, start, end))
    states["box"] = Component.UNEXPECTED
    if reasons and reasons[-1].code == "box-reread":
        cost -= reasons.pop().cost
    if has_boxes:
        return candidate(Outcome.BOX_NOT_FOUND, low, high) if designation.direct else None
    if not designation.explicit:
        return None  # 5A is not 5: what was not called a box may be a part of the number
    reasons.append(Reason("box-unexpected", "box", COST["box-unexpected"]))
    cost += COST["box-unexpected"]
    return _chosen(register, candidate(Outcome.FOUND, low, high))


def _chosen(register: Register, candidate: Candidate) -> Candidate:
    """Choose between several addresses of one normal form: current ones first, then the very spelling."""
    addresses = np.arange(candidate.low, candidate.high)
    current = addresses[register.status[addresses] == CURRENT]
    if len(current):
        addresses = current
    if len(addresses) > 1 and candidate.designation is not None:
        typed = strict_form(candidate.designation.typed_box)
        same = [a for a in addresses.tolist() if strict_form(register.boxes[int(register.box[a])]) == typed]
        if len(same) >= 1:
            addresses = np.array(same)
    first = int(addresses[0])
    reasons, cost = list(candidate.reasons), candidate.cost
    if len(addresses) > 1:
        reasons.append(Reason("duplicate-in-register", None, COST["duplicate-in-register"]))
        cost += COST["duplicate-in-register"]
    return Candidate(
        candidate.outcome, candidate.row, first, first + 1, cost, tuple(reasons), candidate.states, candidate.reading,
        candidate.designation,
    )  # fmt: skip
