"""Answers a verification: the official address that was meant, and the sector and buurt that it lies in."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.atlas import Atlas, CountryAtlas, NothingActiveError, Place
from geo.addresses import AddressMatch, AddressQuery, OfficialAddress, Verdict
from geo.crs import LONLAT

NO_POSITION = "position-unknown"
OUTSIDE_SECTORS = "position-outside-sectors"
OTHER_MUNICIPALITY = "position-in-other-municipality"
NO_SECTORS = "sectors-not-active"
PLACE_REASONS = {
    NO_POSITION: "The register gives this address no position, so its buurt is unknown.",
    OUTSIDE_SECTORS: "The register's position lies in no active sector, so the buurt is unknown.",
    OTHER_MUNICIPALITY: "The register's position lies in a sector of another municipality; the register's holds.",
    NO_SECTORS: "No sectors are active in this country, so the buurt is unknown.",
}
"""Why an official address has no buurt, or one to look at twice; by stable code, in English."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The whole answer to one question."""

    match: AddressMatch
    place: Place | None
    place_reason: str | None
    """A key of `PLACE_REASONS`, where the place needs a word."""
    atlas: CountryAtlas


def verify(atlas: Atlas, query: AddressQuery, *, lang: str, require_box: bool) -> Verification:
    """Answer one question; the same as `verify_many` for one.

    Raises
    ------
    NothingActiveError
        No addresses are active (in the query's country, where it names one).
    """
    return verify_many(atlas, [query], lang=lang, require_box=require_box)[0]


def verify_many(atlas: Atlas, queries: Sequence[AddressQuery], *, lang: str, require_box: bool) -> list[Verification]:
    """Answer questions, each from the register of its own country.

    Where a query names no country, every active register is asked, and the best answer is given: `accept` before
    `confirm` before `fix`, then the higher score.

    Raises
    ------
    NothingActiveError
        No addresses are active (in a query's country, where it names one).
    """
    best: list[Verification | None] = [None] * len(queries)
    for country in atlas.countries.values():
        asked = [k for k, query in enumerate(queries) if query.country in (None, country.country)]
        index = country.address_index
        if index is None or not asked:
            continue
        matches = index.verify_many([queries[k] for k in asked], lang=lang, require_box=require_box)
        for k, match in zip(asked, matches, strict=True):
            known = best[k]
            if known is None or _rank(match) > _rank(known.match):
                place, reason = find_place(country, match.address)
                best[k] = Verification(match, place, reason, country)
    answered = [verification for verification in best if verification is not None]
    if len(answered) != len(queries):
        missing = next(query.country for query, answer in zip(queries, best, strict=True) if answer is None)
        raise NothingActiveError("no addresses release is active" + (f" in {missing}" if missing else ""))
    return answered


def find_place(country: CountryAtlas, address: OfficialAddress | None) -> tuple[Place | None, str | None]:
    """Return where an official address lies, and why there is no such place or one to look at twice.

    The register's own official coordinates are used where the sectors have their CRS, so that no conversion
    comes between a position and its sector.
    """
    if address is None:
        return None, None
    if country.sector_index is None:
        return None, NO_SECTORS
    if address.x is None or address.y is None or address.lon is None or address.lat is None:
        return None, NO_POSITION
    register_crs = country.address_crs
    if country.sector_index.crs == LONLAT or register_crs is None:
        place = country.place(address.lon, address.lat, LONLAT)
    else:
        place = country.place(address.x, address.y, register_crs)
    if place is None:
        return None, OUTSIDE_SECTORS
    return place, OTHER_MUNICIPALITY if place.municipality.code != address.municipality_code else None


def _rank(match: AddressMatch) -> tuple[int, float]:
    order = {Verdict.FIX: 0, Verdict.CONFIRM: 1, Verdict.ACCEPT: 2}
    return order[match.verdict], match.score
