"""From a question to a verdict: the cheapest explanation of what was typed, or why there is none.

Only an explanation that costs nothing is accepted. One that corrects something is put to the person. Where two
addresses explain the question about equally well, or none does, the person is told what to fix; what is offered then
are suggestions, and no address of a neighbour ever takes the place of one that was not found.
"""

from typing import Final

import numpy as np

from geo.addresses.candidates import Candidate, Outcome, exact_candidates
from geo.addresses.columns import STATUSES
from geo.addresses.costs import ALSO_SHOWN, AMBIGUITY, CONFIRMABLE, COST, SURELY_THE_STREET, UNSOLVED, score_of
from geo.addresses.likenesses import fuzzy_candidates
from geo.addresses.questions import (
    MAX_TEXT,
    QUERY_FIELDS,
    AddressMatch,
    AddressQuery,
    Component,
    Level,
    OfficialAddress,
    Reason,
    Verdict,
    query_values,
)
from geo.addresses.readings import Reading, country_of_line, read_country, read_query
from geo.addresses.register import Register

__all__ = ["check_types", "match_query"]

MOST_ALTERNATIVES: Final = 5
MOST_FUZZY_READINGS: Final = 3


def check_types(query: AddressQuery) -> None:
    """Refuse what is no question.

    Raises
    ------
    ValueError
        A field is something else than text or None.
    """
    if not isinstance(query, AddressQuery):
        raise ValueError(f"an AddressQuery is meant, not {type(query).__name__}")  # noqa: TRY004 - one documented error
    for name, value in zip(QUERY_FIELDS, query_values(query), strict=True):
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{name} must be text or None, not {type(value).__name__}")


def match_query(register: Register, query: AddressQuery, *, lang: str, require_box: bool) -> AddressMatch:
    """Answer a question.

    Parameters
    ----------
    register
        The index.
    query
        The question; `check_types` has seen it.
    lang
        Language of the formatted answer.
    require_box
        Whether a building with boxes needs one.

    Returns
    -------
    AddressMatch
        The verdict and its reasons.
    """
    values = zip(QUERY_FIELDS, query_values(query), strict=True)
    too_long = next((name for name, value in values if value and len(value) > MAX_TEXT), None)
    if too_long:
        return _refused("input-too-long", too_long, {}, lang)
    country = read_country(query.country) if query.country and query.country.strip() else None
    country = country or (country_of_line(query.line.strip()) if query.line else None)
    if country and country != register.country:
        return _refused("other-country", "country", {}, lang)
    readings = read_query(query, register)
    if not readings:
        return _refused("empty-input", None, dict.fromkeys(("street", "house_number"), Component.MISSING), lang)
    candidates = _candidates(register, readings, require_box=require_box)
    if not candidates:
        return _nothing(register, readings, lang)
    return _judged(register, candidates, lang)


def _candidates(register: Register, readings: list[Reading], *, require_box: bool) -> list[Candidate]:
    """Collect what the readings may mean: those that name a place first, and without one only where that fails."""
    placed = [reading for reading in readings if reading.postcode or reading.place]
    candidates = [c for reading in placed for c in exact_candidates(register, reading, require_box=require_box)]
    if _sure(candidates):
        return candidates
    tried: set[tuple[str, str | None, str | None]] = set()
    for reading in [reading for reading in placed if reading.designations] or placed:
        what = (reading.street, reading.postcode, reading.place)
        if reading.street and what not in tried and len(tried) < MOST_FUZZY_READINGS:
            tried.add(what)
            candidates += fuzzy_candidates(register, reading, require_box=require_box)
    if not any(c.outcome is Outcome.FOUND for c in candidates):
        for reading in readings:
            if not (reading.postcode or reading.place):
                candidates += exact_candidates(register, reading, require_box=require_box)
    return candidates


def _sure(candidates: list[Candidate]) -> bool:
    """Tell whether the street is there in the place named, so that similar names need not be looked at."""
    return any(
        (c.outcome is Outcome.FOUND and c.cost <= SURELY_THE_STREET)
        or (c.cost == 0 and c.outcome is not Outcome.NUMBER_MISSING)
        for c in candidates
    )


def _judged(register: Register, candidates: list[Candidate], lang: str) -> AddressMatch:
    ordered = sorted(candidates, key=lambda c: (c.cost + UNSOLVED.get(c.outcome.value, 0), c.row, c.low))
    best = ordered[0]
    if best.outcome is not Outcome.FOUND:
        return _unsolved(register, best, ordered, lang)
    others = _others(best, ordered)
    if others and others[0].cost - best.cost < AMBIGUITY:
        return _ambiguous(register, best, others, lang)
    address = register.official(best.low, without_box=best.whole_house)
    reasons, cost = list(best.reasons), best.cost
    status = int(register.status[best.low])
    verdict = Verdict.ACCEPT if cost == 0 else Verdict.CONFIRM
    shown = [c for c in others[:MOST_ALTERNATIVES] if cost and c.cost - cost < ALSO_SHOWN]
    alternatives = tuple(register.official(c.low, without_box=c.whole_house) for c in shown)
    if STATUSES[status] == "proposed":
        reasons.append(Reason("address-proposed", None, COST["address-proposed"]))
        cost += COST["address-proposed"]
        verdict = Verdict.CONFIRM
    if STATUSES[status] == "retired":
        reasons.append(Reason("address-retired"))
        verdict = Verdict.FIX
    elif cost > CONFIRMABLE:
        reasons.append(Reason("uncertain"))
        return AddressMatch(
            Verdict.FIX, Level.STREET, best.states, None, (address, *alternatives)[:MOST_ALTERNATIVES],
            tuple(reasons), score_of(cost), lang,
        )  # fmt: skip
    missing_box = best.states.get("box") is Component.MISSING
    level = Level.HOUSE_NUMBER if missing_box else Level.DWELLING
    return AddressMatch(verdict, level, best.states, address, alternatives, tuple(reasons), score_of(cost), lang)


def _others(best: Candidate, ordered: list[Candidate]) -> list[Candidate]:
    """Give the other addresses that were found, each once."""
    seen, others = {best.low}, []
    for candidate in ordered:
        if candidate.outcome is Outcome.FOUND and candidate.low not in seen:
            seen.add(candidate.low)
            others.append(candidate)
    return others


def _ambiguous(register: Register, best: Candidate, others: list[Candidate], lang: str) -> AddressMatch:
    near = [c for c in others if c.cost - best.cost < AMBIGUITY]
    several = {int(register.row_street[c.row]) for c in (best, *near)}
    states = dict(best.states)
    code = "ambiguous"
    field = "street" if len(several) > 1 else "house_number"
    if any(reason.code == "place-missing" for reason in best.reasons):
        states["municipality"] = states["postcode"] = Component.MISSING
        field = "municipality"
    reasons = (*best.reasons, Reason(code, field))
    shown = tuple(register.official(c.low, without_box=c.whole_house) for c in (best, *others)[:MOST_ALTERNATIVES])
    level = (
        Level.STREET
        if len(several) == 1
        else Level.POSTCODE
        if states["postcode"] is Component.CONFIRMED
        else Level.NONE
    )
    return AddressMatch(Verdict.FIX, level, states, None, shown, reasons, score_of(best.cost) / 2, lang)


def _unsolved(register: Register, best: Candidate, ordered: list[Candidate], lang: str) -> AddressMatch:
    field = "box" if best.outcome in {Outcome.BOX_MISSING, Outcome.BOX_NOT_FOUND} else "house_number"
    reasons = [*best.reasons, Reason(best.outcome.value, field)]
    states = dict(best.states)
    shown: list[OfficialAddress] = []
    level = Level.STREET
    if field == "box":
        level = Level.HOUSE_NUMBER
        boxed = np.flatnonzero(register.box_form[register.box[best.low : best.high]] != 0) + best.low
        shown = [register.official(int(address)) for address in boxed[:MOST_ALTERNATIVES]]
    else:
        if best.outcome is Outcome.NUMBER_NOT_FOUND and best.designation is not None:
            shown = _same_figure(register, best)
        shown += [register.official(c.low) for c in ordered if c.outcome is Outcome.FOUND and c.cost <= CONFIRMABLE]
    if best.states["municipality"] is Component.INFERRED and any(r.code == "place-missing" for r in best.reasons):
        states["municipality"] = states["postcode"] = Component.MISSING
    return AddressMatch(Verdict.FIX, level, states, None, tuple(shown[:MOST_ALTERNATIVES]), tuple(reasons), 0.0, lang)


def _same_figure(register: Register, candidate: Candidate) -> list[OfficialAddress]:
    """Give the house numbers of the street that begin with the figure given: 5A and 5-7 for 5, never 4 or 6."""
    if candidate.designation is None:
        return []
    figure = "".join(c for c in candidate.designation.number.split("-")[0] if c.isdigit())
    start, end = int(register.first[candidate.row]), int(register.first[candidate.row + 1])
    codes, first = np.unique(register.number[start:end], return_index=True)
    shown = []
    for code, place in zip(codes.tolist(), first.tolist(), strict=True):
        text = register.numbers[code]
        digits = text[: len(text) - len(text.lstrip("0123456789"))]
        if digits.lstrip("0") == figure:
            shown.append(register.official(start + place, without_box=True))
        if len(shown) == MOST_ALTERNATIVES:
            break
    return shown


def _nothing(register: Register, readings: list[Reading], lang: str) -> AddressMatch:
    """Say what is missing or unknown where no street was found."""
    reading = readings[0]
    states: dict[str, Component] = {}
    reasons: list[Reason] = []
    known_place = reading.place is not None and register.place(reading.place).known
    known_postcode = reading.postcode is not None and register.knows_postcode(reading.postcode)
    if reading.place is not None:
        states["municipality"] = Component.CONFIRMED if known_place else Component.UNEXPECTED
    if reading.postcode is not None:
        states["postcode"] = Component.CONFIRMED if known_postcode else Component.UNEXPECTED
        if not known_postcode:
            reasons.append(Reason("postcode-unknown", "postcode"))
    if not known_place and not known_postcode:
        if reading.place is None and reading.postcode is None:
            states["municipality"] = states["postcode"] = Component.MISSING
            reasons.append(Reason("place-missing", "municipality"))
        elif reading.place is not None:
            reasons.append(Reason("place-unknown", "municipality"))
    if not reading.street:
        states["street"] = Component.MISSING
        reasons.insert(0, Reason("street-missing", "street"))
    else:
        states["street"] = Component.UNEXPECTED
        reasons.insert(0, Reason("street-not-found", "street"))
    if not reading.designations:
        states["house_number"] = Component.MISSING
        reasons.append(Reason("house-number-missing", "house_number"))
    level = Level.POSTCODE if known_postcode else Level.NONE
    return AddressMatch(Verdict.FIX, level, states, None, (), tuple(reasons), 0.0, lang)


def _refused(code: str, field: str | None, states: dict[str, Component], lang: str) -> AddressMatch:
    return AddressMatch(Verdict.FIX, Level.NONE, states, None, (), (Reason(code, field),), 0.0, lang)
