"""Buurtcodes: made from a random source, written so that they are read aright, checked, and compared as keyed hashes.

A code has nine random characters and a check character: `6MYWT-4A5HS`. The alphabet has 29 characters, a prime number,
without those that are taken for one another (0 O, 1 I L, U V) and without most vowels, so that codes spell few words.
The check character makes the sum of the characters' values, each weighted by its place, a multiple of 29. With a
prime base and places below it, that detects every wrong character and every exchange of two characters: the scheme of
ISBN-10 (ISO 2108:1992, base 11), whose proof (Verhoeff, *Error Detecting Decimal Codes*, 1969) holds for any prime.
"""

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from households.dwelling_keys import HouseholdKey

ALPHABET = "23456789ABCDEFGHJKMNPQRSTWXYZ"
LENGTH = 10
"""Characters of a code: 29⁹ (1.4 × 10¹³) codes, so that guessing finds none before a rate limit ends it."""

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_GROUP = LENGTH // 2


class CodeError(ValueError):
    """What was typed is no code: a character is wrong or missing, or two are exchanged. It is not repeated."""


class Uses(StrEnum):
    """How often a code may be used."""

    ONCE = "once"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class CodeBatch:
    """Codes that were made together: for one buurt, or for one dwelling each."""

    buurt_code: str
    uses: Uses
    made_at: datetime
    expires_at: datetime

    def valid_at(self, now: datetime) -> bool:
        """Whether the batch's codes may be used at an instant."""
        return self.made_at <= now < self.expires_at


def make_code(choose: Callable[[str], str]) -> str:
    """Make a code.

    Parameters
    ----------
    choose
        Picks one character of a text: `secrets.choice` in production, a seeded one in a test.

    Examples
    --------
    >>> import random
    >>> make_code(random.Random(1).choice)
    '6MYWT-4A5HS'
    """
    body = "".join(choose(ALPHABET) for _ in range(LENGTH - 1))
    return write_code(body + _check_character(body))


def read_code(typed: str) -> str:
    """Return the plain characters of a code as a person typed it, in any case, with or without hyphen and spaces.

    Characters outside the alphabet are not guessed at: none of them was printed.

    Raises
    ------
    CodeError
        It is no code.

    Examples
    --------
    >>> read_code(" 6mywt 4a5hs")
    '6MYWT4A5HS'
    """
    # Nobody types a kilobyte: a long text is refused before it is looked at.
    plain = "".join(typed[:100].upper().replace("-", "").split())
    if len(plain) != LENGTH or len(typed) > 100 or any(character not in _VALUES for character in plain):
        raise CodeError(f"a code has {LENGTH} letters and digits, as in the letter")
    if _weighted_sum(plain) % len(ALPHABET):
        raise CodeError("a character of the code is wrong, or two are exchanged")
    return plain


def write_code(plain: str) -> str:
    """Return a code as letters print it, in two groups."""
    return f"{plain[:_GROUP]}-{plain[_GROUP:]}"


def hash_code(key: HouseholdKey, scope: str, plain: str) -> str:
    """Return the keyed hash of a code within its scope (a buurt's code, or a dwelling's key), as it is stored."""
    return key.hash("code", scope, plain)


def find_code(wanted: str, stored: Iterable[str]) -> int | None:
    """Return the position of a hash among those of its scope; the time taken does not depend on which it is, if any."""
    found = None
    for position, candidate in enumerate(stored):
        if hmac.compare_digest(wanted, candidate):
            found = position
    return found


def _weighted_sum(characters: str) -> int:
    return sum(weight * _VALUES[character] for weight, character in enumerate(reversed(characters), start=1))


def _check_character(body: str) -> str:
    # The check character has weight 1: its value is what the others lack.
    return ALPHABET[-_weighted_sum(body + ALPHABET[0]) % len(ALPHABET)]
