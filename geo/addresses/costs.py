"""What each correction costs, and what the sum means: the one table behind verdicts and scores.

A cost of 0 is a question that the register answers word for word (after normalising); only that can be accepted. The
table is explained in docs/address-matching.md, and bench/addresses.py prints how often each score is right.
"""

import re
from functools import lru_cache
from typing import Final

__all__ = [
    "ALSO_SHOWN",
    "AMBIGUITY", "CONFIRMABLE", "COST", "SURELY_THE_STREET", "TYPING_ERROR", "TYPING_ERROR_SHORT",
    "UNSOLVED",    "cost_of_extra", "score_of",
]  # fmt: skip

COST: Final[dict[str, int]] = {
    "postcode-near": 8,  # one digit wrong, or two swapped
    "postcode-neighbour": 14,  # the postcode next to it on the map
    "postcode-unknown": 18,
    "postcode-elsewhere": 18,  # another one, but the municipality is right
    "municipality-misspelt": 6,
    "municipality-part": 8,  # the name of another part of the same municipality
    "municipality-unknown": 14,
    "municipality-elsewhere": 20,  # another one, but the postcode is right
    "place-missing": 16,
    "street-loose": 6,  # articles, order of the words
    "street-short": 12,  # a first name left out or shortened
    "street-core": 14,  # the kind of street left out or taken for another
    "street-kind": 10,  # a typing error that changes the kind of street
    "street-inferred": 14,
    "street-name-repeated": 10,
    "house-number-reread": 12,
    "box-reread": 12,
    "box-unexpected": 14,
    "address-proposed": 10,
    "duplicate-in-register": 10,
    "extra-words": 6,
    "extra-word": 2,  # each word after the first
    "extra-place": 14,  # a place that was not taken for the place
    "extra-figure": 20,  # each word with a figure: it may be a number or a postcode that was meant
}
"""Cost by correction."""

UNSOLVED: Final[dict[str, int]] = {
    "box-missing": 4,
    "box-not-found": 8,
    "house-number-missing": 22,
    "house-number-not-found": 24,
}
"""How much cheaper than any address found a street without the address must be to be the answer."""

_LINKS: Final = frozenset({"à", "a", "te", "in", "at", "-"})
"""Words between the parts of an address that say nothing."""
_ORDINAL: Final = re.compile(r"\d{1,2}(?:e|de|ste|er|ère|ere|ème|eme|ième|ieme)\b", re.IGNORECASE)

TYPING_ERROR: Final = 8
TYPING_ERROR_SHORT: Final = 12
"""Cost of each typing error in a street's name; the second in a name of up to six letters."""
CONFIRMABLE: Final = 42
"""Greatest cost of an address that is put forward for confirmation."""
AMBIGUITY: Final = 6
"""Two different addresses whose costs differ by less than this are both shown."""
ALSO_SHOWN: Final = 8
"""Beside an address that is put forward, others are shown whose cost is higher by less than this."""
SURELY_THE_STREET: Final = 20
"""An address found below this cost by the exact name of its street ends the search for similar names."""


@lru_cache(maxsize=4096)
def cost_of_extra(text: str) -> int:
    """Give the cost of words that belong to nothing.

    Examples
    --------
    >>> cost_of_extra("Résidence Les Lilas"), cost_of_extra("75001"), cost_of_extra("")
    (10, 26, 0)
    """
    words = [word for word in text.split() if word.lower() not in _LINKS]
    if not words:
        return 0
    figures = sum(any(c.isdigit() for c in word) and not _ORDINAL.match(word) for word in words)
    return COST["extra-words"] + COST["extra-word"] * (len(words) - 1) + COST["extra-figure"] * figures


@lru_cache(maxsize=256)
def score_of(cost: int) -> float:
    """Give the confidence of an address found at a cost.

    Examples
    --------
    >>> score_of(0), score_of(16), score_of(200)
    (0.9995, 0.9195, 0.0)
    """
    return max(0.0, round(0.9995 - 0.005 * cost, 4))
