"""A plan as a value: which blocks of a municipality form which buurten."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BuurtDraft:
    """A buurt of a plan, with the sectors that it is made of."""

    code: str
    names: Mapping[str, str | None]
    """Name by language (nl, fr, de)."""
    sector_codes: tuple[str, ...]


def default_plan(
    municipality_code: str, names: Mapping[str, str | None], sector_codes: Iterable[str]
) -> tuple[BuurtDraft, ...]:
    """Return the plan that holds until ops staff draw another: one buurt, the whole municipality.

    Examples
    --------
    >>> [buurt] = default_plan("25110", {"fr": "Waterloo"}, ["25110A01-", "25110A00-"])
    >>> buurt.code, buurt.sector_codes
    ('25110-01', ('25110A00-', '25110A01-'))
    """
    return (BuurtDraft(f"{municipality_code}-01", dict(names), tuple(sorted(sector_codes))),)
