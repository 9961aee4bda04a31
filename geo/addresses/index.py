"""The address index: built from a register, opened by many processes, asked for one address or for many."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from geo.addresses.batches import Matches, match_queries, match_table
from geo.addresses.building import build_index
from geo.addresses.columns import Progress
from geo.addresses.fields import Fields
from geo.addresses.matching import check_types, match_query
from geo.addresses.nearest import find_nearest
from geo.addresses.questions import LANGUAGES, QUERY_FIELDS, AddressMatch, AddressQuery, OfficialAddress, Suggestion
from geo.addresses.register import Register
from geo.addresses.suggesting import Suggester
from geo.addresses.within import Houses, StreetPlaces, houses_within, place_streets

__all__ = ["AddressIndex", "NearestAddress"]

MOST_SUGGESTIONS: Final = 50


@dataclass(frozen=True, slots=True)
class NearestAddress:
    """The address nearest to a point.

    Attributes
    ----------
    address
        The official address.
    distance_m
        Distance in metres, in the index's CRS.
    """

    address: OfficialAddress
    distance_m: float


class AddressIndex:
    """Finds official addresses.

    Use `AddressIndex.build` once per release and `AddressIndex.open` in every process.
    """

    def __init__(self, register: Register) -> None:
        self._register = register
        self._fields = Fields(register)
        self._suggester = Suggester(register)

    @classmethod
    def build(
        cls,
        addresses: pq.ParquetFile | pa.Table,
        folder: Path,
        *,
        country: str,
        crs: str,
        progress: Progress | None = None,
    ) -> "AddressIndex":
        """Build the index of a register in a folder, and open it.

        Parameters
        ----------
        addresses
            The register, with the columns that `geo.addresses.columns.COLUMNS` names.
        folder
            Where the index will stand: made anew, or an older index replaced, whole or not at all.
        country
            `BE` or `NL`.
        crs
            CRS of the columns `x, y`, in metres, such as `EPSG:31370`.
        progress
            Called with the rows read and the rows in all.

        Raises
        ------
        AddressIndexError
            The register is not what an index is made of, or the folder holds something else.
        """
        build_index(addresses, folder, country=country, crs=crs, progress=progress)
        return cls.open(folder, check=False)

    @classmethod
    def open(cls, folder: Path, *, check: bool = True) -> "AddressIndex":
        """Open an index.

        Parameters
        ----------
        folder
            Where it was built.
        check
            Compare the checksums of all arrays.

        Raises
        ------
        AddressIndexError
            The folder holds no index, or one that is foreign, of another version or damaged.
        """
        return cls(Register(folder, check=check))

    def __len__(self) -> int:
        return len(self._register)

    @property
    def country(self) -> str:
        """Country of the register: `BE` or `NL`."""
        return self._register.country

    @property
    def crs(self) -> str:
        """CRS of `x, y`, such as `EPSG:31370`."""
        return self._register.crs

    def verify(self, query: AddressQuery, *, lang: str = "nl", require_box: bool = True) -> AddressMatch:
        """Find the official address that a question means.

        Parameters
        ----------
        query
            What was typed.
        lang
            Language of the formatted answer: `nl`, `fr` or `de`.
        require_box
            Whether a house number whose building has boxes needs one (`fix`, with the boxes as alternatives) or is
            accepted at the level of the house number.

        Returns
        -------
        AddressMatch
            Verdict, components, address, alternatives and reasons. Any text has an answer.

        Raises
        ------
        ValueError
            The query is no `AddressQuery` of texts, or the language is unknown.
        """
        _check_language(lang)
        check_types(query)
        return match_query(self._register, query, lang=lang, require_box=require_box)

    def verify_many(
        self, queries: Sequence[AddressQuery], *, lang: str = "nl", require_box: bool = True
    ) -> list[AddressMatch]:
        """Find the official address of each question, with the same verdicts as `verify`.

        Parameters
        ----------
        queries
            What was typed.
        lang, require_box
            As for `verify`.

        Returns
        -------
        list of AddressMatch
            One for each question, in their order.
        """
        _check_language(lang)
        for query in queries:
            check_types(query)
        return list(match_queries(self._fields, queries, lang=lang, require_box=require_box))

    def verify_table(self, queries: pa.Table, *, lang: str = "nl", require_box: bool = True) -> Matches:
        """Find the official addresses of a table of questions, with the same verdicts as `verify`.

        Parameters
        ----------
        queries
            Columns of text, named as the fields of `AddressQuery`; those that are not needed may be absent, and
            other columns are not looked at.
        lang, require_box
            As for `verify`.

        Returns
        -------
        Matches
            A sequence of `AddressMatch`, each made when it is asked for; `Matches.to_table` gives them as a table.

        Raises
        ------
        ValueError
            A column holds something else than text, or the language is unknown.
        """
        _check_language(lang)
        for name in QUERY_FIELDS:
            if name in queries.schema.names and not _is_text(queries.schema.field(name).type):
                raise ValueError(f"the column {name} must be text, not {queries.schema.field(name).type}")
        return match_table(self._fields, queries, lang=lang, require_box=require_box)

    def suggest(self, text: str, *, lang: str = "nl", limit: int = 10) -> list[Suggestion]:
        """Complete what somebody is typing: streets first, then house numbers, then boxes.

        Parameters
        ----------
        text
            What was typed so far.
        lang
            Language of the suggestions: `nl`, `fr` or `de`.
        limit
            Most suggestions, 1 to 50.

        Returns
        -------
        list of Suggestion
            The likeliest first; empty where nothing begins so.

        Raises
        ------
        ValueError
            The text is none, the language is unknown, or the limit is out of its range.
        """
        _check_language(lang)
        if not isinstance(text, str):
            raise ValueError(f"the text must be text, not {type(text).__name__}")  # noqa: TRY004
        if not 1 <= limit <= MOST_SUGGESTIONS:
            raise ValueError(f"the limit must be from 1 to {MOST_SUGGESTIONS}, not {limit}")
        return self._suggester.suggest(text, lang=lang, limit=limit)

    def nearest(self, x: float, y: float, *, max_distance_m: float = 250.0) -> NearestAddress | None:
        """Find the current address nearest to a point.

        Parameters
        ----------
        x, y
            The point, in the index's CRS.
        max_distance_m
            Greatest distance of an answer.

        Returns
        -------
        NearestAddress or None
            The nearest address, the first in the register's order where several (boxes) share the place; None
            where none is near enough or a coordinate is not finite.
        """
        arrays = self._register.arrays
        if not (abs(x) < 1e9 and abs(y) < 1e9 and max_distance_m >= 0):
            return None
        address, distance = find_nearest(
            float(x), float(y), float(max_distance_m), arrays["grid.frame"], arrays["grid.first"],
            arrays["grid.address"], arrays["address.x"], arrays["address.y"],
        )  # fmt: skip
        return None if address < 0 else NearestAddress(self._register.official(address), float(distance))

    def houses_within(self, west: float, south: float, east: float, north: float) -> Houses:
        """Return the current house numbers in a rectangle of the index's CRS, its sides included."""
        return houses_within(self._register, west, south, east, north)

    def place_streets(self) -> StreetPlaces:
        """Return a place for the name of every street that has a current address with a position."""
        return place_streets(self._register)

    def street_row(self, row: int) -> tuple[dict[str, str], str]:
        """Return the names of a street row by language, and the code of its municipality."""
        register = self._register
        return register.names_of(row), register.municipality_code(int(register.row_municipality[row]))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind))


def _check_language(lang: str) -> None:
    if lang not in LANGUAGES:
        raise ValueError(f"unknown language {lang!r}: one of {', '.join(LANGUAGES)} is meant")
