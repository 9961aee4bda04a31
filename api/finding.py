"""Suggests addresses and finds the nearest one, over the registers of all countries."""

from dataclasses import dataclass

from api.atlas import Atlas, CountryAtlas, NothingActiveError, Place
from api.verifying import find_place
from data.tables import Country
from geo.addresses import AddressIndex, NearestAddress, Suggestion
from geo.crs import LONLAT, transform_point

DEPTHS = {"street": 0, "house-number": 1, "box": 2}
"""How far a suggestion completes an address, by its kind."""


class NoAddressNearError(LookupError):
    """A point with no official address near it."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """The official address nearest to a point."""

    found: NearestAddress
    place: Place | None
    place_reason: str | None
    """A key of `PLACE_REASONS`, where the place needs a word."""
    atlas: CountryAtlas


def registers(atlas: Atlas, country: Country | None) -> list[tuple[CountryAtlas, AddressIndex]]:
    """Return the active registers of addresses, of one country or of all.

    Raises
    ------
    NothingActiveError
        There is none.
    """
    active = [
        (facts, facts.address_index)
        for facts in atlas.countries.values()
        if country in (None, facts.country) and facts.address_index is not None
    ]
    if not active:
        raise NothingActiveError("no addresses release is active" + (f" in {country}" if country else ""))
    return active


def suggest_addresses(
    atlas: Atlas, text: str, *, lang: str, limit: int, country: Country | None = None
) -> list[tuple[Country, Suggestion]]:
    """Complete what somebody is typing.

    Suggestions of several countries come in turns, so that neither hides the other; the country that understood
    more of the text (a house number, a box) begins.

    Raises
    ------
    NothingActiveError
        No addresses are active (in the country, where one is named).
    """
    lists = [
        [(facts.country, suggestion) for suggestion in index.suggest(text, lang=lang, limit=limit)]
        for facts, index in registers(atlas, country)
    ]
    return take_turns(lists, limit)


def take_turns(lists: list[list[tuple[Country, Suggestion]]], limit: int) -> list[tuple[Country, Suggestion]]:
    """Merge ranked lists, the one whose first entry goes deepest first."""
    deepest_first = sorted((one for one in lists if one), key=lambda one: -DEPTHS[one[0][1].kind])
    longest = max(map(len, deepest_first), default=0)
    merged = [one[rank] for rank in range(longest) for one in deepest_first if rank < len(one)]
    return merged[:limit]


def find_nearest_address(atlas: Atlas, lon: float, lat: float, *, max_distance_m: float) -> Nearby:
    """Find the official address nearest to a point in EPSG:4326, and the place that it lies in.

    Raises
    ------
    NothingActiveError
        No addresses are active.
    NoAddressNearError
        None is near enough.
    """
    nearest: tuple[NearestAddress, CountryAtlas] | None = None
    for facts, index in registers(atlas, None):
        x, y = transform_point(lon, lat, LONLAT, index.crs)
        found = index.nearest(x, y, max_distance_m=max_distance_m)
        if found is not None and (nearest is None or found.distance_m < nearest[0].distance_m):
            nearest = found, facts
    if nearest is None:
        raise NoAddressNearError(
            f"no official address lies within {max_distance_m:g} m of longitude {lon}, latitude {lat}"
        )
    found, facts = nearest
    place, reason = find_place(facts, found.address)
    return Nearby(found, place, reason, facts)
