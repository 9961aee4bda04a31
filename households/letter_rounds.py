"""The round plan of letters: streets by sector in the order of a walk, up the odd side and back along the even one."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from households.letters import LetterAddress, letter_languages, name_in

_NUMBER = re.compile(r"(\d*)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RoundStreet:
    """A street of a round, or its part within one sector."""

    sector_code: str
    street: str
    postcode: str | None
    odd: tuple[LetterAddress, ...]
    """The odd side, upwards; numbers that are none of the two count here."""
    even: tuple[LetterAddress, ...]
    """The even side, downwards: the walk comes back on it."""
    odd_span: tuple[str, str] | None
    """First and last house number of the side as it is walked, with the homes that get no letter: which are members'
    is nobody's business. None where the side has no home."""
    even_span: tuple[str, str] | None

    @property
    def addresses(self) -> tuple[LetterAddress, ...]:
        """Both sides as they are walked."""
        return self.odd + self.even


def plan_round(addresses: Iterable[LetterAddress], homes: Iterable[LetterAddress] | None = None) -> list[RoundStreet]:
    """Put the addresses of letters into the order in which they are brought round.

    Parameters
    ----------
    addresses
        Those that get a letter.
    homes
        All homes there, with those that get none; by default the addresses alone.

    Sector by sector, so that sectors can be shared out. Within one, each street is followed by the nearest that is
    left, measured between the middles of their letters, from the most north-western on (the nearest-neighbour rule;
    Rosenkrantz, Stearns and Lewis, *An analysis of several heuristics for the traveling salesman problem*, 1977).
    Streets without a position come last, by name.

    Returns
    -------
    list of RoundStreet
        The streets in the order of the walk, each as far as it lies in one sector.

    Examples
    --------
    >>> def at(number, x):
    ...     return LetterAddress("BE", number, {"nl": "Dreef"}, number, None, None, {}, "1", "s", x, 0.0)
    >>> [street] = plan_round([at("10", 5.0), at("2", 1.0), at("3", 2.0), at("1", 0.0), at("1A", 0.0)])
    >>> [address.house_number for address in street.addresses]
    ['1', '1A', '3', '10', '2']
    """
    streets = _by_street(addresses)
    all_homes = streets if homes is None else _by_street(homes)
    by_sector: dict[str, list[RoundStreet]] = {}
    for street, members in sorted(streets.items()):
        sector, name, postcode = street
        odd, even = _sides(members)
        spans = (_span(side) for side in _sides(all_homes.get(street, members)))
        by_sector.setdefault(sector, []).append(RoundStreet(sector, name, postcode or None, odd, even, *spans))
    return [street for sector in sorted(by_sector) for street in _walk(by_sector[sector])]


def _by_street(addresses: Iterable[LetterAddress]) -> dict[tuple[str, str, str], list[LetterAddress]]:
    streets: dict[tuple[str, str, str], list[LetterAddress]] = {}
    for address in addresses:
        name = name_in(address.street, letter_languages(address)[0])
        streets.setdefault((address.sector_code, name, address.postcode or ""), []).append(address)
    return streets


def _sides(addresses: Iterable[LetterAddress]) -> tuple[tuple[LetterAddress, ...], tuple[LetterAddress, ...]]:
    """Return the odd side upwards and the even one downwards."""
    ordered = sorted(addresses, key=_place_in_street)
    odd = tuple(address for address in ordered if not _is_even(address))
    return odd, tuple(address for address in reversed(ordered) if _is_even(address))


def _span(side: Sequence[LetterAddress]) -> tuple[str, str] | None:
    return (side[0].house_number, side[-1].house_number) if side else None


def _walk(streets: Sequence[RoundStreet]) -> list[RoundStreet]:
    middles = {place: middle for place, street in enumerate(streets) if (middle := _middle(street)) is not None}
    walked: list[int] = []
    left = set(middles)
    if left:
        here = min(left, key=lambda place: (middles[place][0] - middles[place][1], place))
        while True:
            walked.append(here)
            left.discard(here)
            if not left:
                break
            from_here = middles[here]
            here = min(left, key=lambda place: (math.dist(from_here, middles[place]), place))
    return [streets[place] for place in (*walked, *(place for place in range(len(streets)) if place not in middles))]


def _middle(street: RoundStreet) -> tuple[float, float] | None:
    placed = [(address.x, address.y) for address in street.addresses if address.x is not None and address.y is not None]
    if not placed:
        return None
    return sum(x for x, _ in placed) / len(placed), sum(y for _, y in placed) / len(placed)


def _place_in_street(address: LetterAddress) -> tuple[int, str, int, str]:
    number, letters = _split(address.house_number)
    box, rest = _split(address.box or "")
    return number, letters, box, rest


def _split(text: str) -> tuple[int, str]:
    match = _NUMBER.fullmatch(text.strip())
    digits, rest = match.groups() if match else ("", text)
    # A register that writes sixty digits has no house number there; it sorts with the letters.
    return (int(digits) if digits and len(digits) < 10 else -1), rest.strip().upper()


def _is_even(address: LetterAddress) -> bool:
    number, _ = _split(address.house_number)
    return number >= 0 and number % 2 == 0
