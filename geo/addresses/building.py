"""Build the arrays of an address index from a register: streets in order, their house numbers, their boxes.

The layout is that of a book: street rows (a street, a postcode, a part of a municipality) stand one behind the other,
the addresses of a row are contiguous, ordered by the normal form of the house number and then of the box. So a house
number of a street is a range, and a box a range in that.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from geo.addresses.columns import AddressColumns, Progress, read_columns
from geo.addresses.designators import box_form, number_form
from geo.addresses.lexicon import lists_of, pool_of, table_of
from geo.addresses.nearest import write_grid
from geo.addresses.questions import AddressIndexError
from geo.addresses.spelling import (
    core_key,
    loose_key,
    place_keys,
    short_key,
    street_keys,
    street_type_number,
    typed_words,
)
from geo.addresses.storage import ArrayWriter, new_folder
from geo.addresses.suggesting import write_prefixes

__all__ = ["build_index"]

Array = npt.NDArray[Any]

NEIGHBOURS: Final = 6
"""So many other postcodes, those with the nearest centres, are neighbours of a postcode."""
MOST_ROWS_OF_NAME: Final = 20
"""So many rows of a short key tell which first names it has."""
MOST_POSTCODES: Final = 20_000
"""Where a register has more postcodes than this, none has neighbours."""


def build_index(
    addresses: pq.ParquetFile | pa.Table, folder: Path, *, country: str, crs: str, progress: Progress | None
) -> None:
    """Write an index of the addresses to a folder.

    Parameters
    ----------
    addresses
        See `geo.addresses.columns.read_columns`.
    folder
        Where the index will stand; an index that stands there is replaced.
    country
        `BE` or `NL`.
    crs
        CRS of `x, y`, such as `EPSG:31370`.
    progress
        Called with the rows read and the rows in all.

    Raises
    ------
    AddressIndexError
        The country or the columns are not what an index is made of.
    """
    if country not in {"BE", "NL"}:
        raise AddressIndexError(f"unknown country {country!r}: 'BE' or 'NL' is meant")
    columns = read_columns(addresses, progress)
    with new_folder(folder) as draft:
        writer = ArrayWriter(draft)
        try:
            rows = _write(columns, writer)
            writer.close({"country": country, "crs": crs, "addresses": len(columns.row), "street_rows": rows})
        finally:
            writer.abandon()


def _write(columns: AddressColumns, writer: ArrayWriter) -> int:
    # Street rows in the order of municipality, postcode and name, so that a town's rows lie together.
    old_rows = columns.rows
    in_order = sorted(range(len(old_rows)), key=lambda row: tuple(value or "" for value in _row_order(old_rows[row])))
    rank = np.empty(len(old_rows), np.int32)
    rank[in_order] = np.arange(len(old_rows), dtype=np.int32)
    rows = [old_rows[row] for row in in_order]

    number_code, number_forms = _write_forms(columns.numbers, number_form, "number", writer)
    box_code, _ = _write_forms(columns.boxes, box_form, "box", writer)
    order = _address_order(rank[columns.row], number_forms[columns.number], box_code[columns.box])
    row = rank[columns.row][order]
    start = np.searchsorted(row, np.arange(len(rows) + 1)).astype(np.int32)
    writer.add("row.address", start)
    writer.add("address.number", number_code[columns.number][order])
    writer.add("address.box", box_code[columns.box][order])
    writer.add("address.status", columns.status[order])
    writer.add("address.purpose", columns.purpose[order])
    pool_of(columns.purposes, "purpose", writer.add)
    _write_identifiers(columns, order, writer)
    positions = {}
    for name in ("x", "y", "lon", "lat"):
        values = columns.positions.pop(name)[order]
        writer.add(f"address.{name}", values)
        if name in "xy":
            positions[name] = values
    write_grid(positions["x"], positions["y"], columns.status[order] == 0, writer.add)
    _write_streets(rows, start, positions, writer)
    return len(rows)


def _row_order(row: tuple[str | None, ...]) -> tuple[str | None, ...]:
    street_id, nl, fr, de, postcode, *place = row
    return (place[3], postcode, nl, fr, de, street_id, *place[:3])


def _natural(form: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    return tuple((0, int(g), "") if g.isdigit() else (1, 0, g) for g in re.findall(r"\d+|\D+", form)), form


def _write_forms(
    texts: list[str], normalise: Callable[[str], str], name: str, writer: ArrayWriter
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Write the spellings of house numbers or boxes, those of one normal form together, in natural order.

    Returns the code of each text, which rises with its normal form, and the number of that form.
    """
    forms = [normalise(text) for text in texts]
    distinct = sorted(set(forms), key=_natural)
    place = {form: number for number, form in enumerate(distinct)}
    order = sorted(range(len(texts)), key=lambda text: (place[forms[text]], texts[text]))
    code = np.empty(len(texts), np.int32)
    code[order] = np.arange(len(texts), dtype=np.int32)
    form_of_code = np.array([place[forms[text]] for text in order], np.int64)
    writer.add(f"{name}.first", np.searchsorted(form_of_code, np.arange(len(distinct) + 1)).astype(np.int32))
    writer.add(f"{name}.form", form_of_code.astype(np.int32))
    pool_of([texts[text] for text in order], name, writer.add)
    table_of(distinct, f"{name}.key", writer.add)
    figures = [re.match(r"\d{1,9}", forms[text]) for text in order]
    writer.add(f"{name}.figure", np.array([int(figure[0]) if figure else -1 for figure in figures], np.int32))
    return code, np.array([place[form] for form in forms], np.int32)


def _address_order(row: Array, number: Array, box: Array) -> npt.NDArray[np.int64]:
    bits_number, bits_box = int(number.max()).bit_length(), int(box.max()).bit_length()
    if int(row.max()).bit_length() + bits_number + bits_box > 63:
        return np.lexsort((box, number, row))
    key = (row.astype(np.int64) << (bits_number + bits_box)) | (number.astype(np.int64) << bits_box) | box
    return np.argsort(key, kind="stable")


def _write_identifiers(columns: AddressColumns, order: Array, writer: ArrayWriter) -> None:
    if columns.ids is None:
        pool_of(columns.prefixes, "id.prefix", writer.add)
        writer.add("address.id_prefix", columns.id_prefix[order])
        writer.add("address.id", columns.id_number[order])
        return
    ids = columns.ids.take(pa.array(order)).combine_chunks()
    text = pa.concat_arrays(ids.chunks) if isinstance(ids, pa.ChunkedArray) else ids
    wide = text.cast(pa.large_string())
    _, offsets, content = wide.buffers()
    start = np.frombuffer(offsets, np.int64)[wide.offset : wide.offset + len(wide) + 1]
    whole = np.frombuffer(content, np.uint8) if content is not None else np.empty(0, np.uint8)
    writer.add("id.offset", start - start[0])
    writer.add("id.text", whole[start[0] : start[-1]])


class _Numbered:
    """Distinct values, each with its number."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def __call__(self, value: Any) -> int:
        return self.numbers.setdefault(value, len(self.numbers))


def _write_streets(
    rows: list[tuple[str | None, ...]], start: Array, positions: dict[str, Array], writer: ArrayWriter
) -> None:
    names, postcodes, localities, towns, streets = (_Numbered() for _ in range(5))
    names("")  # number 0 is no name
    table = np.empty((len(rows), 7), np.int32)
    for number, (street_id, nl, fr, de, postcode, *place) in enumerate(rows):
        locality, town = tuple(place[:3]), tuple(place[3:])
        table[number] = (
            names(nl or ""),
            names(fr or ""),
            names(de or ""),
            postcodes(postcode or ""),
            localities(locality),
            towns(town),
            # A street that the register does not number is known by its names in its municipality.
            streets(street_id or (*(street_keys(name or "")[0] for name in (nl, fr, de)), town)),
        )
    for column, name in enumerate(("nl", "fr", "de", "postcode", "locality", "municipality", "street")):
        writer.add(f"row.{name}", table[:, column])
    name_list = list(names.numbers)
    pool_of(name_list, "name", writer.add)
    pool_of(list(postcodes.numbers), "postcode", writer.add)
    table_of(list(postcodes.numbers), "postcode.key", writer.add)
    figures = [int(code[:4]) if code[:4].isdecimal() else -1 for code in postcodes.numbers]
    writer.add("postcode.figure", np.array(figures, np.int32))
    for numbered, name in ((localities, "locality"), (towns, "municipality")):
        values = list(numbered.numbers)
        shift = len(values[0]) - 3
        for column, language in enumerate(("nl", "fr", "de")):
            pool_of([value[column + shift] or "" for value in values], f"{name}.{language}", writer.add)
        if shift:
            pool_of([value[0] or "" for value in values], f"{name}.code", writer.add)
    _write_places(localities, towns, writer)
    _write_keys(name_list, table, len(postcodes.numbers), len(towns.numbers), writer)
    lists_of(table[:, 3], np.arange(len(rows)), len(postcodes.numbers), "postcode.row", writer.add)
    lists_of(table[:, 5], np.arange(len(rows)), len(towns.numbers), "municipality.row", writer.add)
    _write_neighbours(table[:, 3], len(postcodes.numbers), start, positions, writer)
    write_prefixes(name_list, table, np.diff(start), writer.add)


def _write_places(localities: _Numbered, towns: _Numbered, writer: ArrayWriter) -> None:
    places = _Numbered()
    pairs: dict[str, list[tuple[int, int]]] = {"municipality": [], "locality": []}
    for name, numbered, skip in (("municipality", towns, 1), ("locality", localities, 0)):
        for value, number in numbered.numbers.items():
            found_keys = {key for text in value[skip:] if text for key in place_keys(text)}
            pairs[name] += [(places(key), number) for key in sorted(found_keys) if key]
    keys = list(places.numbers)
    table_of(keys, "place.key", writer.add)
    pool_of(keys, "place", writer.add)
    for name, found in pairs.items():
        owner, member = np.array(found, np.int64).reshape(-1, 2).T
        lists_of(owner, member, len(keys), f"place.{name}", writer.add)


def _write_keys(names: list[str], table: Array, postcodes: int, towns: int, writer: ArrayWriter) -> None:
    """Write the keys of all names: full ones first, then the loose and short ones that only correct."""
    full, more = _Numbered(), _Numbered()
    of_name: list[tuple[int, int]] = []
    looser: list[tuple[int, int]] = []
    for number, name in enumerate(names):
        if name:
            of_name += [(number, full(key)) for key in street_keys(name) if key]
            keys_of_name = (loose_key(name), short_key(name), core_key(name))
            looser += [(number, more(key)) for key in keys_of_name if key]
    numbered = [*full.numbers, *more.numbers]
    table_of(numbered, "street.key", writer.add)
    pool_of(numbered, "street", writer.add)
    pairs = np.array(of_name + [(name, key + len(full.numbers)) for name, key in looser], np.int64).reshape(-1, 2)
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    first = np.searchsorted(pairs[:, 0], np.arange(len(names) + 1))
    owners, members = [], []
    for column in range(3):  # each row, by each of its names, has the keys of that name
        of_row = table[:, column]
        count = (first[of_row + 1] - first[of_row]).astype(np.int64)
        row = np.repeat(np.arange(len(table)), count)
        offset = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        owners.append(pairs[np.repeat(first[of_row], count) + offset, 1])
        members.append(row)
    key, row = np.concatenate(owners), np.concatenate(members)
    lists_of(key, row, len(numbered), "street.row", writer.add)
    is_full = key < len(full.numbers)
    lists_of(table[row[is_full], 3], key[is_full], postcodes, "postcode.street", writer.add)
    lists_of(table[row[is_full], 5], key[is_full], towns, "municipality.street", writer.add)
    is_short = np.array([key[0] == "^" for key in numbered], bool)[key]
    _write_first_names(names, table, key[is_short], row[is_short], len(numbered), writer)
    writer.add("street.kind", np.array([street_type_number(key) for key in numbered], np.uint8))


def _write_first_names(names: list[str], table: Array, key: Array, row: Array, keys: int, writer: ArrayWriter) -> None:
    """Write for each short key the words before the last of the names in its rows, a line for each."""
    pairs = np.unique(np.stack([key, row], axis=1), axis=0)
    rank = np.arange(len(pairs)) - np.searchsorted(pairs[:, 0], pairs[:, 0])
    pairs = pairs[rank < MOST_ROWS_OF_NAME]
    named = np.concatenate([np.stack([pairs[:, 0], table[pairs[:, 1], column]], axis=1) for column in range(3)])
    lines: list[dict[str, None]] = [{} for _ in range(keys)]
    for number, name in np.unique(named[named[:, 1] > 0], axis=0).tolist():
        lines[number][" ".join(typed_words(names[name])[:-1])] = None
    pool_of(["\n".join(found) for found in lines], "street.first_names", writer.add)


def _write_neighbours(postcode: Array, postcodes: int, start: Array, positions: dict[str, Array], writer: Any) -> None:
    """Write for each postcode those whose centres are nearest."""
    of_address = np.repeat(postcode, np.diff(start))
    known = np.isfinite(positions["x"]) & np.isfinite(positions["y"])
    count = np.bincount(of_address[known], minlength=postcodes)
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y = (np.bincount(of_address[known], positions[n][known], minlength=postcodes) / count for n in "xy")
    placed = np.flatnonzero(count)
    owners, members = [], []
    # A Belgian postcode is a town or a part of one; of the 460,000 Dutch ones each is a part of a street, whose
    # neighbours are found by their municipality.
    for code in placed if len(placed) <= MOST_POSTCODES else ():
        distance = (x[placed] - x[code]) ** 2 + (y[placed] - y[code]) ** 2
        near = placed[np.argsort(distance, kind="stable")[: NEIGHBOURS + 1]]
        owners += [code] * len(near)
        members += near.tolist()
    lists_of(np.array(owners, np.int64), np.array(members, np.int64), postcodes, "postcode.near", writer.add)
