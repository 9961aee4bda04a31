"""Money is `Decimal`: one arithmetic for every price, and the rounding that a price book asks for."""

import decimal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal("0.00")
HUNDRED = Decimal(100)

ARITHMETIC = decimal.Context(
    prec=50,
    rounding=decimal.ROUND_HALF_EVEN,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow, decimal.FloatOperation],
)
"""Wide enough that no product of a price, a count and ten years of indexation loses a digit that matters, and
deaf to whatever context the caller's thread has. A binary number that slips in raises."""


class RoundingMode(StrEnum):
    """What happens to an amount that lies between two units, named as `decimal` names it."""

    HALF_UP = "half-up"
    """Half a cent goes up: what Belgian and Dutch invoices do."""
    HALF_EVEN = "half-even"


_MODES = {RoundingMode.HALF_UP: decimal.ROUND_HALF_UP, RoundingMode.HALF_EVEN: decimal.ROUND_HALF_EVEN}


@dataclass(frozen=True, slots=True)
class Rounding:
    """The smallest unit that a price has, and the way to it."""

    unit: Decimal = Decimal("0.01")
    mode: RoundingMode = RoundingMode.HALF_UP

    def apply(self, amount: Decimal) -> Decimal:
        """Round an amount to whole units, written with cents.

        Examples
        --------
        >>> Rounding().apply(Decimal("2.675"))
        Decimal('2.68')
        >>> Rounding(unit=Decimal("0.05")).apply(Decimal("2.68"))
        Decimal('2.70')
        """
        units = (amount / self.unit).quantize(Decimal(1), rounding=_MODES[self.mode], context=ARITHMETIC)
        return (units * self.unit).quantize(ZERO, context=ARITHMETIC)


@contextmanager
def exact_arithmetic() -> Iterator[None]:
    """Run a calculation under `ARITHMETIC`, so that its result depends on its inputs alone."""
    with decimal.localcontext(ARITHMETIC):
        yield


def percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    """Return a percentage of an amount, unrounded.

    Examples
    --------
    >>> percent_of(Decimal("250.00"), Decimal("7.5"))
    Decimal('18.750')
    """
    return amount * percent / HUNDRED
