"""What a quote is asked for: frozen counts of buurten, programme lines, years, start, language and VAT."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from licensing.price_book import Country, Programme, VatTreatment

Language = Literal["nl", "fr", "de", "en"]
LANGUAGES: tuple[Language, ...] = ("nl", "fr", "de", "en")
MAX_YEARS = 10
ASSUMED = "assumed"
"""The method of a count that somebody asks \"what if\" of."""
LATER = Field(exclude_if=lambda value: value is None)
"""Marks a field that records did not have from the beginning: it is not written where it is None, so that a record that
was kept before is read back, and written again, byte for byte."""


class QuoteError(ValueError):
    """A quote that cannot be made.

    Parameters
    ----------
    code
        Stable name: `no-buurten`, `mixed-countries`, `country-not-sold`, `programme-not-sold`, `pilot-too-large`, …
    field
        The part of the request that is to blame.
    message
        One sentence for a person, with what to do.
    """

    def __init__(self, code: str, field: str, message: str) -> None:
        self.code, self.field, self.message = code, field, message
        super().__init__(f"{field}: {message}")


@dataclass(frozen=True, slots=True)
class Estimate:
    """How much of a count of households is no published figure, and the range that the whole count may lie in."""

    households: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class LettersPlan:
    """The dwellings that an invitation goes to: those of the address register that have no member household.

    Small numbers of members are withheld before they come here (`households.member_table`) and count as none, so that
    a quote tells no more of members than any other answer.
    """

    letters: int
    """The dwellings less the members."""
    dwellings: int
    """Of the chosen buurten."""
    members: int
    """Member households there, as far as they are told."""
    smallest_shown: int
    """The smallest number of members that is told, zero apart."""
    release: str
    """The release of addresses."""


@dataclass(frozen=True, slots=True)
class BuurtCount:
    """The households of one buurt, and where the number comes from. It is copied into the quote and stays."""

    code: str
    name: str
    households: int
    release: str
    """The release of counts, such as `cbs-kerncijfers-2024`; several are joined by `, `."""
    method: str
    """How it was found: a `households.counts.Method`, such as `official`, or several joined by `+`; or `ASSUMED`."""
    unknown_sectors: int = 0
    """Sectors of the buurt without a count. They add nothing; the quote says how many they are."""
    estimate: Annotated[Estimate | None, LATER] = None
    """None where all of it is published."""


@dataclass(frozen=True, slots=True)
class MunicipalityScope:
    """The buurten of one municipality that a licence is asked for."""

    code: str
    name: str
    country: Country
    plan_version: int
    buurten_in_plan: int
    buurten: tuple[BuurtCount, ...]
    letters: int | None = None
    """Letters, where somebody says how many."""
    estimate: Annotated[Estimate | None, LATER] = None
    """Of all its buurten together. None where their sum is published, though the share of a buurt may be estimated."""
    letters_plan: Annotated[LettersPlan | None, LATER] = None
    """None where no address register knows a dwelling there."""

    def __post_init__(self) -> None:
        where = f"municipality {self.code}"
        codes = {buurt.code for buurt in self.buurten}
        if not self.buurten:
            raise QuoteError("no-buurten", where, "a licence is for at least one buurt")
        if len(codes) < len(self.buurten):
            raise QuoteError("duplicate-buurt", where, "a buurt is named twice, and would be counted twice")
        if len(self.buurten) > self.buurten_in_plan:
            raise QuoteError("wrong-plan", where, f"the plan has {self.buurten_in_plan} buurten, and more are named")
        if any(buurt.households < 0 or buurt.unknown_sectors < 0 for buurt in self.buurten):
            raise QuoteError("negative-count", where, "a count of households is not negative")
        known = ((buurt.households, buurt.estimate) for buurt in self.buurten)
        for households, estimate in (*known, (self.households, self.estimate)):
            if estimate is not None and not (
                0 <= estimate.low <= households <= estimate.high and 0 <= estimate.households <= households
            ):
                raise QuoteError("bad-estimate", where, f"{estimate} does not hold the count of {households}")
        if self.letters_plan is not None:
            _check_letters(self.letters_plan, where)
        if self.letters is not None and not 0 <= self.letters <= self.most_letters:
            message = f"letters go to at most the {self.most_letters} homes of the quote, not to {self.letters}"
            raise QuoteError("too-many-letters", where, message)

    @property
    def households(self) -> int:
        """All households counted."""
        return sum(buurt.households for buurt in self.buurten)

    @property
    def letters_sent(self) -> int:
        """Letters that are priced: as many as somebody says, else by the letters plan, else one a household."""
        if self.letters is not None:
            return self.letters
        return self.households if self.letters_plan is None else self.letters_plan.letters

    @property
    def most_letters(self) -> int:
        """One for each home: the households, or the dwellings where there are more."""
        return max(self.households, 0 if self.letters_plan is None else self.letters_plan.dwellings)

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases that its counts come from, each once."""
        return tuple(sorted({release for buurt in self.buurten for release in buurt.release.split(", ")}))

    @property
    def unknown_sectors(self) -> int:
        """Sectors without a count, which add nothing."""
        return sum(buurt.unknown_sectors for buurt in self.buurten)

    @property
    def whole(self) -> bool:
        """Whether the whole municipality is in it; else it is a pilot."""
        return len(self.buurten) == self.buurten_in_plan


@dataclass(frozen=True, slots=True)
class QuoteRequest:
    """Everything that a quote depends on, beside the price book."""

    scopes: tuple[MunicipalityScope, ...]
    programmes: tuple[Programme, ...]
    years: int
    start: date
    language: Language
    vat: VatTreatment = VatTreatment.STANDARD

    def __post_init__(self) -> None:
        if not self.scopes:
            raise QuoteError("no-municipality", "scopes", "name at least one municipality")
        if len({scope.country for scope in self.scopes}) > 1:
            raise QuoteError("mixed-countries", "scopes", "municipalities of two countries need a quote each")
        if len({scope.code for scope in self.scopes}) < len(self.scopes):
            raise QuoteError("duplicate-municipality", "scopes", "a municipality is named twice")
        if len(set(self.programmes)) < len(self.programmes):
            raise QuoteError("duplicate-programme", "programmes", "a programme line is named twice")
        if not 1 <= self.years <= MAX_YEARS:
            raise QuoteError("years-out-of-range", "years", f"a licence runs 1 to {MAX_YEARS} years, not {self.years}")
        if self.start.year + self.years > date.max.year:
            raise QuoteError("start-out-of-range", "start", f"the calendar ends before {self.years} years have passed")

    @property
    def country(self) -> Country:
        """The country of all municipalities."""
        return self.scopes[0].country

    @property
    def households(self) -> int:
        """Households of all municipalities."""
        return sum(scope.households for scope in self.scopes)


def _check_letters(plan: LettersPlan, where: str) -> None:
    known = min(plan.dwellings, plan.members) >= 0 and plan.smallest_shown >= 1
    if not known or plan.letters != max(plan.dwellings - plan.members, 0):
        raise QuoteError("bad-letters-plan", where, f"{plan} is no number of dwellings less their members")


def anniversary(start: date, years: int) -> date:
    """Return the same day some years on; 29 February becomes 1 March where there is none, so that no day is lost.

    Examples
    --------
    >>> anniversary(date(2028, 2, 29), 1), anniversary(date(2028, 2, 29), 4)
    (datetime.date(2029, 3, 1), datetime.date(2032, 2, 29))
    """
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return date(start.year + years, 3, 1)


def licence_year(start: date, year: int) -> tuple[date, date]:
    """Return the first and the last day of a year of the licence, counted from 1.

    Examples
    --------
    >>> licence_year(date(2027, 1, 1), 2)
    (datetime.date(2028, 1, 1), datetime.date(2028, 12, 31))
    """
    return anniversary(start, year - 1), anniversary(start, year) - timedelta(days=1)
