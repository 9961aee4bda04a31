"""How far the households of a quote have moved since, and how far the next tier is, in numbers and in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from licensing.money import HUNDRED, Rounding, exact_arithmetic
from licensing.number_formats import format_count, format_percent
from licensing.price_book import PriceBook
from licensing.quote_request import Language, QuoteError
from licensing.quote_texts import DRIFTS, ITEMS
from licensing.quotes import Quote

_TENTH = Rounding(Decimal("0.1"))


@dataclass(frozen=True, slots=True)
class TierMove:
    """Where a table of tiers puts the count, then and now, and how far its next tiers are."""

    item: str
    """`base`, or a programme line."""
    quoted_tier: int
    current_tier: int
    households_to_next_tier: int | None
    """More households until the next tier; None in the open one."""
    households_to_tier_below: int | None
    """Fewer households until the tier below; None in the first one."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How the count of a municipality moved since its quote."""

    municipality: str
    name: str
    quoted: int
    current: int | None
    """None where the same area cannot be counted today as it was."""
    percent: Decimal | None
    """Change to a tenth of a percent; None where there is no count today, or the quote had no households."""
    tiers: tuple[TierMove, ...]
    """Of the base licence and each programme line of the quote; empty where there is no count today."""


def measure_drift(quote: Quote, households: Mapping[str, int], book: PriceBook) -> tuple[Drift, ...]:
    """Compare the counts of a quote with those of today.

    Parameters
    ----------
    quote
        The quote.
    households
        Today's households of the same buurten, by municipality code; a code that is absent has no count today.
    book
        The quote's price book, by which its tiers are read.

    Returns
    -------
    tuple of Drift
        One a municipality, in the order of the quote.

    Raises
    ------
    QuoteError
        `country-not-sold`, where the book has no terms for the quote's country.
    """
    terms = book.countries.get(quote.request.country)
    if terms is None:
        raise QuoteError("country-not-sold", "book", f"{book.code} has no terms for {quote.request.country}")
    drifts = []
    for scope in quote.request.scopes:
        quoted, current = scope.households, households.get(scope.code)
        if current is None:
            drifts.append(Drift(scope.code, scope.name, quoted, None, None, ()))
            continue
        base, programmes = terms.tables(pilot=not scope.whole)
        tables = {"base": base, **{name.value: programmes[name] for name in quote.request.programmes}}
        moves = tuple(
            TierMove(
                item,
                table.tier_of(quoted),
                table.tier_of(current),
                table.households_to_next_tier(current),
                table.households_to_tier_below(current),
            )
            for item, table in tables.items()
        )
        drifts.append(Drift(scope.code, scope.name, quoted, current, _change(quoted, current), moves))
    return tuple(drifts)


def describe_drift(drift: Drift, language: Language) -> str:
    """Say in one paragraph how a count moved, and for each item of the licence how far the next tier is.

    Where the count has fallen it is the tier below that is told, as long as there is one.

    Examples
    --------
    >>> moved = Drift("51004", "Ath", 19_116, 19_881, Decimal("4.0"), (TierMove("base", 2, 2, 120, 14_881),))
    >>> print(describe_drift(moved, "en"))
    Ath: the count grew by 4%, from 19,116 to 19,881 households. Base licence: the next tier is 120 households away.
    """
    if drift.current is None:
        return DRIFTS["uncounted"][language].format(name=drift.name)
    if drift.current == drift.quoted:
        code = "same"
    elif drift.percent is None:
        code = "first"
    else:
        code = "grew" if drift.current > drift.quoted else "fell"
    count = DRIFTS[code][language].format(
        name=drift.name,
        quoted=format_count(drift.quoted, language),
        current=format_count(drift.current, language),
        percent=_percent(drift.percent, language),
    )
    fallen = drift.current < drift.quoted
    return " ".join([count, *(sentence for move in drift.tiers for sentence in _tell_move(move, language, fallen))])


def _percent(percent: Decimal | None, language: Language) -> str:
    if percent is None:
        return ""
    if percent == 0:
        return DRIFTS["less-than"][language].format(percent=format_percent(_TENTH.unit, language))
    return format_percent(abs(percent), language)


def _tell_move(move: TierMove, language: Language, fallen: bool) -> Iterator[str]:
    item = ITEMS[move.item][language]
    moved = move.current_tier != move.quoted_tier
    if moved:
        yield DRIFTS["moved"][language].format(item=item, before=move.quoted_tier, now=move.current_tier)
    to_tier_below = move.households_to_tier_below if fallen else None
    away = move.households_to_next_tier if to_tier_below is None else to_tier_below
    if away is not None:
        code = "next" if to_tier_below is None else "below"
        sentence = DRIFTS[code if away > 1 else f"{code}-one"][language]
        yield sentence.format(item=item, households=format_count(away, language))
    elif not moved:
        yield DRIFTS["last"][language].format(item=item)


def _change(before: int, after: int) -> Decimal | None:
    if not before:
        return None
    with exact_arithmetic():
        return _TENTH.apply(HUNDRED * (after - before) / before)
