"""A price book as a value: dated, immutable, resolved for each country."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from licensing.money import Rounding, exact_arithmetic
from licensing.tiers import TierTable

Country = Literal["BE", "NL"]
COUNTRIES: tuple[Country, ...] = ("BE", "NL")


class Programme(StrEnum):
    """The programme lines that are sold beside the base licence."""

    INCLUSION = "inclusie-en-buurtzorg"
    COMMUNICATION = "buurtcommunicatie"
    PARTICIPATION = "burgerparticipatie"


class VatTreatment(StrEnum):
    """Who owes the VAT, if anybody."""

    STANDARD = "standard"
    REVERSE_CHARGE = "reverse-charge"
    """The customer declares it: Council Directive 2006/112/EC, articles 44 and 196."""
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Vat:
    """A country's standard rate, and the treatments that may be chosen there."""

    percent: Decimal
    treatments: tuple[VatTreatment, ...] = (VatTreatment.STANDARD,)

    def rate(self, treatment: VatTreatment) -> Decimal:
        """Return the percentage on the invoice under a treatment."""
        return self.percent if treatment == VatTreatment.STANDARD else Decimal(0)


@dataclass(frozen=True, slots=True)
class BundleDiscount:
    """Off the programme lines, from this many of them on."""

    programmes: int
    percent: Decimal


@dataclass(frozen=True, slots=True)
class TermDiscount:
    """Off the whole yearly price, for a term of at least this many years."""

    years: int
    percent: Decimal


@dataclass(frozen=True, slots=True)
class OneOff:
    """What is paid once, in the first year: not discounted, not indexed."""

    start_up: Decimal
    letter_per_household: Decimal


@dataclass(frozen=True, slots=True)
class Indexation:
    """The rise of the yearly prices, compounded, from a year of the term on."""

    percent: Decimal
    from_year: int = 2

    def factor(self, year: int) -> Decimal:
        """Return what the first year's price is multiplied by in a year of the term, counted from 1.

        Examples
        --------
        >>> Indexation(Decimal("2")).factor(3)
        Decimal('1.0404')
        """
        return (1 + self.percent / 100) ** max(0, year - self.from_year + 1)


@dataclass(frozen=True, slots=True)
class Pilot:
    """A licence for some buurten of a municipality only: its limits, and its prices where they differ."""

    max_buurten: int
    max_years: int
    percent: Decimal
    """Discount off the yearly price."""
    minimum: Decimal | None = None
    """Takes the place of the minimum of the base licence; the programmes have none in a pilot."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything that prices a licence in one country."""

    base: TierTable
    programmes: Mapping[Programme, TierTable]
    one_off: OneOff
    vat: Vat
    bundle_discounts: tuple[BundleDiscount, ...] = ()
    term_discounts: tuple[TermDiscount, ...] = ()
    indexation: Indexation | None = None
    pilot: Pilot | None = None
    """None: no licence for some of the buurten is sold."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "programmes", MappingProxyType(dict(self.programmes)))

    def tables(self, *, pilot: bool) -> tuple[TierTable, Mapping[Programme, TierTable]]:
        """Return the tiers of the base licence and of the programmes, with a pilot's minimum where it is one."""
        if not pilot or self.pilot is None:
            return self.base, self.programmes
        minimum = self.pilot.minimum
        if minimum is not None and self.base.maximum is not None:
            minimum = min(minimum, self.base.maximum)
        programmes = {name: replace(table, minimum=None) for name, table in self.programmes.items()}
        return replace(self.base, minimum=minimum), programmes

    def bundle_discount(self, programmes: int) -> BundleDiscount | None:
        """Return the discount for that many programme lines: the one with the highest threshold that is met."""
        met = [discount for discount in self.bundle_discounts if discount.programmes <= programmes]
        return max(met, key=lambda discount: discount.programmes, default=None)

    def term_discount(self, years: int) -> TermDiscount | None:
        """Return the discount for a term of that many years."""
        met = [discount for discount in self.term_discounts if discount.years <= years]
        return max(met, key=lambda discount: discount.years, default=None)


@dataclass(frozen=True, slots=True)
class BookReference:
    """What a quote says about the book that it was priced from."""

    code: str
    title: str
    valid_from: date
    sha256: str
    """Of the book's canonical text (`price_book_diff.canonical_text`): of what it says, not of how it is laid out."""
    example: bool


@dataclass(frozen=True, slots=True)
class PriceBook:
    """A whole book. `countries` holds the terms of each country that is sold to."""

    code: str
    title: str
    valid_from: date
    currency: Literal["EUR"]
    example: bool
    quote_valid_days: int
    rounding: Rounding
    countries: Mapping[Country, Terms]

    def __post_init__(self) -> None:
        object.__setattr__(self, "countries", MappingProxyType(dict(self.countries)))

    def price_per_household(self, yearly: Decimal, households: int) -> Decimal | None:
        """Return a yearly price by household, to the cent; None where there are no households."""
        if not households:
            return None
        with exact_arithmetic():
            return Rounding(mode=self.rounding.mode).apply(yearly / households)
