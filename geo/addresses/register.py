"""The register behind an index: read access to its arrays, which Python objects are made from only when asked."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geo.addresses.columns import STATUSES
from geo.addresses.distances import FAR, LONGEST, distances, letters_of, letters_of_pool
from geo.addresses.identifiers import identifier_column
from geo.addresses.lexicon import KeyTable, Lists, Pool
from geo.addresses.names import key_slots
from geo.addresses.questions import LANGUAGES, OfficialAddress
from geo.addresses.records import read_records
from geo.addresses.spelling import place_keys
from geo.addresses.storage import map_arrays

__all__ = ["CURRENT", "Place", "Register"]

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int32]
CURRENT: Final = STATUSES.index("current")


@dataclass(frozen=True, slots=True)
class Place:
    """What the name of a place may mean.

    Attributes
    ----------
    number
        Number of the name in the index, -1 where it is not there as written.
    municipalities, localities
        Numbers of the municipalities and of their parts that have the name.
    edits
        Typing errors between what was written and the name.
    """

    number: int
    municipalities: tuple[int, ...]
    localities: tuple[int, ...]
    edits: int = 0

    @property
    def known(self) -> bool:
        """Whether there is such a place."""
        return bool(self.municipalities or self.localities)


NOWHERE: Final = Place(-1, (), ())


@dataclass(frozen=True, slots=True)
class _RowFacts:
    """What all addresses of a street row share, and what the rows of a place share: whoever hands it out copies it."""

    street: dict[str, str]
    postcode: str | None
    locality: dict[str, str]
    municipality_code: str
    municipality: dict[str, str]


def _letters(pool: Pool) -> npt.NDArray[np.uint64]:
    """Give the letters of each key of a pool."""
    letters = np.empty(len(pool), np.uint64)
    letters_of_pool(pool.offsets, pool.text, letters)
    return letters


def _extremes(owner: Ints, values: Ints, owners: int) -> tuple[Ints, Ints]:
    """Give the least and the greatest value of each owner; of one without values the greatest int32, and -1."""
    least, greatest = np.full(owners, np.iinfo(np.int32).max, np.int32), np.full(owners, -1, np.int32)
    np.minimum.at(least, owner, values)
    np.maximum.at(greatest, owner, values)
    return least, greatest


def _only_towns(postcode: Ints, municipality: Ints, postcodes: int) -> Ints:
    """Give each postcode the municipality of its rows, -1 where they lie in several."""
    least, greatest = _extremes(postcode, municipality, postcodes)
    return np.where(least == greatest, least, -1).astype(np.int32)


class Register:
    """An open index.

    Parameters
    ----------
    folder
        Where `geo.addresses.building.build_index` wrote it.
    check
        Whether to compare the checksums.
    """

    def __init__(self, folder: Path, *, check: bool = True) -> None:
        self.about, arrays = map_arrays(folder, check=check)
        self.arrays = arrays
        self.country: str = self.about["country"]
        self.crs: str = self.about["crs"]
        self.first: Ints = arrays["row.address"]
        self.number: Ints = arrays["address.number"]
        self.box: Ints = arrays["address.box"]
        self.status: npt.NDArray[np.uint8] = arrays["address.status"]
        self.number_form: Ints = arrays["number.form"]
        self.number_first: Ints = arrays["number.first"]
        self.box_form: Ints = arrays["box.form"]
        self.box_first: Ints = arrays["box.first"]
        self.numbers, self.number_keys = Pool(arrays, "number"), KeyTable(arrays, "number.key")
        self.boxes, self.box_keys = Pool(arrays, "box"), KeyTable(arrays, "box.key")
        self.row_postcode: Ints = arrays["row.postcode"]
        self.row_locality: Ints = arrays["row.locality"]
        self.row_municipality: Ints = arrays["row.municipality"]
        self.row_street: Ints = arrays["row.street"]
        self.postcodes, self.postcode_keys = Pool(arrays, "postcode"), KeyTable(arrays, "postcode.key")
        self.street_keys, self.street_texts = KeyTable(arrays, "street.key"), Pool(arrays, "street")
        self.street_letters = _letters(self.street_texts)
        self.street_slots = key_slots(self.street_texts.offsets, self.street_texts.text)
        self.first_names, self.street_rows = Pool(arrays, "street.first_names"), Lists(arrays, "street.row")
        self.postcode_streets, self.municipality_streets = (
            Lists(arrays, f"{owner}.street") for owner in ("postcode", "municipality")
        )
        self.postcode_letters, self.municipality_letters = (
            self.street_letters[streets.member] for streets in (self.postcode_streets, self.municipality_streets)
        )
        self.postcode_rows = Lists(arrays, "postcode.row")
        self.postcode_town = _only_towns(self.row_postcode, self.row_municipality, len(self.postcodes))
        self.postcode_near = Lists(arrays, "postcode.near")
        self.municipality_rows = Lists(arrays, "municipality.row")
        self.place_keys, self.place_texts = KeyTable(arrays, "place.key"), Pool(arrays, "place")
        self.place_municipalities = Lists(arrays, "place.municipality")
        self.place_localities = Lists(arrays, "place.locality")
        self.names = Pool(arrays, "name")
        self._place_letters = _letters(self.place_texts)
        self._municipality_codes = Pool(arrays, "municipality.code")
        self._names = {
            what: [Pool(arrays, f"{what}.{language}") for language in LANGUAGES]
            for what in ("municipality", "locality")
        }
        self._prefixes = Pool(arrays, "id.prefix") if "address.id" in arrays else None
        self._id_prefixes, self._id_figures = (
            arrays.get("address.id_prefix", np.empty(0, np.uint16)), arrays.get("address.id", np.empty(0, np.int64)),
        )  # fmt: skip
        self._facts, self._shared_names = (
            lru_cache(maxsize=8192)(self._row_facts), lru_cache(maxsize=4096)(self.place_names),
        )  # fmt: skip
        # A few texts are those of most addresses.
        self._number_text, self._box_text, self._purpose = (
            lru_cache(maxsize=4096)(pool.__getitem__) for pool in (self.numbers, self.boxes, Pool(arrays, "purpose"))
        )
        self._prefix = None if self._prefixes is None else lru_cache(maxsize=4096)(self._prefixes.__getitem__)
        self.place = lru_cache(maxsize=16384)(self._place)
        self._known = lru_cache(maxsize=16384)(self._knows_place)
        self.find_number = lru_cache(maxsize=16384)(self.number_keys.find)
        self.find_box = lru_cache(maxsize=16384)(self.box_keys.find)
        self.find_street = lru_cache(maxsize=16384)(self.street_keys.find)
        self.postcode = lru_cache(maxsize=16384)(self._postcode)
        self.postcodes_near = lru_cache(maxsize=4096)(self._postcodes_near)
        self.towns_of_parts = lru_cache(maxsize=4096)(self._towns_of_parts)
        self.town_streets = lru_cache(maxsize=4096)(self._town_streets)

    def __len__(self) -> int:
        return len(self.number)

    # Places -----------------------------------------------------------------------------------------------------

    def _place(self, text: str) -> Place:
        """Find what a name of a place means: as written, or else with the fewest typing errors."""
        keys = [key for key in place_keys(text) if key]
        found = [number for number in map(self.place_keys.find, keys) if number >= 0]
        if found:
            return self._meaning(found, 0)
        best: list[int] = []
        fewest = FAR
        everything = np.arange(len(self.place_texts), dtype=np.int32)
        for key in keys:
            raw = key.encode()
            most = 0 if len(raw) < 4 else 1 if len(raw) < 8 else 2
            if not 0 < len(raw) <= LONGEST or not most or not len(everything):
                continue
            result = np.empty(len(everything), np.uint8)
            pool = self.place_texts
            distances(
                np.frombuffer(raw, np.uint8), letters_of(raw), most, everything, pool.offsets, pool.text,
                self._place_letters, result,
            )  # fmt: skip
            nearest = int(result.min())
            if nearest < fewest:
                best, fewest = [], nearest
            if nearest == fewest and nearest < FAR:
                best += np.flatnonzero(result == nearest).tolist()
        return self._meaning(best, fewest) if best else NOWHERE

    def _knows_place(self, text: str) -> bool:
        """Tell whether a place has this name, without typing errors."""
        return any(self.place_keys.find(key) >= 0 for key in place_keys(text) if key)

    def knows_place(self, text: str) -> bool:
        """Tell whether a place has this name, without typing errors."""
        return self._known(text)

    def knows_postcode(self, text: str) -> bool:
        """Tell whether there is such a postcode."""
        return self.postcode(text) >= 0

    def _meaning(self, numbers: list[int], edits: int) -> Place:
        return Place(
            numbers[0] if len(numbers) == 1 and not edits else -1,
            tuple(dict.fromkeys(int(m) for n in numbers for m in self.place_municipalities[n])),
            tuple(dict.fromkeys(int(m) for n in numbers for m in self.place_localities[n])),
            edits,
        )

    @cached_property
    def _row_spans(self) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
        """First and last street row of each municipality, and of each locality."""
        rows = np.arange(len(self.row_street), dtype=np.int32)
        return (
            _extremes(self.row_municipality, rows, self.count_places("municipality")),
            _extremes(self.row_locality, rows, self.count_places("locality")),
        )

    def row_span(self, place: Place) -> tuple[int, int]:
        """Give the first and the last street row of a known place; the second is less where it has none."""
        members = list(zip(self._row_spans, (place.municipalities, place.localities), strict=True))
        return (
            min(int(first[number]) for (first, _), numbers in members for number in numbers),
            max(int(last[number]) for (_, last), numbers in members for number in numbers),
        )

    def _postcode(self, text: str) -> int:
        """Give the number of a postcode, or -1."""
        return self.postcode_keys.find(text)

    def _postcodes_near(self, text: str) -> dict[int, int]:
        """Give the postcodes one typing error away (edit 1) and those nearby on the map (2)."""
        number = self.postcode(text)
        near = dict.fromkeys((int(n) for n in self.postcode_near[number]), 2) if number >= 0 else {}
        digits = "0123456789"
        changed = {text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in range(len(text) - 1)}
        for i, c in enumerate(text):
            others = digits if c.isdigit() else "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
            changed |= {text[:i] + other + text[i + 1 :] for other in others}
        for other in changed - {text}:
            found = self.postcode(other)
            if found >= 0:
                near[found] = 1
        return near

    def _towns_of_parts(self, localities: tuple[int, ...]) -> frozenset[int]:
        """Give the municipalities that some localities lie in."""
        return frozenset(np.unique(self.row_municipality[np.isin(self.row_locality, localities)]).tolist())

    def _town_streets(self, municipalities: tuple[int, ...], postcodes: tuple[int, ...]) -> Ints:
        """Give the full keys of all streets of some municipalities and postcodes."""
        parts = [self.municipality_streets[m] for m in municipalities] + [self.postcode_streets[p] for p in postcodes]
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int32)

    # Addresses --------------------------------------------------------------------------------------------------

    def house(self, row: int, number: str) -> tuple[int, int]:
        """Give the range of addresses of a house number in a street row; an empty one where there is none."""
        form = self.find_number(number)
        return self.house_of_form(row, form) if form >= 0 else (0, 0)

    def house_of_form(self, row: int, form: int) -> tuple[int, int]:
        """Give the range of addresses of a normal form of house number in a street row."""
        start, end = int(self.first[row]), int(self.first[row + 1])
        low, high = self.number[start:end].searchsorted(self.number_first[form : form + 2])
        return start + int(low), start + int(high)

    def boxes_of_form(self, low: int, high: int, form: int) -> tuple[int, int]:
        """Give the range of a normal form of box within the range of a house number."""
        first, last = self.box[low:high].searchsorted(self.box_first[form : form + 2])
        return low + int(first), low + int(last)

    def has_box(self, address: int) -> bool:
        """Tell whether an address has a box; what the register writes for none (`/`) is none."""
        return bool(self.box_form.item(self.box.item(address)))

    def identifier(self, address: int) -> str:
        """Give the register's identifier of an address."""
        if self._prefix is None:
            return Pool(self.arrays, "id")[address]
        return f"{self._prefix(self._id_prefixes.item(address))}{self._id_figures.item(address)}"

    def identifiers(self, addresses: Ints) -> pa.Array:
        """Give the identifiers of many addresses at once; that of a negative number is null."""
        if self._prefixes is None:
            pool = Pool(self.arrays, "id")
            return pa.array([pool[number] if number >= 0 else None for number in addresses.tolist()], pa.string())
        return identifier_column(addresses, self._id_prefixes, self._id_figures, self._prefixes)

    def names_of(self, row: int) -> dict[str, str]:
        """Give the names of a row's street by language."""
        found = {}
        for language in LANGUAGES:
            number = int(self.arrays[f"row.{language}"][row])
            if number:
                found[language] = self.names[number]
        return found

    def place_names(self, what: str, number: int) -> dict[str, str]:
        """Give the names of a municipality or a locality by language."""
        pairs = zip(LANGUAGES, (pool[number] for pool in self._names[what]), strict=True)
        return {language: name for language, name in pairs if name}

    def count_places(self, what: str) -> int:
        """Count the municipalities or the localities."""
        return len(self._names[what][0])

    def municipality_code(self, number: int) -> str:
        """Give the official code of a municipality."""
        return self._municipality_codes[number]

    def _row_facts(self, row: int) -> _RowFacts:
        town, locality = int(self.row_municipality[row]), int(self.row_locality[row])
        return _RowFacts(
            self.names_of(row),
            self.postcodes[int(self.row_postcode[row])] or None,
            self._shared_names("locality", locality),
            self._municipality_codes[town],
            self._shared_names("municipality", town),
        )

    def official(self, address: int, *, without_box: bool = False) -> OfficialAddress:
        """Make the record of an address; `without_box` that of its house number, which has no identifier."""
        return self.officials(np.array([address], np.int32), without_box=without_box)[0]

    def officials(self, addresses: Ints, *, without_box: bool = False) -> list[OfficialAddress]:
        """Make the records of addresses."""
        codes, positions = np.empty((len(addresses), 7), np.int64), np.empty((len(addresses), 4))
        arrays = self.arrays
        read_records(
            addresses, self.first, self.number, self.box, self.status, arrays["address.purpose"],
            self._id_prefixes, self._id_figures, arrays["address.x"], arrays["address.y"], arrays["address.lon"],
            arrays["address.lat"], codes, positions,
        )  # fmt: skip
        read = zip(addresses.tolist(), codes.tolist(), positions.tolist(), strict=True)
        return [self._record(*each, without_box=without_box) for each in read]

    def _record(self, address: int, codes: list[int], positions: list[float], *, without_box: bool) -> OfficialAddress:
        row, number, box_number, status, purpose, prefix, figures = codes
        facts = self._facts(row)
        box = self._box_text(box_number) or None
        # NaN is the one number that is not itself.
        x, y, lon, lat = [None if value != value else value for value in positions]  # noqa: PLR0124
        identifier = f"{self._prefix(prefix)}{figures}" if self._prefix else self.identifier(address)
        return OfficialAddress(
            address_id=None if without_box and box else identifier,
            street=facts.street.copy(),
            house_number=self._number_text(number),
            box=None if without_box else box,
            postcode=facts.postcode,
            locality=facts.locality.copy(),
            municipality_code=facts.municipality_code,
            municipality=facts.municipality.copy(),
            status=STATUSES[status],
            purpose=self._purpose(purpose) or None,
            x=x,
            y=y,
            lon=lon,
            lat=lat,
            country=self.country,
        )
